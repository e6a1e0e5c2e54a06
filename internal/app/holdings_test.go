package app

import (
	"context"
	"flag"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/vault"
)

var update = flag.Bool("update", false, "write generated files and golden files anew")

// golden compares a generated text with the file, or writes it there.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with: go test ./internal/app -run %s -update", err, t.Name())
	}
	if string(want) == got {
		return
	}
	old, now := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for _, l := range old {
		if !slices.Contains(now, l) {
			t.Errorf("- %s", l)
		}
	}
	for _, l := range now {
		if !slices.Contains(old, l) {
			t.Errorf("+ %s", l)
		}
	}
	t.Errorf("%s is not what the program says: look at the lines above; where they are meant, write the file with: go test ./internal/app -run %s -update", path, t.Name())
}

// TestGeneratedHoldings keeps docs/holdings.md as the rooms declare it.
func TestGeneratedHoldings(t *testing.T) {
	t.Parallel()
	golden(t, "../../docs/holdings.md", holdings.Page(Holdings()))
}

// realSchema is what the database really has: migrated, with the queue beside it.
func realSchema(t *testing.T, engine store.Engine) map[string][]string {
	t.Helper()
	h := openHouse(t, engine, Options{}, nil)
	schema, err := h.DB.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestHoldingsMatchTheSchema compares every column of the database with what the rooms declared,
// and shows that a column more, or one less, is found.
func TestHoldingsMatchTheSchema(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "nothing-undeclared")
	engines(t, func(t *testing.T, engine store.Engine) {
		schema := realSchema(t, engine)
		if err := holdings.Check(Holdings(), schema); err != nil {
			t.Fatal(err)
		}
		schema["patient"] = append(slices.Clone(schema["patient"]), "blood_group")
		if err := holdings.Check(Holdings(), schema); err == nil || !strings.Contains(err.Error(), "patient.blood_group") || !strings.Contains(err.Error(), "holdings.go") {
			t.Errorf("an undeclared column: %v", err)
		}
		delete(schema, "guardian")
		if err := holdings.Check(Holdings(), schema); err == nil || !strings.Contains(err.Error(), "table guardian") {
			t.Errorf("a declared table that is not there: %v", err)
		}
	})
}

// TestNoColumnForGovernmentIDs reads the names of all columns: none is for a number of the state
// or for what is measured on a body.
func TestNoColumnForGovernmentIDs(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "no-government-id")
	forbidden := []string{"aadhaar", "aadhar", "ssn", "social_security", "passport_no", "passport_number", "pan_number", "national_id", "nhs", "voter", "licence_no", "license_no", "driving", "ration_card",
		"abha", "health_id", "insurance", "biometric", "fingerprint", "face", "iris", "retina", "=voice", "=voiceprint", "photo", "dna"}
	for name, bad := range map[string]bool{"voice": true, "voice_sample": true, "patient_voice": true, "voiceprint": true, "invoice": false, "invoice_id": false, "invoices": false} {
		if slices.ContainsFunc(forbidden, func(word string) bool { return bears(name, word) }) != bad {
			t.Errorf("a column %s: forbidden must be %v", name, bad)
		}
	}
	for table, columns := range realSchema(t, store.SQLite) {
		for _, c := range append(slices.Clone(columns), table) {
			for _, word := range forbidden {
				if bears(c, word) {
					t.Errorf("%s.%s looks like a place for a government number or a biometric; there is none in this house", table, c)
				}
			}
		}
	}
}

// TestEveryTableHasItsKeeper finds for every table with something personal the keeper that copies
// out, erases and expires it, and for every keeper that it knows the table.
func TestEveryTableHasItsKeeper(t *testing.T) {
	t.Parallel()
	var have []string
	keeps := map[string][]string{}
	for _, k := range keepers() {
		have = append(have, k.Name())
		keeps[k.Name()] = k.Tables()
	}
	if err := holdings.Keepers(Holdings(), have); err != nil {
		t.Error(err)
	}
	for _, table := range Holdings() {
		if table.Keeper != "" && !slices.Contains(keeps[table.Keeper], table.Name) {
			t.Errorf("table %s names the keeper %s, whose Tables does not list it: add it there, with how it is collected, erased and expired", table.Name, table.Keeper)
		}
	}
	var erase []string
	for _, k := range erasers() {
		erase = append(erase, k.Name())
	}
	for _, table := range Holdings() {
		aboutPatient := slices.ContainsFunc(table.Columns, func(c holdings.Column) bool { return c.Whose == holdings.Patient })
		if aboutPatient && table.Keeper != "" && !slices.Contains(erase, table.Keeper) && !erasedByKey[table.Name] {
			t.Errorf("table %s is about patients, but erasers() has no %s: deleting a patient would leave its rows", table.Name, table.Keeper)
		}
	}
	if err := holdings.Keepers([]holdings.Table{{Name: "x", Keeper: "nobody"}}, have); err == nil {
		t.Error("a keeper that is not there is not noticed")
	}
}

