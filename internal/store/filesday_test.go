package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/messaging"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// Bring makes texts a provider at which files lie: by their ids they come, come later, are refused, or break the account.
func (texts) Bring(_ context.Context, _ messaging.Connection, m messaging.Media, _ int64) messaging.Fetched {
	return map[string]messaging.Fetched{"paper": {Outcome: messaging.Accepted, Body: []byte("%PDF-1.7 a report")}, "later": {Outcome: messaging.Later}, "gone": {Outcome: messaging.Refused, Code: "100"},
		"broken": {Outcome: messaging.Broken, Code: "190"}}[m.ID]
}

// Listen and Listening make texts a provider that has to be asked to post its news.
func (texts) Listen(context.Context, messaging.Connection) error { return nil }

func (texts) Listening(context.Context, messaging.Connection) (bool, error) { return true, nil }

// files is the part of the day at which patients send pictures and reports, and somebody unknown does and is looked for.
func files(ctx context.Context, t *testing.T, p *practice.Practice, letters *messaging.Service, account messaging.Account, hear func(...messaging.Event), must func(error)) {
	t.Helper()
	owner, desk, system := p.As(access.Owner), p.As(access.FrontDesk), p.As(access.System)
	fetch := func() {
		t.Helper()
		due, err := letters.DueMedia(ctx, system, 10)
		must(err)
		for _, one := range due {
			must(letters.FetchMedia(ctx, system, one))
		}
		err = p.DB.View(ctx, system, access.Work, func(_ context.Context, v *store.View) error { _, err := messaging.NextMedia(v); return err })
		must(err)
	}
	sent := func(key, from string, ids ...string) {
		t.Helper()
		e := messaging.Event{Kind: messaging.MessageNews, Key: key, From: messaging.Sender{Phone: from}}
		for _, one := range ids {
			e.Media = append(e.Media, messaging.Media{ID: one, ContentType: "application/pdf", FileName: "report.pdf"})
		}
		hear(e)
	}
	sent("f1", "+919845010007", "paper", "later", "gone")
	fetch()
	hear(messaging.Event{Kind: messaging.Unknown, Key: "f2", Name: "calls"})
	_, err := letters.Accounts(ctx, owner)
	must(err)
	list, err := letters.Inbox(ctx, desk, messaging.InboxFilter{})
	must(err)
	for _, x := range list {
		open, err := letters.OpenThread(ctx, desk, x.ID)
		must(err)
		for _, l := range open.Lines {
			for _, f := range l.Files {
				if f.State == messaging.MediaKept {
					_, _, err = letters.OpenMedia(ctx, desk, x.ID, f.ID)
					must(err)
				}
			}
		}
	}
	sent("f3", "+919845018888", "paper")
	sent("f4", "+919845018888", "broken")
	fetch()
	now, err := letters.Accounts(ctx, owner)
	must(err)
	for _, a := range now {
		if a.ID == account.ID {
			p.Clock.Move(3 * time.Minute)
			sent("f5", "+919845018888", "paper")
			fetch() // of a paused account: it waits
			must(letters.SetAccount(ctx, owner, account.ID, a.Version, true))
		}
	}
	list, err = letters.Inbox(ctx, desk, messaging.InboxFilter{Typed: "98450 18888"})
	must(err)
	known, err := letters.Inbox(ctx, desk, messaging.InboxFilter{})
	must(err)
	for _, x := range known {
		if len(list) == 1 && !x.Patient.IsZero() {
			_, err = letters.Meant(ctx, desk, list[0].ID, x.Patient)
			must(err)
			break
		}
	}
	err = p.DB.Change(ctx, system, access.Work, func(_ context.Context, tx *store.Tx) error { _, err := messaging.Keeper{}.Due(tx); return err })
	must(err)
}
