package web_test

import (
	"testing"

	"almirah/internal/messaging"
)

// TestInboxAnswerMeetsNews: what the patient wrote after the page was read is on the page that follows the answer, marked unread.
func TestInboxAnswerMeetsNews(t *testing.T) {
	t.Parallel()
	x := openPost(t)
	v := x.as("front-desk")
	x.booked("Asha Rao", ashaPhone, 0, tuesday, "10:00")
	x.writes(messaging.SMS, ashaPhone, "May I eat before?")
	talk := talks(wants(t, v.get("/app/inbox"), 200))[0]
	body := wants(t, v.get(talk), 200, "May I eat before?", `<span class="tag">unread</span>`, `form="answer"`)
	x.writes(messaging.SMS, ashaPhone, "And my pain is worse")
	leads(t, v.send(talk+"/answer", "channel", "sms", "text", "Yes.", "key", field(t, body, "key"), "shown", field(t, body, "shown")), talk+"?done=inbox-sent")
	wants(t, v.get("/app/inbox"), 200, "And my pain is worse", `<b class="n">1<`)
	body = wants(t, v.get(talk+"?done=inbox-sent"), 200, "And my pain is worse", `<span class="tag">unread</span>`, "!May I eat before?")
	// An open page learns with its newer lines which it shows; what it had shown before is read.
	x.writes(messaging.SMS, ashaPhone, "Hello?")
	live := wants(t, v.part(talk+"/live"), 200, "And my pain is worse", "Hello?", `form="answer"`)
	if field(t, live, "shown") == field(t, body, "shown") {
		t.Error("the form does not learn what the page shows now")
	}
	leads(t, v.send(talk+"/answer", "channel", "sms", "text", "Come at once.", "key", "k", "shown", field(t, live, "shown")), talk+"?done=inbox-sent")
	wants(t, v.get(talk), 200, "!And my pain is worse", "!Hello?", `!<span class="tag">unread</span>`)
}
