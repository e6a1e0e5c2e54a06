package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/law"
	"almirah/internal/policies"
	"almirah/internal/words"
)

// The texts that people and clinics agree to: every version, what changed between them, and the changed terms of use, which are accepted at the next sign-in
// (promises documents-archive, terms-accepted-first).

func documentRoutes() []Route {
	return []Route{
		{Pattern: "GET /documents", Door: Open, Handle: documentsPage},
		{Pattern: "GET /documents/{digest}", Door: Open, Handle: documentPage},
		{Pattern: "GET /c/{slug}/privacy/notices", Door: Clinic, Right: access.PublicRead, Handle: consentTexts},
		{Pattern: "GET /terms/changed", Door: Person, Sign: true, Handle: termsChanged},
		{Pattern: "POST /terms/changed", Door: Person, Sign: true, Handle: termsAccept},
	}
}

// DocumentRow is one version of a text.
type DocumentRow struct {
	Digest  string
	From    clock.Date
	Present bool // it is the one that this program shows and asks for
	Ahead   bool // its day has not come
}

// DocumentKind is a kind of text with its versions, the newest first.
type DocumentKind struct {
	Kind string
	Rows []DocumentRow
}

// DocumentsPage is /documents, the page "documents".
type DocumentsPage struct {
	Shell
	Kinds []DocumentKind
}

// TextChange is a paragraph that came, went or changed.
type TextChange struct{ Old, New string }

// DocumentPage is one version of a text, the page "document".
type DocumentPage struct {
	Shell
	DocumentRow
	Kind    string
	Genuine bool
	Before  string // the hash of the version before it; empty: it is the first
	Changes []TextChange
	Text    []string
	English bool // the text is in English, whatever the language of the page
}

// TermsChangedPage is /terms/changed, the page "terms-changed".
type TermsChangedPage struct {
	Shell
	Version  string
	From     clock.Date // empty: nothing is asked
	Due      bool
	Changes  []TextChange // empty: what she accepted is not on record
	Text     []string
	Accepted bool
}

// paragraphsOf are the paragraphs of a text, in the language where it has one.
func paragraphsOf(t *words.Tongue, d accounts.Document) []string {
	switch d.Kind {
	case accounts.DocumentUse:
		var all map[string][]string
		if json.Unmarshal([]byte(d.Text), &all) == nil {
			if own, ok := all[t.Lang()]; ok {
				return own
			}
			return all["en"]
		}
	case accounts.DocumentPolicy:
		var all map[string]string
		if json.Unmarshal([]byte(d.Text), &all) == nil {
			var out []string
			for _, k := range slices.Sorted(maps.Keys(all)) {
				out = append(out, all[k])
			}
			return out
		}
	}
	return accounts.Paragraphs(d.Text)
}

func textChanges(t *words.Tongue, old, now accounts.Document) []TextChange {
	var out []TextChange
	for _, d := range accounts.Differences(paragraphsOf(t, old), paragraphsOf(t, now)) {
		out = append(out, TextChange(d))
	}
	return out
}

// present says whether the text is the one that this program shows and asks for.
func (s *Site) present(d accounts.Document) bool {
	switch d.Kind {
	case accounts.DocumentUse:
		return d.Digest == s.Accounts.Terms()
	case accounts.DocumentPolicy:
		return d.Digest == clinics.TextVersion(policies.Sentences())
	}
	of := map[string]string{accounts.DocumentTerms: clinics.AgreementTerms, accounts.DocumentBAA: clinics.AgreementBAA, accounts.DocumentConfidence: clinics.AgreementConfidentiality}[d.Kind]
	t, _ := clinics.CurrentText(of)
	return t.Version == d.Digest
}

func (s *Site) documentRow(d accounts.Document) DocumentRow {
	return DocumentRow{Digest: d.Digest, From: clock.DateOf(d.From.Time().UTC()), Present: s.present(d), Ahead: clock.At(s.Clock.Now()) < d.From}
}

func documentsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Accounts.Documents(v.Context())
	if err != nil {
		return err
	}
	page := &DocumentsPage{Shell: s.Shell(v)}
	for _, kind := range accounts.DocumentKinds() {
		k := DocumentKind{Kind: kind}
		for _, d := range list {
			if d.Kind == kind {
				k.Rows = append(k.Rows, s.documentRow(d))
			}
		}
		slices.Reverse(k.Rows)
		if len(k.Rows) > 0 {
			page.Kinds = append(page.Kinds, k)
		}
	}
	return s.views.Render(w, http.StatusOK, "documents", page)
}

func documentPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Accounts.Documents(v.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(d accounts.Document) bool { return d.Digest == v.PathValue("digest") })
	if i < 0 {
		return fault.Missing()
	}
	d := list[i]
	page := &DocumentPage{Shell: s.Shell(v), DocumentRow: s.documentRow(d), Kind: d.Kind, Genuine: d.Genuine(), Text: paragraphsOf(v.Tongue, d), English: d.Kind != accounts.DocumentUse}
	for j := i - 1; j >= 0; j-- {
		if list[j].Kind == d.Kind {
			page.Before, page.Changes = list[j].Digest, textChanges(v.Tongue, list[j], d)
			break
		}
	}
	return s.views.Render(w, http.StatusOK, "document", page)
}

