package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/scheduling"
	"almirah/internal/store"
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
		"disclosure-two-people": probe.twoPeople,
		"disclosure-least":      probe.leastGiven,
		"disclosure-told":       probe.toldOfGiving,
		"reviews-on-time":       probe.reviews,
		"incident-apart":        probe.incidentsApart,
		"incident-people-told":  probe.incidentTold,
		"request-clock":         probe.requestClocks,
		"request-refusal":       probe.requestRefusals,
		"request-in-writing":    probe.requestsTold,
		"request-who-asks":      probe.requestsProved,
		"young-data-deleted":    probe.youngDeleted,
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
		"files-cleaned":         probe.filesKept, "allergies-asked": probe.allergies,
		"clinical-few": probe.clinicalFew,
	}
	maps.Copy(out, laterProbes())
	maps.Copy(out, probesOfThePolicy())
	maps.Copy(out, moreProbes())
	maps.Copy(out, probesOfOutsiders())
	maps.Copy(out, probesMoreA())
	maps.Copy(out, probesOfErasures())
	maps.Copy(out, probesOfTheMap())
	maps.Copy(out, probesOfPeople())
	maps.Copy(out, probesOfTheHouse())
	maps.Copy(out, probesOfWalks())
	maps.Copy(out, probesOfLinks())
	maps.Copy(out, probesOfGaps())
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

// ask asks our own handler. Such a request is in no log and no measurement.
func (p probe) ask(ctx context.Context, method, path string, head map[string]string) (*page, error) {
	r, err := http.NewRequestWithContext(egress.Looking(ctx), method, p.Config.PublicURL+path, http.NoBody)
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
		want := append([]string{clinic.LegalEntity}, strings.Split(clinic.Address, "\n")...)
		if clinic.ShowEmail || !clinic.ShowPhone || clinic.Phone == "" {
			want = append(want, clinic.Email)
		}
		for _, x := range want {
			if got.status != http.StatusOK || !strings.Contains(got.body.String(), htmlText(strings.TrimSpace(x))) {
				return errors.New("a clinic's policy page does not name its legal entity, its address, or whom to write to")
			}
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
				if err := shownOnly(shown[one], speciality, qualification, registration, about); err != nil {
					return err
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

// shownOnly looks whether something is shown of a practitioner that is not switched on.
func shownOnly(x scheduling.Provider, speciality, qualification, registration, about bool) error {
	if !speciality && x.Speciality != "" || !qualification && x.Qualification != "" || !registration && x.Registration != "" || !about && x.About != "" {
		return errors.New("a field that is switched off is shown")
	}
	return nil
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

func (p probe) across(ctx context.Context, do func(x *store.Platform) error) error {
	return p.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, x *store.Platform) error {
		x.Housekeeping("a probe writes nothing")
		return do(x)
	})
}
