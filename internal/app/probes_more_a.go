package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/api"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/insight"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support"
	"almirah/internal/vault"
)

// Live checks of accounts and rights, of the calendar's history, of reports, of support and of incidents. What they ask of a clinic's rows stands in
// the rooms whose rows they are (probe.go there); what they ask of the platform's rows stands here. Each statement answers how many rows it looked at
// and how many of them are wrong.

const (
	sqlProbeUnverified = `SELECT COUNT(*), COUNT(CASE WHEN p.verified_at = 0 THEN 1 END) FROM session s JOIN person p ON p.id = s.person_id`
	sqlProbeUnproven   = `SELECT COUNT(*), COUNT(CASE WHEN p.verified_at = 0 THEN 1 END) FROM membership m JOIN person p ON p.id = m.person_id WHERE m.ended_at = 0`
	// People of the platform accept no clinic's terms when they are let in.
	sqlProbeTerms = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM acceptance a WHERE a.person_id = m.person_id AND a.document = 'terms' AND a.version <> '' AND a.accepted_at > 0) THEN 1 END)
	FROM membership m WHERE m.ended_at = 0 AND NOT EXISTS (SELECT 1 FROM helper h WHERE h.person_id = m.person_id)`
	sqlProbeLeftOpen = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM membership m WHERE m.person_id = s.person_id AND m.clinic_id = s.clinic_id AND m.ended_at = 0) THEN 1 END) FROM session s WHERE s.clinic_id IS NOT NULL`
	// Used invitations stay for a month. Who was made something else since, or handed the clinic over, is passed over.
	sqlProbeInvited = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM invitation i WHERE i.clinic_id = m.clinic_id AND i.email_token = p.email_token AND i.used_at = m.created_at) THEN 1 END)
	FROM membership m JOIN person p ON p.id = m.person_id WHERE m.ended_at = 0 AND m.role <> 'owner' AND m.version = 1 AND m.created_at >= $1`
	sqlProbeStaff  = `SELECT COUNT(*), COUNT(CASE WHEN role NOT IN ('owner', 'manager', 'practitioner', 'assistant', 'front-desk', 'billing') THEN 1 END) FROM membership WHERE ended_at = 0`
	sqlProbeDevice = `SELECT device FROM session WHERE device IS NOT NULL ORDER BY seen_at DESC LIMIT 50`
	sqlProbeStale  = `SELECT COUNT(*), COUNT(CASE WHEN expires_at < $1 THEN 1 END) FROM session`
	sqlProbeProved = `SELECT proved_at FROM session WHERE id = $1`
	sqlProbeHere   = `SELECT COUNT(*) FROM membership m JOIN person p ON p.id = m.person_id WHERE m.clinic_id = $1 AND m.person_id = $2 AND m.ended_at = 0 AND p.disabled_at = 0`
	sqlProbeOwners = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM membership m WHERE m.clinic_id = r.clinic_id AND m.role = 'owner' AND m.ended_at = 0) THEN 1 END)
	FROM clinic_route r WHERE r.opened_at > 0 AND EXISTS (SELECT 1 FROM membership o WHERE o.clinic_id = r.clinic_id AND o.ended_at = 0)`
	// Both there is within half an hour of the acceptance; otherwise three days pass.
	sqlProbeHanded = `SELECT COUNT(*), COUNT(CASE WHEN state = 'done' AND (accepted_at = 0 OR settled_at > accepted_at + 1860000000 AND settled_at < accepted_at + 259200000000) OR state = 'accepted' AND accepted_at < $1 THEN 1 END) FROM ownership_transfer`
	// Who is an owner only since then was not to be told.
	sqlProbeEmergency = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM outgoing_mail o WHERE o.person_id = m.person_id AND o.kind = 'notice-grant-emergency' AND o.created_at >= $2 AND o.created_at <= $3
	AND (o.created_at > $4 OR o.state NOT IN ('planned', 'sending', 'handing-over'))) THEN 1 END)
	FROM membership m WHERE m.clinic_id = $1 AND m.role = 'owner' AND m.ended_at = 0 AND m.version = 1 AND m.created_at < $2`
)

// probesMoreA are these looks by their names, which are those of their sentences.
func probesMoreA() map[string]liveLook {
	return map[string]liveLook{
		"account-minimal":          probe.accountMinimal,
		"account-verified":         probe.accountVerified,
		"account-adults":           probe.accountAdults,
		"terms-on-record":          probe.termsOnRecord,
		"staff-by-invitation":      probe.staffInvited,
		"same-rules-at-every-door": probe.sameRules,
		"operator-outside":         probe.operatorOutside,
		"dashboard-tells":          probe.dashboardTells,
		"guessing-slowed":          probe.guessingSlowed,
		"sign-in-traces":           probe.signInTraces,
		"step-up":                  probe.stepUp,
		"revoked-at-once":          probe.revokedAtOnce,
		"passwords-not-guessed":    probe.passwordsNotGuessed,
		"times-as-entered":         probe.timesAsEntered,
		"overbooking-by-staff":     lookedAt(scheduling.Looked, "overbooking-by-staff", "%d appointments, and whatever stands over another one has its reason"),
		"changes-kept":             lookedAt(scheduling.Looked, "changes-kept", "%d appointments have their history"),
		"clinic-time":              probe.clinicTime,
		"own-link":                 probe.ownLink,
		"own-language":             probe.ownLanguage,
		"consent-asked":            probe.consentAsked,
		"health-words-noticed":     probe.healthWords,
		"abuse-limited":            probe.abuseLimited,
		"counts-only":              probe.countsOnly,
		"reports-counted":          lookedAt(insight.Looked, "reports-counted", "%d days are kept as they are counted"),
		"figures-objection":        lookedAt(insight.Looked, "figures-objection", "%d days hold nobody who objected"),
		"watched-by-operators":     probe.watchedByOperators,
		"log-declared":             probe.logDeclared,
		"support-logged":           lookedAt(support.Looked, "support-logged", "%d grants of this month stand in the log"),
		"support-visible":          probe.supportVisible,
		"support-emergency":        probe.supportEmergency,
		"help-inside":              probe.helpInside,
		"handed-over":              probe.handedOver,
		"incident-noticed":         probe.incidentNoticed,
		"incident-exact":           probe.incidentExact,
		"incident-processor":       probe.incidentProcessor,
		"incident-register":        lookedAt(incidents.Looked, "incident-register", "%d incidents stand in their registers"),
	}
}

// lookedAt is the look that asks one room about one of its sentences, in every clinic of the sample. The words say what was found.
func lookedAt(room func(v *store.View, sentence string) (int64, error), sentence, words string) liveLook {
	return func(p probe, ctx context.Context) (string, error) {
		n, err := p.sum(ctx, func(v *store.View) (int64, error) { return room(v, sentence) })
		return fmt.Sprintf(words, n), err
	}
}

// sum adds what a look answers in each clinic.
func (p probe) sum(ctx context.Context, look func(v *store.View) (int64, error)) (all int64, err error) {
	err = p.each(ctx, func(v *store.View, _ id.ID) error {
		n, err := look(v)
		all += n
		return err
	})
	return all, err
}

// doubted runs a statement over the platform's tables that answers how many rows it looked at, and how many are wrong.
func (p probe) doubted(ctx context.Context, text, wrong string, args ...any) (all int64, err error) {
	err = p.across(ctx, func(x *store.Platform) error {
		var bad int64
		if err := x.Row(text, args...).Scan(&all, &bad); err != nil {
			return err
		}
		if bad > 0 {
			return fmt.Errorf("%d %s", bad, wrong)
		}
		return nil
	})
	return all, err
}

// What is kept of a person who signs in, and what the form of an account asks for.
var (
	personColumns = []string{"id", "email_token", "email", "name", "phone", "job_title", "password", "language", "theme", "shortcuts", "verified_at", "disabled_at", "created_at", "version"}
	accountAsks   = []string{"csrf", "person", "email", "phone", "job_title", "password", "terms"}
)

var (
	fieldNames = regexp.MustCompile(`<(?:input|select|textarea)[^>]*?\sname="([^"]+)"`)
	tickedBox  = regexp.MustCompile(`<input[^>]*type="checkbox"[^>]*\schecked`)
)

