package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/requests"
)

// demoAsked lets a few invented patients ask about their data, and the clinic be at different points of answering: done at once, waiting, unknown who asks,
// answered in part, and handed over by the operator.
func (h *House) demoAsked(ctx context.Context, owner access.Caller, who []id.ID) error {
	as := func(n int) access.Caller {
		return accounts.ForPatient(owner.Clinic(), who[n], id.New(h.Clock.Now()))
	}
	if err := h.Requests.AskCopy(ctx, as(0)); err != nil {
		return err
	}
	if err := h.Requests.State(ctx, as(0), "contact", "My number is written with a country code that is not mine. I asked for it to be changed."); err != nil {
		return err
	}
	if _, err := h.Requests.Ask(ctx, as(1), law.Correction, "birth", "I was born in March, not in May."); err != nil {
		return err
	}
	if err := h.Requests.Nominate(ctx, as(2), "Rohan Example", "rohan@example.org"); err != nil {
		return err
	}
	today := clock.DateOf(h.Clock.Now())
	letter := requests.Taken{Kind: law.Access, Door: requests.ByLetter, Asker: requests.Self, Came: today.AddDays(-2), Contact: "somebody@example.org", Words: "Please send me everything that you have about me."}
	if _, err := h.Requests.Take(ctx, owner, letter); err != nil {
		return err
	}
	said := requests.Taken{Kind: law.Complaint, Door: requests.ByVisit, Asker: requests.Self, Patient: who[3], Proof: requests.MetHer, Came: today.AddDays(-20), Words: "My name was called out loud in the waiting room."}
	if _, err := h.Requests.Take(ctx, owner, said); err != nil {
		return err
	}
	old, err := h.Requests.Take(ctx, owner, requests.Taken{Kind: law.Deletion, Door: requests.ByVisit, Asker: requests.Self, Patient: who[4], Proof: requests.MetHer, Words: "Delete my bills and my messages."})
	if err != nil {
		return err
	}
	if err := h.Requests.Decide(ctx, owner, old, 1, requests.Decision{Outcome: requests.Refused, Ground: requests.Keeping, Why: "Bills have to be kept for eight years. Messages are not kept here at all."}); err != nil {
		return err
	}
	c, err := h.Requests.Get(ctx, owner, old)
	if err == nil && c.ToldAt == 0 {
		err = h.Requests.ToldByHand(ctx, owner, old)
	}
	if err != nil {
		return err
	}
	_, err = h.handRequest(ctx, demoSlug, law.Objection, "nobody@example.org", "I do not want my visits to be counted.")
	return err
}
