package app

import (
	"database/sql"
	"testing"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/store"
)

// nothingBroken runs every live check on a house with something in every room.
func (h *opened) nothingBroken(t *testing.T) {
	t.Helper()
	if err := h.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, k := range h.Promises(t.Context()) {
		if k.Status == "broken" {
			t.Errorf("%s: %s", k.ID, k.Evidence)
		}
	}
}

// TestProbesSeeWhatIsBroken writes past all rooms what no room would write, and lets the live checks look.
func TestProbesSeeWhatIsBroken(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_PLANS": "solo:INR:99900:0", "ALMIRAH_PLANS_GRACE": "1", "ALMIRAH_LEGAL_ENTITY": "Almirah Hosting LLP"})
	db, err := sql.Open("sqlite", h.DB.Path()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	write := func(text string) {
		t.Helper()
		args := []any{h.Clinic.ID[:]}
		if _, err := db.Exec(text, args...); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	broken := func(names ...string) {
		t.Helper()
		if err := h.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		status := map[string]string{}
		for _, k := range h.Promises(t.Context()) {
			status[k.ID] = k.Status
		}
		for _, name := range names {
			if status[name] != "broken" {
				t.Errorf("%s is %q, though it is broken", name, status[name])
			}
		}
	}
	h.nothingBroken(t)
	write(`DELETE FROM drug_alias WHERE clinic_id = $1`)
	if _, err := db.Exec(`DROP TRIGGER drug_alias_module`); err != nil {
		t.Fatal(err)
	}
	broken("prescriptions-off")

	c, err := h.Clinics.Get(t.Context(), h.Owner)
	if err == nil {
		err = h.Clinics.SetModules(t.Context(), h.Owner, clinics.Modules(), c.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	write(`INSERT INTO gateway_event (clinic_id, account_id, key, id, kind, known, news, heard_at) VALUES ($1, randomblob(16), 'k', randomblob(16), 'x', FALSE, '{"number":"4111 1111 1111 1111"}', 1)`)
	write(`INSERT INTO payment (clinic_id, id, source, external_id, method, amount, currency, received_at, booked_at, day, undecided) VALUES ($1, randomblob(16), 'browser', 'x', 'online', 1, 'INR', 1, 1, '2026-11-24', 1)`)
	write(`INSERT INTO prescription (clinic_id, id, patient_id, author_id, language, code_hash, created_at, saved_at) VALUES ($1, randomblob(16), randomblob(16), randomblob(16), 'en', randomblob(2), 1, 1)`)
	write(`INSERT INTO invoice (clinic_id, id, kind, patient_id, number, day, currency, keep_until, created_at) VALUES ($1, randomblob(16), 'invoice', randomblob(16), 1, '2010-01-01', 'INR', '2018-01-01', 1)`)
	write(`INSERT INTO encounter (clinic_id, id, patient_id, appointment_id, provider_id, service_id, starts_at, day, note, created_at, changed_at) VALUES ($1, randomblob(16), randomblob(16), randomblob(16), randomblob(16), randomblob(16), 1, '2026-11-24', CAST('Cough for three days, and nobody sealed it' AS BLOB), 1, 1)`)
	write(`INSERT INTO file (clinic_id, id, patient_id, name, kind, size, pieces, added_at, added_by) VALUES ($1, randomblob(16), randomblob(16), randomblob(16), 'exe', 1, 0, 1, randomblob(16))`)
	write(`INSERT INTO health (clinic_id, patient_id, id, kind, added_at) VALUES ($1, randomblob(16), randomblob(16), 'no-allergies', 1)`)
	write(`INSERT INTO subscription (clinic_id, trial_until) VALUES ($1, 1) ON CONFLICT (clinic_id) DO UPDATE SET trial_until = 1`)
	h.Fake.Move(time.Second)
	broken("gateway-no-cards", "gateway-only-signed", "prescription-genuine", "tax-records", "visits-kept", "files-cleaned", "allergies-asked", "told-before-read-only")
}
