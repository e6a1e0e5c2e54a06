package app

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// erasing gives the clinic an erasure of which a law holds something.
func (p *place) erasing(t *testing.T) {
	t.Helper()
	one, err := p.h.erasedPatient(t.Context(), p.who, "Latex")
	if err != nil {
		t.Fatal(err)
	}
	e, err := p.h.Erasure.Get(t.Context(), p.who, one)
	if err != nil || len(e.Holds) != 1 {
		t.Fatalf("%d holds, %v", len(e.Holds), err)
	}
	p.h.needsLetter(t, p.who, one, p.slug+"-4711")
	p.ids["former"] = p.h.former(t, p.who, p.slug)
	p.ids["erasure"], p.ids["hold"] = one.String(), e.Holds[0].ID.String()
}

// needsLetter has a carrier, which takes no call, keep a message of somebody erased, under its own id of it.
func (h *opened) needsLetter(t testing.TB, who access.Caller, erasure id.ID, theirs string) {
	t.Helper()
	err := h.DB.Change(t.Context(), jobs.ForClinic(who.Clinic()), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("as an erasure leaves it")
		one := tx.NewID()
		sealed, err := tx.Seal(vault.ClinicData, "erasure_ask", "what", one, theirs)
		if err == nil {
			_, err = tx.Exec(`INSERT INTO erasure_ask (clinic_id, id, erasure_id, carrier, what, state, due_at, asked_at, state_at) VALUES ($1, $2, $3, 'msg91', $4, 'letter', $5, $5, $5)`, one, erasure, sealed, tx.Now())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// former is somebody who worked at the clinic and left.
func (h *opened) former(t testing.TB, who access.Caller, name string) string {
	t.Helper()
	mail := "left@" + name + ".example.org"
	if err := h.Accounts.Enrol(t.Context(), who, demoDraft("Leela Left", mail, "desk"), access.FrontDesk); err != nil {
		t.Fatal(err)
	}
	people, _, err := h.Accounts.Staff(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range people {
		if m.Person.Email == mail {
			if err := h.Accounts.EndMembership(t.Context(), who, m.Person.ID, m.Version); err != nil {
				t.Fatal(err)
			}
			return m.Person.ID.String()
		}
	}
	t.Fatal("nobody was enrolled")
	return ""
}

// erasureStops are the pages of erasures: the list, one with what is held, and what she sees who was erased.
func (h *opened) erasureStops(t testing.TB) []stop {
	t.Helper()
	list, err := h.Erasure.List(t.Context(), h.Owner)
	if err == nil && len(list) == 0 { // a house without the demo's past
		if err = h.demoErasure(t.Context(), h.Owner); err == nil {
			list, err = h.Erasure.List(t.Context(), h.Owner)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	one := list[0].ID.String()
	h.needsLetter(t, h.Owner, list[0].ID, "4711")
	left := h.former(t, h.Owner, "pictures")
	return []stop{
		{pattern: "GET /app/erasures", path: "/app/erasures", who: ownerMail},
		{pattern: "GET /app/erasures/{id}", path: "/app/erasures/" + one, who: ownerMail},
		{pattern: "GET /c/{slug}/erased/{id}", path: "/c/" + h.Clinic.Slug + "/erased/" + one},
		{pattern: "GET /app/settings/former/{person}", path: "/app/settings/former/" + left, who: ownerMail},
	}
}

// enterHeld erases somebody with a mark in what a law holds, and opens it as a custodian.
func (h *opened) enterHeld(t *testing.T, m marks) {
	t.Helper()
	if !h.Clinic.Has(clinics.ModuleClinical) {
		c, err := h.Clinics.Get(t.Context(), h.Owner)
		if err != nil || !c.Has(clinics.ModuleClinical) {
			t.Fatalf("the clinic keeps no clinical records: %v", err)
		}
	}
	one, err := h.erasedPatient(t.Context(), h.Owner, m.as("", "held_part.body"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := h.Erasure.Get(t.Context(), h.Owner, one)
	if err != nil {
		t.Fatal(err)
	}
	h.needsLetter(t, h.Owner, one, m.as("", "erasure_ask.what"))
	s := h.signIn(t, demoPeople[0].email)
	if a := s.get(t, "/app/erasures/"+one.String()+"/letter.txt?carrier=msg91"); a.status != http.StatusOK || !strings.Contains(a.body, m["erasure_ask.what"]) {
		t.Errorf("the letter does not open: %s", a)
	}
	path := "/app/erasures/" + one.String()
	a := s.fill(t, path, path+"/held", url.Values{"hold": {e.Holds[0].ID.String()}, "reason": {m.as("", "audit_detail.sealed (custodian)")}})
	if a.status != http.StatusOK || !strings.Contains(a.body, m["held_part.body"]) {
		t.Errorf("what is held does not open: %s", a)
	}
	s.shows(t, "/app/audit?what=", m["audit_detail.sealed (custodian)"])
}
