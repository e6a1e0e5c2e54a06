package app

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/store"
	"almirah/internal/support"
)

// courier lets accounts send its letters (confirm your address, reset your password) through a
// carrier of messaging, which stands to its right.
type courier struct {
	carrier messaging.Carrier
	took    func(mail id.ID) // is told of each letter; nil outside the demo
}

// Send hands one letter over. The words for the outcome are the same on both sides.
func (c courier) Send(ctx context.Context, to, subject, text, html string, mail id.ID, handOver func() error) string {
	if c.took != nil {
		c.took(mail)
	}
	m := messaging.Outgoing{ID: mail, Channel: messaging.Email, To: to, FromName: "Almirah", Subject: subject, Text: text, HTML: html}
	return string(c.carrier.Send(ctx, m, handOver).Outcome)
}

// chores is what has to be done every so often. The letters of accounts go out within two seconds.
func (h *House) chores(carriers []messaging.Carrier) []jobs.Chore {
	var took func(mail id.ID)
	if h.Outbox != nil {
		took = func(mail id.ID) { h.letters.Store(mail, true) }
	}
	out := []jobs.Chore{
		{Name: "tidy-schedule", Every: time.Hour, Clinics: true, Run: h.Desk.Tidy},
		{Name: "tidy-lists", Every: time.Hour, Clinics: true, Run: h.DB.Tidy},
		{Name: "retention", Every: time.Hour, Clinics: true, Run: h.retain},
		{Name: "look-at-clock", Every: time.Hour, Run: h.lookAtClock},
		{Name: "closings", Every: time.Hour, Clinics: true, Run: h.watchClosing},
		{Name: "ask-carriers", Every: time.Minute, Clinics: true, Run: h.askCarriers},
		{Name: "end-custodies", Every: time.Hour, Run: func(ctx context.Context, _ access.Caller) error { return h.Lives.EndHeld(ctx) }},
		{Name: "finish-closings", Every: time.Hour, Run: func(ctx context.Context, _ access.Caller) error { return h.Lives.FinishAll(ctx) }},
		{Name: "end-request-log", Every: time.Hour, Run: func(ctx context.Context, _ access.Caller) error { return h.endRequests(ctx) }},
		{Name: "suspensions", Every: time.Minute, Run: h.Lives.WatchSuspensions},
		{Name: "forget-texts", Every: time.Hour, Clinics: true, Run: func(ctx context.Context, who access.Caller) error {
			return h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
				if err := messaging.Forget(tx); err != nil {
					return err
				}
				return requests.Forget(tx)
			})
		}},
		{Name: "examine-log", Every: time.Hour, Clinics: true, Run: h.examineLog},
		{Name: "mail-heads", Every: time.Hour, Clinics: true, Run: h.mailHeads},
		{Name: "count-days", Every: time.Hour, Clinics: true, Run: h.butCanary(h.Insight.Work)},
		{Name: "write-use", Every: time.Minute, Run: func(ctx context.Context, _ access.Caller) error { return h.Insight.Flush(ctx, jobs.ForClinic) }},
		{Name: "expire-use", Every: 24 * time.Hour, Clinics: true, Run: h.butCanary(h.Insight.Age)},
		{Name: "end-grants", Every: time.Hour, Clinics: true, Run: func(ctx context.Context, who access.Caller) error {
			return h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
				if err := support.EndGrants(tx); err != nil {
					return err
				}
				return programs.EndSecrets(tx)
			})
		}},
		{Name: "tell-disclosures", Every: time.Hour, Clinics: true, Run: h.Given.TellDue},
		{Name: "watch-incidents", Every: 5 * time.Minute, Clinics: true, Run: h.watchClinic},
		{Name: "watch-requests", Every: 5 * time.Minute, Clinics: true, Run: h.watchRequests},
		{Name: "watch-platform", Every: 5 * time.Minute, Run: h.watchPlatform},
		{Name: "make-archives", Every: time.Hour, Clinics: true, Run: h.Archives.Make},
		{Name: "work-on-lists", Every: time.Hour, Clinics: true, Run: h.Archives.Work},
		{Name: "expire-archives", Every: time.Hour, Clinics: true, Run: h.Archives.Expire},
		{Name: "sweep-archives", Every: time.Hour, Run: func(ctx context.Context, _ access.Caller) error { return h.Archives.Sweep(ctx) }},
		{Name: "tidy-support", Every: time.Hour, Run: h.Support.Tidy},
		{Name: "mail-notices", Every: time.Minute, Run: h.Support.MailNotices},
		{Name: "hand-over", Every: time.Minute, Run: func(ctx context.Context, who access.Caller) error {
			return h.Accounts.FinishTransfers(ctx, who, func(clinic id.ID) string { return h.Support.Name(ctx, clinic) }, jobs.ForClinic)
		}},
		{Name: "keep-terms", Every: time.Minute, Clinics: true, Run: h.keepTerms},
		{Name: "tell-owners", Every: time.Minute, Clinics: true, Run: h.tellOwners},
		{Name: "look-up-names", Every: time.Minute, Run: func(ctx context.Context, who access.Caller) error { return h.Domains.Sweep(ctx, who, jobs.ForClinic) }},
		{Name: "bill-plans", Every: time.Hour, Clinics: true, Run: h.butCanary(h.billPlans)},
		{Name: "finish-deletions", Every: time.Hour, Clinics: true, Run: h.FinishDeletions},
		{Name: "end-holds", Every: time.Hour, Clinics: true, Run: h.Lives.WhileBelieved(h.Erasure.Work)},
		{Name: "tidy-accounts", Every: time.Hour, Run: func(ctx context.Context, who access.Caller) error {
			if err := h.finishColleagues(ctx, who, clock.At(h.Clock.Now().Add(-lookBack))); err != nil {
				return err
			}
			_, err := h.Accounts.Tidy(ctx, who)
			return err
		}},
		{Name: "walk-of-the-canary", Every: time.Minute, Run: h.walkWhenDue},
		{Name: "turn-keys", Every: time.Hour, Run: h.turnKeys},
		{Name: "probe-promises", Every: 10 * time.Minute, Run: func(ctx context.Context, _ access.Caller) error { return h.Probe(ctx) }},
	}
	if s := h.sharedPace(); s != nil {
		out = append(out, jobs.Chore{Name: "tidy-pace", Every: 10 * time.Minute, Run: func(ctx context.Context, _ access.Caller) error { return s.Tidy(ctx) }})
	}
	for _, c := range carriers {
		if c.Channel() == messaging.Email {
			out = append(out, jobs.Chore{Name: "account-mail", Every: 2 * time.Second, Soon: true, Run: func(ctx context.Context, who access.Caller) error {
				if h.Held() {
					return nil
				}
				_, err := h.Accounts.SendDue(ctx, who, courier{c, took}, 50)
				return err
			}})
			break
		}
	}
	return out
}

// tellOwners has a clinic's owners told by mail of what needs them.
func (h *House) tellOwners(ctx context.Context, who access.Caller) error {
	err := h.Messages.TellPaused(ctx, who, func(clinic string) error {
		return h.Accounts.TellOwners(ctx, who, clinic, accounts.NoticeChannelPaused, "/app/settings/channels")
	})
	if err != nil {
		return err
	}
	return h.Programs.TellOwners(ctx, who, func(clinic, what string) error {
		notice, path := accounts.NoticeTokens, "/app/settings/tokens"
		if what == programs.TellWebhooks {
			notice, path = accounts.NoticeWebhooks, "/app/settings/webhooks"
		}
		return h.Accounts.TellOwners(ctx, who, clinic, notice, path)
	})
}
