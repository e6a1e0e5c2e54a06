package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/policies"
)

// The terms under which a clinic keeps its patients' data: the profile, every version, and what patients are asked (promises policy-archive,
// policy-notice, policy-agreed-first).

func policyRoutes() []Route {
	return []Route{
		{Pattern: "GET /app/settings/privacy", Door: Staff, Right: access.ClinicRead, Handle: privacySettings},
		{Pattern: "POST /app/settings/privacy", Door: Staff, Right: access.PolicySettings, Handle: privacySave},
		{Pattern: "GET /c/{slug}/privacy/versions", Door: Clinic, Right: access.PublicRead, Handle: versionsPage},
		{Pattern: "GET /c/{slug}/privacy/versions/{n}", Door: Clinic, Right: access.PublicRead, Handle: versionPage},
		{Pattern: "GET /confidentiality", Door: Person, Sign: true, Handle: confidentialPage},
		{Pattern: "POST /confidentiality", Door: Person, Sign: true, Handle: confidentialSave},
		{Pattern: "POST /m/{token}/terms", Door: Link, Right: access.OwnChange, Handle: ownTerms},
		{Pattern: "POST /app/patients/{id}/terms", Door: Staff, Right: access.PatientWrite, Handle: patientTerms},
	}
}

// localDay is the day of a moment at the clinic.
func localDay(v *Visit, at clock.Instant) clock.Date { return clock.DateOf(at.In(v.Clinic.Location())) }

// spanSaid says a length of time.
func spanSaid(v *Visit, text string) string {
	s, ok := policies.ParseSpan(text)
	switch {
	case !ok || text == policies.Forever:
		return v.Tongue.Say("policy.span.forever")
	case s.Hours > 0:
		return v.Tongue.Say("policy.span.hours", "Count", s.Hours)
	case s.Days > 0:
		return v.Tongue.Say("policy.span.days", "Count", s.Days)
	case s.Months > 0:
		return v.Tongue.Say("policy.span.months", "Count", s.Months)
	}
	return v.Tongue.Say("policy.span.years", "Count", s.Years)
}

// keptSaid says how long a class of records lives; agreements live as long as the clinic, not as long as somebody is a patient.
func keptSaid(v *Visit, class, text string) string {
	if class == string(law.Papers) && text == policies.Forever {
		return v.Tongue.Say("policy.span.kept")
	}
	return spanSaid(v, text)
}

// boundsSaid says between what a clinic can choose.
func boundsSaid(v *Visit, class string, l law.Life) string {
	least, most := policies.SpanText(l.Floor), policies.SpanText(l.Ceiling)
	switch {
	case l.Floor.IsZero() && l.Ceiling.IsZero(), least == most:
		return keptSaid(v, class, most)
	case l.Floor.IsZero():
		return v.Tongue.Say("policy.bounds.most", "Most", keptSaid(v, class, most))
	case l.Ceiling.IsZero():
		return v.Tongue.Say("policy.bounds.least", "Least", keptSaid(v, class, least))
	}
	return v.Tongue.Say("policy.bounds", "Least", keptSaid(v, class, least), "Most", keptSaid(v, class, most))
}

// valueSaid says the value of a parameter.
func (s *Site) valueSaid(v *Visit, param, item, value string) string {
	n, _ := strconv.Atoi(value)
	switch param {
	case "keep":
		return keptSaid(v, item, value)
	case "content":
		switch n {
		case 0:
			return v.Tongue.Say("policy.content.none")
		case policies.Full:
			return v.Tongue.Say("policy.content.full")
		}
		return v.Tongue.Say("policy.span.days", "Count", n)
	case "minor_age":
		return v.Tongue.Say("policy.age", "Count", n)
	case "remainder":
		if n == 0 {
			return v.Tongue.Say("policy.remainder.none")
		}
		return v.Tongue.Say("policy.remainder.group", "Count", n)
	case "jurisdiction":
		return v.Tongue.Say("jurisdiction." + value)
	}
	return s.itemSaid(v, param, item)
}

