package messaging

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/store"
)

// Outside is what the clinic allows outside, asked before anything is dialled for it (promises region, nobody-outside, vendor-baa).
type Outside struct {
	// Fresh reads what is on file about outside parties, unless it was read a moment ago. It is called outside of every Change.
	Fresh func()
	// Refused says why nothing of the clinic may go by the provider or carrier; empty when it may. place is where the clinic's account keeps what it
	// gets, where the clinic chose that.
	Refused func(c clinics.Clinic, via, place string) string
	// Shut says why nobody's anything goes to the party behind the provider or carrier now: its contract is over, its security was not looked at for too long. Empty while it is open.
	Shut func(via string) string
}

// Placed are providers of which the clinic chooses where they keep what they get: a region of a cloud.
type Placed interface {
	Place(credentials []byte) string // code of a country, or "EU"; empty when it is not known
}

// ReasonOutside is the beginning of the reason of a message that was dropped because the clinic does not allow its way out.
const ReasonOutside = "outside-"

func (s *Service) fresh() {
	if s.abroad.Fresh != nil {
		s.abroad.Fresh()
	}
}

func (s *Service) refusedBy(c clinics.Clinic, via Carrier, credentials []byte) string {
	if s.abroad.Refused == nil || via == nil {
		return ""
	}
	place := ""
	if p, ok := via.(Placed); ok && credentials != nil {
		place = p.Place(credentials)
	}
	return s.abroad.Refused(c, via.Name(), place)
}

// barred says why nothing of the clinic may go this way now.
func (s *Service) barred(r *Round, via Carrier, own *Connection) (string, error) {
	c, err := r.house()
	if err != nil || own == nil {
		return s.refusedBy(c, via, nil), err
	}
	return s.refusedBy(c, via, own.Credentials), nil
}

// Refused says why the clinic may not use a provider, or one value of a field of its form (a region); empty when it may.
func (s *Service) Refused(c clinics.Clinic, provider, place string) string {
	if s.abroad.Refused == nil {
		return ""
	}
	return s.abroad.Refused(c, provider, place)
}

// mayReach is fault.Conflict "fault.outside.<why>" when the clinic does not allow the provider.
func (s *Service) mayReach(v *store.View, provider string, credentials []byte) error {
	c, err := clinics.Get(v)
	if err != nil {
		return err
	}
	if why := s.refusedBy(c, s.providers[provider], credentials); why != "" {
		return fault.New(fault.Conflict, "fault.outside."+why)
	}
	return nil
}

// reaching opens an account for a call to its provider.
func (s *Service) reaching(v *store.View, a Account) (Connection, error) {
	c, err := s.connection(v, a)
	if err == nil {
		err = s.mayReach(v, a.Provider, c.Credentials)
	}
	return c, err
}

// may asks before an account is connected or gets other keys.
func (s *Service) may(ctx context.Context, who access.Caller, provider string, credentials []byte) error {
	s.fresh()
	return s.db.View(ctx, who, access.MessageAccounts, func(_ context.Context, v *store.View) error { return s.mayReach(v, provider, credentials) })
}
