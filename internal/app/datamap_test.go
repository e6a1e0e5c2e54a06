package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/datamap"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/policies"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/words"
)

// everyParty is a configuration that reaches every outside party that the program knows, so that the generated pages tell of each.
var everyParty = map[string]string{
	"ALMIRAH_SMTP_HOST": "mail.example.org", "ALMIRAH_SMTP_FROM": "a@example.org", "ALMIRAH_MAIL_NAME": "The operator’s mail server", "ALMIRAH_TWILIO_URL": "on", "ALMIRAH_MSG91_URL": "on", "ALMIRAH_WHATSAPP_URL": "on", "ALMIRAH_SES": "on",
	"ALMIRAH_RAZORPAY_URL": "on", "ALMIRAH_STRIPE_URL": "on", "ALMIRAH_LEGAL_ENTITY": "x", "ALMIRAH_PLANS": "solo:INR:99900:0", "ALMIRAH_PLANS_GATEWAY": "razorpay", "ALMIRAH_PLANS_KEY_ID": "rzp_x", "ALMIRAH_PLANS_KEY_SECRET": "y",
}

// aboutNobody are parties that get nothing about a person, and why they are asked.
var aboutNobody = map[string]string{plansProcessor: "what a clinic pays for the platform", certifierProcessor: "names of hosts", vaultProcessor: "a key", kmsProcessor: "a key"}

// TestGeneratedDataMap keeps docs/datamap.md and docs/dictionary.csv as the program declares them.
func TestGeneratedDataMap(t *testing.T) {
	t.Parallel()
	c, err := FromEnv(func(n string) string { return everyParty[n] })
	if err != nil {
		t.Fatal(err)
	}
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	from := datamap.Source{Rooms: rooms(), Parties: partiesOf(processors(c))}
	for _, s := range promise.Register {
		from.Sentences = append(from.Sentences, datamap.Sentence{Sentence: s, Status: string(s.Kind)})
	}
	tongue := book.Tongue("en")
	r := from.Program(tongue)
	if len(r.Recipients) < 9 {
		t.Errorf("the page tells of %d parties", len(r.Recipients))
	}
	golden(t, "../../docs/datamap.md", r.Text(tongue))
	named := map[string]bool{}
	for _, x := range Holdings() {
		for _, c := range x.Columns {
			for _, party := range c.Leaves {
				named[party] = true
			}
		}
	}
	for _, p := range from.Parties {
		if !named[p.ID] && !p.All && aboutNobody[p.ID] == "" {
			t.Errorf("%s gets data, but no column is declared to go there: name it in Leaves of what it gets", p.ID)
		}
		delete(named, p.ID)
	}
	for party := range named {
		t.Errorf("a column is declared to go to %s, which is not on the list of parties", party)
	}
	d := datamap.Dictionary(rooms())
	golden(t, "../../docs/dictionary.csv", strings.ReplaceAll(string(d.CSV()), "\r\n", "\n"))
}

// past opens the database of the house as somebody who sees and may everything.
func (h *opened) past(t *testing.T, engine store.Engine) *sql.DB {
	t.Helper()
	driver, at := "sqlite", h.DB.Path()+"?_pragma=busy_timeout(10000)"
	if engine == store.Postgres {
		driver, at = "pgx", pastFences(t, h.Config.DatabaseURL)
	}
	db, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestTheMapIsTheDatabase: while the house runs, a column that no room declared breaks the sentence; the house does not start over it.
func TestTheMapIsTheDatabase(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "data-map-true")
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		look := func() error {
			_, err := probe{House: h.House}.mapTrue(t.Context())
			return err
		}
		if err := look(); err != nil {
			t.Fatal(err)
		}
		db := h.past(t, engine)
		for _, x := range []struct{ do, undo, says string }{
			{`ALTER TABLE patient ADD COLUMN blood_group TEXT`, `ALTER TABLE patient DROP COLUMN blood_group`, "patient.blood_group"},
			{`CREATE VIEW everybody AS SELECT name FROM patient`, `DROP VIEW everybody`, "everybody"},
		} {
			if _, err := db.Exec(x.do); err != nil {
				t.Fatal(err)
			}
			if err := look(); err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%s: the look says %v", x.do, err)
			}
			again, err := Open(context.Background(), h.Config, clock.NewFake(h.Fake.Now()), silent(), Options{})
			if err == nil {
				_ = again.Close()
			}
			if err == nil || !strings.Contains(err.Error(), x.says) || !strings.Contains(err.Error(), "nothing is served") {
				t.Errorf("%s: the start says %v", x.do, err)
			}
			if _, err := db.Exec(x.undo); err != nil {
				t.Fatal(err)
			}
		}
		if err := look(); err != nil {
			t.Error(err)
		}
	})
}

