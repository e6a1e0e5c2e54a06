package retention_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/words"
)

// leaving is a clinic with people, patients and past, of which every table is known.
type leaving struct {
	*years
	tables  []string
	owner   access.Caller
	second  access.Caller
	account *accounts.Service
}

func leaves(t *testing.T, b *rig.Base) *leaving {
	t.Helper()
	y := aged(t, b, "EU")
	y.row()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	cs := clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	l := &leaving{years: y, owner: b.As(access.Owner), second: rig.SignedIn(b.Clinic, id.New(b.Clock.Now()), id.New(b.Clock.Now()), access.Owner)}
	l.account = accounts.New(b.DB, b.Log, accounts.Options{Clinics: cs, Book: book, PublicURL: "https://almirah.test", Terms: "1"})
	real, err := b.DB.Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, columns := range real {
		if slices.Contains(columns, "clinic_id") && !slices.Contains(store.PlatformTables, name) && name != "audit_leaf" {
			l.tables = append(l.tables, name)
		}
	}
	slices.Sort(l.tables)
	l.s = retention.New(b.DB, b.Log, retention.Options{Accounts: l.account, Doers: doers, Tables: l.tables, ForClinic: func(c id.ID) access.Caller { return b.In(c, access.System) }, Platform: func() access.Caller { return rig.SignedIn(id.Zero, id.Zero, id.Zero, access.System) }})
	return l
}

// rows is a fingerprint of every row of the clinic but those that say that it closes, and the log of it.
func (l *leaving) rows() string {
	l.t.Helper()
	h := sha256.New()
	for _, name := range l.tables {
		if name == "closing" || strings.HasPrefix(name, "audit_") {
			continue
		}
		var lines []string
		for _, r := range l.Rows(l.t, `SELECT * FROM `+name+` WHERE clinic_id = $1`) {
			lines = append(lines, strings.Join(r, "|"))
		}
		slices.Sort(lines)
		fmt.Fprintln(h, name, strings.Join(lines, "\n"))
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// left counts the rows of the clinic in all its tables.
func (l *leaving) left() (n int, where string) {
	l.t.Helper()
	for _, name := range l.tables {
		if c := l.Count(l.t, `SELECT COUNT(*) FROM `+name+` WHERE clinic_id = $1`); c != "0" {
			n, where = n+1, where+" "+name+":"+c
		}
	}
	return n, where
}

func (l *leaving) hours(d time.Duration) {
	l.t.Helper()
	for end := l.Clock.Now().Add(d); l.Clock.Now().Before(end); {
		l.Clock.Move(min(24*time.Hour, end.Sub(l.Clock.Now())))
		if err := l.s.Beat(context.Background(), l.work); err != nil {
			l.t.Fatal(err)
		}
		if err := l.s.WatchClosing(context.Background(), l.work); err != nil {
			l.t.Fatal(err)
		}
	}
}

// dead looks that a clinic is gone: no row, no key, no name, and none of it comes back.
func (l *leaving) dead() {
	l.t.Helper()
	ctx := context.Background()
	if n, where := l.left(); n != 0 {
		l.t.Errorf("rows are left:%s", where)
	}
	if _, err := l.DB.Vault().Ring(ctx, l.Clinic); !errors.Is(err, vault.ErrUnknownClinic) {
		l.t.Errorf("its key opens: %v", err)
	}
	if err := l.DB.Vault().OpenClinic(ctx, l.Clinic); !errors.Is(err, vault.ErrShredded) {
		l.t.Errorf("it gets a new key: %v", err)
	}
	if lie, err := l.DB.Vault().Asides(ctx, l.Clinic, l.Clinic); err != nil || len(lie) > 0 {
		l.t.Errorf("%d of its orders lie beside the keys, %v", len(lie), err)
	}
	if err := l.s.Reopen(ctx, l.owner); err == nil {
		l.t.Error("it comes back")
	}
}

// TestNinetyDaysToComeBack: on the 89th day an owner comes back, and every row is as it was; on the 91st nothing is left and nothing comes back, not even
// with a database of before: its rows go again.
func TestNinetyDaysToComeBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-closing")
	promise.Proves(t, "remainder-counts")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		l, ctx := leaves(t, b), context.Background()
		is(t, l.s.Close(ctx, b.As(access.Manager), false), fault.Forbidden, "", "a manager closes it")
		before := l.rows()
		if err := l.s.Close(ctx, l.owner, false); err != nil {
			t.Fatal(err)
		}
		is(t, l.s.Close(ctx, l.second, false), fault.Conflict, "", "closed twice")
		_, err := l.Desk.Book(ctx, l.Public(), l.Booking(l.Providers[0], l.At(2, "11:00"), 2))
		is(t, err, fault.Conflict, "", "booking online while it closes")
		if err := b.DB.View(ctx, l.owner, access.PatientRead, func(_ context.Context, v *store.View) error {
			_, err := scheduling.MonthCounts(v)
			return err
		}); err != nil {
			t.Errorf("reading while it closes: %v", err)
		}
		l.hours(89 * 24 * time.Hour)
		x, there, err := l.s.ClosingOf(ctx, l.owner)
		if err != nil || !there || x.NoticedAt == 0 || x.GoesAt.Sub(x.NoticedAt) < retention.Warned {
			t.Fatalf("on the 89th day: %+v %v %v", x, there, err)
		}
		if err := l.s.Reopen(ctx, l.second); err != nil {
			t.Fatal(err)
		}
		if after := l.rows(); after != before {
			t.Error("coming back changed rows")
		}
		// Again, and nobody comes back.
		if err := l.s.Close(ctx, l.owner, true); err != nil {
			t.Fatal(err)
		}
		l.hours(90*24*time.Hour - time.Hour)
		if n, _ := l.left(); n == 0 {
			t.Error("it went before its ninety days")
		}
		l.hours(48 * time.Hour)
		l.dead()
		// Counts of ten and more stay where the owner allowed it, and say neither which clinic nor who.
		got := l.platform(`SELECT place, action, times FROM remainder`)
		if len(got) != 1 || got[0] != "EU book 12" {
			t.Errorf("what is left: %v", got)
		}
		// A key store and a database of before come back: the journal is replayed, and what came back of the rows goes.
		l.exec2(`INSERT INTO booking_count (clinic_id, month, action, times) VALUES ($1, '2026-01', 'book', 12)`)
		l.across(`DELETE FROM clinic_gone`)
		if err := l.s.FinishAll(ctx); err != nil {
			t.Fatal(err)
		}
		l.dead()
	})
}

