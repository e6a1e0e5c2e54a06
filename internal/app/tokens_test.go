package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/api"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/programs"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// program asks the interface, with a token where there is one.
func (h *opened) program(t testing.TB, token, method, path, key, body string) apiAnswer {
	t.Helper()
	r, err := http.NewRequest(method, h.Server.URL+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := apiAnswer{status: res.StatusCode, head: res.Header, raw: string(b)}
	if err := json.Unmarshal(b, &out.body); err != nil {
		t.Fatalf("%s %s: not JSON: %.200s", method, path, b)
	}
	return out
}

const everyScope = access.ProgramCalendar | access.ProgramAppointments | access.ProgramPatients | access.ProgramContacts | access.ProgramInvoices | access.ProgramNews

func (h *opened) makeToken(t testing.TB, who access.Caller, scopes access.ProgramScope) (string, id.ID) {
	t.Helper()
	text, one, err := h.Programs.MakeToken(context.Background(), who, programs.TokenDraft{Name: "Clinic website", Scopes: scopes, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	return text, one.ID
}

func items(t testing.TB, a apiAnswer) (out []map[string]any) {
	t.Helper()
	list, ok := a.body["items"].([]any)
	if !ok {
		t.Fatalf("no list: %d %s", a.status, a.raw)
	}
	for _, x := range list {
		out = append(out, x.(map[string]any))
	}
	return out
}

// TestATokenOpensTheInterfaceAlone: a program lists, books once, moves, cancels, finds and changes, in its own name; and everything that is not its token's is refused.
func TestATokenOpensTheInterfaceAlone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "tokens-hashed", "token-scopes")
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		token, tokenID := h.makeToken(t, h.Owner, everyScope)
		ask := func(method, path, key, body string) apiAnswer {
			t.Helper()
			return h.program(t, token, method, path, key, body)
		}
		if got := ask("GET", "/token", "", ""); got.status != 200 || got.body["clinic_slug"] != "sunrise" {
			t.Fatalf("itself: %d %s", got.status, got.raw)
		}
		services := items(t, ask("GET", "/services", "", ""))
		if len(services) != len(treatments) || len(items(t, ask("GET", "/providers", "", ""))) != len(practitioners) {
			t.Fatalf("services: %v", services)
		}
		service := services[0]["id"].(string)
		free := items(t, ask("GET", "/slots?service="+service+"&from=2026-11-25&to=2026-11-26", "", ""))
		at, later := free[0]["starts_at"].(string), free[len(free)-1]["starts_at"].(string)

		// A patient, found again by a repeated request.
		person := `{"name":"Asha Marigold","email":"asha@example.org","birth_date":"1980-01-02"}`
		made := ask("POST", "/patients", "", person)
		if made.status != 201 || ask("POST", "/patients", "", person).status != 200 {
			t.Fatalf("a patient: %d %s", made.status, made.raw)
		}
		patient := made.body["id"].(string)
		if hits := items(t, ask("POST", "/patients/search", "", `{"q":"marigold"}`)); len(hits) != 1 || hits[0]["id"] != patient || strings.Contains(fmt.Sprint(hits), "asha@example.org") {
			t.Errorf("found: %v", hits)
		}
		changed := ask("PATCH", "/patients/"+patient, "", `{"version":1,"phone":"+919820012345"}`)
		if changed.status != 200 || changed.body["phone"] != "+919820012345" || changed.body["email"] != "asha@example.org" {
			t.Errorf("changed: %d %s", changed.status, changed.raw)
		}
		if got := ask("PATCH", "/patients/"+patient, "", `{"version":1,"phone":"+919820012346"}`); got.status != 409 {
			t.Errorf("an old version: %d %s", got.status, got.raw)
		}
		if got := ask("PATCH", "/patients/"+patient, "", `{"version":2,"name":"X"}`); got.status != 422 || fmt.Sprint(got.fields()) != "[name]" {
			t.Errorf("a field that is not to be changed: %d %s", got.status, got.raw)
		}

		// One booking for one key; the same key for another body is refused; another token with the same key is another request.
		body := fmt.Sprintf(`{"service":%q,"starts_at":%q,"patient":%q,"note":"by the website"}`, service, at, patient)
		booked := ask("POST", "/appointments", "k-1", body)
		if booked.status != 201 || booked.body["starts_at"] != at || booked.body["patient"] != patient {
			t.Fatalf("booked: %d %s", booked.status, booked.raw)
		}
		if again := ask("POST", "/appointments", "k-1", body); again.status != 201 || again.raw != booked.raw {
			t.Errorf("again: %d %s", again.status, again.raw)
		}
		if other := ask("POST", "/appointments", "k-1", strings.Replace(body, at, later, 1)); other.status != 422 || fmt.Sprint(other.fields()) != "[Idempotency-Key]" {
			t.Errorf("the key for another body: %d %s", other.status, other.raw)
		}
		for what, c := range map[string]struct{ key, body, fields string }{
			"no key":        {"", body, "[Idempotency-Key]"},
			"no patient":    {"k", fmt.Sprintf(`{"service":%q,"starts_at":%q}`, service, at), "[patient]"},
			"two patients":  {"k", fmt.Sprintf(`{"service":%q,"starts_at":%q,"patient":%q,"new_patient":{"name":"X"}}`, service, at, patient), "[patient]"},
			"a bad new one": {"k", fmt.Sprintf(`{"service":%q,"starts_at":%q,"new_patient":{"name":"Ravi Teak","email":"nobody"}}`, service, later), "[new_patient.email]"},
			"unreachable":   {"k", fmt.Sprintf(`{"service":%q,"starts_at":%q,"new_patient":{"name":"Ravi Teak"}}`, service, later), "[new_patient.phone]"},
			"unknown field": {"k", `{"colour":"red"}`, "[colour]"},
			"overbooking":   {"k", fmt.Sprintf(`{"service":%q,"starts_at":%q,"patient":%q,"overbook":"x"}`, service, at, patient), "[overbook]"},
		} {
			if got := ask("POST", "/appointments", c.key, c.body); got.status != 422 || fmt.Sprint(got.fields()) != c.fields {
				t.Errorf("%s: %d %v %s", what, got.status, got.fields(), got.raw)
			}
		}
		one := "/appointments/" + booked.body["id"].(string)
		if got := ask("GET", one, "", ""); got.status != 200 || got.body["note"] != "by the website" {
			t.Errorf("opened: %d %s", got.status, got.raw)
		}
		moved := ask("POST", one+"/move", "", fmt.Sprintf(`{"starts_at":%q,"version":1}`, later))
		if moved.status != 200 || moved.body["starts_at"] != later || ask("POST", one+"/move", "", fmt.Sprintf(`{"starts_at":%q,"version":1}`, later)).status != 409 {
			t.Errorf("moved: %d %s", moved.status, moved.raw)
		}
		// The list comes in parts that together are the whole.
		whole := items(t, ask("GET", "/appointments?from=2026-11-24&to=2026-11-26&limit=200", "", ""))
		var parts []map[string]any
		path := "/appointments?from=2026-11-24&to=2026-11-26&limit=50"
		for cursor := ""; ; {
			got := ask("GET", path+cursor, "", "")
			parts = append(parts, items(t, got)...)
			next, _ := got.body["next_cursor"].(string)
			if next == "" || len(parts) > 1000 {
				break
			}
			cursor = "&cursor=" + next
		}
		if len(whole) == 0 || fmt.Sprint(parts[:min(len(parts), 200)]) != fmt.Sprint(whole) {
			t.Errorf("%d appointments in parts, %d at once", len(parts), len(whole))
		}
		for query, field := range map[string]string{"from=2026-11-24&cursor=x": "cursor", "from=2026-11-24&limit=0": "limit", "from=2026-11-24&limit=201": "limit", "from=2026-11-24&limit=x": "limit", "from=2026-11-24&colour=red": "colour",
			"from=2026-11-24&to=2027-11-26": "to", "from=2026-11-24&from=2026-11-25": "from", "to=2026-11-24": "from"} {
			if got := ask("GET", "/appointments?"+query, "", ""); got.status != 422 || fmt.Sprint(got.fields()) != "["+field+"]" {
				t.Errorf("%s: %d %v", query, got.status, got.fields())
			}
		}
		gone := ask("POST", one+"/cancel", "", fmt.Sprintf(`{"version":%v,"why":"by the website"}`, moved.body["version"]))
		if gone.status != 200 || gone.body["status"] != "cancelled" {
			t.Errorf("cancelled: %d %s", gone.status, gone.raw)
		}
		// Everything stands in the clinic's log under the token.
		var acts []string
		err := h.DB.View(t.Context(), h.Owner, access.AuditRead, func(_ context.Context, v *store.View) error {
			rows, err := v.Query(`SELECT role, action, kind FROM audit_leaf WHERE clinic_id = $1 AND actor_id = $2`, tokenID)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var role, action, kind string
				if err := rows.Scan(&role, &action, &kind); err != nil {
					return err
				}
				if access.Role(role) != access.Program {
					t.Errorf("an entry of the role %s", role)
				}
				acts = append(acts, action+" "+kind)
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"book appointment", "reschedule appointment", "cancel appointment", "change patient", "open patient", "open appointment", audit.ActionList + " appointments", audit.ActionList + " search"} {
			if !slices.Contains(acts, want) {
				t.Errorf("the log has no %q under the token: %v", want, acts)
			}
		}
		h.strangers(t, token, tokenID, one, patient)
	})
}