// erasedByKey are tables whose rows stay when a patient goes, or come to be then: what they say about her is sealed
// under her key, which is destroyed; or, when a clinic goes, under the key of the last day that a law wants it kept.
var erasedByKey = map[string]bool{"audit_detail": true, "erasure": true, "erasure_ask": true, "held_part": true, "custody_part": true}

// TestDeletedPatientIsGone deletes a patient by the page. Nothing of her is left in any table,
// her key is destroyed, her time is free again, and nobody else is touched.
func TestDeletedPatientIsGone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-in-charge", "deleted-is-unreadable")
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		if err := h.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		s := h.signIn(t, demoPeople[0].email)
		s.fill(t, "/app/settings/modules/notes", "/app/settings/modules/notes", url.Values{"turn": {"on"}})
		at := h.slotsOf(t, h.Practice.providers[2].ID.String())[0]["starts_at"].(string)
		gone, other := marks{}, marks{}
		one := h.wholePatient(t, s, gone, 2, at)
		two := h.wholePatient(t, s, other, 3, h.slotsOf(t, h.Practice.providers[3].ID.String())[0]["starts_at"].(string))
		h.Fake.Move(4 * 60e9)
		h.until(t, "both are told of their booking", func() bool { return len(h.Outbox.List()) >= 2 })
		if err := h.Jobs.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		hers, others := h.idsOf(t, one), h.idsOf(t, two)
		before := h.rowsOf(t, others)
		if n := len(h.rowsOf(t, hers)); n < 10 {
			t.Fatalf("only %d tables know the patient, so that deleting her shows little", n)
		}
		page := "/app/patients/" + one.String() + "/delete"
		form := s.page(t, page).form(t, page)
		if a := s.submit(t, page, form); a.status != http.StatusUnprocessableEntity {
			t.Fatalf("deleting without saying that one is sure: %s", a)
		}
		form.Set("sure", "1")
		s.post(t, page, form)

		for table, rows := range h.rowsOf(t, hers) {
			if stay[table] == "" {
				t.Errorf("%d rows of %s still name the deleted patient", len(rows), table)
			}
		}
		if after := h.rowsOf(t, others); !equalRows(before, after) {
			t.Errorf("another patient's rows have changed:\n%v\n%v", before, after)
		}
		h.keyIsGone(t, one)
		if a := s.get(t, "/app/patients/"+one.String()); a.status != http.StatusNotFound {
			t.Errorf("the page of a deleted patient: %s", a)
		}
		for _, typed := range []string{gone["patient.name"], gone["patient.email"], gone["patient.phone"], gone["patient.phone"][9:]} {
			a := s.seek(t, "/app/patients", url.Values{"q": {typed}})
			if strings.Contains(a.body, one.String()) {
				t.Errorf("the search for %q still finds the deleted patient", typed)
			}
		}
		if a := s.seek(t, "/app/patients", url.Values{"q": {other["patient.name"]}}); !strings.Contains(a.body, two.String()) {
			t.Error("the search no longer finds the other patient")
		}
		s.shows(t, "/app/patients/"+two.String(), other["patient.name"], other["patient.address"], other["patient.notes"])
		if !slices.ContainsFunc(h.slotsOf(t, h.Practice.providers[2].ID.String()), func(x map[string]any) bool { return x["starts_at"] == at }) {
			t.Error("the time of the deleted patient is not free again")
		}
		if a := s.get(t, "/app/audit"); a.status != http.StatusOK || strings.Contains(a.body, gone["patient.name"]) {
			t.Errorf("the audit log after it: %s", a)
		}
		h.auditVerifies(t)
		if err := h.Vault.AddSubjects(t.Context(), h.Clinic.ID, one); err == nil {
			t.Error("a deleted patient gets a key again")
		}
	})
}

// TestABrokenOffDeletionIsFinished destroys the key of one patient and leaves her rows, as a crash between the two does. Nothing
// of her can be read from then on, and the hourly work takes the rows away, hers alone.
func TestABrokenOffDeletionIsFinished(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "deleted-is-unreadable")
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		s := h.signIn(t, demoPeople[0].email)
		s.fill(t, "/app/settings/modules/notes", "/app/settings/modules/notes", url.Values{"turn": {"on"}})
		hers, others := marks{}, marks{}
		one := h.wholePatient(t, s, hers, 2, h.slotsOf(t, h.Practice.providers[2].ID.String())[0]["starts_at"].(string))
		two := h.wholePatient(t, s, others, 3, h.slotsOf(t, h.Practice.providers[3].ID.String())[0]["starts_at"].(string))
		before := h.rowsOf(t, h.idsOf(t, two))
		ids := h.idsOf(t, one)
		if err := h.Vault.Shred(t.Context(), h.Clinic.ID, one, "deleted_by_clinic"); err != nil {
			t.Fatal(err)
		}
		if a := s.get(t, "/app/patients/"+one.String()); strings.Contains(a.body, hers["patient.name"]) {
			t.Errorf("the name of a patient whose key is gone is shown: %s", a)
		}
		work := access.Mint(h.Clinic.ID, id.Zero, id.Zero, id.Zero, access.System, access.Care)
		for range 2 { // the second time there is nothing to do
			if err := h.FinishDeletions(t.Context(), work); err != nil {
				t.Fatal(err)
			}
		}
		for table, rows := range h.rowsOf(t, ids) {
			if stay[table] == "" {
				t.Errorf("%d rows of %s still name the deleted patient", len(rows), table)
			}
		}
		if after := h.rowsOf(t, h.idsOf(t, two)); !equalRows(before, after) {
			t.Error("another patient's rows have changed")
		}
		h.auditVerifies(t)
	})
}

