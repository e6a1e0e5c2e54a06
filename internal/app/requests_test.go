package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// TestACopyIsOnePersons enters a mark into every field of two patients: the copy of one holds all of hers and nobody else's, whatever table they stand in, and
// what it holds of tables is what stands in them about her.
func TestACopyIsOnePersons(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-copy-at-once")
	h := openHouse(t, store.SQLite, Options{}, nil)
	s := h.signIn(t, demoPeople[0].email)
	s.fill(t, "/app/settings/modules/notes", "/app/settings/modules/notes", url.Values{"turn": {"on"}})
	hers, others := marks{}, marks{}
	one := h.wholePatient(t, s, hers, 2, h.slotsOf(t, h.Practice.providers[2].ID.String())[0]["starts_at"].(string))
	two := h.wholePatient(t, s, others, 3, h.slotsOf(t, h.Practice.providers[3].ID.String())[0]["starts_at"].(string))
	for p, m := range map[id.ID]marks{one: hers, two: others} {
		she := accounts.ForPatient(h.Clinic.ID, p, id.New(h.Clock.Now()))
		if err := h.Requests.State(t.Context(), she, "health", m.as("", "data_statement.words")+" and more"); err != nil {
			t.Fatal(err)
		}
		if err := h.Requests.Nominate(t.Context(), she, m.as("name", "nominee.name"), m.as("", "nominee.contact")); err != nil {
			t.Fatal(err)
		}
	}
	c, err := h.Requests.Own(t.Context(), accounts.ForPatient(h.Clinic.ID, one, id.New(h.Clock.Now())))
	if err != nil {
		t.Fatal(err)
	}
	file, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	for field, mark := range hers {
		if !strings.Contains(text, mark) {
			t.Errorf("the copy lacks %s", field)
		}
	}
	for field, mark := range others {
		if strings.Contains(text, mark) {
			t.Errorf("the copy holds another patient's %s", field)
		}
	}
	if strings.Contains(text, two.String()) {
		t.Error("the copy names another patient's id")
	}
	// Every table with rows that name her, and a keeper, is in the copy.
	for table := range h.rowsOf(t, h.idsOf(t, one)) {
		if _, there := c.Tables[table]; !there && notCopied[table] == "" {
			t.Errorf("rows of %s are about her, and the copy has none", table)
		}
	}
}

// notCopied are tables whose rows name a patient and tell her nothing that the copy does not say otherwise.
var notCopied = map[string]string{
	"audit_leaf": "its entries are in the copy, as who looked", "audit_detail": "old and new values of what is in the copy", "patient_token": "bits of a hash of her name and numbers", "patient_link": "hashes of links",
	"claim": "the time of an appointment, which is in the copy", "claims": "the time of an appointment, which is in the copy", "event": "that something happened, until it was acted on", "reminder_due": "when something is sent next; what was sent is in the copy",
	"audit_seen": "that a list was shown", "idempotency": "a hash",
}

// TestBrowserYourData is a person at a telephone: from her appointment's page she has a copy of everything within a minute, sees who looked, and takes a consent back
// with as many presses as it took to give it.
func TestBrowserYourData(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-copy-at-once", "who-looked")
	h := openHouse(t, store.SQLite, Options{}, nil)
	own := h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	x := browser.Start(t).Tab(t, 360, 780)
	began := time.Now()
	x.GoTo(t, h.Server.URL+own)
	x.Follow(t, `main a[href$="/data"]`)
	if found := x.Axe(t, "../.."); len(found) > 0 {
		t.Error(found)
	}
	if wide := browser.Eval[int](t, x, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d wide", wide)
	}
	x.Follow(t, `form[action$="/data/copy"] button`)
	if text := x.Text(t); !strings.Contains(text, "Asha Marigold") || !strings.Contains(text, "asha@example.org") {
		t.Fatalf("no copy: %s", text)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	file := h.visitor().page(t, own+"/data/copy.json")
	var copied struct {
		Name   string
		Tables map[string][]map[string]string
	}
	if err := json.Unmarshal([]byte(file.body), &copied); err != nil || copied.Name != "Asha Marigold" || len(copied.Tables["appointment"]) != 1 || len(copied.Tables["consent"]) == 0 {
		t.Errorf("the file: %v, %+v", err, copied)
	}
	x.GoTo(t, h.Server.URL+own+"/data/looked")
	if text := x.Text(t); !strings.Contains(text, "You") || !strings.Contains(text, "Copied everything out") {
		t.Errorf("who looked: %s", text)
	}
	// Each press is one of a tick or a button; giving and taking back are the same way.
	presses := func(want bool) (n int) {
		x.GoTo(t, h.Server.URL+own)
		if got := browser.Eval[bool](t, x, `document.querySelector('input[name=consent][value=reminder]').checked`); got == want {
			t.Fatalf("it stands at %v already", got)
		}
		x.Click(t, `input[name=consent][value=reminder]`)
		x.Follow(t, `form[action$="/consents"] button`)
		if got := browser.Eval[bool](t, x, `document.querySelector('input[name=consent][value=reminder]').checked`); got != want {
			t.Errorf("two presses left it at %v", got)
		}
		return 2
	}
	x.GoTo(t, h.Server.URL+own)
	given := browser.Eval[bool](t, x, `document.querySelector('input[name=consent][value=reminder]').checked`)
	if a, b := presses(!given), presses(given); a != b {
		t.Errorf("%d presses one way, %d the other", a, b)
	}
	for _, c := range x.Complaints() {
		t.Error(c)
	}
}

// TestPutOffOnThePage: where the law lets an answer be put off, the form on the request's page does it; a reason that says too little comes back as it was typed, in that form
// and not in the one for the answer.
func TestPutOffOnThePage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock")
	h, ctx := openHouse(t, store.SQLite, Options{}, nil), t.Context()
	c, err := h.Clinics.Get(ctx, h.Owner)
	if err != nil {
		t.Fatal(err)
	}
	under := c.Profile()
	under.Jurisdiction = law.EU
	if err := h.Clinics.Save(ctx, h.Owner, under, c.Version); err != nil {
		t.Fatal(err)
	}
	p, _, err := h.Patients.Add(ctx, h.Owner, patients.Draft{Name: "Meena Kapoor", Phone: "+919876500117", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	one, err := h.Requests.Take(ctx, h.Owner, requests.Taken{Kind: law.Complaint, Door: requests.ByVisit, Asker: requests.Self, Patient: p.ID, Proof: requests.MetHer, Words: "My name was called out loud."})
	if err != nil {
		t.Fatal(err)
	}
	owner, page := h.signIn(t, ownerMail), "/app/requests/"+one.String()
	form := owner.page(t, page).form(t, page+"/longer")
	form.Set("longer", "A <b>no")
	again := owner.submit(t, page+"/longer", form)
	if again.status != http.StatusUnprocessableEntity {
		t.Fatalf("a short reason: %d: %s", again.status, problems(again.body))
	}
	if got := again.form(t, page+"/longer").Get("longer"); got != "A <b>no" {
		t.Errorf("what was typed came back as %q", got)
	}
	if got := again.form(t, page+"/decide").Get("why"); got != "" {
		t.Errorf("the answer's own sentence became %q", got)
	}
	form.Set("longer", "The doctor is away until Monday.")
	owner.post(t, page+"/longer", form)
	if r, err := h.Requests.Get(ctx, h.Owner, one); err != nil || r.LongerAt == 0 || r.Why != "The doctor is away until Monday." {
		t.Errorf("%+v %v", r.Request, err)
	}
}
