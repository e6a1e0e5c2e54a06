package main

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// injected is what sqlmap prints where a statement can be broken out of.
const injected = "identified the following injection point"

// sqlmap attacks one address and says whether it got through. In the short form it asks for what an answer shows (booleans, errors, unions); the long form
// adds stacked statements and all of its payloads. Times are never measured: a busy machine would be taken for a hole.
func (r *run) sqlmap(ctx context.Context, t target, limit time.Duration) (through, whole bool, said string) {
	args := []string{"-u", t.url, "--batch", "--disable-coloring", "--flush-session", "--output-dir", filepath.Join(r.dir, "sqlmap"), "--dbms", "SQLite", "--threads", "4", "--timeout", "30", "--retries", "1",
		"--ignore-code", "*", "--skip-waf", "--ignore-redirects", "--technique", "BEU", "--level", "1", "--risk", "1"}
	if r.deep {
		args = append(args, "--level", "5", "--risk", "3", "--technique", "BEUS")
	}
	if len(t.fields) > 0 {
		args = append(args, "-p", strings.Join(t.fields, ","))
	}
	if t.data != "" {
		args = append(args, "--data", t.data)
	}
	if t.head != "" {
		args = append(args, "-H", t.head)
	}
	said, whole = r.tool(ctx, limit, "sqlmap", args...)
	return strings.Contains(said, injected), whole, said
}

// statements attacks every address that takes something: each query of each page and each place in a path, once for each route and set of names; and the
// forms of the public doors (in the long form every form).
func (r *run) statements(ctx context.Context) error {
	soft, stop, err := weak(r.dir)
	if err != nil {
		return err
	}
	defer stop()
	through, _, said := r.sqlmap(ctx, target{url: soft.String() + "/find?name=asha", fields: []string{"name"}}, 4*time.Minute)
	if !through {
		r.blind = append(r.blind, "sqlmap does not find the statement of the weak server: "+last(said))
	}
	through, _, said = r.sqlmap(ctx, target{url: soft.String() + "/greet?name=asha", fields: []string{"name"}}, 4*time.Minute)
	if through {
		r.blind = append(r.blind, "sqlmap finds a statement where there is none: "+last(said))
	}
	house, end, err := r.house(ctx, false)
	if err != nil {
		return err
	}
	defer end()
	budget := map[bool]time.Duration{false: 150 * time.Second, true: 330 * time.Second}
	for _, signed := range []bool{false, true} {
		g := &gate{house: house, signed: signed}
		at, shut, err := g.open()
		if err != nil {
			return err
		}
		list, err := r.targets(ctx, g, at)
		if err != nil {
			return err
		}
		until := time.Now().Add(budget[signed])
		left := 0
		for _, t := range list {
			limit := 2 * time.Minute
			if r.deep {
				limit = 20 * time.Minute
			} else if time.Now().After(until) {
				left++
				continue
			}
			through, whole, said := r.sqlmap(ctx, t, limit)
			switch {
			case through:
				r.found = append(r.found, finding{"sqlmap", t.String(), said[strings.Index(said, injected):]})
			case !whole:
				r.notes = append(r.notes, "sqlmap did not end within "+limit.String()+" at "+t.String())
			case !strings.Contains(said, "do not appear to be injectable"):
				r.notes = append(r.notes, "sqlmap could not attack "+t.String()+": "+last(said))
			}
		}
		r.say("sqlmap: %d of %d addresses were attacked", len(list)-left, len(list))
		if left > 0 {
			r.notes = append(r.notes, fmt.Sprintf("sqlmap's time was over before %d of %d addresses (signed in: %v); ALMIRAH_SOAK=1 attacks all", left, len(list), signed))
		}
		if len(list)-left < 10 {
			r.blind = append(r.blind, fmt.Sprintf("sqlmap attacked only %d addresses (signed in: %v)", len(list)-left, signed))
		}
		shut()
		g.account(r, "sqlmap")
	}
	return nil
}

// last is the last thing that a tool said.
func last(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if l := strings.TrimSpace(lines[i]); l != "" && !strings.HasPrefix(l, "[*]") {
			return l
		}
	}
	return "nothing"
}

