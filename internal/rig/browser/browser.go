// Package browser drives a real Chromium for tests: one browser a test, tabs with what their
// console said, keys as a person presses them, axe for accessibility, and pictures.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Browser is one Chromium.
type Browser struct{ root context.Context }

// Start starts Chromium. Where there is none the test is skipped by name, and fails under ALMIRAH_STRICT=1.
func Start(t testing.TB) *Browser {
	t.Helper()
	return start(t, "", light)
}

// StartBlocking starts one that takes no cookies from anybody, as people can tell theirs to: a setting of the whole browser, which the light form has not.
func StartBlocking(t testing.TB) *Browser {
	t.Helper()
	return start(t, `{"profile":{"default_content_setting_values":{"cookies":2}}}`, nil)
}

// light is Chromium without windows and menus: the same engine, which takes two thirds of the time of the whole one (decision 70). Where it is not, the whole
// one serves.
var light = []string{"chromium-headless-shell"}

func start(t testing.TB, preferences string, first []string) *Browser {
	t.Helper()
	dir := t.TempDir()
	if preferences != "" {
		if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "Default", "Preferences"), []byte(preferences), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bin := ""
	for _, name := range append(slices.Clone(first), "chromium", "chromium-browser", "google-chrome") {
		if p, err := exec.LookPath(name); err == nil {
			bin = p
			break
		}
	}
	if bin == "" {
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Fatal("no Chromium on this machine: run make deps")
		}
		t.Skip("no Chromium on this machine: run make deps")
	}
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options, chromedp.ExecPath(bin), chromedp.Flag("headless", "new"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true),
		// What Chromium asks its makers for by itself (the time, updates, hints) is not what a page does: it is off, so that what is left is the page's.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,NetworkTimeServiceQuerying,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication"),
		chromedp.Flag("disable-domain-reliability", true), chromedp.Flag("no-pings", true), chromedp.Flag("component-updater", "url-source=http://127.0.0.1:9/"),
		chromedp.UserDataDir(dir), chromedp.WindowSize(1366, 900))
	allocator, stopA := chromedp.NewExecAllocator(context.Background(), options...)
	root, stopB := chromedp.NewContext(allocator)
	if err := chromedp.Do(root); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = chromedp.Cancel(root); stopB(); stopA() })
	return &Browser{root: root}
}

// Tab is one open page with what its console said.
type Tab struct {
	Ctx  context.Context
	mu   sync.Mutex
	said []string
}

// Tab opens a page of the size. Its cookies are its own: to the house it is another person's browser.
func (b *Browser) Tab(t testing.TB, width, height int64) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.root, chromedp.WithNewBrowserContext())
	ctx, stop := context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(func() { stop(); cancel() })
	x := &Tab{Ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			x.mu.Lock()
			x.said = append(x.said, fmt.Sprint(m.Type, ": ", m.Text))
			x.mu.Unlock()
		}
	}()
	return x
}

