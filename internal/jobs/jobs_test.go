package jobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

var background = context.Background()

// recorder is a carrier that keeps what it is given.
type recorder struct {
	mu   sync.Mutex
	got  []messaging.Outgoing
	came chan struct{}
}

func (r *recorder) Channel() messaging.Channel { return messaging.Email }
func (r *recorder) Name() string               { return "recorder" }
func (r *recorder) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if handOver() != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	r.mu.Lock()
	r.got = append(r.got, m)
	r.mu.Unlock()
	r.came <- struct{}{}
	return messaging.Receipt{Outcome: messaging.Accepted}
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

type house struct {
	*rig.Base
	t                 *testing.T
	desk              *scheduling.Desk
	messages          *messaging.Service
	carrier           *recorder
	provider, service id.ID
}

func open(t *testing.T, b *rig.Base) *house {
	t.Helper()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Base: b, t: t, desk: scheduling.New(b.DB, b.Log), carrier: &recorder{came: make(chan struct{}, 1000)}}
	h.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: book, Carriers: []messaging.Carrier{h.carrier}, Public: "https://clinic.example", Sender: "post@clinic.example"})
	var week scheduling.Weekly
	for d := range week {
		week[d] = []scheduling.Interval{{From: 0, To: 1440}}
	}
	err = b.DB.Change(background, b.As(access.Owner), access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		p, err := scheduling.AddProvider(tx, scheduling.Provider{Name: "Dr. Meera Iyer", Online: true, Weekly: week})
		if err != nil {
			return err
		}
		h.provider = p.ID
		s, err := scheduling.AddService(tx, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: []id.ID{p.ID}})
		if err != nil {
			return err
		}
		h.service = s.ID
		return followup.Found(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) start(o jobs.Options) *jobs.Jobs {
	h.t.Helper()
	o.DatabaseURL = h.URL
	j := jobs.New(h.DB, h.messages, h.Clock, h.Log, o)
	if err := j.Start(background); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(background, 20*time.Second)
		defer cancel()
		if err := j.Stop(ctx); err != nil {
			h.t.Error(err)
		}
	})
	return j
}

func (h *house) book(who access.Caller, after time.Duration) scheduling.Appointment {
	h.t.Helper()
	r, err := h.desk.Book(background, who, scheduling.Booking{Service: h.service, Provider: h.provider, StartsAt: clock.At(rig.Start.Add(after)), Language: "en",
		Patient:  patients.Draft{Name: "Asha Rao", Email: "asha@example.org", BirthDate: "1980-02-03"},
		Consents: []consent.Choice{{Purpose: consent.Reminder, Channel: "email", Given: true}}})
	if err != nil {
		h.t.Fatal(err)
	}
	return r.Appointment
}

func (h *house) await(within time.Duration) {
	h.t.Helper()
	select {
	case <-h.carrier.came:
	case <-time.After(within):
		h.t.Fatalf("nothing came within %v", within)
	}
}

// TestConfirmationWithinASecond books while the jobs run as they do in a deployment. The bound
// here is generous for a busy machine; the median is what the promise is about.
func TestConfirmationWithinASecond(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "confirmation-at-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		h.start(jobs.Options{})
		h.book(accounts.Public(b.Clinic), 50*time.Hour)
		h.await(10 * time.Second) // the first waits for the start too
		var took []time.Duration
		fast := 0
		for i := range 7 {
			h.book(accounts.Public(b.Clinic), 51*time.Hour+time.Duration(i)*30*time.Minute)
			begun := time.Now()
			h.await(10 * time.Second)
			took = append(took, time.Since(begun).Round(time.Millisecond))
			if took[i] < time.Second {
				fast++
			}
		}
		t.Log("from the booking's commit to the carrier:", took)
		if fast < 4 {
			t.Errorf("most confirmations took more than a second: %v", took)
		}
	})
}

func TestReminderGoesOutWhenItsMomentComes(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		h.start(jobs.Options{})
		h.book(accounts.Public(b.Clinic), 50*time.Hour)
		h.await(10 * time.Second)
		h.Clock.Move(26*time.Hour - time.Second)
		time.Sleep(1500 * time.Millisecond)
		if n := h.carrier.count(); n != 1 {
			t.Fatalf("%d messages before the reminder's moment", n)
		}
		h.Clock.Move(2 * time.Second)
		h.await(10 * time.Second)
		h.Clock.Move(22 * time.Hour)
		h.await(10 * time.Second)
		h.Clock.Move(time.Hour)
		time.Sleep(1500 * time.Millisecond)
		if n := h.carrier.count(); n != 3 {
			t.Fatalf("%d messages, want the confirmation and two reminders", n)
		}
	})
}

func refuse(t *testing.T, b *rig.Base, appointment id.ID) {
	t.Helper()
	driver, address := "pgx", b.URL
	text := `ALTER TABLE message ADD CONSTRAINT refused CHECK (appointment_id <> '\x` + hex.EncodeToString(appointment[:]) + `')`
	if b.Engine == store.SQLite {
		driver, address = "sqlite", "file:"+filepath.Join(b.Dir, "almirah.db")+"?_pragma=busy_timeout(5000)"
		text = `CREATE TRIGGER refused BEFORE INSERT ON message WHEN NEW.appointment_id = x'` + hex.EncodeToString(appointment[:]) + `' BEGIN SELECT RAISE(ABORT, 'refused'); END`
	}
	raw, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(text); err != nil {
		t.Fatal(err)
	}
}

