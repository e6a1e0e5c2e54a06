package accounts_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

func TestIdleAndAbsolute(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("i@example.org")
		st := h.signIn("i@example.org", good)
		h.Clock.Move(15*time.Minute - time.Second)
		h.session(st.Cookie) // used: the quarter of an hour begins anew
		h.Clock.Move(15*time.Minute - time.Second)
		h.session(st.Cookie)
		h.Clock.Move(15*time.Minute + time.Second)
		_, err := h.s.Session(ctx, st.Cookie)
		wantKey(t, err, "fault.sign_in_first")
		_, err = h.s.Session(ctx, st.Cookie) // asking again does not bring it back
		wantKey(t, err, "fault.sign_in_first")

		st = h.signIn("i@example.org", good)
		end := h.Clock.Now().Add(12 * time.Hour)
		if !st.Expires.Equal(end) {
			t.Errorf("ends %s, want %s", st.Expires, end)
		}
		for h.Clock.Now().Before(end.Add(-10 * time.Minute)) {
			h.Clock.Move(10 * time.Minute)
			h.session(st.Cookie)
		}
		h.Clock.Set(end.Add(-time.Second))
		h.session(st.Cookie)
		h.Clock.Set(end.Add(time.Second))
		_, err = h.s.Session(ctx, st.Cookie)
		wantKey(t, err, "fault.sign_in_first")
	})
}

func TestAPageThatAsksByItselfKeepsNothingAlive(t *testing.T) {
	t.Parallel()
	h, ctx := build(t, rig.New(t, store.SQLite, store.Options{})), context.Background()
	h.person("p@example.org")
	st := h.signIn("p@example.org", good)
	for range 14 {
		h.Clock.Move(time.Minute)
		if _, err := h.s.Glance(ctx, st.Cookie); err != nil {
			t.Fatal(err)
		}
	}
	h.Clock.Move(time.Minute + time.Second)
	_, err := h.s.Glance(ctx, st.Cookie)
	wantKey(t, err, "fault.sign_in_first")
}

func TestIdleIsConfigurableUpToAnHour(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	h := build(t, b)
	h.s = accounts.New(b.DB, b.Log, accounts.Options{Clinics: h.c, Terms: terms, Idle: 9 * time.Hour})
	h.person2("l@example.org")
	st := h.signIn("l@example.org", good)
	h.Clock.Move(time.Hour - time.Second)
	h.session(st.Cookie)
	h.Clock.Move(time.Hour + time.Second)
	_, err := h.s.Session(context.Background(), st.Cookie)
	wantKey(t, err, "fault.sign_in_first")
}

// person2 comes by a setup link, without mail.
func (h *house) person2(email string) accounts.Started {
	h.t.Helper()
	link, err := h.s.FirstOwnerLink(context.Background(), true)
	if err != nil {
		h.t.Fatal(err)
	}
	st, err := h.s.SetUp(context.Background(), link, draft(email), here)
	if err != nil {
		h.t.Fatal(err)
	}
	return st
}

func TestTheCookieIsRotatedAndOnlyItsHashIsKept(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "session-cookies")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, cookie := h.owner("o@example.org", "rotate")
		before := owner.CSRF
		st, err := h.s.ChooseClinic(ctx, cookie, owner.Clinic)
		if err != nil || st.Cookie == cookie || !st.Expires.Equal(owner.Expires) {
			t.Fatalf("%+v, %v: the cookie stayed, or the end moved", st, err)
		}
		_, err = h.s.Session(ctx, cookie)
		wantKey(t, err, "fault.sign_in_first")
		in := h.session(st.Cookie)
		if in.CSRF == before || in.SessionID != owner.SessionID || !in.CheckCSRF(in.CSRF) || in.CheckCSRF(before) {
			t.Error("the token of forms was not renewed with the cookie")
		}
		// A value that the browser had before the sign-in is worth nothing after it.
		again, err := h.s.SignIn(ctx, "o@example.org", good, here, st.Cookie)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.s.Session(ctx, st.Cookie)
		wantKey(t, err, "fault.sign_in_first")
		_, err = h.s.Session(ctx, again.Cookie)
		wantKey(t, err, "fault.second_factor")
		halfway := again.Cookie
		if again = h.apps.Finish(t, "o@example.org", again); again.Cookie == halfway {
			t.Error("the second factor did not renew the cookie")
		}
		if got := h.session(again.Cookie); got.Clinic != owner.Clinic || got.Role != access.Owner {
			t.Errorf("the only clinic was not chosen: %+v", got)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(again.Cookie)
		sum := sha256.Sum256(raw)
		var n, all int
		h.ask(`SELECT COUNT(*) FROM session WHERE token_hash = $1`, []any{sum[:]}, &n)
		h.ask(`SELECT COUNT(*) FROM session WHERE token_hash = $1 OR csrf = $1`, []any{raw}, &all)
		if n != 1 || all != 0 {
			t.Errorf("%d rows of the hash, %d of the value", n, all)
		}
		for _, bad := range []string{"", again.Cookie[:42], again.Cookie + "A", " " + again.Cookie, "x"} {
			_, err := h.s.Session(ctx, bad)
			wantKey(t, err, "fault.sign_in_first")
		}
		_, err = h.s.ChooseClinic(ctx, again.Cookie, h.Clinic)
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("chose a clinic of others: %v", err)
		}
	})
}

