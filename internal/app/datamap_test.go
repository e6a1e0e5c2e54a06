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