func (p probe) accountMinimal(ctx context.Context) (string, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range schema["person"] {
		if !slices.Contains(personColumns, c) {
			return "", fmt.Errorf("of a person %s is kept", c)
		}
	}
	got, err := p.ask(ctx, http.MethodGet, "/sign-up", nil)
	if err != nil {
		return "", err
	}
	if got.status != http.StatusOK {
		return "", fmt.Errorf("the form of an account answers %d", got.status)
	}
	for _, m := range fieldNames.FindAllStringSubmatch(got.body.String(), -1) {
		if !slices.Contains(accountAsks, m[1]) {
			return "", fmt.Errorf("an account is asked for %q", m[1])
		}
	}
	return fmt.Sprintf("%d columns of a person and %d fields of the form, and none beyond what is promised", len(schema["person"]), len(accountAsks)), nil
}

func (p probe) accountVerified(ctx context.Context) (string, error) {
	a, err := p.doubted(ctx, sqlProbeUnverified, "sessions are of people who never opened the link")
	if err != nil {
		return "", err
	}
	b, err := p.doubted(ctx, sqlProbeUnproven, "people belong to a clinic and never opened the link")
	return fmt.Sprintf("%d sessions and %d memberships are of people whose address is confirmed", a, b), err
}

// accountAdults asks for an account without saying that one is of age: it is refused before anything is written. The form has the box for it, and it is not ticked.
func (p probe) accountAdults(ctx context.Context) (string, error) {
	err := p.Accounts.SignUp(ctx, accounts.Draft{Name: "Probe Person", Email: "probe@example.org", Phone: "+919811100000", JobTitle: "Probe", Password: "seven brass lanterns hum", Language: "en", Country: "IN"}, accounts.Device{})
	var f *fault.Fault
	if !errors.As(err, &f) || !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Name == "terms" }) {
		return "", errors.New("somebody who does not say that she is of age is not refused for it")
	}
	got, err := p.ask(ctx, http.MethodGet, "/sign-up", nil)
	if err != nil {
		return "", err
	}
	body := got.body.String()
	said := slices.ContainsFunc([]string{"en", "hi", "ta", "ar"}, func(lang string) bool {
		return strings.Contains(body, htmlText(p.Book.Tongue(lang).Say("sign.terms_tick")))
	})
	if !said || !strings.Contains(body, `name="terms"`) || tickedBox.MatchString(body) {
		return "", errors.New("the form of an account has no box for being of age, or it is ticked beforehand")
	}
	n, err := p.doubted(ctx, sqlProbeTerms, "people of clinics never said that they are of age")
	return fmt.Sprintf("%d people of clinics said so, and nobody gets an account without", n), err
}