func TestOneOfTwoRenewals(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := build(t, b)
		owner, cookie := h.owner("t@example.org", "twice")
		var mu sync.Mutex
		won := 0
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := h.s.ChooseClinic(context.Background(), cookie, owner.Clinic); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				} else if !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Errorf("one session became %d", won)
		}
	})
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "sign-in-traces")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("s@example.org")
		h.person("other@example.org")
		one, two, three := h.signIn("s@example.org", good), h.signIn("s@example.org", good), h.signIn("s@example.org", good)
		others := h.signIn("other@example.org", good)
		in := h.session(one.Cookie)
		places, err := h.s.Sessions(ctx, in)
		if err != nil || len(places) != 3 {
			t.Fatalf("%v, %v", places, err)
		}
		current := 0
		for _, p := range places {
			if p.Device != here {
				t.Errorf("device %+v", p.Device)
			}
			if p.Current {
				current++
			}
		}
		if current != 1 {
			t.Errorf("%d sessions are this one", current)
		}
		if err := h.s.EndSession(ctx, in, h.session(two.Cookie).SessionID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.Session(ctx, two.Cookie); err == nil {
			t.Error("an ended session goes on")
		}
		if err := h.s.EndSession(ctx, in, h.session(others.Cookie).SessionID); !fault.Is(err, fault.NotFound) {
			t.Errorf("ended somebody else's: %v", err)
		}
		if err := h.s.SignOut(ctx, one.Cookie); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SignOut(ctx, one.Cookie); err != nil {
			t.Errorf("signing out twice: %v", err)
		}
		if _, err := h.s.Session(ctx, one.Cookie); err == nil {
			t.Error("signed out and still in")
		}
		if n, err := h.s.SignOutEverywhere(ctx, h.session(three.Cookie)); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := h.s.Session(ctx, three.Cookie); err == nil {
			t.Error("signed out everywhere and still in")
		}
		h.session(others.Cookie)
	})
}

// TestARenewalOutlivesNoEnd: a session that goes on under a new cookie in the moment in which all of the person's are ended is ended, too.
func TestARenewalOutlivesNoEnd(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "sign-in-traces")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		other := h.open(b.Open(t, store.Options{}))
		owner, _ := h.owner("all@example.org", "all")
		for round := range 30 {
			cookies := h.halves(owner.Person.ID, 12)
			h.set(`UPDATE session SET level = 2 WHERE person_id = $1`, owner.Person.ID)
			_ = atOnce(len(cookies)+1, func(i int) error {
				if i == len(cookies)/2 {
					_, err := other.SignOutEverywhere(ctx, owner)
					return err
				}
				_, err := h.s.ChooseClinic(ctx, cookies[min(i, len(cookies)-1)], owner.Clinic)
				return err
			})
			var left int
			if h.ask(`SELECT COUNT(*) FROM session WHERE person_id = $1`, []any{owner.Person.ID}, &left); left != 0 {
				t.Fatalf("round %d: %d sessions outlived the end of all", round, left)
			}
		}
	})
}

// TestSeenIsWrittenOnceAMinute counts the statements of a request: one to read, and no write within a minute.
func TestSeenIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ran []string
	b := rig.New(t, store.SQLite, store.Options{Watch: func(text string, _ []any) { mu.Lock(); ran = append(ran, text); mu.Unlock() }})
	h := build(t, b)
	_, cookie := h.owner("seen@example.org", "seen")
	count := func() int {
		mu.Lock()
		ran = nil
		mu.Unlock()
		h.session(cookie)
		mu.Lock()
		defer mu.Unlock()
		return len(ran)
	}
	if n := count(); n != 1 {
		t.Errorf("%d statements", n)
	}
	h.Clock.Move(59 * time.Second)
	if n := count(); n != 1 {
		t.Errorf("%d statements within the minute", n)
	}
	h.Clock.Move(2 * time.Second)
	if n := count(); n != 2 {
		t.Errorf("%d statements after it", n)
	}
	if n := count(); n != 1 {
		t.Errorf("%d statements once it was written", n)
	}
}