// wholePatient adds a patient with everything that there can be about one.
func (h *opened) wholePatient(t *testing.T, s *visitor, m marks, provider int, at string) id.ID {
	t.Helper()
	a := s.fill(t, "/app/patients/new", "/app/patients/new", url.Values{"name": {m.as("name", "patient.name")}, "phone": {m.as("phone", "patient.phone")}, "email": {m.as("email", "patient.email")},
		"address": {m.as("", "patient.address")}, "birth_day": {"7"}, "birth_month": {"8"}, "birth_year": {"2018"}, "consent": {"reminder"},
		"guardian_name": {m.as("name", "guardian.name")}, "guardian_phone": {m.as("phone", "guardian.phone")}, "guardian_kin": {"parent"}})
	page := pathOf(a.head.Get("Location"))
	one, err := id.Parse(strings.TrimPrefix(page, "/app/patients/"))
	if err != nil {
		t.Fatalf("adding a patient: %s", a)
	}
	s.fill(t, page, page+"/notes", url.Values{"note": {m.as("", "patient.notes")}})
	p := h.Practice.providers[provider]
	var service string
	for _, x := range h.Practice.services {
		if slices.Contains(x.Providers, p.ID) {
			service = x.ID.String()
			break
		}
	}
	s.post(t, "/app/appointments", url.Values{"patient": {one.String()}, "service": {service}, "provider": {p.ID.String()}, "starts_at": {at}, "note": {m.as("", "appointment.note")}, "key": {mark("")}})
	return one
}

// idsOf are the patient's id and those of her appointments.
func (h *opened) idsOf(t *testing.T, patient id.ID) []string {
	t.Helper()
	out := []string{string(patient[:])}
	columns := columnsOf(t, "appointment")
	for _, r := range h.rows(t, h.Owner)["appointment"] {
		if asText(r[slices.Index(columns, "patient_id")]) == out[0] {
			out = append(out, asText(r[slices.Index(columns, "id")]))
		}
	}
	return out
}

// rowsOf are the rows of every table of the clinic that name one of the ids in any column.
func (h *opened) rowsOf(t *testing.T, ids []string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for table, rows := range h.rows(t, h.Owner) {
		for _, r := range rows {
			if slices.ContainsFunc(r, func(x any) bool { return slices.Contains(ids, asText(x)) }) {
				out[table] = append(out[table], rowText(r))
			}
		}
		slices.Sort(out[table])
	}
	return out
}

// stay are tables whose rows about a deleted patient stay, and why.
var stay = map[string]string{
	"audit_leaf":   "that something was done stays; ids only",
	"audit_detail": "sealed under her key, which is gone",
	"audit_seen":   "that a list was seen; gone within a quarter of an hour",
	"erasure":      "an id that leads nowhere, to erase her again out of a backup",
	"event":        "an id of an appointment; finds nothing when it is due",
	"reminder_due": "an id of an appointment; finds nothing at its moment, and is cleared then",
}

func equalRows(a, b map[string][]string) bool {
	for table := range a {
		if !strings.HasPrefix(table, "audit_") && !slices.Equal(a[table], b[table]) {
			return false
		}
	}
	return true
}

// keyIsGone seals nothing and opens nothing for her any more.
func (h *opened) keyIsGone(t *testing.T, patient id.ID) {
	t.Helper()
	ring, err := h.Vault.Ring(t.Context(), h.Clinic.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	if _, err := ring.Seal(vault.Cell{Subject: patient, Table: "patient", Column: "name", Row: patient}, []byte("x")); err == nil {
		t.Error("the key of a deleted patient still seals")
	}
}

// auditVerifies checks the whole audit log, leaf by leaf, as an auditor would.
func (h *opened) auditVerifies(t *testing.T) {
	t.Helper()
	for {
		n, err := h.DB.Sequence(t.Context(), jobs.Platform())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	report, err := h.DB.VerifyAudit(t.Context(), jobs.Platform(), nil)
	if err != nil || report.Entries < 20 {
		t.Errorf("the audit log of %d entries does not verify: %v", report.Entries, err)
	}
}
