package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/web"
)

// probe is one look at the running system, over a sample of its clinics.
type probe struct {
	*House
	clinics []id.ID
}

// probes are the live checks by the name that the register gives them. Each answers its
// evidence, or an error when the promise is broken. They change nothing.
func probes() map[string]liveLook {
	out := map[string]liveLook{
		"database-roles":               probe.databaseRole,
		"database-way":                 probe.databaseWay,
		"database-twice":               probe.databaseTwice,
		"clinic-named":                 probe.clinicNamed,
		"practitioner-shown-by-choice": probe.practitioners,
		"clinic-apart":                 probe.apart,
		"roles-and-rights":             probe.rights,
		"second-factor":                probe.secondFactor,
		"codes-once":                   probe.codesOnce,
		"passkeys":                     probe.passkeys,
		"session-limits":               probe.sessionLimits,
		"new-device-told":              probe.knownDevices,
		"sign-in-signals":              probe.signals,
		"scheduling-only":              probe.schedulingOnly,
		"agreement-before-patients":    probe.agreementFirst,
		"agreements-kept":              probe.agreementsKept,
		"no-card-numbers":              probe.cardNumbers,
		"read-only-not-locked-out":     probe.readOnly,
		"plan-paid-once":               probe.plansPaid,
		"password-hashed":              probe.passwords,
		"session-cookies":              probe.sessions,
		"forged-requests":              probe.forged,
		"one-time-one-patient":         probe.claims,
		"booking-asks-little":          probe.asksLittle,
		"public-page-alone":            probe.pageAlone,
		"messages-for-a-reason":        probe.reasons,
		"reminder-once":                probe.once,
		"delivery-metadata":            probe.metadata,
		"own-account-alone":            probe.ownAccounts,
		"stop-is-heard":                probe.stops,
		"answers-a-day":                probe.answers,
		"whatsapp":                     probe.whatsApp,
		"one-channel":                  probe.oneChannel,
		"gateway-own-account":          probe.gatewayAccounts,
		"gateway-counted-once":         probe.gatewayOnce,
		"gateway-books-compared":       probe.gatewayChecked,
		"gateway-fraud-records":        probe.gatewayFraud,
		"support-by-grant":             probe.grants,
		"own-domain-pages":             probe.ownNames, "export-whole": probe.takenWhole, "export-once": probe.takenOnce,
		"incident-clocks":       probe.incidentClocks,
		"incident-apart":        probe.incidentsApart,
		"incident-people-told":  probe.incidentTold,
		"tokens-hashed":         probe.tokensHashed,
		"token-ends":            probe.tokensEnd,
		"webhooks-signed":       probe.hookSecrets,
		"opened-if-enabled":     probe.opened,
		"use-switched-off":      probe.useSwitchedOff,
		"delivery-events-180":   probe.deliveries,
		"patients-files":        probe.patientsFiles,
		"unknown-found":         probe.unknownFound,
		"strange-reports":       probe.strangeReports,
		"replies":               probe.replies,
		"sms-fate":              probe.smsFate,
		"not-at-night":          probe.nights,
		"texts-without-health":  probe.textsWithoutHealth,
		"prescriptions-stay":    probe.sheets,
		"prescriptions-signed":  probe.signers,
		"prescriptions-lists":   probe.unchecked,
		"prescription-link":     probe.shares,
		"no-government-id":      probe.noGovernmentID,
		"nothing-undeclared":    probe.declared,
		"sealed-at-rest":        probe.sealed,
		"only-listed-parties":   probe.listed,
		"essential-cookies":     probe.cookies,
		"looks-recorded":        probe.looks,
		"signed-stays":          probe.signed,
		"notes-not-lost":        probe.asides,
		"intake-signed":         probe.intake,
		"audit-tamper-evident":  probe.tamper,
		"request-log":           probe.requestLog,
		"audit-signed":          probe.signedHead,
		"audit-browser-witness": probe.browserWitness,
		"audit-looked-through":  probe.lookedThrough,
		"audit-not-stuck":       probe.notStuck,
		"money-once":            probe.books,
		"invoices-run-on":       probe.series,
		"desk-payments":         probe.references,
		"backups":               probe.nightly,
		"backups-thirty-days":   probe.expired,
		"restore-drill":         probe.drilled,
		"restored-held":         probe.heldBack,
		"keys-replaced":         probe.keysReplaced,
		"erased-for-good":       probe.erasedForGood,
		"keeper-asked":          probe.keeperAsked,
		"keys-on-paper":         probe.keysOnPaper,
		"tax-records":           probe.taxRecords,
		"modules-are-said":      probe.modulesSaid,
		"leaving-always-works":  probe.leaving,
		"told-before-read-only": probe.told,
		"gateway-only-signed":   probe.gatewaySigned,
		"gateway-no-cards":      probe.gatewayCards,
		"prescriptions-off":     probe.sheetsOff,
		"prescription-genuine":  probe.genuine,
		"visits-kept":           probe.visitsKept,
		"files-cleaned":         probe.filesKept,
		"allergies-asked":       probe.allergies,
		"clinical-few":          probe.clinicalFew,
	}
	maps.Copy(out, probesOfLetters())
	return out
}

