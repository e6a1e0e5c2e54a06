package accounts

import (
	"context"
	"crypto/rand"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlSessionAdd = `INSERT INTO session (token_hash, id, person_id, clinic_id, csrf, device, created_at, seen_at, expires_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	// One statement for all that a request needs to know: the session, the person, and every clinic where she still belongs.
	sqlSessionGet = `SELECT s.id, s.person_id, s.clinic_id, s.csrf, s.seen_at, s.expires_at, p.email, p.name, p.language, p.theme, p.shortcuts, p.version,
	m.clinic_id, COALESCE(m.role, ''), m.provider_id, COALESCE(m.version, 0)
	FROM session s JOIN person p ON p.id = s.person_id LEFT JOIN membership m ON m.person_id = s.person_id AND m.ended_at = 0
	WHERE s.token_hash = $1 AND p.disabled_at = 0 ORDER BY m.created_at, m.clinic_id`
	sqlSessionSeen   = `UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2`
	sqlSessionRow    = `SELECT id, person_id, device, created_at, expires_at FROM session WHERE token_hash = $1`
	sqlSessionList   = `SELECT id, clinic_id, device, created_at, seen_at FROM session WHERE person_id = $1 AND seen_at > $2 AND expires_at > $3 ORDER BY seen_at DESC`
	sqlSessionEnd    = `DELETE FROM session WHERE token_hash = $1`
	sqlSessionEndOne = `DELETE FROM session WHERE person_id = $1 AND id = $2`
	sqlSessionEndAll = `DELETE FROM session WHERE person_id = $1`
	sqlSessionOthers = `DELETE FROM session WHERE person_id = $1 AND id <> $2`
	sqlSessionLeave  = `DELETE FROM session WHERE person_id = $1 AND clinic_id = $2`
	sqlSessionMember = `SELECT clinic_id, role FROM membership WHERE person_id = $1 AND ended_at = 0`
)

// Started is a session that has just begun or been renewed: the cookie's new value and its latest end.
type Started struct {
	Cookie  string
	Expires time.Time
	Clinic  id.ID // chosen already; zero when she has to choose
}

// Session reads who is signed in, in one passage, and marks the session as used, at most once a minute. fault.Unauthenticated when
// the cookie is no session's, or its session has ended. What was revoked is refused at once: nothing is remembered between requests.
func (s *Service) Session(ctx context.Context, cookie string) (SignedIn, error) {
	in, hash, seen, err := s.look(ctx, cookie)
	if err != nil {
		return SignedIn{}, err
	}
	if now := clock.At(s.db.Clock().Now()); now.Sub(seen) >= seenEvery {
		err = s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a session was used")
			_, err := p.Exec(sqlSessionSeen, hash, p.Now())
			return err
		})
	}
	return in, err
}

// Glance is Session for what a page asks by itself, without its reader: it does not keep the session alive.
func (s *Service) Glance(ctx context.Context, cookie string) (SignedIn, error) {
	in, _, _, err := s.look(ctx, cookie)
	return in, err
}

func (s *Service) look(ctx context.Context, cookie string) (SignedIn, []byte, clock.Instant, error) {
	none := func(err error) (SignedIn, []byte, clock.Instant, error) { return SignedIn{}, nil, 0, err }
	secret, hash, ok := secretHash(cookie)
	if !ok {
		return none(signInFirst())
	}
	var in SignedIn
	var seen clock.Instant
	// PlatformRoute is the right whose passage only reads: this runs on every request of the staff.
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var csrf, mail, name []byte
		var chosen id.ID
		var expires clock.Instant
		in = SignedIn{}
		rows, err := p.Query(sqlSessionGet, hash)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m Membership
			var role string
			if err := rows.Scan(&in.SessionID, &in.Person.ID, &chosen, &csrf, &seen, &expires, &mail, &name, &in.Person.Language, &in.Person.Theme,
				&in.Person.Shortcuts, &in.Person.Version, &m.Clinic, &role, &m.Provider, &m.Version); err != nil {
				return err
			}
			if m.Role = access.Role(role); role == "" {
				continue
			}
			in.Clinics = append(in.Clinics, m)
			if m.Clinic == chosen {
				in.Clinic, in.Role, in.Provider = m.Clinic, m.Role, m.Provider
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if in.SessionID.IsZero() || p.Now() >= expires || p.Now().Sub(seen) >= s.o.Idle {
			return signInFirst()
		}
		in.CSRF, in.Expires = csrfOf(secret, csrf), expires.Time()
		return openPerson(p, &in.Person, mail, name)
	})
	if err != nil {
		return none(err)
	}
	in.Caller = founder(in.Person.ID, in.SessionID)
	if !in.Clinic.IsZero() {
		in.Caller = staff(in.Clinic, in.Person.ID, in.SessionID, in.Role)
	}
	return in, hash, seen, nil
}

func signInFirst() error { return fault.New(fault.Unauthenticated, "fault.sign_in_first") }

// begin writes a new session of the person and takes the old one away: no value that was there before a sign-in is worth
// anything after it. Somebody with one clinic has chosen it.
func (s *Service) begin(p *store.Platform, person id.ID, at Device, clinic id.ID, before string) (Started, error) {
	if clinic.IsZero() {
		var err error
		if clinic, err = onlyClinic(p, person); err != nil {
			return Started{}, err
		}
	}
	if _, hash, ok := secretHash(before); ok {
		if _, err := p.Exec(sqlSessionEnd, hash); err != nil {
			return Started{}, err
		}
	}
	session := p.NewID()
	device, err := p.Seal(person, "session", "device", session, at.text())
	if err != nil {
		return Started{}, err
	}
	return addSession(p, person, clinic, session, device, p.Now(), p.Now().Add(absolute))
}

func addSession(p *store.Platform, person, clinic, session id.ID, device []byte, since, expires clock.Instant) (Started, error) {
	text, hash := newSecret()
	csrf := make([]byte, secretSize)
	_, _ = rand.Read(csrf) // crypto/rand ends the program rather than fail
	_, err := p.Exec(sqlSessionAdd, hash, session, person, id.Null(clinic), csrf, device, since, p.Now(), expires)
	return Started{Cookie: text, Expires: expires.Time(), Clinic: clinic}, err
}

// onlyClinic is the person's clinic if she has exactly one.
func onlyClinic(p *store.Platform, person id.ID) (id.ID, error) {
	rows, err := p.Query(sqlSessionMember, person)
	if err != nil {
		return id.Zero, err
	}
	defer rows.Close()
	var clinic id.ID
	n := 0
	for rows.Next() {
		var role string
		if err := rows.Scan(&clinic, &role); err != nil {
			return id.Zero, err
		}
		n++
	}
	if n != 1 {
		clinic = id.Zero
	}
	return clinic, rows.Err()
}

// ChooseClinic goes on in one of the person's clinics with a new cookie; the old one is worth nothing from then on. The
// session's latest end stays what it was. fault.NotFound when she does not belong there.
func (s *Service) ChooseClinic(ctx context.Context, cookie string, clinic id.ID) (Started, error) {
	in, hash, _, err := s.look(ctx, cookie)
	if err != nil {
		return Started{}, err
	}
	var out Started
	err = s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var role string
		var version int64
		err := p.Row(sqlMemberGet, clinic, in.Person.ID).Scan(&role, &version)
		if err == store.ErrNoRows {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		var session, person id.ID
		var device []byte
		var since, expires clock.Instant
		if err := p.Row(sqlSessionRow, hash).Scan(&session, &person, &device, &since, &expires); err != nil {
			return signInFirst()
		}
		// Of two who renew one session at once, one finds it gone.
		if n, err := p.Exec(sqlSessionEnd, hash); err != nil {
			return err
		} else if n != 1 {
			return signInFirst()
		}
		p.Record(audit.Note{Action: "choose-clinic", Kind: "session", Subject: session, Patient: person, New: clinic})
		out, err = addSession(p, person, clinic, session, device, since, expires)
		return err
	})
	return out, err
}

// SignOut ends the session of the cookie. A cookie of no session is no failure.
func (s *Service) SignOut(ctx context.Context, cookie string) error {
	_, hash, ok := secretHash(cookie)
	if !ok {
		return nil
	}
	return s.db.Across(ctx, Public(id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var session, person id.ID
		var device []byte
		var since, expires clock.Instant
		err := p.Row(sqlSessionRow, hash).Scan(&session, &person, &device, &since, &expires)
		if err == store.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "sign-out", Kind: "session", Subject: session, Patient: person})
		_, err = p.Exec(sqlSessionEnd, hash)
		return err
	})
}

// SignOutEverywhere ends every session of the person, this one too, and answers how many there were.
func (s *Service) SignOutEverywhere(ctx context.Context, in SignedIn) (int, error) {
	return s.end(ctx, in, "sign-out-everywhere", func(p *store.Platform) (int64, error) { return p.Exec(sqlSessionEndAll, in.Person.ID) })
}

// EndSession ends one of the person's own sessions. fault.NotFound when it is not hers or not there.
func (s *Service) EndSession(ctx context.Context, in SignedIn, session id.ID) error {
	n, err := s.end(ctx, in, "end-session", func(p *store.Platform) (int64, error) { return p.Exec(sqlSessionEndOne, in.Person.ID, session) })
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return err
}

func (s *Service) end(ctx context.Context, in SignedIn, action string, do func(p *store.Platform) (int64, error)) (int, error) {
	var n int64
	err := s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var err error
		if n, err = do(p); err == nil && n > 0 {
			p.Record(audit.Note{Action: action, Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID, New: n})
		}
		return err
	})
	return int(n), err
}

// Sessions are the places where the person is signed in now, the last used first.
func (s *Service) Sessions(ctx context.Context, in SignedIn) ([]Place, error) {
	var out []Place
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		out = nil
		rows, err := p.Query(sqlSessionList, in.Person.ID, p.Now().Add(-s.o.Idle), p.Now())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var x Place
			var device []byte
			if err := rows.Scan(&x.ID, &x.Clinic, &device, &x.Since, &x.Seen); err != nil {
				return err
			}
			if text, err := p.Unseal(in.Person.ID, "session", "device", x.ID, device); err == nil {
				x.Device = deviceOf(text) // one that cannot be opened is shown without its device
			}
			x.Current = x.ID == in.SessionID
			out = append(out, x)
		}
		return rows.Err()
	})
	return out, err
}

// Choice is a clinic to choose from.
type Choice struct {
	Membership
	Name    string // empty when the clinic cannot be read
	Slug    string
	Current bool
}

// Choices are the person's clinics with their names.
func (s *Service) Choices(ctx context.Context, in SignedIn) ([]Choice, error) {
	out := make([]Choice, 0, len(in.Clinics))
	for _, m := range in.Clinics {
		x := Choice{Membership: m, Current: m.Clinic == in.Clinic}
		err := s.db.View(ctx, staff(m.Clinic, in.Person.ID, in.SessionID, m.Role), access.ClinicRead, func(_ context.Context, v *store.View) error {
			c, err := clinics.Get(v)
			x.Name, x.Slug = c.Name, c.Slug
			return err
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}