func (p probe) termsOnRecord(ctx context.Context) (string, error) {
	n, err := p.doubted(ctx, sqlProbeTerms, "people of clinics have no version of the terms on record")
	return fmt.Sprintf("the version and the moment are on record for %d people", n), err
}

func (p probe) staffInvited(ctx context.Context) (string, error) {
	open, err := p.doubted(ctx, sqlProbeLeftOpen, "sessions are open in a clinic to which their person does not belong")
	if err != nil {
		return "", err
	}
	n, err := p.doubted(ctx, sqlProbeInvited, "people joined a clinic this week without an invitation", p.ago(week))
	return fmt.Sprintf("%d sessions are of people who belong where they are, and %d joined by invitation", open, n), err
}

// sameRules asks every address of the programming interface without a token and with a forged one, and looks whether what was done at any door left its entry.
func (p probe) sameRules(ctx context.Context) (string, error) {
	tried := 0
	for _, r := range api.Routes() {
		if !known(r.Right) && r.Right != "" {
			return "", fmt.Errorf("the address %s asks for a right that is not in the table", r.Pattern)
		}
		method, path, _ := strings.Cut(r.Pattern, " ")
		if !r.Token || method != http.MethodGet || strings.Contains(path, "{") {
			continue
		}
		for _, head := range []map[string]string{nil, {"Authorization": "Bearer alm_forged"}} {
			got, err := p.ask(ctx, method, path, head)
			if err != nil {
				return "", err
			}
			if got.status != http.StatusUnauthorized && !p.Held() { // a house that came back from a backup refuses every program
				return "", fmt.Errorf("%s answered a stranger with %d", r.Pattern, got.status)
			}
			tried++
		}
	}
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return scheduling.Looked(v, "same-rules-at-every-door") })
	return fmt.Sprintf("%d requests without a token were refused, and %d changes of appointments, at whatever door, have their entry", tried, n), err
}

