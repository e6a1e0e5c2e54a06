package app

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// ages is a house whose rows grow old. Rows are written past every gate, of all kinds, with moments of years ago, so that each kind's time ends again and again while the
// clock goes through three years; what takes them away is what the running house does every hour.
type ages struct {
	*opened
	t       *testing.T
	raw     *sql.DB // past fences and triggers
	place   string
	forms   map[string]store.TableForm
	kinds   []kindOfRow
	made    map[string][]clock.Date // by kind: the days from which its rows live
	stands  map[string]int64
	patient id.ID
	visit   id.ID
	first   clock.Date
	chore   []jobs.Chore
}

// dying are the chores of the house that take something away because its time is over; they are run each night here. living are all others.
var (
	dying  = []string{"look-at-clock", "retention", "tidy-schedule", "tidy-lists", "forget-texts", "end-grants", "expire-use", "watch-platform", "expire-archives", "end-holds", "tidy-support", "tidy-accounts", "suspensions", "end-custodies"}
	living = []string{"closings", "finish-closings", "examine-log", "mail-heads", "count-days", "write-use", "tell-disclosures", "ask-carriers", "watch-incidents", "watch-requests", "make-archives", "work-on-lists", "sweep-archives",
		"mail-notices", "hand-over", "keep-terms", "tell-owners", "look-up-names", "bill-plans", "finish-deletions", "turn-keys", "probe-promises", "tidy-pace", "account-mail", "walk-of-the-canary", "end-request-log"}
)

func newAges(t *testing.T, engine store.Engine, place string) *ages {
	t.Helper()
	ctx := context.Background()
	a := &ages{opened: openHouse(t, engine, Options{}, nil), t: t, place: place, made: map[string][]clock.Date{}, stands: map[string]int64{}}
	a.raw = a.past()
	a.exec(`UPDATE clinic SET jurisdiction = ` + quoted(place))
	if err := a.keepTerms(ctx, jobs.ForClinic(a.Clinic.ID)); err != nil {
		t.Fatal(err)
	}
	var err error
	if a.forms, err = a.DB.Forms(ctx); err != nil {
		t.Fatal(err)
	}
	a.exec(`UPDATE clinic SET jurisdiction = 'IN'`) // some laws ask for a signature before the first patient, which is no matter of ages
	own := strings.SplitN(a.bookOnline(t, marks{}), "?", 2)[0]
	a.exec(`UPDATE clinic SET jurisdiction = ` + quoted(place))
	a.patient, a.visit = a.whose(own)
	a.first = clock.Today(a.Fake, a.Clinic.Location())
	for _, c := range a.chores(nil) {
		switch {
		case slices.Contains(dying, c.Name):
			a.chore = append(a.chore, c)
		case !slices.Contains(living, c.Name):
			t.Errorf("the chore %s is on neither list: say whether it takes away what is over", c.Name)
		}
	}
	slices.SortStableFunc(a.chore, func(x, y jobs.Chore) int { return slices.Index(dying, x.Name) - slices.Index(dying, y.Name) })
	return a
}

// whose are the patient and the appointment behind a patient's own address.
func (a *ages) whose(own string) (patient, visit id.ID) {
	a.t.Helper()
	if err := a.raw.QueryRow(`SELECT patient_id, id FROM appointment`).Scan(&patient, &visit); err != nil {
		a.t.Fatal(err, own)
	}
	return patient, visit
}

// past is the database without its fences.
func (a *ages) past() *sql.DB {
	a.t.Helper()
	driver, address := "sqlite", "file:"+a.DB.Path()+"?_pragma=busy_timeout(20000)&_pragma=foreign_keys(0)"
	if a.DB.Engine() == store.Postgres {
		driver, address = "pgx", pastFences(a.t, a.Config.DatabaseURL)
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		a.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	a.t.Cleanup(func() { _ = db.Close() })
	if driver == "pgx" {
		if _, err := db.Exec(`SET session_replication_role = replica`); err != nil {
			a.t.Fatal(err)
		}
	}
	return db
}

func (a *ages) exec(text string) {
	a.t.Helper()
	if _, err := a.raw.Exec(text); err != nil {
		a.t.Fatalf("%s: %v", text, err)
	}
}

func quoted(s string) string { return "'" + s + "'" }

// unguarded runs do without the triggers by which a table guards itself.
func (a *ages) unguarded(do func()) {
	a.t.Helper()
	if a.DB.Engine() == store.Postgres {
		do()
		return
	}
	rows, err := a.raw.Query(`SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`)
	if err != nil {
		a.t.Fatal(err)
	}
	all := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			a.t.Fatal(err)
		}
		all[name] = text
	}
	_ = rows.Close()
	a.exec("BEGIN IMMEDIATE")
	for name := range all {
		a.exec("DROP TRIGGER " + name)
	}
	do()
	for _, text := range all {
		a.exec(text)
	}
	a.exec("COMMIT")
}

