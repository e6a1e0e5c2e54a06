package whatsapp

import (
	"context"
	"strconv"

	"almirah/internal/messaging"
)

var _ messaging.Drafter = (*Carrier)(nil)

// Propose asks Meta to approve a text. It fails with the fault of Check, or with a fault of call.
func (c *Carrier) Propose(ctx context.Context, via messaging.Connection, p messaging.Proposal) (messaging.Verdict, error) {
	t := Template{Name: p.Name, Language: p.Language, Use: p.Use, Body: p.Body, Buttons: p.Buttons, Examples: map[string]string{}}
	for i, x := range p.Examples {
		t.Examples[strconv.Itoa(i+1)] = x
	}
	got, err := c.CreateTemplate(ctx, via, t)
	if err != nil {
		return messaging.Verdict{}, err
	}
	got.Name, got.Language = t.Name, t.Language
	return got.verdict(), nil
}

// Verdicts reads how every template of the account stands, page after page.
func (c *Carrier) Verdicts(ctx context.Context, via messaging.Connection) (out []messaging.Verdict, err error) {
	after := ""
	for range 100 { // Meta allows 6,000 templates, a hundred a page
		page, next, err := c.ListTemplates(ctx, via, after)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			out = append(out, t.verdict())
		}
		if next == "" || next == after {
			break
		}
		after = next
	}
	return out, nil
}

// Retract takes one language of a template away.
func (c *Carrier) Retract(ctx context.Context, via messaging.Connection, v messaging.Verdict) error {
	return c.DeleteTemplate(ctx, via, v.Name, v.Ref)
}

func (t Template) verdict() messaging.Verdict {
	return messaging.Verdict{Name: t.Name, Language: t.Language, Ref: t.ID, State: t.Status, Reason: t.Reason, Class: t.Class}
}
