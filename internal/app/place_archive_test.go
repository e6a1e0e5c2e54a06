package app

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/jobs"
)

// taking gives the clinic an archive that was asked for and made, and a list that was brought in and looked over.
func (p *place) taking(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	owner := access.Caller(p.who)
	run, err := p.h.Archives.Ask(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	work := jobs.ForClinic(owner.Clinic())
	if err := p.h.Archives.Make(ctx, work); err != nil {
		t.Fatal(err)
	}
	list, err := p.h.Archives.Bring(ctx, owner, []byte("Name,Phone\nListed Patient,+919845077001\n"))
	if err != nil {
		t.Fatal(err)
	}
	p.ids["export"], p.ids["list"] = run.String(), list.String()
}

// enterList brings a list in with a mark in what its cells hold.
func (h *opened) enterList(t *testing.T, m marks) {
	t.Helper()
	list, err := h.Archives.Bring(t.Context(), h.Owner, []byte("Name,Remarks\nSome Body,"+m.as("", "list_line.cells")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	h.signIn(t, demoPeople[0].email).shows(t, "/app/settings/import/"+list.String(), m["list_line.cells"])
}