func agedID(kind string, n int) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprint(kind, n)))
	return sum[:16]
}

func (k kindOfRow) name() string {
	if k.as != "" {
		return k.as
	}
	return k.table
}

// put writes rows of a kind, with what nobody said as empty as the table lets it be.
func (a *ages) put(k kindOfRow, rows []agedRow) {
	a.t.Helper()
	form, ok := a.forms[k.table]
	if !ok {
		a.t.Fatalf("no table %s", k.table)
	}
	var names, places []string
	for i, f := range form.Fields {
		names = append(names, f.Name)
		places = append(places, fmt.Sprintf("$%d", i+1))
	}
	st, err := a.raw.Prepare("INSERT INTO " + k.table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")")
	if err != nil {
		a.t.Fatal(err)
	}
	defer st.Close()
	for _, r := range rows {
		var args []any
		for _, f := range form.Fields {
			x, said := k.set[f.Name]
			if make, yes := x.(func(agedRow) any); yes {
				x = make(r)
			}
			switch {
			case said:
			case f.Name == "clinic_id":
				x = a.Clinic.ID[:]
			case f.Name == k.by && k.of != "":
				x = r.id(k.of)
			case f.Name == k.anchor:
				x = k.value(r.at.Add(-time.Duration(k.from) * 24 * time.Hour))
				if f.Name == "leaf_id" {
					copy(x.([]byte)[6:], r.id(k.name()))
				}
			case f.Name == "id" || f.Name == "token_hash" && f.Kind == store.FieldBytes:
				x = r.id(k.name())
			case k.table == "audit_detail" && f.Name == "owner_id":
				x = agedID("owner", 0)
			case f.Null:
			case f.Kind == store.FieldBytes:
				x = r.id(k.name() + " " + f.Name)
			case f.Kind == store.FieldNumber:
				x = 0
			case f.Kind == store.FieldFlag:
				x = false
			default:
				x = ""
			}
			args = append(args, x)
		}
		if _, err := st.Exec(args...); err != nil {
			a.t.Fatalf("a row of %s: %v", k.name(), err)
		}
	}
}

// value is a moment as the anchor's column has it.
func (k kindOfRow) value(at clock.Instant) any {
	if k.anchor == "leaf_id" {
		one := store.FirstID(at)
		return one[:]
	}
	return int64(at)
}

// life is how long the kind lives here: at least, at most, and as long as this clinic keeps it.
func (a *ages) life(k kindOfRow) (floor, most, usual law.Span) {
	class := k.class
	for _, t := range Holdings() {
		if t.Name == k.table && class == "" {
			class = t.Life
		}
	}
	l := law.LifeOf(a.place, class)
	floor, most, usual = l.Floor, l.Ceiling, l.Usual
	if !k.goes.IsZero() {
		most, usual = k.goes, k.goes
	}
	if !l.Seen.IsZero() { // in the open; what a law keeps longer is the sealed copy
		floor, most, usual = law.Span{}, l.Seen, l.Seen
	}
	return floor, most, usual
}

// fill writes rows of every kind, so that of each some end every so many days of three years, and those that never end.
func (a *ages) fill(every int) {
	a.t.Helper()
	a.kinds = agedKinds()
	zone := a.Clinic.Location()
	a.unguarded(func() {
		for _, k := range a.kinds {
			var rows []agedRow
			of := k
			for _, p := range a.kinds {
				if k.of != "" && p.name() == k.of {
					of = p
				}
			}
			_, _, usual := a.life(of)
			if usual.IsZero() {
				a.t.Fatalf("%s never ends, and is on the list of what does", k.name())
			}
			begin := a.first.AddDays(-a.first.DaysUntil(usual.Day(a.first)) + 2)
			for n := 0; ; n++ {
				day := begin.AddDays(n * every)
				if day > a.first.AddDays(1096) {
					break
				}
				rows = append(rows, agedRow{a: a, kind: k, n: n, day: day, at: clock.At(clock.StartOfDay(day, zone).Add(12 * time.Hour))})
				a.made[k.name()] = append(a.made[k.name()], day)
			}
			a.put(k, rows)
			if k.as == "choice that was replaced" { // what replaced it
				for i := range rows {
					rows[i].n += 1_000_000
				}
				later := k
				later.as, later.from, later.set = "choice that replaced it", 0, map[string]any{"patient_id": patient, "purpose": word, "door": "web"}
				a.put(later, rows)
			}
		}
		for _, k := range standingKinds() {
			a.put(k, []agedRow{{a: a, kind: k, n: 7_000_000, day: a.first, at: clock.At(a.Fake.Now())}})
		}
	})
	for _, k := range standingKinds() {
		a.stands[k.table+k.where] = a.count(k.table, "id = "+a.hex(agedID(k.name(), 7_000_000)), k)
	}
}

