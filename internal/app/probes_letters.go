package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/carriers/ses"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/web"
)

// Live checks of what is promised about messages that go out: each looks at the last days alone, along an index, and counts what must not
// be there. What is still to be acted on (a row in event) is not counted.

const (
	sqlProbeUnconfirmed = `SELECT COUNT(*) FROM booking_log l JOIN appointment a ON a.clinic_id = l.clinic_id AND a.id = l.appointment_id WHERE l.clinic_id = $1 AND l.at >= $2 AND l.at < $3 AND l.action = 'book'
	AND a.status IN ('booked', 'confirmed') AND a.starts_at > $4 AND EXISTS (SELECT 1 FROM reminder_rule r WHERE r.clinic_id = $1 AND r.kind = 'appointment.booked' AND r.active)
	AND EXISTS (SELECT 1 FROM clinic c WHERE c.clinic_id = $1 AND c.status = 'open') AND NOT EXISTS (SELECT 1 FROM message m WHERE m.clinic_id = $1 AND m.appointment_id = a.id)
	AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = a.patient_id AND c.purpose = 'restriction') AND NOT EXISTS (SELECT 1 FROM event e WHERE e.clinic_id = $1 AND e.subject_id = a.id)`

	sqlProbeStaleDue = `SELECT COUNT(*) FROM (SELECT appointment_id, occurrence FROM reminder_due WHERE clinic_id = $1 ORDER BY due_at LIMIT 1000) d JOIN appointment a ON a.clinic_id = $1 AND a.id = d.appointment_id
	WHERE (a.status = 'cancelled' OR a.occurrence <> d.occurrence) AND NOT EXISTS (SELECT 1 FROM event e WHERE e.clinic_id = $1 AND e.subject_id = a.id)`
	sqlProbeStalePlan = `SELECT COUNT(*) FROM message m JOIN appointment a ON a.clinic_id = m.clinic_id AND a.id = m.appointment_id WHERE m.clinic_id = $1 AND m.state = 'planned' AND m.kind = 'reminder'
	AND (a.status = 'cancelled' OR a.occurrence <> m.occurrence) AND NOT EXISTS (SELECT 1 FROM event e WHERE e.clinic_id = $1 AND e.subject_id = a.id)`
	sqlProbeTooLate = `SELECT COUNT(*) FROM message m JOIN appointment a ON a.clinic_id = m.clinic_id AND a.id = m.appointment_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.kind = 'reminder' AND m.state = 'sent'
	AND a.status = 'cancelled' AND a.status_at < m.state_at - 120000000`

	sqlProbeUnasked = `SELECT COUNT(*) FROM message m WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.state = 'sent' AND m.purpose IN ('followup', 'review')
	AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = m.patient_id AND c.purpose = m.purpose AND c.given AND c.at <= m.state_at)`
	sqlProbeNeverOn   = `SELECT COUNT(*) FROM message m JOIN reminder_rule r ON r.clinic_id = m.clinic_id AND r.id = m.rule_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.purpose IN ('followup', 'review') AND r.version = 1 AND NOT r.active`
	sqlProbeWithdrawn = `SELECT COUNT(*) FROM message m WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.state = 'sent' AND m.purpose <> 'booking' AND EXISTS (
	SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = m.patient_id AND c.purpose = m.purpose AND c.channel IN ('', m.channel) AND NOT c.given AND c.at < m.state_at - 120000000
	AND NOT EXISTS (SELECT 1 FROM consent l WHERE l.clinic_id = $1 AND l.patient_id = c.patient_id AND l.purpose = c.purpose AND l.channel IN ('', m.channel) AND l.at > c.at AND l.at <= m.state_at))`

	sqlProbeOtherVisit = `SELECT COUNT(*) FROM message m JOIN appointment a ON a.clinic_id = m.clinic_id AND a.id = m.appointment_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.state = 'sent' AND a.status_at < m.state_at
	AND (m.kind = 'followup.missed' AND a.status <> 'no-show' OR m.kind IN ('followup.visit', 'followup.recall', 'review') AND (a.status NOT IN ('arrived', 'in-progress', 'completed') OR a.ends_at > m.state_at))`
	sqlProbeNoRule = `SELECT COUNT(*) FROM message m JOIN reminder_rule r ON r.clinic_id = m.clinic_id AND r.id = m.rule_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.purpose IN ('followup', 'review') AND r.kind <> m.kind`

	sqlProbeReviewTwice = `SELECT COUNT(*) FROM message m WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.kind = 'review' AND m.state IN ('planned', 'sending', 'handing-over', 'sent') AND m.reached <> 'failed' AND EXISTS (
	SELECT 1 FROM message o WHERE o.clinic_id = $1 AND o.appointment_id = m.appointment_id AND o.kind = 'review' AND o.id < m.id AND o.state IN ('planned', 'sending', 'handing-over', 'sent') AND o.reached <> 'failed')`
	sqlProbeReviewAngry = `SELECT COUNT(*) FROM message m JOIN feedback f ON f.clinic_id = m.clinic_id AND f.patient_id = m.patient_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.kind = 'review' AND m.state = 'sent'
	AND f.stars <= 2 AND f.settled_at = 0 AND f.given_at < m.created_at`
	sqlProbeReviewChild = `SELECT DISTINCT m.patient_id FROM message m JOIN patient p ON p.clinic_id = m.clinic_id AND p.id = m.patient_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.kind = 'review' AND m.state = 'sent' AND p.minor
	AND EXISTS (SELECT 1 FROM guardian g WHERE g.clinic_id = $1 AND g.patient_id = p.id AND g.created_at < m.created_at) LIMIT 200`

	sqlProbeLeftFirst = `SELECT COUNT(*) FROM feedback WHERE clinic_id = $1 AND given_at >= $2 AND (given_at = 0 OR followed_at > 0 AND followed_at < given_at)`
	sqlProbeSaid      = `SELECT words FROM feedback WHERE clinic_id = $1 AND given_at >= $2 AND words IS NOT NULL ORDER BY given_at DESC LIMIT 50`

	sqlProbeCounted = `SELECT COUNT(*) FROM message m WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.kind = 'reminder' AND m.state = 'sent' AND EXISTS (SELECT 1 FROM appointment a WHERE a.clinic_id = $1 AND a.id = m.appointment_id)`

	sqlProbeNotTold = `SELECT COUNT(*) FROM channel WHERE clinic_id = $1 AND state = 'paused' AND reason <> 'by-hand' AND told_at < state_at AND state_at < $2 AND EXISTS (SELECT 1 FROM clinic c WHERE c.clinic_id = $1 AND c.status = 'open')`
	sqlProbeAlone   = `SELECT DISTINCT a.patient_id FROM booking_log l JOIN appointment a ON a.clinic_id = l.clinic_id AND a.id = l.appointment_id JOIN patient p ON p.clinic_id = a.clinic_id AND p.id = a.patient_id
	WHERE l.clinic_id = $1 AND l.at >= $2 AND l.action = 'book' AND p.minor AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.clinic_id = $1 AND g.patient_id = p.id) LIMIT 200`
	sqlProbePurposes = `SELECT DISTINCT purpose FROM message WHERE clinic_id = $1 AND created_at >= $2`
)

