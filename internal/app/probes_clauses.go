package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// probesOfThePolicy look at what the policy says of itself.
func probesOfThePolicy() map[string]liveLook {
	return map[string]liveLook{
		"policy-from-register":  probe.policyWhole,
		"policy-who-and-when":   probe.policyDated,
		"rights-by-region":      probe.rightsSaid,
		"broken-is-an-incident": probe.breaksKnown,
	}
}

// policyWhole looks for every sentence of the register on the page, each with a way to its proof.
func (p probe) policyWhole(ctx context.Context) (string, error) {
	got, err := p.ask(ctx, http.MethodGet, "/trust", nil)
	if err != nil {
		return "", err
	}
	body := got.body.String()
	for _, s := range promise.Register {
		if got.status != http.StatusOK || !strings.Contains(body, `id="`+s.ID+`"`) || !strings.Contains(body, `href="/trust/`+s.ID+`"`) {
			return "", fmt.Errorf("the policy leaves %s out", s.ID)
		}
	}
	return fmt.Sprintf("the policy says %d sentences, each with its proof", len(promise.Register)), nil
}

func (p probe) policyDated(ctx context.Context) (string, error) {
	n, err := p.policies(ctx, func(c clinics.Clinic, got *page) error {
		if body := got.body.String(); got.status != http.StatusOK || c.Email != "" && !c.ShowPhone && !strings.Contains(body, htmlText(c.Email)) || strings.Count(body, "<time>") < 2 {
			return errors.New("a clinic's policy page has no date, or nobody to write to")
		}
		return nil
	})
	return fmt.Sprintf("%d policy pages have their dates and somebody to write to", n), err
}

// rightsSaid looks for the authority of the clinic's own law, which stands unfolded.
func (p probe) rightsSaid(ctx context.Context) (string, error) {
	n, err := p.policies(ctx, func(c clinics.Clinic, got *page) error {
		place := c.Jurisdiction
		if known := law.Complaints(place).Name; !strings.Contains(got.body.String(), htmlText(known)) || !strings.Contains(got.body.String(), `id="law-`+place+`" open`) {
			return errors.New("a clinic's policy page does not begin with the law of its place")
		}
		return nil
	})
	return fmt.Sprintf("%d policy pages say the rights of their law first", n), err
}

const sqlProbeUnknownBreak = `SELECT COUNT(*) FROM platform_incident WHERE cause LIKE $1`

// breaksKnown looks for promises that have been broken for a while and have no incident.
func (p probe) breaksKnown(ctx context.Context) (string, error) {
	n := 0
	var missing []string
	for _, k := range p.Promises(ctx) {
		if k.Status != "broken" || p.Clock.Now().Sub(k.Since) < 15*time.Minute {
			continue
		}
		err := p.across(ctx, func(x *store.Platform) error {
			var known int
			err := x.Row(sqlProbeUnknownBreak, fmt.Sprintf("%%:%s:%d", k.ID, clock.At(k.Since))).Scan(&known)
			if n++; known == 0 {
				missing = append(missing, k.ID)
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("broken without an incident: %s", strings.Join(missing, ", "))
	}
	return fmt.Sprintf("%d promises are broken, each with its incident", n), nil
}
