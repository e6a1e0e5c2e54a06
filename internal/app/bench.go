package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"almirah/internal/store"
)

// `almirah bench` measures the operations of a clinic's day over real HTTP, with session, rights,
// audit and decryption, beside a limit program that does the same query and the same decryption
// with nothing around them (bench_limit.go). Both are asked in turn, and what is judged is the
// median of their ratios: machines differ, ratios do so much less.

// benchPlan is how much is measured.
type benchPlan struct {
	small, large, many benchSize
	rounds             int
	each               time.Duration // of one round
	only               string        // keys of operations, divided by commas; empty means all
	profile            string        // folder for CPU profiles of the house; empty means none
	program            string        // the binary for operation 14; empty leaves it out
}

func planOf(quick, large bool) benchPlan {
	p := benchPlan{rounds: 5, each: 700 * time.Millisecond,
		small: benchSize{"small", 10_000, 1, 0}, large: benchSize{"large", 100_000, 1, 0}, many: benchSize{"many", 10_000, 100, 200}}
	if quick {
		p = benchPlan{rounds: 3, each: 250 * time.Millisecond,
			small: benchSize{"small", 1_000, 1, 0}, large: benchSize{"large", 10_000, 1, 0}, many: benchSize{"many", 1_000, 20, 100}}
	}
	if large {
		p.large.patients = 1_000_000
		p.many.clinics, p.many.others = 10_000, 20
	}
	return p
}

// after gives the word behind a flag, empty when there is none.
func after(args []string, flag string) string {
	if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

// bench is the verb. --json writes rows for programs, --quick measures less, --large more;
// --engine chooses one database, --only operations by their keys, --profile a folder for CPU profiles.
func (c *console) bench(ctx context.Context, args []string) error {
	asJSON := has(args, "--json")
	say := c.say
	if asJSON {
		say = func(format string, args ...any) { fmt.Fprintf(c.err, format+"\n", args...) }
	}
	plan := planOf(has(args, "--quick"), has(args, "--large"))
	plan.only, plan.profile = after(args, "--only"), after(args, "--profile")
	plan.program, _ = os.Executable() // without it, operation 14 is left out
	debug.SetGCPercent(collectAt)     // as every verb that serves
	var rows []benchRow
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		if e := after(args, "--engine"); e != "" && e != string(engine) {
			continue
		}
		admin := ""
		if engine == store.Postgres {
			if admin = c.get("ALMIRAH_BENCH_POSTGRES"); admin == "" {
				say("postgres is left out: ALMIRAH_BENCH_POSTGRES names no server where databases may be made (`make bench` starts one)")
				continue
			}
		}
		made, err := runBench(ctx, engine, admin, plan, say)
		if err != nil {
			return err
		}
		rows = append(rows, made...)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(rows)
	}
	return nil
}

// benchRun is one engine's houses with their limit program.
type benchRun struct {
	plan      benchPlan
	say       func(string, ...any)
	meter     *meter
	large     *benchHouse
	small     *benchHouse
	many      *benchHouse
	limit     *benchLimit
	taken     map[*benchHouse]*benchTaken
	hello     time.Duration
	helloRate float64
	fsync     time.Duration
	ops       []benchOperation
	rows      []benchRow
}