// probesOfLetters are the looks at messages, at what patients get on paper, and at what they agreed to.
func probesOfLetters() map[string]liveLook {
	return map[string]liveLook{
		"confirmation-at-once":      probe.confirmed,
		"reminder-stops":            probe.reminderStops,
		"reminder-unsubscribe":      probe.oneClick,
		"mail-providers":            probe.mailLeaves,
		"service-notices":           probe.ownersTold,
		"followups":                 probe.followups,
		"followups-by-rule":         probe.followupRules,
		"review-seldom":             probe.reviewSeldom,
		"feedback-first":            probe.feedbackFirst,
		"reminders-measured":        probe.measured,
		"receipts":                  probe.receipts,
		"guardian-on-invoice":       probe.guardians,
		"prescriptions-warned":      probe.warned,
		"prescriptions-controlled":  probe.controlled,
		"prescription-paper":        probe.paper,
		"consent-withdrawn":         probe.withdrawn,
		"no-advertising":            probe.purposes,
		"minor-with-guardian":       probe.childrenAlone,
		"tickets":                   probe.tickets,
		"letters-by-choice":         probe.lists,
		"clinic-in-charge":          probe.inCharge,
		"deleted-is-unreadable":     probe.erased,
		"audit-no-person-in-a-leaf": probe.leaves,
	}
}