// itemSaid names an element of a set, or a class of records.
func (s *Site) itemSaid(v *Visit, param, item string) string {
	key := map[string]string{"keep": "policy.class.", "regions": "region.", "purposes": "consent.purpose.", "rights": "policy.right.", "modules": "module.", "analytics": "policy.counts."}[param] + item
	if param == "recipients" {
		if s.Processors != nil {
			for _, p := range s.Processors() {
				if p.ID == item {
					return Declared(v.Tongue, p.Name)
				}
			}
		}
		return item
	}
	if v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return item
}

// changeSaid says a change in a sentence.
func (s *Site) changeSaid(v *Visit, c policies.Change) TermsChange {
	out := TermsChange{Way: string(c.Way)}
	switch {
	case c.Param == "sentence" && c.Old == "":
		out.Text = v.Tongue.Say("policy.change.sentence.more", "What", c.New)
	case c.Param == "sentence" && c.New == "":
		out.Text = v.Tongue.Say("policy.change.sentence.less", "What", c.Old)
	case c.Param == "sentence":
		out.Text = v.Tongue.Say("policy.change.sentence", "Old", c.Old, "New", c.New)
	case c.Param == "keep":
		out.Text = v.Tongue.Say("policy.change.keep", "What", s.itemSaid(v, c.Param, c.Item), "Old", keptSaid(v, c.Item, c.Old), "New", keptSaid(v, c.Item, c.New))
	case c.Item == "":
		out.Text = v.Tongue.Say("policy.change."+c.Param, "Old", s.valueSaid(v, c.Param, "", c.Old), "New", s.valueSaid(v, c.Param, "", c.New))
	case c.New == "":
		out.Text = v.Tongue.Say("policy.change."+c.Param+".less", "What", s.itemSaid(v, c.Param, c.Item))
	default:
		out.Text = v.Tongue.Say("policy.change."+c.Param+".more", "What", s.itemSaid(v, c.Param, c.Item))
	}
	return out
}

func (s *Site) changesSaid(v *Visit, list []policies.Change) []TermsChange {
	var out []TermsChange
	for _, c := range list {
		out = append(out, s.changeSaid(v, c))
	}
	return out
}

// setsOf are the parameters that are sets, with where each is chosen.
func setsOf(t policies.Terms) []struct {
	param, url string
	items      []string
} {
	return []struct {
		param, url string
		items      []string
	}{
		{"regions", "/app/settings/clinic", t.Regions}, {"recipients", "", t.Recipients}, {"purposes", "", t.Purposes}, {"rights", "", t.Rights},
		{"modules", "/app/settings/modules", t.Modules}, {"analytics", "/app/settings/use", t.Analytics},
	}
}

// termsRows are the terms, parameter by parameter.
func (s *Site) termsRows(v *Visit, t policies.Terms) []TermsRow {
	say := func(param string) string { return v.Tongue.Say("policy.param." + param) }
	rows := []TermsRow{
		{What: say("jurisdiction"), Value: s.valueSaid(v, "jurisdiction", "", t.Jurisdiction), URL: "/app/settings/clinic"},
		{What: say("content"), Value: s.valueSaid(v, "content", "", strconv.Itoa(t.Content)), URL: "/app/settings/conversations"},
	}
	for _, x := range setsOf(t) {
		var names []string
		for _, i := range x.items {
			names = append(names, s.itemSaid(v, x.param, i))
		}
		value := strings.Join(names, v.Tongue.Say("page.comma")+" ")
		if value == "" {
			value = v.Tongue.Say("policy.none." + x.param)
		}
		rows = append(rows, TermsRow{What: say(x.param), Value: value, URL: x.url})
	}
	return append(rows, TermsRow{What: say("minor_age"), Value: s.valueSaid(v, "minor_age", "", strconv.Itoa(t.MinorAge))})
}

