package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/subscription"
	"almirah/internal/web"
)

// Live checks of what is promised about a clinic's account: what it signed, and what it pays.

const (
	// A clinic that had patients before it came under United States law keeps them; nobody is added until it signs.
	sqlProbeAgreement = `SELECT COUNT(*) FROM clinic c WHERE c.clinic_id = $1 AND (c.jurisdiction = 'US' OR c.jurisdiction LIKE 'US-%') AND c.baa <> '' AND NOT EXISTS (SELECT 1 FROM agreement a WHERE a.clinic_id = $1 AND a.digest = c.baa)`
	sqlProbeStopped   = `SELECT COUNT(*) FROM standing s JOIN subscription u ON u.clinic_id = s.clinic_id WHERE s.writes_until < u.trial_until + $1 OR s.writes_until < u.paid_until + $1`
	sqlProbeUnbilled  = `SELECT COUNT(*) FROM subscription_payment p WHERE p.state = 'paid' AND NOT EXISTS (SELECT 1 FROM subscription_invoice i WHERE i.payment_id = p.id)`
	sqlProbeNumbers   = `SELECT COUNT(*) FROM (SELECT series, COUNT(*) AS n, MAX(number) AS last FROM subscription_invoice GROUP BY series) AS x WHERE x.n <> x.last`
	sqlProbeUntold    = `SELECT COUNT(*) FROM subscription u JOIN clinic_route r ON r.clinic_id = u.clinic_id AND r.opened_at > 0 WHERE u.trial_until < $1 AND u.paid_until < $1 AND u.told < $2`
	sqlProbeUnwarned  = `SELECT COUNT(*) FROM subscription u JOIN clinic_route r ON r.clinic_id = u.clinic_id AND r.opened_at > 0 JOIN standing s ON s.clinic_id = u.clinic_id WHERE s.writes_until > 0 AND s.writes_until < $1 AND u.told < $2`
	sqlProbeTexts     = `SELECT digest, text FROM agreement_text WHERE clinic_id = $1`
)

const sqlProbePatient = `INSERT INTO patient (clinic_id, id, name, created_at) VALUES ($1, $2, $3, $4)`

// agreementFirst also tries to enter somebody in each clinic under United States law that has not signed: the database must refuse her.
func (p probe) agreementFirst(ctx context.Context) (string, error) {
	_, err := p.tried(ctx, func(c clinics.Clinic) bool { return !c.MayHoldPatients() }, "a patient of a clinic that has not signed the agreement", func(tx *store.Tx) error {
		_, err := tx.Exec(sqlProbePatient, id.New(p.Clock.Now()), []byte{}, tx.Now())
		return err
	})
	if err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeAgreement, "clinics under United States law may enter patients by an agreement that nobody signed")
}

// agreementsKept works the version of every text that was signed out again from its bytes.
func (p probe) agreementsKept(ctx context.Context) (string, error) {
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeTexts)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var version, text string
			if err := rows.Scan(&version, &text); err != nil {
				return err
			}
			if clinics.TextVersion(text) != version {
				return fmt.Errorf("the text of version %s is another one than was signed", version)
			}
			n++
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d signed texts are what was signed", n), err
}

// cardNumbers asks the own doors with a test number in an address, and the guard itself with the ways in which people write one.
func (p probe) cardNumbers(ctx context.Context) (string, error) {
	ways := []string{"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "４１１１１１１１１１１１１１１１"}
	for _, w := range ways {
		if !contact.HasCard(w) {
			return "", fmt.Errorf("the test number is not found when it is written in %d characters", len([]rune(w)))
		}
	}
	slugs, err := p.slugs(ctx)
	if err != nil {
		return "", err
	}
	for _, slug := range slugs {
		a, err := p.ask(ctx, "GET", "/api/v1/clinics/"+slug+"/slots?service=4111111111111111", nil)
		if err != nil {
			return "", err
		}
		if a.status != http.StatusUnprocessableEntity || bytes.Contains(a.body.Bytes(), []byte("4111")) {
			return "", fmt.Errorf("the interface answered a card's number with %d", a.status)
		}
	}
	return fmt.Sprintf("a test number is found in %d spellings, and the interface of %d clinics refuses it", len(ways), len(slugs)), nil
}

// count is a count over the platform's tables that must be zero.
func (p probe) count(ctx context.Context, text, wrong string, args ...any) error {
	return p.across(ctx, func(x *store.Platform) error {
		var n int64
		if err := x.Row(text, args...).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%d %s", n, wrong)
		}
		return nil
	})
}