// Size makes the window another size.
func (x *Tab) Size(t testing.TB, width, height int64) {
	t.Helper()
	if err := chromedp.Do(x.Ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
}

// GoTo opens an address.
func (x *Tab) GoTo(t testing.TB, url string) {
	t.Helper()
	if err := chromedp.Do(x.Ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}

// Eval runs a piece of script and answers its value.
func Eval[T any](t testing.TB, x *Tab, js string, o ...chromedp.EvaluateOption) T {
	t.Helper()
	v, err := chromedp.Run(x.Ctx, chromedp.Evaluate[T](js, o...))
	if err != nil {
		t.Fatalf("%.80s: %v", js, err)
	}
	return v
}

// Await is Eval of a promise.
func Await[T any](t testing.TB, x *Tab, js string) T {
	t.Helper()
	return Eval[T](t, x, js, chromedp.EvalAwaitPromise)
}

// WaitFor polls until the expression is true. The wait is long because the machine may be busy; a
// page that is being left counts as not there yet.
func (x *Tab) WaitFor(t testing.TB, js string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
		if v, err := chromedp.Run(x.Ctx, chromedp.Evaluate[bool]("!!("+js+")")); err == nil && v {
			return
		}
	}
	page := Eval[string](t, x, `document.body.innerText.slice(0,800)`)
	t.Fatalf("it never came to be that %s; the console says %q; the page: %s", js, x.Said(), page)
}

// Press presses keys one after the other, as a keyboard does: a key whose default a page prevents
// types nothing, also when the page moved the focus into a field meanwhile.
func (x *Tab) Press(t testing.TB, keys ...string) {
	t.Helper()
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		for _, r := range strings.Join(keys, "") {
			steps := kb.Encode(r)
			down, up := *steps[0], *steps[len(steps)-1]
			down.Type = input.DispatchKeyEventTypeRawKeyDown
			if len(steps) == 3 {
				down.Type, down.Text, down.UnmodifiedText = input.DispatchKeyEventTypeKeyDown, steps[1].Text, steps[1].UnmodifiedText
			}
			for _, e := range []input.DispatchKeyEventParams{down, up} {
				if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, e); err != nil {
					return chromedp.Void{}, err
				}
			}
		}
		return chromedp.Void{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Type types a text into what has the focus.
func (x *Tab) Type(t testing.TB, text string) {
	t.Helper()
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Fill puts the mouse into a field and types, in place of what stood there.
func (x *Tab) Fill(t testing.TB, field, text string) {
	t.Helper()
	x.Click(t, field)
	Eval[any](t, x, fmt.Sprintf(`document.querySelector(%q).select?.(),1`, field))
	x.Type(t, text)
}

// Click presses the mouse on the first element that the selector finds, once it is there.
func (x *Tab) Click(t testing.TB, selector string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(x.Ctx, 30*time.Second)
	defer cancel()
	// A person clicks on what stands still: an element that a script is about to exchange would take the click along. One that was
	// exchanged between the look and the press was not pressed, and is looked for again.
	var err error
	for range 5 {
		x.WaitFor(t, `(()=>{const e=document.querySelector(`+strconv.Quote(selector)+`),same=e&&window.steady===e;window.steady=e;return same})()`)
		if err = chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))); err == nil || !strings.Contains(err.Error(), "Could not find node with given id") {
			break
		}
	}
	if err != nil {
		t.Fatalf("click on %s: %v; the page: %s", selector, err, Eval[string](t, x, `location.pathname+": "+document.body.innerText.slice(0,800)`))
	}
}

// ClickAt presses the mouse at a point of the window.
func (x *Tab) ClickAt(t testing.TB, left, top float64) {
	t.Helper()
	if err := chromedp.Do(x.Ctx, chromedp.MouseClickXY(left, top)); err != nil {
		t.Fatal(err)
	}
}

// Follow clicks and waits until another page stands there.
func (x *Tab) Follow(t testing.TB, selector string) {
	t.Helper()
	Eval[any](t, x, `window.left=1`)
	x.Click(t, selector)
	x.WaitFor(t, `!window.left && document.readyState==="complete"`)
}

// Path is the address of the page that is open, without the host.
func (x *Tab) Path(t testing.TB) string {
	t.Helper()
	return Eval[string](t, x, `location.pathname+location.search`)
}

// Text is what the page says to the eye.
func (x *Tab) Text(t testing.TB) string {
	t.Helper()
	return Eval[string](t, x, `document.body.innerText`)
}

// Print shows the page as it would be printed, or again as on the screen.
func (x *Tab) Print(t testing.TB, on bool) {
	t.Helper()
	media := ""
	if on {
		media = "print"
	}
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Drag drags the mouse from one point to another.
func (x *Tab) Drag(t testing.TB, x1, y1, x2, y2 float64) {
	t.Helper()
	if err := chromedp.Do(x.Ctx, chromedp.DragAndDropXY(x1, y1, x2, y2, 12)); err != nil {
		t.Fatal(err)
	}
}

// Said is what the console said.
func (x *Tab) Said() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string(nil), x.said...)
}

// Complaints are console messages of the content security policy, and exceptions.
func (x *Tab) Complaints() []string {
	var out []string
	for _, s := range x.Said() {
		if strings.Contains(s, "Content Security Policy") || strings.HasPrefix(s, "exception") || strings.Contains(s, "Uncaught") {
			out = append(out, s)
		}
	}
	return out
}