// operatorOutside knocks as the operator at a patient's page of a clinic, and looks for memberships that are none of a clinic's own roles.
func (p probe) operatorOutside(ctx context.Context) (string, error) {
	for _, right := range []access.Right{access.PatientRead, access.PatientSearch, access.ScheduleRead, access.VisitRead, access.InboxRead} {
		err := p.DB.View(ctx, accounts.Operator(), right, func(context.Context, *store.View) error { return nil })
		if err == nil || access.Holds(access.Operator, right) {
			return "", fmt.Errorf("the operator was let in by the right %s", right)
		}
	}
	n, err := p.doubted(ctx, sqlProbeStaff, "memberships have a role that no clinic gives")
	return fmt.Sprintf("the operator was refused, and %d memberships have roles of a clinic", n), err
}

func (p probe) guessingSlowed(ctx context.Context) (string, error) {
	waits, err := p.Accounts.Waits(ctx, jobs.Platform(), mostTries)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d wrong passwords in a row, and the last had to wait", len(waits)), slowed(waits)
}

// mostTries is after how many wrong passwords in a row somebody has to wait at the latest.
const mostTries = 10

// slowed wants somebody who mistypes to be let be, and who goes on to wait.
func slowed(waits []time.Duration) error {
	if len(waits) < mostTries || waits[len(waits)-1] <= 0 {
		return errors.New("who types wrong passwords one after the other does not have to wait")
	}
	if waits[0] > 0 {
		return errors.New("who mistypes once has to wait")
	}
	return nil
}

func (p probe) signInTraces(ctx context.Context) (string, error) {
	n := 0
	err := p.across(ctx, func(x *store.Platform) error {
		rows, err := x.Query(sqlProbeDevice)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return err
			}
			if n++; !vault.Sealed(b) {
				return errors.New("the name of a browser is stored unsealed")
			}
		}
		return rows.Err()
	})
	if err != nil {
		return "", err
	}
	_, err = p.doubted(ctx, sqlProbeStale, "sessions have been over for more than a day, and are still there with the name of their browser", p.ago(26*time.Hour))
	return fmt.Sprintf("%d names of browsers are sealed, and went with their sessions", n), err
}

// stepUp holds what was done in the last half hour that asks for a factor shortly before against the moment at which its sign-in showed one last. That moment
// only moves forward, so an act that came long after it was not asked.
func (p probe) stepUp(ctx context.Context) (string, error) {
	for _, r := range []access.Right{access.ClinicStaff, access.MessageAccounts, access.GatewayAccounts, access.ClinicAccount, access.PatientDelete} {
		if !access.AsksAgain(r, true) {
			return "", fmt.Errorf("the right %s asks for nothing", r)
		}
	}
	acts := map[id.ID]clock.Instant{}
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		list, err := accounts.Dangerous(v, p.ago(30*time.Minute))
		for one, at := range list {
			acts[one] = max(acts[one], at)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	err = p.across(ctx, func(x *store.Platform) error {
		for one, at := range acts {
			var proved clock.Instant
			err := x.Row(sqlProbeProved, one).Scan(&proved)
			if err == store.ErrNoRows {
				continue // it has signed out
			}
			if err != nil {
				return err
			}
			if at > proved.Add(accounts.FreshFor+time.Minute) {
				return errors.New("something dangerous was done by a sign-in that had shown no factor for more than ten minutes")
			}
		}
		return nil
	})
	return fmt.Sprintf("%d sign-ins did something dangerous, each after it had shown a factor", len(acts)), err
}

// revokedAtOnce looks at the pages that are open in this process and are told of changes: none is of somebody whose access ended. One that is gets a second and
// a half, which is more than is promised.
func (p probe) revokedAtOnce(ctx context.Context) (string, error) {
	gone := func() (n int, out []access.Caller, err error) {
		open := p.site.Following()
		return len(open), out, p.across(ctx, func(x *store.Platform) error {
			for _, who := range open {
				var here int
				if err := x.Row(sqlProbeHere, who.Clinic(), who.Actor()).Scan(&here); err != nil {
					return err
				}
				if here == 0 && !who.Helps() {
					out = append(out, who)
				}
			}
			return nil
		})
	}
	n, first, err := gone()
	if err != nil || len(first) == 0 {
		return fmt.Sprintf("%d open pages, all of people who belong to their clinic", n), err
	}
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(1500 * time.Millisecond):
	}
	_, still, err := gone()
	if err != nil {
		return "", err
	}
	for _, who := range still {
		if slices.ContainsFunc(first, func(x access.Caller) bool { return x.Actor() == who.Actor() && x.Clinic() == who.Clinic() }) {
			return "", errors.New("a page is still open to somebody whose access ended")
		}
	}
	return fmt.Sprintf("%d open pages; those whose people left have just closed", n), nil
}