// ago is a moment before now, as rows keep their moment.
func (p probe) ago(d time.Duration) clock.Instant { return clock.At(p.Clock.Now().Add(-d)) }

const (
	week  = 7 * 24 * time.Hour
	month = 30 * 24 * time.Hour
)

// each of the counts must be zero in each clinic.
func (p probe) noneOf(ctx context.Context, since clock.Instant, counts ...[2]string) (string, error) {
	said := ""
	for _, c := range counts {
		var err error
		if said, err = p.none(ctx, c[0], c[1], since); err != nil {
			return "", err
		}
	}
	return said, nil
}

func (p probe) confirmed(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeUnconfirmed, "bookings of this week were told to nobody", p.ago(week), p.ago(time.Hour), p.ago(0))
}

func (p probe) reminderStops(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeStaleDue, "reminders are due of appointments that were moved or cancelled"); err != nil {
		return "", err
	}
	if _, err := p.none(ctx, sqlProbeStalePlan, "reminders wait for a time that is no longer the appointment's"); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeTooLate, "reminders went out after their appointment had been cancelled", p.ago(week))
}

// oneClick sends what a mail program sends for one click, to a link that nobody has: it is not refused as a form of another website would
// be, and asks for no sign-in.
func (p probe) oneClick(ctx context.Context) (string, error) {
	at := slices.IndexFunc(web.Routes(), func(r web.Route) bool { return r.Pattern == "POST /m/{token}/unsubscribe" })
	if at < 0 || !web.Routes()[at].OneClick {
		return "", errors.New("no address takes the one click of a mail program")
	}
	elsewhere := map[string]string{"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"}
	token := strings.Repeat("A", 43)
	got, err := p.ask(ctx, http.MethodPost, "/m/"+token+"/unsubscribe", elsewhere)
	if err != nil {
		return "", err
	}
	if got.status == http.StatusForbidden || got.status >= 500 || got.header.Get("Location") != "" {
		return "", fmt.Errorf("one click from a mail program was answered with %d", got.status)
	}
	other, err := p.ask(ctx, http.MethodPost, "/m/"+token+"/cancel", elsewhere)
	if err != nil {
		return "", err
	}
	if other.status != http.StatusForbidden {
		return "", fmt.Errorf("a form of another website about an appointment was answered with %d", other.status)
	}
	return "one click from a mail program reaches the page that stops reminders, and no other", nil
}

func (p probe) followups(ctx context.Context) (string, error) {
	return p.noneOf(ctx, p.ago(week), [2]string{sqlProbeUnasked, "messages after a visit went to patients who never agreed to them"},
		[2]string{sqlProbeNeverOn, "messages after a visit come from a rule that was never switched on"})
}

func (p probe) withdrawn(ctx context.Context) (string, error) {
	return p.noneOf(ctx, p.ago(week), [2]string{sqlProbeWithdrawn, "messages went out after the patient had taken her consent back"})
}

