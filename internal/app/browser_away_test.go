package app

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// TestTheHouseGoesAwayAndComesBack: an open page says that the house does not answer, keeps what it shows, and goes on by itself. A browser without a
// network is no reason to say so: a house on the same computer answers all the same.
func TestTheHouseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	d := &desk{opened: h, b: browser.Start(t), in: h.signIn(t, deskMail)}
	a := d.booked(t, d.patient(t, "Asha Marigold", "+919999910412"), 0, "15:00")
	x := d.day(t, 1366, "")
	const shown, asked = `!document.querySelector("#offline").hidden`, `performance.getEntriesByType("resource").filter(e=>e.name.endsWith("/healthz")&&e.responseEnd).length`
	later := func() {
		t.Helper()
		browser.Eval[any](t, x, `document.querySelector('`+cardOf(a)+`').focus(),1`)
		x.Press(t, "m", kb.ArrowDown, kb.Enter)
	}

	// Without a network, and the house is there. (Where this test runs without one, the page asked once when it was opened.)
	before := browser.Eval[int](t, x, asked)
	browser.Eval[any](t, x, `Object.defineProperty(navigator,"onLine",{configurable:true,get:()=>false}),dispatchEvent(new Event("offline")),1`)
	x.WaitFor(t, asked+`>`+strconv.Itoa(before))
	browser.Await[any](t, x, `new Promise(done=>setTimeout(done,100,1))`) // its answer is read after it has come
	if browser.Eval[bool](t, x, shown) {
		t.Error("the house answers, and the page says that there is no connection")
	}

	// With a network, and the house is gone: the line that changes come by ends, and nobody has to try and save to find out.
	browser.Eval[any](t, x, `delete navigator.onLine,1`)
	at, err := url.Parse(h.Server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	h.Server.CloseClientConnections()
	x.WaitFor(t, shown)
	for _, v := range x.Axe(t, "../..") {
		t.Error(v)
	}
	later()
	x.WaitFor(t, toast+`.includes("Not saved")`)
	d.stands(t, a.ID, 0, "15:00")
	if got := browser.Eval[string](t, x, `document.querySelector('`+cardOf(a)+` time').textContent`); got[:4] != "3:00" {
		t.Errorf("the card says %s after a move that was not saved", got)
	}

	// It is there again, at the same address.
	again, err := net.Listen("tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h.Server.Config.Handler, ReadHeaderTimeout: time.Minute}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		if err := server.Serve(again); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	x.WaitFor(t, `document.querySelector("#offline").hidden`)
	later()
	x.WaitFor(t, toast+`.includes("moved to")`)
	d.stands(t, a.ID, 0, "15:15")
}
