package support

import (
	"log/slog"
	"sync"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/store"
)

// Options are the rooms that this one stands on.
type Options struct {
	Accounts *accounts.Service
	Clinics  *clinics.Service
}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options

	mu      sync.Mutex
	notices []Notice // as they were read last
	read    time.Time
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service { return &Service{db: db, log: log, o: o} }

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }
