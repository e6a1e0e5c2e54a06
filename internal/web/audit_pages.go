package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit/verifier"
	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/oversight"
	"almirah/internal/store"
)

// Beside the log itself: what its rules noticed, who signed off which days, and how anybody can check it from outside.

const (
	mostRowsOfFile   = 5000 // entries of a table that is taken along
	mostProofsOfFile = 2000 // entries of a file with proofs
	mostNoticed      = 100
	mostReviews      = 60
	stuckAfter       = 30 * time.Second // from then on the pages say that entries wait for their place; it usually takes half a second
)

func auditRoutes() []Route {
	read, settle := access.AuditRead, access.AuditReview
	return []Route{
		{Pattern: "GET /app/audit", Door: Staff, Right: read, Handle: auditPage},
		{Pattern: "GET /app/audit/entries.csv", Door: Staff, Right: access.AuditExport, Handle: auditSheet},
		{Pattern: "GET /app/audit/proofs", Door: Staff, Right: access.AuditExport, Handle: auditProofs},
		{Pattern: "GET /app/audit/noticed", Door: Staff, Right: read, Handle: noticedPage},
		{Pattern: "POST /app/audit/noticed/{id}/settle", Door: Staff, Right: settle, Handle: noticedSettle},
		{Pattern: "GET /app/audit/reviews", Door: Staff, Right: read, Handle: auditReviewsPage},
		{Pattern: "POST /app/audit/reviews", Door: Staff, Right: settle, Handle: auditSignOff},
		{Pattern: "GET /app/audit/checks", Door: Staff, Right: read, Handle: auditChecksPage},
		{Pattern: "POST /app/audit/mail", Door: Staff, Right: read, Handle: auditMail},
	}
}

func (s *Site) auditShell(v *Visit, tab string) AuditShell {
	sh := AuditShell{Shell: s.staffShell(v, "nav.settings"), Tab: tab}
	n, err := s.Watch.Unsettled(v.Context(), v.Who)
	if err == nil { // a count that cannot be had spoils no page
		sh.Unsettled = n
	}
	sh.Stuck = s.stuck(v)
	return sh
}

// stuck says for how long entries have been waiting for their place, when that is too long.
func (s *Site) stuck(v *Visit) string {
	if s.Ledger.Waits == nil {
		return ""
	}
	since, err := s.Ledger.Waits(v.Context())
	if err != nil || since < stuckAfter {
		return ""
	}
	return v.Tongue.Say("audit.stuck", "Count", int(since/time.Minute)+1)
}

// auditSheet is what is shown as a table for a spreadsheet. What could be taken for a formula is text in it.
func auditSheet(s *Site, w http.ResponseWriter, v *Visit) error {
	q, err := s.readAuditQuestion(v)
	if err != nil {
		return err
	}
	rows, _, _, err := s.auditRows(v, q, mostRowsOfFile)
	if err != nil {
		return err
	}
	var sheet document.Sheet
	say := v.Tongue.Say
	sheet.Head(say("audit.when"), say("audit.who"), say("sign.role"), say("audit.what"), say("audit.subject"), say("audit.changes"))
	for _, r := range rows {
		var changes []string
		for _, c := range r.shown.Changes {
			changes = append(changes, c.What+": "+c.Old+" → "+c.New)
		}
		words := r.shown.Words
		if r.shown.Listed {
			words += " (" + say("audit.listed") + ")"
		}
		sheet.Row(document.Words(r.shown.At.Format("2006-01-02 15:04:05 -07:00")), document.Words(r.shown.Who), document.Words(roleWord(v, r.shown.Role)), document.Words(words),
			document.Words(r.shown.Subject), document.Words(strings.Join(changes, "; ")))
	}
	if err := s.Watch.Taken(v.Context(), v.Who, "table", len(rows)); err != nil {
		return err
	}
	return sendSheet(w, "audit-"+string(s.today(v)), sheet)
}

// roleWord is a role as pages name it.
func roleWord(v *Visit, r access.Role) string {
	if key := "role." + string(r); v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return string(r)
}

// auditProofs is what is shown with the proof of each entry, in the form that almirah-verify reads. It holds no personal datum.
func auditProofs(s *Site, w http.ResponseWriter, v *Visit) error {
	q, err := s.readAuditQuestion(v)
	if err != nil {
		return err
	}
	if s.Ledger.Prove == nil || q.nobody || len(q.hits) > 0 {
		return fault.Missing()
	}
	leaves, err := s.Watch.Leaves(v.Context(), v.Who, q.Question, mostProofsOfFile)
	if err != nil {
		return err
	}
	var b, lines bytes.Buffer
	n := int64(0)
	e := json.NewEncoder(&lines)
	e.SetEscapeHTML(false)
	last, err := s.Ledger.Prove(v.Context(), leaves, func(_ store.Signed, p store.Proven) error {
		n++
		return e.Encode(verifier.Line{N: p.N, Leaf: p.Leaf, Proof: p.Proof})
	})
	if err != nil {
		return err
	}
	if len(last.Note) == 0 {
		return fault.Missing()
	}
	if err := s.Watch.Taken(v.Context(), v.Who, "proofs", int(n)); err != nil {
		return err
	}
	first := json.NewEncoder(&b)
	first.SetEscapeHTML(false)
	if err := first.Encode(verifier.First{Format: verifier.Format, Key: s.Ledger.Key(), Checkpoint: string(last.Note), Clinic: v.Clinic.ID.String()}); err != nil {
		return err
	}
	if err := e.Encode(verifier.Last{End: true, Entries: n}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Content-Disposition", `attachment; filename="audit-`+string(s.today(v))+`.jsonl"`)
	_, _ = b.WriteTo(w)
	_, err = lines.WriteTo(w)
	return err
}

func noticedPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.noticed(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "audit-noticed", page)
}

