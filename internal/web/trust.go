package web

import (
	"net/http"
	"slices"
	"strings"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/holdings"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/programs"
	"almirah/internal/promise"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// The policy page: every sentence of the register with how it stands in this running system, the cookies as they are set, the
// companies that data may go to, what is kept, and what nobody can promise. What is not built says so.

// policyGroups are the headings of the page, and whom each concerns. A sentence stands under the heading that has the letter of its first source.
var policyGroups = []struct {
	id, letters string
	whom        []string
}{
	{"patients", "DEJ", []string{"patients"}},
	{"booking", "BC", []string{"patients"}},
	{"messages", "FG", []string{"patients"}},
	{"lawful", "IRT", []string{"patients", "staff", "clinics"}},
	{"keeping", "KLO", []string{"patients", "staff", "clinics"}},
	{"protection", "MNS", []string{"patients", "staff", "clinics"}},
	{"money", "H", []string{"patients", "clinics"}},
	{"clinics", "A", []string{"staff", "clinics"}},
	{"use", "PQ", []string{"staff", "clinics"}},
}

func groupOf(source string) string {
	for _, g := range policyGroups {
		if source != "" && strings.Contains(g.letters, source[:1]) {
			return g.id
		}
	}
	return "protection"
}

func trustPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := s.policy(v)
	page.Short = wordsAt(v.Tongue, "trust.short.", "clinic", "sealed", "messages", "sold", "rights", "proof")
	page.Regions = regionRows(v.Tongue, "")
	page.Lives = lifeRows(v.Tongue, law.Elsewhere)
	page.Children = wordsAt(v.Tongue, "trust.children.", "accounts", "guardian")
	return s.views.Render(w, http.StatusOK, "trust", page)
}

// privacyPage is the clinic's own policy: the same sentences, and who is responsible for the data (promises A3, C3, R8).
func privacyPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := s.policy(v)
	page.Title = v.Tongue.Say("trust.clinic_title")
	page.Responsible, page.Reply = responsible(v.Clinic)
	if reach := s.reach(v); reach != s.PublicURL {
		page.Address = reach
	}
	if slices.ContainsFunc(Routes(), func(r Route) bool { return r.Pattern == "GET /c/{slug}/privacy/request" }) {
		page.Request = page.Clinic.Path() + "/privacy/request"
	}
	for _, m := range clinics.Modules() {
		x := ModuleSaid{Title: v.Tongue.Say("module." + m), On: v.Clinic.Has(m)}
		if x.On {
			x.Text = v.Tongue.Say("trust.module." + m + ".on")
		} else {
			x.Text = v.Tongue.Say("trust.module." + m + ".off")
		}
		page.Modules = append(page.Modules, x)
	}
	var err error
	if page.Ahead, err = s.announced(v); err != nil {
		return err
	}
	place := v.Clinic.Jurisdiction
	page.Short = append([]string{v.Tongue.Say("trust.short.yours", "Clinic", responsibleName(v.Clinic))}, wordsAt(v.Tongue, "trust.short.", "sealed", "messages", "sold", "rights", "proof")...)
	page.Regions = regionRows(v.Tongue, place)
	page.Lives = lifeRows(v.Tongue, place)
	page.Children = []string{v.Tongue.Say("trust.children.age", "Age", law.MinorAge(place)), v.Tongue.Say("trust.children.guardian")}
	return s.views.Render(w, http.StatusOK, "trust", page)
}

// proofPage tells of one sentence how it is proved, and what the last looks at the running system said.
func proofPage(s *Site, w http.ResponseWriter, v *Visit) error {
	one := v.PathValue("id")
	var kept []Kept
	if s.Promises != nil {
		kept = s.Promises(v.Context())
	}
	at := slices.IndexFunc(kept, func(k Kept) bool { return k.ID == one })
	if at < 0 {
		return fault.Missing()
	}
	k := kept[at]
	page := &ProofPage{Shell: s.Shell(v), TrustSentence: s.sentence(v, k), Sources: k.Sources, KeptBy: k.KeptBy, ProvedBy: k.ProvedBy, Twins: k.Twins, Probe: k.Probe}
	if k.Probe != "" && s.Spells != nil {
		spells, err := s.Spells(v.Context(), k.Probe)
		if err != nil {
			return err
		}
		page.Spells = spells
		if len(spells) > 0 {
			page.Evidence = spells[0].Evidence
		}
	}
	return s.views.Render(w, http.StatusOK, "promise-proof", page)
}

