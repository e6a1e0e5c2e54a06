package app

import (
	"strings"
	"testing"

	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// TestReportsInABrowser opens the reports at a real browser: the picture has its words, the table its numbers, the form asks for other days, and axe finds nothing, at a
// desk and on a phone, from left and from right.
func TestReportsInABrowser(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reports-counted")
	h := openHouse(t, store.SQLite, Options{}, nil)
	if _, err := h.demoBills(t.Context(), h.Owner); err != nil {
		t.Fatal(err)
	}
	if err := h.demoPast(t.Context(), h.Owner, h.Clinic, h.Practice); err != nil {
		t.Fatal(err)
	}
	owner := h.signIn(t, ownerMail)
	b := browser.Start(t)
	x := h.tab(t, b, owner, 1366)
	x.GoTo(t, h.Server.URL+"/app")
	x.Follow(t, `nav a[href="/app/reports"]`)
	if got := browser.Eval[string](t, x, `[document.querySelectorAll(".chart rect.ck0").length>20, document.querySelector("#chart-d").textContent.length>20, document.querySelectorAll("table tbody tr").length].join()`); got != "true,true,30" {
		t.Errorf("the page of reports shows %s", got)
	}
	// The sum of the lines is the last line.
	if wrong := browser.Eval[string](t, x, `[...document.querySelectorAll("tfoot td")].map((c,i)=>{const n=s=>Number(s.replaceAll(",",""));const sum=[...document.querySelectorAll("tbody tr")].reduce((a,r)=>a+n(r.querySelectorAll("td")[i].textContent),0);return sum===n(c.textContent)?"":i+": "+sum+" "+c.textContent}).join("")`); wrong != "" {
		t.Errorf("columns that do not come to their sums: %s", wrong)
	}
	x.Follow(t, `nav a[href*="report=utilisation"]`)
	browser.Eval[bool](t, x, `document.querySelector("[name=provider]").selectedIndex=1, document.querySelector("[name=by]").value="week", true`)
	x.Follow(t, `.ask button`)
	if path := browser.Eval[string](t, x, `location.search`); !strings.Contains(path, "provider=") || !strings.Contains(path, "by=week") || !strings.Contains(path, "report=utilisation") {
		t.Errorf("the form went to %s", path)
	}
	for _, l := range []look{{1366, "en", "light"}, {360, "ar", "dark"}, {360, "hi", "light"}} {
		w := &walker{h: h, b: b, look: l, in: map[string]*visitor{ownerMail: owner}, tabs: map[string]*browser.Tab{}}
		for _, path := range []string{"/app/reports?report=revenue", "/app/settings/use"} {
			p := w.open(t, stop{path: path, who: ownerMail})
			for _, wrong := range append(p.Axe(t, "../.."), p.Complaints()...) {
				t.Errorf("%s at %s: %s", path, w.look, wrong)
			}
			if wide := browser.Eval[bool](t, p, `document.documentElement.scrollWidth > innerWidth`); wide {
				t.Errorf("%s at %s is wider than the window", path, w.look)
			}
		}
	}
	// The same table as a file: numbers, and no formula.
	sheet := owner.page(t, "/app/reports.csv?report=revenue")
	lines := strings.Split(strings.TrimPrefix(sheet.body, "\ufeff"), "\r\n")
	if len(lines) != 32 || !strings.Contains(lines[0], "(INR)") || strings.Contains(sheet.body, "=") {
		t.Errorf("the sheet has %d lines and begins %.120s", len(lines), sheet.body)
	}
	if a := h.signIn(t, deskMail).get(t, "/app/reports"); a.status != 403 {
		t.Errorf("the desk gets %d", a.status)
	}
}