// exec2 writes into the tables of a clinic whose keys are gone.
func (l *leaving) exec2(text string) {
	l.t.Helper()
	if err := l.DB.Change(context.Background(), l.work, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("test")
		_, err := tx.Exec(text)
		return err
	}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *leaving) across(text string) {
	l.t.Helper()
	if err := l.DB.Across(context.Background(), l.machine, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("test")
		_, err := p.Exec(text)
		return err
	}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *leaving) platform(text string) (out []string) {
	l.t.Helper()
	if err := l.DB.Across(context.Background(), l.machine, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("test")
		rows, err := p.Query(text)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a, b string
			var n int64
			if err := rows.Scan(&a, &b, &n); err != nil {
				return err
			}
			out = append(out, fmt.Sprint(a, " ", b, " ", n))
		}
		return rows.Err()
	}); err != nil {
		l.t.Fatal(err)
	}
	return out
}

// TestSoonerWhenOwnersWantIt: one owner's word waits for 72 hours and any owner stops it; two owners' words need no wait.
func TestSoonerWhenOwnersWantIt(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "closing-sooner")
	promise.Proves(t, "remainder-counts")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		l, ctx := leaves(t, b), context.Background()
		is(t, l.s.Now(ctx, l.owner, 1), fault.Conflict, "", "sooner than never")
		orders := retention.New(b.DB, b.Log, retention.Options{})
		one, err := orders.AskHold(ctx, l.owner, l.patient, "A letter of the court of 3 May", l.Day(400))
		if err != nil {
			t.Fatal(err)
		}
		if err := orders.ApproveHold(ctx, b.As(access.Manager), one, 1); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Close(ctx, l.owner, false); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Now(ctx, l.owner, 1); err != nil {
			t.Fatal(err)
		}
		is(t, l.s.Now(ctx, l.owner, 2), fault.Conflict, "", "the same owner for the second")
		l.hours(71 * time.Hour)
		if err := l.s.Later(ctx, l.second, 2); err != nil {
			t.Fatalf("another owner stops it: %v", err)
		}
		l.hours(20 * 24 * time.Hour)
		if n, _ := l.left(); n == 0 {
			t.Fatal("it went though it was stopped")
		}
		x, _, err := l.s.ClosingOf(ctx, l.owner)
		if err != nil || x.GoesAt.Sub(clock.At(b.Clock.Now())) < 60*24*time.Hour {
			t.Fatalf("the ninety days: %+v %v", x, err)
		}
		if err := l.s.Now(ctx, l.second, x.Version); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Now(ctx, l.owner, x.Version+1); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Beat(ctx, l.work); err != nil {
			t.Fatal(err)
		}
		if err := l.s.WatchClosing(ctx, l.work); err != nil {
			t.Fatal(err)
		}
		l.dead()
		if got := l.platform(`SELECT place, action, times FROM remainder`); len(got) != 0 {
			t.Errorf("counts stay though nobody allowed it: %v", got)
		}
	})
}

