// Package practice opens a practice in a test's clinic through the desk's own verbs: providers
// with hours, a service that they all offer, and people who book. It stands apart from rig
// because the rooms to the left of scheduling stand on rig too.
package practice

import (
	"context"
	"fmt"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Practice is a clinic that can be booked.
type Practice struct {
	*rig.Base
	Desk      *scheduling.Desk
	Zone      *time.Location
	Providers []id.ID
	Service   id.ID // "Check-up", 30 minutes, offered by all of them
}

// Hours is every day of the week from..to, both in hours.
func Hours(from, to int) (w scheduling.Weekly) {
	for d := range w {
		w[d] = []scheduling.Interval{{From: clock.Minute(from * 60), To: clock.Minute(to * 60)}}
	}
	return w
}

// Open opens a practice with n providers who work every day from 09:00 to 17:00.
func Open(t testing.TB, b *rig.Base, n int) *Practice {
	t.Helper()
	return OpenWith(t, b, n, Hours(9, 17))
}

// OpenWith is Open with other hours.
func OpenWith(t testing.TB, b *rig.Base, n int, week scheduling.Weekly) *Practice {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	p := &Practice{Base: b, Desk: scheduling.New(b.DB, b.Log), Zone: zone}
	for i := range n {
		p.Providers = append(p.Providers, p.Provider(t, scheduling.Provider{Name: fmt.Sprintf("Dr. Meera Iyer %c", 'A'+i), Online: true, Weekly: week, Position: i}).ID)
	}
	p.Service = p.Offer(t, scheduling.Service{Name: "Check-up", Minutes: 30, Online: true, Providers: p.Providers}).ID
	return p
}

// Provider adds a provider.
func (p *Practice) Provider(t testing.TB, one scheduling.Provider) scheduling.Provider {
	t.Helper()
	out, err := p.Desk.AddProvider(context.Background(), p.As(access.Owner), one)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Offer adds a service.
func (p *Practice) Offer(t testing.TB, one scheduling.Service) scheduling.Service {
	t.Helper()
	out, err := p.Desk.AddService(context.Background(), p.As(access.Owner), one)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Public is anyone at the clinic's public page.
func (p *Practice) Public() access.Caller { return accounts.Public(p.Clinic) }

// At is the moment at which the clinic's wall clock shows hh:mm so many days after today.
func (p *Practice) At(days int, hhmm string) clock.Instant {
	m, err := clock.ParseMinute(hhmm)
	if err != nil {
		panic(err) // the test's own literal
	}
	y, mo, d := p.Clock.Now().In(p.Zone).Date()
	return clock.At(time.Date(y, mo, d+days, int(m)/60, int(m)%60, 0, 0, p.Zone))
}

// Day is the clinic's local day so many days after today.
func (p *Practice) Day(days int) clock.Date { return clock.DateOf(p.At(days, "12:00").In(p.Zone)) }

// Person is somebody new, another one for each number.
func Person(n int) patients.Draft {
	return patients.Draft{Name: fmt.Sprintf("Asha Rao %s", letters(n)), Email: fmt.Sprintf("asha%d@example.org", n), Language: "en"}
}

// letters writes a number in letters: names carry no digits.
func letters(n int) string {
	out := ""
	for n++; n > 0; n = (n - 1) / 26 {
		out = string(rune('a'+(n-1)%26)) + out
	}
	return out
}

// Booking is a wish of person n for the provider (zero for any) at the moment.
func (p *Practice) Booking(provider id.ID, at clock.Instant, n int) scheduling.Booking {
	return scheduling.Booking{Service: p.Service, Provider: provider, StartsAt: at, Patient: Person(n), Language: "en"}
}

// Booked books or ends the test.
func (p *Practice) Booked(t testing.TB, who access.Caller, b scheduling.Booking) scheduling.Receipt {
	t.Helper()
	r, err := p.Desk.Book(context.Background(), who, b)
	if err != nil {
		t.Fatalf("booking: %v", err)
	}
	return r
}

// Link is the link to the patient's own page that a message about the appointment carries.
func (p *Practice) Link(t testing.TB, a scheduling.Appointment) string {
	t.Helper()
	return Link(t, p.DB, p.As(access.System), a)
}

// Link is Practice.Link in any house; who is the clinic's own work.
func Link(t testing.TB, db *store.DB, who access.Caller, a scheduling.Appointment) (token string) {
	t.Helper()
	err := db.Change(context.Background(), who, access.Work, func(_ context.Context, tx *store.Tx) (err error) {
		tx.Housekeeping("a test makes the link that a message would carry")
		token, err = scheduling.NewLink(tx, a.Patient, a.ID, a.EndsAt.Add(scheduling.LinkLife))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Change runs fn in a passage of an owner, for what no verb does.
func (p *Practice) Change(t testing.TB, fn func(tx *store.Tx) error) {
	t.Helper()
	err := p.DB.Change(context.Background(), p.As(access.Owner), access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test prepares its case")
		return fn(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Rows reads all rows of a statement whose $1 is the clinic, each row as text.
func (p *Practice) Rows(t testing.TB, text string, args ...any) [][]string {
	t.Helper()
	var out [][]string
	err := p.DB.View(context.Background(), p.As(access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				return err
			}
			row := make([]string, len(columns))
			for i := range cells {
				row[i] = fmt.Sprint(*cells[i].(*any))
			}
			out = append(out, row)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Count is the one number that a statement answers.
func (p *Practice) Count(t testing.TB, text string, args ...any) string {
	t.Helper()
	rows := p.Rows(t, text, args...)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%d rows, one number is wanted", len(rows))
	}
	return rows[0][0]
}

// Discord compares claims with appointments over the whole clinic, both ways, and says what does
// not agree: a grain that an appointment should hold and does not, a claim that no appointment
// accounts for, a grain whose lowest lane is free below a higher one (it would be sold again).
func (p *Practice) Discord(t testing.TB) []string {
	t.Helper()
	type claim struct {
		provider, appointment id.ID
		grain                 int64
	}
	var out []string
	err := p.DB.View(context.Background(), p.As(access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
		out = nil
		want := map[claim]bool{}
		rows, err := v.Query(`SELECT id, provider_id, claims_from, claims_to FROM appointment WHERE clinic_id = $1 AND status <> 'cancelled'`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c claim
			var from, to clock.Instant
			if err := rows.Scan(&c.appointment, &c.provider, &from, &to); err != nil {
				return err
			}
			for _, g := range scheduling.Grains(from, to) {
				c.grain = int64(g)
				want[c] = true
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		type place struct {
			provider id.ID
			grain    int64
		}
		lowest := map[place]int{}
		held, err := v.Query(`SELECT resource_id, grain, lane, appointment_id FROM claims WHERE clinic_id = $1`)
		if err != nil {
			return err
		}
		defer held.Close()
		for held.Next() {
			var c claim
			var lane int
			if err := held.Scan(&c.provider, &c.grain, &lane, &c.appointment); err != nil {
				return err
			}
			if !want[c] {
				out = append(out, fmt.Sprintf("claim of %s on grain %d lane %d: no such appointment holds it", c.appointment, c.grain, lane))
			}
			delete(want, c)
			at := place{c.provider, c.grain}
			if l, ok := lowest[at]; !ok || lane < l {
				lowest[at] = lane
			}
		}
		for c := range want {
			out = append(out, fmt.Sprintf("appointment %s holds no claim on grain %d", c.appointment, c.grain))
		}
		for at, lane := range lowest {
			if lane != 0 {
				out = append(out, fmt.Sprintf("grain %d: lane 0 is free below lane %d", at.grain, lane))
			}
		}
		return held.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Agree ends the test when claims and appointments do not agree.
func (p *Practice) Agree(t testing.TB) {
	t.Helper()
	if bad := p.Discord(t); len(bad) > 0 {
		t.Fatalf("claims and appointments disagree in %d places; the first: %s", len(bad), bad[0])
	}
}

// Refused ends the test unless err is a fault of the kind with the key (any key when it is empty).
func Refused(t testing.TB, what string, err error, kind fault.Kind, key string) {
	t.Helper()
	f, ok := err.(*fault.Fault)
	if !ok || f.Kind != kind || key != "" && f.Key != key {
		t.Fatalf("%s: %v, want %s %s", what, err, kind, key)
	}
}
