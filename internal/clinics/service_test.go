package clinics_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

func service(b *rig.Base, ahead func(*store.Tx) (bool, error)) *clinics.Service {
	return clinics.New(b.DB, b.Log, clinics.Options{Anyone: access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.Public, access.Care), HasUpcoming: ahead})
}

func profile() clinics.Profile {
	return clinics.Profile{Name: "Moonlight", Zone: "Asia/Kolkata", Country: "IN", Jurisdiction: "IN", Region: "IN", Currency: "INR", Languages: []string{"ta", "en"}, Contact: "Canary Contact"}
}

func key(t *testing.T, err error, field string) string {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("no fault: %v", err)
	}
	for _, x := range f.Fields {
		if x.Name == field {
			return x.Key
		}
	}
	return ""
}

// notes counts the clinic's audit entries of an action.
func notes(t *testing.T, b *rig.Base, who access.Caller, action string) int {
	t.Helper()
	n := 0
	err := b.DB.View(context.Background(), who, access.AuditRead, func(_ context.Context, v *store.View) error {
		return v.Row(`SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = $2`, action).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpen(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s := service(b, nil)
		op := b.As(access.Operator)
		if _, err := s.BySlug(ctx, "moonlight"); !fault.Is(err, fault.NotFound) {
			t.Fatalf("found before it was opened: %v", err)
		}
		var hooked, enrolled id.ID
		c, err := s.Open(ctx, op, clinics.Opening{Slug: "Moonlight", Profile: profile(), Enrol: func(_ *store.Platform, c clinics.Clinic) error { enrolled = c.ID; return nil }},
			func(_ context.Context, tx *store.Tx, c clinics.Clinic) error { hooked = c.ID; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if hooked != c.ID || enrolled != c.ID || c.Slug != "moonlight" || c.Location().String() != "Asia/Kolkata" || c.Version != 1 {
			t.Fatalf("opened %+v, hooks saw %s and %s", c, hooked, enrolled)
		}
		found, err := s.BySlug(ctx, "MOONLIGHT")
		if err != nil || found != c.ID {
			t.Fatalf("BySlug = %s, %v", found, err)
		}
		if _, err = s.Open(ctx, op, clinics.Opening{Slug: "moonlight", Profile: profile()}); key(t, err, "slug") != "field.slug.taken" {
			t.Fatalf("a second clinic of the name: %v", err)
		}
		// A hook that fails leaves nothing that can be reached, and the name free.
		boom := errors.New("boom")
		fail := func(context.Context, *store.Tx, clinics.Clinic) error { return boom }
		if _, err = s.Open(ctx, op, clinics.Opening{Slug: "eclipse", Profile: profile()}, fail); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if _, err = s.Open(ctx, op, clinics.Opening{Slug: "eclipse", Profile: profile(), Enrol: func(*store.Platform, clinics.Clinic) error { return boom }}); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if _, err := s.BySlug(ctx, "eclipse"); !fault.Is(err, fault.NotFound) {
			t.Fatalf("half a clinic is found: %v", err)
		}
		if _, err = s.Open(ctx, op, clinics.Opening{Slug: "eclipse", Profile: profile()}); err != nil {
			t.Fatalf("the name was not given back: %v", err)
		}
		if _, err := s.Open(ctx, b.In(c.ID, access.Owner), clinics.Opening{Slug: "third", Profile: profile()}); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("an owner opened a clinic as owner: %v", err)
		}
	})
}

func TestOneNameOneClinic(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := service(b, nil)
		var won atomic.Int32
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				_, err := s.Open(context.Background(), b.As(access.Operator), clinics.Opening{Slug: "dawn", Profile: profile()})
				if err == nil {
					won.Add(1)
				} else if !fault.Is(err, fault.Invalid) {
					t.Errorf("a loser got %v", err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d clinics of one name", won.Load())
		}
	})
}

// madeAt is an id of that moment, whatever ids were made before: six bytes of milliseconds, as UUIDv7 has them.
func madeAt(at time.Time) (out id.ID) {
	for i := range 6 {
		out[i] = byte(at.UnixMilli() >> (40 - 8*i))
	}
	out[6] = 0x70
	return out
}

func TestAReservationOfADeadProcessEnds(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		dead := madeAt(b.Clock.Now())
		err := b.DB.Across(ctx, b.As(access.Operator), access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("test")
			_, err := p.Exec(`INSERT INTO clinic_route (slug, clinic_id, opened_at) VALUES ('dusk', $1, 0)`, dead)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s := service(b, nil)
		o := clinics.Opening{Slug: "dusk", Profile: profile()}
		b.Clock.Move(10*time.Minute - time.Second)
		if _, err := s.Open(ctx, b.As(access.Operator), o); key(t, err, "slug") != "field.slug.taken" {
			t.Fatalf("taken while it was being made: %v", err)
		}
		b.Clock.Move(2 * time.Second)
		if _, err := s.Open(ctx, b.As(access.Operator), o); err != nil {
			t.Fatalf("still reserved: %v", err)
		}
	})
}

