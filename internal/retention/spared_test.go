package retention_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/archtest/statements"
	"almirah/internal/clock"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestWhatSheWroteIsHeld: while an order keeps a patient's records, nothing that she wrote and sent goes by its days, because the clinic keeps no words any more, or with the run of the night; nor what she asked about
// her data, or was given to others. Another patient's goes. When the order ends, what is over goes at once.
func TestWhatSheWroteIsHeld(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		y, ctx := aged(t, b, law.EU), context.Background()
		y.s = retention.New(b.DB, b.Log, retention.Options{Doers: func(l law.Lives) []retention.Doer {
			return append(doers(l), requests.Keeper{Lives: l}, disclosures.Keeper{Lives: l})
		}})
		owner, manager := b.As(access.Owner), b.As(access.Manager)
		other := y.Booked(t, y.Public(), y.Booking(y.Providers[0], y.At(1, "12:00"), 2)).Appointment.Patient
		now := clock.At(y.Clock.Now())
		account := id.New(now.Time())
		y.exec(`INSERT INTO channel (clinic_id, id, kind, provider, sender, last4, state, agreed_by, agreed_text, state_at, created_at) VALUES ($1, $2, 'whatsapp', 'meta', '1', '1', 'revoked', $2, 1, $3, $3)`, account, now)
		y.exec(`INSERT INTO message_setting (clinic_id, content, version) VALUES ($1, 'full', 2)`)
		for _, p := range []id.ID{y.patient, other} {
			talk, post := id.New(now.Time()), id.New(now.Time())
			week := now + clock.Instant(7*24*time.Hour/time.Microsecond)
			y.exec(`INSERT INTO thread (clinic_id, id, patient_id, last_at, created_at) VALUES ($1, $2, $3, $4, $4)`, talk, p, now)
			y.exec(`INSERT INTO post (clinic_id, thread_id, id, way, at, patient_id, body, until) VALUES ($1, $2, $3, 'in', $4, $5, $3, $6)`, talk, post, now, p, week)
			y.exec(`INSERT INTO attached (clinic_id, id, thread_id, post_id, channel_id, patient_id, place, kind, state, at, until, body) VALUES ($1, $2, $3, $2, $4, $5, 0, 'image', 'kept', $6, $7, $2)`, post, talk, account, p, now, week)
			y.exec(`INSERT INTO contact_proof (clinic_id, id, patient_id, channel, address, ends_at) VALUES ($1, $2, $3, 'email', $2, $4)`, post, p, now)
			y.exec(`INSERT INTO data_request (clinic_id, id, patient_id, kind, door, asker, state, law, came_at, known_at, proof, due_at, outcome, decided_at) VALUES ($1, $2, $3, 'access', 'link', 'self', 'answered', 'eu', $4, $4, 'link', $4, 'granted', $4)`, post, p, now)
			y.exec(`INSERT INTO disclosure (clinic_id, id, patient_id, ground, parts, recipient, state, asked_by, asked_at, decided_by, decided_at) VALUES ($1, $2, $3, 'court', 'visits', $2, 'refused', $3, $4, $2, $4)`, post, p, now)
		}
		counts := map[string]string{
			"words":    `SELECT COUNT(*) FROM post WHERE clinic_id = $1 AND patient_id = $2 AND body IS NOT NULL`,
			"lines":    `SELECT COUNT(*) FROM post WHERE clinic_id = $1 AND patient_id = $2`,
			"pictures": `SELECT COUNT(*) FROM attached WHERE clinic_id = $1 AND patient_id = $2 AND body IS NOT NULL`,
			"proofs":   `SELECT COUNT(*) FROM contact_proof WHERE clinic_id = $1 AND patient_id = $2`,
			"requests": `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1 AND patient_id = $2`,
			"givings":  `SELECT COUNT(*) FROM disclosure WHERE clinic_id = $1 AND patient_id = $2`,
		}
		are := func(when string, patient id.ID, there bool, what ...string) {
			t.Helper()
			for name, text := range counts {
				if got := y.Count(t, text, patient) != "0"; got != there && (len(what) == 0 || slices.Contains(what, name)) {
					t.Errorf("%s: that there are %s is %v", when, name, got)
				}
			}
		}
		hold, err := y.s.AskHold(ctx, owner, y.patient, "A letter of the court of 3 May", y.Day(retention.LongestHold))
		if err == nil {
			err = y.s.ApproveHold(ctx, manager, hold, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		// Their days are over.
		y.Clock.Move(8 * 24 * time.Hour)
		y.Change(t, messaging.Forget)
		are("after their days", y.patient, true)
		are("another's, after their days", other, false, "words", "pictures")
		// The clinic keeps no words any more.
		y.exec(`UPDATE post SET until = 0 WHERE clinic_id = $1`)
		y.exec(`UPDATE attached SET until = 0 WHERE clinic_id = $1`)
		talks := messaging.New(b.DB, b.Log, messaging.Options{})
		set, err := talks.Setting(ctx, owner)
		if err == nil {
			set.Content = messaging.ContentNone
			err = talks.SaveSetting(ctx, owner, set)
		}
		if err != nil {
			t.Fatal(err)
		}
		y.Change(t, func(tx *store.Tx) error { tx.Housekeeping("test"); return messaging.KeepAsAgreed(tx, y.patient) })
		y.Change(t, messaging.Forget)
		are("after the clinic keeps no words", y.patient, true)
		// Their lives are over, and that they go was announced.
		for _, days := range []int{680, 3, 3} {
			y.night(y.Day(0).AddDays(days))
		}
		are("after 700 days", y.patient, true)
		are("another's, after 700 days", other, false, "words", "lines", "pictures", "proofs")
		// The order ends by itself. A request and what was given to others are proof for years.
		for _, days := range []int{60, 3, 3, 3000, 3, 3} {
			y.night(y.Day(0).AddDays(days))
		}
		are("after the order", y.patient, false)
	})
}

