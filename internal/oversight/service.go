package oversight

import "almirah/internal/store"

// Service are the verbs for the doors.
type Service struct{ db *store.DB }

// New makes the service.
func New(db *store.DB) *Service { return &Service{db: db} }
