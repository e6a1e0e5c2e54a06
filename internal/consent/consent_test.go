package consent

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/words"

	"pgregory.net/rapid"
)

var ctx = context.Background()

func add(t testing.TB, b *rig.Base, d patients.Draft) patients.Patient {
	t.Helper()
	p, _, err := patients.New(b.DB, b.Log).Add(ctx, b.As(access.FrontDesk), d, true)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func adult(t testing.TB, b *rig.Base) id.ID {
	return add(t, b, patients.Draft{Name: "Asha Rao", Phone: "98765 43210", BirthDate: "1984-03-15", Language: "hi"}).ID
}

func change(b *rig.Base, fn func(tx *store.Tx) error) error {
	return b.DB.Change(ctx, b.As(access.FrontDesk), access.PatientWrite, func(_ context.Context, tx *store.Tx) error { return fn(tx) })
}

func record(b *rig.Base, p id.ID, guardian id.ID, given ...Choice) error {
	return change(b, func(tx *store.Tx) error { return Record(tx, p, given, DoorDesk, "en", guardian) })
}

func view(t testing.TB, b *rig.Base, fn func(v *store.View) error) {
	t.Helper()
	if err := b.DB.View(ctx, b.As(access.FrontDesk), access.PatientRead, func(_ context.Context, v *store.View) error { return fn(v) }); err != nil {
		t.Fatal(err)
	}
}

func may(t testing.TB, b *rig.Base, p id.ID, purpose Purpose, channel string) string {
	t.Helper()
	var ok bool
	var why string
	view(t, b, func(v *store.View) (err error) { ok, why, err = May(v, p, purpose, channel); return err })
	if !slices.Contains(Reasons(), why) {
		t.Errorf("%q is no reason of the list", why)
	}
	if ok != (why == ReasonNecessary || why == ReasonGiven || why == ReasonUnopposed || why == ReasonDuty) {
		t.Errorf("%v because %s", ok, why)
	}
	return why
}

func events(t testing.TB, b *rig.Base) (n int) {
	t.Helper()
	view(t, b, func(v *store.View) error {
		return v.Row(`SELECT COUNT(*) FROM event WHERE clinic_id = $1 AND kind = $2`, EventWithdrawn).Scan(&n)
	})
	return n
}

func rowsOf(t testing.TB, b *rig.Base, p id.ID) (out []row) {
	t.Helper()
	view(t, b, func(v *store.View) (err error) { out, err = readAll(v, p); return err })
	return out
}

func TestGiveAndTakeBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "consent-asked")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk, p := New(b.DB, b.Log), b.As(access.FrontDesk), adult(t, b)
		// Nothing is given beforehand, and the booking needs nothing.
		for _, e := range Registry() {
			want := ReasonNotAsked
			switch e.Basis {
			case Necessity:
				want = ReasonNecessary
			case Objection:
				want = ReasonUnopposed
			case Duty:
				want = ReasonDuty
			}
			if got := may(t, b, p, e.Purpose, "email"); got != want {
				t.Errorf("%s: %s before anybody chose", e.Purpose, got)
			}
		}
		set := func(c Choice) {
			t.Helper()
			b.Clock.Move(time.Second)
			if err := s.Set(ctx, desk, p, c); err != nil {
				t.Fatal(err)
			}
		}
		set(Choice{Purpose: Reminder, Given: true})
		if may(t, b, p, Reminder, "email") != ReasonGiven || may(t, b, p, Reminder, "sms") != ReasonGiven || may(t, b, p, Followup, "email") != ReasonNotAsked {
			t.Error("a yes to one purpose is a yes to that purpose, by every channel")
		}
		set(Choice{Purpose: Reminder, Channel: "sms"})
		if may(t, b, p, Reminder, "email") != ReasonGiven || may(t, b, p, Reminder, "sms") != ReasonWithdrawn || events(t, b) != 1 {
			t.Error("a no to one channel")
		}
		set(Choice{Purpose: Reminder})
		if may(t, b, p, Reminder, "email") != ReasonWithdrawn || may(t, b, p, Reminder, "sms") != ReasonWithdrawn || events(t, b) != 2 {
			t.Error("a no to all channels")
		}
		set(Choice{Purpose: Reminder})
		if events(t, b) != 2 {
			t.Error("nothing was taken back, and it was announced")
		}
		set(Choice{Purpose: Reminder, Channel: "email", Given: true})
		if may(t, b, p, Reminder, "email") != ReasonGiven || may(t, b, p, Reminder, "sms") != ReasonWithdrawn {
			t.Error("a yes to one channel after a no to all")
		}
		set(Choice{Purpose: Reminder})
		if may(t, b, p, Reminder, "email") != ReasonWithdrawn || events(t, b) != 3 {
			t.Error("a no to all channels takes back the yes to one")
		}
		if n := len(rowsOf(t, b, p)); n != 6 {
			t.Errorf("%d rows: the history is not whole", n)
		}
		got, err := s.Of(ctx, desk, p)
		if err != nil || len(got) != 5 || got[0].Purpose != Reminder || !got[0].Asked || got[0].Given || got[0].Door != DoorDesk || got[0].Language != "hi" || got[0].Version != 1 || got[1].Asked {
			t.Errorf("%+v %v", got, err)
		}
		set(Choice{Purpose: Reminder, Channel: "sms", Given: true})
		if got, _ := s.Of(ctx, desk, p); len(got) != 6 || got[1].Channel != "sms" || !got[1].Given {
			t.Errorf("%+v", got)
		}
		if n := len(rowsOf(t, b, p)); n != 7 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestLatestRowWins compares May with the rule said plainly, over random histories and clocks that go back.
