package web_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/messaging"
	"almirah/internal/promise"
)

// Bring makes approving a provider at which one file lies: a page that calls itself a report.
func (approving) Bring(_ context.Context, _ messaging.Connection, m messaging.Media, _ int64) messaging.Fetched {
	if m.ID != "paper" {
		return messaging.Fetched{Outcome: messaging.Refused, Code: "100"}
	}
	return messaging.Fetched{Outcome: messaging.Accepted, Body: []byte("%PDF-1.4 <script>alert(1)</script>")}
}

// TestFilesInAConversation: a file is said with what became of it, and is handed out as a download in which nothing runs; the patient is
// told of it, and nobody else sees it.
func TestFilesInAConversation(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "patients-files")
	x := openPost(t)
	v := x.as("front-desk")
	token := x.ownLink()
	const leela = "+919811198110"
	sends := func(media ...messaging.Media) {
		t.Helper()
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: leela}, Media: media})
	}
	sends(messaging.Media{ID: "paper", ContentType: "application/pdf"})
	talk := talks(wants(t, v.get("/app/inbox"), 200))[0]
	wants(t, v.get(talk), 200, "Sent a document", "It was not fetched: this clinic keeps nothing", "!/files/")

	set, err := x.messages.Setting(t.Context(), x.owner.who)
	if err != nil {
		t.Fatal(err)
	}
	set.Content = messaging.ContentFull
	if err := x.messages.SaveSetting(t.Context(), x.owner.who, set); err != nil {
		t.Fatal(err)
	}
	sends(messaging.Media{ID: "paper", ContentType: "application/pdf", FileName: "<b>x</b>.html"}, messaging.Media{ID: "gone", ContentType: "image/jpeg"}, messaging.Media{ContentType: "image/png", FileName: "mailed.png"})
	body := wants(t, v.get(talk), 200, "It is being fetched", "What comes by e-mail beside the text is not fetched")
	stamp := regexp.MustCompile(`data-stamp="([^"]*)"`).FindString(body)
	due, err := x.messages.DueMedia(t.Context(), x.As(access.System), 10)
	if err != nil || len(due) != 2 {
		t.Fatal(due, err)
	}
	for _, one := range due {
		if err := x.messages.FetchMedia(t.Context(), x.As(access.System), one); err != nil {
			t.Fatal(err)
		}
	}
	body = wants(t, v.get(talk), 200, "Download: PDF document", "1 KB", "<b>x</b>.html", "It could not be fetched: it is not there any more", "!It is being fetched")
	if strings.Contains(body, "<b>x</b>") || stamp == regexp.MustCompile(`data-stamp="([^"]*)"`).FindString(body) {
		t.Error("the name comes through as markup, or an open page would not notice that the file came")
	}
	link := regexp.MustCompile(talk + `/files/[0-9a-z-]{36}`).FindString(body)
	got := v.get(link)
	for name, want := range map[string]string{"Content-Type": "application/pdf", "Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
		if h := got.Header().Get(name); h != want {
			t.Errorf("%s: %q", name, h)
		}
	}
	if h := got.Header().Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="document-[0-9-]{15}\.pdf"$`).MatchString(h) {
		t.Errorf("it is handed out as %q", h)
	}
	if got.Code != 200 || !strings.HasPrefix(got.Body.String(), "%PDF-1.4") {
		t.Errorf("%d %q", got.Code, got.Body)
	}
	for _, no := range []string{talk + "/files/x", talk + "/files/" + x.providers[0].ID.String(), "/app/inbox/" + x.providers[0].ID.String() + "/files/" + link[len(link)-36:]} {
		wants(t, v.get(no), 404)
	}
	wants(t, x.as("billing").get(link), 403)
	wants(t, x.owner.get("/app/audit"), 200, "!<b>x</b>")
	wants(t, x.guest().get("/m/"+token), 200, "The clinic has it.", "The clinic does not have it.", "!/files/")
	x.Clock.Move(time.Minute)
}
