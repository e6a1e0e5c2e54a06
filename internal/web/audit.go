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
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The clinic's audit log as its leads read it. What a room recorded is opened for them: the values before and after. Where the
// key of the person whom an entry is about is gone, the entry stays and its details do not. That the log was read is an entry too.

const (
	// Ids begin with their moment, so that the range of ids is the range of time, and the key of the table finds it.
	sqlAuditList = `SELECT l.id, l.at, l.actor_id, l.role, l.action, l.kind, l.subject_id, l.patient_id, d.owner_id, d.sealed, l.grant_id
		FROM audit_leaf l LEFT JOIN audit_detail d ON d.clinic_id = l.clinic_id AND d.leaf_id = l.id
		WHERE l.clinic_id = $1 AND l.id < $2 AND l.id >= $3 AND (CAST($4 AS BIGINT) = 0 OR l.actor_id = $5) AND (CAST($6 AS TEXT) = '' OR l.kind = $6)
		ORDER BY l.id DESC LIMIT $7`
)

// auditKinds are the kinds of records that entries are about, as the filter lists them.
var auditKinds = []string{"appointment", "patient", "consent", "message", "provider", "service", "clinic", "membership", "invitation", "template", "reminder-rule", "notice", "channel", "thread", "canned-reply", "conversations", "answer", "day", "messages", "answers", "inbox", "search", "encounter", "chart", "allergy", "condition", "medicine", "file", "intake", "intake-form", "visit-template", "code-list", "grant", "audit"}

// leaf is one entry with its sealed details.
type leaf struct {
	id, actor, subject, patient, owner id.ID
	grant                              id.ID // of somebody of support
	at                                 clock.Instant
	role, action, kind                 string
	sealed                             []byte
	old, new                           map[string]string
}

// moment is the first id that a clock could have made at t.
func moment(t time.Time) (one id.ID) {
	ms := t.UnixMilli()
	for i := range 6 {
		one[i] = byte(ms >> (40 - 8*i))
	}
	return one
}

// question is what the address of the audit page asks for.
type auditQuestion struct {
	who           id.ID
	what, day     string
	before, after id.ID
}

func readAuditQuestion(v *Visit) (auditQuestion, error) {
	q := v.URL.Query()
	out := auditQuestion{what: q.Get("what"), day: q.Get("day")}
	for i := range out.before {
		out.before[i] = 0xff
	}
	var err error
	if who := q.Get("who"); who != "" {
		if out.who, err = id.Parse(who); err != nil {
			return out, fault.Missing()
		}
	}
	if out.what != "" && !slices.Contains(auditKinds, out.what) {
		return out, fault.Missing()
	}
	if out.day != "" {
		d, err := clock.ParseDate(out.day)
		if err != nil {
			return out, fault.Missing()
		}
		z := v.Clinic.Location()
		out.after, out.before = moment(clock.StartOfDay(d, z)), moment(clock.StartOfDay(d.AddDays(1), z))
	}
	if b := q.Get("before"); b != "" {
		if out.before, err = id.Parse(b); err != nil {
			return out, fault.Missing()
		}
	}
	return out, nil
}

