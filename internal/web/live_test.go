package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/web"
)

// regexpSay finds the notes of a patient's page.
var regexpSay = regexp.MustCompile(`<div class="say"><p dir="auto">`)

// stream is one browser that watches.
type stream struct {
	lines chan string
	stop  context.CancelFunc
}

func (v visitor) watch(t *testing.T, server *httptest.Server, last string, since ...string) stream {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/app/live?day=2026-11-23&since="+strings.Join(since, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: v.cookie})
	r.Header.Set("User-Agent", "") // the same browser as the one that asks for pages
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	a, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%d %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	s := stream{lines: make(chan string, 100), stop: stop}
	go func() {
		defer a.Body.Close()
		defer close(s.lines)
		for in := bufio.NewScanner(a.Body); in.Scan(); {
			s.lines <- in.Text()
		}
	}()
	return s
}

// next waits for a line that begins with the text; false when the stream ended or nothing came in time.
func (s stream) next(begins string, within time.Duration) (string, bool) {
	limit := time.After(within)
	for {
		select {
		case l, ok := <-s.lines:
			if !ok {
				return "", false
			}
			if strings.HasPrefix(l, begins) {
				return l, true
			}
		case <-limit:
			return "", false
		}
	}
}

func TestOtherDesksAreSeenAtOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	server := httptest.NewServer(o.handler)
	t.Cleanup(server.Close)
	one, two := o.owner.watch(t, server, ""), o.owner.watch(t, server, "")
	first, ok := one.next("id: ", 5*time.Second)
	if _, ok2 := two.next("id: ", 5*time.Second); !ok || !ok2 {
		t.Fatal("the stream does not begin with what is known")
	}
	before := o.statements.Load()
	time.Sleep(1600 * time.Millisecond)
	if n := o.statements.Load() - before; n < 1 || n > 5 {
		t.Errorf("%d looks at the counter in 1.6 s by two browsers, want at most one each half second", n)
	}
	o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	for _, s := range []stream{one, two} {
		if _, ok := s.next("event: change", 3*time.Second); !ok {
			t.Fatal("a booking was not seen")
		}
		if l, _ := s.next("data:", time.Second); l != "data: *" {
			t.Fatalf("data: %q", l)
		}
	}
	// Whoever was away for a moment hears at once what she missed.
	late := o.owner.watch(t, server, strings.TrimPrefix(first, "id: "))
	if _, ok := late.next("event: change", 3*time.Second); !ok {
		t.Error("a missed change was not told")
	}
	// So does a page that was made before the change and connects after it; one that shows it hears nothing.
	page := regexp.MustCompile(`data-counter="(\d+)"`)
	made := page.FindStringSubmatch(o.owner.get("/app/day").Body.String())[1]
	fresh := o.owner.watch(t, server, "", made)
	if _, ok := fresh.next("id: "+made, 3*time.Second); !ok {
		t.Error("the page's counter is not the stream's")
	}
	if _, ok := fresh.next("event: change", time.Second); ok {
		t.Error("a page that shows everything was told of a change")
	}
	o.booked("Ravi Kumar", "+919876543202", 0, monday, "11:00")
	old := o.owner.watch(t, server, "", made)
	if _, ok := old.next("event: change", 3*time.Second); !ok {
		t.Error("a change between the page and its stream was not told")
	}
	fresh.stop()
	old.stop()
	// When nobody watches any more, nobody looks.
	one.stop()
	two.stop()
	late.stop()
	time.Sleep(time.Second)
	before = o.statements.Load()
	time.Sleep(1200 * time.Millisecond)
	if n := o.statements.Load() - before; n != 0 {
		t.Errorf("%d statements with nobody there", n)
	}
}

func TestTheStreamEndsWithTheSession(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	server := httptest.NewServer(o.handler)
	t.Cleanup(server.Close)
	s := o.owner.watch(t, server, "")
	if _, ok := s.next("id: ", 5*time.Second); !ok {
		t.Fatal("nothing came")
	}
	if err := o.accounts.SignOut(context.Background(), o.owner.cookie); err != nil {
		t.Fatal(err)
	}
	ended := time.After(11 * time.Second)
	for {
		select {
		case _, open := <-s.lines:
			if !open {
				return
			}
		case <-ended:
			t.Fatal("signed out, and still told")
		}
	}
}