// TestSuspendedByTwo: two operators suspend on a named ground, after the owners were told; then the clinic reads, cancels and exports, its patients move and
// cancel by their own links, nothing is deleted, and nothing new is booked; lifting gives everything back.
func TestSuspendedByTwo(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "suspended-by-two")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		l, ctx := leaves(t, b), context.Background()
		one, other := l.machine, rig.SignedIn(id.Zero, id.New(b.Clock.Now()), id.Zero, access.Operator)
		booked := l.Booked(t, l.Public(), l.Booking(l.Providers[0], l.At(9, "10:00"), 3))
		is(t, l.s.AskSuspend(ctx, one, b.Clinic, "annoying", "Please stop this at once"), fault.Invalid, "", "a ground that there is not")
		is(t, l.s.AskSuspend(ctx, one, b.Clinic, retention.Spam, "Stop"), fault.Invalid, "", "without words")
		is(t, l.s.AskSuspend(ctx, l.owner, b.Clinic, retention.Spam, "Please stop this at once"), fault.Forbidden, "", "an owner")
		if err := l.s.AskSuspend(ctx, one, b.Clinic, retention.Spam, "Messages went to people who are no patients."); err != nil {
			t.Fatal(err)
		}
		list, err := l.s.Suspensions(ctx, one)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		is(t, l.s.ApproveSuspend(ctx, one, list[0].ID, 1), fault.Forbidden, "fault.another_person", "one operator alone")
		l.across2(`INSERT INTO person (id, email_token, email, name, password, language, created_at) VALUES ($1, $2, $3, $3, '', 'en', $4)`, other.Actor(), other.Actor(), []byte{1}, clock.At(b.Clock.Now()))
		l.across2(`INSERT INTO helper (person_id, role, added_at) VALUES ($1, 'operator', $2)`, other.Actor(), clock.At(b.Clock.Now().Add(time.Minute)))
		is(t, l.s.ApproveSuspend(ctx, other, list[0].ID, 1), fault.Forbidden, "fault.second_too_new", "an operator who came after the first word")
		l.across2(`UPDATE helper SET added_at = $2 WHERE person_id = $1`, other.Actor(), clock.At(b.Clock.Now().Add(-time.Hour)))
		if err := l.s.ApproveSuspend(ctx, other, list[0].ID, 1); err != nil {
			t.Fatal(err)
		}
		desk := b.As(access.FrontDesk)
		book := func() error {
			_, err := l.Desk.Book(ctx, desk, l.Booking(l.Providers[0], l.At(8, "12:00"), 4))
			return err
		}
		b.Clock.Move(retention.Spam.Before() - time.Minute)
		if err := book(); err != nil {
			t.Fatalf("before it begins: %v", err)
		}
		before := l.rows()
		b.Clock.Move(2 * time.Minute)
		for range 2 {
			if err := l.s.WatchSuspensions(ctx, rig.SignedIn(id.Zero, id.Zero, id.Zero, access.System)); err != nil {
				t.Fatal(err)
			}
		}
		is(t, book(), fault.Conflict, "fault.suspended", "booking while it is suspended")
		_, err = l.Desk.Book(ctx, l.Public(), l.Booking(l.Providers[0], l.At(8, "13:00"), 5))
		is(t, err, fault.Conflict, "fault.online_booking_off", "online")
		for _, right := range []access.Right{access.PatientRead, access.ScheduleRead, access.BillExport} {
			if err := b.DB.View(ctx, l.owner, right, func(context.Context, *store.View) error { return nil }); err != nil {
				t.Errorf("%s while it is suspended: %v", right, err)
			}
		}
		if after := l.rows(); after != before {
			t.Error("being suspended changed rows")
		}
		if _, _, err := l.Desk.Enter(ctx, booked.Token); err != nil {
			t.Errorf("a patient's own link: %v", err)
		}
		for _, own := range []access.Right{access.OwnChange, access.ScheduleCancel, access.PatientDelete, access.ClinicAccount, access.RetentionHold} {
			if !access.AlwaysWorks(own) {
				t.Errorf("%s does not work while it is suspended", own)
			}
		}
		got, there, err := l.s.Suspended(ctx, l.owner)
		if err != nil || !there || got.Ground != retention.Spam || got.Words == "" || !got.Stands(clock.At(b.Clock.Now())) {
			t.Errorf("what the owner sees: %+v %v %v", got, there, err)
		}
		log := l.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action IN ('announce-suspend', 'suspend')`)
		if log != "2" {
			t.Errorf("the clinic's log has %s entries of it", log)
		}
		if err := l.s.Lift(ctx, one, list[0].ID, 2); err != nil {
			t.Fatal(err)
		}
		if err := book(); !fault.Is(err, fault.Conflict) || strings.Contains(err.Error(), "suspended") {
			t.Errorf("lifted: %v", err) // the time is taken by the first one
		}
	})
}