// runBench measures one engine. Its houses, and everything in them, are gone when it returns.
func runBench(ctx context.Context, engine store.Engine, admin string, plan benchPlan, say func(string, ...any)) (rows []benchRow, err error) {
	dir, err := os.MkdirTemp("", "almirah-bench-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &benchRun{plan: plan, say: say, meter: newMeter(), taken: map[*benchHouse]*benchTaken{}}
	defer r.meter.close()
	say("%s: loading", engine)
	for _, h := range []struct {
		size benchSize
		into **benchHouse
	}{{plan.large, &r.large}, {plan.small, &r.small}, {plan.many, &r.many}} {
		b, err := openBench(ctx, filepath.Join(dir, h.size.name), admin, h.size, say)
		if err != nil {
			return nil, err
		}
		*h.into, r.taken[b] = b, &benchTaken{}
		defer func() { err = errors.Join(err, b.close(context.WithoutCancel(ctx))) }()
	}
	r.ops = benchOperations(func(b *benchHouse) *benchTaken { return r.taken[b] })
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	for _, op := range r.ops {
		if plan.only != "" && !slices.Contains(strings.Split(plan.only, ","), op.key) {
			continue
		}
		row, err := r.operation(ctx, engine, op)
		if err != nil {
			return nil, errors.Join(err, r.limit.close())
		}
		r.rows = append(r.rows, row)
	}
	var program []string
	if plan.only == "" || slices.Contains(strings.Split(plan.only, ","), benchReminders) {
		line, err := r.reminders(ctx, engine)
		if err != nil {
			return nil, errors.Join(err, r.limit.close())
		}
		program = append(program, line)
	}
	if plan.only == "" || slices.Contains(strings.Split(plan.only, ","), benchPaper) {
		line, err := r.paper(engine)
		if err != nil {
			return nil, errors.Join(err, r.limit.close())
		}
		program = append(program, line)
	}
	if only := strings.Split(plan.only, ","); plan.only == "" || slices.Contains(only, benchChart) || slices.Contains(only, benchSign) {
		rows, lines, err := r.careRows(ctx, engine)
		if err != nil {
			return nil, errors.Join(err, r.limit.close())
		}
		r.rows, program = append(r.rows, rows...), append(program, lines...)
	}
	if plan.only == "" || slices.Contains(strings.Split(plan.only, ","), benchNoisy) {
		row, line, err := r.noisyRow(ctx, engine)
		if err != nil {
			return nil, errors.Join(err, r.limit.close())
		}
		r.rows, program = append(r.rows, row), append(program, line)
	}
	if plan.only == "" || slices.Contains(strings.Split(plan.only, ","), benchLooks) {
		row, line, err := r.looksRow(ctx, engine)
		if err != nil {
			return nil, errors.Join(err, r.limit.close())
		}
		r.rows, program = append(r.rows, row), append(program, line)
	}
	noise, err := r.end(ctx)
	if err = errors.Join(err, r.limit.close()); err != nil {
		return nil, err
	}
	if plan.program != "" && (plan.only == "" || slices.Contains(strings.Split(plan.only, ","), benchProgram)) {
		lines, err := r.programRow(ctx, engine)
		if err != nil {
			return nil, err
		}
		program = append(program, lines...)
	}
	r.print(engine, noise, program)
	return r.rows, nil
}

// begin opens the limit program beside the large house, and measures what the machine gives today.
func (r *benchRun) begin(ctx context.Context) error {
	page := &benchTarget{name: "the public page", addr: r.large.address, next: func(int64) string { return r.large.public("/c/" + r.large.clinic.Slug) }, status: 200}
	s, err := r.meter.round(ctx, page, 1, time.Millisecond)
	if err != nil {
		return err
	}
	if r.limit, err = openLimit(ctx, r.large, int(s.bytes)); err != nil {
		return err
	}
	r.hello, r.helloRate, r.fsync, err = r.machine(ctx)
	return err
}

// machine is a bare hello's median and rate at 8 connections, and the median of an fsync.
func (r *benchRun) machine(ctx context.Context) (time.Duration, float64, time.Duration, error) {
	hello := &benchTarget{name: "hello", addr: r.limit.addr, next: func(int64) string { return r.large.public("/hello") }, status: 200}
	var one []time.Duration
	var eight []float64
	for range r.plan.rounds {
		s, err := r.meter.round(ctx, hello, 1, r.plan.each/3)
		if err != nil {
			return 0, 0, 0, err
		}
		one = append(one, s.at(0.5))
		if s, err = r.meter.round(ctx, hello, 8, r.plan.each/3); err != nil {
			return 0, 0, 0, err
		}
		eight = append(eight, s.rps())
	}
	disk, err := fsyncTime(r.large.dir, r.large.Clock, 200)
	return median(one), median(eight), disk, err
}

// end measures the machine again and says whether it changed meanwhile.
func (r *benchRun) end(ctx context.Context) (string, error) {
	hello, rate, disk, err := r.machine(ctx)
	noise := fmt.Sprintf("hello %d us, %.0f rps at 8 connections (last: %d us, %.0f); fsync %d us (last: %d us)",
		r.hello.Microseconds(), r.helloRate, hello.Microseconds(), rate, r.fsync.Microseconds(), disk.Microseconds())
	a, b := min(r.hello, hello), max(r.hello, hello)
	if float64(b) > 1.25*float64(a) || max(rate, r.helloRate) > 1.25*min(rate, r.helloRate) {
		noise += "\n  NOISY: the two hellos differ by more than 25 %: trust the ratios, not the times"
	}
	r.fsync = min(r.fsync, disk)
	return noise, err
}

// operation asks house, limit program and the houses of the growth series in turn.
func (r *benchRun) operation(ctx context.Context, engine store.Engine, op benchOperation) (benchRow, error) {
	row := benchRow{Op: op.key, Engine: string(engine), words: op.words}
	targets := []*benchTarget{
		{name: "the house", addr: r.large.address, next: op.ours(r.large), status: op.status},
		{name: "the limit program", addr: r.limit.addr, next: op.limit(r.large), status: op.status},
	}
	if op.grows {
		targets = append(targets, &benchTarget{name: "the small house", addr: r.small.address, next: op.ours(r.small), status: op.status},
			&benchTarget{name: "the house of many clinics", addr: r.many.address, next: op.ours(r.many), status: op.status})
	}
	for _, t := range targets { // warm: statements prepared, lists written down, caches filled
		if _, err := r.meter.round(ctx, t, op.clients, r.plan.each/4); err != nil {
			return row, err
		}
	}
	stop, err := r.profiled(op.key)
	if err != nil {
		return row, err
	}
	defer stop()
	rounds := make([][]sample, len(targets))
	for range r.plan.rounds {
		for i, t := range targets {
			s, err := r.meter.round(ctx, t, op.clients, r.plan.each)
			if err != nil {
				return row, err
			}
			rounds[i] = append(rounds[i], s)
		}
	}
	of := func(i int, what func(sample) float64) []float64 {
		var out []float64
		for _, s := range rounds[i] {
			out = append(out, what(s))
		}
		return out
	}
	p50 := func(s sample) float64 { return float64(s.at(0.5).Nanoseconds()) / 1000 }
	perCPU := func(s sample) float64 { return float64(s.cpu.Microseconds()) / float64(max(1, len(s.took))) }
	ratio := func(a, b int) float64 {
		var out []float64
		for k := range rounds[a] {
			out = append(out, p50(rounds[a][k])/p50(rounds[b][k]))
		}
		return median(out)
	}
	row.P50, row.Limit, row.Ratio = median(of(0, p50)), median(of(1, p50)), ratio(0, 1)
	row.P99 = median(of(0, func(s sample) float64 { return float64(s.at(0.99).Microseconds()) }))
	row.RPS, row.limitRPS = median(of(0, sample.rps)), median(of(1, sample.rps))
	row.cpu, row.limitCPU = median(of(0, perCPU)), median(of(1, perCPU))
	row.bytes = rounds[0][0].bytes
	if op.grows {
		row.patientGrowth, row.clinicGrow = ratio(0, 2), ratio(3, 2)
		row.Growth = max(row.patientGrowth, row.clinicGrow)
	}
	return row, nil
}

// profiled starts a CPU profile of one operation, where one was asked for.
func (r *benchRun) profiled(key string) (stop func(), err error) {
	if r.plan.profile == "" {
		return func() {}, nil
	}
	if err := os.MkdirAll(r.plan.profile, 0o700); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(r.plan.profile, string(r.large.DB.Engine())+"-"+strings.ReplaceAll(key, " ", "-")+".pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}

// print writes the table and says which goals are missed.
func (r *benchRun) print(engine store.Engine, noise string, program []string) {
	r.say("\n%s: %d patients in the clinic, %d practitioners; growth from %d patients, and from 1 to %d clinics\n  %s\n", engine, r.plan.large.patients, benchProviders, r.plan.small.patients, r.plan.many.clinics, noise)
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "op\t\tp50 us\tp99 us\trps\tcpu us\tlimit p50\tlimit rps\tratio\tgoal\tpatients x10\tclinics\t")
	var missed []string
	for i := range r.rows {
		row := &r.rows[i]
		var op benchOperation
		for _, o := range r.ops {
			if o.key == row.Op {
				op = o
			}
		}
		if op.key == "" { // operations from 14 on have goals of their own
			continue
		}
		op.judge(row, float64(r.fsync.Microseconds()))
		grown := func(x float64) string {
			if x == 0 {
				return "-"
			}
			return fmt.Sprintf("%.2f", x)
		}
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.1fx\t%s\t%s\t%s\t%s\n", row.Op, row.words, row.P50, row.P99, row.RPS, row.cpu, row.Limit, row.limitRPS, row.Ratio, op.goalText(), grown(row.patientGrowth), grown(row.clinicGrow), row.verdict)
		if row.verdict != "ok" {
			missed = append(missed, row.Op)
		}
	}
	_ = w.Flush() // into memory
	for _, l := range append(strings.Split(strings.TrimRight(text.String(), "\n"), "\n"), program...) {
		r.say("%s", l)
	}
	if len(missed) > 0 {
		r.say("  goals missed on %s: operations %s", engine, strings.Join(missed, ", "))
	} else {
		r.say("  every goal of the table is met on %s", engine)
	}
}