func TestLatestRowWins(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := adult(t, b)
		type said struct {
			Choice
		}
		var history []said
		rapid.Check(t, func(rt *rapid.T) {
			// Another process's clock may be behind; the order of the choices is what counts.
			b.Clock.Move(time.Duration(rapid.IntRange(-5, 5).Draw(rt, "clock")) * time.Second)
			c := Choice{Purpose: rapid.SampledFrom(Asked()).Draw(rt, "purpose"), Channel: rapid.SampledFrom(channels).Draw(rt, "channel"), Given: rapid.Bool().Draw(rt, "given")}
			if err := record(b, p, id.Zero, c); err != nil {
				rt.Fatal(err)
			}
			history = append(history, said{c})
			for _, ch := range channels[1:] {
				want := ReasonNotAsked
				for _, h := range history {
					if h.Purpose == c.Purpose && (h.Channel == "" || h.Channel == ch) {
						want = ReasonWithdrawn
						if h.Given {
							want = ReasonGiven
						}
					}
				}
				if got := may(t, b, p, c.Purpose, ch); got != want {
					rt.Fatalf("%s by %s: %s, want %s after %d choices", c.Purpose, ch, got, want, len(history))
				}
			}
		})
	})
}

func TestOwnLink(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, p, other := New(b.DB, b.Log), adult(t, b), adult(t, b)
		link := access.Mint(b.Clinic, id.Zero, p, id.New(b.Clock.Now()), access.Patient, access.Own)
		// Taking back is the same one step as giving.
		for _, given := range []bool{true, false} {
			if err := s.Set(ctx, link, p, Choice{Purpose: Reminder, Given: given}); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Of(ctx, link, p); err != nil || got[0].Given != given || got[0].Door != DoorLink {
				t.Errorf("%+v %v", got, err)
			}
		}
		if err := s.Set(ctx, link, other, Choice{Purpose: Reminder, Given: true}); !fault.Is(err, fault.NotFound) {
			t.Errorf("another patient's consents: %v", err)
		}
		if _, err := s.Of(ctx, link, other); !fault.Is(err, fault.NotFound) {
			t.Errorf("another patient's consents: %v", err)
		}
		if err := s.Set(ctx, b.As(access.Billing), p, Choice{Purpose: Reminder, Given: true}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("billing: %v", err)
		}
		second := b.In(b.Found(t, "second"), access.Owner)
		if err := s.Set(ctx, second, p, Choice{Purpose: Reminder, Given: true}); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic: %v", err)
		}
		if _, err := s.Of(ctx, second, p); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic: %v", err)
		}
		if err := s.SetRestriction(ctx, second, p, true); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic: %v", err)
		}
	})
}