// TestTheNameOfAClinicThatArrivesWaits: its id is as old as the clinic, and says nothing of when its name was reserved. It waits for a day from the last try.
func TestTheNameOfAClinicThatArrivesWaits(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx, op := context.Background(), b.As(access.Operator)
		s := service(b, nil)
		old := madeAt(b.Clock.Now().AddDate(-3, 0, 0))
		o := clinics.Opening{Slug: "harbour", Profile: profile()}
		for _, wait := range []time.Duration{time.Hour, 23 * time.Hour} {
			if err := s.Reserve(ctx, op, "harbour", old); err != nil {
				t.Fatal(err)
			}
			b.Clock.Move(wait)
			if _, err := s.Open(ctx, op, o); key(t, err, "slug") != "field.slug.taken" {
				t.Fatalf("taken %v after it was reserved: %v", wait, err)
			}
		}
		b.Clock.Move(time.Hour + time.Second)
		if _, err := s.Open(ctx, op, o); err != nil {
			t.Fatalf("still reserved after a day: %v", err)
		}
	})
}

func TestSettingsKeepOldAndNew(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "changes-of-power")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s := service(b, nil)
		owner := b.As(access.Owner)
		c, err := s.Get(ctx, owner)
		if err != nil {
			t.Fatal(err)
		}
		p := c.Profile()
		p.Name, p.Contact, p.Phone = "Sunrise West", "Canary Contact", "080 2222 3333"
		for _, role := range []access.Role{access.Practitioner, access.FrontDesk, access.Billing, access.Public, access.System} {
			if err := s.Save(ctx, b.As(role), p, c.Version); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s saved: %v", role, err)
			}
		}
		if err := s.Save(ctx, owner, p, c.Version); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(ctx, owner, c.Profile(), c.Version); !fault.Is(err, fault.Conflict) {
			t.Fatalf("an old version was saved: %v", err)
		}
		now, _ := s.Get(ctx, owner)
		if now.Name != "Sunrise West" || now.Contact != "Canary Contact" || now.Version != c.Version+1 || now.Phone != "+918022223333" {
			t.Fatalf("saved %+v", now)
		}
		if out, _ := s.Get(ctx, b.As(access.Public)); out.Contact != "" || out.Name != "Sunrise West" {
			t.Fatalf("the public sees %+v", out)
		}
		if err := s.Save(ctx, owner, now.Profile(), now.Version); err != nil || notes(t, b, owner, "change-profile") != 1 {
			t.Fatalf("saving the same wrote an entry: %v", err)
		}
		r := now.Rules()
		r.Horizon, r.ShowPhone = 90, false
		if err := s.SaveRules(ctx, owner, r, now.Version); err != nil {
			t.Fatal(err)
		}
		if err := s.SetModules(ctx, owner, []string{clinics.ModuleNotes}, now.Version); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a lost race: %v", err)
		}
		if err := s.SetModules(ctx, owner, []string{clinics.ModuleNotes}, now.Version+1); err != nil {
			t.Fatal(err)
		}
		now, _ = s.Get(ctx, owner)
		if now.Horizon != 90 || now.ShowPhone || !now.Has(clinics.ModuleNotes) {
			t.Fatalf("rules %+v", now)
		}
		for _, a := range []string{"change-profile", "change-rules", "change-modules"} {
			if n := notes(t, b, owner, a); n != 1 {
				t.Errorf("%d entries of %s", n, a)
			}
		}
		if old, is := details(t, b, owner, "change-rules"); !strings.Contains(old, `"horizon_days":60`) || !strings.Contains(is, `"horizon_days":90`) || strings.Contains(is, "step") {
			t.Errorf("the entry says %s -> %s", old, is)
		}
	})
}

