package insight_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/insight"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestUseIsCountedWhereItIsSwitchedOn: off at first, nothing of a person when on, nothing of who asks not to be followed, nothing left when off again.
func TestUseIsCountedWhereItIsSwitchedOn(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "use-switchable")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b, 1)
		owner := c.As(access.Owner)
		const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148"
		live := func() {
			for range 7 {
				c.s.Used(c.Clinic, c.Day(0), "GET /app/day", 200*time.Millisecond)
				c.s.Looked(c.Clinic, c.Day(0), "GET /c/{slug}", phone, true)
				c.s.Looked(c.Clinic, c.Day(0), "GET /c/{slug}", "Mozilla/5.0 (X11; Linux x86_64)", false)
			}
			c.s.Used(c.Clinic, c.Day(0), "GET /app/audit", 3*time.Second) // once: too few to be shown
			if err := c.s.Flush(ctx, func(clinic id.ID) access.Caller { return c.In(clinic, access.System) }); err != nil {
				t.Fatal(err)
			}
		}
		rows := func(want string) {
			t.Helper()
			if got := c.Count(t, `SELECT (SELECT COUNT(*) FROM feature_day WHERE clinic_id = $1) + (SELECT COUNT(*) FROM visitor_day WHERE clinic_id = $1)`); got != want {
				t.Errorf("%s rows are kept, %s were wanted", got, want)
			}
		}
		live()
		rows("0")
		set, err := c.s.Setting(ctx, owner)
		if err != nil || set.Features || set.Visitors {
			t.Fatalf("at first: %+v, %v", set, err)
		}
		set.Features, set.Visitors = true, true
		if err := c.s.SaveSetting(ctx, c.As(access.Manager), set); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager switched it on: %v", err)
		}
		if err := c.s.SaveSetting(ctx, owner, set); err != nil {
			t.Fatal(err)
		}
		if err := c.s.SaveSetting(ctx, owner, set); !fault.Is(err, fault.Conflict) {
			t.Errorf("an old page: %v", err)
		}
		live()
		live()
		rows("3")
		use, err := c.s.Use(ctx, owner)
		if err != nil || len(use.Features) != 1 || use.Features[0] != (insight.Feature{Name: "GET /app/day", Opened: 14, Millis: 200}) ||
			len(use.Pages) != 1 || use.Pages[0] != (insight.Page{Name: "GET /c/{slug}", Device: insight.Phone, Seen: 14}) {
			t.Errorf("%+v, %v", use, err)
		}
		set.Version, set.Features, set.Visitors = 1, false, false
		if err := c.s.SaveSetting(ctx, owner, set); err != nil {
			t.Fatal(err)
		}
		rows("0")
		live()
		rows("0")
		// What was kept for longer than it may goes.
		set.Version, set.Features = 2, true
		if err := c.s.SaveSetting(ctx, owner, set); err != nil {
			t.Fatal(err)
		}
		c.write(func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO feature_day (clinic_id, day, feature, opened, slow, millis) VALUES ($1, $2, 'GET /app', 1, 0, 5), ($1, $3, 'GET /app', 1, 0, 5)`, c.Day(-401), c.Day(-399))
			return err
		})
		if err := c.s.Age(ctx, c.As(access.System)); err != nil {
			t.Fatal(err)
		}
		rows("1")
	})
}

func TestDevices(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]insight.Device{
		"": insight.Computer, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0": insight.Computer,
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36": insight.Phone,
		"Mozilla/5.0 (Linux; Android 15; SM-X200) Chrome/140.0 Safari/537.36":        insight.Tablet,
		"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X)":                              insight.Tablet,
		"Examplebot/2.1 (+https://example.org/bot)":                                  insight.Machine,
	} {
		if got := insight.DeviceOf(agent); got != want {
			t.Errorf("%q is a %s", agent, got)
		}
	}
}
