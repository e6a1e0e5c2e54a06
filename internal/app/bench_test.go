package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/rig/pg"
	"almirah/internal/store"
)

// tiny is the bench in its smallest form: every operation runs for a moment on both programs.
func tiny() benchPlan {
	return benchPlan{rounds: 1, each: 30 * time.Millisecond,
		small: benchSize{"small", 20, 1, 0}, large: benchSize{"large", 80, 1, 0}, many: benchSize{"many", 20, 2, 5}}
}

func TestBenchMeasuresEveryOperation(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			admin := ""
			if engine == store.Postgres {
				admin = pg.Database(t)
			}
			rows, err := runBench(context.Background(), engine, admin, tiny(), t.Logf)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"1", "1 first", "3", "4", "5", "6", "7", "8", "11", "11 static", benchReminders, benchPaper, benchChart, benchSign, benchNoisy, benchLooks}
			var got []string
			for _, r := range rows {
				got = append(got, r.Op)
				if r.P50 <= 0 || r.RPS <= 0 || r.Limit <= 0 || r.Ratio <= 0 || r.bytes <= 0 && !slices.Contains([]string{benchReminders, benchChart, benchSign, benchLooks}, r.Op) {
					t.Errorf("operation %s measured nothing: %+v", r.Op, r)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("operations %v, want %v", got, want)
			}
		})
	}
}

// Programs read these names: they are part of the contract in the README.
func TestBenchRowsKeepTheirNames(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(benchRow{})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"op":"","engine":"","p50_us":0,"p99_us":0,"rps":0,"limit_p50_us":0,"ratio":0,"growth":0}`; string(text) != want {
		t.Errorf("a row is %s, want %s", text, want)
	}
}

func TestBenchSaysWhatIsMissed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op   benchOperation
		row  benchRow
		want string
	}{
		{benchOperation{goal: 3}, benchRow{Ratio: 2.9}, "ok"},
		{benchOperation{goal: 3}, benchRow{Ratio: 3.1}, "MISSED"},
		{benchOperation{goal: 3, fsync: true}, benchRow{P50: 390, Limit: 100, Ratio: 3.9}, "ok"},
		{benchOperation{goal: 3, fsync: true}, benchRow{P50: 410, Limit: 100, Ratio: 4.1}, "MISSED"},
		{benchOperation{goal: 0.25, rate: true}, benchRow{RPS: 26, limitRPS: 100, Ratio: 9}, "ok"},
		{benchOperation{goal: 3}, benchRow{Ratio: 1, Growth: 1.4}, "ok, GROWS"},
	} {
		row := c.row
		if c.op.judge(&row, 100); row.verdict != c.want {
			t.Errorf("%+v with goal %s: %q, want %q", c.row, c.op.goalText(), row.verdict, c.want)
		}
	}
}

// Without a server's address PostgreSQL is left out, and the line says so.
func TestBenchNamesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := &console{get: func(string) string { return "" }, out: &out, err: &out}
	if err := c.bench(context.Background(), []string{"--quick", "--engine", "postgres"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "postgres is left out") {
		t.Errorf("it said %q", out.String())
	}
}
