package app

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// TestAClinicThatWasClosingArrivesOpen: an owner closes her clinic where it is, as the handbook says, and takes it along on one of its last days, when everybody was told that it goes.
// In its new house it is open, and stays: it left the other house, not this one. An import that broke off in its last step goes on as ever.
func TestAClinicThatWasClosingArrivesOpen(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-arrives")
	engines(t, func(t *testing.T, engine store.Engine) {
		ctx := context.Background()
		from, time0 := timedHouse(t, engine, morning)
		owner, clinic, err := from.demoClinic(ctx)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(err)
		work := jobs.ForClinic(clinic.ID)
		must(from.Lives.Close(ctx, owner, false))
		for range 89 {
			time0.Move(24 * time.Hour)
			must(from.Lives.Beat(ctx, jobs.Platform()))
			must(from.Lives.WatchClosing(ctx, work))
		}
		if x, there, err := from.Lives.ClosingOf(ctx, anOwner(from, clinic.ID)); err != nil || !there || x.NoticedAt == 0 {
			t.Fatalf("on the 89th day: %+v %v %v", x, there, err)
		}
		archive, made := exported(t, from, clinic.Slug)
		o, err := archives.Open(bytes.NewReader(archive), int64(len(archive)), nil)
		must(err)

		to, later := timedHouse(t, engine, time0.Now().Add(4*24*time.Hour))
		thief, stolen := id.New(to.Clock.Now()), false
		route := func(to *House, whose id.ID) {
			must(to.DB.Across(ctx, accounts.Operator(), access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
				p.Housekeeping("a test's other clinic")
				_, err := p.Exec(`UPDATE clinic_route SET clinic_id = $2 WHERE slug = $1`, clinic.Slug, whose)
				return err
			}))
		}
		come := func() (archives.Made, error) {
			return to.Archives.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, func(p archives.Progress) {
				if !stolen && p.What == "guardian" {
					stolen = true
					route(to, thief)
				}
			})
		}
		if _, err := come(); err == nil || !stolen {
			t.Fatalf("it did not break off in its last step: %v", err)
		}
		route(to, clinic.ID)
		arrived, err := come()
		if err != nil {
			t.Fatalf("begun again: %v", err)
		}
		if arrived.Canonical != made.Canonical || arrived.Rows != made.Rows {
			t.Errorf("arrived as %+v, left as %+v", arrived, made)
		}
		for range 4 { // each hour, and for some days
			must(to.Lives.Beat(ctx, jobs.Platform()))
			must(to.Lives.WatchClosing(ctx, work))
			later.Move(24 * time.Hour)
		}
		if gone, err := to.Vault.ClinicGone(ctx, clinic.ID); err != nil || gone {
			t.Fatalf("the clinic was destroyed in its new house: %v", err)
		}
		c, err := to.Clinics.Get(ctx, accounts.Public(clinic.ID))
		if err != nil || c.Status != clinics.Open || c.ClosingSince != 0 {
			t.Errorf("it stands as %s since %d: %v", c.Status, c.ClosingSince, err)
		}
		if _, there, err := to.Lives.ClosingOf(ctx, anOwner(to, clinic.ID)); err != nil || there {
			t.Errorf("it closes: %v", err)
		}
		// Where it was it goes as it was told.
		must(from.Lives.Beat(ctx, jobs.Platform()))
		if x, there, err := from.Lives.ClosingOf(ctx, anOwner(from, clinic.ID)); err != nil || !there || x.NoticedAt == 0 {
			t.Errorf("where it was: %+v %v %v", x, there, err)
		}
	})
}

// TestWhatWasChosenBeforeTheFirstPatientArrives: a clinic that chose what it keeps before its first patient came, as the program advises, has versions of its policy that asked nobody. The tables
// take such a version from a clinic without patients alone; it arrives all the same.
func TestWhatWasChosenBeforeTheFirstPatientArrives(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-arrives")
	engines(t, func(t *testing.T, engine store.Engine) {
		ctx := context.Background()
		from := emptyHouse(t, engine)
		owner, clinic, err := from.demoClinic(ctx)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(err)
		must(from.keepTerms(ctx, jobs.ForClinic(clinic.ID)))
		must(from.Clinics.SetModules(ctx, owner, clinics.Modules(), clinic.Version))
		must(from.keepTerms(ctx, jobs.ForClinic(clinic.ID)))
		_, _, err = from.Patients.Add(ctx, owner, patients.Draft{Name: "Asha Rao", Phone: "+919876500021", Language: "en"}, true)
		must(err)
		archive, made := exported(t, from, clinic.Slug)
		if !strings.Contains(member(t, archive, "native/policy_version.ndjson"), `"gate":"nobody"`) {
			t.Fatal("no version of the policy asked nobody: this tests nothing")
		}
		o, err := archives.Open(bytes.NewReader(archive), int64(len(archive)), nil)
		must(err)
		to := emptyHouse(t, engine)
		arrived, err := to.Archives.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, nil)
		must(err)
		if arrived.Canonical != made.Canonical {
			t.Errorf("arrived as %s, left as %s", arrived.Canonical, made.Canonical)
		}
	})
}

// timedHouse is a house of the engine with no clinic in it, with its clock.
func timedHouse(t testing.TB, engine store.Engine, at time.Time) (*House, *clock.Fake) {
	t.Helper()
	c := clock.NewFake(at)
	h, err := Open(context.Background(), settingsIn(t, t.TempDir(), engine, nil), c, silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h, c
}
