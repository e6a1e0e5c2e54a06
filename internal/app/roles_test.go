package app

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/api"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
)

// matrix is WHO MAY OPEN WHAT: every route with its door, its right, and the roles that come in.
func matrix() string {
	var lines []string
	who := func(right access.Right) string {
		var out []string
		for _, r := range access.AllRoles {
			if access.Holds(r, right) {
				out = append(out, string(r))
			}
		}
		return strings.Join(out, " ")
	}
	for _, r := range web.Routes() {
		door, may := map[web.Door]string{web.Open: "open", web.Clinic: "clinic", web.Link: "link", web.Staff: "staff", web.Person: "person", web.Platform: "platform"}[r.Door], "anyone"
		switch r.Door {
		case web.Staff, web.Platform:
			may = who(r.Right)
			if r.Lent != 0 {
				may += ", a grant of " + r.Lent.Word()
			}
		case web.Person:
			may = "anyone signed in"
		case web.Link:
			may = "whoever holds the link"
		}
		if r.OneClick {
			door += ", one click"
		}
		lines = append(lines, fmt.Sprintf("%s | %s | %s | %s", r.Pattern, door, r.Right, may))
	}
	for _, r := range api.Routes() {
		may := "anyone"
		if r.Token {
			may = "a token with " + r.Scope.Word()
			if r.Scope == 0 {
				may = "any token"
			}
		}
		lines = append(lines, fmt.Sprintf("%s | interface | %s | %s", r.Pattern, r.Right, may))
	}
	slices.Sort(lines)
	return "# pattern | door | right | who comes in. Written by: go test ./internal/app -run TestRolesAndRoutes -update\n" + strings.Join(lines, "\n") + "\n"
}

// TestRolesAndRoutes compares the matrix with the golden file: who comes in where changes on purpose only.
func TestRolesAndRoutes(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "roles-and-rights")
	golden(t, "testdata/routes.golden", matrix())
	for _, r := range web.Routes() {
		right := map[web.Door][]access.Right{web.Clinic: {access.PublicRead, access.PublicBook, access.RequestAsk}, web.Link: {access.BookedRead, access.BookedChange, access.OwnRead, access.OwnChange}}[r.Door]
		switch {
		case r.Door == web.Staff && (r.Right == "" || access.Holds(access.Public, r.Right)):
			t.Errorf("%s: a staff route needs a right that the public does not hold; it has %q", r.Pattern, r.Right)
		case right != nil && !slices.Contains(right, r.Right):
			t.Errorf("%s: at this door the right is one of %v, not %q", r.Pattern, right, r.Right)
		case (r.Door == web.Open || r.Door == web.Person) && r.Right != "":
			t.Errorf("%s: at this door there is no clinic, so there is no right to ask for", r.Pattern)
		case r.OneClick && !strings.HasSuffix(r.Pattern, "/unsubscribe"):
			t.Errorf("%s: only unsubscribing takes one click without a form", r.Pattern)
		}
	}
	// No address without a page for it is left over in the tables of the sweep.
	for pattern := range sent {
		if !slices.Contains(allRoutes(), pattern) {
			t.Errorf("the table sent names %s, which is no route", pattern)
		}
	}
}

