package app

import (
	"testing"

	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/requests"
)

// asks lets the person of the link ask something, and somebody by letter; both wait.
func (p *place) asks(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	she, _, err := p.h.Desk.Enter(ctx, p.token)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := p.h.Requests.Ask(ctx, she, law.Correction, "name", "My name is written with two a.")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.h.Requests.State(ctx, she, "health", "It was the left knee."); err != nil {
		t.Fatal(err)
	}
	own, err := p.h.Requests.Mine(ctx, she)
	if err != nil || len(own.Statements) != 1 {
		t.Fatal(own.Statements, err)
	}
	p.ids["statement"] = own.Statements[0].ID.String()
	patient, err := id.Parse(p.ids["patient"])
	if err != nil {
		t.Fatal(err)
	}
	said, err := p.h.Requests.Take(ctx, p.who, requests.Taken{Kind: law.Access, Door: requests.ByVisit, Asker: requests.Self, Patient: patient, Proof: requests.MetHer, Words: "All of it."})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.h.Requests.Decide(ctx, p.who, said, 1, requests.Decision{Outcome: requests.Granted}); err != nil {
		t.Fatal(err)
	}
	letter, err := p.h.Requests.Take(ctx, p.who, requests.Taken{Kind: law.Access, Door: requests.ByLetter, Asker: requests.Self, Contact: "somebody@example.org", Words: "All of it."})
	if err != nil {
		t.Fatal(err)
	}
	written, err := p.h.Requests.Take(ctx, p.who, requests.Taken{Kind: law.Access, Door: requests.ByLetter, Asker: requests.Self, Patient: patient, Proof: requests.MetHer, Words: "All of it, please."})
	if err != nil {
		t.Fatal(err)
	}
	p.ids["unknown request"], p.ids["written request"] = letter.String(), written.String()
	p.ids["own request"], p.ids["data request"], p.ids["copied request"] = mine.String(), mine.String(), said.String()
}
