package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// The demo's owner; the sign-in page of the demo prints both, and the code of her app.
const (
	ownerEmail    = "owner@sunrise.example.org"
	ownerPassword = "open the steel cupboard"
)

// gate stands between a tool and the house. It counts the answers that no request may cause, and it is the tool's browser: it keeps the cookies (which are for
// HTTPS, so that the tools would not send them back), puts the visitor's own token into every form, so that a form is attacked and not refused as forged, and
// for the signed-in attack keeps the owner signed in.
type gate struct {
	house  *url.URL
	signed bool

	mu      sync.Mutex
	cookies map[string]string
	token   string
	since   time.Time
	asked   int
	kept    int            // requests that would have ended the session
	broken  map[string]int // method and path of answers of 500 and more
	status  map[int]int
}

var (
	csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	demoCode  = regexp.MustCompile(`name="proof_code" value="([^"]+)"`)
	csrfSent  = regexp.MustCompile(`(^|&)csrf=[^&]*`)

	// ends are posts by which the owner would shut herself out, or the clinic: the tests of the house send them, see docs/attacks.md.
	ends = []string{"/sign-out", "/app/me/sign-out-everywhere", "/app/me/password", "/app/me/sessions/", "/app/account/closing", "/app/hand-over", "/second-factor", "/app/settings/staff/", "/choose-clinic"}
)

// open starts the gate on a port of its own.
func (g *gate) open() (at *url.URL, stop func(), err error) {
	g.broken, g.status = map[string]int{}, map[int]int{}
	enter := g.visit
	if g.signed {
		enter = g.signIn
	}
	if err := enter(context.Background()); err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	p := &httputil.ReverseProxy{Rewrite: g.rewrite, ModifyResponse: g.note, Transport: plainClient.Transport}
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			for _, e := range ends {
				if g.signed && strings.HasPrefix(r.URL.Path, e) {
					g.mu.Lock()
					g.kept++
					g.mu.Unlock()
					http.NotFound(w, r)
					return
				}
			}
			body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
			if err != nil {
				http.Error(w, "the body broke off", http.StatusBadRequest)
				return
			}
			if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
				g.mu.Lock()
				body = csrfSent.ReplaceAll(body, []byte("${1}csrf="+url.QueryEscape(g.token)))
				g.mu.Unlock()
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		if g.signed {
			g.fresh(r.Context())
		}
		p.ServeHTTP(w, r)
	})}
	go func() { _ = srv.Serve(l) }()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}, func() { _ = srv.Close() }, nil
}

func (g *gate) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(g.house) // which names the house as the host too
	for _, name := range []string{"Origin", "Referer"} {
		if v := p.In.Header.Get(name); strings.HasPrefix(v, "http://"+p.In.Host) {
			p.Out.Header.Set(name, g.house.String()+strings.TrimPrefix(v, "http://"+p.In.Host))
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p.Out.Header.Set("X-Forwarded-For", g.network())
	p.Out.Header.Del("Cookie")
	for name, v := range g.cookies {
		p.Out.AddCookie(&http.Cookie{Name: name, Value: v})
	}
}

// network is whence the house believes a request to come: the owner sits at one desk; whoever is unknown comes from another network each time, as one does who
// has many, because otherwise the limits of the house would answer and not its pages.
func (g *gate) network() string {
	if g.signed {
		return "192.0.2.20"
	}
	return fmt.Sprintf("198.18.%d.%d", g.asked/250%250, 1+g.asked%250)
}

// note remembers how the house answered, and the cookies that it set.
func (g *gate) note(res *http.Response) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	g.status[res.StatusCode]++
	if res.StatusCode >= 500 {
		g.broken[res.Request.Method+" "+res.Request.URL.Path]++
	}
	if to := res.Header.Get("Location"); strings.HasPrefix(to, g.house.String()) {
		res.Header.Set("Location", strings.TrimPrefix(to, g.house.String()))
	}
	if g.signed {
		g.take(res)
		if strings.HasPrefix(res.Header.Get("Location"), "/sign-in") {
			g.since = time.Time{}
		}
		res.Header.Del("Set-Cookie")
	}
	return nil
}

