package web

import (
	"net/http"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/retention"
)

// How long the clinic keeps what, what goes next, and what the law keeps longer (promises retention, retention-told, legal-hold).

func retentionRoutes() []Route {
	see, hold, own, suspend := access.RetentionRead, access.RetentionHold, access.ClinicAccount, access.PlatformSuspend
	return []Route{
		{Pattern: "GET /app/settings/retention", Door: Staff, Right: see, Handle: retentionPage},
		{Pattern: "POST /app/settings/retention/holds/{id}", Door: Staff, Right: hold, Handle: holdDecide},
		{Pattern: "GET /app/patients/{id}/hold", Door: Staff, Right: hold, Handle: holdPage},
		{Pattern: "POST /app/patients/{id}/hold", Door: Staff, Right: hold, Handle: holdAsk},
		{Pattern: "GET /app/account/closing", Door: Staff, Right: own, Handle: closingPage},
		{Pattern: "POST /app/account/closing", Door: Staff, Right: own, Handle: closingSave},
		{Pattern: "GET /platform/suspensions", Door: Platform, Right: suspend, Handle: suspensionsPage},
		{Pattern: "POST /platform/suspensions", Door: Platform, Right: suspend, Handle: suspensionAsk},
		{Pattern: "POST /platform/suspensions/{id}", Door: Platform, Right: suspend, Handle: suspensionDecide},
	}
}

// RetentionPage is /app/settings/retention, the page "settings-retention".
type RetentionPage struct {
	SettingsPage
	Place   string // of the law
	Classes []LastsRow
	Last    time.Time // the last run; zero: none yet
	Holds   []HoldRow
	CanHold bool
}

// LastsRow is one class of records.
type LastsRow struct {
	Class       string
	Life        string // how long, in words
	Floor       string // what the law asks for at least; empty: nothing
	Source      string // where that stands
	Gone, Ahead int
	Told        bool
	Until       time.Time // up to when a notice speaks; zero: none stands
}

// HoldRow is one hold.
type HoldRow struct {
	ID, PatientID, Patient string
	State, Reason          string
	AskedBy, ApprovedBy    string
	Asked                  time.Time
	Until                  clock.Date
	Version                int64
	CanApprove             bool // by the reader, who did not ask
}

// Open says whether the hold stands or waits.
func (h HoldRow) Open() bool { return h.State == "asked" || h.State == "held" }

// spanWords are a span in words; empty for none.
func spanWords(v *Visit, s law.Span) string {
	if s.IsZero() {
		return ""
	}
	return lifeText(v.Tongue, s)
}

func (s *Site) retention(v *Visit) (*RetentionPage, error) {
	plan, err := s.Lives.Plan(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &RetentionPage{SettingsPage: s.settings(v, "settings.retention", access.RetentionHold), CanHold: v.Who.May(access.RetentionHold), Place: v.Clinic.Jurisdiction}
	z := v.Clinic.Location()
	if plan.Last.Ended > 0 {
		page.Last = plan.Last.Ended.In(z)
	}
	for _, l := range plan.Classes {
		r := LastsRow{Class: string(l.Class), Life: spanWords(v, l.Span), Gone: int(l.Gone), Ahead: int(l.Ahead), Told: retention.Told(l.Class)}
		if r.Life == "" {
			r.Life = v.Tongue.Say("retention.while")
			if l.Class == law.Papers {
				r.Life = v.Tongue.Say("policy.span.kept")
			}
		}
		if l.Life.Asked() {
			r.Floor, r.Source = spanWords(v, l.Life.Floor), l.Life.Source
		}
		if l.Notice != nil {
			r.Until = l.Notice.Until.In(z)
		}
		page.Classes = append(page.Classes, r)
	}
	page.Holds, err = s.holdRows(v)
	return page, err
}

func (s *Site) holdRows(v *Visit) ([]HoldRow, error) {
	list, err := s.Lives.Holds(v.Context(), v.Who)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	staff, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	var out []HoldRow
	for _, h := range list {
		r := holdRow(v, h)
		r.AskedBy, r.ApprovedBy = staff[h.AskedBy], staff[h.ApprovedBy]
		r.Patient = nameOf(v, h.Name)
		out = append(out, r)
	}
	return out, nil
}

func holdRow(v *Visit, h retention.Hold) HoldRow {
	return HoldRow{ID: h.ID.String(), PatientID: h.Patient.String(), State: string(h.State), Reason: h.Reason, Asked: h.AskedAt.In(v.Clinic.Location()), Until: h.Until, Version: h.Version,
		CanApprove: h.State == retention.Asked && h.AskedBy != v.Who.Actor()}
}

func retentionPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.retention(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-retention", page)
}

func holdDecide(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	switch v.PostForm.Get("turn") {
	case "approve":
		err = s.Lives.ApproveHold(v.Context(), v.Who, one, typedVersion(v, -1))
	case "end":
		err = s.Lives.EndHold(v.Context(), v.Who, one, typedVersion(v, -1))
	default:
		return fault.Missing()
	}
	return s.answer(w, v, err, "/app/settings/retention?done=saved#holds", "settings-retention", func() (Page, error) { return s.retention(v) })
}

// HoldPage is /app/patients/{id}/hold, the page "hold".
type HoldPage struct {
	Shell
	ID, Patient   string
	Reason, Until string // as typed
	Longest       int    // days
	Now           *HoldRow
}

func (s *Site) holdFor(v *Visit) (*HoldPage, id.ID, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, one, err
	}
	p, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return nil, one, err
	}
	page := &HoldPage{Shell: s.staffShell(v, "nav.patients"), ID: one.String(), Patient: p.Name, Longest: retention.LongestHold}
	h, there, err := s.Lives.HoldOf(v.Context(), v.Who, one)
	if there {
		r := holdRow(v, h)
		page.Now = &r
	}
	return page, one, err
}

func holdPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, _, err := s.holdFor(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "hold", page)
}

func holdAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	page, one, err := s.holdFor(v)
	if err != nil {
		return err
	}
	f := v.PostForm
	_, err = s.Lives.AskHold(v.Context(), v.Who, one, f.Get("reason"), clock.Date(f.Get("until")))
	return s.answer(w, v, err, "/app/patients/"+one.String()+"?done=saved", "hold", func() (Page, error) {
		page.Reason, page.Until = f.Get("reason"), f.Get("until")
		return page, nil
	})
}

// heldWith says on a patient's page that the law keeps her records, and how long what lives.
func (s *Site) heldWith(v *Visit, page *PatientPage, one id.ID) error {
	page.CanHold = v.Who.May(access.RetentionHold)
	h, there, err := s.Lives.HoldOf(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	if there {
		r := holdRow(v, h)
		page.Hold = &r
	}
	// What is written of her lives as long as the law wants, counted from her last visit, and a child's longer.
	last := page.Today
	if len(page.Past) > 0 && page.Past[0].At.Before(s.Clock.Now()) {
		last = clock.DateOf(page.Past[0].At)
	}
	if v.Clinic.Has(clinics.ModuleClinical) {
		d := retention.Least(v.Clinic.Jurisdiction, law.Clinical, last, page.Born)
		page.KeptUntil, page.KeptBy = d.On, d.Source
	}
	return nil
}

// ClosingPage is /app/account/closing, the page "closing".
type ClosingPage struct {
	SettingsPage
	Closing   bool
	Goes      time.Time // when it is destroyed; zero while nobody closed it
	Since     time.Time
	Remainder bool
	Waits     bool   // an owner wants it destroyed sooner
	WantedBy  string // her name
	Mine      bool   // it was the reader
	Turn      int64  // the version of how it stands
	Billing   bool   // the clinic has invoices, which it must keep itself
	Years     string // how long
	Custodian string // who answers for what a law wants kept
	Closed    string // the address of the certificate, once the clinic has gone
	Held      bool   // the clinic has records that a law wants kept
	Carriers  string // at whom the clinic has accounts of its own, which keep what was sent
}

func (s *Site) closing(v *Visit) (*ClosingPage, error) {
	page := &ClosingPage{SettingsPage: s.settings(v, "settings.standing", access.ClinicAccount), Closing: v.Clinic.Status == clinics.Closing, Billing: v.Clinic.Has(clinics.ModuleBilling)}
	page.Years = spanWords(v, law.LifeOf(v.Clinic.Jurisdiction, law.Invoices).Floor)
	page.Held = v.Clinic.Has(clinics.ModuleClinical) || v.Clinic.Has(clinics.ModulePrescriptions)
	page.Closed = "/trust/closed/" + v.Clinic.ID.String()
	connected, err := s.Messages.Accounts(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, a := range connected {
		if a.Provider == "mail" { // the deployment's own server, which is none of hers
			continue
		}
		names = append(names, v.Tongue.Say("channel.provider."+a.Provider))
	}
	page.Carriers = v.Tongue.List(names)
	x, there, err := s.Lives.ClosingOf(v.Context(), v.Who)
	if err != nil || !there {
		return page, err
	}
	z := v.Clinic.Location()
	page.Goes, page.Since, page.Remainder, page.Turn = x.GoesAt.In(z), x.At.In(z), x.Remainder, x.Version
	page.Custodian = x.Custodian
	if x.NowAt > 0 {
		names, err := s.Accounts.Names(v.Context(), v.Who)
		if err != nil {
			return nil, err
		}
		page.Waits, page.Mine, page.WantedBy = true, x.NowBy == v.Who.Actor(), names[x.NowBy]
	}
	return page, nil
}

func closingPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.closing(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "closing", page)
}

func closingSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	turn := f.Get("turn")
	again := func() (Page, error) {
		page, err := s.closing(v)
		if err == nil && turn == "custodian" {
			page.Custodian = f.Get("custodian")
		}
		return page, err
	}
	if (turn == "leave" || turn == "now") && f.Get("sure") == "" {
		var wrong fault.Fields
		wrong.Add("sure", "field.sure.needed")
		return s.answer(w, v, wrong.Err(), "", "closing", again)
	}
	var err error
	to := "/app/account?done=saved"
	switch turn {
	case "leave":
		err = s.Lives.Close(v.Context(), v.Who, f.Get("remainder") != "")
	case "now":
		err = s.Lives.Now(v.Context(), v.Who, typedVersion(v, -1))
	case "custodian":
		to = "/app/account/closing?done=saved"
		err = s.Lives.NameCustodian(v.Context(), v.Who, f.Get("custodian"), typedVersion(v, -1))
	case "later":
		err = s.Lives.Later(v.Context(), v.Who, typedVersion(v, -1))
	case "stay":
		err = s.Lives.Reopen(v.Context(), v.Who)
	default:
		return fault.Missing()
	}
	return s.answer(w, v, err, to, "closing", again)
}

