package app

import (
	"context"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/support"
)

// demoHelpers are the demo's people of the platform.
var demoHelpers = []struct {
	email, name string
	role        access.Role
}{
	{"support@almirah.example.org", "Divya Menon", access.Support},
	{"operator@almirah.example.org", "Omar Haddad", access.Operator},
}

// demoSupport adds the people of the platform, has the clinic ask a question, and tells of work on the next night.
func (h *House) demoSupport(ctx context.Context, owner access.Caller) error {
	for _, p := range demoHelpers {
		link, err := h.Accounts.AddHelper(ctx, accounts.Operator(), p.name, p.email, "en", p.role)
		if err != nil {
			return err
		}
		if link == "" { // she was there before
			continue
		}
		_, token, _ := strings.Cut(link, "token=")
		if err := h.Accounts.ResetPassword(ctx, token, demoPassword); err != nil {
			return err
		}
	}
	_, err := h.Support.Write(ctx, owner, support.Letter{Kind: support.Question, Subject: "Two receipts on one sheet", Page: "/app/bills",
		Words: "Can we print two small receipts on one sheet of A4?\nOur printer has no small paper."})
	if err != nil {
		return err
	}
	at := h.Clock.Now().UTC().Truncate(time.Hour).Add(20 * time.Hour)
	_, err = h.Support.Publish(ctx, accounts.Operator(), support.Notice{Kind: support.Planned, StartsAt: clock.At(at), EndsAt: clock.At(at.Add(time.Hour)), Texts: map[string]support.Text{
		"en": {Title: "Short work in the coming night", Words: "For an hour pages may be slow. Nothing is lost, and reminders go out as always."},
		"hi": {Title: "आने वाली रात थोड़ा काम", Words: "एक घंटे तक पेज धीमे हो सकते हैं। कुछ खोता नहीं, और रिमाइंडर हमेशा की तरह जाते हैं।"},
		"ta": {Title: "வரும் இரவில் சிறிய பணி", Words: "ஒரு மணி நேரம் பக்கங்கள் மெதுவாக இருக்கலாம். எதுவும் தொலையாது, நினைவூட்டல்கள் வழக்கம்போல் செல்லும்."},
		"ar": {Title: "أعمال قصيرة في الليلة القادمة", Words: "قد تبطؤ الصفحات ساعة. لا يضيع شيء، والتذكيرات تخرج كالعادة."}}})
	return err
}
