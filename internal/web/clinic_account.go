package web

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/subscription"
)

// The clinic's account with whoever runs the installation: what it signed, and how it leaves (promises A15, A16, A22, D8).

// clinicAccountRoutes are its pages.
func clinicAccountRoutes() []Route {
	own := access.ClinicAccount
	return []Route{
		{Pattern: "GET /app/account", Door: Staff, Right: own, Handle: clinicAccountPage},
		{Pattern: "GET /app/account/agreements/{kind}", Door: Staff, Right: own, Handle: agreementPage},
		{Pattern: "POST /app/account/agreements/{kind}", Door: Staff, Right: own, Handle: agreementSign},
		{Pattern: "GET /app/account/signed/{id}", Door: Staff, Right: own, Handle: signedPage},
		{Pattern: "GET /app/account/signed/{id}/text", Door: Staff, Right: own, Handle: signedText},
		{Pattern: "POST /app/account/pay", Door: Staff, Right: own, Handle: planPay},
		{Pattern: "GET /app/account/paid", Door: Staff, Right: own, Handle: planPaid},
		{Pattern: "GET /app/account/invoices/{invoice}", Door: Staff, Right: own, Handle: planInvoice},
	}
}

// standing is what everybody in the clinic must know about how it stands with the installation, with the way to what settles it for
// those whose right that is.
func (s *Site) standing(v *Visit) []Notice {
	var out []Notice
	c := v.Clinic
	if c.Slug == "" {
		return nil
	}
	own := v.Who.May(access.ClinicAccount)
	add := func(key, url, link string, grave bool, args ...any) {
		n := Notice{Text: v.Tongue.Say(key, args...), Grave: grave}
		if own {
			n.URL, n.Link = url, v.Tongue.Say(link)
		}
		out = append(out, n)
	}
	if !c.MayHoldPatients() {
		add("account.baa_first", "/app/account/agreements/baa", "account.read_sign", true)
	}
	if c.Status == clinics.Closing {
		add("account.is_closing", "/app/account/closing", "account.stay_link", false)
	}
	if from, err := s.DB.Suspended(v.Context(), c.ID); err == nil && from > 0 {
		key := "suspension.announced"
		if clock.At(s.Clock.Now()) >= from {
			key = "suspension.stands"
		}
		add(key, "/app/account", "suspension.why", true, "Date", v.Tongue.DateTime(from.In(c.Location())))
	}
	if s.Plans == nil {
		return out
	}
	state, due, stop, ok := s.Plans.Ahead(v.Context(), c.ID, clock.At(s.Clock.Now()))
	until := func(i clock.Instant) string { return v.Tongue.DateTime(i.In(c.Location())) }
	switch {
	case !ok:
	case state == subscription.ReadOnly:
		add("account.is_read_only", "/app/account", "account.to_account", true)
	case state == subscription.Grace:
		add("account.in_grace", "/app/account", "account.to_account", true, "Date", until(due), "Stop", until(stop))
	case own: // who cannot pay is not troubled before anything has ended
		add("account.ends_soon", "/app/account", "account.to_account", false, "Date", until(due))
	}
	return out
}

// readOnly says whether nothing can be entered in the clinic because it has not paid.
func (s *Site) readOnly(v *Visit, clinic id.ID) bool {
	if s.Plans == nil {
		return false
	}
	state, _, _, ok := s.Plans.Ahead(v.Context(), clinic, clock.At(s.Clock.Now()))
	return ok && state == subscription.ReadOnly
}

func clinicAccountPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Clinics.Agreements(v.Context(), v.Who)
	if err != nil {
		return err
	}
	z := v.Clinic.Location()
	page := &ClinicAccount{SettingsPage: s.settings(v, "settings.standing", access.ClinicAccount), Closing: v.Clinic.Status == clinics.Closing}
	if x, there, err := s.Lives.Suspended(v.Context(), v.Who); err != nil {
		return err
	} else if there {
		page.Suspended = &SuspensionRow{Ground: string(x.Ground), Words: x.Words, Begins: x.BeginsAt.In(z)}
	}
	if page.Closing {
		page.ClosingSince = clock.DateOf(v.Clinic.ClosingSince.In(z))
	}
	for _, kind := range v.Clinic.Needs() {
		now, _ := clinics.CurrentText(kind)
		i := slices.IndexFunc(list, func(x clinics.Signed) bool { return x.Text.Kind == kind })
		row := AgreementRow{Kind: kind, Title: now.Title()}
		if i >= 0 {
			row.SignedID, row.At, row.Newer = list[i].ID.String(), clock.DateOf(list[i].At.In(z)), list[i].Text.Version != now.Version
		}
		page.Agreements = append(page.Agreements, row)
	}
	for _, x := range list {
		page.Signed = append(page.Signed, signedRow(x, z))
	}
	if s.Plans != nil && s.Plans.Terms().On() {
		if page.Plan, err = s.planCard(v); err != nil {
			return err
		}
	}
	return s.views.Render(w, http.StatusOK, "clinic-account", page)
}