// alone says whether the reader is the only one in the clinic who can settle findings.
func (s *Site) alone(v *Visit) (map[id.ID]string, bool, error) {
	all, err := s.Accounts.Colleagues(v.Context(), v.Who)
	names, leads := map[id.ID]string{}, 0
	for _, c := range all {
		names[c.ID] = c.Name
		if !c.Left && (c.Role == access.Owner || c.Role == access.Manager) {
			leads++
		}
	}
	return names, leads < 2, err
}

func (s *Site) noticed(v *Visit) (*NoticedPage, error) {
	open, settled, err := s.Watch.Findings(v.Context(), v.Who, mostNoticed)
	if err != nil {
		return nil, err
	}
	people, alone, err := s.alone(v)
	if err != nil {
		return nil, err
	}
	page := &NoticedPage{AuditShell: s.auditShell(v, "noticed"), CanSettle: v.Who.May(access.AuditReview)}
	row := func(f oversight.Finding) NoticedRow {
		q := auditQuestion{Question: oversight.Question{Who: f.Person, Patient: f.Patient, Action: "open"}, from: string(f.Day), to: string(f.Day)}
		r := NoticedRow{ID: f.ID.String(), Rule: string(f.Rule), Day: f.Day, Who: people[f.Person], Count: f.Count, Usual: f.Usual, Version: f.Version, Log: q.at("/app/audit"),
			Own: f.Person == v.Who.Actor() && !alone, Words: f.Words, By: people[f.ClosedBy], At: f.ClosedAt.In(v.Clinic.Location())}
		if r.Who == "" {
			r.Who = v.Tongue.Say("audit.somebody")
		}
		if !f.Patient.IsZero() {
			r.PatientID = f.Patient.String()
			if r.Patient = f.Name.Text; f.Name.Broken {
				r.Patient, r.PatientID = v.Tongue.Say("day.broken"), ""
			}
		}
		return r
	}
	for _, f := range open {
		page.Open = append(page.Open, row(f))
	}
	for _, f := range settled {
		page.Settled = append(page.Settled, row(f))
	}
	return page, nil
}

func noticedSettle(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := pathID(v)
	if err != nil {
		return err
	}
	_, alone, err := s.alone(v)
	if err != nil {
		return err
	}
	err = s.Watch.Settle(v.Context(), v.Who, one, v.PostForm.Get("words"), typedVersion(v, 0), alone)
	return s.answer(w, v, err, "/app/audit/noticed?done=settled", "audit-noticed", func() (Page, error) {
		page, err := s.noticed(v)
		if err == nil {
			page.Words, page.At = v.PostForm.Get("words"), one.String()
		}
		return page, err
	})
}

func auditReviewsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.auditReviews(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "audit-reviews", page)
}

func (s *Site) auditReviews(v *Visit) (*ReviewsOfLog, error) {
	list, err := s.Watch.Reviews(v.Context(), v.Who, mostReviews)
	if err != nil {
		return nil, err
	}
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	today := s.today(v)
	page := &ReviewsOfLog{AuditShell: s.auditShell(v, "reviews"), CanSign: v.Who.May(access.AuditReview), From: string(today.AddDays(-7)), To: string(today.AddDays(-1))}
	if len(list) > 0 && list[0].To < today {
		page.From = string(list[0].To.AddDays(1))
		page.To = max(page.From, page.To)
	}
	for _, r := range list {
		page.Rows = append(page.Rows, SignOffRow{From: r.From, To: r.To, Entries: r.Entries, Unsettled: r.Unsettled, By: people[r.By], Words: r.Words, At: r.At.In(v.Clinic.Location())})
	}
	return page, nil
}

func auditSignOff(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	from, to, words := v.PostForm.Get("from"), v.PostForm.Get("to"), v.PostForm.Get("words")
	head := ""
	if s.Ledger.Checkpoint != nil {
		c, err := s.Ledger.Checkpoint(v.Context())
		if err != nil {
			return err
		}
		if c.Size > 0 {
			head = c.Head.String()
		}
	}
	err := s.Watch.SignOff(v.Context(), v.Who, clock.Date(from), clock.Date(to), words, head)
	return s.answer(w, v, err, "/app/audit/reviews?done=signed-off", "audit-reviews", func() (Page, error) {
		page, err := s.auditReviews(v)
		if err == nil {
			page.From, page.To, page.Words = from, to, words
		}
		return page, err
	})
}

func auditChecksPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &ChecksPage{AuditShell: s.auditShell(v, "checks"), Public: s.PublicURL, Proofs: "/app/audit/proofs"}
	if s.Ledger.Checkpoint != nil {
		c, err := s.Ledger.Checkpoint(v.Context())
		if err != nil {
			return err
		}
		if c.Size > 0 {
			page.Head, page.At = c.Head.String(), c.At.In(v.Clinic.Location())
		}
		page.Key = s.Ledger.Key()
	}
	var err error
	if page.Mailed, err = s.Watch.Mailed(v.Context(), v.Who); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "audit-checks", page)
}

func auditMail(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := s.Watch.Mail(v.Context(), v.Who, v.PostForm.Get("mail") == "1"); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/audit/checks?done=saved", http.StatusSeeOther)
	return nil
}