// wapiti crawls from an address and attacks the pages and forms it finds; it answers what it found by kind.
func (r *run) wapiti(ctx context.Context, at *url.URL, name string, scan, each int, more ...string) (map[string][]string, error) {
	file := filepath.Join(r.dir, name+".json")
	args := append([]string{"-u", at.String() + "/", "--scope", "domain", "-m", wapitiModules, "-f", "json", "-o", file, "--flush-session", "--no-bugreport", "-v", "0", "-t", "20", "--store-session", filepath.Join(r.dir, "wapiti"),
		"--store-config", filepath.Join(r.dir, "wapiti"), "--max-scan-time", fmt.Sprint(scan), "--max-attack-time", fmt.Sprint(each), "--max-files-per-dir", "40", "-S", "normal"}, more...)
	said, _ := r.tool(ctx, time.Duration(scan+each*12+60)*time.Second, "wapiti", args...)
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("it left no report: %s", last(said))
	}
	var report struct {
		Vulnerabilities, Anomalies, Additionals map[string][]struct {
			Method, Path, Info, Parameter string
		}
		Infos map[string]any
	}
	if err := json.Unmarshal(b, &report); err != nil {
		return nil, err
	}
	r.say("wapiti, %s: %v", name, report.Infos)
	_ = os.WriteFile(filepath.Join("out", "attack", name+".json"), b, 0o644) // for whoever wants to read on; the verdict does not need it
	out := map[string][]string{}
	for kind, list := range report.Vulnerabilities {
		for _, f := range list {
			out[kind] = append(out[kind], fmt.Sprintf("%s %s %s: %s", f.Method, f.Path, f.Parameter, f.Info))
		}
	}
	for kind, list := range report.Anomalies {
		for _, f := range list {
			out[kind] = append(out[kind], fmt.Sprintf("%s %s %s: %s", f.Method, f.Path, f.Parameter, f.Info))
		}
	}
	return out, nil
}

// wapitiModules are the attacks of wapiti that need nobody outside this machine.
const wapitiModules = "cookieflags,crlf,csp,exec,file,http_headers,permanentxss,redirect,sql,xss,xxe"

// pages lets wapiti crawl and attack, signed out and as the owner.
func (r *run) pages(ctx context.Context) error {
	soft, stop, err := weak(r.dir)
	if err != nil {
		return err
	}
	defer stop()
	got, err := r.wapiti(ctx, soft, "weak", 30, 60)
	if err != nil {
		return err
	}
	for kind, words := range map[string][]string{"the statement": {"SQL Injection"}, "the markup": {"Cross Site Scripting", "Reflected Cross Site Scripting"}, "the address": {"Open Redirect"}, "the file": {"Path Traversal"}} {
		if !slices.ContainsFunc(words, func(w string) bool { return len(got[w]) > 0 }) {
			r.blind = append(r.blind, fmt.Sprintf("wapiti does not find %s of the weak server; it found %v", kind, kinds(got)))
		}
	}
	house, end, err := r.house(ctx, false)
	if err != nil {
		return err
	}
	defer end()
	for _, signed := range []bool{false, true} {
		g := &gate{house: house, signed: signed}
		at, shut, err := g.open()
		if err != nil {
			return err
		}
		name, scan, each := "signed-out", 60, 20
		var more []string
		if signed {
			name, scan, each = "as-the-owner", 120, 30
			for _, p := range []string{"/app", "/app/day", "/app/patients", "/app/settings", "/app/bills", "/app/inbox", "/app/reports", "/app/audit"} {
				more = append(more, "-s", at.String()+p)
			}
		} else {
			more = append(more, "-s", at.String()+"/c/sunrise", "-s", at.String()+"/sign-in", "-s", at.String()+"/forgot", "-s", at.String()+"/trust")
		}
		if r.deep {
			scan, each = 900, 900
		}
		got, err := r.wapiti(ctx, at, name, scan, each, more...)
		if err != nil {
			return err
		}
		for kind, list := range got {
			if kind == "Resource consumption" { // an answer that took longer than the tool waits: on a busy machine that is the machine
				r.notes = append(r.notes, fmt.Sprintf("wapiti waited too long for %d answers (%s)", len(list), name))
				continue
			}
			for _, f := range list {
				why := excused(f)
				if why == "" {
					why = saved(ctx, f)
				}
				if why != "" {
					r.notes = append(r.notes, "wapiti ("+name+"): "+f+": "+why)
					continue
				}
				r.found = append(r.found, finding{"wapiti", kind, f})
			}
		}
		shut()
		g.account(r, "wapiti")
	}
	return nil
}

