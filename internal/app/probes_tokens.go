package app

import (
	"context"
	"time"
)

// Live checks of what is promised about the clinics' own programs. Each counts what must not be there, with the grace of the hourly chores.

const (
	sqlProbeTokens    = `SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND (LENGTH(token_hash) <> 32 OR LENGTH(hint) <> 4 OR scopes <= 0)`
	sqlProbeTokenLife = `SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND (expires_at > created_at + 31622400000000 OR ended_at > 0 AND ended_at < $2 OR expires_at < $2)`
	// Owners are told a fortnight before, or within the hour of a token that lives for less.
	sqlProbeTokenUntold = `SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND ended_at = 0 AND told_at = 0 AND expires_at > $2 AND expires_at < $3 AND created_at < $4 AND EXISTS (SELECT 1 FROM clinic c WHERE c.clinic_id = $1 AND c.status = 'open')`
	sqlProbeSecrets     = `SELECT COUNT(*) FROM webhook_endpoint WHERE clinic_id = $1 AND (LENGTH(secret) < 40 OR old_secret IS NOT NULL AND old_until < $2)`
)

func (p probe) tokensHashed(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeTokens, "tokens are kept in another form than a hash")
}

func (p probe) tokensEnd(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeTokenUntold, "tokens end soon, and no owner was told", p.ago(0), p.moment(12*24*time.Hour), p.ago(48*time.Hour)); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeTokenLife, "tokens live longer than a year, or stay more than half a year after their end", p.Clock.Now().Add(-(180*24+2)*time.Hour).UnixMicro())
}

func (p probe) hookSecrets(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeSecrets, "secrets of webhooks are not sealed, or stay after they were changed", p.Clock.Now().Add(-2*time.Hour).UnixMicro())
}
