package app

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/programs"
	"almirah/internal/support"
)

// helped lets the clinic write to support, and support ask it for access, which an owner has not answered; and the operator tell everybody something.
func (p *place) helped(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	one, err := p.h.Support.Write(ctx, p.who, support.Letter{Kind: support.Question, Subject: "The receipt", Words: "It prints twice."})
	if err != nil {
		t.Fatal(err)
	}
	p.ids["ticket"] = one.String()
	helper, operator := p.h.helping(t)
	grant, err := p.h.Support.Ask(ctx, helper, p.who.Clinic(), support.Wish{Reason: "The receipt", Scopes: access.SeeSettings | access.SeePatient, Minutes: 60})
	if err != nil {
		t.Fatal(err)
	}
	p.ids["grant"] = grant.String()
	who, err := p.h.Accounts.Helper(ctx, operator)
	if err != nil {
		t.Fatal(err)
	}
	now := clock.At(p.h.Fake.Now())
	notice, err := p.h.Support.Publish(ctx, who, support.Notice{Kind: support.Planned, Texts: map[string]support.Text{"en": {Title: "Work on Sunday", Words: "At night."}}, StartsAt: now.Add(time.Hour), EndsAt: now.Add(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	p.ids["service notice"] = notice.String()
	p.trouble(t, who)
	p.asks(t)
	p.lives(t)
	p.erasing(t)
	p.taking(t) // after the erasure, which ends every archive that waits
}

// integrated gives the clinic a token for a program, which has used it, and an address that was told of something.
func (p *place) integrated(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	var token id.ID
	p.api, token = p.h.makeToken(t, p.who, everyScope)
	if got := p.h.program(t, p.api, "GET", "/token", "", ""); got.status != 200 {
		t.Fatal(got.raw)
	}
	_, hook, err := p.h.Programs.AddEndpoint(ctx, p.who, programs.EndpointDraft{URL: "https://hooks." + p.slug + ".invalid/in", Events: programs.InvoicePaid})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.h.Programs.Test(ctx, p.who, hook); err != nil {
		t.Fatal(err)
	}
	_, list, err := p.h.Programs.Endpoint(ctx, p.who, hook, 1)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	p.ids["program token"], p.ids["webhook"], p.ids["delivery"] = token.String(), hook.String(), list[0].ID.String()
}
