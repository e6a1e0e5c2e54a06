package web

import (
	"net/http"
	"slices"
	"strings"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/holdings"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/programs"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// The policy page: every sentence of the register with how it stands in this running system, the cookies as they are set, the
// companies that data may go to, what is kept, and what nobody can promise. What is not built says so.

// policyGroups are the headings of the page. A sentence stands under the heading that has the letter of its first source.
var policyGroups = []struct{ id, letters string }{
	{"clinics", "A"}, {"booking", "BC"}, {"patients", "DEJ"}, {"messages", "FG"}, {"money", "H"}, {"lawful", "IR"},
	{"keeping", "KLO"}, {"protection", "MNST"}, {"use", "PQ"},
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
	return s.views.Render(w, http.StatusOK, "trust", s.policy(v))
}

// privacyPage is the clinic's own policy: the same sentences, and who is responsible for the data (promises A3, C3, R8).
func privacyPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := s.policy(v)
	page.Responsible = responsible(v.Clinic)
	if reach := s.reach(v); reach != s.PublicURL {
		page.Address = reach
	}
	for _, m := range clinics.Modules() {
		said := ModuleSaid{Title: v.Tongue.Say("module." + m), On: v.Clinic.Has(m)}
		if said.On {
			said.Text = v.Tongue.Say("trust.module." + m + ".on")
		} else {
			said.Text = v.Tongue.Say("trust.module." + m + ".off")
		}
		page.Modules = append(page.Modules, said)
	}
	return s.views.Render(w, http.StatusOK, "trust", page)
}

// responsible names the legal entity, its address and how to reach it. Somebody can always be written to: a clinic that shows
// neither phone nor e-mail address on its booking page is named here with its e-mail address.
func responsible(c clinics.Clinic) []string {
	name := c.LegalEntity
	if name == "" {
		name = c.Name
	}
	parts := append([]string{name}, strings.Split(c.Address, "\n")...)
	if c.ShowPhone {
		parts = append(parts, c.Phone)
	}
	if c.ShowEmail || !c.ShowPhone || c.Phone == "" {
		parts = append(parts, c.Email)
	}
	return slices.DeleteFunc(parts, func(x string) bool { return strings.TrimSpace(x) == "" })
}

func (s *Site) policy(v *Visit) *TrustPage {
	page := &TrustPage{Shell: s.Shell(v), Version: s.Accounts.Terms(), Entity: s.Entity}
	for _, day := range []string{page.Version, page.Version + "-01"} { // versions are called after the day or the month of their beginning
		if d, err := clock.ParseDate(day); err == nil {
			page.Effective = d
			break
		}
	}
	z := v.Clinic.Location()
	groups := map[string]int{}
	for _, g := range policyGroups {
		groups[g.id] = len(page.Groups)
		page.Groups = append(page.Groups, TrustGroup{ID: g.id, Title: v.Tongue.Say("trust.group." + g.id)})
	}
	var kept []Kept
	if s.Promises != nil {
		kept = s.Promises(v.Context())
	}
	for _, k := range kept {
		x := TrustSentence{ID: k.ID, Text: k.Text, Status: k.Status}
		if key := "promise." + k.ID; v.Tongue.Has(key) {
			x.Text = v.Tongue.Say(key)
		}
		if v.Clinic.Slug != "" && k.Module != "" && !v.Clinic.Has(k.Module) {
			x.Status = "not-applicable" // the clinic has the module off: its own page says so, and the module's pages do not exist
		}
		if k.Applies != "" {
			x.KeptBy = v.Tongue.Say("trust.applies", "When", k.Applies)
		}
		if !k.CheckedAt.IsZero() {
			at := k.CheckedAt.In(z)
			x.Checked = at
			if k.Status == "broken" {
				x.Since = at
			}
			if at.After(page.CheckedAt) {
				page.CheckedAt = at
			}
		}
		g := &page.Groups[groups[groupOf(first(k.Sources))]]
		g.Sentences = append(g.Sentences, x)
	}
	page.Groups = slices.DeleteFunc(page.Groups, func(g TrustGroup) bool { return len(g.Sentences) == 0 })
	for _, c := range append(Cookies(), Storage()...) {
		page.Cookies = append(page.Cookies, CookieRow{Name: c.Name, Kind: c.Class, Purpose: v.Tongue.Say(c.Words), Life: v.Tongue.Say("cookie.life." + c.Life)})
	}
	if s.Processors != nil {
		for _, p := range s.Processors() {
			page.Processors = append(page.Processors, ProcessorRow{Name: p.Name, Purpose: p.Purpose, Data: strings.Join(p.Categories, ", "), Region: p.Region, Safeguard: p.Notes})
		}
		page.Processors = append(page.Processors, s.ownPrograms(v)...)
	}
	page.Use = s.vendorUses(v)
	page.Holdings = holdingRows(v)
	for _, l := range []string{"backups", "plaintext", "messages", "metadata", "people"} {
		page.Limits = append(page.Limits, v.Tongue.Say("trust.limit."+l))
	}
	return page
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

// holdingRows sums up what is kept about people, from the same declarations that the build compares with the database.
func holdingRows(v *Visit) []HoldingRow {
	all := slices.Concat(clinics.Holdings(), accounts.Holdings(), patients.Holdings(), consent.Holdings(), scheduling.Holdings(), messaging.Holdings(), followup.Holdings(), programs.Holdings(), store.Holdings())
	var rows []HoldingRow
	at := map[string]int{}
	purposes, keeps := map[string][]string{}, map[string][]string{}
	add := func(list []string, x string) []string {
		if x == "" || slices.Contains(list, x) {
			return list
		}
		return append(list, x)
	}
	for _, whose := range []holdings.Whose{holdings.Patient, holdings.Staff} {
		for _, t := range all {
			for _, c := range t.Columns {
				if c.Whose != whose || !c.Personal() {
					continue
				}
				key := string(c.Whose) + "." + string(c.Class)
				if _, there := at[key]; !there {
					at[key] = len(rows)
					rows = append(rows, HoldingRow{What: v.Tongue.Say("holding." + key)})
				}
				purposes[key], keeps[key] = add(purposes[key], c.Purpose), add(keeps[key], c.Keep)
			}
		}
	}
	for key, i := range at {
		rows[i].Purpose, rows[i].Keeps = strings.Join(purposes[key], "; "), strings.Join(keeps[key], "; ")
	}
	return rows
}