// Passkeys gives the tab a virtual authenticator that knows its owner: passkeys are made and shown without anybody's finger.
func (x *Tab) Passkeys(t testing.TB) {
	t.Helper()
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2,
			Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Axe answers the violations of the page that is open. root is the path to the top of the repository.
func (x *Tab) Axe(t testing.TB, root string) []string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Fatal("axe-core is not installed: run npm ci")
		}
		t.Skip("axe-core is not installed: run npm ci")
	}
	Eval[any](t, x, string(source)+";1")
	raw := Await[string](t, x, `axe.run(document,{runOnly:["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"],resultTypes:["violations"],preload:false}).then(r=>JSON.stringify(r.violations.map(v=>v.id+" ("+v.impact+") x"+v.nodes.length+" "+v.nodes[0].target+" "+v.nodes[0].failureSummary.replace(/\s+/g," ").slice(0,300))))`)
	var out []string
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// outside looks for what stands beyond the window's edges: how far the page can be moved sideways, and texts to which nothing can be moved. In a page from right to left that is what stands beyond
// the right edge, so that its width alone tells of nothing. What is hidden, or can be moved by itself, is left out.
const outside = `(()=>{const d=document.documentElement,by=d.scrollWidth-innerWidth,out=by>0?[by+" px too wide"]:[];
const apart=e=>{for(;e&&e!==document.body;e=e.parentElement){const s=getComputedStyle(e);if(s.overflowX!=="visible"||s.clipPath!=="none")return true}return false};
for(const w=document.createTreeWalker(document.body,NodeFilter.SHOW_TEXT);w.nextNode();){const n=w.currentNode;if(!n.data.trim())continue;
const r=document.createRange();r.selectNodeContents(n);const b=r.getBoundingClientRect();
if(b.width>1&&(b.right>innerWidth+1||b.left<-1)&&!apart(n.parentElement))out.push("cut off at the edge: "+n.data.trim().slice(0,60))}
return out.slice(0,5)})()`

// Outside names what of the page that is open stands beyond the window's left and right edges.
func (x *Tab) Outside(t testing.TB) []string {
	t.Helper()
	return Eval[[]string](t, x, outside)
}

// Picture saves the whole page as a PNG.
func (x *Tab) Picture(t testing.TB, file string) {
	t.Helper()
	size := Eval[[]float64](t, x, `[innerWidth,innerHeight,document.documentElement.scrollHeight]`)
	png, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) ([]byte, error) {
		ask := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng}
		if beyond := size[2] > size[1]; beyond { // only then: of a short page that runs from right to left it cuts a strip off
			ask.CaptureBeyondViewport = &beyond
			ask.Clip = &page.Viewport{Width: size[0], Height: size[2], Scale: 1}
		}
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, ask)
		if err != nil {
			return nil, err
		}
		return shot.Data, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// NoScript turns scripts off for the tab, as for a visitor who blocks them.
func (x *Tab) NoScript(t testing.TB) {
	t.Helper()
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Touch makes the tab one of a phone: fingers in place of a mouse.
func (x *Tab) Touch(t testing.TB) {
	t.Helper()
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Cookie sets a cookie for the address.
func (x *Tab) Cookie(t testing.TB, url, name, value string) {
	t.Helper()
	secure := strings.HasPrefix(name, "__Host-")
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: url, Path: "/", Secure: &secure})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Chord presses a key while Ctrl is held: two keys.
func (x *Tab) Chord(t testing.TB, key rune) {
	t.Helper()
	steps := kb.Encode(key)
	down, up := *steps[0], *steps[len(steps)-1]
	down.Type, down.Text, down.UnmodifiedText = input.DispatchKeyEventTypeRawKeyDown, "", ""
	down.Modifiers, up.Modifiers = 2, 2 // Ctrl
	ctrl := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "Control", Code: "ControlLeft", WindowsVirtualKeyCode: 17, Modifiers: 2}
	off := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: "Control", Code: "ControlLeft", WindowsVirtualKeyCode: 17}
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		for _, e := range []input.DispatchKeyEventParams{ctrl, down, up, off} {
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, e); err != nil {
				return chromedp.Void{}, err
			}
		}
		return chromedp.Void{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Watch makes every page that the tab opens from now on tell when something runs that should not: a call of zqx, alert,
// confirm or prompt, and whatever a content policy stops. It is heard as a complaint. The script that watches is not
// bound by the page's policy.
func (x *Tab) Watch(t testing.TB) {
	t.Helper()
	_, err := chromedp.Run(x.Ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			for (const name of ["zqx", "alert", "confirm", "prompt"]) window[name] = () => console.error("Uncaught: a text ran: " + name);
			addEventListener("securitypolicyviolation", e => console.error("Content Security Policy stopped " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));`})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}