// lengths are what can be chosen, beside what the law and the house name themselves.
var lengths = []string{"P7D", "P30D", "P90D", "P180D", "P12M", "P18M", "P24M", "P3Y", "P4Y", "P5Y", "P6Y", "P7Y", "P8Y", "P9Y", "P10Y", "P15Y", "P20Y", policies.Forever}

// remainders are the groups that can be chosen.
var remainders = []int{0, policies.LeastK, 20, 50, 100}

// keepRows are how long each class lives, with the bounds of it.
func (s *Site) keepRows(v *Visit, place string, t policies.Terms, chosen map[law.Class]string) []TermsRow {
	var out []TermsRow
	for _, k := range law.Classes() {
		l := law.LifeOf(place, k)
		now, there := t.Keep[k]
		if !there {
			now = policies.SpanText(policies.Usual(place, k))
		}
		picked := now
		if c, ok := chosen[k]; ok {
			picked = c
		}
		row := TermsRow{What: s.itemSaid(v, "keep", string(k)), Value: keptSaid(v, string(k), now), Source: l.Source, Param: "keep_" + string(k), Bounds: boundsSaid(v, string(k), l)}
		for _, text := range append([]string{now, policies.SpanText(l.Floor), policies.SpanText(l.Ceiling)}, lengths...) {
			said := keptSaid(v, string(k), text)
			if !policies.Allowed(place, k, text) || slices.ContainsFunc(row.Options, func(o Option) bool { return o.Value == wire(text) || o.Label == said }) {
				continue
			}
			row.Options = append(row.Options, Option{Value: wire(text), Label: said, On: text == picked})
		}
		slices.SortStableFunc(row.Options, func(a, b Option) int { return policies.Longer(unwire(a.Value), unwire(b.Value)) })
		if len(row.Options) < 2 {
			row.Param, row.Options = "", nil
		}
		out = append(out, row)
	}
	return out
}

// wire and unwire carry a length through a form, in which what is empty was not chosen.
func wire(text string) string {
	if text == policies.Forever {
		return "patient"
	}
	return text
}

func unwire(text string) string {
	if text == "patient" {
		return policies.Forever
	}
	return text
}

func (s *Site) ahead(v *Visit, st policies.Standing) *TermsAhead {
	w, ok := st.Waits()
	if !ok {
		return nil
	}
	holds, _ := st.Holds()
	weaker := slices.DeleteFunc(policies.Compare(holds.Terms, w.Terms), func(c policies.Change) bool { return c.Way != policies.Weaker })
	return &TermsAhead{N: w.N, From: localDay(v, w.EffectiveAt), Changes: s.changesSaid(v, weaker), Touched: int(st.Touched), Agreed: int(st.Agreed), Told: int(st.Told)}
}

