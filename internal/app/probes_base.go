package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/web"
)

// Live checks of what is promised about the house itself: sign-in, booking pages, messages, seals, cookies, logs.

func (p probe) rights(ctx context.Context) (string, error) {
	err := p.DB.View(ctx, access.Caller{}, access.PatientRead, func(context.Context, *store.View) error { return nil })
	if err == nil {
		return "", errors.New("nobody at the door was let in")
	}
	n, err := inTable(web.Routes())
	return fmt.Sprintf("%d addresses ask for a right of the table of %d", n, len(access.Table)), err
}

// inTable counts the addresses that ask for a right; each is one of the table.
func inTable(routes []web.Route) (n int, err error) {
	for _, r := range routes {
		if r.Right == "" {
			continue
		}
		if !known(r.Right) {
			return n, fmt.Errorf("the address %s asks for a right that is not in the table", r.Pattern)
		}
		n++
	}
	return n, nil
}

func known(r access.Right) bool {
	for _, row := range access.Table {
		if row.Right == r {
			return true
		}
	}
	return false
}

func (p probe) passwords(ctx context.Context) (string, error) {
	n, seen := 0, map[string]bool{}
	err := p.across(ctx, func(x *store.Platform) error {
		rows, err := x.Query(`SELECT password FROM person`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return err
			}
			if s != "" && !strings.HasPrefix(s, "$argon2id$") {
				return errors.New("a password is not kept as an Argon2id hash")
			}
			n++
			if parts := strings.Split(s, "$"); len(parts) > 2 { // ...$salt$hash
				if salt := parts[len(parts)-2]; seen[salt] {
					return errors.New("two passwords have the same salt")
				} else {
					seen[salt] = true
				}
			}
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d accounts, all with Argon2id", n), err
}

func (p probe) sessions(ctx context.Context) (string, error) {
	n := 0
	err := p.across(ctx, func(x *store.Platform) error {
		rows, err := x.Query(`SELECT token_hash FROM session`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return err
			}
			if len(b) != 32 {
				return errors.New("a session is kept as something else than a SHA-256 hash")
			}
			n++
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d sessions, kept as hashes", n), err
}

func (p probe) forged(ctx context.Context) (string, error) {
	got, err := p.ask(ctx, http.MethodPost, "/sign-in", map[string]string{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"})
	if err != nil {
		return "", err
	}
	if got.status != http.StatusForbidden {
		return "", fmt.Errorf("a form of another website was answered with %d", got.status)
	}
	return "a form of another website was refused", nil
}

const sqlProbeClaims = `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND day >= $2 AND status <> 'cancelled'
	AND (SELECT COUNT(*) FROM claims c WHERE c.clinic_id = appointment.clinic_id AND c.appointment_id = appointment.id) <> (claims_to - claims_from) / 300000000`

func (p probe) claims(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeClaims, "appointments do not hold the time that they say", clock.DateOf(p.Clock.Now()))
}

func (p probe) asksLittle(ctx context.Context) (string, error) {
	got, err := p.ask(ctx, http.MethodGet, "/api/v1/openapi.json", nil)
	if err != nil {
		return "", err
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Required []string `json:"required"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(got.body.Bytes(), &doc); err != nil {
		return "", err
	}
	if must := doc.Components.Schemas["BookingRequest"].Properties["patient"].Required; len(must) != 1 || must[0] != "name" {
		return "", errors.New("booking asks for more than a name and a way to be reached")
	}
	forms, err := p.bookingForms(ctx, func(_ publicClinic, _ offer, got *page) error {
		for _, m := range fieldNames.FindAllStringSubmatch(got.body.String(), -1) {
			if !slices.Contains(bookingAsks, m[1]) {
				return fmt.Errorf("booking asks for %q", m[1])
			}
		}
		return nil
	})
	return fmt.Sprintf("booking asks for a name and a way to be reached, and so do %d forms", forms), err
}

// bookingAsks is what the last page before a booking asks for, and what it carries along. A guardian is asked for where the patient is a child.
var bookingAsks = []string{"csrf", "key", "service", "provider", "starts_at", "whom", "lang", "name", "phone", "email", "birth_day", "birth_month", "birth_year", "consent", "note", "note_seen", "guardian_name", "guardian_kin", "guardian_phone", "guardian_email"}

func (p probe) pageAlone(ctx context.Context) (string, error) {
	slugs, err := p.slugs(ctx)
	if err != nil {
		return "", err
	}
	for _, slug := range slugs {
		got, err := p.ask(ctx, http.MethodGet, "/c/"+url.PathEscape(slug), nil)
		if err != nil {
			return "", err
		}
		body := got.body.String()
		if got.status != http.StatusOK || strings.Contains(body, "<script") || strings.Contains(body, `src="http`) || strings.Contains(got.header.Get("Content-Security-Policy"), "script-src") {
			return "", errors.New("a booking page loads a script or something from elsewhere")
		}
	}
	return fmt.Sprintf("%d booking pages load no script and nothing from elsewhere", len(slugs)), nil
}

const sqlProbeReasons = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND (purpose = '' OR passport IS NULL OR kind NOT IN ('appointment.booked', 'appointment.moved', 'appointment.cancelled', 'reminder', 'followup.missed', 'followup.visit',
	'followup.recall', 'review', 'billing.receipt', 'paper.ready', 'security.notice', 'terms.notice', 'privacy.link', 'privacy.told', 'privacy.code', 'answer', 'stop.heard', 'start.heard', 'change.asked', 'inbox.reopen'))`

func (p probe) reasons(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeReasons, "messages have no purpose, no rule, no passport, or are of no kind that there is")
}

const sqlProbeTwice = `SELECT COUNT(*) FROM (SELECT 1 AS one FROM message WHERE clinic_id = $1 GROUP BY appointment_id, occurrence, rule_id, channel HAVING COUNT(*) > 1) AS twice`

func (p probe) once(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeTwice, "reminders were planned twice")
}

func (p probe) metadata(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeSteps, "e-mails have a record of having been opened, and nobody turned that on")
}

// sqlProbeSteps counts e-mails alone (WhatsApp says of its messages that they were read, which is another sentence's), where the clinic has opening
// turned off and has chosen nothing anew since: what it had turned on before stays until its time.
const sqlProbeSteps = `SELECT COUNT(*) FROM message m JOIN message_event e ON e.clinic_id = m.clinic_id AND e.message_id = m.id
	WHERE m.clinic_id = $1 AND m.channel = 'email' AND e.state IN ('opened', 'read')
	AND NOT EXISTS (SELECT 1 FROM message_setting s WHERE s.clinic_id = $1 AND s.opens)
	AND e.at > (SELECT COALESCE(MAX(l.at), 0) FROM audit_leaf l WHERE l.clinic_id = $1 AND l.subject_id = $1 AND l.kind = 'conversations')`

// What a thief of the data file would look at first, as the database holds it.
const (
	sqlProbeNames     = `SELECT name FROM patient WHERE clinic_id = $1 LIMIT 50`
	sqlProbePhones    = `SELECT phone FROM patient WHERE clinic_id = $1 AND phone IS NOT NULL LIMIT 50`
	sqlProbeMails     = `SELECT email FROM patient WHERE clinic_id = $1 AND email IS NOT NULL LIMIT 50`
	sqlProbeNotes     = `SELECT note FROM appointment WHERE clinic_id = $1 AND note IS NOT NULL LIMIT 50`
	sqlProbeProviders = `SELECT name FROM provider WHERE clinic_id = $1 LIMIT 50`
	sqlProbePassports = `SELECT passport FROM message WHERE clinic_id = $1 AND passport IS NOT NULL LIMIT 50`
	sqlProbeDetails   = `SELECT sealed FROM audit_detail WHERE clinic_id = $1 LIMIT 50`
)

// sealed looks at stored values: each has the vault's form.
func (p probe) sealed(ctx context.Context) (string, error) {
	if err := p.Vault.Check(ctx); err != nil {
		return "", err
	}
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		for _, text := range []string{sqlProbeNames, sqlProbePhones, sqlProbeMails, sqlProbeNotes, sqlProbeProviders, sqlProbePassports, sqlProbeDetails} {
			rows, err := v.Query(text)
			if err != nil {
				return err
			}
			for rows.Next() {
				var b []byte
				if err := rows.Scan(&b); err != nil {
					rows.Close()
					return err
				}
				if len(b) > 0 && !vault.Sealed(b) {
					rows.Close()
					return errors.New("a name, an address or a text is stored unsealed")
				}
				n++
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("%d stored values, all sealed; a field was sealed and opened", n), err
}

func (p probe) listed(ctx context.Context) (string, error) {
	for _, name := range []string{mailProcessor, "nobody"} {
		conn, err := p.Gate.DialContext(name)(egress.Looking(ctx), "tcp", "not-listed.invalid:443")
		if err == nil {
			_ = conn.Close()
		}
		// The name leads nowhere: without the gate it would fail as well, so it counts why.
		if !errors.Is(err, egress.ErrNotListed) && !errors.Is(err, egress.ErrClosed) && !errors.Is(err, egress.ErrHeld) {
			return "", errors.New("a host that is not on the list was not refused")
		}
	}
	return fmt.Sprintf("%d parties are listed; a host that is not on the list was refused", len(p.Gate.List())), nil
}

func (p probe) cookies(ctx context.Context) (string, error) {
	slugs, err := p.slugs(ctx)
	if err != nil {
		return "", err
	}
	paths := []string{"/", "/sign-in", "/trust"}
	for _, s := range slugs {
		paths = append(paths, "/c/"+url.PathEscape(s), "/c/"+url.PathEscape(s)+"/privacy")
	}
	for _, path := range paths {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		for _, line := range got.header.Values("Set-Cookie") {
			c, err := http.ParseSetCookie(line)
			if err != nil {
				return "", err
			}
			if wrong := web.Proper(c); wrong != "" {
				return "", fmt.Errorf("a page sets a cookie that it must not: %s", wrong)
			}
		}
	}
	return fmt.Sprintf("%d pages set registered cookies only", len(paths)), nil
}

func (p probe) looks(ctx context.Context) (string, error) {
	return p.none(ctx, `SELECT COUNT(*) FROM audit_detail WHERE clinic_id = $1 AND NOT EXISTS
		(SELECT 1 FROM audit_leaf l WHERE l.clinic_id = audit_detail.clinic_id AND l.id = audit_detail.leaf_id)`, "details have lost the entry that they belong to")
}

// mostVerified is how many entries a probe works out again; a longer log is worked out by `almirah audit verify`.
const mostVerified = 200_000

func (p probe) tamper(ctx context.Context) (string, error) { return p.verified(ctx, mostVerified) }

// verified works a log of at most so many entries out again. Of a longer one it takes the newest entries of each clinic along and has them checked against the signed head.
func (p probe) verified(ctx context.Context, most int64) (string, error) {
	head, err := p.DB.Head(ctx, jobs.Platform())
	if err != nil {
		return "", err
	}
	if head.Size > most {
		said, err := p.checkedElsewhere(ctx)
		return fmt.Sprintf("of %d entries, which almirah audit verify works out again: %s", head.Size, said), err
	}
	r, err := p.DB.VerifyAudit(ctx, jobs.Platform(), nil)
	return fmt.Sprintf("%d entries verified; head %s", r.Entries, r.Head), err
}

// requestLog sends marks through the real log line and looks for them in what was written.
func (p probe) requestLog(ctx context.Context) (string, error) {
	err := writesNobody(ctx, p.Config.PublicURL, func(log *slog.Logger) http.Handler {
		return guard(http.NotFoundHandler(), false, p.Clock, log, nil, nil)
	})
	return "a marked request left none of its marks in the log", err
}

// writesNobody has a handler answer a request full of marks, and looks for them in what it wrote into its log.
func writesNobody(ctx context.Context, at string, logging func(log *slog.Logger) http.Handler) error {
	const mark = "marked-5e1f"
	var written bytes.Buffer
	h := logging(slog.New(slog.NewJSONHandler(&written, nil)))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/m/"+mark+"?name="+mark, strings.NewReader(mark))
	if err != nil {
		return err
	}
	r.RemoteAddr = "192.0.2.77:1"
	r.Header.Set("Cookie", mark)
	r.Header.Set("User-Agent", mark)
	h.ServeHTTP(&page{header: http.Header{}}, r)
	if strings.Contains(written.String(), mark) || strings.Contains(written.String(), "192.0.2.77") || written.Len() == 0 {
		return errors.New("the request log holds what it must not, or nothing")
	}
	return nil
}