func (p probe) passwordsNotGuessed(ctx context.Context) (string, error) {
	if err := guessed(p.Accounts.Refuses); err != nil {
		return "", err
	}
	return "a good password is taken, and those that are short, common, along the keys or of one's own name are refused", ctx.Err()
}

// guessed puts passwords that are guessed first, and one that is not, to whoever refuses them.
func guessed(refuses func(password string, about ...string) bool) error {
	for what, password := range map[string]string{"short": "kq7 mango tin", "common": "passwordpassword", "along the keys": "qwertyuiopasdfgh", "of one's own name": "asha.marigold.1982", "of the clinic's name": "sunrise clinic 2026"} {
		if !refuses(password, "Asha Marigold", "Sunrise Clinic") {
			return fmt.Errorf("a password that is %s is taken", what)
		}
	}
	if refuses("blue mango 47 tabla", "Asha Marigold", "Sunrise Clinic") {
		return errors.New("a good password is refused")
	}
	return nil
}

func (p probe) handedOver(ctx context.Context) (string, error) {
	clinics, err := p.doubted(ctx, sqlProbeOwners, "clinics have people and no owner")
	if err != nil {
		return "", err
	}
	n, err := p.doubted(ctx, sqlProbeHanded, "clinics went over neither at once nor after three days, or wait for longer", p.ago(75*time.Hour))
	return fmt.Sprintf("%d clinics have an owner, and %d were handed over as they should", clinics, n), err
}

func (p probe) supportVisible(ctx context.Context) (string, error) {
	for _, role := range access.AllRoles {
		if role.IsStaff() && !access.Holds(role, access.SupportWatch) {
			return "", fmt.Errorf("the role %s cannot end what support does", role)
		}
	}
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return support.Looked(v, "support-visible") })
	return fmt.Sprintf("%d things were done under grants of this month, all while they ran", n), err
}

// supportEmergency looks whether every owner was written to before an operator opened a clinic; mails are kept for a day at least.
func (p probe) supportEmergency(ctx context.Context) (string, error) {
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return support.Looked(v, "support-emergency") })
	if err != nil {
		return "", err
	}
	for _, c := range p.clinics {
		var list []clock.Instant
		err := probe{p.House, []id.ID{c}}.each(ctx, func(v *store.View, _ id.ID) (err error) {
			list, err = support.Emergencies(v)
			return err
		})
		if err != nil {
			return "", err
		}
		left := p.ago(time.Hour)
		if p.Held() { // nothing leaves before a person lets it go
			left = 0
		}
		for _, at := range list {
			if at < p.ago(20*time.Hour) {
				break
			}
			if _, err := p.doubted(ctx, sqlProbeEmergency, "owners were not written to before an operator opened their clinic, or the letter has not left for an hour", c, at.Add(-5*time.Minute), at, left); err != nil {
				return "", err
			}
		}
	}
	return fmt.Sprintf("%d emergencies of this month, each within its bounds and told to the owners first", n), nil
}

func (p probe) incidentNoticed(ctx context.Context) (string, error) {
	for _, role := range access.AllRoles {
		if role.IsStaff() && !access.Holds(role, access.IncidentReport) {
			return "", fmt.Errorf("the role %s cannot report anything", role)
		}
	}
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return incidents.Looked(v, "incident-noticed") })
	return fmt.Sprintf("%d signs and open incidents, each noticed and told", n), err
}

func (p probe) incidentExact(ctx context.Context) (string, error) {
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return incidents.Exact(v, carries) })
	return fmt.Sprintf("%d people in open incidents, and a new count of the log gives the same", n), err
}