func (s *Site) privacySettings(v *Visit, chosen map[law.Class]string, remainder int) (*PrivacySettings, error) {
	page := &PrivacySettings{SettingsPage: s.settings(v, "settings.privacy", access.PolicySettings), Public: "/c/" + v.Clinic.Slug + "/privacy"}
	st, err := s.Policies.Standing(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page.Ahead = s.ahead(v, st)
	t := policies.Standard(v.Clinic)
	if x, ok := st.Holds(); ok {
		t = x.Terms
	} else {
		page.CanEdit = false // its first version is written within a minute
	}
	if remainder < 0 {
		remainder = t.Remainder
		if w, ok := st.Waits(); ok { // what is announced is what the clinic wants
			remainder = w.Terms.Remainder
			chosen = w.Terms.Keep
		}
	}
	page.Rows = append(s.termsRows(v, t), s.keepRows(v, v.Clinic.Jurisdiction, t, chosen)...)
	rest := TermsRow{What: v.Tongue.Say("policy.param.remainder"), Value: s.valueSaid(v, "remainder", "", strconv.Itoa(t.Remainder)), Bounds: v.Tongue.Say("policy.remainder.bounds", "Count", policies.LeastK), Param: "remainder"}
	for _, k := range remainders {
		rest.Options = append(rest.Options, Option{Value: strconv.Itoa(k), Label: s.valueSaid(v, "remainder", "", strconv.Itoa(k)), On: k == remainder})
	}
	page.Rows = append(page.Rows, rest)
	return page, nil
}

func privacySettings(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.privacySettings(v, nil, -1)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-privacy", page)
}

// privacySave first says what the choice would mean, and changes it when it comes back unchanged.
func privacySave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	wish := policies.Wish{Keep: map[law.Class]string{}}
	var signed []string
	for _, k := range law.Classes() {
		if raw := v.PostForm.Get("keep_" + string(k)); raw != "" {
			wish.Keep[k] = unwire(raw)
			signed = append(signed, string(k)+"="+raw)
		}
	}
	n, err := strconv.Atoi(v.PostForm.Get("remainder"))
	if err != nil {
		n = 1 // no group at all: the room says so
	}
	wish.Remainder = n
	sure := strings.Join(append(signed, strconv.Itoa(n)), " ")
	again := func() (Page, error) { return s.privacySettings(v, wish.Keep, wish.Remainder) }
	if v.PostForm.Get("sure") == sure {
		_, err := s.Policies.Save(v.Context(), v.Who, wish)
		return s.answer(w, v, err, "/app/settings/privacy?done=saved", "settings-privacy", again)
	}
	out, err := s.Policies.Try(v.Context(), v.Who, wish)
	if err != nil {
		return s.answer(w, v, err, "", "settings-privacy", again)
	}
	page, err := s.privacySettings(v, wish.Keep, wish.Remainder)
	if err != nil {
		return err
	}
	page.Meant, page.Sure, page.Same = s.changesSaid(v, out.Changes), sure, len(out.Changes) == 0
	if out.At > 0 {
		page.From = localDay(v, out.At)
	}
	return s.views.Render(w, http.StatusOK, "settings-privacy", page)
}

func versionRow(v *Visit, list []policies.Version, i int, now clock.Instant) VersionRow {
	x := list[i]
	row := VersionRow{N: x.N, From: localDay(v, x.EffectiveAt), Digest: x.Digest, State: "never"}
	force := policies.InForce(list, now)
	if w, ok := policies.Pending(list, now); ok && w.N == x.N {
		row.State = "announced"
	}
	for j, f := range force {
		if f.N == x.N {
			if row.State = "earlier"; j == len(force)-1 {
				row.State = "holds"
			}
		}
	}
	return row
}

func versionsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Policies.Published(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &VersionsPage{Shell: s.Shell(v)}
	for i := range list {
		page.Rows = append(page.Rows, versionRow(v, list, i, clock.At(s.Clock.Now())))
	}
	slices.Reverse(page.Rows)
	return s.views.Render(w, http.StatusOK, "policy-versions", page)
}

func versionPage(s *Site, w http.ResponseWriter, v *Visit) error {
	n, err := strconv.ParseInt(v.PathValue("n"), 10, 64)
	if err != nil {
		return fault.Missing()
	}
	x, err := s.Policies.Compared(v.Context(), v.Who, n)
	if err != nil {
		return err
	}
	list, err := s.Policies.Published(v.Context(), v.Who)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(y policies.Version) bool { return y.N == n })
	if i < 0 {
		return fault.Missing()
	}
	page := &VersionPage{Shell: s.Shell(v), VersionRow: versionRow(v, list, i, clock.At(s.Clock.Now())), First: x.Before.N == 0, Before: x.Before.N, NoticedAt: localDay(v, x.Version.NoticedAt),
		Genuine: x.Genuine, Changes: s.changesSaid(v, x.Changes), Waits: x.Version.Gate == policies.GateAnnounced, EverInForce: x.InForce}
	page.Values = s.termsRows(v, x.Version.Terms)
	for _, k := range law.Classes() {
		if text, ok := x.Version.Terms.Keep[k]; ok {
			page.Values = append(page.Values, TermsRow{What: s.itemSaid(v, "keep", string(k)), Value: keptSaid(v, string(k), text)})
		}
	}
	page.Values = append(page.Values, TermsRow{What: v.Tongue.Say("policy.param.remainder"), Value: s.valueSaid(v, "remainder", "", strconv.Itoa(x.Version.Terms.Remainder))})
	var said map[string]string
	if err := json.Unmarshal([]byte(x.Text), &said); err != nil {
		return err
	}
	for one, text := range said {
		page.Sentences = append(page.Sentences, SentenceRow{one, text})
	}
	slices.SortFunc(page.Sentences, func(a, b SentenceRow) int { return strings.Compare(a.ID, b.ID) })
	return s.views.Render(w, http.StatusOK, "policy-version", page)
}

