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
	sqlSessionAdd = `INSERT INTO session (token_hash, id, person_id, clinic_id, csrf, device, created_at, seen_at, expires_at, level, proved_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	// One statement for all that a request needs to know: the session, the person, and every clinic where she still belongs.
	sqlSessionGet = `SELECT s.id, s.person_id, s.clinic_id, s.csrf, s.seen_at, s.expires_at, p.email, p.name, p.language, p.theme, p.shortcuts, p.version,
	m.clinic_id, COALESCE(m.role, ''), m.provider_id, COALESCE(m.version, 0), s.created_at, s.level, s.proved_at, COALESCE(r.everybody, FALSE), COALESCE(r.idle, 0),
	(SELECT COUNT(*) FROM authenticator a WHERE a.person_id = s.person_id AND a.confirmed_at > 0),
	(SELECT COUNT(*) FROM helper h WHERE h.person_id = s.person_id AND h.ended_at = 0),
	(SELECT COUNT(*) FROM confidentiality f WHERE f.person_id = s.person_id AND f.digest = $2),
	(SELECT COUNT(*) FROM acceptance a WHERE a.person_id = s.person_id AND a.document = 'terms'),
	(SELECT COUNT(*) FROM acceptance a WHERE a.person_id = s.person_id AND a.document = 'terms' AND a.version = $3)
	FROM session s JOIN person p ON p.id = s.person_id LEFT JOIN membership m ON m.person_id = s.person_id AND m.ended_at = 0
	LEFT JOIN sign_in_rule r ON r.clinic_id = m.clinic_id
	WHERE s.token_hash = $1 AND p.disabled_at = 0 ORDER BY m.created_at, m.clinic_id`
	sqlSessionSeen = `UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2`
	sqlSessionRow  = `SELECT id, person_id, clinic_id, device, created_at, expires_at, level, proved_at FROM session WHERE token_hash = $1`
	sqlSessionList = `SELECT s.id, s.clinic_id, s.device, s.created_at, s.seen_at, s.level, COALESCE(r.idle, 0) FROM session s LEFT JOIN sign_in_rule r ON r.clinic_id = s.clinic_id
	WHERE s.person_id = $1 AND s.seen_at > $2 AND s.expires_at > $3 ORDER BY s.seen_at DESC`
	sqlSessionEnd    = `DELETE FROM session WHERE token_hash = $1`
	sqlSessionEndOne = `DELETE FROM session WHERE person_id = $1 AND id = $2`
	sqlSessionEndAll = `DELETE FROM session WHERE person_id = $1`
	sqlSessionOthers = `DELETE FROM session WHERE person_id = $1 AND id <> $2`
	sqlSessionLeave  = `DELETE FROM session WHERE person_id = $1 AND clinic_id = $2`
	sqlSessionMember = `SELECT m.clinic_id, m.role, COALESCE(r.everybody, FALSE) FROM membership m LEFT JOIN sign_in_rule r ON r.clinic_id = m.clinic_id
	WHERE m.person_id = $1 AND m.ended_at = 0`
	// Whoever watches a clinic looks again at once whether she still may: the streams of sessions that are about to end, end (promise revoked-at-once).
	sqlSessionStir = `UPDATE pulse SET counter = counter + 1 WHERE clinic_id IN (SELECT clinic_id FROM session WHERE person_id = $1)`
)

// Started is a session that has just begun or been renewed: the cookie's new value and its latest end.
type Started struct {
	Cookie  string
	Expires time.Time
	Clinic  id.ID  // chosen already; zero when she has to choose
	Half    bool   // a second factor has to be shown before it opens anything: see ProveSecond
	Enrol   bool   // it opens the set-up of a second factor and nothing else
	Mark    string // what the browser is to be recognised by at its next sign-in; empty when it was known
}

// Session reads who is signed in, in one passage, and marks the session as used, at most once a minute. fault.Unauthenticated when
// the cookie is no session's, or its session has ended. What was revoked is refused at once: nothing is remembered between requests.
func (s *Service) Session(ctx context.Context, cookie string) (SignedIn, error) {
	x, err := s.look(ctx, cookie)
	if err != nil {
		return SignedIn{}, err
	}
	in := x.in
	if now := clock.At(s.db.Clock().Now()); now.Sub(x.seen) >= seenEvery {
		err = s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a session was used")
			_, err := p.Exec(sqlSessionSeen, x.hash, p.Now())
			return err
		})
	}
	return in, err
}

// Glance is Session for what a page asks by itself, without its reader: it does not keep the session alive.
func (s *Service) Glance(ctx context.Context, cookie string) (SignedIn, error) {
	x, err := s.look(ctx, cookie)
	return x.in, err
}

// looked is a session as it was found.
type looked struct {
	in            SignedIn
	hash          []byte
	seen, created clock.Instant
}

// look finds the session of a cookie and refuses what is none: also one whose person has a second factor that was not shown. Every way
// in passes here, so there is none round it (promise second-factor).
func (s *Service) look(ctx context.Context, cookie string) (looked, error) {
	x, err := s.find(ctx, cookie)
	switch {
	case err != nil:
		return looked{}, err
	case x.half():
		return looked{}, secondFirst()
	}
	return x, nil
}

// find is look for the page that asks for the second factor: what is only half a sign-in is found as well.
func (s *Service) find(ctx context.Context, cookie string) (looked, error) {
	secret, hash, ok := secretHash(cookie)
	if !ok {
		return looked{}, signInFirst()
	}
	var x looked
	asked := s.statement()
	// PlatformRoute is the right whose passage only reads: this runs on every request of the staff.
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var csrf, mail, name []byte
		var chosen id.ID
		var expires clock.Instant
		var factors, helps, signed, accepted, present int64
		x = looked{hash: hash}
		in, idle := &x.in, s.o.Idle
		rows, err := p.Query(sqlSessionGet, hash, asked, s.o.Terms)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m Membership
			var role string
			var everybody bool
			var minutes int64
			if err := rows.Scan(&in.SessionID, &in.Person.ID, &chosen, &csrf, &x.seen, &expires, &mail, &name, &in.Person.Language, &in.Person.Theme,
				&in.Person.Shortcuts, &in.Person.Version, &m.Clinic, &role, &m.Provider, &m.Version, &x.created, &in.level, &in.Proved, &everybody, &minutes, &factors, &helps, &signed, &accepted, &present); err != nil {
				return err
			}
			in.Must = in.Must || helps > 0 // the people of the platform
			in.Unsigned = asked != "" && signed == 0 && (helps > 0 || role != "" || in.Unsigned)
			if m.Role = access.Role(role); role == "" {
				continue
			}
			in.Must = in.Must || needsSecond(m.Role, everybody)
			in.Clinics = append(in.Clinics, m)
			if m.Clinic == chosen {
				in.Clinic, in.Role, in.Provider, idle = m.Clinic, m.Role, m.Provider, s.idle(minutes)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if from := clock.Instant(s.asked.Load()); from > 0 && accepted > 0 && present == 0 {
			in.TermsFrom, in.Outdated = from, p.Now() >= from
		}
		if in.Has = factors > 0; x.half() && p.Now().Sub(x.created) >= halfLife {
			return signInFirst()
		}
		if in.SessionID.IsZero() || p.Now() >= expires || p.Now().Sub(x.seen) >= idle {
			return signInFirst()
		}
		in.CSRF, in.Expires = csrfOf(secret, csrf), expires.Time()
		return openPerson(p, &in.Person, mail, name)
	})
	if err != nil {
		return looked{}, err
	}
	in := &x.in
	switch in.Enrolling = in.Must && in.level < twoFactors; {
	case in.Enrolling || in.Shut() || x.half(): // it speaks for nobody
	case in.Clinic.IsZero():
		in.Caller = founder(in.Person.ID, in.SessionID)
	default:
		in.Caller = staff(in.Clinic, in.Person.ID, in.SessionID, in.Role)
	}
	return x, nil
}

func signInFirst() error { return fault.New(fault.Unauthenticated, "fault.sign_in_first") }

// begin writes a new session of the person and takes the old one away: no value that was there before a sign-in is worth
// anything after it. Somebody with one clinic has chosen it. level says how many factors were shown.
func (s *Service) begin(p *store.Platform, person id.ID, at Device, clinic id.ID, before string, level int64) (Started, error) {
	only, must, err := belongs(p, person)
	if err != nil {
		return Started{}, err
	}
	if clinic.IsZero() {
		clinic = only
	}
	if _, hash, ok := secretHash(before); ok {
		if _, err := p.Exec(sqlSessionEnd, hash); err != nil {
			return Started{}, err
		}
	}
	row := sessionRow{session: p.NewID(), person: person, clinic: clinic, since: p.Now(), expires: p.Now().Add(absolute), level: level, proved: p.Now()}
	if row.device, err = p.Seal(person, "session", "device", row.session, at.text()); err != nil {
		return Started{}, err
	}
	mark, err := noteDevice(p, person, at)
	if err != nil {
		return Started{}, err
	}
	out, err := addSession(p, row)
	if out.Mark = mark; err != nil || level >= twoFactors {
		return out, err
	}
	var factors int64
	err = p.Row(sqlFactorCount, person).Scan(&factors)
	out.Half, out.Enrol = factors > 0, factors == 0 && must
	return out, err
}

// sessionRow is a session as its row holds it.
type sessionRow struct {
	session, person, clinic id.ID
	device                  []byte
	since, expires, proved  clock.Instant
	level                   int64
}

func readSession(p *store.Platform, hash []byte) (sessionRow, error) {
	var r sessionRow
	err := p.Row(sqlSessionRow, hash).Scan(&r.session, &r.person, &r.clinic, &r.device, &r.since, &r.expires, &r.level, &r.proved)
	return r, err
}

func addSession(p *store.Platform, r sessionRow) (Started, error) {
	text, hash := newSecret()
	csrf := make([]byte, secretSize)
	_, _ = rand.Read(csrf) // crypto/rand ends the program rather than fail
	_, err := p.Exec(sqlSessionAdd, hash, r.session, r.person, id.Null(r.clinic), csrf, r.device, r.since, p.Now(), r.expires, r.level, r.proved)
	return Started{Cookie: text, Expires: r.expires.Time(), Clinic: r.clinic}, err
}

// renew puts a session under a new cookie, as change makes it; the old one is worth nothing from then on. Of two who renew one session
// at once, one finds it gone; and the person is held, so that whoever ends all her sessions meanwhile waits for the new one, and ends it.
func renew(p *store.Platform, hash []byte, change func(r *sessionRow)) (Started, error) {
	r, err := readSession(p, hash)
	if err == store.ErrNoRows {
		return Started{}, signInFirst()
	}
	if err != nil {
		return Started{}, err
	}
	if _, err := p.Exec(sqlPersonHold, r.person); err != nil {
		return Started{}, err
	}
	if n, err := p.Exec(sqlSessionEnd, hash); err != nil {
		return Started{}, err
	} else if n != 1 {
		return Started{}, signInFirst()
	}
	change(&r)
	return addSession(p, r)
}

// belongs is the person's clinic if she has exactly one, and whether any of hers, or the platform that she helps, asks for a
// second factor.
func belongs(p *store.Platform, person id.ID) (only id.ID, must bool, err error) {
	rows, err := p.Query(sqlSessionMember, person)
	if err != nil {
		return id.Zero, false, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var role string
		var everybody bool
		if err := rows.Scan(&only, &role, &everybody); err != nil {
			return id.Zero, false, err
		}
		must = must || needsSecond(access.Role(role), everybody)
		n++
	}
	if n != 1 {
		only = id.Zero
	}
	if err := rows.Err(); err != nil {
		return id.Zero, false, err
	}
	if err := rows.Close(); err != nil {
		return id.Zero, false, err
	}
	var helps int64
	err = p.Row(sqlHelperIs, person).Scan(&helps)
	return only, must || helps > 0, err
}

// ChooseClinic goes on in one of the person's clinics with a new cookie; the old one is worth nothing from then on. The
// session's latest end stays what it was. fault.NotFound when she does not belong there.
func (s *Service) ChooseClinic(ctx context.Context, cookie string, clinic id.ID) (Started, error) {
	x, err := s.look(ctx, cookie)
	if err != nil {
		return Started{}, err
	}
	in := x.in
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
		p.Record(audit.Note{Action: "choose-clinic", Kind: "session", Subject: in.SessionID, Patient: in.Person.ID, New: clinic})
		out, err = renew(p, x.hash, func(r *sessionRow) { r.clinic = clinic })
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
		r, err := readSession(p, hash)
		if err == store.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "sign-out", Kind: "session", Subject: r.session, Patient: r.person})
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
		if _, err := p.Exec(sqlPersonHold, in.Person.ID); err != nil {
			return err
		}
		if _, err := p.Exec(sqlSessionStir, in.Person.ID); err != nil {
			return err
		}
		p.Housekeeping("whoever watches looks whether she still may")
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
		rows, err := p.Query(sqlSessionList, in.Person.ID, p.Now().Add(-mostIdle), p.Now())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var x Place
			var device []byte
			var level, minutes int64
			if err := rows.Scan(&x.ID, &x.Clinic, &device, &x.Since, &x.Seen, &level, &minutes); err != nil {
				return err
			}
			if p.Now().Sub(x.Seen) >= s.idle(minutes) || in.Has && level < twoFactors { // it has ended, or was never more than half
				continue
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
