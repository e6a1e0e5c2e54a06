package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/store/bare"
	"almirah/internal/vault"
	"almirah/internal/web"
)

// The shape of the data, the same as in the comparison with other systems: 20 practitioners, 25
// appointments a practitioner's day, 15 on the days ahead, two past visits a patient.
const (
	benchProviders = 20
	benchFull      = 25  // appointments of a past day, and of the next three
	benchThin      = 15  // of the days after
	benchAhead     = 21  // days ahead that hold appointments
	benchFirstFree = 30  // the first day that the bookings of the bench take
	benchHorizon   = 400 // days that may be booked
	benchSlots     = 32  // quarters of an hour from nine to five
)

// benchSize is how much data one house of the bench holds.
type benchSize struct {
	name     string
	patients int // of the clinic that is measured
	clinics  int // in all
	others   int // patients of each other clinic
}

// benchHouse is a whole house with one large clinic, served on a loopback address.
type benchHouse struct {
	*House
	size      benchSize
	dir       string
	clinic    clinics.Clinic
	owner     access.Caller
	cookie    string
	token     string // of its forms
	providers []id.ID
	service   id.ID
	patients  []id.ID
	today     clock.Date
	full      []clock.Date // days that have benchFull appointments with every practitioner
	sheet     string       // address of the style sheet of public pages
	address   string
	server    *http.Server
	bare      *bare.DB
	drop      func(context.Context) error // takes the databases away
	mailed    map[id.ID]bool              // patients who have an e-mail address
}

// openBench opens an empty house in a folder of its own and fills it. admin is the address of a
// PostgreSQL where databases may be made; empty means SQLite.
func openBench(ctx context.Context, dir, admin string, size benchSize, say func(string, ...any)) (*benchHouse, error) {
	b := &benchHouse{size: size, dir: dir, drop: func(context.Context) error { return nil }}
	c := Config{Addr: "127.0.0.1:0", Data: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "keys", "root.key"), PublicURL: "http://127.0.0.1", Idle: time.Hour}
	c.DatabaseURL = store.Address(c.Data)
	if admin != "" {
		if err := b.ownDatabase(ctx, admin, &c); err != nil {
			return nil, err
		}
	}
	c.KeystoreURL = keystoreFor(c.DatabaseURL, c.Keys)
	if err := os.MkdirAll(filepath.Dir(c.Keys), 0o700); err != nil {
		return nil, errors.Join(err, b.drop(ctx))
	}
	if _, err := vault.CreateRootKey(c.Keys); err != nil {
		return nil, errors.Join(err, b.drop(ctx))
	}
	var err error
	log := slog.New(slog.NewJSONHandler(io.Discard, nil)) // every line is made, as in a deployment, and then dropped
	if b.House, err = Open(ctx, c, clock.System{}, log, Options{Carriers: []messaging.Carrier{postbox{}}, Quiet: &messaging.Quiet{}}); err != nil {
		return nil, errors.Join(err, b.drop(ctx))
	}
	_, asset, err := web.Assets()
	if err == nil {
		b.sheet = asset("public.css")
		err = b.fill(ctx, say)
	}
	if err == nil {
		b.address, b.server, err = benchServe(b.Handler())
	}
	if err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	return b, nil
}

