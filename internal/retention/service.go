package retention

import (
	"context"
	"log/slog"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Doer takes away what is over in one room.
type Doer interface {
	Name() string
	Due(tx *store.Tx) (int, error)
}

// Options are the rooms that this one stands on, and what app hands in.
type Options struct {
	Accounts *accounts.Service
	// Doers are the keepers of all rooms, which live by what they are given, in the order in which rows may go.
	Doers func(law.Lives) []Doer
	// LifeFor is how long the clinic keeps the class, for a subject who agreed to other terms than the newest, or for everybody (id.Zero). nil: what the
	// law's table has for whoever chose nothing.
	LifeFor func(v *store.View, subject id.ID, c law.Class) (law.Span, error)
	// Shortened is since when records of a class live less long than before. nil: never.
	Shortened func(v *store.View) (map[law.Class]clock.Instant, error)
	// Head is the moment of the newest signed head of the audit log; zero before the first.
	Head      func(ctx context.Context) (clock.Instant, error)
	ForClinic func(id.ID) access.Caller // the clinic's own work
	Platform  func() access.Caller      // the platform's own work
	// Keep puts aside, before a clinic's keys are destroyed, what a law wants kept of its patients, with who answers for it; Kept puts it in its place after that; End destroys it on its
	// day. nil: nothing is held.
	Keep func(ctx context.Context, who access.Caller, c clinics.Clinic, answers string) error
	Kept func(ctx context.Context, clinic id.ID) error
	End  func(ctx context.Context) error
	// Spread has what lies beside the keys copied to the places of the backups, after an order came or went. nil: their next backup takes it along.
	Spread func(ctx context.Context)
	// Tables are the tables of a clinic, in the order in which their rows may go.
	Tables []string
}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	if o.Head == nil {
		o.Head = func(context.Context) (clock.Instant, error) { return 0, nil }
	}
	if o.Doers == nil {
		o.Doers = func(law.Lives) []Doer { return nil }
	}
	return &Service{db: db, log: log, o: o}
}

// lives is how long the clinic keeps each class.
func (s *Service) lives(v *store.View, c clinics.Clinic) (law.Lives, error) {
	out := law.Lives{Place: c.Jurisdiction, Zone: c.Location(), Gone: map[law.Class]int64{}}
	if s.o.LifeFor == nil {
		return out, nil
	}
	spans := map[law.Class]law.Span{}
	for _, class := range law.Classes() {
		span, err := s.o.LifeFor(v, id.Zero, class)
		if err != nil {
			return out, err
		}
		spans[class] = span
	}
	out.Chosen = func(class law.Class) law.Span { return spans[class] }
	return out, nil
}

// here is since when the caller belongs where she speaks: the second word of two people is nobody's who came after the first.
func (s *Service) here(ctx context.Context, who access.Caller) (clock.Instant, error) {
	if s.o.Accounts == nil {
		return 0, nil
	}
	return s.o.Accounts.Here(ctx, who)
}
