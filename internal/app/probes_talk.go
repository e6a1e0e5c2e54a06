package app

import (
	"context"
	"time"
)

// Live checks of what is promised about conversations. Each counts what must not be there, with an hour's grace for
// the hourly chores.

const (
	sqlProbeAccounts = `SELECT COUNT(*) FROM channel WHERE clinic_id = $1 AND (agreed_text < 1 OR state = 'revoked' AND credentials IS NOT NULL)`
	sqlProbeStops    = `SELECT COUNT(*) FROM message m WHERE m.clinic_id = $1 AND m.state = 'planned' AND m.purpose <> 'booking' AND m.channel <> 'email' AND EXISTS (
	SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = m.patient_id AND c.purpose = m.purpose AND c.door = 'reply' AND c.channel = m.channel AND c.given = FALSE AND c.at > m.created_at AND c.at < $2
	AND NOT EXISTS (SELECT 1 FROM consent later WHERE later.clinic_id = $1 AND later.patient_id = c.patient_id AND later.purpose = c.purpose AND later.at > c.at))`
	sqlProbeAnswers  = `SELECT COUNT(*) FROM heard WHERE clinic_id = $1 AND event IS NOT NULL AND heard_at < $2`
	sqlProbeWords    = `SELECT COUNT(*) FROM post WHERE clinic_id = $1 AND way = 'in' AND body IS NOT NULL AND at < $2 AND NOT EXISTS (SELECT 1 FROM message_setting s WHERE s.clinic_id = $1 AND s.content <> 'none')`
	sqlProbeWhatsApp = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND channel = 'whatsapp' AND state = 'sent' AND channel_id IS NULL`
	sqlProbeChannels = `SELECT COUNT(*) FROM (SELECT 1 AS one FROM message WHERE clinic_id = $1 AND state = 'sent' AND reached <> 'failed' AND kind NOT IN ('answer', 'inbox.reopen', 'stop.heard', 'start.heard', 'change.asked')
	GROUP BY appointment_id, occurrence, rule_id HAVING COUNT(*) > 1) AS twice`
	// A clinic that chose something else may have it turned off all the same; what was opened while it was on may stand.
	sqlProbeOpened = `SELECT COUNT(*) FROM message m WHERE m.clinic_id = $1 AND m.channel = 'email' AND m.reached = 'opened' AND m.reached_at >= $2 AND NOT EXISTS (SELECT 1 FROM message_setting s WHERE s.clinic_id = $1 AND s.opens)
	AND m.reached_at > (SELECT COALESCE(MAX(l.at), 0) FROM audit_leaf l WHERE l.clinic_id = $1 AND l.kind = 'conversations') + 120000000`
	sqlProbeDeliveries = `SELECT COUNT(*) FROM message_event WHERE clinic_id = $1 AND at < $2 AND message_id IN (SELECT id FROM message WHERE clinic_id = $1 AND created_at < $2 AND state NOT IN ('planned', 'sending', 'handing-over'))`
)

func (p probe) ownAccounts(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeAccounts, "accounts were connected without agreement, or keep credentials after they were revoked")
}

func (p probe) stops(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeStops, "messages are planned to people who answered STOP", p.Clock.Now().Add(-time.Minute).UnixMicro())
}

func (p probe) answers(ctx context.Context) (string, error) {
	before := p.Clock.Now().Add(-26 * time.Hour).UnixMicro()
	if _, err := p.none(ctx, sqlProbeAnswers, "reports hold what somebody wrote for more than a day", before); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeWords, "lines hold what was said for more than a day, though the clinic keeps nothing", before)
}

func (p probe) whatsApp(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeWhatsApp, "WhatsApp messages went through no account of the clinic's")
}

func (p probe) oneChannel(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeChannels, "messages of one rule went over two channels, and the first had not failed")
}

func (p probe) opened(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeOpened, "mails are marked as opened, and nobody turned that on", p.ago(month))
}

func (p probe) deliveries(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeDeliveries, "steps of deliveries are older than 180 days", p.Clock.Now().Add(-(180*24+2)*time.Hour).UnixMicro())
}