// TestEachRoleComesInWhereItMay sends every route to every role. Without the right the answer is
// 403 (for a stranger: the way to the sign-in) and nothing changes; with it, no page refuses or fails.
func TestEachRoleComesInWhereItMay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "roles-and-rights", "essential-cookies", "session-cookies")
	a, b := twoPlaces(t, store.SQLite)
	h := a.h
	type visiting struct {
		name string
		v    *visitor
		role access.Role
	}
	var all []visiting
	for _, r := range access.StaffRoles {
		all = append(all, visiting{string(r), h.signIn(t, h.roleMail(t, r)), r})
	}
	stranger, patient := h.visitor(), h.visitor()
	stranger.page(t, "/sign-in")
	patient.page(t, "/m/"+a.token)
	all = append(all, visiting{"stranger", stranger, access.Public}, visiting{"patient", patient, access.Patient})

	before := h.state(t, a.who, b.who)
	unchanged := func(what string) {
		t.Helper()
		now := h.state(t, a.who, b.who)
		if d := differs(before, now); len(d) > 0 {
			t.Errorf("%s: changes %v", what, d)
			before = now
		}
	}
	looked := 0
	for _, r := range web.Routes() {
		if r.Door != web.Staff {
			continue
		}
		get := strings.HasPrefix(r.Pattern, "GET ")
		for _, x := range all {
			what := r.Pattern + " by " + x.name
			may := access.Holds(x.role, r.Right)
			if may && (!get || strings.HasSuffix(r.Pattern, "/live")) {
				continue // what a right does when it is held, other tests say
			}
			got := request{r.Pattern, a, nil}.by(t, x.v, nil)
			switch {
			case may && (r.Pattern == "GET /app/account/paid" || r.Pattern == "GET /app/account/invoices/{invoice}"): // nobody pays in this house
				if got.status != http.StatusNotFound {
					t.Errorf("%s: %s", what, got)
				}
			case may && r.Pattern == "GET /app/outbox/phone/{phone}": // nobody has a phone here; demo_phones_test.go opens one
				if got.status != http.StatusNotFound {
					t.Errorf("%s: %s", what, got)
				}
			case may && r.Pattern == "GET /app/support/{id}" && x.role != access.Owner && x.role != access.Manager: // a conversation with support is its writer's and the owner's
				if got.status != http.StatusNotFound {
					t.Errorf("%s: %s", what, got)
				}
			case may:
				looked++
				if got.status >= 400 {
					t.Errorf("%s, whose right it is: %s", what, got)
				}
				if r.Pattern == "GET /app/inbox/{thread}" { // whoever opens a conversation has read it
					before = h.state(t, a.who, b.who)
				}
			case x.role.IsStaff():
				if got.status != http.StatusForbidden {
					t.Errorf("%s, who may not: %s", what, got)
				}
			case get:
				if to := got.head.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in?next=") {
					t.Errorf("%s: %s, to %q", what, got, to)
				}
			default:
				if got.status != http.StatusForbidden && got.status != http.StatusUnauthorized {
					t.Errorf("%s: %s", what, got)
				}
			}
			if !may {
				for _, name := range []string{"Asha Marigold", "asha@"} {
					if strings.Contains(got.body, name) {
						t.Errorf("%s: the answer names the patient", what)
					}
				}
			}
		}
		unchanged(r.Pattern)
	}
	if looked < 100 {
		t.Errorf("only %d pages were looked at", looked)
	}
	a.ownLinkOnly(t, unchanged)
	h.sessionCookie(t)
}

// ownLinkOnly looks at every route of a patient's link: with the link it opens, by nobody's link it does not.
func (p *place) ownLinkOnly(t *testing.T, unchanged func(string)) {
	t.Helper()
	for _, r := range web.Routes() {
		if r.Door != web.Link || !strings.HasPrefix(r.Pattern, "GET ") {
			continue
		}
		v := p.h.visitor()
		if got := (request{r.Pattern, p, nil}).by(t, v, nil); got.status != http.StatusOK {
			t.Errorf("%s with the patient's own link: %s", r.Pattern, got)
		}
		for _, token := range []string{"x", p.token[:len(p.token)-2] + "AA", strings.ToUpper(p.token)} {
			if got := (request{r.Pattern, p, map[string]string{"path /m/{token}": token}}).by(t, v, nil); got.status != http.StatusNotFound {
				t.Errorf("%s with a link that is none: %s", r.Pattern, got)
			}
		}
		unchanged(r.Pattern)
	}
}

