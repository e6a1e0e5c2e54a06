package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// What a run tells beforehand, and how far it looks ahead.
const (
	// Warned is how long before something goes that somebody could still want its owners are told.
	Warned = 48 * time.Hour
	// covers is for how long one notice speaks, so that owners are told once a month at most, and renew how long before its end the next one is written:
	// two days longer than Warned, for a night without a run.
	covers = 35 * 24 * time.Hour
	renew  = Warned + 48*time.Hour
	// LooksAhead is how far the page about what goes next looks.
	LooksAhead = 30 * 24 * time.Hour
	// nightly is the hour of the clinic's day from which its run may begin.
	nightly = 2
	// mostRounds bounds how often a room is asked for more in one night.
	mostRounds = 500
)

// Told says whether the owners are told before records of the class go: what somebody could still want. Logs and things that wait go silently.
func Told(c law.Class) bool {
	switch c {
	case law.Clinical, law.Scripts, law.Invoices, law.Texts, law.Opinions, law.Answers, law.Consents, law.Troubles, law.Disclosures, law.Papers:
		return true
	}
	return false
}

// Notice is that owners were told that records of a class go until a moment.
type Notice struct {
	Class   law.Class
	Records int64
	At      clock.Instant
	Until   clock.Instant
}

// Night is a clinic's run of one day: what it took away, and what will be over within the next thirty days.
type Night struct {
	Day     clock.Date
	At      clock.Instant
	Ended   clock.Instant
	Gone    map[law.Class]int64
	Ahead   map[law.Class]int64
	Broken  []string // rooms that failed, because of which it has not ended; their names are those of their keepers
	Notices []Notice // that were written by it
}

