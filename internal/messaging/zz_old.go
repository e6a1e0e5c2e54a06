package messaging

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
)

// Wrote goes away with the old list of answers.
type Wrote struct {
	ID      id.ID
	Channel Channel
	At      clock.Instant
	Text    string
	Kept    bool
	From    string
	People  []patients.Name
	IDs     []id.ID
}

// Answers goes away with the old list of answers.
func (s *Service) Answers(context.Context, access.Caller) ([]Wrote, error) { return nil, nil }

// AnswerDone goes away with the old list of answers.
func (s *Service) AnswerDone(context.Context, access.Caller, id.ID) error { return nil }
