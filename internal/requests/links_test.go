package requests_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// link is a link to her page as a message about her data carries it.
func (h *house) link(ctx context.Context, patient id.ID) (token string) {
	h.t.Helper()
	h.must(h.DB.Change(ctx, h.work, access.Work, func(_ context.Context, tx *store.Tx) (err error) {
		tx.Housekeeping("a test makes the link that a message would carry")
		token, err = scheduling.NewLink(tx, patient, id.Zero, tx.Now().Add(scheduling.LinkLife))
		return err
	}))
	return token
}

// TestANewAddressEndsTheOldLinks: who proves a new address by its code stays on her page, and what was sent to the old one opens nothing any more.
func TestANewAddressEndsTheOldLinks(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "+919845010077")
		old, here := h.link(ctx, p), h.link(ctx, p)
		she, _, err := h.Desk.Enter(ctx, here)
		h.must(err)
		h.must(h.s.AskContact(ctx, she, "new@example.org"))
		h.must(h.s.ProveContact(ctx, she, h.code(ctx, p)))
		if _, _, err := h.Desk.Enter(ctx, old); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link that went to the old address: %v", err)
		}
		if _, _, err := h.Desk.Enter(ctx, here); err != nil {
			t.Errorf("she is put out of the page that she is on: %v", err)
		}
		if _, _, err := h.Desk.Enter(ctx, h.link(ctx, p)); err != nil {
			t.Errorf("the next link: %v", err)
		}
	})
}

// TestWhoCameOfAgeIsReachedBySelf: her mother's address was all that the clinic had of the child. On the eighteenth birthday it gets no link to the record any more, whoever asks for
// one there, and no other private letter; the answer of a request is then told by hand. Who was entered as an adult in somebody's care goes on.
func TestWhoCameOfAgeIsReachedBySelf(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		born := func(years, days int) string {
			return b.Clock.Now().In(h.Zone).AddDate(-years, 0, days).Format(time.DateOnly)
		}
		enter := func(name, birth string) id.ID {
			p, _, err := h.people.Add(ctx, h.owner, patients.Draft{Name: name, BirthDate: birth, Language: "en", Guardian: &patients.GuardianDraft{Name: "Asha Verma", Email: "mother@example.org", Relation: "mother"}}, true)
			h.must(err)
			return p.ID
		}
		turns, cared := enter("Mira Verma", born(18, 1)), enter("Leela Verma", born(44, 0))
		asks := func() {
			h.must(h.s.AskLink(ctx, h.Public(), "mother@example.org"))
			h.answerAsked(ctx)
		}
		asks()
		if a, c := h.sent("privacy.link", turns), h.sent("privacy.link", cared); a != "1" || c != "1" {
			t.Fatalf("as a child: %s links, and %s of the adult in care", a, c)
		}
		b.Clock.Move(24 * time.Hour)
		asks()
		if a, c := h.sent("privacy.link", turns), h.sent("privacy.link", cared); a != "1" || c != "2" {
			t.Errorf("of age: %s links to her mother, and %s of the adult in care", a, c)
		}
		one, err := h.s.Take(ctx, b.As(access.FrontDesk), requests.Taken{Kind: law.Complaint, Door: requests.ByLetter, Asker: requests.Self, Contact: "", Words: "I was not told.", Patient: turns, Proof: requests.MetHer})
		h.must(err)
		if h.sent("privacy.told", turns) != "0" {
			t.Error("her mother is told of her complaint")
		}
		if c := h.get(one); len(c.Reached) != 0 || c.ConfirmedAt != 0 {
			t.Errorf("staff are shown that she is reached at %v", c.Reached)
		}
	})
}

// TestTheTourFindsEveryChild: children whom no mark tells are found by their dates of birth, behind however many who grew up with an old mark; a law with a higher age finds those whom
// the old one did not. Who came of age loses the links that went to whoever spoke for the child.
func TestTheTourFindsEveryChild(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "young-data-deleted")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		mother := &patients.GuardianDraft{Name: "Asha Verma", Email: "mother@example.org", Relation: "mother"}
		enter := func(name string, years int) id.ID {
			p, _, err := h.people.Add(ctx, h.owner, patients.Draft{Name: name, BirthDate: b.Clock.Now().In(h.Zone).AddDate(-years, 0, 1).Format(time.DateOnly), Language: "en", Guardian: mother}, true)
			h.must(err)
			return p.ID
		}
		write := func(text string, args ...any) {
			h.must(b.DB.Change(ctx, h.owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("a test makes what another law, or years, would leave")
				_, err := tx.Exec(text, args...)
				return err
			}))
		}
		work := func() { h.must(h.s.Work(ctx, h.work, func(string, string) error { return nil })) }
		found := func() map[id.ID]bool {
			list, err := h.s.Young(ctx, h.owner)
			h.must(err)
			out := map[id.ID]bool{}
			for _, y := range list {
				out[y.Patient] = true
			}
			return out
		}
		unmarked, grown, teen := enter("Mira Verma", 9), enter("Ravi Verma", 18), enter("Tara Verma", 17)
		sent := h.link(ctx, grown)
		work()
		if n := len(found()); n != 0 {
			t.Fatalf("%d are found who have a guardian", n)
		}
		for _, p := range []id.ID{unmarked, teen} {
			write(`DELETE FROM guardian WHERE clinic_id = $1 AND patient_id = $2`, p)
		}
		write(`UPDATE patient SET minor = FALSE WHERE clinic_id = $1 AND id = $2`, unmarked)
		write(`UPDATE patient SET minor = FALSE WHERE clinic_id = $1 AND id = $2`, teen)
		write(`UPDATE clinic SET jurisdiction = 'EU' WHERE clinic_id = $1`)
		count := func() int {
			n := 0
			h.must(b.DB.View(ctx, h.owner, access.RequestRead, func(_ context.Context, v *store.View) (err error) {
				n, _, err = requests.Unfound(v, id.Zero, 100)
				return err
			}))
			return n
		}
		b.Clock.Move(25 * time.Hour)
		work()
		if got := found(); !got[unmarked] || got[teen] || len(got) != 1 {
			t.Errorf("found %v where childhood ends at sixteen", got)
		}
		if _, _, err := h.Desk.Enter(ctx, sent); !fault.Is(err, fault.NotFound) {
			t.Errorf("he has come of age, and the link that went to his mother opens: %v", err)
		}
		if h.Count(t, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1 AND minor = TRUE`) != "1" {
			t.Error("the marks do not follow the dates of birth")
		}
		write(`UPDATE clinic SET jurisdiction = 'IN' WHERE clinic_id = $1`)
		b.Clock.Move(time.Minute) // another age: the tour does not wait for its day
		work()
		if got := found(); !got[unmarked] || !got[teen] || len(got) != 2 {
			t.Errorf("found %v where childhood ends at eighteen", got)
		}
		if n := count(); n != 0 {
			t.Errorf("%d were seen and nobody was told", n)
		}
		write(`DELETE FROM young_found WHERE clinic_id = $1 AND patient_id = $2`, teen)
		if n := count(); n != 1 {
			t.Errorf("the look finds %d of whom nobody was told, not 1", n)
		}
	})
}
