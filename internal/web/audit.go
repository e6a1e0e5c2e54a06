package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/oversight"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The clinic's audit log as its leads read it. What a room recorded is opened for them: the values before and after. Where the
// key of the person whom an entry is about is gone, the entry stays and its details do not. That the log was read is an entry too.

// auditKinds are the kinds of records that entries are about, as the filter lists them.
var auditKinds = []string{"appointment", "patient", "consent", "message", "provider", "service", "clinic", "membership", "invitation", "template", "reminder-rule", "notice", "channel", "thread", "canned-reply", "conversations", "answer", "day", "messages", "answers", "inbox", "search", "feedback", "finding", "invoice", "payment", "encounter", "chart", "allergy", "condition", "medicine", "file", "intake", "intake-form", "visit-template", "code-list", "prescription", "prescription-share", "prescriptions", "data-request", "disclosure", "erasure", "hold", "incident", "policy", "grant", "token", "webhook", "appointments", "audit"}

// auditActs are the acts that the filter lists: the words with which most entries are written.
var auditActs = []string{"open", "list", "add", "change", "remove", "delete", "book", "reschedule", "cancel", "status", "sign", "issue", "refund", "export", "sign-off", "settle", "notice"}

// leaf is one entry with its opened details.
type leaf struct {
	oversight.Entry
	old, new map[string]any
}

// auditQuestion is what the address of the audit page asks for.
type auditQuestion struct {
	oversight.Question
	from, to, patient string       // as typed
	hits              []PatientHit // several patients are called as was typed
	nobody            bool         // nobody is
}

func (s *Site) readAuditQuestion(v *Visit) (out auditQuestion, err error) {
	q := v.URL.Query()
	if who := q.Get("who"); who != "" {
		if out.Who, err = id.Parse(who); err != nil {
			return out, fault.Missing()
		}
	}
	if out.Kind = q.Get("what"); out.Kind != "" && !slices.Contains(auditKinds, out.Kind) {
		return out, fault.Missing()
	}
	if out.Action = q.Get("act"); out.Action != "" && !slices.Contains(auditActs, out.Action) {
		return out, fault.Missing()
	}
	if out.from, out.to = q.Get("from"), q.Get("to"); q.Get("day") != "" {
		out.from, out.to = q.Get("day"), q.Get("day")
	}
	z := v.Clinic.Location()
	if out.from != "" {
		d, err := s.dayAsked(v, out.from)
		if err != nil {
			return out, err
		}
		out.From = clock.StartOfDay(d, z)
	}
	if out.to != "" {
		d, err := s.dayAsked(v, out.to)
		if err != nil {
			return out, err
		}
		out.To = clock.StartOfDay(d.AddDays(1), z)
	}
	if b := q.Get("before"); b != "" {
		if out.Before, err = id.Parse(b); err != nil {
			return out, fault.Missing()
		}
	}
	return out, s.auditPatient(v, &out)
}

// auditPatient reads whom entries should be about: an id, or what somebody typed as a name or a number.
func (s *Site) auditPatient(v *Visit, q *auditQuestion) error {
	var err error
	if one := v.URL.Query().Get("patient"); one != "" {
		if q.Patient, err = id.Parse(one); err != nil {
			return fault.Missing()
		}
		return nil
	}
	if q.patient = v.typed("find"); q.patient == "" {
		return nil
	}
	hits, err := s.Patients.Search(v.Context(), v.Who, q.patient, 10)
	if err != nil {
		return err
	}
	switch len(hits) {
	case 0:
		q.nobody = true
	case 1:
		q.Patient = hits[0].ID
	default:
		q.hits = hitsOf(v, hits)
	}
	return nil
}

// query is the question as an address carries it.
func (q auditQuestion) query() url.Values {
	out := url.Values{}
	for k, val := range map[string]string{"what": q.Kind, "act": q.Action, "from": q.from, "to": q.to} {
		if val != "" {
			out.Set(k, val)
		}
	}
	for k, one := range map[string]id.ID{"who": q.Who, "patient": q.Patient} {
		if !one.IsZero() {
			out.Set(k, one.String())
		}
	}
	return out
}