func TestRestriction(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-people-told")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk, p := New(b.DB, b.Log), b.As(access.FrontDesk), adult(t, b)
		if err := s.Set(ctx, desk, p, Choice{Purpose: Reminder, Given: true}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time changes nothing
			if err := s.SetRestriction(ctx, desk, p, true); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range Registry() {
			want := ReasonRestricted
			if e.Basis == Duty { // what the law demands to be told is told
				want = ReasonDuty
			}
			if got := may(t, b, p, e.Purpose, "email"); got != want {
				t.Errorf("%s: %s", e.Purpose, got)
			}
		}
		if n := len(rowsOf(t, b, p)); n != 2 || events(t, b) != 1 {
			t.Errorf("%d rows, %d events", n, events(t, b))
		}
		if got, _ := s.Of(ctx, desk, p); !got[0].Restricted || !got[0].Given {
			t.Errorf("%+v", got[0])
		}
		if err := s.SetRestriction(ctx, desk, p, false); err != nil {
			t.Fatal(err)
		}
		if may(t, b, p, Booking, "email") != ReasonNecessary || may(t, b, p, Reminder, "email") != ReasonGiven {
			t.Error("lifted, and still stopped")
		}
		for _, forged := range []Purpose{restriction, "advertising", "", Booking} {
			if err := record(b, p, id.Zero, Choice{Purpose: forged, Given: true}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q was taken: %v", forged, err)
			}
		}
		if may(t, b, p, "advertising", "email") != ReasonUnknown || may(t, b, p, restriction, "email") != ReasonUnknown {
			t.Error("a purpose that is none is allowed")
		}
	})
}

func TestChildren(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		d := patients.Draft{Name: "Tara Rao", BirthDate: "2015-01-02", Guardian: &patients.GuardianDraft{Name: "Meena Rao", Phone: "98765 43211"}}
		p := add(t, b, d)
		mother := p.Guardians[0].ID
		d.Guardian = &patients.GuardianDraft{Name: "Sita Rao", Phone: "98765 43211"}
		q, _, err := patients.New(b.DB, b.Log).Add(ctx, desk, d, false)
		if err != nil || q.ID != p.ID || len(q.Guardians) != 2 {
			t.Fatal(err)
		}
		wrong := func(err error, field string) {
			t.Helper()
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), field) {
				t.Errorf("want a wrong %s: %v", field, err)
			}
		}
		yes := Choice{Purpose: Reminder, Given: true}
		wrong(record(b, p.ID, id.Zero, yes), "guardian_name") // two guardians, and nobody says which
		wrong(record(b, p.ID, b.Clinic, yes), "guardian_name")
		wrong(record(b, p.ID, mother, Choice{Purpose: News, Given: true}), "consents")
		wrong(record(b, p.ID, mother, yes, Choice{Purpose: Review, Given: true}), "consents")
		if n := len(rowsOf(t, b, p.ID)); n != 0 {
			t.Fatalf("%d rows of refused choices", n)
		}
		if err := record(b, p.ID, mother, yes); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.Of(ctx, desk, p.ID); got[0].Guardian != mother || may(t, b, p.ID, Reminder, "sms") != ReasonGiven {
			t.Errorf("%+v", got[0])
		}
		if err := record(b, p.ID, id.Zero, Choice{Purpose: Reminder}, Choice{Purpose: News}); err != nil {
			t.Errorf("a no needs nobody's name: %v", err)
		}
		link := access.Mint(b.Clinic, id.Zero, p.ID, id.New(b.Clock.Now()), access.Patient, access.Own)
		if err := s.Set(ctx, link, p.ID, yes); err != nil {
			t.Errorf("by the child's link: %v", err)
		}
		// A yes from before she was known to be a child does not count for what is not for children.
		grown := add(t, b, patients.Draft{Name: "Mira Rao", Phone: "98765 43219"})
		if err := record(b, grown.ID, id.Zero, Choice{Purpose: News, Given: true}); err != nil || may(t, b, grown.ID, News, "sms") != ReasonGiven {
			t.Fatal(err)
		}
		if _, err := patients.New(b.DB, b.Log).Save(ctx, desk, grown.ID, patients.Draft{Name: "Mira Rao", BirthDate: "2014-05-05", Guardian: d.Guardian}, 1); err != nil {
			t.Fatal(err)
		}
		if got := may(t, b, grown.ID, News, "sms"); got != ReasonChild {
			t.Errorf("news to a child: %s", got)
		}
	})
}

