package consent

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestTheTextIsKept: an agreement names the fingerprint of the text that was shown, which is kept word for word; a changed text leaves it what it was, is asked for beside it, and counts for whoever
// agrees to it.
func TestTheTextIsKept(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "consent-text-kept", "consent-not-widened")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, p := New(b.DB, b.Log), adult(t, b)
		state := func() State {
			t.Helper()
			list, err := s.Of(ctx, b.As(access.FrontDesk), p)
			if err != nil {
				t.Fatal(err)
			}
			for _, st := range list {
				if st.Purpose == Reminder && st.Channel == "" {
					return st
				}
			}
			return State{}
		}
		first, err := Standard(Reminder, "en")
		if err != nil {
			t.Fatal(err)
		}
		if err := record(b, p, id.Zero, Choice{Purpose: Reminder, Given: true}); err != nil {
			t.Fatal(err)
		}
		if st := state(); st.Digest != first.Digest() || st.Digest == "" || st.Older {
			t.Errorf("agreed to %+v, shown %s", st, first.Digest())
		}
		b.Clock.Move(time.Hour)
		second := Notice{Purpose: Reminder, Version: 2, Language: "en", Body: "We remind you, and we ask how you are."}
		if _, err := s.Publish(ctx, b.As(access.Manager), Reminder, map[string]string{"en": second.Body, "hi": "हम याद दिलाते हैं।"}, 1); err != nil {
			t.Fatal(err)
		}
		if st := state(); st.Digest != first.Digest() || !st.Older || !st.Given {
			t.Errorf("after the text changed: %+v", st)
		}
		if why := may(t, b, p, Reminder, "email"); why != ReasonGiven {
			t.Errorf("what she agreed to is %s", why)
		}
		if err := record(b, p, id.Zero, Choice{Purpose: Reminder, Given: true}); err != nil {
			t.Fatal(err)
		}
		if st := state(); st.Digest != second.Digest() || st.Older {
			t.Errorf("agreed to the new text: %+v", st)
		}
		view(t, b, func(v *store.View) error {
			n, wrong, lost, err := TextsGenuine(v)
			if n != 2 || wrong != "" || lost != 0 {
				t.Errorf("%d texts, wrong %q, lost %d", n, wrong, lost)
			}
			return err
		})
		list, err := s.Archive(ctx, b.As(access.Public), "en")
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, n := range list {
			if n.Purpose == Reminder {
				said = append(said, n.Digest())
			}
		}
		if len(said) != 2 || said[0] != first.Digest() || said[1] != second.Digest() || len(list) != len(Asked())+1 {
			t.Errorf("the archive holds %d texts, of reminders %v", len(list), said)
		}
		err = change(b, func(tx *store.Tx) error {
			tx.Housekeeping("a forgery")
			_, err := tx.Exec(`UPDATE notice_text SET body = 'nothing' WHERE clinic_id = $1`)
			return err
		})
		if err == nil {
			t.Error("a text that was shown can be changed")
		}
	})
}

// TestAWiderPurposeAsksFirst: who agreed before a purpose came to cover more agreed to less; nothing is done on it before she is asked again.
func TestAWiderPurposeAsksFirst(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "consent-not-widened")
	wider := clock.At(rig.Start)
	e := Entry{Purpose: Reminder, Basis: Agreement, Child: true, Wider: wider}
	for at, want := range map[clock.Instant]string{wider - 1: ReasonNarrower, wider: ReasonGiven, wider + 1: ReasonGiven} {
		ok, why, err := decidedBy(nil, []row{{purpose: Reminder, given: true, at: at}}, id.Zero, e, "")
		if err != nil || why != want || ok != (want == ReasonGiven) {
			t.Errorf("agreed at %d: %v, %s, %v", at-wider, ok, why, err)
		}
	}
	if _, why, _ := decidedBy(nil, []row{{purpose: Reminder, at: wider - 1}}, id.Zero, e, ""); why != ReasonWithdrawn {
		t.Errorf("a no is %s", why)
	}
	for _, e := range Registry() {
		if e.Wider != 0 {
			t.Errorf("%s covers more than its first text said: write here that the text says so, and since when", e.Purpose)
		}
	}
}