func (g *gate) take(res *http.Response) {
	for _, c := range res.Cookies() {
		if c.Value == "" || c.MaxAge < 0 {
			delete(g.cookies, c.Name)
			continue
		}
		g.cookies[c.Name] = c.Value
	}
}

// fresh signs the owner in again where the session ended, or four minutes ago, so that what asks for a factor shown shortly before is open too.
func (g *gate) fresh(ctx context.Context) {
	g.mu.Lock()
	old := time.Since(g.since) > 4*time.Minute
	if old {
		g.since = time.Now()
	}
	g.mu.Unlock()
	if !old {
		return
	}
	if err := g.signIn(ctx); err != nil {
		fmt.Println("attack: the owner could not sign in again:", err) // what follows is asked without a session, and the next request tries again
		g.mu.Lock()
		g.since = time.Time{}
		g.mu.Unlock()
	}
}

// visit is the first page of somebody unknown: its form's secret is what a browser would keep.
func (g *gate) visit(ctx context.Context) error {
	jar := &gate{house: g.house, cookies: map[string]string{}}
	page, _, err := jar.ask(ctx, "GET", "/sign-in", nil)
	if err != nil {
		return err
	}
	m := csrfField.FindStringSubmatch(page)
	if m == nil {
		return fmt.Errorf("the sign-in page has no form")
	}
	g.cookies, g.token = jar.cookies, m[1]
	return nil
}

// signIn goes the way of a person: the page, the password, the code.
func (g *gate) signIn(ctx context.Context) error {
	jar := &gate{house: g.house, cookies: map[string]string{}}
	page, _, err := jar.ask(ctx, "GET", "/sign-in", nil)
	if err != nil {
		return err
	}
	m := csrfField.FindStringSubmatch(page)
	if m == nil {
		return fmt.Errorf("the sign-in page has no form")
	}
	_, to, err := jar.ask(ctx, "POST", "/sign-in", url.Values{"csrf": {m[1]}, "email": {ownerEmail}, "password": {ownerPassword}})
	if err != nil {
		return err
	}
	if page, _, err = jar.ask(ctx, "GET", to, nil); err != nil {
		return err
	}
	m, code := csrfField.FindStringSubmatch(page), demoCode.FindStringSubmatch(page)
	if m == nil || code == nil {
		return fmt.Errorf("the way from the password leads to %q, where no code of the demo is shown", to)
	}
	if _, _, err = jar.ask(ctx, "POST", "/sign-in/second", url.Values{"csrf": {m[1]}, "proof_code": {code[1]}}); err != nil {
		return err
	}
	if page, to, err = jar.ask(ctx, "GET", "/app/me", nil); err != nil || to != "" {
		return fmt.Errorf("signed in, and yet led to %q: %v", to, err)
	}
	if m = csrfField.FindStringSubmatch(page); m == nil {
		return fmt.Errorf("the page of the owner has no form")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cookies, g.token, g.since = jar.cookies, m[1], time.Now()
	return nil
}

// ask sends one request with the cookies and answers the page and where it leads.
func (g *gate) ask(ctx context.Context, method, path string, form url.Values) (page, to string, err error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, g.house.String()+path, body)
	if err != nil {
		return "", "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	g.mu.Lock()
	req.Header.Set("X-Forwarded-For", "192.0.2.20")
	for name, v := range g.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	g.mu.Unlock()
	res, err := plainClient.Do(req)
	if err != nil {
		return "", "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err != nil {
		return "", "", err
	}
	g.mu.Lock()
	g.take(res)
	g.mu.Unlock()
	return string(b), res.Header.Get("Location"), nil
}

// account adds what the gate saw to the run: an answer of 500 is a finding, whatever the tool thinks of it.
func (g *gate) account(r *run, tool string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	who := "signed out"
	if g.signed {
		who = "as the owner"
	}
	r.say("%s, %s: %d requests, answers %v, %d kept away", tool, who, g.asked, g.status, g.kept)
	for at, n := range g.broken {
		r.found = append(r.found, finding{tool, at, fmt.Sprintf("answered %d times with 500 or more", n)})
	}
	if g.asked < 50 {
		r.blind = append(r.blind, fmt.Sprintf("%s asked the house only %d times, %s", tool, g.asked, who))
	}
}