// ownDatabase makes a database for this house, and its name for the key store's.
func (b *benchHouse) ownDatabase(ctx context.Context, admin string, c *Config) error {
	u, err := url.Parse(admin)
	if err != nil {
		return errors.New("ALMIRAH_BENCH_POSTGRES: write postgres://user@host/name, where databases may be made")
	}
	name := "almirah_bench_" + id.New(clock.System{}.Now()).String()[24:]
	do := func(ctx context.Context, commands ...string) error {
		d, err := bare.Open(ctx, admin, id.Zero)
		if err != nil {
			return err
		}
		defer d.Close()
		for _, x := range commands {
			if _, err := d.Write.ExecContext(ctx, x); err != nil {
				return fmt.Errorf("ALMIRAH_BENCH_POSTGRES: %w", err)
			}
		}
		return nil
	}
	if err := do(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	u.Path = "/" + name
	c.DatabaseURL = u.String()
	b.drop = func(ctx context.Context) error {
		return do(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", "DROP DATABASE IF EXISTS "+name+"_keys WITH (FORCE)")
	}
	return nil
}

// close ends the house and takes its data away.
func (b *benchHouse) close(ctx context.Context) error {
	var errs []error
	if b.server != nil {
		errs = append(errs, b.server.Close())
	}
	if b.bare != nil {
		errs = append(errs, b.bare.Close())
	}
	if b.House != nil {
		errs = append(errs, b.House.Close())
	}
	return errors.Join(append(errs, b.drop(ctx), os.RemoveAll(b.dir))...)
}

func benchServe(h http.Handler) (string, *http.Server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(ln) }() // ends with Close
	return ln.Addr().String(), srv, nil
}

func (b *benchHouse) fill(ctx context.Context, say func(string, ...any)) error {
	begun := b.Clock.Now()
	if err := b.found(ctx); err != nil {
		return fmt.Errorf("bench: the clinic: %w", err)
	}
	if err := b.practice(ctx); err != nil {
		return fmt.Errorf("bench: the practice: %w", err)
	}
	for from := 0; from < b.size.patients; from += benchBatch {
		err := b.DB.Change(ctx, b.owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
			made, err := benchPeople(tx, from, min(benchBatch, b.size.patients-from))
			if err == nil {
				b.patients = append(b.patients, made...)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("bench: the patients: %w", err)
		}
	}
	var err error
	if b.bare, err = bare.Open(ctx, b.Config.DatabaseURL, b.clinic.ID); err != nil {
		return err
	}
	n, err := b.visits(ctx)
	if err != nil {
		return fmt.Errorf("bench: the appointments: %w", err)
	}
	for i := 1; i < b.size.clinics; i++ {
		if err := b.neighbour(ctx, i); err != nil {
			return fmt.Errorf("bench: another clinic: %w", err)
		}
	}
	if err := b.settleDown(ctx); err != nil {
		return err
	}
	say("  %-8s %d patients, %d appointments, %d clinics (%.0f s)", b.size.name, len(b.patients), n, b.size.clinics, b.Clock.Now().Sub(begun).Seconds())
	return nil
}

// settleDown does for data and keys what a server does by itself in the minutes after a large import: it
// learns how the values lie, without which PostgreSQL reads all keys of a clinic to find a few.
func (b *benchHouse) settleDown(ctx context.Context) error {
	if b.DB.Engine() == store.SQLite {
		_, err := b.bare.Write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		return err
	}
	keys, err := bare.Open(ctx, b.Config.KeystoreURL, id.Zero)
	if err != nil {
		return err
	}
	for _, d := range []*bare.DB{b.bare, keys} {
		if _, verr := d.Write.ExecContext(ctx, "VACUUM ANALYZE"); verr != nil && err == nil {
			err = verr
		}
	}
	return errors.Join(err, keys.Close())
}

// found sets up the first person and her clinic, as a real deployment does.
func (b *benchHouse) found(ctx context.Context) error {
	link, err := b.Accounts.FirstOwnerLink(ctx, true)
	if err != nil {
		return err
	}
	begun, err := b.Accounts.SetUp(ctx, link, accounts.Draft{Name: "Bench Owner", Email: "owner@bench.example.org", Phone: "+919000000001", JobTitle: "owner", Password: demoPassword, Language: "en", Country: "IN", Terms: TermsVersion},
		accounts.Device{Agent: "bench", Address: "127.0.0.1"})
	if err != nil {
		return err
	}
	in, err := b.Accounts.Session(ctx, begun.Cookie)
	if err != nil {
		return err
	}
	if b.clinic, err = b.Accounts.OpenOwnClinic(ctx, in, benchOpening("bench"), func(_ context.Context, tx *store.Tx, _ clinics.Clinic) error { return followup.Found(tx) }); err != nil {
		return err
	}
	if begun, err = b.Accounts.ChooseClinic(ctx, begun.Cookie, b.clinic.ID); err != nil {
		return err
	}
	b.cookie, in, err = b.withApp(ctx, begun.Cookie, accounts.Device{Agent: "bench", Address: "127.0.0.1"})
	b.token = web.FormToken([]byte(in.CSRF))
	b.owner, b.today = in.Caller, clock.Today(b.Clock, b.clinic.Location())
	return err
}

func benchOpening(slug string) clinics.Opening {
	return clinics.Opening{Slug: slug, Rules: &clinics.Rules{MinNotice: 0, Horizon: benchHorizon, Step: 15 * time.Minute, Online: true, ShowPhone: true, ShowEmail: true},
		Profile: clinics.Profile{Name: "Bench Clinic", LegalEntity: "Bench Clinic", Address: "1 Banyan Street\nBengaluru", Phone: "+91 80 4000 0000", Email: "hello@bench.example.org",
			Zone: "Asia/Kolkata", Country: "IN", Jurisdiction: "IN", Region: "IN", Currency: "INR", Languages: []string{"en", "hi"}}}
}

func benchProvider(i int) scheduling.Provider {
	var w scheduling.Weekly
	for d := range w {
		w[d] = []scheduling.Interval{{From: 9 * 60, To: 17 * 60}}
	}
	return scheduling.Provider{Name: benchName(i*41 + 7), Speciality: "General medicine", Qualification: "MBBS, MD", Registration: fmt.Sprintf("REG-%05d", i), About: "Sees the whole family.",
		ShowSpeciality: true, ShowQualification: true, Online: true, Colour: i % 12, Position: i, Weekly: w}
}

func (b *benchHouse) practice(ctx context.Context) error {
	for i := range benchProviders {
		p, err := b.Desk.AddProvider(ctx, b.owner, benchProvider(i))
		if err != nil {
			return err
		}
		b.providers = append(b.providers, p.ID)
	}
	for i, name := range []string{"Consultation", "Follow-up", "Vaccination", "Review", "Certificate"} {
		s, err := b.Desk.AddService(ctx, b.owner, scheduling.Service{Name: name, About: "A quarter of an hour.", Minutes: 15, Price: 50000, ShowPrice: true, Online: true, Position: i, Providers: b.providers})
		if err != nil {
			return err
		}
		if i == 0 {
			b.service = s.ID
		}
	}
	return nil
}

// benchBatch is how many patients one Change enters.
const benchBatch = 500

// benchPeople enters the patients from..from+n of the passage's clinic by the room's own verb.
func benchPeople(tx *store.Tx, from, n int) ([]id.ID, error) {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return nil, err
	}
	today := clock.DateOf(tx.Now().In(c.Location()))
	list := make([]patients.Clean, 0, n)
	var f fault.Fields
	for i := from; i < from+n; i++ {
		d := patients.Draft{Name: benchName(i), Phone: benchPhone(i), BirthDate: fmt.Sprintf("%d-%02d-%02d", 1940+i*13%64, 1+i%12, 1+i%28), Language: "en", Source: patients.SourceDesk}
		if i%8 != 0 {
			d.Email = fmt.Sprintf("patient%d@example.org", i)
		}
		clean, ok := patients.Check(d, c, today, &f)
		if !ok {
			return nil, f.Err()
		}
		list = append(list, clean)
	}
	people, err := patients.EnterAll(tx, list)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	return ids, nil
}

var (
	benchFirst = []string{"Asha", "Ravi", "John", "Fatima", "Imran", "Lakshmi", "Deepa", "Arjun", "Sunita", "Mohan", "Zoya", "Karthik", "Meera", "Vikram", "Anita", "George", "Neha", "Sanjay",
		"Pooja", "Rahul", "Leela", "Thomas", "Nisha", "Farhan", "Ganesh", "Hema", "Irfan", "Jaya", "Kavita", "Lalit", "Manoj", "Nandini", "Omar", "Priya", "Qadir", "Rekha", "Sameer", "Tara", "Uma", "Varun"}
	benchHead = []string{"Ban", "Cho", "Dha", "Fer", "Gan", "Has", "Iye", "Jos", "Kha", "Lim", "Meh", "Nai", "Oza", "Pat", "Qur", "Rao", "Sha", "Tha", "Udu", "Var", "Wad", "Yad", "Zac", "Bha", "Dev"}
	benchTail = []string{"na", "li", "ran", "des", "mon", "ta", "var", "kar", "shi", "pal", "wal", "jan", "gopal", "swamy", "nath", "kumar"}
)

// benchName is the name of patient n: 40 x 400 names, so that at 100,000 patients each is shared by about six.
func benchName(n int) string {
	return benchFirst[n%len(benchFirst)] + " " + benchHead[n/len(benchFirst)%len(benchHead)] + benchTail[n/len(benchFirst)/len(benchHead)%len(benchTail)]
}

// benchPhone is the phone number of patient n; no two share one.
func benchPhone(n int) string { return fmt.Sprintf("+91%d", 9_000_000_000+int64(n)*7919%900_000_000) }

// at is the moment of a quarter of an hour after nine on the clinic's wall clock.
func (b *benchHouse) at(day clock.Date, slot int) clock.Instant {
	return clock.At(clock.Resolve(day, clock.Minute(9*60+15*slot), b.clinic.Location())[0])
}

// visits writes past and coming appointments with their claims and history, as the desk would have.
func (b *benchHouse) visits(ctx context.Context) (int, error) {
	var appointments, claims, history [][]any
	now := clock.At(b.Clock.Now())
	total, who := 0, 0
	flush := func() error {
		total += len(appointments)
		err := b.bare.Fill(ctx, "appointment", []string{"clinic_id", "id", "patient_id", "provider_id", "service_id", "starts_at", "ends_at", "claims_from", "claims_to", "day", "status", "door", "created_at"}, appointments)
		if err == nil {
			err = b.bare.Fill(ctx, "claims", []string{"clinic_id", "resource_id", "grain", "lane", "appointment_id"}, claims)
		}
		if err == nil {
			err = b.bare.Fill(ctx, "booking_log", []string{"clinic_id", "appointment_id", "id", "at", "action", "role", "starts_at", "provider_id", "status"}, history)
		}
		appointments, claims, history = appointments[:0], claims[:0], history[:0]
		return err
	}
	c := b.clinic.ID[:]
	add := func(day clock.Date, provider id.ID, slot int, status scheduling.Status) {
		patient := b.patients[who*7%len(b.patients)]
		who++
		one, from := id.New(now.Time()), b.at(day, slot)
		to := from.Add(15 * time.Minute)
		appointments = append(appointments, []any{c, one[:], patient[:], provider[:], b.service[:], int64(from), int64(to), int64(from), int64(to), string(day), string(status), "desk", int64(now)})
		log := id.New(now.Time())
		history = append(history, []any{c, one[:], log[:], int64(now), "book", "owner", int64(from), provider[:], string(status)})
		if status == scheduling.Booked {
			for _, g := range scheduling.Grains(from, to) {
				claims = append(claims, []any{c, provider[:], int64(g), int64(0), one[:]})
			}
		}
	}
	past := max(2, 2*b.size.patients/(benchProviders*benchFull))
	for offset := -past; offset <= benchAhead; offset++ {
		day := b.today.AddDays(offset)
		for _, p := range b.providers {
			switch {
			case offset < 0:
				for slot := range benchFull {
					add(day, p, slot, scheduling.Completed)
				}
			case offset <= 3:
				for slot := range benchFull {
					add(day, p, slot, scheduling.Booked)
				}
			default:
				for slot := range benchThin {
					add(day, p, slot*2, scheduling.Booked)
				}
			}
		}
		if offset < 0 {
			b.full = append(b.full, day)
		}
		if len(appointments) >= 5000 {
			if err := flush(); err != nil {
				return total, err
			}
		}
	}
	return total, flush()
}

// neighbour opens another clinic with a small practice, whose rows lie beside those of the clinic that is measured.
func (b *benchHouse) neighbour(ctx context.Context, n int) error {
	var made []id.ID
	_, err := b.Clinics.Open(ctx, accounts.Operator(), benchOpening(fmt.Sprintf("neighbour-%d", n)), func(_ context.Context, tx *store.Tx, _ clinics.Clinic) error {
		var providers []id.ID
		for i := range 2 {
			p, err := scheduling.AddProvider(tx, benchProvider(i+n))
			if err != nil {
				return err
			}
			providers = append(providers, p.ID)
		}
		s, err := scheduling.AddService(tx, scheduling.Service{Name: "Consultation", Minutes: 15, Online: true, Providers: providers})
		if err != nil {
			return err
		}
		if made, err = benchPeople(tx, n*31, b.size.others); err != nil {
			return err
		}
		for slot := range min(len(made), 20) {
			one, from := tx.NewID(), b.at(b.today.AddDays(1), slot)
			to := from.Add(15 * time.Minute)
			if _, err := tx.Exec(benchVisitText, one, made[slot], providers[slot%2], s.ID, from, to, b.today.AddDays(1), tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

const benchVisitText = `INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, door, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7, $8, 'booked', 'desk', $9)`
