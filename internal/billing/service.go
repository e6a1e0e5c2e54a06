package billing

import (
	"log/slog"
	"strconv"

	"almirah/internal/store"
)

// Service is this room's verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
}

// New makes the service.
func New(db *store.DB, log *slog.Logger) *Service { return &Service{db: db, log: log} }

func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// two is the last two digits of a year.
func two(year int) string {
	s := "0" + itoa(year%100)
	return s[len(s)-2:]
}
