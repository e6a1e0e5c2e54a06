package app

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// TestBrowserErasure goes the whole way of an erasure at two browsers: a patient at her telephone reads what goes and what stays and asks for it; the owner sees the clock and the
// plan and agrees; then her link opens nothing, the owner sees what is held until when and both certificates, and the first is genuine to a program that knows nothing but the file.
func TestBrowserErasure(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-plan", "erasure-certified")
	h := openHouse(t, store.SQLite, Options{}, nil)
	ctx := t.Context()
	h.signIn(t, ownerMail).fill(t, "/app/settings/modules/clinical", "/app/settings/modules/clinical", url.Values{"turn": {"on"}})
	own := h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	found, err := h.Patients.Search(ctx, h.Owner, "Asha Marigold", 2)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d patients, %v", len(found), err)
	}
	she := found[0].ID
	if err := h.Visits.AddAllergy(ctx, h.Owner, she, visits.Allergy{Substance: "Penicillin"}); err != nil {
		t.Fatal(err)
	}
	b := browser.Start(t)
	looks := func(x *browser.Tab, wants ...string) string {
		t.Helper()
		text := x.Text(t)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%.1500s", x.Path(t), want, text)
			}
		}
		for _, v := range append(x.Axe(t, "../.."), x.Complaints()...) {
			t.Errorf("%s: %s", x.Path(t), v)
		}
		if wide := browser.Eval[int](t, x, `document.documentElement.scrollWidth-innerWidth`); wide > 0 {
			t.Errorf("%s is %d pixels too wide", x.Path(t), wide)
		}
		return text
	}
	desk := func() *browser.Tab {
		x := b.Tab(t, 1366, 900)
		for name, value := range h.signIn(t, ownerMail).cookies {
			x.Cookie(t, h.Server.URL, name, value)
		}
		return x
	}

	phone := b.Tab(t, 360, 780)
	phone.GoTo(t, h.Server.URL+own+"/data")
	phone.Follow(t, `a[href$="/data/ask?kind=deletion"]`)
	looks(phone, "What goes", "What the law may make the clinic keep")
	phone.Follow(t, `form[action$="/data/ask"] button.go`)
	looks(phone, "The answer is due")
	if due := browser.Eval[int](t, phone, `document.querySelectorAll("dl.facts time").length`); due != 2 {
		t.Errorf("her request shows %d moments, not when it came and when it is answered", due)
	}

	owner := desk()
	owner.GoTo(t, h.Server.URL+"/app/requests")
	owner.Follow(t, `main ul.rows a[href^="/app/requests/"]`)
	looks(owner, "Asha Marigold", "the answer is due")
	request := owner.Path(t)
	owner.GoTo(t, h.Server.URL+"/app/patients/"+she.String()+"/delete")
	looks(owner, "Goes at once", "Appointments", "Held by law", "Clinical records", "until", "Certificate one", "Certificate two")
	owner.GoTo(t, h.Server.URL+request)
	owner.Follow(t, `form[action$="/decide"] button.go`)

	for range 2 { // she is told first; a quarter of an hour later it is done
		if err := h.watchRequests(ctx, jobs.ForClinic(h.Clinic.ID)); err != nil {
			t.Fatal(err)
		}
		h.Fake.Move(16 * time.Minute)
	}
	phone.GoTo(t, h.Server.URL+own)
	if text := phone.Text(t); !strings.Contains(text, "This link has ended") || strings.Contains(text, "Asha") {
		t.Errorf("after the erasure her link shows %.600s", text)
	}

	owner = desk()
	owner.GoTo(t, h.Server.URL+"/app/erasures")
	owner.Follow(t, `main ul.rows a[href^="/app/erasures/"]`)
	if text := looks(owner, "Certificate one", "Issued", "Certificate two", "Comes by itself", "Held by law", "Clinical records", "until"); strings.Contains(text, "Asha") {
		t.Error("the page of the erasure names her")
	}
	file := browser.Eval[string](t, owner, `document.querySelector('a[href*="number=1&as=json"]').getAttribute("href")`)
	anybody := h.visitor()
	public := b.Tab(t, 360, 780)
	public.GoTo(t, h.Server.URL+strings.Split(file, "/certificate")[0])
	if text := looks(public, "Certificate one"); strings.Contains(text, "Asha") {
		t.Error("the public page of the erasure names her")
	}

	certificate := anybody.page(t, file).body
	key := strings.Fields(anybody.page(t, "/trust/erasure-key").body)
	verify := func(text string, more ...string) (string, error) {
		at := filepath.Join(t.TempDir(), "certificate.json")
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := &console{get: func(string) string { return "" }, out: &out, err: &out}
		err := c.verifyCertificate(ctx, append([]string{at}, more...))
		return out.String(), err
	}
	said, err := verify(certificate)
	if err != nil || !strings.Contains(said, "genuine       certificate 1") || !strings.Contains(said, "held by law") || strings.Contains(said, "Asha") {
		t.Errorf("verify-certificate: %v: %s", err, said)
	}
	signer := ""
	for _, l := range strings.Split(said, "\n") {
		if rest, ok := strings.CutPrefix(l, "signed by     "); ok {
			signer = rest
		}
	}
	if signer == "" || !strings.Contains(strings.Join(key, " "), signer) {
		t.Errorf("it was signed by %q, and the page of the key says %q", signer, key)
	}
	if _, err := verify(certificate, "--key", signer); err != nil {
		t.Errorf("by its own key: %v", err)
	}
	if _, err := verify(strings.Replace(certificate, h.Clinic.Name, "Another Clinic", 1)); err == nil {
		t.Error("a certificate that was changed is genuine")
	}
}
