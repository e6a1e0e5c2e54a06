package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"almirah/internal/archives"
	"almirah/internal/clock"
	"almirah/internal/jobs"
	"almirah/internal/rig/oracle"
	"almirah/internal/rig/r4"
	"almirah/internal/store"
)

// TestThereAndBack: the demo's clinic, with something in nearly every table, leaves a house on one engine, arrives in an empty one on the other, and
// leaves that one again: the canonical hash is the same, and so is every table.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from := emptyHouse(t, store.SQLite)
	if err := from.LoadDemo(ctx, func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	first, made := exported(t, from, demoSlug)
	t.Run("FHIR", func(t *testing.T) { validFHIR(t, first) }) // not parallel: it reads what this test made
	to := emptyHouse(t, store.Postgres)
	o, err := archives.Open(bytes.NewReader(first), int64(len(first)), nil)
	if err != nil {
		t.Fatal(err)
	}
	arrived, err := to.Archives.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if arrived.Canonical != made.Canonical {
		t.Errorf("arrived as %s, left as %s", arrived.Canonical, made.Canonical)
	}
	second, again := exported(t, to, arrived.Slug)
	if again.Canonical != made.Canonical {
		t.Errorf("left again as %s, first as %s", again.Canonical, made.Canonical)
	}
	two, err := archives.Open(bytes.NewReader(second), int64(len(second)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range o.Tables {
		if two.Tables[i] != c {
			t.Errorf("the table %s: %d rows went, %d came back", c.Table, c.Rows, two.Tables[i].Rows)
		}
	}
	t.Logf("%d rows, %d members, %d bytes, %d unreadable", made.Rows, made.Members, len(first), made.Unreadable)
}

// exported is the archive of the clinic.
func exported(t testing.TB, h *House, slug string) ([]byte, archives.Made) {
	t.Helper()
	ctx := context.Background()
	clinic, err := h.Clinics.BySlug(ctx, slug)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	made, err := h.Archives.Export(ctx, jobs.ForClinic(clinic), io.Writer(&b), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), made
}

// emptyHouse is a house of the engine with no clinic in it.
func emptyHouse(t testing.TB, engine store.Engine) *House {
	t.Helper()
	h, err := Open(context.Background(), settingsIn(t, t.TempDir(), engine, nil), clock.NewFake(morning), silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// fhirLines are the resources of an archive, at most so many of each member.
func fhirLines(t testing.TB, archive []byte, most int) map[string][][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][][]byte{}
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "fhir/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range bytes.Split(bytes.TrimSpace(all), []byte("\n")) {
			if len(l) > 0 && (i < most || most == 0) {
				out[f.Name] = append(out[f.Name], l)
			}
		}
	}
	return out
}

// mostResources is how many of each member are looked at in a default run.
func mostResources() int {
	if os.Getenv("ALMIRAH_SOAK") == "1" {
		return 0
	}
	return 25
}

// validFHIR holds what the archive has of FHIR against HL7's schema.
func validFHIR(t *testing.T, archive []byte) {
	t.Helper()
	n := 0
	for name, list := range fhirLines(t, archive, mostResources()) {
		for _, l := range list {
			n++
			if err := r4.Wrong(t, l); err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d resources were looked at", n)
	}
}

// TestReferenceFHIR holds the demo's resources against two other programs that read FHIR.
func TestReferenceFHIR(t *testing.T) {
	t.Parallel()
	if os.Getenv("ALMIRAH_REFERENCE_DATA") == "" {
		t.Skip("other programs' reading of FHIR is looked at by make check-reference")
	}
	from := emptyHouse(t, store.SQLite)
	if err := from.LoadDemo(context.Background(), func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	archive, _ := exported(t, from, demoSlug)
	var in []json.RawMessage
	var names []string
	for name, list := range fhirLines(t, archive, 40) {
		for _, l := range list {
			in, names = append(in, l), append(names, name)
		}
	}
	n := len(in) // behind them stand three that are wrong, so that silence says something
	in = append(in, json.RawMessage(`{"resourceType":"Appointment","id":"a","status":"booked","start":"2026-11-24T04:00:00Z","participant":[{"status":"accepted","actor":{"display":"x"}}]}`),
		json.RawMessage(`{"resourceType":"Patient","id":"a","gender":"F"}`), json.RawMessage(`{"resourceType":"Patient","id":"a","mother":"x"}`))
	var out [][]string
	oracle.Ask(t, "fhir.mjs", in, &out)
	for i, wrong := range out[n:] {
		if len(wrong) == 0 {
			t.Errorf("nothing was said of the wrong resource %d", i+1)
		}
	}
	out = out[:n]
	said := map[string]bool{}
	for i, list := range out {
		for _, s := range list {
			if !said[names[i]+s] {
				said[names[i]+s] = true
				t.Errorf("%s: %s", names[i], s)
			}
		}
	}
}

// member is what a member of an archive holds; empty where it is not there.
func member(t testing.TB, archive []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if f.Name == name {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
	return ""
}

// unpacked is everything that an archive holds, one after the other.
func unpacked(t testing.TB, archive []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err == nil {
			_, err = io.Copy(&all, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
