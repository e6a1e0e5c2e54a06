package retention

import (
	"log/slog"

	"almirah/internal/store"
)

// Options are what app hands in.
type Options struct{}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service { return &Service{db: db, log: log, o: o} }