// at is the address of a page or file with the same question.
func (q auditQuestion) at(path string) string {
	if e := q.query().Encode(); e != "" {
		return path + "?" + e
	}
	return path
}

func auditPage(s *Site, w http.ResponseWriter, v *Visit) error {
	q, err := s.readAuditQuestion(v)
	if err != nil {
		return err
	}
	page := &AuditPage{AuditShell: s.auditShell(v, "log"), Who: v.URL.Query().Get("who"), What: q.Kind, Act: q.Action, From: q.from, To: q.to, Patient: q.patient, Hits: q.hits}
	rows, people, names, err := s.auditRows(v, q, perPage)
	if err != nil {
		return err
	}
	if !q.Patient.IsZero() {
		page.PatientID, page.Patient = q.Patient.String(), ""
		if n := names[q.Patient]; !n.Broken {
			page.Patient = n.Text
		}
	}
	for i := range page.Hits {
		one := q
		if one.Patient, err = id.Parse(page.Hits[i].ID); err == nil {
			page.Choices = append(page.Choices, AuditChoice{PatientHit: page.Hits[i], URL: one.at("/app/audit")})
		}
	}
	page.People = []Option{{Label: v.Tongue.Say("audit.anyone")}}
	for one, name := range people {
		page.People = append(page.People, Option{Value: one.String(), Label: name, On: one == q.Who})
	}
	slices.SortFunc(page.People[1:], func(a, b Option) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
	page.Kinds = []Option{{Label: v.Tongue.Say("audit.anything")}}
	for _, k := range auditKinds {
		page.Kinds = append(page.Kinds, Option{Value: k, Label: v.Tongue.Say("audit.kind." + k), On: k == q.Kind})
	}
	page.Acts = []Option{{Label: v.Tongue.Say("audit.any_act")}}
	for _, a := range auditActs {
		page.Acts = append(page.Acts, Option{Value: a, Label: v.Tongue.Say("audit.act." + a), On: a == q.Action})
	}
	for _, r := range rows {
		page.Entries = append(page.Entries, r.shown)
	}
	if len(rows) == perPage {
		next := q.query()
		next.Set("before", rows[len(rows)-1].ID.String())
		page.Older = "/app/audit?" + next.Encode()
	}
	page.CSV, page.Proofs = q.at("/app/audit/entries.csv"), q.at("/app/audit/proofs")
	return s.views.Render(w, http.StatusOK, "audit", page)
}

// auditRow is an entry with how it is shown.
type auditRow struct {
	leaf
	shown AuditEntry
}

// auditRows are the entries that answer the question, as they are shown, with the names that they need.
func (s *Site) auditRows(v *Visit, q auditQuestion, limit int) ([]auditRow, map[id.ID]string, map[id.ID]patients.Name, error) {
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, nil, nil, err
	}
	helpers, err := s.Support.Names(v.Context(), v.Who)
	if err != nil {
		return nil, nil, nil, err
	}
	maps.Copy(people, helpers)
	tokens, err := s.Programs.Names(v.Context(), v.Who)
	if err != nil {
		return nil, nil, nil, err
	}
	maps.Copy(people, tokens)
	if q.nobody || len(q.hits) > 0 {
		return nil, people, nil, nil
	}
	leaves, names, err := s.auditLog(v, q, limit)
	if err != nil {
		return nil, nil, nil, err
	}
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return nil, nil, nil, err
	}
	out := make([]auditRow, len(leaves))
	for i, l := range leaves {
		out[i] = auditRow{l, auditEntry(v, l, names, people, roster)}
	}
	return out, people, names, nil
}

