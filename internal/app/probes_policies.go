package app

import (
	"context"
	"fmt"
	"maps"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/policies"
	"almirah/internal/store"
)

// Live checks of what is promised about the terms, and of who signed to keep silent.

const (
	sqlProbeTermsHasty  = `SELECT COUNT(*) FROM policy_version WHERE clinic_id = $1 AND gate = 'announced' AND effective_at < noticed_at + 2592000000000`
	sqlProbeTermsUntold = `SELECT COUNT(*) FROM policy_version v JOIN patient p ON p.clinic_id = v.clinic_id AND p.created_at < v.made_at WHERE v.clinic_id = $1 AND v.gate = 'announced' AND v.effective_at > $2 AND v.made_at < $3
	AND NOT EXISTS (SELECT 1 FROM policy_version w WHERE w.clinic_id = v.clinic_id AND w.n > v.n) AND NOT EXISTS (SELECT 1 FROM policy_told t WHERE t.clinic_id = v.clinic_id AND t.n = v.n AND t.patient_id = p.id)`
	sqlProbeUnsigned = `SELECT COUNT(*) FROM audit_leaf l JOIN membership m ON m.clinic_id = l.clinic_id AND m.person_id = l.actor_id WHERE l.clinic_id = $1 AND l.patient_id <> $4 AND l.at > $2 AND l.at > m.created_at
	AND l.at > (SELECT COALESCE(MIN(kept_at), l.at) FROM confidentiality_text WHERE digest = $3)
	AND NOT EXISTS (SELECT 1 FROM confidentiality f WHERE f.person_id = l.actor_id AND f.digest = $3 AND f.signed_at <= l.at)`
)

// laterProbes are the live checks that stand with their subjects.
func laterProbes() map[string]liveLook {
	out := probesOfLetters()
	maps.Copy(out, probesOfPolicies())
	return out
}

// probesOfPolicies are the live checks of this page.
func probesOfPolicies() map[string]liveLook {
	return map[string]liveLook{
		"policy-archive":      probe.termsGenuine,
		"policy-notice":       probe.termsTold,
		"policy-agreed-first": probe.termsKept,
		"policy-weakening":    probe.termsGated,
		"policy-strictest":    probe.termsBounded,
		"staff-confidential":  probe.staffSigned,
	}
}

// termsGenuine works the fingerprint of every version out again.
func (p probe) termsGenuine(ctx context.Context) (string, error) {
	all := 0
	err := p.each(ctx, func(v *store.View, c id.ID) error {
		n, wrong, err := policies.Genuine(v)
		all += n
		if err == nil && wrong > 0 {
			err = fmt.Errorf("version %d of the terms of clinic %s is not what its fingerprint says", wrong, c)
		}
		return err
	})
	return fmt.Sprintf("%d versions are what their fingerprints say", all), err
}

// termsTold looks for versions that came too soon, and for patients who were not told of one for a day.
func (p probe) termsTold(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeTermsHasty, "versions were announced less than 30 days ahead"); err != nil {
		return "", err
	}
	now := clock.At(p.Clock.Now())
	return p.none(ctx, sqlProbeTermsUntold, "patients were not told of an announced version for a day", now, now.Add(-24*time.Hour))
}

// termsKept compares what patients answered with the terms under which they are, and looks at what is kept of conversations: nothing for longer than the
// patient's own terms say.
func (p probe) termsKept(ctx context.Context) (string, error) {
	all, answered := 0, 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		unagreed, n, err := policies.Unagreed(v)
		if answered += n; err == nil && unagreed > 0 {
			err = fmt.Errorf("%d patients are under terms to which no yes of theirs stands", unagreed)
		}
		if err != nil {
			return err
		}
		wrong, looked, err := messaging.KeptBeyond(v, 200)
		all += looked
		if err == nil && wrong > 0 {
			err = fmt.Errorf("the words of %d messages are kept for longer than their patients agreed to", wrong)
		}
		return err
	})
	return fmt.Sprintf("%d kept messages are within the terms of their patients, and the terms of %d who answered are what they said", all, answered), err
}

// termsGated compares every version that passed at once with what held before it.
func (p probe) termsGated(ctx context.Context) (string, error) {
	err := p.each(ctx, func(v *store.View, c id.ID) error {
		n, err := policies.Ungated(v)
		if err == nil && n > 0 {
			err = fmt.Errorf("version %d of the terms of clinic %s weakened something and passed at once", n, c)
		}
		return err
	})
	return fmt.Sprintf("nothing weaker passed at once in %d clinics", len(p.clinics)), err
}

// termsBounded compares how long things are kept with what the law and the policy allow.
func (p probe) termsBounded(ctx context.Context) (string, error) {
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		n, err := policies.OutOfBounds(v, c.Jurisdiction)
		if err == nil && n > 0 {
			err = fmt.Errorf("%d kinds of records would be kept for another time than the law and the policy allow", n)
		}
		return err
	})
	return fmt.Sprintf("all is kept within the bounds in %d clinics", len(p.clinics)), err
}

// staffSigned looks for somebody who saw a record within a day and had not signed the statement of confidentiality.
func (p probe) staffSigned(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeUnsigned, "looks at records by people who had not signed the statement of confidentiality", clock.At(p.Clock.Now()).Add(-24*time.Hour), accounts.Statement().Version, id.Zero) // an entry about no patient has the zero id
}
