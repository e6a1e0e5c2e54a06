package app

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"almirah/internal/archives"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// TestWhatTheOldHouseSentIsNotSentAgain: a clinic is taken along, and works on for a day where it is, with a reminder that falls due; then it arrives elsewhere, and its owner lets go. The
// patient gets nothing twice: what fell due meanwhile is uncertain, and people decide. What is new in the new house goes out as ever.
func TestWhatTheOldHouseSentIsNotSentAgain(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-arrives")
	engines(t, func(t *testing.T, engine store.Engine) {
		ctx := context.Background()
		y := newYesterday(t, store.SQLite)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		first := y.book(t, y.House, 0)
		must(y.Start(ctx))
		if mails, _ := y.quietly(t, 1, 0); mails != 1 {
			t.Fatalf("%d confirmations went out", mails)
		}
		archive, _ := exported(t, y.House, demoSlug)
		y.time.Set(first.StartsAt.Time().Add(-23*time.Hour - 50*time.Minute)) // the day before: a reminder
		mails, _ := y.quietly(t, 2, 0)
		if mails != 2 {
			t.Fatalf("%d letters went to her before she moved", mails)
		}
		must(y.Close())

		smtp := maps.Clone(y.set)
		maps.DeleteFunc(smtp, func(name, _ string) bool { return !strings.HasPrefix(name, "ALMIRAH_SMTP_") })
		settings := settingsIn(t, t.TempDir(), engine, smtp)
		settings.Demo = false
		to, err := Open(ctx, settings, y.time, silent(), Options{})
		must(err)
		t.Cleanup(func() { _ = to.Close() })
		y.time.Move(20 * time.Minute)
		o, err := archives.Open(bytes.NewReader(archive), int64(len(archive)), nil)
		must(err)
		_, err = to.Archives.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, nil)
		must(err)
		y.time.Move(time.Minute)
		y.book(t, to, 6)                      // while things are held
		must(to.Archives.LetGo(ctx, y.owner)) // before the new house has looked for the first time what is due
		must(to.Start(ctx))
		y.time.Move(11 * time.Minute) // what waited for the clinic is looked at again by then
		if after, _ := y.quietly(t, mails+1, 0); after != mails+1 {
			t.Errorf("after it was let go %d letters went out, where one is new", after-mails)
		}
		hers := 0
		for _, m := range y.mail.Messages() {
			if strings.Contains(strings.Join(m.To, " "), "asha0@") {
				hers++
			}
		}
		if hers != 2 {
			t.Errorf("she got %d letters", hers)
		}
		if list := y.states(t, to); list[messaging.Unsure] != 1 || list[messaging.Planned] > 0 {
			t.Errorf("what fell due stands as %v", list)
		}
	})
}
