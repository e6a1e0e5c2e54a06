package app

import (
	"fmt"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestAnAuthorityGetsNoMore: each part of a record holds its own marks and none of the others, and no other patient's; she gets a letter that names who asked.
func TestAnAuthorityGetsNoMore(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "disclosure-least")
	h := openHouse(t, store.SQLite, Options{}, nil)
	ctx := t.Context()
	if err := h.Start(ctx); err != nil {
		t.Fatal(err)
	}
	add := func(n int) id.ID {
		p, _, err := h.Patients.Add(ctx, h.Owner, patients.Draft{Name: fmt.Sprintf("Named Zq%d", n), Phone: fmt.Sprintf("+91987654009%d", n), Email: fmt.Sprintf("mail.zq%d@example.org", n), Address: fmt.Sprintf("Street Zq%d", n), BirthDate: "1980-02-03", Language: "en"}, true)
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	one, other := add(1), add(2)
	asks := rig.SignedIn(h.Clinic.ID, id.New(h.Fake.Now()), id.New(h.Fake.Now()), access.Manager)
	file := func(patient id.ID, parts ...disclosures.Part) string {
		t.Helper()
		d, err := h.Given.Ask(ctx, asks, disclosures.Draft{Patient: patient, Ground: disclosures.Law, Recipient: "Office {{.Zone}} of Ulm", Reference: "4711", Why: "A law.", Parts: parts})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Given.Decide(ctx, h.Owner, d, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		_, got, err := h.Given.File(ctx, h.Owner, d)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(got)
	}
	has := map[string]disclosures.Part{"Named Zq1": disclosures.Identity, "1980-02-03": disclosures.Identity, "9876540091": disclosures.Contact, "mail.zq1@": disclosures.Contact, "Street Zq1": disclosures.Contact}
	for _, p := range disclosures.Parts() {
		got := file(one, p)
		for mark, part := range has {
			if strings.Contains(got, mark) != (part == p) {
				t.Errorf("%s: %q in %s", p, mark, got)
			}
		}
		if strings.Contains(got, "Zq2") {
			t.Errorf("%s holds something else: %s", p, got)
		}
	}
	if got := file(other, disclosures.Parts()...); strings.Contains(got, "Zq1") || !strings.Contains(got, "Named Zq2") || !strings.Contains(got, "mail.zq2@") {
		t.Errorf("everything of the other: %s", got)
	}
	h.until(t, "a letter to her", func() bool {
		for _, m := range h.Outbox.List() {
			if strings.Contains(m.Text, "Office { {.Zone} } of Ulm") && strings.Contains(m.Text, "Named Zq1") {
				return true
			}
		}
		return false
	})
}
