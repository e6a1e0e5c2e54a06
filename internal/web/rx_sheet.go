package web

import (
	"net/http"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/prescriptions"
)

// A signed prescription: its page, its prints, and its links.

// sheetOf is what stood on the sheet when it was signed.
func (s *Site) sheetOf(v *Visit, p prescriptions.Page, sh Shell) RxSheet {
	z := v.Clinic.Location()
	x := p.Sheet
	out := RxSheet{Shell: sh, ID: p.ID.String(), PatientID: p.Draft.Patient.String(), Patient: x.Patient, Sex: x.Sex, Day: clock.Date(x.Day), Head: x.Clinic, Signer: x.Signer, Qualified: x.Qualified, Registration: x.Registration,
		Advice: p.Advice, Remote: p.Remote, Language: p.Language, Reason: p.EndReason, Replaced: text(p.Next), Broken: p.Broken, DemoList: x.Checking.Demo, List: x.Checking.List, Days: p.Setting.Days}
	if x.Born != "" {
		out.Age = v.Tongue.Age(clock.Date(x.Born), clock.Date(x.Day))
	}
	if p.EndedAt > 0 {
		out.Cancelled = p.EndedAt.In(z)
	}
	if x.Checking.State == prescriptions.NotChecked {
		out.Unchecked = "rx.unchecked." + x.Checking.Why
	}
	for i, r := range p.Rows {
		line := RxLine{Line: r.Line(), Dose: r.Dose, Note: r.Note}
		if i < len(x.Instructions) && i < len(x.Quantities) {
			line.Words, line.Quantity = x.Instructions[i], x.Quantities[i]
		}
		out.Rows = append(out.Rows, line)
	}
	if x.Code != "" {
		out.VerifyURL = s.PublicURL + "/v/" + x.Code
	}
	return out
}

// rxSheet is the page of a signed sheet as staff see it.
func (s *Site) rxSheet(v *Visit, p prescriptions.Page) (*RxSheet, error) {
	out := s.sheetOf(v, p, s.staffShell(v, "nav.patients"))
	z, now := v.Clinic.Location(), clock.At(s.Clock.Now())
	signed := p.State == prescriptions.Signed
	out.Encounter = text(p.Encounter)
	out.CanWrite, out.CanEnd, out.CanShare = v.Who.May(access.RxWrite), signed && v.Who.May(access.RxSign), v.Who.May(access.RxShare)
	out.Warnings = rxWarnings(v, p.Checking.Warnings)
	for _, x := range p.Shares {
		line := RxShare{ID: x.ID.String(), Channel: x.Channel, At: x.CreatedAt.In(z), Until: x.ExpiresAt.In(z), Live: x.Live(now), Opened: x.Opened}
		if x.RevokedAt > 0 {
			line.Revoked = x.RevokedAt.In(z)
		}
		if x.OpenedAt > 0 {
			line.OpenedAt = x.OpenedAt.In(z)
		}
		out.Shares = append(out.Shares, line)
	}
	if !out.CanShare || !signed {
		out.CanShare = false
		return &out, nil
	}
	wish, err := s.Messages.Wish(v.Context(), v.Who, p.Draft.Patient)
	if err != nil {
		return nil, err
	}
	chosen := string(wish)
	for _, c := range s.Messages.Channels() {
		if c == messaging.Email && p.Patient.Email == "" || c != messaging.Email && p.Patient.Phone == "" {
			continue
		}
		out.Channels = append(out.Channels, Option{Value: string(c), Label: v.Tongue.Say("channel." + string(c)), On: string(c) == chosen})
	}
	states, err := s.Consent.Of(v.Context(), v.Who, p.Draft.Patient)
	for _, st := range states {
		out.Agreed = out.Agreed || st.Purpose == consent.Papers && st.Channel == "" && st.Given
	}
	return &out, err
}

func rxCancel(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.again(w, v, one, s.Scripts.Cancel(v.Context(), v.Who, one, v.PostForm.Get("reason")), "rx_cancelled")
}