// excused says why something that wapiti wants is not wanted; empty for everything else.
func excused(f string) string {
	switch {
	case strings.HasSuffix(f, "X-XSS-Protection is not set"):
		return "browsers gave that filter up, and it was a hole of its own; the content policy does its work"
	case strings.HasSuffix(f, "Strict-Transport-Security is not set"):
		return "it was asked over plain HTTP, where the header must not be; testssl looks for it over TLS"
	}
	return ""
}

// shownIn is the page in which wapiti saw a stored script again.
var shownIn = regexp.MustCompile(`^[^\n]*: Permanent XSS vulnerability found in (\S+) by injecting`)

// saved asks for the page in which a stored script was seen again, at the gate that the attack used, and says why it cannot run: the answer is a file of
// text that a browser saves and takes for nothing else. Wapiti looks at the kind of an answer when it crawls: the address of a table for a spreadsheet may have
// answered with a page then, which asked to wait or to sign in once more. Empty for everything else.
func saved(ctx context.Context, f string) string {
	m := shownIn.FindStringSubmatch(f)
	if m == nil {
		return ""
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m[1], nil)
	if err != nil {
		return ""
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || kind != "text/csv" || res.StatusCode != http.StatusOK || res.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") {
		return ""
	}
	return "the answer is text/csv, nosniff, and saved, not shown"
}

func kinds(found map[string][]string) (out []string) {
	for k, list := range found {
		if len(list) > 0 {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// entry is one line of testssl's report.
type entry struct{ ID, Severity, Finding string }

// grave are the severities that count.
var grave = []string{"MEDIUM", "HIGH", "CRITICAL"}

// chain matches what testssl says because it does not know the authority of the moment: the chain itself, and the grade that follows from it.
var chain = regexp.MustCompile(`^(cert_chain_of_trust|cert_trust|overall_grade|grade_cap_reason_\d+|final_score|cert_caIssuers)( |$)`)

func (r *run) testssl(ctx context.Context, at, name string, limit time.Duration, args ...string) ([]entry, error) {
	file := filepath.Join(r.dir, name+".json")
	said, whole := r.tool(ctx, limit, "testssl", append(append([]string{"--quiet", "--warnings", "batch", "--color", "0", "--jsonfile", file}, args...), at)...)
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("testssl left no report: %s", last(said))
	}
	_ = os.WriteFile(filepath.Join("out", "attack", name+".json"), b, 0o644) // as above
	var list []entry
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, err
	}
	if !whole {
		return nil, fmt.Errorf("testssl did not end within %s", limit)
	}
	return list, nil
}

// connection looks at the house's TLS, and at a server that speaks what was given up years ago.
func (r *run) connection(ctx context.Context) error {
	soft, stop, err := lax(r.dir)
	if err != nil {
		return err
	}
	defer stop()
	list, err := r.testssl(ctx, soft, "lax", 6*time.Minute, "--protocols", "--std")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(e entry) bool { return slices.Contains(grave, e.Severity) && !chain.MatchString(e.ID) }) {
		r.blind = append(r.blind, "testssl finds nothing wrong with a server that speaks TLS 1.0 and triple DES")
	}
	house, end, err := r.house(ctx, true)
	if err != nil {
		return err
	}
	defer end()
	if list, err = r.testssl(ctx, house.Host, "tls", 12*time.Minute); err != nil {
		return err
	}
	trusted := 0
	for _, e := range list {
		switch {
		case !slices.Contains(grave, e.Severity):
		case chain.MatchString(e.ID):
			trusted++
		default:
			r.found = append(r.found, finding{"testssl", e.ID, e.Severity + ": " + e.Finding})
		}
	}
	r.say("testssl: %d lines, %d of them about the authority that nobody knows", len(list), trusted)
	if len(list) < 50 {
		r.blind = append(r.blind, fmt.Sprintf("testssl's report has only %d lines", len(list)))
	}
	return nil
}