// auditLog reads and opens entries, and the names of the patients in them.
func (s *Site) auditLog(v *Visit, q auditQuestion, limit int) (out []leaf, names map[id.ID]patients.Name, err error) {
	opens := v.Who.May(access.PatientRead)
	err = s.DB.View(v.Context(), v.Who, access.AuditRead, func(_ context.Context, view *store.View) error {
		list, err := oversight.Entries(view, q.Question, limit)
		if err != nil {
			return err
		}
		var owners, seen []id.ID
		known := map[id.ID]bool{}
		for _, e := range list {
			if !e.Owner.IsZero() && e.Owner != vault.ClinicData && !known[e.Owner] {
				known[e.Owner] = true
				owners = append(owners, e.Owner)
			}
			if !e.Patient.IsZero() && !slices.Contains(seen, e.Patient) {
				seen = append(seen, e.Patient)
			}
			out = append(out, leaf{Entry: e})
		}
		if !q.Patient.IsZero() && !slices.Contains(seen, q.Patient) {
			seen = append(seen, q.Patient)
		}
		if !opens {
			return nil
		}
		for part := range slices.Chunk(owners, store.Widest) {
			if err := view.Load(part); err != nil {
				return err
			}
		}
		for i := range out {
			out[i].open(view)
		}
		if names, err = patients.Names(view, seen); err != nil {
			return err
		}
		view.Listed("audit", string(clock.DateOf(view.Now().In(v.Clinic.Location()))), seen)
		return nil
	})
	return out, names, err
}

// open reads the details. What cannot be opened (the person was erased) leaves the entry as it is.
func (l *leaf) open(view *store.View) {
	text, err := view.Unseal(l.Owner, "audit_detail", "sealed", l.ID, l.Sealed)
	if err != nil || len(text) < audit.SaltSize {
		return
	}
	var d struct{ Old, New any }
	read := json.NewDecoder(strings.NewReader(text[audit.SaltSize:]))
	read.UseNumber() // a moment is a number that a float would round
	if read.Decode(&d) == nil {
		l.old, l.new = valuesOf(d.Old), valuesOf(d.New)
	}
}

// valuesOf are the values of a detail by name; a value without a name is called "value".
func valuesOf(x any) map[string]any {
	switch x := x.(type) {
	case nil:
		return nil
	case map[string]any:
		return x
	}
	return map[string]any{"value": x}
}

// auditMoney are the names under which details keep minor units of money.
var auditMoney = []string{"amount", "total", "price"}

// auditValue says a value of a detail as a page of the clinic would: moments in the clinic's zone, money, lists, words in the reader's language.
func auditValue(v *Visit, kind, key string, x any, currency string) string {
	switch x := x.(type) {
	case nil:
		return ""
	case bool:
		return v.Tongue.Say(map[bool]string{true: "form.yes", false: "form.no"}[x])
	case json.Number:
		n, err := x.Int64()
		switch {
		case err != nil:
		case slices.Contains(auditMoney, strings.ToLower(key)):
			return v.Tongue.Exact(n, currency)
		case n >= 1e15 && n < 1e16: // microseconds: from 2001 to 2286
			return v.Tongue.DateTime(clock.Instant(n).In(v.Clinic.Location()))
		}
		return x.String()
	case []any:
		var out []string
		for _, one := range x {
			out = append(out, auditValue(v, kind, key, one, currency))
		}
		return v.Tongue.List(out)
	case string:
		return auditTerm(v, kind, key, x)
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if said := auditValue(v, kind, k, x[k], currency); said != "" && tells(k, said) {
				out = append(out, auditField(v, k)+": "+said)
			}
		}
		return strings.Join(out, " · ")
	}
	return fmt.Sprint(x)
}

