package messaging

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// The canary clinic's messages go round in a loop: what carries them, carries nobody else's, and leads nowhere. Whatever else the clinic may be given, nothing of it goes
// over a carrier that leads outside (promise synthetic-apart).

// Stays is a carrier from which nothing leaves the process.
type Stays interface{ Stays() }

// around is the way of a message of the canary clinic; a nil carrier when there is none that stays.
func (s *Service) around(v *store.View, c Channel, a Account, there bool) (Carrier, *Connection, error) {
	via := s.loop[c]
	var own *Connection
	if there {
		p := s.loops[a.Provider]
		if p == nil || a.State != AccountActive {
			return nil, nil, nil
		}
		conn, err := s.connection(v, a)
		if err != nil {
			return nil, nil, err
		}
		via, own = p, &conn
	}
	if _, stays := via.(Stays); !stays {
		return nil, nil, nil
	}
	return via, own, nil
}

// ConnectLoop gives the canary clinic an account at a provider from which nothing leaves, or has the provider know the one that is there again. It is the clinic's
// own work. fault.NotFound when the clinic is another one, or the provider is none of those.
func (s *Service) ConnectLoop(ctx context.Context, who access.Caller, provider string, typed map[string]string) error {
	p := s.loops[provider]
	if _, stays := p.(Stays); p == nil || !stays {
		return fault.Missing()
	}
	credentials, sender, last4, err := p.Check(typed)
	if err != nil {
		return err
	}
	var c Connection
	err = s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		house, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if !house.Canary {
			return fault.Missing()
		}
		there, err := account(&tx.View, sqlAccountFor, string(p.Channel()))
		if err == nil {
			tx.Housekeeping("nothing is written: the account is there")
			c, err = s.connection(&tx.View, there)
			return err
		}
		if !missing(err) {
			return err
		}
		a := Account{ID: tx.NewID(), Channel: p.Channel(), Provider: provider, Sender: sender, Last4: last4, State: AccountActive, AgreedBy: id.Zero, Version: 1}
		if err := s.addAccount(tx, &a, credentials); err != nil {
			return err
		}
		c = Connection{ID: a.ID, Provider: provider, Sender: sender, Credentials: credentials, HookURL: a.HookURL}
		return nil
	})
	if err != nil {
		return err
	}
	return p.Probe(ctx, c)
}