// TestTheRecordOfAClinic: a clinic's record has its own name, its own times and what it turned off; whoever leads the clinic reads it, takes it along, and nobody else; the operator
// reads that of the installation and signs; the command prints both.
func TestTheRecordOfAClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "data-map-own")
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		ctx := t.Context()
		if err := h.DB.Change(ctx, jobs.ForClinic(h.Clinic.ID), access.Work, func(_ context.Context, tx *store.Tx) error { return h.adopt(tx) }); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Policies.Save(ctx, h.Owner, policies.Wish{Keep: map[law.Class]string{law.Opinions: "P7M"}}); err != nil {
			t.Fatal(err)
		}
		s := h.signIn(t, demoPeople[0].email)
		page := s.page(t, "/app/settings/datamap").body
		for _, said := range []string{"7 months", h.Clinic.Name, "Clinical records", "switched off", "encrypted"} {
			if !strings.Contains(strings.ToLower(page), strings.ToLower(said)) {
				t.Errorf("the page does not say %q", said)
			}
		}
		var r datamap.Record
		if err := json.Unmarshal([]byte(s.page(t, "/app/settings/datamap/record.json").body), &r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.Controller.Name, h.Clinic.Name) || len(r.Activities) != len(datamap.Activities()) || len(r.Measures) < 30 {
			t.Errorf("the record: %+v", r)
		}
		for _, l := range r.Lives {
			if want := map[string]string{"What patients said of visits": "7 months"}[l.What]; want != "" && l.Now != want {
				t.Errorf("%s: %s", l.What, l.Now)
			}
		}
		if sheet := s.page(t, "/app/settings/datamap/record.csv").body; !strings.Contains(sheet, "7 months") {
			t.Errorf("the table: %.200s", sheet)
		}
		if sheet := s.page(t, "/app/settings/datamap/dictionary.csv").body; !strings.Contains(sheet, "patient,name,patients,patients,clinic,identity,patient,") {
			t.Errorf("the dictionary: %.300s", sheet)
		}
		if a := h.signIn(t, demoPeople[2].email).get(t, "/app/settings/datamap"); a.status != http.StatusForbidden && a.status != http.StatusNotFound {
			t.Errorf("the front desk reads it: %s", a)
		}

		if err := h.demoSupport(ctx, h.Owner); err != nil {
			t.Fatal(err)
		}
		op := h.signIn(t, demoHelpers[1].email)
		op.shows(t, "/platform/datamap", h.Clinic.Name, "1 clinic", "Accounts of staff", "Not done yet")
		op.shows(t, "/platform/duties", `href="/platform/datamap"`)
		form := op.page(t, "/platform/datamap").form(t, "/platform/datamap")
		if a := op.submit(t, "/platform/datamap", form); a.status != http.StatusUnprocessableEntity {
			t.Errorf("signed without saying so: %s", a)
		}
		form.Set("sure", "1")
		op.post(t, "/platform/datamap", form)
		op.shows(t, "/platform/datamap", "Nothing has changed since it was signed", demoHelpers[1].name)
		if said, err := (probe{House: h.House}).mapSigned(ctx); err != nil || !strings.Contains(said, "signed on") {
			t.Errorf("the look says %q, %v", said, err)
		}
		t2 := h.Book.Tongue("ta")
		own, err := h.mapOf(ctx, t2, h.Clinic.ID)
		if err != nil || own.Language != "ta" || !strings.Contains(own.Text(t2), t2.Say("datamap.activity.staff")) {
			t.Errorf("for the command line: %+v %v", own, err)
		}
	})
}

// TestDictionaryOnTheCommandLine: the dictionary needs neither database nor keys.
func TestDictionaryOnTheCommandLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Command(t.Context(), []string{"datamap", "--dictionary"}, os.Getenv, &out, &out); err != nil || !strings.Contains(out.String(), "audit_leaf,") {
		t.Errorf("%v: %.200s", err, out.String())
	}
}

// TestTheTextsAreOnRecord: the version of the terms of use is the hash of their text, every text that the program shows is on record when it has started, each can be read by everybody, and
// the policy page says since when it holds.
func TestTheTextsAreOnRecord(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "documents-archive")
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	use, err := termsOfUse(book)
	if err != nil || clinics.TextVersion(use) != TermsVersion {
		t.Fatalf("the terms of use are of version %s, %v: write it into app.TermsVersion, and say in the changes what changed", clinics.TextVersion(use), err)
	}
	if err := versionOf(use + " "); err == nil {
		t.Error("another text has the same version")
	}
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		list, err := h.Accounts.Documents(t.Context())
		if err != nil || len(list) != 5 {
			t.Fatalf("%d texts, %v", len(list), err)
		}
		v := h.visitor()
		page := v.page(t, "/documents").body
		for _, d := range list {
			if !strings.Contains(page, "/documents/"+d.Digest) {
				t.Errorf("%s is not on the page", d.Kind)
			}
			v.shows(t, "/documents/"+d.Digest, "What is kept has this fingerprint", d.Digest)
		}
		v.shows(t, "/documents/"+TermsVersion, "You can leave at any time.")
		if a := v.get(t, "/documents/none"); a.status != http.StatusNotFound {
			t.Errorf("a text that there is not: %s", a)
		}
		v.shows(t, "/trust", "In force since", book.Tongue("en").Date("2026-11-24"))
		for name, look := range map[string]liveLook{"texts": probe.textsKept, "acceptances": probe.termsAccepted} {
			if said, err := look(probe{House: h.House}, t.Context()); err != nil {
				t.Errorf("%s: %s %v", name, said, err)
			}
		}
	})
}
