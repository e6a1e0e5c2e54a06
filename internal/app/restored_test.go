package app

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/backup"
	"almirah/internal/billing"
	"almirah/internal/carriers/email"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig/pg"
	"almirah/internal/rig/razorpay"
	"almirah/internal/rig/smtp"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/visits"
)

// yesterday is a house whose messages go to a mail server and whose payments to a gateway, both of which count.
type yesterday struct {
	*House
	set   map[string]string
	mail  *smtp.Server
	bank  *razorpay.Server
	time  *clock.Fake
	owner access.Caller
	key   string
	offer scheduling.Service
	slots []scheduling.Slot
	room  string // of PostgreSQL: a folder that the user who runs it can pass
}

func (y *yesterday) open(t *testing.T) *House {
	t.Helper()
	c, err := FromEnv(func(name string) string { return y.set[name] })
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(context.Background(), c, y.time, silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func newYesterday(t *testing.T, engine store.Engine) *yesterday {
	t.Helper()
	dir := t.TempDir()
	y := &yesterday{time: clock.NewFake(morning), mail: smtp.Start(t, smtp.Options{})}
	y.bank = razorpay.Start(t, razorpay.Options{Clock: y.time})
	recipient, secret, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	y.key = secret
	y.set = map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_SMTP_HOST": y.mail.Host(), "ALMIRAH_SMTP_PORT": strconv.Itoa(y.mail.Port()),
		"ALMIRAH_SMTP_TLS": email.NoTLS, "ALMIRAH_SMTP_FROM": "clinic@example.org", "ALMIRAH_RAZORPAY_URL": y.bank.URL(),
		"ALMIRAH_BACKUP_RECIPIENT": recipient, "ALMIRAH_BACKUP_DIR": filepath.Join(dir, "first"), "ALMIRAH_BACKUP_SECOND": filepath.Join(dir, "second")}
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateRootKey(y.set["ALMIRAH_KEYS"]); err != nil {
		t.Fatal(err)
	}
	if engine == store.Postgres {
		y.onServer(t)
	}
	y.House = y.open(t)
	ctx := context.Background()
	var clinic clinics.Clinic
	if y.owner, clinic, err = y.demoClinic(ctx); err != nil {
		t.Fatal(err)
	}
	practice, err := y.demoPractice(ctx, y.owner)
	if err != nil {
		t.Fatal(err)
	}
	y.offer = practice.services[0]
	c, err := y.Clinics.Get(ctx, y.owner) // what a clinic keeps is chosen before its first patient: later it would be announced to everybody
	if err == nil {
		err = y.Clinics.SetModules(ctx, y.owner, clinics.Modules(), c.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	day := clock.Today(y.time, clinic.Location()).AddDays(3)
	free, err := y.Desk.FreeTimes(ctx, accounts.Public(clinic.ID), y.offer.ID, id.Zero, day, day.AddDays(3))
	if err != nil || len(free.Slots) < 10 {
		t.Fatalf("no free times: %v", err)
	}
	y.slots = free.Slots
	return y
}

// onServer sets up a PostgreSQL as docs/postgresql.md says: the roles that the program prints, passwords, and TLS with a certificate that is verified.
func (y *yesterday) onServer(t *testing.T) {
	t.Helper()
	var err error
	if y.room, err = os.MkdirTemp("", "almirah-yesterday-"); err != nil { // a test's own folder keeps out the user who runs PostgreSQL
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(y.room) })
	if err := os.Chmod(y.room, 0o711); err != nil {
		t.Fatal(err)
	}
	y.set["ALMIRAH_BACKUP_SCRATCH"] = filepath.Join(y.room, "scratch")
	s := pg.Own(t, pg.Options{})
	s.Run("postgres", "CREATE DATABASE clinic")
	at := func(role, password string) string {
		return s.Address("localhost", role, password, "clinic", "sslmode=verify-full", "sslrootcert="+url.QueryEscape(s.Roots))
	}
	y.set["ALMIRAH_KEYSTORE_URL"] = "sqlite://" + filepath.Join(filepath.Dir(y.set["ALMIRAH_KEYS"]), "keystore.db")
	y.set["ALMIRAH_DATABASE_URL"] = at("clinic_app", "")
	run := func(verb ...string) string {
		var out, errs bytes.Buffer
		if err := Command(t.Context(), verb, func(name string) string { return y.set[name] }, &out, &errs); err != nil {
			t.Fatalf("%v: %v %s", verb, err, errs.String())
		}
		return out.String()
	}
	passwords := s.Script("clinic", run("postgres", "roles"), "clinic_owner", "clinic_app", "clinic_backup")
	y.set["ALMIRAH_DATABASE_URL"] = at("clinic_app", passwords["clinic_app"])
	y.set["ALMIRAH_DATABASE_OWNER_URL"] = at("clinic_owner", passwords["clinic_owner"])
	y.set["ALMIRAH_LOG"] = "error"
	run("migrate")
	delete(y.set, "ALMIRAH_DATABASE_OWNER_URL")
	y.set["ALMIRAH_BACKUP_DATABASE_URL"] = at("clinic_backup", passwords["clinic_backup"])
}

// back brings yesterday's backup to another machine by the console, and points the settings there.
func (y *yesterday) back(t *testing.T, con *console, keyFile string, said *bytes.Buffer) {
	t.Helper()
	line := []string{"latest", "--key", keyFile}
	into := ""
	if y.DB.Engine() == store.Postgres {
		into = filepath.Join(y.room, "server")
		if err := os.Mkdir(into, 0o700); err != nil {
			t.Fatal(err)
		}
		// The server's own log since the backup has gone with the first machine: it is yesterday's state that comes back.
		for _, place := range []string{y.set["ALMIRAH_BACKUP_DIR"], y.set["ALMIRAH_BACKUP_SECOND"]} {
			if err := os.RemoveAll(filepath.Join(place, "log")); err != nil {
				t.Fatal(err)
			}
		}
		line = append(line, "--into", into)
	}
	if err := con.restore(t.Context(), line); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if into == "" {
		return
	}
	// As docs/backups.md goes on: PostgreSQL is started there, the address is changed, and somebody says that the log goes on from here.
	admin, err := url.Parse(pg.Reopen(t, filepath.Join(into, "pgdata")))
	if err != nil {
		t.Fatal(err)
	}
	admin.User, admin.Path = url.User("clinic_app"), "/clinic"
	y.set["ALMIRAH_DATABASE_URL"] = admin.String()
	delete(y.set, "ALMIRAH_BACKUP_DATABASE_URL")
	if err := con.auditAccept(t.Context(), []string{"--restored"}); err != nil {
		t.Fatal(err)
	}
}

// elsewhere ends the house and brings its backup to another machine, with the places, the root key and the key from paper.
func (y *yesterday) elsewhere(t *testing.T) *House {
	t.Helper()
	if err := y.Close(); err != nil {
		t.Fatal(err)
	}
	there := t.TempDir()
	y.set["ALMIRAH_DATA"], y.set["ALMIRAH_KEYSTORE_URL"] = filepath.Join(there, "data"), "sqlite://"+filepath.Join(there, "keys", "keystore.db")
	keyFile := filepath.Join(there, "typed")
	if err := os.WriteFile(keyFile, []byte(y.key), 0o600); err != nil {
		t.Fatal(err)
	}
	said, errs := &bytes.Buffer{}, &bytes.Buffer{}
	con := &console{get: func(name string) string { return y.set[name] }, out: said, err: errs, time: y.time}
	y.back(t, con, keyFile, said)
	return y.open(t)
}

func (y *yesterday) book(t *testing.T, h *House, n int) scheduling.Appointment {
	t.Helper()
	r, err := h.Desk.Book(context.Background(), accounts.Public(y.owner.Clinic()), scheduling.Booking{Service: y.offer.ID, StartsAt: y.slots[n].StartsAt, Language: "en",
		Patient:  patients.Draft{Name: fmt.Sprintf("Asha Teak %c", 'A'+n), Email: fmt.Sprintf("asha%d@example.org", n), BirthDate: "1980-02-03"},
		Consents: []consent.Choice{{Purpose: consent.Reminder, Given: true}}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Appointment
}

// pays bills a visit, lets the patient pay it at the gateway, and asks the gateway to give some back: that is due, and not done yet.
func (y *yesterday) pays(t *testing.T, a scheduling.Appointment) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := y.Clinics.Get(ctx, y.owner)
	must(err)
	if !c.Has(clinics.ModuleBilling) {
		t.Fatal("the clinic was opened without its modules")
	}
	_, err = y.Pay.Connect(ctx, y.owner, "razorpay", y.bank.Typed(), true)
	must(err)
	p, err := y.Bills.Propose(ctx, y.owner, a.ID, id.Zero)
	must(err)
	d, err := y.Bills.WriteAndIssue(ctx, y.owner, id.Zero, p.Draft, 0)
	must(err)
	her := access.Mint(y.owner.Clinic(), id.Zero, a.Patient, id.New(y.time.Now()), access.Patient, access.Own)
	r, err := y.Pay.Ask(ctx, her, d.ID, func(id.ID) string { return "https://clinic.example.org/back" })
	must(err)
	for reference := range y.bank.Open() {
		y.bank.Pay(reference, 0)
	}
	if r, _, err = y.Pay.Came(ctx, her, r.ID); err != nil || r.State != billing.RequestPaid {
		t.Fatalf("not paid: %s %v", r.State, err)
	}
	of, err := y.Bills.Open(ctx, y.owner, d.ID)
	must(err)
	_, err = y.Pay.Return(ctx, y.owner, of.Money[0].ID, 1000, d.ID, "not needed", id.New(y.time.Now()))
	must(err)
}

// quietly waits until nothing more has come to the two counters for a while, and answers what came.
func (y *yesterday) quietly(t *testing.T, mails, refunds int) (int, int) {
	t.Helper()
	for range 150 {
		if y.letters() >= mails && len(y.bank.Refunds()) >= refunds {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(1500 * time.Millisecond) // the queue looks once a second
	return y.letters(), len(y.bank.Refunds())
}

// letters are the mails that went to patients. What owners are told of the log's head is not among them: after a restore it is another head.
func (y *yesterday) letters() (n int) {
	for _, m := range y.mail.Messages() {
		if slices.ContainsFunc(m.To, func(to string) bool { return strings.HasPrefix(strings.Trim(to, "<"), "asha") }) {
			n++
		}
	}
	return n
}

// TestYesterdaysBackupSendsNothingTwice: a clinic sends confirmations, reminders and a refund after its backup was made, and erases somebody; then it comes back from
// that backup. Counted at the mail server and at the gateway, nothing comes a second time: neither while it is held, nor when it is let go. What fell due
// stands as uncertain before people; the erased person is not there; and what is new goes out as ever, once it may.
func TestYesterdaysBackupSendsNothingTwice(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "restored-held")
	promise.Proves(t, "erasure-through-backups")
	engines(t, yesterdayComesBack)
}

func yesterdayComesBack(t *testing.T, engine store.Engine) {
	y := newYesterday(t, engine)
	ctx := context.Background()
	// Two are confirmed before the backup and reminded after it; the third is confirmed and reminded after it.
	first := y.book(t, y.House, 0)
	gone := y.book(t, y.House, 2)
	y.allergic(t, gone.Patient)
	if err := y.Jobs.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if mails, _ := y.quietly(t, 2, 0); mails < 2 { // and letters about accounts
		t.Fatalf("%d confirmations went out", mails)
	}
	if err := y.Jobs.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	y.book(t, y.House, 1)
	y.pays(t, first)
	m, err := y.Backups.Run(ctx, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	if m.Checked.Opened != 3 {
		t.Errorf("%d records were opened in the drill", m.Checked.Opened)
	}

	if err := y.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if mails, refunds := y.quietly(t, 3, 1); mails < 3 || refunds != 1 {
		t.Fatalf("before the disaster %d mails and %d refunds went out", mails, refunds)
	}
	y.time.Set(first.StartsAt.Time().Add(-23 * time.Hour)) // the day before: reminders
	mails, refunds := y.quietly(t, 6, 1)
	if mails < 5 || refunds != 1 {
		t.Fatalf("before the disaster %d mails and %d refunds went out", mails, refunds)
	}
	erasure, err := y.erase(ctx, y.owner, gone.Patient)
	if err != nil {
		t.Fatal(err)
	}
	certified := y.heldOpens(t, y.House, erasure)
	h := y.elsewhere(t)
	if !h.Held() {
		t.Fatal("what came back is not held")
	}
	if err := h.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if after, again := y.quietly(t, 0, 0); after != mails || again != refunds {
		t.Errorf("while it is held, %d mails and %d refunds went out", after-mails, again-refunds)
	}
	list := y.states(t, h)
	if list[messaging.Unsure] < 2 || list[messaging.Sent] != 1 || list[messaging.Planned] > 0 {
		t.Errorf("what fell due stands as %v", list)
	}
	err = h.DB.View(ctx, jobs.ForClinic(y.owner.Clinic()), access.Work, func(_ context.Context, v *store.View) error {
		if _, err := patients.Find(v, gone.Patient); !fault.Is(err, fault.NotFound) {
			t.Errorf("whoever was erased is back: %v", err)
		}
		_, err := patients.Find(v, first.Patient)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if again := y.heldOpens(t, h, erasure); again != certified {
		t.Errorf("certificate one of whoever was erased is another one:\n%s\n%s", certified, again)
	}
	// Somebody books meanwhile: her confirmation waits.
	y.book(t, h, 6)
	if after, _ := y.quietly(t, 0, 0); after != mails {
		t.Error("a confirmation went out while things are held")
	}
	if _, err := h.Pay.Connect(ctx, y.owner, "razorpay", y.bank.Typed(), true); err == nil {
		t.Error("the gateway was reached while things are held")
	}
	// A member of staff who is not the owner cannot let go; the owner of the only clinic can.
	if err := h.Release(ctx, access.Mint(y.owner.Clinic(), id.New(y.time.Now()), id.Zero, id.Zero, access.Manager, access.Running)); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a manager let go: %v", err)
	}
	if err := h.Release(ctx, y.owner); err != nil {
		t.Fatal(err)
	}
	if _, err := h.DB.VerifyAudit(ctx, accounts.Operator(), nil); err != nil {
		t.Errorf("the audit log of what came back: %v", err)
	}
	y.time.Move(20 * time.Second) // a clinic that was held is looked at each quarter of a minute
	after, again := y.quietly(t, mails+1, 0)
	if after != mails+1 || again != refunds {
		t.Errorf("after it was let go, %d mails and %d refunds went out, where 1 and 0 are new", after-mails, again-refunds)
	}
	if err := h.Pay.Work(ctx, jobs.ForClinic(y.owner.Clinic())); err != nil {
		t.Error(err)
	}
	if n := len(y.bank.Refunds()); n != refunds {
		t.Errorf("money was given back %d times more", n-refunds)
	}
	v, err := h.Bills.Verify(ctx, jobs.ForClinic(y.owner.Clinic()))
	if err != nil || len(v.Wrong) > 0 {
		t.Error(v.Wrong, err)
	}
	for to, n := range y.mail.Deliveries() {
		if n > 3 {
			t.Errorf("%s got %d mails", to, n)
		}
	}
}

const sqlStates = `SELECT state, COUNT(*) FROM message WHERE clinic_id = $1 GROUP BY state`

func (y *yesterday) states(t *testing.T, h *House) map[messaging.State]int {
	t.Helper()
	out := map[messaging.State]int{}
	err := h.DB.View(context.Background(), jobs.ForClinic(y.owner.Clinic()), access.Work, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlStates)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s messaging.State
			var n int
			if err := rows.Scan(&s, &n); err != nil {
				return err
			}
			out[s] = n
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTheHandbookOfBackups: each command of docs/backups.md is one that the program has, and the way from paper to a restored clinic can be gone with them alone.
func TestTheHandbookOfBackups(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/backups.md")
	if err != nil {
		t.Fatal(err)
	}
	servers, err := os.ReadFile("../../docs/postgresql.md")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, servers...)
	commands := regexp.MustCompile("(?m)(?:^ *|`)(almirah [a-z]+[^`\n]*)").FindAllStringSubmatch(string(text), -1)
	if len(commands) < 10 {
		t.Fatalf("the handbook has %d commands", len(commands))
	}
	for _, c := range commands {
		known := false
		for _, v := range verbs() {
			known = known || strings.HasPrefix(c[1]+" ", "almirah "+v.name+" ")
		}
		if !known {
			t.Errorf("the handbook says %q, and there is no such verb", c[1])
		}
	}
	dir := t.TempDir()
	set := map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_BACKUP_DIR": filepath.Join(dir, "first"), "ALMIRAH_BACKUP_SECOND": filepath.Join(dir, "second"), "ALMIRAH_LOG": "error"}
	run := func(line string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if err := Command(t.Context(), strings.Fields(line), func(name string) string { return set[name] }, &out, &errs); err != nil {
			t.Fatalf("almirah %s: %v\n%s%s", line, err, out.String(), errs.String())
		}
		return out.String()
	}
	paper := run("backup key")
	set["ALMIRAH_BACKUP_RECIPIENT"] = regexp.MustCompile(`age1[a-z0-9]+`).FindString(paper)
	typed := filepath.Join(dir, "typed")
	lines := regexp.MustCompile(`(?m)^Line \d:.*$`).FindAllString(paper, -1)
	if err := os.WriteFile(typed, []byte(strings.ToLower(strings.Join(lines, "\n"))), 0o600); err != nil {
		t.Fatal(err)
	}
	run("setup")
	run("backup")
	name := regexp.MustCompile(`\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}`).FindString(run("backup list"))
	if said := run("drill --key " + typed); !strings.Contains(said, "came back") {
		t.Errorf("the drill says %s", said)
	}
	if said := run("doctor"); !strings.Contains(said, "the last good one is of") {
		t.Errorf("the doctor says %s", said)
	}
	// The machine burns down. What is left: the places, the paper, the root key.
	for _, gone := range []string{set["ALMIRAH_DATA"], filepath.Join(dir, "keys", "keystore.db"), filepath.Join(dir, "keys", "keystore.db.shredded")} {
		if err := os.RemoveAll(gone); err != nil {
			t.Fatal(err)
		}
	}
	for _, tail := range []string{"-wal", "-shm"} {
		_ = os.Remove(filepath.Join(dir, "keys", "keystore.db"+tail))
	}
	if said := run("restore " + filepath.Join(dir, "second", "data", name+".age") + " --key " + typed); !strings.Contains(said, "almirah release") {
		t.Errorf("the restore says %s", said)
	}
	run("audit verify")
	if said := run("release"); !strings.Contains(said, "may leave again") {
		t.Errorf("the release says %s", said)
	}
	if said := run("release"); !strings.Contains(said, "Nothing is held") {
		t.Errorf("the second release says %s", said)
	}
}

// allergic lets the clinic keep clinical records, and writes one line of them about a patient.
func (y *yesterday) allergic(t *testing.T, patient id.ID) {
	t.Helper()
	ctx := t.Context()
	c, err := y.Clinics.Get(ctx, y.owner)
	if err == nil && !c.Has(clinics.ModuleClinical) {
		err = y.Clinics.SetModules(ctx, y.owner, append(slices.Clone(c.Modules), clinics.ModuleClinical), c.Version)
	}
	if err == nil {
		err = y.Visits.AddAllergy(ctx, y.owner, patient, visits.Allergy{Substance: "Penicillin"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// heldOpens opens what the law holds of an erasure as a custodian, and answers certificate one.
func (y *yesterday) heldOpens(t *testing.T, h *House, erasure id.ID) string {
	t.Helper()
	e, err := h.Erasure.Get(t.Context(), y.owner, erasure)
	if err != nil || len(e.Holds) != 1 || e.FirstAt == 0 {
		t.Fatalf("the erasure: %+v, %v", e, err)
	}
	got, err := h.Erasure.OpenHeld(t.Context(), y.owner, erasure, e.Holds[0].ID, "To see that it is there")
	if err != nil || len(got.Records) != 1 || !strings.Contains(got.Records[0].Body["body"], "Penicillin") {
		t.Errorf("what is held says %+v, %v", got.Records, err)
	}
	return e.First
}