func TestNotices(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, lead, anyone, p := New(b.DB, b.Log), b.As(access.Owner), b.As(access.Public), adult(t, b)
		got, err := s.Notices(ctx, anyone, "hi")
		if err != nil || len(got) != len(Asked()) || got[0].Version != 1 || got[0].Language != "hi" || !strings.Contains(got[0].Body, "क्लिनिक") {
			t.Fatalf("%+v %v", got, err)
		}
		if err := s.Set(ctx, b.As(access.FrontDesk), p, Choice{Purpose: Reminder, Given: true}); err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{"en": "We remind you.", "hi": "हम याद दिलाते हैं।"}
		for want, bad := range map[string]map[string]string{"body_hi": {"en": "x"}, "body_ar": {"en": "x", "hi": "y", "ar": "z"}, "body_en": {"en": strings.Repeat("x", MaxNotice+1), "hi": "y"}} {
			if _, err := s.Publish(ctx, lead, Reminder, bad, 1); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("want a wrong %s: %v", want, err)
			}
		}
		if _, err := s.Publish(ctx, b.As(access.FrontDesk), Reminder, texts, 1); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the desk publishes: %v", err)
		}
		if _, err := s.Publish(ctx, lead, Booking, texts, 1); !fault.Is(err, fault.NotFound) {
			t.Errorf("a notice for what nobody is asked: %v", err)
		}
		if n, err := s.Publish(ctx, lead, Reminder, texts, 1); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		if _, err := s.Publish(ctx, lead, Reminder, texts, 1); !fault.Is(err, fault.Conflict) {
			t.Errorf("over somebody else's text: %v", err)
		}
		now, err := s.Notices(ctx, anyone, "en")
		if err != nil || now[0].Body != "We remind you." || now[0].Version != 2 || now[1].Version != 1 {
			t.Fatalf("%+v %v", now, err)
		}
		if far, _ := s.Notices(ctx, anyone, "ta"); far[0].Language != "en" || far[1].Language != "ta" {
			t.Errorf("%s %s", far[0].Language, far[1].Language)
		}
		// The shown version is pinned: who saw the old page agreed to the old text.
		b.Clock.Move(time.Second)
		if err := record(b, p, id.Zero, Choice{Purpose: Reminder, Given: true, Version: 1}); err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(time.Second)
		if err := record(b, p, id.Zero, Choice{Purpose: Reminder, Given: true}, Choice{Purpose: News, Given: true}); err != nil {
			t.Fatal(err)
		}
		var versions []string
		for _, r := range rowsOf(t, b, p) {
			versions = append(versions, fmt.Sprint(r.purpose, r.version))
		}
		if !slices.Equal(versions, []string{"news1", "reminder2", "reminder1", "reminder1"}) {
			t.Errorf("%v", versions)
		}
		if err := record(b, p, id.Zero, Choice{Purpose: Reminder, Given: true, Version: 3}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a version that nobody published: %v", err)
		}
		if n, err := s.Notice(ctx, anyone, Reminder, 1, "en"); err != nil || !strings.HasPrefix(n.Body, "The clinic reminds") {
			t.Errorf("%+v %v", n, err)
		}
		if _, err := s.Notice(ctx, anyone, Reminder, 9, "en"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		second := b.In(b.Found(t, "second"), access.Public)
		if n, err := s.Notices(ctx, second, "en"); err != nil || n[0].Version != 1 {
			t.Errorf("another clinic's text: %+v %v", n, err)
		}
		// Two leads publish at once: one is first, the other is told.
		var wg sync.WaitGroup
		won := make([]bool, 6)
		for i := range won {
			wg.Go(func() {
				_, err := s.Publish(ctx, lead, News, texts, 1)
				if won[i] = err == nil; err != nil && !fault.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(slices.DeleteFunc(won, func(w bool) bool { return !w })); n != 1 {
			t.Errorf("%d versions 2", n)
		}

		view(t, b, func(v *store.View) error {
			got, err := Keeper{}.Collect(v, p)
			if err != nil || len(got["consent"]) != 4 || got["consent"][1]["notice"] != "We remind you." || got["consent"][1]["given"] != "true" {
				t.Errorf("%v %v", got, err)
			}
			return err
		})
		if err := change(b, func(tx *store.Tx) error { tx.Housekeeping("a test"); return Keeper{}.Erase(tx, p) }); err != nil {
			t.Fatal(err)
		}
		if n := len(rowsOf(t, b, p)); n != 0 {
			t.Errorf("%d rows stay", n)
		}
	})
}

// TestRegistry: the list is closed, has no advertising in it, and every line of it has its words and its notice in every language.
func TestRegistry(t *testing.T) {
	t.Parallel()
	var list []Purpose
	for _, e := range Registry() {
		list = append(list, e.Purpose)
		if strings.Contains(strings.ToLower(string(e.Purpose)), "ad") {
			t.Errorf("%s sounds like advertising", e.Purpose)
		}
	}
	if !slices.Equal(list, []Purpose{Booking, Reminder, Followup, Papers, Review, News, Figures, Rights, Security, Terms}) {
		t.Errorf("%v: a new purpose asks every patient first; say so in the policy before you change this line", list)
	}
	for _, l := range words.Languages() {
		seen := map[string]bool{}
		for _, p := range Asked() {
			n, err := Standard(p, l.Code)
			if err != nil || n.Language != l.Code || len([]rune(n.Body)) < 100 || len([]rune(n.Body)) > MaxNotice || seen[n.Body] || n.Version != 1 {
				t.Errorf("%s in %s: %d letters, %v", p, l.Code, len(n.Body), err)
			}
			seen[n.Body] = true
		}
	}
	if n, err := Standard(Booking, "en"); err != nil || n.Body != "" {
		t.Error("the booking asks")
	}
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, p := range list {
		keys = append(keys, "consent.purpose."+string(p), "consent.purpose."+string(p)+".why")
	}
	for _, r := range Reasons() {
		keys = append(keys, "consent.reason."+r)
	}
	for _, d := range doors {
		keys = append(keys, "consent.door."+d)
	}
	for _, k := range append(keys, "field.consent.purpose", "field.consent.needless", "field.consent.channel", "field.consent.notice", "field.consent.child",
		"field.notice.empty", "field.notice.long", "field.notice.characters", "field.notice.language") {
		if got := book.Tongue("en").SayMap(k, map[string]any{"Max": 3}); got == "" || strings.Contains(got, k) {
			t.Errorf("%s has no words: %q", k, got)
		}
	}
	// The zero value of a choice is a no: nothing is given unless somebody says so.
	if reflect.Zero(reflect.TypeFor[Choice]()).Interface().(Choice).Given {
		t.Error("a choice that nobody made is a yes")
	}
	var f fault.Fields
	if got := Choices([]string{"reminder", "news", "reminder"}, &f); len(got) != 2 || f.Err() != nil || !got[0].Given {
		t.Errorf("%+v %v", got, f.Err())
	}
	if Choices([]string{"everything"}, &f); f.Err() == nil {
		t.Error("a purpose that is none was taken")
	}
}

func TestHoldings(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		schema, err := b.DB.Schema(ctx)
		if err != nil {
			t.Fatal(err)
		}
		own := map[string][]string{}
		for _, h := range Holdings() {
			own[h.Name] = schema[h.Name]
		}
		if err := holdings.Check(Holdings(), own); err != nil {
			t.Error(err)
		}
		if err := holdings.Keepers(Holdings(), []string{Keeper{}.Name()}); err != nil {
			t.Error(err)
		}
	})
}
