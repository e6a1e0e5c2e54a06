package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"html/template"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/clock"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/rig/oracle"
	"almirah/internal/rig/r4"
	"almirah/internal/store"
)

// TestThereAndBack: the demo's clinic, with something in nearly every table, leaves a house on one engine, arrives in an empty one on the other, and
// leaves that one again: the canonical hash is the same, and so is every table.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-whole", "export-arrives", "export-person", "held-to-custodian")
	ctx := context.Background()
	from := emptyHouse(t, store.SQLite)
	if err := from.LoadDemo(ctx, func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	clinic, err := from.Clinics.BySlug(ctx, demoSlug)
	if err != nil {
		t.Fatal(err)
	}
	putsAside(t, from, clinic)
	first, made := exported(t, from, demoSlug)
	t.Run("her copy", func(t *testing.T) { herCopy(t, from, first) }) // not parallel: it reads what this test made
	t.Run("FHIR", func(t *testing.T) { validFHIR(t, first) })         // not parallel: it reads what this test made
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
	keysArrive(t, from, to, first, made.Clinic)
	heldArrives(t, from, to, made.Clinic)
	if made.Unreadable != 0 {
		t.Errorf("%d fields went that nobody can open", made.Unreadable)
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
	// A clinic with something in nearly every table is closed: nothing that guards itself against deletion keeps a row of it.
	for _, h := range []*House{from, to} {
		closeClinic(t, h, made.Clinic)
	}
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

// herCopy looks at the copy of one patient: everything that the rooms keep of her is in it, and nobody else is.
func herCopy(t *testing.T, h *House, whole []byte) {
	ctx := context.Background()
	owner := ownerOf(t, h)
	type row struct {
		ID    string
		Name  struct{ T string }
		Phone struct{ T string }
	}
	var all []row
	visited := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(member(t, whole, "native/encounter.ndjson")), "\n") {
		var e struct{ Patient_id string }
		if err := json.Unmarshal([]byte(l), &e); err != nil {
			t.Fatal(err)
		}
		visited[e.Patient_id] = true
	}
	for _, l := range strings.Split(strings.TrimSpace(member(t, whole, "native/patient.ndjson")), "\n") {
		var r row
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	forms, err := h.DB.Forms(ctx)
	if err != nil {
		t.Fatal(err)
	}
	words := wordsOfPatients(t, whole, forms)
	common := clinicsOwn(t, whole)
	looked := 0
	for _, her := range all {
		if !visited[her.ID] || looked == 2 {
			continue
		}
		looked++
		one, err := id.Parse(her.ID)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := h.Archives.Person(ctx, owner, one, &b); err != nil {
			t.Fatal(err)
		}
		text := unpacked(t, b.Bytes())
		onlyHers(t, "her archive", text, her.ID, words, common)
		onlyHers(t, "her own copy", ownCopy(t, h, owner.Clinic(), one), her.ID, words, common, asFiles...)
		page := member(t, b.Bytes(), "record.html")
		if !strings.Contains(page, template.HTMLEscapeString(her.Name.T)) || strings.Contains(page, "<script") {
			t.Errorf("the page does not name her, or runs something")
		}
		var bundle struct {
			Entry []struct{ Resource json.RawMessage }
		}
		raw := member(t, b.Bytes(), "fhir/bundle.json")
		if err := json.Unmarshal([]byte(raw), &bundle); err != nil || len(bundle.Entry) < 4 {
			t.Errorf("her bundle has %d entries: %v", len(bundle.Entry), err)
		}
		if err := r4.Wrong(t, []byte(raw)); err != nil {
			t.Error(err)
		}
		for _, other := range all {
			if other.ID == her.ID {
				continue
			}
			if strings.Contains(text, other.ID) || other.Phone.T != "" && other.Phone.T != her.Phone.T && strings.Contains(text, other.Phone.T) {
				t.Errorf("the copy of one patient holds another one")
			}
		}
		// What the rooms' keepers give of her is in the sheets, word for word.
		err = h.DB.View(ctx, owner, access.PatientExport, func(_ context.Context, v *store.View) error {
			for _, k := range keepers() {
				got, err := k.Collect(v, one)
				if err != nil {
					return err
				}
				for name, rows := range got {
					if len(rows) > 0 && member(t, b.Bytes(), "csv/"+name+".csv") == "" && !slices.Contains([]string{"oversight_finding", "webhook_delivery", "support_grant", "encounter_aside"}, name) {
						t.Errorf("the copy lacks what is kept as %s", name)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if looked == 0 {
		t.Error("nobody was looked at")
	}
}

// ownerOf is the owner of the demo's clinic, signed in.
func ownerOf(t testing.TB, h *House) access.Caller {
	t.Helper()
	clinic, err := h.Clinics.BySlug(context.Background(), demoSlug)
	if err != nil {
		t.Fatal(err)
	}
	return access.Mint(clinic, id.New(h.Clock.Now()), id.Zero, id.New(h.Clock.Now()), access.Owner, access.Running)
}

// TestEveryTableIsCarriedOrHasAReason: what a room declares as a clinic's is in the archive, or stands on the list of what is not, with a reason that a
// reader understands; and no secret is in it.
func TestEveryTableIsCarriedOrHasAReason(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-whole")
	h := emptyHouse(t, store.SQLite)
	forms, err := h.DB.Forms(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	tables, left, err := archives.Plan(Holdings(), forms)
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, l := range left {
		if len(l.Why) < 20 {
			t.Errorf("%s.%s is left out, and the reason is no sentence", l.Table, l.Column)
		}
		why[l.Table+"."+l.Column] = l.Why
	}
	for _, d := range Holdings() {
		if d.Scope != holdings.Clinic {
			continue
		}
		gone := why[d.Name+"."] != ""
		if gone == slices.Contains(tables, d.Name) {
			t.Errorf("the table %s is neither carried nor left out with a reason, or both", d.Name)
		}
		for _, c := range d.Columns {
			if c.Class == holdings.Secret && !gone && why[d.Name+"."+c.Name] == "" {
				t.Errorf("the secret %s.%s would be in an archive", d.Name, c.Name)
			}
		}
	}
	if slices.Index(tables, "patient") > slices.Index(tables, "invoice") || tables[0] != "clinic" {
		t.Error("the clinic comes first, and a patient's key before what it seals")
	}
}