func signedRow(x clinics.Signed, z *time.Location) SignedRow {
	return SignedRow{ID: x.ID.String(), Title: x.Text.Title(), Version: x.Text.Version, Signer: x.Signer, Capacity: x.Capacity, At: x.At.In(z)}
}

// clauses takes a text of an agreement apart for the page: its title is the page's own.
func clauses(text string) []Clause {
	var out []Clause
	for _, p := range strings.Split(text, "\n\n") {
		p = strings.TrimSpace(p)
		switch {
		case p == "", strings.HasPrefix(p, "# "):
		case strings.HasPrefix(p, "## "):
			out = append(out, Clause{Heading: strings.TrimPrefix(p, "## ")})
		case len(out) == 0:
			out = append(out, Clause{Paragraphs: []string{p}})
		default:
			out[len(out)-1].Paragraphs = append(out[len(out)-1].Paragraphs, p)
		}
	}
	return out
}

func agreementPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.agreement(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "agreement", page)
}

// agreement is the page of the current text; fault.NotFound for a kind that this clinic does not sign.
func (s *Site) agreement(v *Visit) (*AgreementPage, error) {
	kind := v.PathValue("kind")
	now, there := clinics.CurrentText(kind)
	if !there || !slices.Contains(v.Clinic.Needs(), kind) {
		return nil, fault.Missing()
	}
	page := &AgreementPage{SettingsPage: s.settings(v, "settings.standing", access.ClinicAccount), Kind: kind, Heading: now.Title(), TextVersion: now.Version,
		Clauses: clauses(now.Text), ClinicName: responsibleName(v.Clinic), Signer: v.Signed.Person.Name}
	list, err := s.Clinics.Agreements(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page.Changes = signedBefore(list, now)
	if i := slices.IndexFunc(list, func(x clinics.Signed) bool { return x.Text.Version == now.Version }); i >= 0 {
		row := signedRow(list[i], v.Clinic.Location())
		page.Done = &row
	}
	return page, nil
}

func agreementSign(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	by := clinics.Signature{Kind: v.PathValue("kind"), Version: f.Get("text"), Name: f.Get("signer"), Capacity: f.Get("capacity"), Sure: f.Get("sure") != ""}
	err := s.Clinics.Sign(v.Context(), v.Who, by)
	return s.answer(w, v, err, "/app/account?done=signed", "agreement", func() (Page, error) {
		page, err := s.agreement(v)
		if err == nil {
			page.Signer, page.Capacity, page.Sure = by.Name, by.Capacity, by.Sure
		}
		return page, err
	})
}

func (s *Site) signed(v *Visit) (clinics.Signed, error) {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return clinics.Signed{}, fault.Missing()
	}
	return s.Clinics.Agreement(v.Context(), v.Who, one)
}

func signedPage(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.signed(v)
	if err != nil {
		return err
	}
	row := signedRow(x, v.Clinic.Location())
	page := &AgreementPage{SettingsPage: s.settings(v, "settings.standing", access.ClinicAccount), Kind: x.Text.Kind, Heading: x.Text.Title(), TextVersion: x.Text.Version,
		Clauses: clauses(x.Text.Text), ClinicName: responsibleName(v.Clinic), Done: &row}
	return s.views.Render(w, http.StatusOK, "agreement", page)
}

// signedText is the text that was signed, byte for byte, so that its version can be worked out again; who signed it stands in the page.
func signedText(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.signed(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+x.Text.Kind+"-"+x.Text.Version[:12]+`.txt"`)
	_, err = io.WriteString(w, x.Text.Text)
	return err
}