func (p probe) followupRules(ctx context.Context) (string, error) {
	return p.noneOf(ctx, p.ago(week), [2]string{sqlProbeOtherVisit, "messages after a visit went out though the visit was another"}, [2]string{sqlProbeNoRule, "messages after a visit come from a rule of another kind"})
}

func (p probe) reviewSeldom(ctx context.Context) (string, error) {
	_, err := p.noneOf(ctx, p.ago(month), [2]string{sqlProbeReviewTwice, "visits were asked about twice"}, [2]string{sqlProbeReviewAngry, "patients were asked how it was while a complaint of theirs is unsettled"})
	if err != nil {
		return "", err
	}
	return p.noChild(ctx, sqlProbeReviewChild, "children were asked how it was", p.ago(month))
}

func (p probe) feedbackFirst(ctx context.Context) (string, error) {
	since := p.ago(month)
	if _, err := p.noneOf(ctx, since, [2]string{sqlProbeLeftFirst, "patients were led to the public page before they had told the clinic"}); err != nil {
		return "", err
	}
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeSaid, since)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return err
			}
			if n++; len(b) > 0 && !vault.Sealed(b) {
				return errors.New("what a patient said of her visit is stored unsealed")
			}
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d words of patients are sealed, and nobody left before she had told the clinic", n), err
}

// measured works the figures out and holds them against a plain count.
func (p probe) measured(ctx context.Context) (string, error) {
	groups := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		f, err := followup.FiguresOf(v, followup.FigureDays()[0])
		if err != nil {
			return err
		}
		var plain int
		if err := v.Row(sqlProbeCounted, v.Now().Add(-month)).Scan(&plain); err != nil {
			return err
		}
		groups += len(f.By)
		return tellsNobody(f, plain)
	})
	return fmt.Sprintf("%d groups of practitioners hold five or more, and the counts are those of the messages", groups), err
}

// tellsNobody looks whether the figures show a small group, or another number of reminders than were counted.
func tellsNobody(f followup.Figures, plain int) error {
	if f.All.Messages != plain {
		return fmt.Errorf("the figures speak of %d reminders, there are %d", f.All.Messages, plain)
	}
	for _, g := range f.By {
		if g.Reminded < followup.LeastGroup {
			return errors.New("the figures show a group of fewer than five")
		}
	}
	if f.All.Delivered > f.All.Reminded || f.All.Confirmed > f.All.Reminded || f.All.Came+f.All.Missed+f.All.Off > f.All.Reminded {
		return errors.New("the figures count an appointment twice")
	}
	return nil
}

// ownersTold looks as well whether what was written to owners, staff and operators has left: a mail server that stands still for a day keeps it from them.
func (p probe) ownersTold(ctx context.Context) (string, error) {
	if n, oldest, err := p.lateNotices(ctx); err != nil || n > 0 {
		if err == nil {
			err = fmt.Errorf("%d notices wait for the mail server, the oldest since %s", n, oldest.Time().UTC().Format(time.DateTime))
		}
		return "", err
	}
	return p.none(ctx, sqlProbeNotTold, "accounts have stood still for an hour, and nobody of the clinic was told", p.ago(time.Hour))
}

// purposes looks whether any message of this week went out for a purpose that patients are not asked about, and whether there is one for advertising.
func (p probe) purposes(ctx context.Context) (string, error) {
	known := map[string]bool{}
	for _, e := range consent.Registry() {
		known[string(e.Purpose)] = true
	}
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbePurposes, p.ago(week))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one string
			if err := rows.Scan(&one); err != nil {
				return err
			}
			if !known[one] {
				return errors.New("a message went out for a purpose that nobody was ever asked about")
			}
		}
		return rows.Err()
	})
	return fmt.Sprintf("every message has one of %d purposes, and none of them is advertising", len(known)), err
}