func auditPage(s *Site, w http.ResponseWriter, v *Visit) error {
	q, err := readAuditQuestion(v)
	if err != nil {
		return err
	}
	leaves, names, err := s.auditLog(v, q)
	if err != nil {
		return err
	}
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	helpers, err := s.Support.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	maps.Copy(people, helpers)
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &AuditPage{Shell: s.staffShell(v, ""), What: q.what, Day: q.day, Who: v.URL.Query().Get("who")}
	page.People = []Option{{Label: v.Tongue.Say("audit.anyone")}}
	for one, name := range people {
		page.People = append(page.People, Option{Value: one.String(), Label: name, On: one == q.who})
	}
	slices.SortFunc(page.People[1:], func(a, b Option) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
	page.Kinds = []Option{{Label: v.Tongue.Say("audit.anything")}}
	for _, k := range auditKinds {
		page.Kinds = append(page.Kinds, Option{Value: k, Label: v.Tongue.Say("audit.kind." + k), On: k == q.what})
	}
	for _, l := range leaves {
		page.Entries = append(page.Entries, auditEntry(v, l, names, people, roster))
	}
	if len(leaves) == perPage {
		next := url.Values{"before": {leaves[len(leaves)-1].id.String()}}
		for k, val := range map[string]string{"who": page.Who, "what": q.what, "day": q.day} {
			if val != "" {
				next.Set(k, val)
			}
		}
		page.Older = "/app/audit?" + next.Encode()
	}
	if s.Head != nil {
		if page.Head, err = s.Head(v.Context()); err != nil {
			return err
		}
	}
	return s.views.Render(w, http.StatusOK, "audit", page)
}

// auditLog reads and opens one page of entries, and the names of the patients in it.
func (s *Site) auditLog(v *Visit, q auditQuestion) (out []leaf, names map[id.ID]patients.Name, err error) {
	opens := v.Who.May(access.PatientRead)
	err = s.DB.View(v.Context(), v.Who, access.AuditRead, func(_ context.Context, view *store.View) error {
		some := 0
		if !q.who.IsZero() {
			some = 1
		}
		rows, err := view.Query(sqlAuditList, q.before, q.after, some, q.who, q.what, perPage)
		if err != nil {
			return err
		}
		defer rows.Close()
		var owners, seen []id.ID
		for rows.Next() {
			var l leaf
			if err := rows.Scan(&l.id, &l.at, &l.actor, &l.role, &l.action, &l.kind, &l.subject, &l.patient, &l.owner, &l.sealed, &l.grant); err != nil {
				return err
			}
			if !l.owner.IsZero() && l.owner != vault.ClinicData && !slices.Contains(owners, l.owner) {
				owners = append(owners, l.owner)
			}
			if !l.patient.IsZero() && !slices.Contains(seen, l.patient) {
				seen = append(seen, l.patient)
			}
			out = append(out, l)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if !opens {
			return nil
		}
		if err := view.Load(owners); err != nil {
			return err
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
	text, err := view.Unseal(l.owner, "audit_detail", "sealed", l.id, l.sealed)
	if err != nil || len(text) < audit.SaltSize {
		return
	}
	var d struct{ Old, New any }
	if json.Unmarshal([]byte(text[audit.SaltSize:]), &d) == nil {
		l.old, l.new = flat(d.Old), flat(d.New)
	}
}

// flat lists the values of a detail by name; a value without a name is called "value".
func flat(x any) map[string]string {
	out := map[string]string{}
	switch x := x.(type) {
	case nil:
	case map[string]any:
		for k, val := range x {
			switch val.(type) {
			case map[string]any, []any:
				b, err := json.Marshal(val)
				if err == nil {
					out[k] = string(b)
				}
			case nil:
			default:
				out[k] = fmt.Sprint(val)
			}
		}
	default:
		b, err := json.Marshal(x)
		if err == nil {
			out["value"] = strings.Trim(string(b), `"`)
		}
	}
	return out
}

func auditEntry(v *Visit, l leaf, names map[id.ID]patients.Name, people map[id.ID]string, roster scheduling.Roster) AuditEntry {
	e := AuditEntry{At: l.at.In(v.Clinic.Location()), Who: people[l.actor], Role: access.Role(l.role), Listed: l.action == audit.ActionList, Words: auditWords(v, l.action, l.kind)}
	if !l.grant.IsZero() {
		e.GrantURL = "/app/support/access/" + l.grant.String()
	}
	e.Subject, e.URL = auditSubject(v, l, names, people, roster)
	if e.Listed {
		return e
	}
	keys := make([]string, 0, len(l.new))
	for k := range l.new {
		keys = append(keys, k)
	}
	for k := range l.old {
		if _, twice := l.new[k]; !twice {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if old, now := l.old[k], l.new[k]; old != now && tells(k, old, now) && len(e.Changes) < 12 {
			e.Changes = append(e.Changes, AuditChange{What: auditField(v, k), Old: clip(old), New: clip(now)})
		}
	}
	return e
}

// tells says whether a value says something to a person: ids and versions do not.
func tells(key, old, now string) bool {
	if key == "version" || key == "Version" || key == "ID" || key == "id" {
		return false
	}
	for _, x := range []string{old, now} {
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

func auditWords(v *Visit, action, kind string) string {
	for _, key := range []string{"audit.act." + kind + "." + action, "audit.act." + action} {
		if v.Tongue.Has(key) {
			return v.Tongue.Say(key)
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
	name = v.Tongue.Say("audit.kind." + l.kind)
	if !v.Tongue.Has("audit.kind." + l.kind) {
		name = l.kind
	}
	if n, ok := names[l.patient]; ok && !l.patient.IsZero() {
		if n.Broken {
			name = joined(name, v.Tongue.Say("day.broken"))
		} else {
			name = joined(name, n.Text)
		}
	}
	switch l.kind {
	case "patient", "consent", "thread":
		if !l.patient.IsZero() && !names[l.patient].Broken {
			link = "/app/patients/" + l.patient.String()
		}
	case "appointment":
		link = "/app/appointments/" + l.subject.String()
	case "message":
		if l.action != "withdraw" { // there the subject is the appointment
			link = "/app/messages/" + l.subject.String()
		}
	case "grant":
		if l.action != "erase" { // there the subject is the patient
			link = "/app/support/access/" + l.subject.String()
		}
	case "channel":
		link = "/app/settings/channels"
		if l.action == "wish" { // a patient's, about a channel
			link = "/app/patients/" + l.subject.String()
		}
	case "membership":
		if n := people[l.subject]; n != "" {
			name = joined(name, n)
		}
	case "provider":
		for _, p := range roster.Providers {
			if p.ID == l.subject {
				name, link = joined(name, p.Name), "/app/settings/providers/"+l.subject.String()
			}
		}
	case "service":
		for _, t := range roster.Services {
			if t.ID == l.subject {
				name, link = joined(name, t.Name), "/app/settings/services/"+l.subject.String()
			}
		}
	}
	return name, link
}
