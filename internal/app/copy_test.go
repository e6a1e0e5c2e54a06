package app

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig/r4"
	"almirah/internal/store"
)

// TestAPatientTakesHerCopyAlong: from her own page a patient has a file for another clinic's system within a minute. It holds her, as FHIR, and nobody else; that she took it is in the log, and
// nobody has another's by her own link.
func TestAPatientTakesHerCopyAlong(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-copy-fhir")
	h := openHouse(t, store.SQLite, Options{}, nil)
	(&desk{opened: h}).patient(t, "Ravi Teak", "+919999912345")
	own := h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	began := time.Now()
	if page := h.visitor().page(t, own+"/data/copy"); !strings.Contains(page.body, own+"/data/copy.zip") {
		t.Error("the page of her copy does not offer it")
	}
	file := []byte(h.visitor().page(t, own+"/data/copy.zip").body)
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	bundle := member(t, file, "fhir/bundle.json")
	if err := r4.Wrong(t, []byte(bundle)); err != nil {
		t.Error(err)
	}
	var got struct {
		Entry []struct {
			Resource struct{ ResourceType, ID string }
		}
	}
	if err := json.Unmarshal([]byte(bundle), &got); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	her := id.Zero
	for _, e := range got.Entry {
		kinds[e.Resource.ResourceType]++
		if e.Resource.ResourceType == "Patient" {
			her, _ = id.Parse(e.Resource.ID)
		}
	}
	if kinds["Patient"] != 1 || kinds["Appointment"] != 1 || her.IsZero() {
		t.Errorf("her bundle holds %v", kinds)
	}
	text := unpacked(t, file)
	if !strings.Contains(text, "Asha Marigold") || !strings.Contains(text, "asha@example.org") {
		t.Error("she is not in it")
	}
	var others []id.ID
	err := h.DB.View(t.Context(), h.Owner, access.PatientRead, func(_ context.Context, v *store.View) (err error) {
		others, err = store.IDs(v, `SELECT id FROM patient WHERE clinic_id = $1 AND id <> $2`, her)
		return err
	})
	if err != nil || len(others) == 0 {
		t.Fatal(len(others), err)
	}
	for _, o := range others {
		if strings.Contains(text, o.String()) {
			t.Fatal("it holds somebody else")
		}
	}
	var b bytes.Buffer
	if _, err := h.Archives.Person(t.Context(), accounts.ForPatient(h.Clinic.ID, her, id.New(h.Clock.Now())), others[0], &b); !fault.Is(err, fault.NotFound) || b.Len() > 0 {
		t.Errorf("another's copy by her link: %v", err)
	}
	n := 0
	err = h.DB.View(t.Context(), h.Owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		return v.Row(`SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'export' AND patient_id = $2`, her).Scan(&n)
	})
	if err != nil || n != 1 {
		t.Errorf("the log has %d entries of it: %v", n, err)
	}
}