func TestChoicesAndPreferences(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		in, cookie := h.owner("two@example.org", "first-one")
		second, err := h.s.OpenOwnClinic(ctx, in, clinics.Opening{Slug: "second-one", Profile: clinics.Profile{Name: "Second", Zone: "Asia/Dubai", Country: "AE", Jurisdiction: "ZZ", Region: "IN", Currency: "AED", Languages: []string{"ar"}}})
		if err != nil {
			t.Fatal(err)
		}
		in = h.session(cookie)
		list, err := h.s.Choices(ctx, in)
		if err != nil || len(list) != 2 || list[0].Name != "Clinic first-one" || !list[0].Current || list[1].Name != "Second" || list[1].Current {
			t.Fatalf("%+v, %v", list, err)
		}
		if st := h.signIn("two@example.org", good); !st.Clinic.IsZero() {
			t.Error("a clinic was chosen for somebody with two")
		}
		if _, err := h.s.ChooseClinic(ctx, cookie, second.ID); err != nil {
			t.Fatal(err)
		}
		p := accounts.Preferences{Name: "Meera B", Language: "hi", Theme: "dark", JobTitle: "Owner"}
		if err := h.s.SavePreferences(ctx, in, p, in.Person.Version); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SavePreferences(ctx, in, p, in.Person.Version); !fault.Is(err, fault.Conflict) {
			t.Errorf("an old version: %v", err)
		}
		if full, _ := h.s.Person(ctx, in); full.Name != "Meera B" || full.Phone != "" || full.Theme != "dark" || full.Shortcuts {
			t.Errorf("%+v", full)
		}
		if err := h.s.SavePreferences(ctx, in, accounts.Preferences{Name: "", Language: "xx", Theme: "pink"}, in.Person.Version+1); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v", err)
		}
		if err := h.s.AcceptTerms(ctx, in, "old"); !fault.Is(err, fault.Invalid) {
			t.Errorf("an old version of the terms: %v", err)
		}
		if err := h.s.AcceptTerms(ctx, in, terms); err != nil {
			t.Error(err)
		}
	})
}

func TestSetUpIsForTheFirst(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		old, err := h.s.FirstOwnerLink(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		link, err := h.s.FirstOwnerLink(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.s.SetUp(ctx, old, draft("first@example.org"), here)
		wantKey(t, err, "fault.link_gone")
		if _, err := h.s.SetUp(ctx, link, accounts.Draft{}, here); !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		st, err := h.s.SetUp(ctx, link, draft("first@example.org"), here)
		if err != nil {
			t.Fatal(err)
		}
		h.session(st.Cookie)
		_, err = h.s.FirstOwnerLink(ctx, false)
		wantKey(t, err, "fault.people_exist")
		late, err := h.s.FirstOwnerLink(ctx, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.SetUp(ctx, late, draft("FIRST@example.org"), here); !fault.Is(err, fault.Invalid) {
			t.Errorf("a second account of one address: %v", err)
		}
		h.Clock.Move(24*time.Hour - time.Second)
		if err := h.s.CheckLink(ctx, "setup", late); err != nil {
			t.Error(err)
		}
		h.Clock.Move(2 * time.Second)
		_, err = h.s.SetUp(ctx, late, draft("x@example.org"), here)
		wantKey(t, err, "fault.link_gone")
		// A link of one kind opens nothing of another.
		wantKey(t, h.s.Verify(ctx, late), "fault.link_gone")
		wantKey(t, h.s.ResetPassword(ctx, late, better), "fault.link_gone")
	})
}

func TestMinters(t *testing.T) {
	t.Parallel()
	c, p, l := id.ID{1}, id.ID{2}, id.ID{3}
	if x := accounts.Public(c); x.Clinic() != c || x.Role() != access.Public || !x.Actor().IsZero() {
		t.Errorf("%+v", x)
	}
	if x := accounts.ForPatient(c, p, l); x.Clinic() != c || x.Patient() != p || x.Session() != l || x.Role() != access.Patient || x.Purpose() != access.Own || x.May(access.PatientRead) {
		t.Errorf("%+v", x)
	}
	if x := accounts.Operator(); !x.Clinic().IsZero() || x.Role() != access.Operator || x.May(access.PatientRead) || x.May(access.ClinicRead) {
		t.Errorf("%+v", x)
	}
}

// BenchmarkSession is what every request of the staff pays.
func BenchmarkSession(b *testing.B) {
	base := rig.New(b, store.SQLite, store.Options{})
	s := accounts.New(base.DB, base.Log, accounts.Options{Terms: terms})
	link, err := s.FirstOwnerLink(context.Background(), true)
	if err != nil {
		b.Fatal(err)
	}
	st, err := s.SetUp(context.Background(), link, draft("bench@example.org"), here)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Session(context.Background(), st.Cookie); err != nil {
			b.Fatal(err)
		}
	}
}