func TestPinnedRegionAndZone(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		ahead := true
		s := service(b, func(*store.Tx) (bool, error) { return ahead, nil })
		owner := b.As(access.Owner)
		c, _ := s.Get(ctx, owner)
		p := c.Profile()
		p.Region, p.Zone = "EU", "Europe/Berlin"
		err := s.Save(ctx, owner, p, c.Version)
		if key(t, err, "region") != "field.region.pinned" || key(t, err, "zone") != "field.zone.appointments_ahead" {
			t.Fatalf("%v", err)
		}
		p.Region, ahead = c.Region, false
		if err := s.Save(ctx, owner, p, c.Version); err != nil {
			t.Fatal(err)
		}
		if now, _ := s.Get(ctx, owner); now.Location().String() != "Europe/Berlin" || now.Region != "IN" {
			t.Fatalf("now in %s, data in %s", now.Zone, now.Region)
		}
	})
}

func TestLogo(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s := service(b, nil)
		var file bytes.Buffer
		_ = png.Encode(&file, image.NewNRGBA(image.Rect(0, 0, 20, 20)))
		if _, _, err := s.Logo(ctx, b.As(access.Public)); !fault.Is(err, fault.NotFound) {
			t.Fatalf("a logo from nowhere: %v", err)
		}
		if err := s.SetLogo(ctx, b.As(access.Manager), file.Bytes()); err != nil {
			t.Fatal(err)
		}
		if data, kind, err := s.Logo(ctx, b.As(access.Public)); err != nil || kind != "image/png" || len(data) == 0 {
			t.Fatalf("%d bytes, %s, %v", len(data), kind, err)
		}
		if err := s.SetLogo(ctx, b.As(access.FrontDesk), nil); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("front desk: %v", err)
		}
		if err := s.SetLogo(ctx, b.As(access.Owner), nil); err != nil {
			t.Fatal(err)
		}
		if c, _ := s.Get(ctx, b.As(access.Owner)); c.LogoType != "" {
			t.Fatalf("still a logo: %s", c.LogoType)
		}
	})
}

func TestTheNameIsRememberedTenSeconds(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s := service(b, nil)
		if c, err := s.BySlug(ctx, "sunrise"); err != nil || c != b.Clinic {
			t.Fatal(c, err)
		}
		err := b.DB.Across(ctx, b.As(access.Operator), access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("test")
			return p.Must(`DELETE FROM clinic_route WHERE slug = 'sunrise'`)
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(9 * time.Second)
		if _, err := s.BySlug(ctx, "sunrise"); err != nil {
			t.Fatal("not remembered", err)
		}
		b.Clock.Move(2 * time.Second)
		if _, err := s.BySlug(ctx, "sunrise"); !fault.Is(err, fault.NotFound) {
			t.Fatal("remembered too long", err)
		}
		for _, odd := range []string{"", "../x", strings.Repeat("a", 4000), "a b"} {
			if _, err := s.BySlug(ctx, odd); !fault.Is(err, fault.NotFound) {
				t.Errorf("%.10q: %v", odd, err)
			}
		}
	})
}

func TestTheContactIsSealed(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s := service(b, nil)
		c, err := s.Open(ctx, b.As(access.Operator), clinics.Opening{Slug: "canary", Profile: profile()})
		if err != nil {
			t.Fatal(err)
		}
		var sealed []byte
		err = b.DB.View(ctx, b.In(c.ID, access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT contact FROM clinic WHERE clinic_id = $1`).Scan(&sealed)
		})
		if err != nil || len(sealed) == 0 || bytes.Contains(sealed, []byte("Canary")) {
			t.Fatalf("%q, %v", sealed, err)
		}
		if b.Engine == store.SQLite {
			files, _ := filepath.Glob(filepath.Join(b.Dir, "almirah.db*"))
			for _, f := range files {
				if data, _ := os.ReadFile(f); bytes.Contains(data, []byte("Canary Contact")) {
					t.Errorf("%s holds it", filepath.Base(f))
				}
			}
			if len(files) == 0 {
				t.Fatal("nothing was searched")
			}
		}
	})
}

func TestHoldingsAreWhole(t *testing.T) {
	t.Parallel()
	var names []string
	for _, h := range clinics.Holdings() {
		names = append(names, h.Name)
		if h.Personal() != (h.Keeper != "") {
			t.Errorf("%s: keeper %q", h.Name, h.Keeper)
		}
	}
	if !slices.Equal(names, clinics.Keeper{}.Tables()) {
		t.Errorf("declared %v, kept %v", names, clinics.Keeper{}.Tables())
	}
}