// spares are the statements that take something away by its age, or because less is kept from now on, and need not look for orders, with the reason.
var spares = map[string]string{
	"scheduling.sqlLinkAge":     "a link is a way in, and no record: it opens nothing any more",
	"prescriptions.sqlLinksAge": "the same; that a sheet was shared, when and until when, stays",
	"archives.sqlLinesUnmade":   "a line is the clinic's copy of another program's list: what it made of a patient is in her record",
	"archives.sqlListLinesOld":  "the same",
	"retention.sqlHoldOld":      "the orders themselves, when they have been over for six years",
}

// sparedFirst are the statements that find what others then take away by its id.
var sparedFirst = []string{"requests.sqlOld", "disclosures.sqlOld", "billing.sqlInvoicesOver", "incidents.sqlOld", "scheduling.sqlLogOldest",
	"messaging.sqlPostForget", "messaging.sqlAttachedForget", "messaging.sqlPostForgetOf", "messaging.sqlAttachedForgetOf"}

// TestEveryAgeingStatementSparesWhatIsHeld reads every statement that takes rows or words away by their age out of the source: one about a table of patients looks for the orders that keep their records,
// or stands above with its reason.
func TestEveryAgeingStatementSparesWhatIsHeld(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold")
	b := rig.New(t, store.SQLite, store.Options{})
	about := ofPatients(t, b)
	all, err := statements.Find(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	const orders = `SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'`
	takes := regexp.MustCompile(`(?s)^\s*(DELETE FROM|UPDATE) (\w+)\b`)
	empties := regexp.MustCompile(`= NULL|= ''|= 'deleted'`)
	older := regexp.MustCompile(`\b(\w*at|until|day|month|keep_until)\b <=? \$\d`)
	found, used := 0, map[string]bool{}
	for _, s := range all {
		name := strings.Split(s.File, "/")[1] + "." + s.Name
		m := takes.FindStringSubmatch(s.Text)
		first := slices.Contains(sparedFirst, name)
		if first {
			used[name] = true
		}
		if !first && (m == nil || !about[m[2]] || !older.MatchString(s.Text) || m[1] == "UPDATE" && !empties.MatchString(s.Text)) {
			continue
		}
		found++
		_, may := spares[name]
		used[name] = used[name] || may
		if looks := strings.Contains(s.Text, orders); looks == may {
			t.Errorf("%s:%d: %s takes away by age, and that it looks for orders that keep records is %v (an exception: %v): %s", s.File, s.Line, name, looks, may, s.Text)
		}
	}
	for _, name := range sparedFirst {
		if !used[name] {
			t.Errorf("%s is nowhere", name)
		}
	}
	for name := range spares {
		if !used[name] {
			t.Errorf("%s is an exception and is nowhere", name)
		}
	}
	if found < 20 {
		t.Errorf("only %d statements take away by age: this test proves nothing", found)
	}
}

// ofPatients are the tables with a patient, and those whose rows hang on one of them.
func ofPatients(t *testing.T, b *rig.Base) map[string]bool {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+b.DB.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	names := func(text string) (out [][2]string) {
		rows, err := pool.Query(text)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var x [2]string
			if err := rows.Scan(&x[0], &x[1]); err != nil {
				t.Fatal(err)
			}
			out = append(out, x)
		}
		return out
	}
	out := map[string]bool{"booking_log": true, "audit_detail": true, "refund": true} // no key of the database ties these
	for _, x := range names(`SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND p.name = 'patient_id'`) {
		out[x[0]] = true
	}
	keys := names(`SELECT m.name, k."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'`)
	for before := 0; before != len(out); {
		before = len(out)
		for _, k := range keys {
			if out[k[1]] {
				out[k[0]] = true
			}
		}
	}
	return out
}