// termsAsked is what the patient is asked, and what she can take back; nil when that is nothing.
func (s *Site) termsAsked(v *Visit, patient id.ID, action string) (*TermsQuestion, error) {
	q, err := s.Policies.Question(v.Context(), v.Who, patient)
	if err != nil || !q.Asked && q.Rests.N == 0 {
		return nil, err
	}
	page := func(n int64) string { return "/c/" + v.Clinic.Slug + "/privacy/versions/" + strconv.FormatInt(n, 10) }
	out := &TermsQuestion{Action: action}
	if q.Rests.N > 0 {
		out.Rests, out.RestsSince, out.RestsMore = q.Rests.N, localDay(v, q.RestsSince), page(q.Rests.N)
	}
	if !q.Asked {
		return out, nil
	}
	out.N, out.From, out.Holds, out.Said, out.Yes, out.More = q.Version.N, localDay(v, q.Version.EffectiveAt), q.Version.EffectiveAt <= clock.At(s.Clock.Now()), q.Said, q.Yes, page(q.Version.N)
	for _, c := range q.Changes {
		out.Changes = append(out.Changes, s.changeSaid(v, c).Text)
	}
	if q.Said {
		out.Since = localDay(v, q.At)
	}
	return out, nil
}

// answerTerms reads an answer of the form and writes it down.
func (s *Site) answerTerms(v *Visit, patient id.ID) error {
	if err := v.form(); err != nil {
		return err
	}
	said := v.PostForm.Get("answer")
	if said != "yes" && said != "no" {
		return fault.New(fault.Invalid, "fault.policy_answer")
	}
	return s.Policies.Answer(v.Context(), v.Who, patient, typedVersion(v, 0), said == "yes")
}

func ownTerms(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := s.answerTerms(v, v.Who.Patient()); err != nil {
		if refusal(err) {
			return s.ownPage(w, v, err)
		}
		return err
	}
	http.Redirect(w, v.Request, "/m/"+v.PathValue("token")+"?saved=1", http.StatusSeeOther)
	return nil
}

func patientTerms(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := s.answerTerms(v, one); err != nil {
		if refusal(err) {
			return s.refusedPatient(w, v, one, "", NewPatientForm{}, err)
		}
		return err
	}
	http.Redirect(w, v.Request, "/app/patients/"+one.String()+"?done=patient_consents#terms", http.StatusSeeOther)
	return nil
}

// termsAhead puts an announced version on the dashboard of everybody who works at the clinic.
func (s *Site) termsAhead(v *Visit, sh *Shell) error {
	st, err := s.Policies.Standing(v.Context(), v.Who)
	if err != nil {
		return err
	}
	if w, ok := st.Waits(); ok {
		sh.Notices = append(sh.Notices, Notice{Text: v.Tongue.Say("policy.ahead", "Date", v.Tongue.Date(localDay(v, w.EffectiveAt)), "Agreed", st.Agreed, "Touched", st.Touched),
			URL: "/app/settings/privacy", Link: v.Tongue.Say("policy.ahead_link")})
	}
	return nil
}

// announced is the announced version for the clinic's privacy page; nil: none is.
func (s *Site) announced(v *Visit) (*TermsAhead, error) {
	if s.Policies == nil {
		return nil, nil
	}
	list, err := s.Policies.Published(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	return s.ahead(v, policies.Standing{Versions: list, Now: clock.At(s.Clock.Now())}), nil
}
