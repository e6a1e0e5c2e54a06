package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestWhatIsGrantedIsDone: a nomination by letter stands on record with its answer, an objection stops the uses that it names, or all, and a deletion is never granted in part. The
// letter says what was done, and nothing where nothing was.
func TestWhatIsGrantedIsDone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-in-writing")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, she := h.patient("Asha Verma", "asha@example.org", "")
		take := func(kind law.Request) id.ID {
			t.Helper()
			one, err := h.s.Take(ctx, h.owner, requests.Taken{Kind: kind, Door: requests.ByLetter, Asker: requests.Self, Patient: p, Proof: requests.MetHer, Words: "As my letter says."})
			h.must(err)
			return one
		}
		letter := func(one id.ID) string {
			t.Helper()
			_, text, err := h.s.Answer(ctx, she, one)
			h.must(err)
			return text
		}
		may := func() (out []consent.Purpose) {
			t.Helper()
			h.must(b.DB.View(ctx, h.owner, access.PatientRead, func(_ context.Context, v *store.View) error {
				for _, x := range consent.Opposable() {
					ok, _, err := consent.May(v, p, x, "email")
					if err != nil {
						return err
					}
					if ok {
						out = append(out, x)
					}
				}
				return nil
			}))
			return out
		}
		h.Change(t, func(tx *store.Tx) error {
			return consent.Record(tx, p, []consent.Choice{{Purpose: consent.Reminder, Given: true}, {Purpose: consent.News, Given: true, Channel: "email"}}, consent.DoorDesk, "en", id.Zero)
		})
		if got := may(); !slices.Equal(got, []consent.Purpose{consent.Reminder, consent.News, consent.Figures}) {
			t.Fatalf("%v", got)
		}

		named := take(law.Nomination)
		wrong(t, h.s.Decide(ctx, h.owner, named, 1, requests.Decision{Outcome: requests.Granted}), "nominee", "reach")
		h.must(h.s.Decide(ctx, h.owner, named, 1, requests.Decision{Outcome: requests.Granted, Nominee: "Omar Verma", Reach: "omar@example.org"}))
		if c := h.get(named); c.Nominee == nil || c.Nominee.Name != "Omar Verma" || c.Nominee.Contact != "omar@example.org" {
			t.Errorf("whom the letter named is not on record: %+v", c.Nominee)
		}
		if !strings.Contains(letter(named), "is on record") {
			t.Error(letter(named))
		}
		not := take(law.Nomination)
		h.must(h.s.Decide(ctx, h.owner, not, 1, requests.Decision{Outcome: requests.Refused, Ground: requests.Unknown, Why: "The letter names nobody."}))
		if strings.Contains(letter(not), "is on record") {
			t.Errorf("nobody is on record by it: %s", letter(not))
		}

		part := take(law.Objection)
		wrong(t, h.s.Decide(ctx, h.owner, part, 1, requests.Decision{Outcome: requests.Partly, Ground: requests.NotRequired, Why: "The rest was not asked for."}), "stops")
		wrong(t, h.s.Decide(ctx, h.owner, part, 1, requests.Decision{Outcome: requests.Granted, Stops: []consent.Purpose{consent.Booking}}), "stops")
		h.must(h.s.Decide(ctx, h.owner, part, 1, requests.Decision{Outcome: requests.Granted, Stops: []consent.Purpose{consent.Figures, consent.News}}))
		if got := may(); !slices.Equal(got, []consent.Purpose{consent.Reminder}) {
			t.Errorf("what she objected to goes on: %v", got)
		}
		if text := letter(part); !strings.Contains(text, "not used for: Figures, ") || strings.Contains(text, "Reminders") {
			t.Error(text)
		}
		all := take(law.Objection)
		h.must(h.s.Decide(ctx, h.owner, all, 1, requests.Decision{Outcome: requests.Granted}))
		if got := may(); len(got) != 0 {
			t.Errorf("she objected to everything, and this goes on: %v", got)
		}
		refused := take(law.Objection)
		h.must(h.s.Decide(ctx, h.owner, refused, 1, requests.Decision{Outcome: requests.Refused, Ground: requests.NotRequired, Why: "Nothing is used any more."}))
		if strings.Contains(letter(refused), "not used for") {
			t.Error(letter(refused))
		}

		gone := take(law.Deletion)
		wrong(t, h.s.Decide(ctx, h.owner, gone, 1, requests.Decision{Outcome: requests.Partly, Ground: requests.Keeping, Why: "The bills are kept by law."}), "outcome")
		if c := h.get(gone); c.Over() || c.EraseAt != 0 {
			t.Errorf("a part of a deletion was granted, which deletes all: %+v", c.Request)
		}
	})
}
