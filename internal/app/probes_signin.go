package app

import (
	"context"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
)

// Live checks of what is promised about signing in.

const (
	// Half a sign-in is never marked as used; one of before the set-up ended with it.
	sqlProbeHalf = `SELECT COUNT(*) FROM session s WHERE s.level < 2 AND s.seen_at > s.created_at AND EXISTS
	(SELECT 1 FROM authenticator a WHERE a.person_id = s.person_id AND a.confirmed_at > 0 AND a.confirmed_at <= s.created_at)`
	sqlProbeRecovery = `SELECT COUNT(*) FROM (SELECT person_id FROM recovery_code GROUP BY person_id HAVING COUNT(*) > 10 OR MAX(LENGTH(code_hash)) > 16) AS x`
	sqlProbeStep     = `SELECT COUNT(*) FROM authenticator WHERE used_step > $1 OR kind NOT IN ('app', 'passkey')`
	sqlProbeChal     = `SELECT COUNT(*) FROM challenge WHERE expires_at > $1`
	sqlProbeLong     = `SELECT COUNT(*) FROM session WHERE expires_at > created_at + $1`
	sqlProbeIdle     = `SELECT COUNT(*) FROM sign_in_rule WHERE idle <> 0 AND (idle < 5 OR idle > 60)`
	// The very first browser of a person is no news. Mails are kept for a month.
	sqlProbeNewDevice = `SELECT COUNT(*) FROM known_device d WHERE d.first_at >= $1 AND EXISTS (SELECT 1 FROM known_device e WHERE e.person_id = d.person_id AND e.first_at < d.first_at)
	AND NOT EXISTS (SELECT 1 FROM outgoing_mail m WHERE m.person_id = d.person_id AND m.kind = 'new-device' AND m.created_at = d.first_at)`
	sqlProbeDevices = `SELECT COUNT(*) FROM known_device WHERE seen_at < $1`
	sqlProbeEvents  = `SELECT COUNT(*) FROM sign_in_event WHERE at < $1`
)

func (p probe) moment(after time.Duration) clock.Instant { return clock.At(p.Clock.Now().Add(after)) }

// secondFactor looks for sessions that were used without the second factor of their person, and for roles that may do much and need none.
func (p probe) secondFactor(ctx context.Context) (string, error) {
	for _, r := range []access.Right{access.ClinicStaff, access.ClinicAccount, access.BillExport, access.MessageAccounts, access.GatewayAccounts, access.PlatformOperate} {
		for _, role := range access.AllRoles {
			if role != access.System && access.Holds(role, r) && !access.NeedsSecondFactor(role) {
				return "", fmt.Errorf("the role %s holds %s and needs no second factor", role, r)
			}
		}
	}
	return "no session was used without its person’s second factor", p.count(ctx, sqlProbeHalf, "sessions were used without the second factor of their person")
}

func (p probe) codesOnce(ctx context.Context) (string, error) {
	if err := p.count(ctx, sqlProbeRecovery, "people have more than ten recovery codes, or codes that are no fingerprints"); err != nil {
		return "", err
	}
	if _, err := p.bareFactors(ctx); err != nil {
		return "", err
	}
	return "recovery codes are fingerprints, what codes are made from is sealed, and no code of the future was used", p.count(ctx, sqlProbeStep, "code apps were used with a code of the future", p.moment(time.Minute).Time().Unix()/30)
}

func (p probe) passkeys(ctx context.Context) (string, error) {
	return "no challenge is good for more than five minutes", p.count(ctx, sqlProbeChal, "challenges are good for more than five minutes", p.moment(5*time.Minute+time.Second))
}

func (p probe) sessionLimits(ctx context.Context) (string, error) {
	if err := p.count(ctx, sqlProbeIdle, "clinics let a sign-in stand for too short or too long"); err != nil {
		return "", err
	}
	return "no sign-in can last longer than twelve hours", p.count(ctx, sqlProbeLong, "sign-ins would last longer than twelve hours", int64(12*time.Hour/time.Microsecond))
}

// knownDevices looks whether a mail was written to whoever signed in from another browser, and for browsers that should be forgotten.
func (p probe) knownDevices(ctx context.Context) (string, error) {
	if err := p.count(ctx, sqlProbeNewDevice, "people were not told of a sign-in from a new browser", p.ago(week)); err != nil {
		return "", err
	}
	return "whoever signed in from a new browser this week was told, and none is remembered longer than it should be", p.count(ctx, sqlProbeDevices, "browsers are remembered for too long", p.moment(-181*24*time.Hour))
}

func (p probe) signals(ctx context.Context) (string, error) {
	return "nothing about sign-ins is older than thirty days", p.count(ctx, sqlProbeEvents, "notes about sign-ins are too old", p.moment(-31*24*time.Hour))
}