// sessionCookie looks at the cookie of a sign-in, and that it opens nothing once it was given back.
func (h *opened) sessionCookie(t *testing.T) {
	t.Helper()
	v := h.visitor()
	v.email = demoPeople[1].email
	v.page(t, "/sign-in")
	a := v.submit(t, "/sign-in", url.Values{"email": {v.email}, "password": {demoPassword}})
	i := slices.IndexFunc(a.set, func(c *http.Cookie) bool { return c.Name == web.SessionCookie })
	if i < 0 {
		t.Fatalf("a sign-in sets no session: %s", a)
	}
	c := a.set[i]
	half := maps.Clone(v.cookies)
	v.prove(t, a.head.Get("Location"))
	if c.Value == v.cookies[web.SessionCookie] {
		t.Error("the second factor keeps the cookie of the password")
	}
	whole := v.cookies
	v.cookies = half
	if got := v.get(t, "/app"); got.status != http.StatusSeeOther {
		t.Errorf("a sign-in without its second factor: %s", got)
	}
	v.cookies = whole
	if !strings.HasPrefix(c.Name, "__Host-") || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.MaxAge <= 0 || c.MaxAge > 12*3600 || len(c.Value) < 40 {
		t.Errorf("the session's cookie: %s", a.head.Values("Set-Cookie")[i])
	}
	v.page(t, "/app")
	kept := maps.Clone(v.cookies)
	v.post(t, "/sign-out", url.Values{})
	v.cookies = kept
	if got := v.get(t, "/app"); got.status != http.StatusSeeOther {
		t.Errorf("a session that was ended: %s", got)
	}
	// A value that somebody put there before does not become the session.
	v.cookies = map[string]string{web.SessionCookie: kept[web.SessionCookie]}
	v.page(t, "/sign-in")
	v.prove(t, v.submit(t, "/sign-in", url.Values{"email": {v.email}, "password": {demoPassword}}).head.Get("Location"))
	if now := v.cookies[web.SessionCookie]; now == "" || now == kept[web.SessionCookie] {
		t.Error("a sign-in keeps the cookie that was there before")
	}
}

// TestForgedRequestsChangeNothing sends every form without its token, with a wrong one, and from
// another website: each is refused, and nothing changes.
func TestForgedRequestsChangeNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "forged-requests")
	a, b := twoPlaces(t, store.SQLite)
	h := a.h
	// An old session was ended by nobody; the owner of another clinic has a token of her own.
	other := b.owner
	other.page(t, "/app/me")
	before := h.state(t, a.who, b.who)
	forms := 0
	for _, r := range web.Routes() {
		if !strings.HasPrefix(r.Pattern, "POST ") || r.OneClick {
			continue
		}
		forms++
		v := a.owner
		switch r.Door {
		case web.Staff, web.Person, web.Platform:
			v.page(t, "/app/me")
		case web.Link:
			v = h.visitor()
			v.page(t, "/m/"+a.token)
		default:
			v = h.visitor()
			v.page(t, "/sign-in")
		}
		right := v.token
		for how, try := range map[string]struct {
			token string
			head  map[string]string
		}{
			"without a token":              {"", nil},
			"with a wrong token":           {right[:len(right)-3] + "AAA", nil},
			"with another's token":         {other.token, nil},
			"with a token that is none":    {"x", nil},
			"from another website":         {right, map[string]string{"Origin": "https://evil.example"}},
			"from nowhere":                 {right, map[string]string{"Origin": "null"}},
			"from another port":            {right, map[string]string{"Origin": strings.TrimSuffix(h.Server.URL, "0") + "1"}},
			"as the browser says, cross":   {right, map[string]string{"Sec-Fetch-Site": "cross-site"}},
			"from a sister site":           {right, map[string]string{"Sec-Fetch-Site": "same-site"}},
			"with a wrong token by script": {right, map[string]string{"X-CSRF": "x"}},
		} {
			v.token = try.token
			got := request{r.Pattern, a, nil}.by(t, v, try.head)
			if got.status != http.StatusForbidden {
				t.Errorf("%s %s: %s", r.Pattern, how, got)
			}
		}
		if now := h.state(t, a.who, b.who); len(differs(before, now)) > 0 {
			t.Errorf("%s, forged: changes %v", r.Pattern, differs(before, now))
			before = now
		}
	}
	if forms < 40 {
		t.Errorf("only %d forms were tried", forms)
	}
	// The right token from the right place is taken: what was refused above was refused for its reason.
	a.owner.fill(t, "/app/me", "/app/me", url.Values{"job_title": {"founder"}})
	if len(differs(before, h.state(t, a.who, b.who))) == 0 {
		t.Error("a form of our own changes nothing")
	}
	// Mail programs unsubscribe with nothing but the address (RFC 8058).
	if got := h.visitor().do(t, "POST", "/m/"+a.token+"/unsubscribe", url.Values{"List-Unsubscribe": {"One-Click"}}, map[string]string{"Origin": "https://mail.example"}); got.status != http.StatusOK {
		t.Errorf("one-click unsubscribe: %s", got)
	}
}