func (s *Site) termsChanged(v *Visit) (*TermsChangedPage, error) {
	page := &TermsChangedPage{Shell: s.Shell(v), Version: s.Accounts.Terms(), Due: v.Signed.Outdated, Accepted: v.Signed.TermsFrom == 0}
	page.Clinic = nil // the page is the person's own
	if !page.Accepted {
		page.From = clock.DateOf(v.Signed.TermsFrom.Time().UTC())
	}
	list, err := s.Accounts.Documents(v.Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(d accounts.Document) bool { return d.Digest == page.Version })
	if i < 0 {
		return nil, fault.Missing()
	}
	page.Text = paragraphsOf(v.Tongue, list[i])
	old, known, err := s.Accounts.LastAccepted(v.Context(), *v.Signed)
	if known {
		page.Changes = textChanges(v.Tongue, old, list[i])
	}
	return page, err
}

func termsChanged(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.termsChanged(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "terms-changed", page)
}

func termsAccept(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	err := s.Accounts.AcceptTerms(v.Context(), *v.Signed, v.PostForm.Get("terms"))
	return s.answer(w, v, err, "/app", "terms-changed", func() (Page, error) { return s.termsChanged(v) })
}

// textsAhead says on the dashboard that the terms of use are to change, and to owners that an agreement which the clinic signed has another text.
func (s *Site) textsAhead(v *Visit, sh *Shell) error {
	if from := v.Signed.TermsFrom; from > 0 {
		sh.Notices = append(sh.Notices, Notice{Text: v.Tongue.Say("documents.ahead", "Date", v.Tongue.Date(localDay(v, from))), URL: "/terms/changed", Link: v.Tongue.Say("policy.ahead_link")})
	}
	if !v.Who.May(access.ClinicAccount) {
		return nil
	}
	list, err := s.Clinics.Agreements(v.Context(), v.Who)
	if err != nil {
		return err
	}
	for _, kind := range v.Clinic.Needs() {
		now, _ := clinics.CurrentText(kind)
		of := func(x clinics.Signed) bool { return x.Text.Kind == kind }
		if slices.ContainsFunc(list, of) && !slices.ContainsFunc(list, func(x clinics.Signed) bool { return of(x) && x.Text.Version == now.Version }) {
			sh.Notices = append(sh.Notices, Notice{Text: v.Tongue.Say("documents.agreement", "Title", now.Title()), URL: "/app/account/agreements/" + kind, Link: v.Tongue.Say("account.read_sign")})
		}
	}
	return nil
}

// signedBefore is what changed between the text of the kind that the clinic signed last and the present one; nil where it signed none, or this one.
func signedBefore(list []clinics.Signed, now clinics.AgreementText) []TextChange {
	i := slices.IndexFunc(list, func(x clinics.Signed) bool { return x.Text.Kind == now.Kind })
	if i < 0 || list[i].Text.Version == now.Version {
		return nil
	}
	var out []TextChange
	for _, d := range accounts.Differences(accounts.Paragraphs(list[i].Text.Text), accounts.Paragraphs(now.Text)) {
		out = append(out, TextChange(d))
	}
	return out
}

// dated says since when the page holds and when it changed last: of the installation's own page, since when its sentences are on record here.
func (s *Site) dated(v *Visit, page *TrustPage) {
	list, err := s.Accounts.Documents(v.Context())
	if err != nil {
		s.Log.Error("policy: the texts on record cannot be read", "error", err.Error())
		return
	}
	for _, d := range list {
		if d.Kind == accounts.DocumentPolicy && s.present(d) {
			day := clock.DateOf(d.KeptAt.In(v.Clinic.Location()))
			page.Version, page.Effective, page.Updated = d.Digest[:12], day, day
		}
	}
}

// datedBy takes the dates of a clinic's page from its versions, and answers the terms that hold; nil where it has none yet.
func (s *Site) datedBy(v *Visit, page *TrustPage) (*policies.Terms, error) {
	if s.Policies == nil {
		return nil, nil
	}
	list, err := s.Policies.Published(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	force := policies.InForce(list, clock.At(s.Clock.Now()))
	if len(force) == 0 {
		return nil, nil
	}
	x := force[len(force)-1]
	page.Version, page.Effective, page.Updated = v.Tongue.Number(x.N), localDay(v, x.EffectiveAt), localDay(v, x.MadeAt)
	return &x.Terms, nil
}

// chosenLives puts to each class how long the clinic keeps it, inside the bounds.
func chosenLives(t *words.Tongue, rows []LifeRow, terms *policies.Terms) {
	if terms == nil {
		return
	}
	for i, c := range law.Classes() {
		text, there := terms.Keep[c]
		if span, ok := policies.ParseSpan(text); there && ok {
			if rows[i].Now = t.Say("life.with_clinic"); !span.IsZero() {
				rows[i].Now = lifeText(t, span)
			}
		}
	}
}
