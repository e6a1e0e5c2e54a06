package programs

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Options are what the room is told.
type Options struct {
	Accounts *accounts.Service
	// Reach carries requests to one address of a clinic's choice ("books.example:443") and to nothing else, or refuses; it follows no redirect.
	Reach func(target string) http.RoundTripper
	// Refused says why nothing of the clinic may be told to its own programs; empty when it may. Nil: it always may.
	Refused func(c clinics.Clinic) string
}

// Service are the verbs for the doors.
type Service struct {
	db   *store.DB
	log  *slog.Logger
	o    Options
	used sync.Map // the moment at which this process last wrote down that a token was used
}

// New makes the room.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	return &Service{db: db, log: log, o: o}
}

// allowed is fault.Conflict "fault.outside.<why>" where the clinic lets nothing be told outside.
func (s *Service) allowed(v *store.View) error {
	if s.o.Refused == nil {
		return nil
	}
	c, err := clinics.Get(v)
	if err != nil {
		return err
	}
	if why := s.o.Refused(c); why != "" {
		return fault.New(fault.Conflict, "fault.outside."+why)
	}
	return nil
}

// Entered is a program that came in by a token.
type Entered struct {
	Caller access.Caller
	Token  Token
	Clinic clinics.Clinic // as the public sees it
}

// Enter turns the text of a token into a caller. The tables are asked each time: what was ended is refused from the next request on, at every
// process. fault.Unauthenticated "fault.token_refused" whatever was wrong with it. address is where the program called from; of it the network is kept.
func (s *Service) Enter(ctx context.Context, text, address string) (Entered, error) {
	var out Entered
	clinic, hash, ok := readToken(text)
	if !ok {
		return out, refused()
	}
	err := s.db.View(ctx, accounts.Public(clinic), access.PublicRead, func(_ context.Context, v *store.View) error {
		var err error
		out.Token, err = scanToken(v, v.Row(sqlTokenBy, hash, v.Now()))
		if errors.Is(err, store.ErrNoRows) {
			return refused()
		}
		if err != nil {
			return err
		}
		out.Clinic, err = clinics.Get(v)
		return err
	})
	if err != nil {
		return Entered{}, err
	}
	t := out.Token
	if out.Caller, err = s.o.Accounts.ForProgram(ctx, clinic, t.Maker, t.ID, t.CreatedAt, t.Scopes); err != nil {
		return Entered{}, err
	}
	return out, s.noteUse(ctx, clinic, t, networkOf(address), out.Clinic.Location())
}

// noteEvery bounds how often a process writes down where a token was used.
const noteEvery = 10 * time.Minute

func (s *Service) noteUse(ctx context.Context, clinic id.ID, t Token, from string, z *time.Location) error {
	now := s.db.Clock().Now()
	day := clock.DateOf(now.In(z))
	if t.UsedOn == day && t.UsedFrom == from {
		return nil
	}
	if at, there := s.used.Load(t.ID); there && t.UsedOn == day && now.Sub(at.(time.Time)) < noteEvery {
		return nil
	}
	s.used.Store(t.ID, now)
	return s.db.Change(ctx, accounts.Public(clinic), access.PublicRead, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("the day and the network of a token's last use; what it did is recorded where it was done")
		_, err := tx.Exec(sqlTokenUse, t.ID, day, from)
		return err
	})
}

// Tokens are the clinic's tokens, the newest first, those that have ended too; now is the moment of the look.
func (s *Service) Tokens(ctx context.Context, who access.Caller) (out []Token, now clock.Instant, err error) {
	err = s.db.View(ctx, who, access.ProgramSettings, func(_ context.Context, v *store.View) error {
		now = v.Now()
		out, err = tokens(v)
		return err
	})
	return out, now, err
}

// Names are the names of the clinic's tokens by id, for histories; who may read the log may see them.
func (s *Service) Names(ctx context.Context, who access.Caller) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	err := s.db.View(ctx, who, access.AuditRead, func(_ context.Context, v *store.View) error {
		list, err := tokens(v)
		for _, t := range list {
			out[t.ID] = t.Name
		}
		return err
	})
	return out, err
}

