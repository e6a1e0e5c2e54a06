package local

import (
	"context"

	"almirah/internal/messaging"
)

// approving is the stand-in for WhatsApp, which approves every text at once: whoever tries the demo shall not wait a day.
type approving struct{ *Account }

var _ messaging.Drafter = approving{}

// Propose approves.
func (approving) Propose(_ context.Context, _ messaging.Connection, p messaging.Proposal) (messaging.Verdict, error) {
	return messaging.Verdict{Name: p.Name, Language: p.Language, Ref: p.Name, State: messaging.ApprovalApproved, Class: string(p.Use)}, nil
}

// Verdicts has nothing new to say: what was proposed is approved.
func (approving) Verdicts(context.Context, messaging.Connection) ([]messaging.Verdict, error) {
	return nil, nil
}

// Retract forgets nothing, because nothing is kept.
func (approving) Retract(context.Context, messaging.Connection, messaging.Verdict) error { return nil }
