package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"almirah/internal/promise"
	"almirah/internal/store"
)

type apiAnswer struct {
	status int
	head   http.Header
	raw    string
	body   map[string]any
}

func (h *opened) api(t *testing.T, method, path, key, body string) apiAnswer {
	t.Helper()
	return h.program(t, "", method, "/clinics/sunrise"+path, key, body)
}

func (a apiAnswer) fields() (out []string) {
	list, _ := a.body["errors"].([]any)
	for _, x := range list {
		m := x.(map[string]any)
		if m["message"] == "" || strings.HasPrefix(m["message"].(string), "[") {
			out = append(out, "NO SENTENCE "+m["field"].(string))
			continue
		}
		out = append(out, m["field"].(string))
	}
	return out
}

func (h *opened) slotsOf(t *testing.T, provider string) []map[string]any {
	t.Helper()
	got := h.api(t, "GET", fmt.Sprintf("/slots?service=%s&provider=%s&from=2026-11-25&to=2026-11-26", h.Practice.services[0].ID, provider), "", "")
	if got.status != 200 {
		t.Fatalf("slots: %d %s", got.status, got.raw)
	}
	var out []map[string]any
	for _, x := range got.body["items"].([]any) {
		out = append(out, x.(map[string]any))
	}
	return out
}

func (h *opened) bookingBody(at any, name, mail string) string {
	b, _ := json.Marshal(map[string]any{"service": h.Practice.services[0].ID, "provider": "any", "starts_at": at,
		"patient": map[string]any{"name": name, "email": mail, "birth_date": "1980-01-02"}, "consents": []string{"reminder"}})
	return string(b)
}

func TestPublicAPI(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		if c := h.api(t, "GET", "", "", ""); c.status != 200 || c.body["zone"] != "Asia/Kolkata" {
			t.Fatalf("clinic: %d %s", c.status, c.raw)
		}
		if s := h.api(t, "GET", "/services", "", ""); len(s.body["items"].([]any)) != len(treatments) {
			t.Fatalf("services: %s", s.raw)
		}
		if p := h.api(t, "GET", "/providers", "", ""); len(p.body["items"].([]any)) != len(practitioners) || strings.Contains(p.raw, "DEMO-1000") {
			t.Fatalf("providers: %s", p.raw)
		}
		slots := h.slotsOf(t, "any")
		at, end := slots[0]["starts_at"].(string), slots[0]["ends_at"].(string)
		if !strings.HasSuffix(at, "+05:30") {
			t.Fatalf("a slot without the clinic's offset: %s", at)
		}
		body := h.bookingBody(at, "Asha Marigold", "asha@example.org")
		first := h.api(t, "POST", "/bookings", "key-1", body)
		if first.status != 201 || first.body["starts_at"] != at || first.body["ends_at"] != end || first.body["status"] != "booked" {
			t.Fatalf("booking: %d %s", first.status, first.raw)
		}
		if again := h.api(t, "POST", "/bookings", "key-1", body); again.status != 201 || again.raw != first.raw {
			t.Fatalf("the same key again: %d %s", again.status, again.raw)
		}
		if other := h.api(t, "POST", "/bookings", "key-1", h.bookingBody(slots[1]["starts_at"], "Asha Marigold", "asha@example.org")); other.status != 422 || fmt.Sprint(other.fields()) != "[idempotency_key]" {
			t.Fatalf("the key for another request: %d %s", other.status, other.raw)
		}
		page, err := http.Get(first.body["manage_url"].(string))
		if err != nil || page.StatusCode != 200 {
			t.Fatalf("the patient's own page: %v %v", page, err)
		}
		page.Body.Close()
		// As many as offer the service get the same time; the next is told.
		for i := 1; ; i++ {
			got := h.api(t, "POST", "/bookings", fmt.Sprintf("more-%d", i), h.bookingBody(at, fmt.Sprintf("Ravi Teak %c", 'a'+i), fmt.Sprintf("ravi%d@example.org", i)))
			if got.status == 201 && i < 4 {
				continue
			}
			if got.status != 409 || i != 4 {
				t.Fatalf("booking %d of one time: %d %s", i+1, got.status, got.raw)
			}
			break
		}
	})
}

func TestPublicAPINamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "same-rules-at-every-door")
	h := openHouse(t, store.SQLite, Options{}, nil)
	at := h.slotsOf(t, "any")[0]["starts_at"]
	good := h.bookingBody(at, "Asha Marigold", "asha@example.org")
	for _, c := range []struct{ name, key, body, fields string }{
		{"no key", "", good, "[Idempotency-Key]"},
		{"unknown field", "k", strings.Replace(good, `"service"`, `"colour":"red","service"`, 1), "[colour]"},
		{"wrong type", "k", strings.Replace(good, `["reminder"]`, `"reminder"`, 1), "[consents]"},
		{"two values", "k", good + "{}", "[body]"},
		{"unknown purpose", "k", strings.Replace(good, "reminder", "advertising", 1), "[consents]"},
		{"no name and a bad mail", "k", h.bookingBody(at, " ", "nobody"), "[patient.name patient.email]"},
		{"a time off the grid", "k", h.bookingBody("2026-11-25T10:02:00+05:30", "Asha Marigold", "asha@example.org"), "[starts_at]"},
		{"too large", "k", `{"note":"` + strings.Repeat("x", 70<<10) + `"}`, "[body]"},
	} {
		got := h.api(t, "POST", "/bookings", c.key, c.body)
		if got.status != 422 || fmt.Sprint(got.fields()) != c.fields {
			t.Errorf("%s: %d, fields %v, want %s", c.name, got.status, got.fields(), c.fields)
		}
		if got.head.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: answered as %s", c.name, got.head.Get("Content-Type"))
		}
	}
	if got := h.api(t, "GET", "/slots?service=x&from=2026-11-25", "", ""); got.status != 422 || fmt.Sprint(got.fields()) != "[service]" {
		t.Errorf("slots of no service: %d %s", got.status, got.raw)
	}
	child := strings.Replace(good, "1980-01-02", "2020-01-02", 1)
	if got := h.api(t, "POST", "/bookings", "child", child); got.status != 422 || !strings.Contains(fmt.Sprint(got.fields()), "guardian") {
		t.Errorf("a child without a guardian: %d %s", got.status, got.raw)
	}
}

func TestPublicLimitTellsWhenToComeBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "abuse-limited")
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_PUBLIC_LIMIT": "3"})
	slots := h.slotsOf(t, "any")
	for i := range 4 {
		got := h.api(t, "POST", "/bookings", fmt.Sprintf("k%d", i), h.bookingBody(slots[i]["starts_at"], "Asha Marigold", "asha@example.org"))
		if i < 3 && got.status != 201 || i == 3 && (got.status != 429 || got.head.Get("Retry-After") == "") {
			t.Fatalf("booking %d of 3 a minute: %d %s", i+1, got.status, got.raw)
		}
	}
	h.Fake.Move(time.Minute)
	if got := h.api(t, "POST", "/bookings", "k9", h.bookingBody(slots[5]["starts_at"], "Asha Marigold", "asha@example.org")); got.status != 201 {
		t.Fatalf("a minute later: %d %s", got.status, got.raw)
	}
}

func TestDescriptionIsServed(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	res, err := http.Get(h.Server.URL + "/api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, res.Body); err != nil || !json.Valid(b.Bytes()) || !strings.Contains(b.String(), `"openapi": "3.1.0"`) {
		t.Fatalf("%d %.100s", res.StatusCode, b.String())
	}
}