// liveLook is one live check: its evidence, or an error when the promise is broken.
type liveLook func(probe, context.Context) (string, error)

// page is an answer of our own handler.
type page struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (p *page) Header() http.Header         { return p.header }
func (p *page) WriteHeader(status int)      { p.status = status }
func (p *page) Write(b []byte) (int, error) { return p.body.Write(b) }

func (p probe) ask(ctx context.Context, method, path string, head map[string]string) (*page, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.Config.PublicURL+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.RemoteAddr = "127.0.0.1:0"
	for k, v := range head {
		r.Header.Set(k, v)
	}
	out := &page{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(out, r)
	return out, nil
}

func (p probe) each(ctx context.Context, do func(v *store.View, clinic id.ID) error) error {
	for _, c := range p.clinics {
		if err := p.DB.View(ctx, jobs.ForClinic(c), access.Work, func(_ context.Context, v *store.View) error { return do(v, c) }); err != nil {
			return err
		}
	}
	return nil
}

// none runs a count over each clinic that must be zero.
func (p probe) none(ctx context.Context, text, wrong string, args ...any) (string, error) {
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		var n int64
		if err := v.Row(text, args...).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%d %s", n, wrong)
		}
		return nil
	})
	return fmt.Sprintf("looked at %d clinics", len(p.clinics)), err
}

func (p probe) slugs(ctx context.Context) ([]string, error) {
	var out []string
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		var slug string
		err := v.Row(`SELECT slug FROM clinic WHERE clinic_id = $1 AND status = 'open'`).Scan(&slug)
		if err == store.ErrNoRows {
			return nil
		}
		out = append(out, slug)
		return err
	})
	if len(out) > 5 {
		out = out[:5]
	}
	return out, err
}

// policies opens the policy pages of some clinics, one after the other, and answers how many.
func (p probe) policies(ctx context.Context, look func(clinic clinics.Clinic, got *page) error) (int, error) {
	slugs, err := p.slugs(ctx)
	if err != nil {
		return 0, err
	}
	for _, slug := range slugs {
		c, err := p.Clinics.BySlug(ctx, slug)
		if err != nil {
			return 0, err
		}
		clinic, err := p.Clinics.Get(ctx, accounts.Public(c))
		if err != nil {
			return 0, err
		}
		got, err := p.ask(ctx, http.MethodGet, "/c/"+url.PathEscape(slug)+"/privacy", nil)
		if err != nil {
			return 0, err
		}
		if err := look(clinic, got); err != nil {
			return 0, err
		}
	}
	return len(slugs), nil
}

func (p probe) clinicNamed(ctx context.Context) (string, error) {
	n, err := p.policies(ctx, func(clinic clinics.Clinic, got *page) error {
		if name := clinic.LegalEntity; got.status != http.StatusOK || name != "" && !strings.Contains(got.body.String(), htmlText(name)) {
			return errors.New("a clinic's policy page does not name its legal entity")
		}
		return nil
	})
	return fmt.Sprintf("%d policy pages name who is responsible", n), err
}

// htmlText is how a page writes a plain text.
func htmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "&#43;").Replace(s)
}

const sqlProbeShown = `SELECT id, show_speciality, show_qualification, show_registration, show_about FROM provider WHERE clinic_id = $1 AND retired_at = 0`

