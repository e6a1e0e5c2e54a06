package requests_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestAnotherKindGivesNoTimeToTheClinic: staff call a letter something else while nobody knows who asks. When it is known, it is due as the sooner of the kinds says, by no hour later
// than it would have been, whatever it was called in between.
func TestAnotherKindGivesNoTimeToTheClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "+919845010001")
		came := clock.At(b.Clock.Now())
		letter := func() id.ID {
			one, err := h.s.Take(ctx, h.owner, requests.Taken{Kind: law.Complaint, Door: requests.ByLetter, Asker: requests.Self, Contact: "asha@example.org", Words: "I want to see what you have."})
			h.must(err)
			return one
		}
		at, later := letter(), letter()
		for _, one := range []id.ID{at, later} {
			h.must(h.s.SetKind(ctx, h.owner, one, 1, law.Access))
			h.must(h.s.SetKind(ctx, h.owner, one, 2, law.Portability))
		}
		h.must(h.s.Identify(ctx, h.owner, at, 3, p, requests.OnFile))
		if due := h.get(at).DueAt; due != came.Add(72*time.Hour) {
			t.Errorf("known at once: due %s after it came", due.Sub(came))
		}
		b.Clock.Move(50 * time.Hour)
		h.must(h.s.Identify(ctx, h.owner, later, 3, p, requests.OnFile))
		if due := h.get(later).DueAt; due != came.Add(122*time.Hour) {
			t.Errorf("known after fifty hours: due %s after it came", due.Sub(came))
		}
	})
}

// TestHoweverManyWait: after a breach hundreds ask. The clock of each is looked at, those too of which nobody knows yet who asks.
func TestHoweverManyWait(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "+919845010001")
		const many = 210
		take := func(n int, proof requests.Proof) {
			x := requests.Taken{Kind: law.Complaint, Door: requests.ByVisit, Asker: requests.Self, Words: fmt.Sprintf("Complaint number %d", n), Proof: proof}
			if proof != "" {
				x.Patient = p
			}
			_, err := h.s.Take(ctx, h.owner, x)
			h.must(err)
		}
		for n := range many {
			take(n, requests.MetHer)
		}
		take(many, "")
		told := 0
		work := func() {
			t.Helper()
			h.must(h.s.Work(ctx, h.work, func(string, string) error { told++; return nil }))
		}
		b.Clock.Move(8 * 24 * time.Hour)
		work()
		if told != 1 {
			t.Errorf("owners were told %d times of the letter of which nobody knows who wrote it", told)
		}
		b.Clock.Move(23 * 24 * time.Hour)
		work()
		if n := h.Count(t, `SELECT COUNT(*) FROM incident WHERE clinic_id = $1 AND rule = 'late-answer'`); n != fmt.Sprint(many) {
			t.Errorf("%s of %d answers that are overdue are incidents", n, many)
		}
		n, late, _, err := h.s.Ahead(ctx, h.owner)
		if err != nil || n != many+1 || late != many+1 {
			t.Errorf("the dashboard says %d of %d are late: %v", late, n, err)
		}
		h.must(b.DB.View(ctx, h.work, access.Work, func(_ context.Context, v *store.View) error {
			late, _, err := requests.Overdue(v)
			if late != many+1 {
				t.Errorf("the live look finds %d", late)
			}
			return err
		}))
	})
}