// strangers are all the ways in that are none.
func (h *opened) strangers(t *testing.T, token string, tokenID id.ID, one, patient string) {
	t.Helper()
	// Another clinic's token with our ids.
	there := h.secondClinic(t)
	other, _ := h.makeToken(t, there, everyScope)
	for _, path := range []string{one, "/patients/" + patient} {
		if got := h.program(t, other, "GET", path, "", ""); got.status != 404 {
			t.Errorf("another clinic's token opens %s: %d %s", path, got.status, got.raw)
		}
	}
	for path, body := range map[string]string{one + "/cancel": `{"version":3}`, one + "/move": `{"version":3,"starts_at":"2026-11-26T10:00:00+05:30"}`} {
		if got := h.program(t, other, "POST", path, "", body); got.status != 404 {
			t.Errorf("another clinic's token: %s: %d %s", path, got.status, got.raw)
		}
	}
	if got := h.program(t, other, "PATCH", "/patients/"+patient, "", `{"version":2,"phone":""}`); got.status != 404 {
		t.Errorf("another clinic's token changes a patient: %d %s", got.status, got.raw)
	}
	if got := h.program(t, other, "POST", "/patients/search", "", `{"q":"marigold"}`); len(items(t, got)) != 0 {
		t.Errorf("another clinic's token finds %s", got.raw)
	}
	// Each scope opens its own routes and no other; no token opens none.
	owner := h.signIn(t, ownerMail)
	for _, s := range access.ProgramScopes {
		text, _ := h.makeToken(t, h.Owner, s)
		for _, r := range api.Routes() {
			if !r.Token {
				continue
			}
			method, path, _ := strings.Cut(r.Pattern, " ")
			path = strings.ReplaceAll(strings.TrimPrefix(path, "/api/v1"), "{id}", id.New(h.Fake.Now()).String())
			body := ""
			if method != "GET" {
				body = "{}"
			}
			opens := r.Scope == 0 || s == r.Scope || s == access.ProgramAppointments && r.Scope == access.ProgramCalendar || s == access.ProgramContacts && r.Scope == access.ProgramPatients
			if got := h.program(t, text, method, path, "", body); opens == (got.status == 403) || got.status == 401 || got.status >= 500 {
				t.Errorf("%s with %s: %d %s", r.Pattern, s.Word(), got.status, got.raw)
			}
			if s != access.ProgramCalendar {
				continue
			}
			if got := h.program(t, "", method, path, "", body); got.status != 401 || got.head.Get("WWW-Authenticate") == "" {
				t.Errorf("%s without a token: %d", r.Pattern, got.status)
			}
			// A signed-in owner's cookie opens nothing here.
			if got := owner.send(t, method, "/api/v1"+path, strings.NewReader(body), map[string]string{"Content-Type": "application/json"}); got.status != 401 {
				t.Errorf("%s with a cookie: %d", r.Pattern, got.status)
			}
		}
		if err := h.Programs.EndToken(t.Context(), h.Owner, h.tokenOf(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	// The token opens no page.
	for _, path := range []string{"/app", "/app/day", "/app/settings/tokens", "/me"} {
		req, err := http.NewRequest("GET", h.Server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == 200 {
			t.Errorf("a token opens %s", path)
		}
	}
	// Too often, and then not at all.
	h.Fake.Move(time.Minute)
	limited := 0
	for range 70 {
		if got := h.program(t, token, "GET", "/token", "", ""); got.status == 429 && got.head.Get("Retry-After") != "" {
			limited++
		}
	}
	if limited < 5 || limited > 12 {
		t.Errorf("%d of 70 at once were put off", limited)
	}
	h.held.Store(true)
	if got := h.program(t, token, "GET", "/token", "", ""); got.status != 503 {
		t.Errorf("while nothing may leave: %d", got.status)
	}
	h.held.Store(false)
	if err := h.Programs.EndToken(t.Context(), h.Owner, tokenID); err != nil {
		t.Fatal(err)
	}
	if got := h.program(t, token, "GET", "/token", "", ""); got.status != 401 {
		t.Errorf("an ended token: %d", got.status)
	}
}

// tokenOf is the id of a token that is alive.
func (h *opened) tokenOf(t testing.TB, text string) id.ID {
	t.Helper()
	in, err := h.Programs.Enter(context.Background(), text, "")
	if err != nil {
		t.Fatal(err)
	}
	return in.Token.ID
}

// TestTheLoopOfAProgram: the owner adds an address, somebody books, the program is told ids, and fetches the rest with its token; the clinic's policy page names the host.
func TestTheLoopOfAProgram(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "webhooks-thin")
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.Config.Demo = true // for the stand-in of a program alone
	h.startReceiver()
	ctx := t.Context()
	secret, one, err := h.Programs.AddEndpoint(ctx, h.Owner, programs.EndpointDraft{URL: "https://" + demoReceiverHost + "/in", Events: programs.AppointmentBooked | programs.PatientCreated})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.receiving.keep(secret); err != nil {
		t.Fatal(err)
	}
	booked := h.api(t, "POST", "/bookings", "loop", h.bookingBody(h.slotsOf(t, "any")[0]["starts_at"], "Asha Marigold", "asha@example.org"))
	if booked.status != 201 {
		t.Fatal(booked.raw)
	}
	if err := h.Start(ctx); err != nil {
		t.Fatal(err)
	}
	var got []string
	for end := time.Now().Add(20 * time.Second); len(got) < 2 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		got = nil
		for _, r := range h.received()() {
			if !r.Right {
				t.Errorf("the signature is wrong: %s", r.Signature)
			}
			got = append(got, r.Type+" "+r.Body)
		}
	}
	all := strings.Join(got, "\n")
	if len(got) != 2 || !strings.Contains(all, booked.body["id"].(string)) || strings.Contains(strings.ToLower(all), "asha") || strings.Contains(all, "marigold") {
		t.Fatalf("told: %s", all)
	}
	owner := h.signIn(t, ownerMail)
	for path, want := range map[string]string{"/c/sunrise/privacy": demoReceiverHost + ":443", "/app/settings/webhooks/" + one.String(): "appointment.booked"} {
		if page := owner.page(t, path); !strings.Contains(page.body, want) {
			t.Errorf("%s does not show %s", path, want)
		}
	}
}

// secondClinic opens another clinic and answers its owner.
func (h *opened) secondClinic(t testing.TB) access.Caller {
	t.Helper()
	ctx := context.Background()
	link, err := h.Accounts.FirstOwnerLink(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	started, err := h.Accounts.SetUp(ctx, link, demoDraft("Leela Lotus", "leela@lotus.example.org", "owner"), accounts.Device{Agent: "test", Address: "203.0.113.9"})
	if err != nil {
		t.Fatal(err)
	}
	in, err := h.Accounts.Session(ctx, started.Cookie)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Accounts.OpenOwnClinic(ctx, in, clinics.Opening{Slug: "lotus", Profile: h.Clinic.Profile()})
	if err != nil {
		t.Fatal(err)
	}
	return access.Mint(c.ID, in.Person.ID, id.Zero, id.New(h.Fake.Now()), access.Owner, access.Running)
}