func auditEntry(v *Visit, l leaf, names map[id.ID]patients.Name, people map[id.ID]string, roster scheduling.Roster) AuditEntry {
	e := AuditEntry{At: l.At.In(v.Clinic.Location()), Who: people[l.Actor], Role: access.Role(l.Role), Listed: l.Action == audit.ActionList, Words: auditWords(v, l.Action, l.Kind)}
	if !l.Grant.IsZero() {
		e.GrantURL = "/app/support/access/" + l.Grant.String()
	}
	e.Subject, e.URL = auditSubject(v, l, names, people, roster)
	if e.Listed {
		return e
	}
	currency, ok := l.new["currency"].(string)
	if !ok {
		currency = v.Clinic.Currency
	}
	keys := slices.Concat(slices.Collect(maps.Keys(l.new)), slices.Collect(maps.Keys(l.old)))
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		old, now := auditValue(v, l.Kind, k, l.old[k], currency), auditValue(v, l.Kind, k, l.new[k], currency)
		if old != now && tells(k, old, now) && len(e.Changes) < 12 {
			e.Changes = append(e.Changes, AuditChange{What: auditField(v, k), Old: clip(old), New: clip(now)})
		}
	}
	return e
}

// tells says whether a value says something to a person: ids and versions do not.
func tells(key string, values ...string) bool {
	if key == "version" || key == "Version" || key == "ID" || key == "id" {
		return false
	}
	for _, x := range values {
		if _, err := id.Parse(x); err == nil {
			return false
		}
	}
	return true
}

func clip(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}

// capital is the phrase as a line of its own begins; some of these words stand within sentences elsewhere.
func capital(phrase string) string {
	first, size := utf8.DecodeRuneInString(phrase)
	if size == 0 {
		return phrase
	}
	return string(unicode.ToUpper(first)) + phrase[size:]
}

func auditWords(v *Visit, action, kind string) string {
	for _, key := range []string{"audit.act." + kind + "." + action, "audit.act." + action} {
		if v.Tongue.Has(key) {
			return capital(v.Tongue.Say(key))
		}
	}
	return strings.ReplaceAll(action, "-", " ")
}

// auditField names a value as the form does where it has a name there.
func auditField(v *Visit, key string) string {
	if k := "audit.field." + strings.ToLower(key); v.Tongue.Has(k) {
		return v.Tongue.Say(k)
	}
	return strings.ReplaceAll(strings.ToLower(key), "_", " ")
}

// auditSubject names what the entry is about, with its page where it has one.
func auditSubject(v *Visit, l leaf, names map[id.ID]patients.Name, people map[id.ID]string, roster scheduling.Roster) (name, link string) {
	name = capital(logWord(v, "audit.kind.", l.Kind))
	if n, ok := names[l.Patient]; ok && !l.Patient.IsZero() {
		if n.Broken {
			name = joined(name, v.Tongue.Say("day.broken"))
		} else {
			name = joined(name, n.Text)
		}
	}
	switch l.Kind {
	case "patient", "consent", "thread":
		if !l.Patient.IsZero() && !names[l.Patient].Broken {
			link = "/app/patients/" + l.Patient.String()
		}
	case "appointment":
		link = "/app/appointments/" + l.Subject.String()
	case "message":
		if l.Action != "withdraw" { // there the subject is the appointment
			link = "/app/messages/" + l.Subject.String()
		}
	case "grant":
		if l.Action != "erase" { // there the subject is the patient
			link = "/app/support/access/" + l.Subject.String()
		}
	case "token":
		name = joined(name, people[l.Subject])
		link = "/app/settings/tokens"
	case "webhook":
		if l.Action != "erase" && l.Action != "remove" { // an erased patient is the subject there
			link = "/app/settings/webhooks/" + l.Subject.String()
		}
	case "channel":
		link = "/app/settings/channels"
		if l.Action == "wish" { // a patient's, about a channel
			link = "/app/patients/" + l.Subject.String()
		}
	case "membership":
		if n := people[l.Subject]; n != "" {
			name = joined(name, n)
		}
	case "provider":
		for _, p := range roster.Providers {
			if p.ID == l.Subject {
				name, link = joined(name, p.Name), "/app/settings/providers/"+l.Subject.String()
			}
		}
	case "service":
		for _, t := range roster.Services {
			if t.ID == l.Subject {
				name, link = joined(name, t.Name), "/app/settings/services/"+l.Subject.String()
			}
		}
	}
	return name, link
}
