package datamap

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/oversight"
	"almirah/internal/store"
)

// Duty is the review that a signature of this room is for, of oversight's.
const Duty = "data-map"

// Service are the verbs for the doors.
type Service struct {
	db      *store.DB
	watch   *oversight.Service
	rooms   []Room
	parties func() []Party
}

// New makes the service. parties are the outside parties that can be reached now.
func New(db *store.DB, watch *oversight.Service, rooms []Room, parties func() []Party) *Service {
	return &Service{db: db, watch: watch, rooms: rooms, parties: parties}
}

// Rooms are the rooms with the tables that they own.
func (s *Service) Rooms() []Room { return s.rooms }

// Parties are the outside parties that can be reached now.
func (s *Service) Parties() []Party { return s.parties() }

// Now is the whole map as it stands, in lines of one form, and its fingerprint.
func (s *Service) Now() (text, digest string) {
	text = joined(lines(s.rooms, s.parties()))
	return text, Digest(text)
}

// Standing is how the yearly look at the map stands.
type Standing struct {
	Digest  string // of the map as it is
	State   oversight.DutyState
	Read    string   // the fingerprint of the map that was signed last; empty: nobody signed one, or what she signed is not kept
	Changes []Change // what came and went since then
}

// Standing reads when somebody looked at the map last, and what changed since.
func (s *Service) Standing(ctx context.Context, who access.Caller) (Standing, error) {
	states, _, err := s.watch.DutyStates(ctx, who)
	if err != nil {
		return Standing{}, err
	}
	text, digest := s.Now()
	out := Standing{Digest: digest}
	if i := slices.IndexFunc(states, func(d oversight.DutyState) bool { return d.Kind == Duty }); i >= 0 {
		out.State = states[i]
	}
	read := out.State.Last.Seen
	if read == "" {
		return out, nil
	}
	err = s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the map that was signed last is read")
		old, err := textOf(p, read)
		if err == nil && Digest(old) == read {
			out.Read, out.Changes = read, compare(old, text)
		}
		return err
	})
	return out, err
}

// Sign says that the caller looked through the map with the fingerprint and stands for it. The map is kept word for word beside the signature.
// fault.Conflict when the map is another by now; fault.Invalid names "sure".
func (s *Service) Sign(ctx context.Context, who access.Caller, digest string, sure bool) error {
	text, now := s.Now()
	switch {
	case digest != now:
		return fault.New(fault.Conflict, "fault.datamap_changed")
	case !sure:
		var wrong fault.Fields
		wrong.Add("sure", "field.datamap.sure")
		return wrong.Err()
	}
	return s.db.Across(ctx, who, access.PlatformReview, func(_ context.Context, p *store.Platform) error {
		if _, err := p.Exec(sqlMapKeep, now, text, p.Now()); err != nil {
			return err
		}
		return oversight.Signed(p, who.Actor(), oversight.Done{Kind: Duty, Day: clock.DateOf(p.Now().Time()), Report: "SHA-256 " + now, Seen: now})
	})
}