func (p probe) incidentProcessor(ctx context.Context) (string, error) {
	var list []incidents.Event
	err := p.across(ctx, func(x *store.Platform) (err error) {
		list, err = incidents.Parties(x)
		return err
	})
	if err != nil || len(list) == 0 {
		return "nothing went wrong at a party in the last two months", err
	}
	n := 0
	err = p.each(ctx, func(v *store.View, clinic id.ID) error {
		for _, e := range list {
			looked, err := incidents.Hit(v, e, carries(e.Processor), slices.Contains(e.Clinics, clinic))
			if err != nil {
				return err
			}
			if looked {
				n++
			}
		}
		return nil
	})
	return fmt.Sprintf("%d incidents at parties; %d clinics that used them were told", len(list), n), err
}

// logDeclared sends a field that nobody declared through a log of the kind that this house writes, and asks two pages for the ids of their requests.
func (p probe) logDeclared(ctx context.Context) (string, error) {
	if _, ok := p.Log.Handler().(logbook); !ok {
		return "", errors.New("the log is written past what leaves undeclared fields out")
	}
	var written bytes.Buffer
	line := slog.NewRecord(p.Clock.Now(), slog.LevelInfo, "probe", 0)
	line.AddAttrs(slog.Attr{Key: "undeclared-5e1f", Value: slog.StringValue(marked)}, slog.Attr{Key: "request", Value: slog.GroupValue(slog.Attr{Key: "route", Value: slog.StringValue(marked)})},
		slog.Attr{Key: "route", Value: slog.StringValue("GET /probe")})
	if err := (logbook{slog.NewJSONHandler(&written, nil), &keptErrors{}, nil}).Handle(ctx, line); err != nil {
		return "", err
	}
	if text := written.String(); strings.Contains(text, marked) || !strings.Contains(text, "GET /probe") {
		return "", errors.New("a field that nobody declared stands in the log")
	}
	const given = "of-a-stranger-5e1f"
	seen := []string{given}
	for range 2 {
		got, err := p.ask(ctx, http.MethodGet, "/probe-nowhere", map[string]string{RequestHeader: given})
		if err != nil {
			return "", err
		}
		one := got.header.Get(RequestHeader)
		if len(one) < 16 || slices.Contains(seen, one) {
			return "", errors.New("a request has no id of its own")
		}
		seen = append(seen, one)
	}
	return "undeclared fields are left out, and each request has an id of its own", nil
}

// ownLanguage asks for every booking page in each language that its clinic offers, and looks at the mails of the last hour.
func (p probe) ownLanguage(ctx context.Context) (string, error) {
	pages := 0
	err := p.eachPublic(ctx, func(x publicClinic) error {
		for _, lang := range x.clinic.Languages {
			got, err := p.ask(ctx, http.MethodGet, x.path(""), map[string]string{"Accept-Language": lang})
			if err != nil {
				return err
			}
			if got.status == http.StatusOK && !strings.Contains(got.body.String(), `<html lang="`+lang+`"`) {
				return fmt.Errorf("a booking page comes in another language than %s", lang)
			}
			pages++
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	n, err := p.sum(ctx, messaging.Looked)
	return fmt.Sprintf("%d booking pages and %d mails are in the language that they should be in", pages, n), err
}

// consentAsked looks at the booking forms: a box for each purpose, none of them ticked. And at what was answered this week.
func (p probe) consentAsked(ctx context.Context) (string, error) {
	forms, err := p.bookingForms(ctx, func(_ publicClinic, _ offer, got *page) error { return unticked(got.body.String()) })
	if err != nil {
		return "", err
	}
	n, err := p.sum(ctx, consent.Looked)
	return fmt.Sprintf("no box of %d booking forms is ticked, and %d answers have their moment and their text", forms, n), err
}

var consentBox = regexp.MustCompile(`<input[^>]*name="consent"[^>]*>`)

// unticked wants the form to ask for reminders, and every box to be one purpose that nobody has agreed to yet.
func unticked(body string) error {
	seen := map[string]bool{}
	for _, box := range consentBox.FindAllString(body, -1) {
		if strings.Contains(box, " checked") {
			return errors.New("a box of consent is ticked beforehand")
		}
		if seen[box] || strings.Count(box, "value=") != 1 {
			return errors.New("one box asks for more than one purpose")
		}
		seen[box] = true
	}
	if len(seen) == 0 || tickedBox.MatchString(body) {
		return errors.New("the booking form asks for no consent, or a box is ticked beforehand")
	}
	return nil
}