// noChild lists patients who were children when they were last saved; none of them may be one today. Who has grown up meanwhile tells nothing.
func (p probe) noChild(ctx context.Context, text, wrong string, since clock.Instant) (string, error) {
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		rows, err := v.Query(text, since)
		if err != nil {
			return err
		}
		var all []id.ID
		for rows.Next() {
			var one id.ID
			if err := rows.Scan(&one); err != nil {
				_ = rows.Close()
				return err
			}
			all = append(all, one)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		n := 0
		for _, one := range all {
			child, err := patients.IsMinor(v, one, c)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			if child {
				n++
			}
		}
		if n > 0 {
			return fmt.Errorf("%d %s", n, wrong)
		}
		return nil
	})
	return fmt.Sprintf("looked at %d clinics", len(p.clinics)), err
}

func (p probe) childrenAlone(ctx context.Context) (string, error) {
	return p.noChild(ctx, sqlProbeAlone, "children were booked this week for whom no adult speaks", p.ago(week))
}

// listening is a provider of mail that takes what is sent to it down, and sends nothing on: nobody is written to by a probe.
type listening struct {
	body []byte
	head http.Header
}

// Do answers as the provider would.
func (l *listening) Do(r *http.Request) (*http.Response, error) {
	var err error
	if l.body, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	l.head = r.Header.Clone()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"MessageId":"probe"}`)), Request: r}, nil
}

// mailLeaves lets the carrier write a made-up mail to a provider that only listens, and looks at what it was given.
func (p probe) mailLeaves(ctx context.Context) (string, error) {
	l := &listening{}
	one := id.New(p.Clock.Now())
	keys, err := json.Marshal(ses.Credentials{AccessKeyID: "AKIAPROBEPROBEPROBE0", SecretAccessKey: strings.Repeat("p", 40), Region: "eu-central-1", From: "desk@clinic.example"})
	if err != nil {
		return "", err
	}
	r := ses.New(l, p.Clock, p.Log, ses.Options{}).Send(ctx, messaging.Outgoing{ID: one, Channel: messaging.Email, To: "probe@example.org", ToName: marked, FromName: "Clinic", Subject: "Probe", Text: "Probe.", HTML: "<p>Probe.</p>", Language: "en",
		Via: &messaging.Connection{ID: one, Provider: "ses", Sender: "desk@clinic.example", Credentials: keys}}, func() error { return nil })
	if r.Outcome != messaging.Accepted {
		return "", fmt.Errorf("a made-up mail was not handed over: %s", r.Code)
	}
	if err := lean(l, one); err != nil {
		return "", err
	}
	return "a made-up mail left with its recipient, subject, text and number alone", nil
}

// marked stands where a patient's name would.
const marked = "Marked-5e1f"

// lean looks whether the provider was given anything beside what it needs.
func lean(l *listening, one id.ID) error {
	var body struct {
		EmailTags []struct{ Name, Value string }
	}
	fields := map[string]json.RawMessage{}
	if err := errors.Join(json.Unmarshal(l.body, &body), json.Unmarshal(l.body, &fields)); err != nil {
		return err
	}
	for name := range maps.Keys(fields) {
		if !slices.Contains([]string{"FromEmailAddress", "Destination", "Content", "EmailTags", "ConfigurationSetName"}, name) {
			return fmt.Errorf("the provider of mail is given %s", name)
		}
	}
	if len(body.EmailTags) != 1 || body.EmailTags[0].Value != one.String() {
		return errors.New("the provider of mail is given another tag than our number of the message")
	}
	var content struct{ Raw struct{ Data []byte } }
	if err := json.Unmarshal(fields["Content"], &content); err != nil {
		return err
	}
	if bytes.Contains(content.Raw.Data, []byte(marked)) || bytes.Contains(l.body, []byte(marked)) {
		return errors.New("the provider of mail is given the name of whom it is to")
	}
	for name := range l.head {
		if strings.Contains(strings.ToLower(name), "almirah") {
			return fmt.Errorf("the provider of mail is given the header %s", name)
		}
	}
	return nil
}