func (a *ages) hex(b []byte) string {
	if a.DB.Engine() == store.Postgres {
		return fmt.Sprintf(`'\x%x'::bytea`, b)
	}
	return fmt.Sprintf(`x'%x'`, b)
}

// count counts rows of a standing kind, which has an id of its own or is the only one of its table.
func (a *ages) count(table, where string, k kindOfRow) (n int64) {
	a.t.Helper()
	if _, has := a.forms[table].Field("id"); !has {
		where = "1 = 1"
	}
	if err := a.raw.QueryRow("SELECT COUNT(*) FROM " + table + " WHERE " + where).Scan(&n); err != nil {
		a.t.Fatal(k.name(), err)
	}
	return n
}

// night is the night before a day's work: the clock stands at three in the morning, and what the house does every hour is done.
func (a *ages) night(day clock.Date) {
	a.t.Helper()
	ctx := context.Background()
	at := clock.StartOfDay(day, a.Clinic.Location()).Add(3 * time.Hour)
	if at.Sub(a.Fake.Now()) > 26*time.Hour { // the small form leaves days out
		a.Fake.Set(at)
		if err := a.Lives.ClockIsRight(ctx, operatorOf(a.House)); err != nil {
			a.t.Fatal(err)
		}
	}
	a.Fake.Set(at)
	for _, c := range a.chore {
		who := jobs.Platform()
		if c.Clinics {
			who = jobs.ForClinic(a.Clinic.ID)
		}
		if err := c.Run(ctx, who); err != nil {
			a.t.Fatalf("%s: %s: %v", day, c.Name, err)
		}
	}
}

func operatorOf(h *House) access.Caller {
	return rig.SignedIn(id.Zero, id.New(h.Clock.Now()), id.Zero, access.Operator)
}

// looks holds every kind against its floor and its ceiling: no row is past its ceiling and a day, none went before its floor, nor before the day that this clinic keeps it to.
func (a *ages) looks(today clock.Date) {
	a.t.Helper()
	zone := a.Clinic.Location()
	for _, k := range a.kinds {
		if k.anchor == "" {
			continue
		}
		floor, most, _ := a.life(k)
		if k.of != "" && k.table != "correspondent" && k.table != "message_event" {
			for _, p := range a.kinds {
				if p.name() == k.of {
					floor, most, _ = a.life(p)
				}
			}
		}
		over, kept := 0, 0 // rows that must have gone, and rows that must be there
		var oldest, newest clock.Date
		for _, from := range a.made[k.name()] {
			switch {
			case today > most.Day(from).AddDays(1):
				over++
				oldest = from
			case !floor.IsZero() && today <= floor.Day(from):
				if kept == 0 {
					newest = from
				}
				kept++
			}
		}
		where := a.where(k)
		cut := func(day clock.Date, after bool) string {
			at := clock.At(clock.StartOfDay(day.AddDays(-k.from), zone))
			if after {
				at = clock.At(clock.StartOfDay(day.AddDays(1-k.from), zone))
			}
			if b, yes := k.value(at).([]byte); yes {
				return a.hex(b)
			}
			return fmt.Sprint(k.value(at))
		}
		var n int
		if over > 0 {
			if n = a.rowsWhere(k, where+" AND "+k.anchor+" < "+cut(oldest, true)); n > 0 {
				a.t.Errorf("%s: %d rows of %s are past their ceiling (of %s and before)", today, n, k.name(), oldest)
			}
		}
		if kept > 0 {
			if n = a.rowsWhere(k, where+" AND "+k.anchor+" >= "+cut(newest, false)); n < kept {
				a.t.Errorf("%s: %d of %d rows of %s are there that must be (of %s and after)", today, n, kept, k.name(), newest)
			}
		}
	}
}

func (a *ages) rowsWhere(k kindOfRow, where string) (n int) {
	a.t.Helper()
	if err := a.raw.QueryRow("SELECT COUNT(*) FROM " + k.table + " WHERE " + where).Scan(&n); err != nil {
		a.t.Fatal(k.name(), err)
	}
	return n
}

