package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/support"
)

// Letting support in, seeing what it does, and looking back (promise support-by-grant).

// GrantsPage is /app/support/access, the page "grants".
type GrantsPage struct {
	Shell
	Rows      []GrantRow
	CanDecide bool
}

// GrantRow is one asking for access as a page shows it.
type GrantRow struct {
	ID, Name, Reason string
	Scopes           []string // their words
	Minutes          int
	Emergency        bool
	State            string // "asked", "running", "refused", "withdrawn", "ended", "lapsed" (asked, and nobody answered)
	Asked, From, To  time.Time
	By               string // who decided
	LookBack         bool   // an owner has not looked back at the emergency
	ClinicID         string // at /platform
}

func grantRow(g support.Grant, now clock.Instant, names map[id.ID]string, z *time.Location) GrantRow {
	r := GrantRow{ID: g.ID.String(), Name: g.HelperName, Reason: g.Reason, Minutes: g.Minutes, Emergency: g.Emergency, State: g.State, Asked: g.AskedAt.In(z), By: names[g.DecidedBy],
		LookBack: g.Emergency && g.ReviewedAt == 0}
	for _, s := range access.Scopes {
		if g.Scopes.Has(s) {
			r.Scopes = append(r.Scopes, s.Word())
		}
	}
	if g.EndsAt > 0 {
		r.From, r.To = g.DecidedAt.In(z), g.EndsAt.In(z)
		if over := g.Over(now); over > 0 {
			r.To = over.In(z)
		}
	}
	switch {
	case g.State == support.Running && !g.Runs(now):
		r.State = support.Ended
	case g.State == support.Asked && !g.Waits(now):
		r.State = "lapsed"
	}
	return r
}

func grantsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, now, err := s.Support.Grants(v.Context(), v.Who)
	if err != nil {
		return err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &GrantsPage{Shell: s.staffShell(v, ""), CanDecide: v.Who.May(access.SupportGrant)}
	for _, g := range list {
		page.Rows = append(page.Rows, grantRow(g, now, names, v.Clinic.Location()))
	}
	return s.views.Render(w, http.StatusOK, "grants", page)
}

// GrantPage is one of them with everything that was done under it, the page "grant".
type GrantPage struct {
	Shell
	GrantRow
	Whose      string // whose record was asked for: what was typed to find her
	Found      []PatientHit
	NamedID    string // whose record was opened
	Named      string
	Acts       []ActRow
	NeedsNamed bool
}

// ActRow is one entry of the log that was written under the grant.
type ActRow struct {
	At           time.Time
	Action, Kind string // their words
}

func (s *Site) grant(v *Visit) (*GrantPage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	g, acts, now, err := s.Support.Grant(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	page := &GrantPage{Shell: s.staffShell(v, ""), GrantRow: grantRow(g, now, names, z), NeedsNamed: g.Scopes.Has(access.SeePatient) && g.Waits(now)}
	for _, a := range acts {
		page.Acts = append(page.Acts, ActRow{At: a.At.In(z), Action: auditWords(v, a.Action, a.Kind), Kind: logWord(v, "audit.kind.", a.Kind)})
	}
	if !g.Patient.IsZero() {
		page.NamedID = g.Patient.String()
	}
	if page.NeedsNamed {
		page.Whose = v.typed("find")
		if n := len(page.Whose); n > 1 && n <= 100 {
			hits, err := s.Patients.Search(v.Context(), v.Who, page.Whose, 10)
			if err != nil {
				return nil, err
			}
			page.Found = hitsOf(v, hits)
		}
	}
	return page, nil
}

// logWord is the sentence of a word of the log, or the word itself where it has none.
func logWord(v *Visit, prefix, word string) string {
	if v.Tongue.Has(prefix + word) {
		return v.Tongue.Say(prefix + word)
	}
	return word
}

func grantPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.grant(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "grant", page)
}

// grantApprove is the one press that lets support in. Where a second factor is asked for again, it is asked for by this route's right.
func grantApprove(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.decided(w, v, "let-in", func(one id.ID) error {
		patient := id.Zero
		if typed := v.PostForm.Get("patient"); typed != "" {
			var err error
			if patient, err = id.Parse(typed); err != nil {
				var f fault.Fields
				f.Add("patient", "field.patient.whose")
				return f.Err()
			}
			if _, err := s.Patients.Open(v.Context(), v.Who, patient); err != nil { // hers, and not another clinic's
				return err
			}
		}
		return s.Support.Approve(v.Context(), v.Who, one, patient)
	})
}

func grantRefuse(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.decided(w, v, "refused", func(one id.ID) error { return s.Support.Refuse(v.Context(), v.Who, one) })
}

func grantReview(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.decided(w, v, "saved", func(one id.ID) error { return s.Support.Review(v.Context(), v.Who, one) })
}

func (s *Site) decided(w http.ResponseWriter, v *Visit, done string, do func(one id.ID) error) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.answer(w, v, do(one), "/app/support/access?done="+done, "grant", func() (Page, error) { return s.grant(v) })
}

// grantEnd ends it at once and goes back to where the bar was pressed.
func grantEnd(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = s.Support.End(v.Context(), v.Who, one)
	}
	if err == nil {
		to := pageBefore(v)
		if to == "" || !strings.HasPrefix(to, "/app") || slices.Contains([]string{"/app/support/banner"}, to) {
			to = "/app/support/access"
		}
		to, _, _ = strings.Cut(to, "?")
		http.Redirect(w, v.Request, to+"?done=access-ended", http.StatusSeeOther)
	}
	return err
}
