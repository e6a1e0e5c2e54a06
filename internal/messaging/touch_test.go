package messaging_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/messaging"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestATouchWhileTheDeskMovesTheVisit: the desk moves a visit at the very moment at which she touches Cancel under the message of
// the old time. She has not heard of the new time yet: it stays, and a person looks at what she touched. On SQLite one
// writes after the other, so there is nothing to meet.
func TestATouchWhileTheDeskMovesTheVisit(t *testing.T) {
	t.Parallel()
	x := talking(t, rig.New(t, store.Postgres, store.Options{}))
	x.approves()
	a := x.books("Asha Rao", asha, "", 50*time.Hour)
	x.wishes(a.Patient, messaging.WhatsApp)
	x.tick()
	m := x.whatsapp.all()[0]

	_ = stdlib.GetDefaultDriver()
	outside, err := sql.Open("pgx", x.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	waiting := func(n int) {
		for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
			var got int
			if err := outside.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&got); err != nil {
				t.Error(err)
				return
			}
			if got >= n {
				return
			}
		}
		t.Errorf("there were never %d at the provider's lock", n)
	}
	moved := make(chan error, 1)
	held, done := make(chan struct{}), make(chan struct{})
	go func() { // somebody else has the provider's lock until the move, and then the touch, wait for it
		defer close(done)
		x.do(access.ScheduleSettings, x.owner, func(tx *store.Tx) error {
			tx.Housekeeping("a test holds a provider's lock")
			var version int64 // read and not written: who waits for a row that was written may be overtaken
			if err := tx.Row(`SELECT version FROM provider WHERE clinic_id = $1 AND id = $2 FOR UPDATE`, a.Provider).Scan(&version); err != nil {
				return err
			}
			close(held)
			waiting(2)
			return nil
		})
	}()
	<-held
	go func() {
		_, err := x.desk.Move(t.Context(), x.owner, a.ID, scheduling.Move{StartsAt: clock.At(rig.Start.Add(70 * time.Hour)), Version: a.Version})
		moved <- err
	}()
	waiting(1)
	x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha}, Button: m.Call.Payloads[2], ReplyTo: "unknown"})
	<-done
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
	if s := x.status(a); s != scheduling.Booked {
		t.Errorf("the visit of which she has not heard yet is %s", s)
	}
	if th := x.thread(a.Patient); th.Unread != 1 {
		t.Errorf("%d unread: nobody looks at what she touched", th.Unread)
	}
}