// retentionAhead puts on the dashboard of those who lead the clinic what goes soon. What cannot be read spoils no page.
func (s *Site) retentionAhead(v *Visit, sh *Shell) {
	if !v.Who.May(access.RetentionRead) {
		return
	}
	list, err := s.Lives.Announced(v.Context(), v.Who)
	if err != nil {
		return
	}
	for _, n := range list {
		sh.Notices = append(sh.Notices, Notice{Text: v.Tongue.Say("retention.ahead", "What", v.Tongue.Say("retention.class."+string(n.Class)), "Count", v.Tongue.Number(n.Records), "Date", whenSaid(v, n.Until)),
			URL: "/app/settings/retention", Link: v.Tongue.Say("retention.see")})
	}
}

// SuspensionsPage is /platform/suspensions, the page "platform-suspensions".
type SuspensionsPage struct {
	Shell
	Rows                 []SuspensionRow
	Slug, Ground, Reason string
}

// SuspensionRow is one suspension.
type SuspensionRow struct {
	ID, Clinic, State, Ground, Words string
	Asked, Begins, Lifted            time.Time
	Version                          int64
	CanApprove, Open                 bool
}

// GroundChoices are the grounds.
func (p *SuspensionsPage) GroundChoices() []Option {
	var all []string
	for _, g := range retention.Grounds() {
		all = append(all, string(g))
	}
	return p.Choices("suspension.ground.", p.Ground, all...)
}

func (s *Site) suspensions(v *Visit) (*SuspensionsPage, error) {
	list, err := s.Lives.Suspensions(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &SuspensionsPage{Shell: s.platformShell(v, "platform.suspensions"), Ground: string(retention.Unlawful)}
	now := clock.At(s.Clock.Now())
	for _, x := range list {
		r := SuspensionRow{ID: x.ID.String(), Clinic: s.Support.Name(v.Context(), x.Clinic), State: x.State, Ground: string(x.Ground), Words: x.Words, Asked: x.AskedAt.Time().UTC(), Version: x.Version,
			CanApprove: x.State == "asked" && x.AskedBy != v.Who.Actor(), Open: x.State == "asked" || x.State == "announced"}
		if x.BeginsAt > 0 {
			r.Begins = x.BeginsAt.Time().UTC()
		}
		if x.LiftedAt > 0 {
			r.Lifted = x.LiftedAt.Time().UTC()
		}
		if x.Stands(now) {
			r.State = "stands"
		}
		page.Rows = append(page.Rows, r)
	}
	return page, nil
}

func suspensionsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.suspensions(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-suspensions", page)
}

func suspensionAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	clinic, err := s.Clinics.BySlug(v.Context(), f.Get("clinic"))
	if err == nil || fault.Is(err, fault.NotFound) {
		err = s.Lives.AskSuspend(v.Context(), v.Who, clinic, retention.Ground(f.Get("ground")), f.Get("reason"))
	}
	return s.answer(w, v, err, "/platform/suspensions?done=saved", "platform-suspensions", func() (Page, error) {
		page, err := s.suspensions(v)
		if err == nil {
			page.Slug, page.Reason = f.Get("clinic"), f.Get("reason")
			if slices.Contains(retention.Grounds(), retention.Ground(f.Get("ground"))) {
				page.Ground = f.Get("ground")
			}
		}
		return page, err
	})
}

func suspensionDecide(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	switch v.PostForm.Get("turn") {
	case "approve":
		err = s.Lives.ApproveSuspend(v.Context(), v.Who, one, typedVersion(v, -1))
	case "lift":
		err = s.Lives.Lift(v.Context(), v.Who, one, typedVersion(v, -1))
	default:
		return fault.Missing()
	}
	return s.answer(w, v, err, "/platform/suspensions?done=saved", "platform-suspensions", func() (Page, error) { return s.suspensions(v) })
}