const (
	sqlRunGet   = `SELECT day, at, ended_at, gone, ahead, broken FROM retention_run WHERE clinic_id = $1 ORDER BY day DESC LIMIT $2`
	sqlRunBegin = `INSERT INTO retention_run (clinic_id, day, at) VALUES ($1, $2, $3) ON CONFLICT (clinic_id, day) DO UPDATE SET at = excluded.at, ended_at = 0`
	sqlRunEnd   = `UPDATE retention_run SET ended_at = $3, gone = $4, ahead = $5, broken = $6 WHERE clinic_id = $1 AND day = $2`
	sqlRunLast  = `SELECT day FROM retention_run WHERE clinic_id = $1 ORDER BY CASE WHEN ended_at > 0 THEN 0 ELSE 1 END, CASE WHEN ended_at > 0 THEN day END DESC, day LIMIT 1`
	sqlRunOld   = `DELETE FROM retention_run WHERE clinic_id = $1 AND day < $2`

	sqlNoticeAdd    = `INSERT INTO retention_notice (clinic_id, id, class, records, noticed_at, until_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlNoticeList   = `SELECT class, records, noticed_at, until_at FROM retention_notice WHERE clinic_id = $1 AND until_at > $2 ORDER BY noticed_at DESC, class`
	sqlNoticeUntold = `SELECT COUNT(*) FROM retention_notice WHERE clinic_id = $1 AND mailed_at = 0`
	sqlNoticeMailed = `UPDATE retention_notice SET mailed_at = $2 WHERE clinic_id = $1 AND mailed_at = 0`
	sqlNoticeOld    = `DELETE FROM retention_notice WHERE clinic_id = $1 AND until_at < $2`
)

// errDry takes back what a look ahead did.
var errDry = errors.New("retention: only looked")

// Nightly runs once a day of the clinic, from two in the morning on. It does nothing when the day has had its run. ErrClock when the clock cannot be believed.
func (s *Service) Nightly(ctx context.Context, who access.Caller) error {
	due := false
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		now := v.Now().In(c.Location())
		nights, err := nights(v, 1)
		due = err == nil && now.Hour() >= nightly && (len(nights) == 0 || nights[0].Day < clock.DateOf(now) || nights[0].Ended == 0)
		return err
	})
	if err == nil && due {
		_, err = s.Run(ctx, who, false)
	}
	return err
}

// broken are the rooms of a night that failed, and why. One of them stops none of the others: what is over in a room goes, whatever is wrong next door.
type broken struct {
	rooms []string
	why   []error
}

func (b *broken) add(room string, err error) {
	if err == nil {
		return
	}
	if !slices.Contains(b.rooms, room) {
		b.rooms = append(b.rooms, room)
	}
	b.why = append(b.why, fmt.Errorf("retention: %s: %w", room, err))
}

func (b *broken) err() error { return errors.Join(b.why...) }

// Run takes away what is over in the clinic, room by room, each in a Change of its own, so that a run that breaks off goes on where it was. A room that fails is passed over, and the
// run then counts as one that has not ended: it is tried again within the hour, and Late names the room. dry: nothing stays of it, and its counts are what would have gone. What it
// answers beside an error is what was done. ErrClock when the clock cannot be believed.
func (s *Service) Run(ctx context.Context, who access.Caller, dry bool) (Night, error) {
	out := Night{}
	if !dry {
		if err := s.believed(ctx, who); err != nil {
			return out, err
		}
		if err := s.besideKeys(ctx, who, access.Work); err != nil {
			return out, err
		}
	}
	var c clinics.Clinic
	var lives law.Lives
	var told []Notice
	read := func(v *store.View) (err error) {
		if c, err = clinics.Get(v); err != nil {
			return err
		}
		if lives, err = s.lives(v, c); err != nil {
			return err
		}
		told, err = s.notices(v)
		return err
	}
	if err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error { return read(v) }); err != nil {
		return out, err
	}
	now := clock.At(s.db.Clock().Now())
	out.Day, out.At = clock.DateOf(now.In(c.Location())), now
	var failed broken
	if out.Ahead = s.would(ctx, who, lives, LooksAhead, &failed); ctx.Err() != nil {
		return out, ctx.Err()
	}
	lives.Until = func(class law.Class) clock.Instant { return until(told, class, now) }
	if dry {
		lives.Dry = true
		out.Gone = s.do(store.Withhold(ctx, errDry), who, lives, 1, &failed)
		return out, failed.err()
	}
	if err := s.begin(ctx, who, out, c); err != nil {
		return out, err
	}
	if out.Gone = s.do(ctx, who, lives, mostRounds, &failed); ctx.Err() != nil {
		return out, ctx.Err()
	}
	failed.add(messaging.Keeper{}.Name(), s.destroyKeys(ctx, who, lives))
	var err error
	out.Notices, err = s.announce(ctx, who, lives, told, now, &failed)
	failed.add(Keeper{}.Name(), err)
	out.Broken = failed.rooms
	if err := s.end(ctx, who, &out); err != nil {
		return out, errors.Join(failed.err(), err)
	}
	return out, errors.Join(failed.err(), s.tell(ctx, who))
}

// until is up to when records of a class may go: those of which owners were told long enough ago.
func until(told []Notice, c law.Class, now clock.Instant) clock.Instant {
	if !Told(c) {
		return now
	}
	var out clock.Instant
	for _, n := range told {
		if n.Class == c && now.Sub(n.At) >= Warned {
			out = max(out, n.Until)
		}
	}
	return min(out, now)
}

// would is what will be over so much later, whoever has been told.
func (s *Service) would(ctx context.Context, who access.Caller, lives law.Lives, ahead time.Duration, failed *broken) map[law.Class]int64 {
	lives.Ahead, lives.Dry, lives.Until = ahead, true, nil
	return s.do(store.Withhold(ctx, errDry), who, lives, 1, failed)
}

// do has each room take away what is over, until it finds nothing more or fails.
func (s *Service) do(ctx context.Context, who access.Caller, lives law.Lives, rounds int, failed *broken) map[law.Class]int64 {
	all := map[law.Class]int64{}
	for _, doer := range s.o.Doers(law.Lives{}) {
		for range rounds {
			went := map[law.Class]int64{}
			n := 0
			err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
				clear(went)
				mine := lives
				mine.Gone = went
				d := named(s.o.Doers(mine), doer.Name())
				var err error
				if n, err = d.Due(tx); err != nil {
					return err
				}
				tx.Housekeeping("what is over goes; how much is in the run's own row")
				return nil
			})
			if ctx.Err() != nil {
				return all
			}
			if err != nil && !errors.Is(err, errDry) {
				failed.add(doer.Name(), err)
				break
			}
			for c, k := range went {
				all[c] += k
			}
			if n == 0 {
				break
			}
		}
	}
	return all
}

func named(list []Doer, name string) Doer {
	for _, d := range list {
		if d.Name() == name {
			return d
		}
	}
	return nil
}

// destroyKeys destroys the keys of statutory copies of which none is left.
func (s *Service) destroyKeys(ctx context.Context, who access.Caller, lives law.Lives) error {
	var over []id.ID
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) (err error) {
		over, err = messaging.StatutoryOver(v, lives)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, key := range over {
		if err := s.db.Vault().Shred(ctx, who.Clinic(), key, "statutory_over"); err != nil {
			failed = append(failed, err)
			continue
		}
		failed = append(failed, s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Record(audit.Note{Action: "destroy-key", Kind: "statutory", Subject: key})
			return messaging.StatutoryDestroyed(tx, key)
		}))
	}
	return errors.Join(failed...)
}

func (s *Service) begin(ctx context.Context, who access.Caller, n Night, c clinics.Clinic) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a run begins")
		if err := overHolds(tx, c, id.Zero); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlRunOld, n.Day.AddDays(-400)); err != nil {
			return err
		}
		_, err := tx.Exec(sqlRunBegin, n.Day, n.At)
		return err
	})
}

// end writes down what the run did. One in which a room failed has not ended; what went in the others is on record all the same.
func (s *Service) end(ctx context.Context, who access.Caller, n *Night) error {
	gone, err := json.Marshal(n.Gone)
	if err != nil {
		return err
	}
	ahead, err := json.Marshal(n.Ahead)
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		n.Ended = 0
		if len(n.Broken) == 0 {
			n.Ended = tx.Now()
		}
		if len(n.Gone) > 0 {
			tx.Record(audit.Note{Action: "expire", Kind: "retention", Subject: tx.Clinic(), New: n.Gone})
		} else {
			tx.Housekeeping("a run that found nothing")
		}
		_, err := tx.Exec(sqlRunEnd, n.Day, n.Ended, string(gone), string(ahead), strings.Join(n.Broken, " "))
		return err
	})
}

// announce writes down what owners are told before it goes: classes of which something will be over before the notice that stands is renewed.
func (s *Service) announce(ctx context.Context, who access.Caller, lives law.Lives, told []Notice, now clock.Instant, failed *broken) ([]Notice, error) {
	ahead := s.would(ctx, who, lives, covers, failed)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out []Notice
	for _, c := range law.Classes() {
		if !Told(c) || ahead[c] == 0 {
			continue
		}
		standing := clock.Instant(0)
		for _, n := range told {
			if n.Class == c {
				standing = max(standing, n.Until)
			}
		}
		if standing < now.Add(renew) {
			out = append(out, Notice{Class: c, Records: ahead[c], At: now, Until: now.Add(covers)})
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		for _, n := range out {
			if _, err := tx.Exec(sqlNoticeAdd, tx.NewID(), string(n.Class), n.Records, n.At, n.Until); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(sqlNoticeOld, now.Add(-400*24*time.Hour)); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "announce", Kind: "retention", Subject: tx.Clinic(), New: out})
		return nil
	})
}

// tell has the owners told by mail of what was announced, once.
func (s *Service) tell(ctx context.Context, who access.Caller) error {
	if s.o.Accounts == nil {
		return nil
	}
	return clinics.TellOwners(ctx, s.db, who, sqlNoticeUntold, sqlNoticeMailed, "owners were told of what goes", func(clinic string) error {
		return s.o.Accounts.TellOwners(ctx, who, clinic, accounts.NoticeRetention, "/app/settings/retention")
	})
}

// notices are those that speak still: not those from before the life of their class was made shorter, because more goes now than they told.
func (s *Service) notices(v *store.View) ([]Notice, error) {
	var shorter map[law.Class]clock.Instant
	if s.o.Shortened != nil {
		var err error
		if shorter, err = s.o.Shortened(v); err != nil {
			return nil, err
		}
	}
	rows, err := v.Query(sqlNoticeList, v.Now().Add(-covers))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		var n Notice
		if err := rows.Scan(&n.Class, &n.Records, &n.At, &n.Until); err != nil {
			return nil, err
		}
		if n.At >= shorter[n.Class] {
			out = append(out, n)
		}
	}
	return out, rows.Err()
}

func nights(v *store.View, most int) ([]Night, error) {
	rows, err := v.Query(sqlRunGet, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Night
	for rows.Next() {
		var n Night
		var gone, ahead, broken string
		if err := rows.Scan(&n.Day, &n.At, &n.Ended, &gone, &ahead, &broken); err != nil {
			return nil, err
		}
		n.Broken = strings.Fields(broken)
		for text, to := range map[string]*map[law.Class]int64{gone: &n.Gone, ahead: &n.Ahead} {
			if text != "" {
				if err := json.Unmarshal([]byte(text), to); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Lasts is one class as the clinic's page shows it.
type Lasts struct {
	Class  law.Class
	Life   law.Life
	Span   law.Span // how long this clinic keeps it
	Ahead  int64    // records that will be over within thirty days, as the last run saw it
	Gone   int64    // records that the last run took away
	Notice *Notice  // that stands
}

// Plan is how long the clinic keeps what, when the last run was, and what goes next.
type Plan struct {
	Classes []Lasts
	Last    Night // zero: none yet
}

// Plan reads the clinic's plan.
func (s *Service) Plan(ctx context.Context, who access.Caller) (out Plan, err error) {
	err = s.db.View(ctx, who, access.RetentionRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		lives, err := s.lives(v, c)
		if err != nil {
			return err
		}
		last, err := nights(v, 1)
		if err != nil {
			return err
		}
		out = Plan{}
		if len(last) > 0 {
			out.Last = last[0]
		}
		told, err := s.notices(v)
		if err != nil {
			return err
		}
		for _, class := range law.Classes() {
			l := Lasts{Class: class, Life: law.LifeOf(c.Jurisdiction, class), Span: lives.Span(class), Ahead: out.Last.Ahead[class], Gone: out.Last.Gone[class]}
			for _, n := range told {
				if n.Class == class && n.Until > v.Now() && l.Notice == nil {
					l.Notice = &n
				}
			}
			out.Classes = append(out.Classes, l)
		}
		return nil
	})
	return out, err
}

// Late says how many days the clinic has been without a run that ended, and which rooms failed in the last one; zero when it had one within two days, or none was begun yet.
func Late(v *store.View) (days int, rooms []string, err error) {
	c, err := clinics.Get(v)
	if err != nil {
		return 0, nil, err
	}
	var from clock.Date // of the last run that ended; of the first, where they all broke off
	if err := v.Row(sqlRunLast).Scan(&from); err == store.ErrNoRows {
		return 0, nil, nil
	} else if err != nil {
		return 0, nil, err
	}
	if days = from.DaysUntil(clock.DateOf(v.Now().In(c.Location()))); days <= 2 {
		return 0, nil, nil
	}
	last, err := nights(v, 1)
	if err == nil && len(last) == 1 {
		rooms = last[0].Broken
	}
	return days, rooms, err
}

// Announced are the notices that stand, for the dashboard of those who may see them.
func (s *Service) Announced(ctx context.Context, who access.Caller) (out []Notice, err error) {
	err = s.db.View(ctx, who, access.RetentionRead, func(_ context.Context, v *store.View) error {
		list, err := s.notices(v)
		out = nil
		for _, n := range list {
			if n.Until > v.Now() {
				out = append(out, n)
			}
		}
		return err
	})
	return out, err
}