// TestOneBrokenEventHoldsUpOnlyItself has an event whose step cannot succeed in the middle of good ones.
func TestOneBrokenEventHoldsUpOnlyItself(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		who := accounts.Public(b.Clinic)
		h.book(who, 50*time.Hour)
		bad := h.book(who, 52*time.Hour)
		h.book(who, 54*time.Hour)
		// The database itself refuses this appointment's message: on PostgreSQL that spoils the whole transaction.
		refuse(t, b, bad.ID)
		h.start(jobs.Options{})
		for range 2 {
			h.await(15 * time.Second)
		}
		time.Sleep(500 * time.Millisecond)
		for _, m := range h.carrier.got {
			if m.Calendar == nil {
				t.Error("a confirmation without its calendar entry")
			}
		}
		if n := h.carrier.count(); n != 2 {
			t.Fatalf("%d messages, want those of the two good events", n)
		}
		err := b.DB.View(background, b.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
			var left int
			err := v.Row(`SELECT COUNT(*) FROM event WHERE clinic_id = $1`).Scan(&left)
			if left != 1 {
				t.Errorf("%d events wait, want the broken one", left)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestChoresRunForEachClinicAndFailAlone(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		second := b.Found(t, "moonrise")
		var ran, alone atomic.Int32
		var mu sync.Mutex
		seen := map[id.ID]int{}
		h.start(jobs.Options{Chores: []jobs.Chore{
			{Name: "each", Every: time.Second, Clinics: true, Run: func(_ context.Context, who access.Caller) error {
				mu.Lock()
				defer mu.Unlock()
				seen[who.Clinic()]++
				if who.Clinic() == b.Clinic {
					return errors.New("this clinic's chore fails")
				}
				return nil
			}},
			{Name: "one", Every: time.Second, Run: func(_ context.Context, who access.Caller) error {
				alone.Add(1)
				if !who.Clinic().IsZero() || who.Role() != access.System {
					t.Error("the platform's chore has a clinic's caller")
				}
				return nil
			}},
			{Name: "panics", Every: time.Second, Run: func(context.Context, access.Caller) error { ran.Add(1); panic("asha@example.org") }},
		}})
		for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			mu.Lock()
			done := seen[b.Clinic] > 1 && seen[second] > 1 && alone.Load() > 1 && ran.Load() > 1
			mu.Unlock()
			if done {
				break
			}
			if time.Since(begun) > 30*time.Second {
				t.Fatalf("after half a minute: %v, %d, %d", seen, alone.Load(), ran.Load())
			}
		}
		if b.Engine == store.SQLite { // what the queue keeps of a failure names nobody
			files, err := filepath.Glob(filepath.Join(b.Dir, "jobs.db*"))
			if err != nil || len(files) == 0 {
				t.Fatal("the queue's file is not beside the data: ", err)
			}
			for _, f := range files {
				raw, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(raw, []byte("asha@example.org")) {
					t.Errorf("%s holds what a job panicked with", filepath.Base(f))
				}
			}
		}
		head := audit.Head{}
		for begun := time.Now(); head.Size == 0; time.Sleep(50 * time.Millisecond) {
			var err error
			if head, err = b.DB.Head(background, access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)); err != nil {
				t.Fatal(err)
			}
			if time.Since(begun) > 30*time.Second {
				t.Fatal("the audit tree does not grow")
			}
		}
	})
}

// TestTwoProcessesSendOnce runs two processes' jobs on one PostgreSQL.
func TestTwoProcessesSendOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "several-servers")
	b := rig.New(t, store.Postgres, store.Options{})
	h := open(t, b)
	h.start(jobs.Options{})
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	db := b.Open(t, store.Options{Readers: 4, Writers: 4})
	other := jobs.New(db, messaging.New(db, b.Log, messaging.Options{Book: book, Carriers: []messaging.Carrier{h.carrier}, Public: "https://clinic.example", Sender: "post@clinic.example"}),
		b.Clock, b.Log, jobs.Options{DatabaseURL: b.URL})
	if err := other.Start(background); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Stop(background); err != nil {
			t.Error(err)
		}
	}()
	for i := range 20 {
		h.book(accounts.Public(b.Clinic), 50*time.Hour+time.Duration(i)*30*time.Minute)
	}
	for range 20 {
		h.await(20 * time.Second)
	}
	time.Sleep(time.Second)
	if n := h.carrier.count(); n != 20 {
		t.Fatalf("%d messages for 20 bookings", n)
	}
}

func TestStopEndsAndStartsAgain(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		for range 2 {
			j := jobs.New(b.DB, h.messages, b.Clock, b.Log, jobs.Options{DatabaseURL: b.URL})
			if err := j.Start(background); err != nil {
				t.Fatal(err)
			}
			if err := j.Start(background); err == nil {
				t.Fatal("started twice")
			}
			begun := time.Now()
			if err := j.Stop(background); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > 8*time.Second {
				t.Fatalf("stopping took %v", took)
			}
		}
		h.book(accounts.Public(b.Clinic), 50*time.Hour) // while nothing runs
		h.start(jobs.Options{})
		h.await(10 * time.Second)
	})
}
