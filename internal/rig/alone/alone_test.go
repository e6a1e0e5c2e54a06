package alone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/promise"
	"almirah/internal/rig/browser"
)

func TestMain(m *testing.M) {
	Inside()
	os.Exit(m.Run())
}

// strays is set for the process that calls others on purpose.
const strays = "ALMIRAH_ALONE_STRAYS"

// makers are whom Chromium asks by itself: with an empty page too for newer parts of itself, and at the third name for the dictionary of its spelling checker, now and then
// when a field is typed into (the whole address is .../edgedl/chrome/dict/en-us-10-2.bdic, and nothing of the page goes with it). It is told not to (see rig/browser) and may all the same. That is the
// browser's doing and no page's; it is printed and not counted. Nothing of the house has these names.
var makers = []string{"clients2.google.com", "update.googleapis.com", "redirector.gvt1.com"}

// run runs a test binary inside and leaves the test out, in clear words, where the kernel does not allow it.
func run(t *testing.T, dir string, command, more []string) []Call {
	t.Helper()
	var out bytes.Buffer
	calls, err := Run(t.Context(), dir, command, more, &out)
	if errors.Is(err, ErrNotHere) {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Errorf("%v; it said:\n%s", err, ofTheRed(out.String()))
	}
	if testing.Verbose() {
		for _, l := range strings.Split(out.String(), "\n") {
			if strings.HasPrefix(l, "---") || strings.HasPrefix(l, "ok") || strings.HasPrefix(l, "PASS") {
				t.Log(l)
			}
		}
	}
	return slices.DeleteFunc(calls, func(c Call) bool {
		if slices.Contains(makers, c.Name) {
			t.Logf("the browser itself: %s", c)
			return true
		}
		return false
	})
}

// ofTheRed is what the tests that failed said of themselves, out of the output of all (-test.v): others say much more, and in between. Where no test
// failed (a panic, a build), it is the end of the output.
func ofTheRed(text string) string {
	said, red := map[string][]string{}, []string{}
	of := ""
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) > 2 && words[0] == "===":
			of = words[2]
		case len(words) > 2 && words[0] == "---":
			of = words[2]
			if words[1] == "FAIL:" {
				red = append(red, of)
			}
		default:
			said[of] = append(said[of], line)
		}
	}
	var out []string
	for _, name := range red {
		out = append(append(out, "--- "+name), said[name]...)
	}
	if len(out) == 0 {
		out = []string{text}
	}
	all := strings.Join(out, "\n")
	return all[max(0, len(all)-6000):]
}

// TestStrayCallsAreSeen is the control of what follows: what dials by itself, what asks for a name, and a page with a picture from elsewhere are all seen; a
// server and a browser that keep to themselves are not.
func TestStrayCallsAreSeen(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "nothing-else-called")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range run(t, ".", []string{self, "-test.run=^TestInsideQuiet$"}, []string{strays + "=1"}) {
		t.Errorf("what stays on this machine is taken for a call: %s", c)
	}
	calls := run(t, ".", []string{self, "-test.run=^TestInsideStrays$"}, []string{strays + "=1"})
	for _, want := range []Call{{Proto: "tcp", To: "203.0.113.7:443"}, {Proto: "udp", To: "203.0.113.7:123"}, {Proto: "tcp", To: "[2001:db8::7]:443"}, {Name: "collector.example.net"}, {Proto: "tcp", To: "203.0.113.9:80"}, {Name: "pictures.example.net"}} {
		if _, err := os.Stat("/proc/net/if_inet6"); err != nil && strings.HasPrefix(want.To, "[") {
			continue
		}
		if !slices.ContainsFunc(calls, func(c Call) bool {
			return (c.To == want.To && c.Proto == want.Proto) || want.Name != "" && c.Name == want.Name
		}) {
			t.Errorf("nobody saw the call %s; seen: %v", want, calls)
		}
	}
}

// page is a server of one page, and a browser that looks at it.
func page(t *testing.T, html string, wait string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(html))
	}))
	t.Cleanup(s.Close)
	x := browser.Start(t).Tab(t, 800, 600)
	x.GoTo(t, s.URL)
	x.WaitFor(t, wait)
}

// TestInsideQuiet is run inside by TestStrayCallsAreSeen.
func TestInsideQuiet(t *testing.T) {
	t.Parallel()
	if os.Getenv(strays) == "" {
		return
	}
	page(t, `<!doctype html><link rel="icon" href="data:,"><p>quiet</p><img src="/own.png">`, `document.readyState==="complete"`)
}

// TestInsideStrays is run inside by TestStrayCallsAreSeen.
func TestInsideStrays(t *testing.T) {
	t.Parallel()
	if os.Getenv(strays) == "" {
		return
	}
	dial := func(network, to string) {
		c, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(t.Context(), network, to)
		if err == nil {
			_, _ = c.Write([]byte("hello"))
			_ = c.Close()
		}
	}
	dial("tcp", "203.0.113.7:443")
	dial("udp", "203.0.113.7:123")
	dial("tcp", "[2001:db8::7]:443")
	dial("tcp", "collector.example.net:443")
	page(t, `<!doctype html><link rel="icon" href="data:,"><img src="http://203.0.113.9/a.png" onerror="window.one=1"><img src="http://pictures.example.net/b.png" onerror="window.two=1">`, `window.one&&window.two`)
}