// deathDays says on which days after its anchor a row of the kind is there and on which it is not, as the ledger has it: written down here, and taken from no table.
var deathDays = []struct {
	kind, place string
	there, gone int
}{
	{"message", "", 179, 181}, {"message_event", "", 179, 181}, {"thread of a stranger", "", 179, 181}, {"refused payment", "", 179, 181}, {"api_token", "", 179, 181}, {"known_device", "", 179, 181}, {"heard", "", 179, 181},
	{"feedback", "", 729, 732}, {"encounter_aside", "", 30, 31}, {"webhook_delivery", "", 30, 31}, {"prescription that nobody signed", "", 30, 31}, {"answers that nobody signed", "", 30, 31}, {"prescription_share", "", 30, 31},
	{"invitation", "", 30, 31}, {"outgoing_mail", "", 30, 31}, {"sign_in_event", "", 30, 31}, {"throttle", "", 30, 31}, {"list_import", "", 30, 31},
	{"booking_log", "", 364, 399}, {"post", "", 392, 398}, {"contact_proof", "", 6, 8}, {"one_time_link", "", 6, 8}, {"patient_link", "", -1, 1}, {"session", "", -1, 1}, {"link_asked", "", -1, 2},
	{"invoice", law.India, 8 * 365, 8*365 + 4}, {"invoice", law.EU, 10 * 365, 10*365 + 5}, {"invoice", law.US, 7 * 365, 7*365 + 4}, {"invoice", law.Canada, 6 * 365, 6*365 + 4},
	{"data_request", "", 6 * 365, 6*365 + 4}, {"request of nobody", "", 6 * 365, 6*365 + 4}, {"choice that was replaced", "", 6 * 365, 6*365 + 4}, {"incident", "", 6 * 365, 2204}, {"disclosure", "", 6 * 365, 6*365 + 4}, {"audit_detail", "", 6 * 365, 6*365 + 4},
}

// onTheDay looks, of rows that are exactly so many days old, whether they are there.
func (a *ages) onTheDay(today clock.Date, seen map[string]bool) {
	a.t.Helper()
	zone := a.Clinic.Location()
	for _, d := range deathDays {
		if d.place != "" && d.place != a.place {
			continue
		}
		for _, k := range a.kinds {
			if k.name() != d.kind {
				continue
			}
			for days, there := range map[int]bool{d.there: true, d.gone: false} {
				from := today.AddDays(-days)
				if !slices.Contains(a.made[k.name()], from) {
					continue
				}
				at := clock.At(clock.StartOfDay(from, zone).Add(12*time.Hour - time.Duration(k.from)*24*time.Hour))
				n := a.rowsWhere(k, a.where(k)+fmt.Sprintf(" AND %s = %v", k.anchor, a.text(k, at)))
				if (n > 0) != there {
					a.t.Errorf("%s: a row of %s of %d days ago: there %v", today, k.name(), days, n > 0)
				}
				seen[fmt.Sprintf("%s %d", k.name(), days)] = true
			}
		}
	}
	if seen := law.LifeOf(a.place, law.Events).Seen; !seen.IsZero() { // the statutory copy: from the day on which the message goes, to the year's end
		for days, there := range map[int]bool{179: false, 181: true, 364: true, 366: false} {
			from := today.AddDays(-days)
			if !slices.Contains(a.made["message"], from) || days == 366 && from.AddYears(1) >= today { // a year with a leap day ends a day later
				continue
			}
			at := clock.At(clock.StartOfDay(from, zone).Add(12 * time.Hour))
			if n := a.rowsWhere(kindOfRow{table: "statutory_copy"}, fmt.Sprintf("at = %d", at)); (n > 0) != there {
				a.t.Errorf("%s: a statutory copy of %d days ago: there %v", today, days, n > 0)
			}
		}
	} else if n := a.rowsWhere(kindOfRow{table: "statutory_copy"}, "1 = 1"); n > 0 {
		a.t.Errorf("%s: %d statutory copies where no law asks for one", today, n)
	}
}

func (a *ages) text(k kindOfRow, at clock.Instant) string {
	if k.anchor == "leaf_id" {
		b := store.FirstID(at)
		copy(b[6:], agedID(k.name(), slices.Index(a.made[k.name()], clock.DateOf(at.In(a.Clinic.Location())))))
		return a.hex(b[:])
	}
	return fmt.Sprint(int64(at))
}