func rxSend(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	_, err = s.Scripts.Send(v.Context(), v.Who, one, v.PostForm.Get("channel"), v.PostForm.Get("agreed") != "")
	return s.again(w, v, one, err, "rx_sent")
}

func rxRevoke(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	share, err := id.Parse(v.PathValue("share"))
	if err != nil {
		return fault.Missing()
	}
	return s.again(w, v, one, s.Scripts.Revoke(v.Context(), v.Who, one, share), "rx_revoked")
}

func rxKeepSet(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.again(w, v, one, s.Scripts.AddSet(v.Context(), v.Who, one, v.PostForm.Get("letters"), v.PostForm.Get("title")), "rx_set")
}

func rxPrint(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	p, err := s.Scripts.OfSheet(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	page := s.sheetOf(v, p, s.staffShell(v, "nav.patients"))
	return s.views.Render(w, http.StatusOK, "rx-print", &page)
}

func rxPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	p, err := s.Scripts.OfSheet(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	return s.paper(w, v, p)
}

// paper answers the PDF of a sheet. Its name tells nothing of the patient.
func (s *Site) paper(w http.ResponseWriter, v *Visit, p prescriptions.Page) error {
	var logo []byte
	if v.Clinic.LogoType == "image/png" || v.Clinic.LogoType == "image/jpeg" {
		raw, _, err := s.Clinics.Logo(v.Context(), v.Who)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		logo = raw
	}
	raw, err := s.Scripts.Paper(p, logo)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="prescription-`+strings.ReplaceAll(p.Sheet.Day, "-", "")+`.pdf"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_, err = w.Write(raw)
	return err
}

func ownPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	p, share, err := s.Scripts.Shared(v.Context(), v.Who, v.Appointment, v.Method == http.MethodGet)
	if err != nil {
		return err
	}
	page := &OwnPaper{Shell: s.Shell(v), Token: v.PathValue("token"), Until: share.ExpiresAt.In(v.Clinic.Location())}
	page.Sheet = s.sheetOf(v, p, s.Shell(v))
	return s.views.Render(w, http.StatusOK, "own-paper", page)
}

func ownPaperPDF(s *Site, w http.ResponseWriter, v *Visit) error {
	p, _, err := s.Scripts.Shared(v.Context(), v.Who, v.Appointment, false)
	if err != nil {
		return err
	}
	return s.paper(w, v, p)
}

func ownPaperStopAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "own-unsubscribe", &OwnUnsubscribe{Shell: s.Shell(v), Purpose: v.Tongue.Say("consent.purpose.papers"), Action: messaging.StopPaperPath(v.PathValue("token"))})
}

// ownPaperStop stops messages about papers. The link itself stays as it is.
func ownPaperStop(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := s.setOwn(v, consent.Choice{Purpose: consent.Papers, Given: false}); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-done", &OwnDone{Shell: s.Shell(v), What: "unsubscribed"})
}

// genuinePage says whether a paper is genuine, and nothing else about it. Every wrong code has the same answer.
func genuinePage(s *Site, w http.ResponseWriter, v *Visit) error {
	w.Header().Set("X-Robots-Tag", "noindex")
	page := &GenuinePage{Shell: s.Shell(v)}
	page.Person = nil
	page.Path = "/v" // a wrong code is not repeated by the links to the other languages
	g, err := s.Scripts.Verify(v.Context(), v.PathValue("code"))
	if fault.Is(err, fault.NotFound) {
		return s.views.Render(w, http.StatusNotFound, "genuine", page)
	}
	if err != nil {
		return err
	}
	page.Path = v.URL.RequestURI()
	page.Known, page.Day, page.By, page.Signer, page.Registration, page.Cancelled = true, g.Day, g.Clinic, g.Signer, g.Registration, g.Cancelled
	return s.views.Render(w, http.StatusOK, "genuine", page)
}