// readOnly looks for clinics that stop before their time of grace is over, and for rights that patients need and that would stop with them.
func (p probe) readOnly(ctx context.Context) (string, error) {
	for _, r := range []access.Right{access.OwnChange, access.BookedChange, access.Work, access.MessageHear, access.ClinicAccount, access.ScheduleCancel, access.PatientDelete} {
		if !access.AlwaysWorks(r) {
			return "", fmt.Errorf("the right %s would stop in a clinic that is read-only", r)
		}
	}
	if len(p.Config.Plans.List) == 0 {
		return "nobody pays here, so nobody is stopped", nil
	}
	return "no clinic stops before its days of grace are over", p.count(ctx, sqlProbeStopped, "clinics stop before their days of grace are over", p.Config.Plans.Grace.Microseconds())
}

func (p probe) plansPaid(ctx context.Context) (string, error) {
	if err := p.count(ctx, sqlProbeUnbilled, "payments have no invoice"); err != nil {
		return "", err
	}
	return "every payment has its invoice, and the numbers follow one on the other", p.count(ctx, sqlProbeNumbers, "series of invoices have a gap")
}

// modulesSaid reads the policy pages: each says of every module what its clinic has.
func (p probe) modulesSaid(ctx context.Context) (string, error) {
	i := slices.IndexFunc(access.Table, func(r access.Row) bool { return r.Right == access.ClinicModules })
	if i < 0 || !slices.Equal(access.Table[i].Roles, []access.Role{access.Owner}) {
		return "", errors.New("somebody else than the owner may turn modules on")
	}
	n, err := p.policies(ctx, func(clinic clinics.Clinic, got *page) error {
		for _, m := range clinics.Modules() {
			key := map[bool]string{true: ".on", false: ".off"}[clinic.Has(m)]
			said := slices.ContainsFunc([]string{"en", "hi", "ta", "ar"}, func(lang string) bool {
				return strings.Contains(got.body.String(), htmlText(p.Book.Tongue(lang).Say("trust.module."+m+key)))
			})
			if !said {
				return fmt.Errorf("a clinic's policy page does not say how it stands with the module %s", m)
			}
		}
		return nil
	})
	return fmt.Sprintf("%d policy pages say of each module whether it is on", n), err
}

// leaving looks whether the way out stands in a clinic that is read-only, and hangs on no module.
func (p probe) leaving(context.Context) (string, error) {
	if !access.AlwaysWorks(access.ClinicAccount) {
		return "", errors.New("a clinic that does not pay could not leave")
	}
	return "the way out stands in every clinic, also in one that is read-only", wayOut(web.Routes())
}

func wayOut(routes []web.Route) error {
	for _, pattern := range []string{"GET /app/account", "GET /app/account/closing", "POST /app/account/closing"} {
		if !slices.ContainsFunc(routes, func(r web.Route) bool {
			return r.Pattern == pattern && r.Right == access.ClinicAccount && r.Module == ""
		}) {
			return fmt.Errorf("%s is not there for every clinic", pattern)
		}
	}
	return nil
}

// told looks for clinics whose time is over by more than a day and whose owners were not told of that.
func (p probe) told(ctx context.Context) (string, error) {
	if !p.Plans.Terms().On() {
		return "nobody pays here, so nothing of it exists", nil
	}
	yesterday := p.Clock.Now().Add(-24 * time.Hour).UnixMicro()
	if err := p.count(ctx, sqlProbeUntold, "clinics were not told that their time is over", yesterday, subscription.ToldEnd); err != nil {
		return "", err
	}
	if err := p.count(ctx, sqlProbeUnwarned, "clinics were not told that they are read-only", yesterday, subscription.ToldStopped); err != nil {
		return "", err
	}
	return "the owners of every clinic whose time is over were told", nil
}
