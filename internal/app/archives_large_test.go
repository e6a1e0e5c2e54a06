package app

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig/oracle"
	"almirah/internal/rig/pg"
	"almirah/internal/rig/r4"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/visits"
)

// verbChild is set in a child that is the program itself: it runs one verb, so that its memory can be measured.
const verbChild = "ALMIRAH_TEST_VERB"

// runVerb is the child. What it says last is how much memory it had at most: what the parent is told of a child counts the parent's own memory at its birth.
func runVerb() {
	err := Command(context.Background(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	if text, failed := os.ReadFile("/proc/self/status"); failed == nil {
		fmt.Fprintf(os.Stderr, "%s\n", peakLine.Find(text))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// peakLine is where Linux says how much memory a process had at most.
var peakLine = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// mostMemory is what a process may take that writes or reads an archive, whatever the clinic's size, in bytes of resident memory.
const mostMemory = 500 << 20

// ran is what a verb said, how long it took and how much memory it had at most.
type ran struct {
	out, steps string
	took       time.Duration
	peak       int64
}

// hash is the last line that a verb printed.
func (r ran) hash() string {
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	return lines[len(lines)-1]
}

// machine is a deployment, of which there is nothing but its settings.
type machine map[string]string

func newMachine(t *testing.T, engine store.Engine) machine {
	t.Helper()
	dir := t.TempDir()
	m := machine{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_LOG": "error"}
	if engine == store.Postgres {
		m["ALMIRAH_DATABASE_URL"] = pg.Small(t, ownedDatabase(t))
		m["ALMIRAH_KEYSTORE_URL"] = "sqlite://" + filepath.Join(dir, "keys", "keystore.db")
	}
	if err := os.MkdirAll(filepath.Dir(m["ALMIRAH_KEYS"]), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateRootKey(m["ALMIRAH_KEYS"]); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m machine) run(t *testing.T, args ...string) ran {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), verbChild+"=1")
	for k, v := range m {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var out, steps bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &steps
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out.String(), steps.String())
	}
	r := ran{out: out.String(), steps: steps.String(), took: time.Since(begun)}
	if said := peakLine.FindStringSubmatch(r.steps); len(said) > 1 {
		kib, err := strconv.ParseInt(said[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		r.peak = kib << 10
	}
	if r.peak > mostMemory {
		t.Errorf("%s took %d MiB of memory", args[0], r.peak>>20)
	}
	return r
}

// TestFiftyThousandLeaveAndArrive: a clinic of 50,000 patients, with their appointments, messages and consents, leaves a house on SQLite, arrives in an empty one on PostgreSQL, leaves that and
// arrives on SQLite again, by the verbs that people type. The canonical hash is the same throughout, progress is shown, and no process takes more memory for it than a small machine has.
func TestFiftyThousandLeaveAndArrive(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-arrives")
	size := 150
	full := os.Getenv("ALMIRAH_SOAK") == "1"
	if full {
		size = 50_000
	}
	dir := t.TempDir()
	b, err := openBench(context.Background(), dir, "", benchSize{name: "archive", patients: size, clinics: 1}, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	b.thicken(t)
	first := machine{"ALMIRAH_DATA": b.Config.Data, "ALMIRAH_KEYS": b.Config.Keys, "ALMIRAH_LOG": "error"}
	if err := b.server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.bare.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.House.Close(); err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`(?s)fingerprint\s+(\S+)`)
	hash := ""
	from := first
	way := []machine{newMachine(t, store.Postgres), nil}
	if full {
		way = []machine{way[0], newMachine(t, store.SQLite), nil}
	}
	for i, to := range way {
		file := filepath.Join(dir, fmt.Sprintf("%d.zip", i))
		out := from.run(t, "export", "--clinic", "bench", "--out", file)
		if i == 0 {
			hash = out.hash()
		}
		if out.hash() != hash || len(hash) != 64 {
			t.Errorf("export %d says %q, the first one %q", i, out.hash(), hash)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("soak: export %d: %s, %d MiB of memory, %d MiB of archive, %d lines of progress; %s", i, out.took.Round(time.Second), out.peak>>20, info.Size()>>20, strings.Count(out.steps+out.out, "\n"), strings.SplitN(out.out, "\n", 2)[0])
		if to == nil {
			sampleFHIR(t, file)
			break
		}
		trust := said.FindStringSubmatch(out.out)
		if len(trust) < 2 {
			t.Fatalf("no fingerprint: %s", out.out)
		}
		in := to.run(t, "import", "--in", file, "--trust", trust[1])
		if in.hash() != hash {
			t.Errorf("import %d says %q, want %q", i, in.hash(), hash)
		}
		t.Logf("soak: import %d: %s, %d MiB of memory, %d lines of progress", i, in.took.Round(time.Second), in.peak>>20, strings.Count(in.steps+in.out, "\n"))
		if full && (strings.Count(in.steps, "\n") < 20 || strings.Count(out.steps, "\n") < 20) {
			t.Errorf("nobody is shown how far it is:\n%s", in.steps)
		}
		from = to
	}
}

// thicken gives every patient a consent and a message, some a chart.
func (b *benchHouse) thicken(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	c, err := b.Clinics.Get(ctx, b.owner)
	if err == nil {
		err = b.Clinics.SetModules(ctx, b.owner, clinics.Modules(), c.Version)
	}
	if err != nil {
		t.Log("the modules stay as they are: ", err)
	}
	now := clock.At(b.Clock.Now())
	clinic := b.clinic.ID[:]
	var consents, messages, events [][]any
	for i, p := range b.patients {
		one, visit, rule := id.New(now.Time()), id.New(now.Time()), id.New(now.Time())
		consents = append(consents, []any{clinic, p[:], one[:], string(consent.Reminder), "", i%3 > 0, int64(0), "en", "desk", int64(now)})
		messages = append(messages, []any{clinic, one[:], p[:], visit[:], int64(1), rule[:], "reminder", "email", int64(now), b.providers[0][:], "reminder", "en", "sent", int64(now), int64(now), int64(now)})
		events = append(events, []any{clinic, one[:], one[:], int64(now), "sent"})
		if i%200 == 0 {
			if err := b.Visits.AddAllergy(ctx, b.owner, p, visits.Allergy{Substance: "Penicillin"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, x := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"consent", []string{"clinic_id", "patient_id", "id", "purpose", "channel", "given", "notice_version", "language", "door", "at"}, consents},
		{"message", []string{"clinic_id", "id", "patient_id", "appointment_id", "occurrence", "rule_id", "kind", "channel", "starts_at", "provider_told", "purpose", "language", "state", "send_at", "state_at", "created_at"}, messages},
		{"message_event", []string{"clinic_id", "message_id", "id", "at", "state"}, events},
	} {
		if err := b.bare.Fill(ctx, x.table, x.columns, x.rows); err != nil {
			t.Fatal(x.table, err)
		}
	}
	if _, err := b.chartOf(ctx, min(benchLong, len(b.patients))); err != nil {
		t.Fatal(err)
	}
}

// sampleFHIR reads some of each kind of resource out of an archive, and holds them against HL7's schema; where the reference data is there, against two other programs too.
func sampleFHIR(t *testing.T, file string) {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var in []json.RawMessage
	var names []string
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "fhir/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReaderSize(r, 1<<20)
		total := 0
		for {
			l, err := lines.ReadBytes('\n')
			if total++; len(l) > 1 && (total <= 20 || total%997 == 0) {
				in, names = append(in, json.RawMessage(bytes.TrimSpace(l))), append(names, f.Name)
			}
			if err != nil {
				break
			}
		}
		_ = r.Close()
	}
	wrong := 0
	for i, l := range in {
		if err := r4.Wrong(t, l); err != nil && wrong < 10 {
			wrong++
			t.Errorf("%s: %v", names[i], err)
		}
	}
	if os.Getenv("ALMIRAH_REFERENCE_DATA") != "" {
		var out [][]string
		oracle.Ask(t, "fhir.mjs", in, &out)
		for i, list := range out {
			if len(list) > 0 && wrong < 20 {
				wrong++
				t.Errorf("%s: %v", names[i], list)
			}
		}
	}
	t.Logf("soak: %d resources of FHIR were looked at", len(in))
	if len(in) < 100 {
		t.Errorf("only %d resources were looked at", len(in))
	}
}