// responsible names the legal entity, its address and how to reach it. Somebody can always be written to: a clinic that shows
// neither phone nor e-mail address on its booking page is named here with its e-mail address.
func responsible(c clinics.Clinic) (lines []string, mail string) {
	parts := append([]string{responsibleName(c)}, strings.Split(c.Address, "\n")...)
	if c.ShowPhone {
		parts = append(parts, c.Phone)
	}
	if c.ShowEmail || !c.ShowPhone || c.Phone == "" {
		mail = c.Email
	}
	return slices.DeleteFunc(parts, func(x string) bool { return strings.TrimSpace(x) == "" }), mail
}

func responsibleName(c clinics.Clinic) string {
	if c.LegalEntity != "" {
		return c.LegalEntity
	}
	return c.Name
}

func (s *Site) policy(v *Visit) *TrustPage {
	page := &TrustPage{Shell: s.Shell(v), Version: s.Accounts.Terms(), Entity: s.Entity}
	for _, day := range []string{page.Version, page.Version + "-01"} { // versions are called after the day or the month of their beginning
		if d, err := clock.ParseDate(day); err == nil {
			page.Effective = d
			break
		}
	}
	groups := map[string]int{}
	for _, g := range policyGroups {
		groups[g.id] = len(page.Groups)
		page.Groups = append(page.Groups, TrustGroup{ID: g.id, Title: v.Tongue.Say("trust.group." + g.id), Whom: wordsAt(v.Tongue, "trust.whom.", g.whom...)})
	}
	var kept []Kept
	if s.Promises != nil {
		kept = s.Promises(v.Context())
	}
	for _, k := range kept {
		x := s.sentence(v, k)
		if x.Checked.After(page.CheckedAt) {
			page.CheckedAt = x.Checked
		}
		g := &page.Groups[groups[groupOf(first(k.Sources))]]
		g.Sentences = append(g.Sentences, x)
	}
	page.Groups = slices.DeleteFunc(page.Groups, func(g TrustGroup) bool { return len(g.Sentences) == 0 })
	for _, c := range Cookies() {
		page.Cookies = append(page.Cookies, cookieRow(v.Tongue, c, false))
	}
	for _, c := range Storage() {
		page.Cookies = append(page.Cookies, cookieRow(v.Tongue, c, true))
	}
	if s.Processors != nil {
		page.Processors = append(ProcessorRows(v.Tongue, s.Processors()), s.ownPrograms(v)...)
	}
	page.Use = s.vendorUses(v)
	page.Holdings = holdingRows(v)
	page.Limits = wordsAt(v.Tongue, "trust.limit.", "perfect", "backups", "plaintext", "messages", "metadata", "people")
	page.Terms = termRows(v.Tongue)
	return page
}

// sentence is a sentence of the register as the page says it.
func (s *Site) sentence(v *Visit, k Kept) TrustSentence {
	z := v.Clinic.Location()
	x := TrustSentence{ID: k.ID, Text: sentenceText(v.Tongue, k.Sentence), Status: k.Status}
	if v.Clinic.Slug != "" && k.Module != "" && !v.Clinic.Has(k.Module) {
		x.Status = "not-applicable" // the clinic has the module off: its own page says so, and the module's pages do not exist
	}
	if k.Applies != "" {
		x.Applies = v.Tongue.Say("trust.applies", "When", Declared(v.Tongue, k.Applies))
	}
	if !k.CheckedAt.IsZero() {
		x.Checked = k.CheckedAt.In(z)
		if k.Status == "broken" {
			if x.Since = k.Since.In(z); k.Since.IsZero() {
				x.Since = x.Checked
			}
		}
	}
	return x
}

