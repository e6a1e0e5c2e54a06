package web_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/audit/verifier"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
)

// TestOnlyDeclaredStorage: what our scripts keep in a browser is what the policy page lists.
func TestOnlyDeclaredStorage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-browser-witness", "browser-storage")
	files, err := filepath.Glob("assets/ts/*.ts")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	kept := regexp.MustCompile(`(?:localStorage|sessionStorage|indexedDB|caches|cookieStore|document\.cookie)[.\w]*\(?(\w*)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range kept.FindAllStringSubmatch(string(text), -1) {
			if filepath.Base(file) != "ledger.ts" || m[1] != "name" || !strings.Contains(string(text), `const name = "`+web.LogStorage+`"`) {
				t.Errorf("%s keeps something that is not declared: %s", file, m[0])
			}
		}
	}
	if len(web.Storage()) != 1 {
		t.Errorf("declared are %v", web.Storage())
	}
	o := openOffice(t)
	wants(t, o.guest().get("/trust"), 200, web.LogStorage, "newest checksum of the audit log")
	wants(t, o.owner.get("/app"), 200, "/assets/ledger-")
	wants(t, o.as(access.FrontDesk).get("/app"), 200, "!/assets/ledger-")
}

// TestAuditSaysValuesAsPagesDo: a moment in the clinic's zone, money, a list, yes and no; not as the program keeps them. In the reader's language.
func TestAuditSaysValuesAsPagesDo(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	if err := o.DB.Change(context.Background(), o.owner.who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "share", Kind: "prescription", Subject: tx.NewID(), New: map[string]any{
			"until": clock.At(time.Date(2027, 1, 2, 3, 34, 0, 0, time.UTC)), "amount": 123450, "currency": "USD", "scopes": []string{"calendar", "patient"}, "given": true, "version": 3,
			"record": map[string]any{"due": clock.At(time.Date(2026, 12, 24, 6, 0, 0, 0, time.UTC)), "count": 1}}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get("/app/audit?kind=prescription"), 200, "Sent a link", "2 Jan 2027, 9:04 am", "$1,234.50", "calendar, patient", "agreed:</span>", "Yes", "due by: 24 Dec 2026, 11:30 am", "how many: 1", "!e+15", "!version")

	// Words of the program are said in the words of the pages; what is not one of them stays.
	if err := o.DB.Change(context.Background(), o.owner.who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "send", Kind: "message", Subject: tx.NewID(), New: map[string]any{"state": "uncertain", "kind": "privacy.told", "channel": "sms", "reason": "as it was typed"}})
		tx.Record(audit.Note{Action: "ask", Kind: "data-request", Subject: tx.NewID(), New: map[string]any{"asker": "self", "kind": "portability", "door": "letter"}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get("/app/audit?kind=message"), 200, "Nobody knows whether it arrived", "News of a request about data", "SMS", "as it was typed", "!privacy.told")
	wants(t, o.owner.get("/app/audit?kind=data-request"), 200, "A copy for another program", "by letter", "the patient", "!portability")
}

// TestAuditPages: searching, what was noticed, signing off, checking, taking along.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	desk := o.as(access.FrontDesk)
	one, _, err := o.people.Add(context.Background(), o.owner.who, patients.Draft{Name: "=Zebra Crossing", BirthDate: "1980-02-03"}, true)
	if err != nil {
		t.Fatal(err)
	}
	own := "/app/patients/" + one.ID.String()
	wants(t, o.owner.get(own), 200, "Who looked", "/app/audit?patient="+one.ID.String())
	wants(t, desk.get(own), 200, "!Who looked")
	wants(t, o.owner.get("/app/audit?patient="+one.ID.String()), 200, "Zebra Crossing", "Added", "Opened")
	wants(t, o.owner.seek("/app/audit", "find", "zebra"), 200, "Zebra Crossing", "Opened")
	wants(t, o.owner.seek("/app/audit", "find", "nobody at all"), 200, "No entries match")
	wants(t, o.owner.get("/app/audit?act=add&what=patient"), 200, "Zebra Crossing")
	for _, bad := range []string{"act=nonsense", "from=2026-11-31", "to=x"} {
		wants(t, o.owner.get("/app/audit?"+bad), 404)
	}
	csv := wants(t, o.owner.get("/app/audit/entries.csv?patient="+one.ID.String()), 200, "When,Who")
	if !strings.Contains(csv, "=Zebra") || regexp.MustCompile(`(?m)(^|,|")=Zebra`).MatchString(csv) {
		t.Errorf("a formula: %s", csv)
	}
	wants(t, o.owner.get("/app/audit?act=export"), 200, "Took along as a file")
	for _, path := range []string{"", "/entries.csv", "/proofs", "/noticed", "/reviews", "/checks"} {
		wants(t, desk.get("/app/audit"+path), 403)
	}

	// A namesake's record was opened yesterday: it is noticed, and not settled by whoever opened it, unless nobody else could.
	wants(t, o.owner.get("/app/audit/noticed"), 200, "Nothing waits for you", "between 21:00 and 6:00")
	finding := id.New(o.Clock.Now())
	err = o.DB.Change(context.Background(), o.owner.who, access.AuditReview, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("as the rules write it")
		_, err := tx.Exec(`INSERT INTO oversight_finding (clinic_id, id, rule, day, person_id, patient_id, count, usual, found_at) VALUES ($1, $2, 'namesake', '2026-11-22', $3, $4, 1, 0, $5)`, finding, o.owner.who.Actor(), one.ID, tx.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get("/app"), 200, "Unusual looks at records want an explanation")
	wants(t, o.owner.get("/app/audit/noticed"), 200, "opened the record of =Zebra Crossing", "What was the reason?")
	settle := "/app/audit/noticed/" + finding.String() + "/settle"
	wants(t, o.owner.send(settle, "version", "1", "words", "no"), 422, "Write the reason in a few words")
	manager := o.as(access.Manager)
	wants(t, o.owner.get("/app/audit/noticed"), 200, "Somebody else settles it", "!What was the reason?")
	wants(t, o.owner.send(settle, "version", "1", "words", "It was my own niece"), 403)
	leads(t, manager.send(settle, "version", "1", "words", "She asked me before"), "/app/audit/noticed?done=settled")
	wants(t, o.owner.get("/app/audit/noticed?done=settled"), 200, "Nothing waits for you", "She asked me before", "Settled")

	// Days are signed off.
	wants(t, o.owner.get("/app/audit/reviews"), 200, "Nobody has signed yet")
	wants(t, o.owner.send("/app/audit/reviews", "from", "2026-11-20", "to", "2030-01-01", "words", "kept words"), 422, "Choose a last day", "kept words")
	leads(t, o.owner.send("/app/audit/reviews", "from", "2026-11-20", "to", "2026-11-22", "words", "All is well"), "/app/audit/reviews?done=signed-off")
	wants(t, manager.get("/app/audit/reviews?done=signed-off"), 200, "All is well", "Signed off.", "Meera Shah")

	// The mail is stopped and asked for; the checks are there, and the file without names.
	wants(t, o.owner.get("/app/audit/checks"), 200, "You get it.", "almirah audit witness")
	leads(t, o.owner.send("/app/audit/mail", "mail", "0"), "/app/audit/checks?done=saved")
	wants(t, o.owner.get("/app/audit/checks"), 200, "You do not get it.")
	op := o.As(access.Operator)
	if _, err := o.DB.Sequence(context.Background(), op); err != nil {
		t.Fatal(err)
	}
	_, key, err := o.Vault.LogSigner()
	if err != nil {
		t.Fatal(err)
	}
	o.rehouse(func(d *web.Deps) {
		d.Ledger = web.Ledger{Key: func() string { return key }, Prove: func(ctx context.Context, leaves map[id.ID][]byte, each func(store.Signed, store.Proven) error) (store.Signed, error) {
			return o.DB.Prove(ctx, op, leaves, each)
		}}
	})
	owner := o.visitor(o.owner.cookie)
	file := wants(t, owner.get("/app/audit/proofs?patient="+one.ID.String()), 200, "!Zebra", key)
	rep, err := verifier.Check(strings.NewReader(file), verifier.Known{Key: key})
	if err != nil || rep.Entries < 2 || rep.Complete {
		t.Errorf("the file: %+v, %v", rep, err)
	}
}
