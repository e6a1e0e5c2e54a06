package store_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Propose, Verdicts and Retract make texts a provider that approves what is written, at once.
func (texts) Propose(_ context.Context, _ messaging.Connection, p messaging.Proposal) (messaging.Verdict, error) {
	return messaging.Verdict{Name: p.Name, Language: p.Language, Ref: "1", State: messaging.ApprovalApproved}, nil
}

func (texts) Verdicts(context.Context, messaging.Connection) ([]messaging.Verdict, error) {
	return []messaging.Verdict{{Name: "none", Language: "en", State: "rejected"}}, nil
}

func (texts) Retract(context.Context, messaging.Connection, messaging.Verdict) error { return nil }

// conversations is the part of the day at the inbox: questions, answers, notes, somebody whom nobody knows, what the
// clinic keeps, and texts that are approved.
func conversations(ctx context.Context, t *testing.T, p *practice.Practice, letters *messaging.Service, account messaging.Account, hear func(...messaging.Event), must func(error)) {
	t.Helper()
	owner, desk := p.As(access.Owner), p.As(access.FrontDesk)
	now, err := letters.Setting(ctx, owner)
	must(err)
	now.Content, now.Days, now.Ways = messaging.ContentDays, 30, []messaging.Channel{messaging.SMS, messaging.Email}
	must(letters.SaveSetting(ctx, owner, now))
	list, err := letters.Accounts(ctx, owner)
	must(err)
	must(letters.SetAccount(ctx, owner, account.ID, list[0].Version, true))
	from := messaging.Sender{Phone: "+919845010007", UserID: "user-7"}
	hear(messaging.Event{Kind: messaging.MessageNews, Key: "t1", From: from, Text: "When do you close?"},
		messaging.Event{Kind: messaging.MessageNews, Key: "t2", From: messaging.Sender{Phone: "+919845019999"}, Text: "Is this the clinic?"},
		messaging.Event{Kind: messaging.MessageNews, Key: "t3", From: messaging.Sender{UserID: "user-7"}, Text: "Hello?", ReplyTo: "nothing of ours"},
		messaging.Event{Kind: messaging.IdentityNews, Key: "t4", From: from, Text: "user-8", Name: "user_id"},
		messaging.Event{Kind: messaging.TemplateNews, Key: "t5", Name: "nothing", Lang: "en", Status: "rejected"})
	var known, unknown messaging.Summary
	for _, box := range messaging.Boxes() {
		all, err := letters.Inbox(ctx, desk, messaging.InboxFilter{Box: box})
		must(err)
		for _, x := range all {
			if x.Patient.IsZero() {
				unknown = x
			} else if x.Snippet != "" {
				known = x
			}
		}
	}
	if known.ID.IsZero() || unknown.ID.IsZero() {
		t.Fatal("the inbox lacks the question of somebody known, or of somebody unknown")
	}
	_, err = letters.Inbox(ctx, desk, messaging.InboxFilter{People: []id.ID{known.Patient}})
	must(err)
	open, err := letters.OpenThread(ctx, desk, known.ID)
	must(err)
	_, err = letters.Answer(ctx, desk, known.ID, messaging.AnswerDraft{Channel: messaging.SMS, Text: "At six.", Key: "a"})
	must(err)
	_, err = letters.Answer(ctx, desk, known.ID, messaging.AnswerDraft{Channel: messaging.SMS, Text: "At six.", Key: "a"})
	must(err)
	must(letters.Note(ctx, desk, known.ID, "calls back"))
	must(letters.Assign(ctx, desk, known.ID, desk.Actor(), open.Version+1))
	_, err = letters.ThreadOf(ctx, desk, known.Patient)
	must(err)
	into, err := letters.Meant(ctx, desk, unknown.ID, known.Patient)
	must(err)
	open, err = letters.OpenThread(ctx, desk, into)
	must(err)
	must(letters.SetThread(ctx, desk, into, messaging.ThreadDone, open.Version))
	must(letters.SetThread(ctx, desk, into, messaging.ThreadOpen, open.Version+1))
	must(letters.SetWish(ctx, desk, known.Patient, messaging.SMS))
	_, err = letters.Wish(ctx, desk, known.Patient)
	must(err)
	one, err := letters.SaveCanned(ctx, owner, messaging.Canned{Title: "Hours", Body: "We close at six."})
	must(err)
	_, err = letters.SaveCanned(ctx, owner, messaging.Canned{ID: one, Title: "Hours", Body: "We close at seven.", Version: 1})
	must(err)
	_, err = letters.CannedReplies(ctx, desk)
	must(err)
	must(letters.RemoveCanned(ctx, owner, one, 2))
	_, err = letters.Approvals(ctx, owner, account.ID)
	must(err)
	x, err := letters.ProposeText(ctx, owner, account.ID, messaging.Recall, "en")
	must(err)
	must(letters.AskVerdicts(ctx, owner, account.ID))
	must(letters.RetractText(ctx, owner, x.ID))
	keptOutside(ctx, p, letters, account.ID, known.Patient, must)
	// Cannot be reached by SMS after all: by e-mail instead. Then the window is said to have closed.
	r, err := p.Desk.Book(ctx, p.Public(), scheduling.Booking{Service: p.Booking(p.Providers[0], p.At(6, "16:00"), 1).Service, Provider: p.Providers[0], StartsAt: p.At(6, "16:00"),
		Patient: patients.Draft{Name: "Both Ways", Phone: "+919845010008", Email: "both@example.org", BirthDate: "1980-02-03"}})
	must(err)
	hear()
	sent, err := letters.Recent(ctx, owner, messaging.Filter{Patient: r.Appointment.Patient})
	must(err)
	hear(messaging.Event{Kind: messaging.StateNews, Key: "t6", Message: sent[0].ID, ProviderID: "SM-x", Reached: messaging.ReachedFailed, Code: messaging.CodeWindow, Permanent: true},
		messaging.Event{Kind: messaging.MessageNews, Key: "t7", From: messaging.Sender{Phone: "+919845010008"}, Text: "Hello"})
	sent, err = letters.Recent(ctx, owner, messaging.Filter{Patient: r.Appointment.Patient})
	must(err)
	hear(messaging.Event{Kind: messaging.StateNews, Key: "t8", Message: sent[0].ID, Reached: messaging.ReachedFailed, Code: messaging.CodeWindow})
	files(ctx, t, p, letters, account, hear, must)
	err = p.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		_, err := messaging.Keeper{}.Collect(v, known.Patient)
		return err
	})
	must(err)
	now, err = letters.Setting(ctx, owner)
	must(err)
	for _, c := range []messaging.Content{messaging.ContentNone, messaging.ContentDays} {
		now.Content = c
		must(letters.SaveSetting(ctx, owner, now))
		now.Version++
	}
	must(letters.SetWish(ctx, desk, known.Patient, ""))
	err = p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return messaging.Keeper{}.Erase(tx, known.Patient) })
	must(err)
}