func (p probe) practitioners(ctx context.Context) (string, error) {
	n := 0
	for _, c := range p.clinics {
		o, err := p.Desk.Offered(ctx, accounts.Public(c))
		if err != nil {
			return "", err
		}
		shown := map[id.ID]scheduling.Provider{}
		for _, x := range o.Providers {
			shown[x.ID] = x
		}
		err = p.DB.View(ctx, jobs.ForClinic(c), access.Work, func(_ context.Context, v *store.View) error {
			rows, err := v.Query(sqlProbeShown)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var one id.ID
				var speciality, qualification, registration, about bool
				if err := rows.Scan(&one, &speciality, &qualification, &registration, &about); err != nil {
					return err
				}
				x := shown[one]
				if !speciality && x.Speciality != "" || !qualification && x.Qualification != "" || !registration && x.Registration != "" || !about && x.About != "" {
					return errors.New("a field that is switched off is shown")
				}
				n++
			}
			return rows.Err()
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d practitioners show what is switched on and nothing else", n), nil
}

const sqlProbeForeign = `SELECT COUNT(*) FROM patient WHERE clinic_id = $1 AND id = $2`

// apart asks each clinic for a patient of the next one.
func (p probe) apart(ctx context.Context) (string, error) {
	var foreign id.ID
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		if !foreign.IsZero() {
			var seen int
			if err := v.Row(sqlProbeForeign, foreign).Scan(&seen); err != nil {
				return err
			}
			if seen > 0 {
				return errors.New("a clinic sees a patient of another")
			}
			n++
		}
		err := v.Row(`SELECT id FROM patient WHERE clinic_id = $1 LIMIT 1`).Scan(&foreign)
		if err == store.ErrNoRows {
			return nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if p.DB.Engine() == store.Postgres {
		open, err := p.DB.Unfenced(ctx)
		if err != nil {
			return "", err
		}
		if len(open) > 0 {
			return "", fmt.Errorf("tables without row-level security: %s", strings.Join(open, ", "))
		}
		return fmt.Sprintf("%d clinics asked for each other's patients in vain; every clinic table is fenced by the database", n), nil
	}
	return fmt.Sprintf("%d clinics asked for each other's patients in vain", n), nil
}

func (p probe) rights(ctx context.Context) (string, error) {
	err := p.DB.View(ctx, access.Caller{}, access.PatientRead, func(context.Context, *store.View) error { return nil })
	if err == nil {
		return "", errors.New("nobody at the door was let in")
	}
	n := 0
	for _, r := range web.Routes() {
		if r.Right == "" {
			continue
		}
		if !known(r.Right) {
			return "", fmt.Errorf("the address %s asks for a right that is not in the table", r.Pattern)
		}
		n++
	}
	return fmt.Sprintf("%d addresses ask for a right of the table of %d", n, len(access.Table)), nil
}

func known(r access.Right) bool {
	for _, row := range access.Table {
		if row.Right == r {
			return true
		}
	}
	return false
}

func (p probe) across(ctx context.Context, do func(x *store.Platform) error) error {
	return p.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, x *store.Platform) error {
		x.Housekeeping("a probe writes nothing")
		return do(x)
	})
}

func (p probe) passwords(ctx context.Context) (string, error) {
	n := 0
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
	return "booking asks for a name and a way to be reached", nil
}

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

func (p probe) reasons(ctx context.Context) (string, error) {
	return p.none(ctx, `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND (purpose = '' OR passport IS NULL)`, "messages have no purpose or passport on record")
}

const sqlProbeTwice = `SELECT COUNT(*) FROM (SELECT 1 AS one FROM message WHERE clinic_id = $1 GROUP BY appointment_id, occurrence, rule_id, channel HAVING COUNT(*) > 1) AS twice`

func (p probe) once(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeTwice, "reminders were planned twice")
}

func (p probe) metadata(ctx context.Context) (string, error) {
	return p.none(ctx, `SELECT COUNT(*) FROM message_event WHERE clinic_id = $1 AND (state LIKE 'open%' OR state LIKE 'read%')`, "messages have a record of having been opened")
}

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
			rows.Close()
		}
		return nil
	})
	return fmt.Sprintf("%d stored values, all sealed; a field was sealed and opened", n), err
}

func (p probe) listed(ctx context.Context) (string, error) {
	for _, name := range []string{mailProcessor, "nobody"} {
		conn, err := p.Gate.DialContext(name)(ctx, "tcp", "not-listed.invalid:443")
		if err == nil {
			_ = conn.Close()
			return "", errors.New("a host that is not on the list was reached")
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
	registered := map[string]bool{}
	for _, c := range web.Cookies() {
		registered[c.Name] = true
	}
	for _, path := range paths {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		for _, line := range got.header.Values("Set-Cookie") {
			name, _, _ := strings.Cut(line, "=")
			if !registered[name] {
				return "", errors.New("a page sets a cookie that is not registered")
			}
		}
	}
	return fmt.Sprintf("%d pages set registered cookies only", len(paths)), nil
}

func (p probe) looks(ctx context.Context) (string, error) {
	return p.none(ctx, `SELECT COUNT(*) FROM audit_detail WHERE clinic_id = $1 AND NOT EXISTS
		(SELECT 1 FROM audit_leaf l WHERE l.clinic_id = audit_detail.clinic_id AND l.id = audit_detail.leaf_id)`, "details have lost the entry that they belong to")
}

// mostVerified is how many entries a probe verifies; a longer log is verified by `almirah audit verify`.
const mostVerified = 200_000

func (p probe) tamper(ctx context.Context) (string, error) {
	head, err := p.DB.Head(ctx, jobs.Platform())
	if err != nil {
		return "", err
	}
	if head.Size > mostVerified {
		return fmt.Sprintf("the log has %d entries; run almirah audit verify", head.Size), nil
	}
	r, err := p.DB.VerifyAudit(ctx, jobs.Platform(), nil)
	return fmt.Sprintf("%d entries verified; head %s", r.Entries, r.Head), err
}

// requestLog sends marks through the real log line and looks for them in what was written.
func (p probe) requestLog(ctx context.Context) (string, error) {
	const mark = "marked-5e1f"
	var written bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&written, nil))
	h := guard(http.NotFoundHandler(), false, p.Clock, log, nil, nil)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Config.PublicURL+"/m/"+mark+"?name="+mark, strings.NewReader(mark))
	if err != nil {
		return "", err
	}
	r.RemoteAddr = "192.0.2.77:1"
	r.Header.Set("Cookie", mark)
	r.Header.Set("User-Agent", mark)
	h.ServeHTTP(&page{header: http.Header{}}, r)
	if strings.Contains(written.String(), mark) || strings.Contains(written.String(), "192.0.2.77") || written.Len() == 0 {
		return "", errors.New("the request log holds what it must not, or nothing")
	}
	return "a marked request left none of its marks in the log", nil
}