// MakeToken makes a token and answers its text, which is shown this once. fault.Invalid with "name", "scopes", "days"; fault.Conflict when
// the clinic has as many as it may have.
func (s *Service) MakeToken(ctx context.Context, who access.Caller, d TokenDraft) (text string, t Token, err error) {
	if err := d.check(who.Role()); err != nil {
		return "", t, err
	}
	err = s.db.Change(ctx, who, access.ProgramSettings, func(_ context.Context, tx *store.Tx) error {
		n := 0
		if err := tx.Row(sqlTokensOn, tx.Now()).Scan(&n); err != nil {
			return err
		}
		if n >= maxTokens {
			return tooMany("tokens", maxTokens)
		}
		var hash []byte
		text, hash = newToken(tx.Clinic())
		t = Token{ID: tx.NewID(), Name: d.Name, Hint: text[len(text)-4:], Maker: who.Actor(), Scopes: d.Scopes, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Duration(d.Days) * 24 * time.Hour)}
		name, err := tx.Seal(vault.ClinicData, "api_token", "name", t.ID, t.Name)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "make", Kind: "token", Subject: t.ID, New: map[string]any{"name": t.Name, "scopes": t.Scopes.Words(), "days": d.Days}})
		_, err = tx.Exec(sqlTokenAdd, t.ID, t.Maker, name, hash, t.Hint, t.Scopes, t.CreatedAt, t.ExpiresAt)
		return err
	})
	return text, t, err
}

// EndToken ends a token: the next request that brings it is refused, at every process. One that has ended already is no failure. fault.NotFound for
// one that is none of the clinic's.
func (s *Service) EndToken(ctx context.Context, who access.Caller, one id.ID) error {
	return s.db.Change(ctx, who, access.ProgramSettings, func(_ context.Context, tx *store.Tx) error {
		t, err := scanToken(&tx.View, tx.Row(sqlTokenGet, one))
		if errors.Is(err, store.ErrNoRows) {
			return fault.Missing()
		}
		if err != nil || t.EndedAt > 0 {
			return err
		}
		tx.Record(audit.Note{Action: "end", Kind: "token", Subject: one, Old: t.Name})
		_, err = tx.Exec(sqlTokenEnd, one, tx.Now(), who.Actor())
		return err
	})
}

// The things that owners are told of by mail.
const (
	TellTokens   = "tokens"   // a token ends within a fortnight
	TellWebhooks = "webhooks" // an address was switched off because it answers no more
)

// TellOwners has the clinic's owners told, once, what needs them. tell is outside of the Change, so that owners who could not be told are told the
// next time; told twice is better than not at all.
func (s *Service) TellOwners(ctx context.Context, who access.Caller, tell func(clinic, what string) error) error {
	var name string
	counts := map[string]int{}
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		clear(counts)
		n := 0
		if err := v.Row(sqlTokensEnding, v.Now(), v.Now().Add(warnBy)).Scan(&n); err != nil {
			return err
		}
		counts[TellTokens] = n
		if err := v.Row(sqlEndpointsUntold).Scan(&n); err != nil {
			return err
		}
		if counts[TellWebhooks] = n; counts[TellTokens]+n == 0 {
			return nil
		}
		c, err := clinics.Get(v)
		name = c.Name
		return err
	})
	if err != nil {
		return err
	}
	for _, what := range []string{TellTokens, TellWebhooks} {
		if counts[what] == 0 {
			continue
		}
		if err := tell(name, what); err != nil {
			return err
		}
		err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("owners were told; what they were told of is recorded where it happened")
			if what == TellTokens {
				_, err := tx.Exec(sqlTokensTold, tx.Now(), tx.Now().Add(warnBy))
				return err
			}
			_, err := tx.Exec(sqlEndpointsTold, tx.Now())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