// sentenceText is the sentence in the language of the page: English is the register's own text.
func sentenceText(t *words.Tongue, x promise.Sentence) string {
	if key := "promise." + x.ID; t.Lang() != "en" && t.Has(key) {
		return t.Say(key)
	}
	return x.Text
}

// wordsAt are the words at the keys.
func wordsAt(t *words.Tongue, prefix string, keys ...string) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		out = append(out, t.Say(prefix+k))
	}
	return out
}

func cookieRow(t *words.Tongue, c Cookie, stored bool) CookieRow {
	return CookieRow{Name: c.Name, Kind: c.Class, Purpose: t.Say(c.Words), Life: t.Say("cookie.life." + c.Life), Stored: stored}
}

// ownPrograms are, on a clinic's own page, the hosts that its programs are told of changes at (promise webhooks-named). A list that cannot be read fails
// nothing else of the page: the line of the register stands.
func (s *Site) ownPrograms(v *Visit) []ProcessorRow {
	if s.Programs == nil || v.Clinic.ID.IsZero() {
		return nil
	}
	hosts, err := s.Programs.Hosts(v.Context(), v.Who)
	if err != nil {
		s.Log.Error("policy: the clinic's own programs cannot be read", "clinic", v.Clinic.ID.String())
		return nil
	}
	var out []ProcessorRow
	for _, h := range hosts {
		out = append(out, ProcessorRow{Name: h, Purpose: v.Tongue.Say("trust.own_program"), Data: v.Tongue.Say("trust.own_program_data"), Region: v.Tongue.Say("trust.own_program_where"), Safeguard: v.Tongue.Say("trust.own_program_safe")})
	}
	return out
}

// Declared says what the program declares in English (a purpose, a kind of data, a place) in the language of the page, by the key declared.<words of it>.
// What an operator entered has no such key and is said as it was entered.
func Declared(t *words.Tongue, text string) string {
	if key := DeclaredKey(text); t.Lang() != "en" && t.Has(key) {
		return t.Say(key)
	}
	return text
}

// DeclaredKey is the key of a declared text: its letters in lower case, with hyphens between the words.
func DeclaredKey(text string) string {
	return "declared." + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }), "-")
}

// ProcessorRows are the lines of the sub-processor list in the language of the page.
func ProcessorRows(t *words.Tongue, list []egress.Processor) []ProcessorRow {
	var out []ProcessorRow
	for _, p := range list {
		data := make([]string, 0, len(p.Categories))
		for _, c := range p.Categories {
			data = append(data, Declared(t, c))
		}
		out = append(out, ProcessorRow{Name: Declared(t, p.Name), Purpose: Declared(t, p.Purpose), Data: strings.Join(data, t.Say("page.comma")+" "), Region: Declared(t, p.Region), Safeguard: Declared(t, p.Notes)})
	}
	return out
}

// holdingRows sums up what is kept about people, from the same declarations that the build compares with the database.
func holdingRows(v *Visit) []HoldingRow {
	all := slices.Concat(clinics.Holdings(), accounts.Holdings(), patients.Holdings(), consent.Holdings(), policies.Holdings(), scheduling.Holdings(), messaging.Holdings(), followup.Holdings(), programs.Holdings(), store.Holdings())
	var rows []HoldingRow
	at := map[string]bool{}
	for _, whose := range []holdings.Whose{holdings.Patient, holdings.Staff} {
		for _, t := range all {
			for _, c := range t.Columns {
				if key := string(c.Whose) + "." + string(c.Class); c.Whose == whose && c.Personal() && !at[key] {
					at[key] = true
					rows = append(rows, HoldingRow{What: v.Tongue.Say("holding." + key), Purpose: v.Tongue.Say("holding." + key + ".why"), Keeps: v.Tongue.Say("holding." + key + ".keep")})
				}
			}
		}
	}
	return rows
}