// few are the browser tests of the small form: a patient's whole way, staff at the keyboard, a person's data and its erasure, a visitor without cookies.
var few = []string{"TestPatientBooksWithoutScript", "TestSignInByKeyboard", "TestBrowserYourData", "TestSignInWithCookiesBlocked", "TestBrowserErasure"}

// TestTheBrowserSuiteAlone runs the tests of the house in which a browser looks at it where nothing but this machine exists: they pass, and nothing else was called. The small form runs
// some, with ALMIRAH_SOAK=1 it is all of them.
func TestTheBrowserSuiteAlone(t *testing.T) {
	t.Parallel()
	if os.Getenv("ALMIRAH_CHECK_NETNS") != "1" && os.Getenv("ALMIRAH_SOAK") != "1" {
		return // make check-netns
	}
	promise.Proves(t, "nothing-else-called")
	whole := os.Getenv("ALMIRAH_SOAK") == "1"
	for _, dir := range []string{"../../app", "../../web/gallery"} {
		tests := browsing(t, dir)
		if !whole {
			if !strings.HasSuffix(dir, "app") {
				continue
			}
			for _, name := range few {
				if !slices.Contains(tests, name) {
					t.Errorf("%s is no browser test any more: mend the list in alone_test.go", name)
				}
			}
			tests = few
		} else if len(tests) == 0 {
			t.Errorf("no browser test in %s", dir)
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			bin := filepath.Join(t.TempDir(), "suite.test")
			build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", bin, ".")
			build.Dir = dir
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			begun := time.Now()
			calls := run(t, dir, []string{bin, "-test.v", "-test.timeout=50m", "-test.run=^(" + strings.Join(tests, "|") + ")$"}, []string{"ALMIRAH_SOAK=", "ALMIRAH_PICTURES="})
			for _, c := range calls {
				t.Errorf("something outside was called: %s", c)
			}
			t.Logf("%d browser tests in a network of their own, %.0f seconds: %d calls to elsewhere", len(tests), time.Since(begun).Seconds(), len(calls))
		})
	}
}

// browsing are the tests of a folder that start a browser, by themselves or through a function of the folder that they call.
func browsing(t *testing.T, dir string) []string {
	t.Helper()
	set := token.NewFileSet()
	calls, starts := map[string][]string{}, map[string]bool{}
	files, err := fs.Glob(os.DirFS(dir), "*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(set, filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "browser" && strings.HasPrefix(n.Sel.Name, "Start") {
						starts[fn.Name.Name] = true
					}
					calls[fn.Name.Name] = append(calls[fn.Name.Name], n.Sel.Name)
				case *ast.Ident:
					calls[fn.Name.Name] = append(calls[fn.Name.Name], n.Name)
				}
				return true
			})
		}
	}
	for again := true; again; {
		again = false
		for name, list := range calls {
			if !starts[name] && slices.ContainsFunc(list, func(to string) bool { return starts[to] && !strings.HasPrefix(to, "Test") }) {
				starts[name], again = true, true
			}
		}
	}
	var out []string
	for name := range starts {
		if strings.HasPrefix(name, "Test") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// TestWhatCounts reads packets as they come: what begins a call counts, what answers one does not.
func TestWhatCounts(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "nothing-else-called")
	v4 := func(proto byte, to string, rest ...byte) []byte {
		p := make([]byte, 20, 60)
		p[0], p[9] = 0x45, proto
		copy(p[16:], net.ParseIP(to).To4())
		return append(p, rest...)
	}
	tcp := func(port uint16, flags byte) []byte {
		return []byte{0x80, 0, byte(port >> 8), byte(port), 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0}
	}
	ask := append([]byte{0x80, 0, 0, 53, 0, 0, 0, 0}, []byte("\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03WWW\x07example\x03org\x00\x00\x01\x00\x01")...)
	for _, c := range []struct {
		p    []byte
		want string // empty for what is no call
	}{
		{v4(6, "203.0.113.1", tcp(443, 0x02)...), "tcp 203.0.113.1:443 (1 times)"},
		{v4(6, "203.0.113.1", tcp(443, 0x12)...), ""},
		{v4(6, "203.0.113.1", tcp(443, 0x14)...), ""},
		{v4(6, "127.0.0.1", tcp(443, 0x02)...), ""},
		{v4(17, "192.0.2.53", ask...), "udp 192.0.2.53:53, which was asked for the name www.example.org (1 times)"},
		{v4(17, "127.0.0.53", ask...), "udp 127.0.0.53:53, which was asked for the name www.example.org (1 times)"},
		{v4(1, "203.0.113.1", 3, 3), ""},
		{v4(1, "203.0.113.1", 8, 0), "protocol 1 203.0.113.1 (1 times)"},
		{v4(47, "203.0.113.1"), "protocol 47 203.0.113.1 (1 times)"},
		{[]byte{0x45}, ""},
		{nil, ""},
	} {
		got, ok := read(c.p)
		if text := fmt.Sprint(got); ok != (c.want != "") || ok && text != c.want {
			t.Errorf("%x: %v %s, want %q", c.p, ok, text, c.want)
		}
	}
	if _, err := Run(context.Background(), ".", []string{"true"}, nil, nil); err != nil && !errors.Is(err, ErrNotHere) {
		t.Error(err)
	}
}