// whole looks, at the end, at what hangs on rows that went and at what never goes.
func (a *ages) whole() {
	a.t.Helper()
	for _, k := range a.kinds {
		if k.of == "" {
			continue
		}
		parent := ""
		for _, p := range a.kinds {
			if p.name() == k.of {
				parent = p.table
			}
		}
		if n := a.rowsWhere(k, a.where(k)+" AND "+k.by+" NOT IN (SELECT id FROM "+parent+")"); n > 0 {
			a.t.Errorf("%d rows of %s stay behind what they belonged to", n, k.name())
		}
		if n := a.rowsWhere(k, a.where(k)); n == 0 || n >= len(a.made[k.name()]) {
			a.t.Errorf("%d of %d rows of %s are left: its time did not end here", n, len(a.made[k.name()]), k.name())
		}
	}
	for _, k := range standingKinds() {
		if n := a.count(k.table, "id = "+a.hex(agedID(k.name(), 7_000_000)), k); n < a.stands[k.table+k.where] || n == 0 {
			a.t.Errorf("of %s, which waits or stays, %d are left of %d", k.name(), n, a.stands[k.table+k.where])
		}
	}
	for table, id := range map[string]id.ID{"patient": a.patient, "appointment": a.visit} {
		if a.rowsWhere(kindOfRow{table: table}, "id = "+a.hex(id[:])) != 1 {
			a.t.Errorf("the %s has gone", table)
		}
	}
	if n := a.rowsWhere(kindOfRow{table: "booking_count"}, "times < 10"); n > 0 {
		a.t.Errorf("%d small counts are kept", n)
	}
}

func (a *ages) where(k kindOfRow) string {
	if k.where == "" && k.anchor != "" && k.anchor != "leaf_id" {
		return k.anchor + " > 0" // what has not ended waits
	} else if k.where == "" {
		return "1 = 1"
	}
	return strings.ReplaceAll(k.where, "ours", a.hex(agedID("owner", 0)))
}

// TestNothingOutlivesItsTime: a house with rows of every kind that has a life, of years and of days, goes through three years night by night, with everything that it does by itself:
// no row is past its ceiling and a day, and none went before its floor. In the full form under every law, and under two on PostgreSQL.
func TestNothingOutlivesItsTime(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "retention", "booking-log-aged", "message-events-aged")
	everyLifeIsLooked(t)
	full := os.Getenv("ALMIRAH_SOAK") == "1"
	type under struct {
		engine store.Engine
		place  string
	}
	list := []under{{store.SQLite, law.India}}
	if full {
		list = nil
		for _, p := range law.Places() {
			list = append(list, under{store.SQLite, p})
		}
		list = append(list, under{store.Postgres, law.India}, under{store.Postgres, law.EU})
	}
	for _, x := range list {
		t.Run(string(x.engine)+" "+x.place, func(t *testing.T) {
			if !full {
				t.Parallel()
			}
			begun := time.Now()
			a := newAges(t, x.engine, x.place)
			every, days := 61, []int{1, 2, 3, 31, 32, 33, 181, 182, 183, 364, 365, 366, 1094, 1095, 1096}
			if full {
				every, days = 7, nil
				for d := 1; d <= 1096; d++ {
					days = append(days, d)
				}
			}
			a.fill(every)
			seen := map[string]bool{}
			for i, d := range days {
				a.night(a.first.AddDays(d))
				if i > 1 && days[i-2] == d-2 { // what somebody could still want is announced first, and goes two days later
					a.looks(a.first.AddDays(d))
					a.onTheDay(a.first.AddDays(d), seen)
				}
				if t.Failed() && full {
					t.Fatalf("on day %d", d)
				}
			}
			a.whole()
			if full {
				for _, d := range deathDays {
					for _, days := range []int{d.there, d.gone} {
						if days >= 0 && (d.place == "" || d.place == x.place) && !seen[fmt.Sprintf("%s %d", d.kind, days)] {
							t.Errorf("no row of %s was looked at %d days later", d.kind, days)
						}
					}
				}
				n := 0
				for _, m := range a.made {
					n += len(m)
				}
				t.Logf("soak: %s under %s: %d nights, %d rows of %d kinds in %s", x.engine, x.place, len(days), n, len(a.kinds), time.Since(begun).Round(time.Second))
			}
		})
	}
}

// everyLifeIsLooked sees to it that no table with a life is left out.
func everyLifeIsLooked(t *testing.T) {
	t.Helper()
	looked := map[string]bool{}
	for _, k := range append(agedKinds(), standingKinds()...) {
		looked[k.table] = true
	}
	for _, x := range Holdings() {
		switch {
		case x.Life == "":
		case looked[x.Name] && unaged[x.Name] != "":
			t.Errorf("%s is looked at: take it out of unaged", x.Name)
		case !looked[x.Name] && unaged[x.Name] == "":
			t.Errorf("%s lives as %s, and no row of it grows old here: add one to agedKinds or standingKinds, or say in unaged why not", x.Name, x.Life)
		}
	}
}
