package gallery

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"almirah/internal/rig/browser"
)

// TestInboxByKeys walks the inbox as a receptionist does who leaves the mouse alone.
func TestInboxByKeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 1366, 900)
	at := func() string { return browser.Eval[string](t, x, `document.activeElement.id`) }
	ready := func() { x.WaitFor(t, `document.body.dataset.ready && location.pathname.startsWith("/app/inbox")`) }
	x.GoTo(t, d.url+"/app/inbox")
	ready()
	x.Press(t, "j", "j", "j", "k")
	if id := at(); !strings.HasSuffix(id, "0502") {
		t.Errorf("three down and one up stands at %s", id)
	}
	x.Press(t, kb.Enter)
	x.WaitFor(t, `document.querySelector("[data-thread]") && document.body.dataset.ready`)

	x.Press(t, "r")
	if at() != "f-text" {
		t.Errorf("R went to %q", at())
	}
	x.Type(t, "je n'en sais rien?") // letters of an answer are no keys
	if v := browser.Eval[string](t, x, `document.activeElement.value`); v != "je n'en sais rien?" {
		t.Errorf("typed was %q", v)
	}
	x.Press(t, kb.Escape, "n")
	if at() != "f-note" {
		t.Errorf("N went to %q", at())
	}
	x.Press(t, kb.Escape, "?")
	x.WaitFor(t, `document.querySelector("dialog[open]")`)
	x.Press(t, kb.Escape)
	x.WaitFor(t, `!document.querySelector("dialog")`)
	browser.Eval[string](t, x, `window.before=1; ""`)
	x.Press(t, "j")
	x.WaitFor(t, `!window.before && location.pathname.endsWith("0502") && document.body.dataset.ready`)
	x.Press(t, "u")
	x.WaitFor(t, `location.pathname==="/app/inbox" && document.body.dataset.ready`)

	browser.Eval[string](t, x, `delete document.body.dataset.keys; ""`)
	x.Press(t, "j", "?")
	if browser.Eval[bool](t, x, `!!document.querySelector("dialog,a.talk:focus")`) {
		t.Error("a single key did something for somebody who switched them off")
	}
	if c := x.Complaints(); len(c) > 0 {
		t.Errorf("the console says %v", c)
	}
}

// TestInboxClosesByKey: E sends the form of the button.
func TestInboxClosesByKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 1366, 900)
	x.GoTo(t, d.url+"/look/en/light/thread")
	x.WaitFor(t, `document.body.dataset.ready`)
	x.Press(t, "e")
	x.WaitFor(t, `location.pathname.endsWith("/state")`)
	last := d.g.Posts()[len(d.g.Posts())-1]
	if !strings.Contains(last, "/state ") || !strings.Contains(last, "to=done") || !strings.Contains(last, "version=4") {
		t.Errorf("E sent %s", last)
	}
}

// TestInboxLive: news from elsewhere come in under what is being typed, and a conversation is looked at again only where it
// changed.
func TestInboxLive(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 1366, 900)
	x.GoTo(t, d.url+"/look/en/light/thread")
	x.WaitFor(t, `document.body.dataset.ready`)
	x.Press(t, "r")
	x.Type(t, "Of course")
	browser.Eval[string](t, x, `document.querySelector("#f-channel-sms").click(); document.querySelector("#f-text").focus(); document.querySelector(".ln.auto details").open=true; document.querySelector(".ln.in").remove(); ""`)
	lines := browser.Eval[int](t, x, `document.querySelectorAll(".ln").length`)

	d.g.Tell()
	wait(t, func() bool { return d.g.Asked("/app/inbox/rows") == 1 })
	time.Sleep(200 * time.Millisecond)
	if n := d.g.Asked("/app/inbox/{thread}/live"); n != 0 {
		t.Errorf("a conversation in which nothing changed was looked at %d times", n)
	}
	browser.Eval[string](t, x, `document.querySelector("[aria-current].talk").dataset.stamp="older"; ""`)
	d.g.Tell()
	x.WaitFor(t, `document.querySelectorAll(".ln").length===`+number(lines+1))
	x.WaitFor(t, `document.querySelector("#live").textContent`)
	for what, js := range map[string]string{
		"the focus":             `document.activeElement.id==="f-text"`,
		"the text":              `document.querySelector("#f-text").value==="Of course"`,
		"the channel":           `document.querySelector("#f-channel-sms").checked`,
		"what was opened":       `document.querySelector(".ln.auto details").open`,
		"the count in the menu": `document.querySelector('.menu a[href="/app/inbox"] .n').textContent.startsWith("3")`,
	} {
		if !browser.Eval[bool](t, x, js) {
			t.Errorf("%s was lost", what)
		}
	}
	// A conversation that nobody looks at is not marked read.
	browser.Eval[string](t, x, `Object.defineProperty(document,"hidden",{value:true,configurable:true}); ""`)
	d.g.Tell()
	time.Sleep(300 * time.Millisecond)
	if n := d.g.Asked("/app/inbox/rows"); n != 2 {
		t.Errorf("a page in the background asked %d times", n)
	}
	browser.Eval[string](t, x, `delete document.hidden; document.dispatchEvent(new Event("visibilitychange")); ""`)
	wait(t, func() bool { return d.g.Asked("/app/inbox/rows") == 3 })
}

// TestInboxWindow: a way that is shut shows the message that can go in the place where an answer would be written, a ready
// reply goes to where the cursor stands, and the window runs out while one watches.
func TestInboxWindow(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 1366, 900)
	shown := func(sel string) bool {
		return browser.Eval[bool](t, x, `!!document.querySelector("`+sel+`")?.offsetParent`)
	}
	x.GoTo(t, d.url+"/look/en/light/thread-shut")
	x.WaitFor(t, `document.body.dataset.ready`)
	if shown("#f-text") || !shown(".offer button[name=template]") {
		t.Error("a shut way can be written to, or shows no message that can go")
	}
	browser.Eval[string](t, x, `document.querySelector("#f-channel-sms").click(); ""`)
	if !shown("#f-text") || shown(".offer") {
		t.Error("an open way cannot be written to")
	}

	x.GoTo(t, d.url+"/look/en/light/thread")
	x.WaitFor(t, `document.body.dataset.ready`)
	if left := browser.Eval[string](t, x, `document.querySelector("[data-left]").textContent`); !strings.Contains(left, "11 h 5") {
		t.Errorf("the window says %q", left)
	}
	x.Press(t, "r")
	x.Type(t, "Hello. Bye.")
	browser.Eval[string](t, x, `document.querySelector("#f-text").setSelectionRange(7,7); document.querySelector(".ready summary").click(); document.querySelector("[data-insert]").click(); ""`)
	if v := browser.Eval[string](t, x, `document.querySelector("#f-text").value`); v != "Hello. We are at 12 Church Street, first floor. There is a lift.Bye." {
		t.Errorf("the reply went to %q", v)
	}
	browser.Eval[string](t, x, `document.querySelector("[data-gate]").dataset.until="2020-01-01T00:00:00Z"; dispatchEvent(new Event("focus")); ""`)
	wait(t, func() bool { return d.g.Asked("/app/inbox/{thread}/live") > 0 })
	if len(d.g.Posts()) > 0 {
		t.Errorf("something was sent: %v", d.g.Posts())
	}
}

func number(n int) string { return strconv.Itoa(n) }

func wait(t *testing.T, until func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !until(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing happened")
		}
	}
}
