package scheduling

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"sort"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Book books what is asked for, or changes nothing at all. The faults that a door must expect:
// Invalid (fields), Conflict (the time has gone, or is outside what may be booked), NotFound.
//
// The public may book only what Slots shows. Staff may book any free time; over another
// appointment or outside the hours only with a reason (Booking.Overbook), which is audited.
func (d *Desk) Book(ctx context.Context, who access.Caller, b Booking) (Receipt, error) {
	right := access.ScheduleBook
	if who.Role() == access.Public {
		right = access.PublicBook
		b.Overbook = "" // no public door can overbook, whatever it sends
	} else if b.Overbook != "" && !who.May(access.ScheduleOverbook) {
		return Receipt{}, fault.New(fault.Forbidden, "fault.forbidden")
	}
	var f fault.Fields
	b.Note = checkText(&f, "note", b.Note, noteLimit)
	b.Overbook = checkText(&f, "overbook", b.Overbook, 200)
	if !onGrain(b.StartsAt) || b.StartsAt <= 0 {
		f.Add("starts_at", "field.start.grain")
	}
	if len(b.Key) > 200 {
		f.Add("idempotency_key", "field.key.too_long")
	}
	if b.Language != "" && !languageForm.MatchString(b.Language) {
		f.Add("language", "field.language.not_offered")
	}
	if f.Err() != nil {
		return Receipt{}, d.wrong(ctx, who, right, b, f)
	}
	if !b.Provider.IsZero() {
		return d.bookWith(ctx, who, right, b)
	}
	return d.bookAny(ctx, who, right, b)
}

var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$`)

// wrong adds the wrong fields of the person to those of the request, so that a form is told
// everything at once.
func (d *Desk) wrong(ctx context.Context, who access.Caller, right access.Right, b Booking, f fault.Fields) error {
	err := d.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		if !who.May(right) {
			return fault.New(fault.Forbidden, "fault.forbidden")
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		_, err = checkPatient(v, c, b, &f)
		return err
	})
	if err != nil {
		return err
	}
	return f.Err()
}

// bookAny tries the providers who can serve, the least booked first, each in a Change of its
// own: a Change that lost one provider never holds her lock while it waits for the next.
func (d *Desk) bookAny(ctx context.Context, who access.Caller, right access.Right, b Booking) (Receipt, error) {
	if r, done, err := d.repeated(ctx, who, b); done || err != nil {
		return r, err
	}
	candidates, err := d.candidates(ctx, who, b)
	if err != nil {
		return Receipt{}, err
	}
	last := error(Taken())
	for _, p := range candidates {
		one := b
		one.Provider = p
		r, err := d.book(ctx, who, right, one, b)
		if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) { // who was there a moment ago may have retired
			return r, err
		}
		last = err
	}
	// A retry beside its original may have met it at another provider: by now it is recorded.
	if r, done, err := d.repeated(ctx, who, b); done || err != nil {
		return r, err
	}
	return Receipt{}, last
}

// candidates are the providers of a service who work and are free then, least booked that day first.
func (d *Desk) candidates(ctx context.Context, who access.Caller, b Booking) ([]id.ID, error) {
	type load struct {
		provider id.ID
		spans    int
		place    int
	}
	var out []load
	err := d.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		out = out[:0]
		q, err := ask(v, b.Service, id.Zero, who.Role() == access.Public, Appointment{})
		if err != nil {
			return err
		}
		if !q.public { // the desk is bound to no grid of starts
			q.clinic.Step = Grain
		}
		day := clock.DateOf(b.StartsAt.In(q.zone))
		free, busy, err := q.free(v, day, day)
		if err != nil {
			return err
		}
		for i, p := range q.providers {
			for _, s := range free[p.ID] {
				if s == b.StartsAt {
					out = append(out, load{p.ID, len(busy[p.ID].Spans), i})
				}
			}
		}
		return nil
	})
	sort.Slice(out, func(i, j int) bool {
		if out[i].spans != out[j].spans {
			return out[i].spans < out[j].spans
		}
		return out[i].place < out[j].place
	})
	ids := make([]id.ID, len(out))
	for i := range out {
		ids[i] = out[i].provider
	}
	return ids, err
}

func (d *Desk) bookWith(ctx context.Context, who access.Caller, right access.Right, b Booking) (Receipt, error) {
	return d.book(ctx, who, right, b, b)
}

// book books with the one provider of b. asked is the request as the client made it, which is
// what its idempotency key stands for.
func (d *Desk) book(ctx context.Context, who access.Caller, right access.Right, b, asked Booking) (Receipt, error) {
	var out Receipt
	err := d.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		out = Receipt{}
		// The lock comes first: a retry that runs beside its original then waits for it and is
		// told what it booked.
		if err := lockProviders(tx, b.Provider); err != nil {
			return err
		}
		done, err := recall(tx, asked, &out)
		if done || err != nil {
			tx.Housekeeping("a repeated request is answered; only the lock was taken")
			return err
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		public := who.Role() == access.Public
		if public && !c.Online {
			return fault.New(fault.Conflict, "fault.online_booking_off")
		}
		var f fault.Fields
		clean, err := checkPatient(&tx.View, c, b, &f)
		if err == nil {
			err = f.Err()
		}
		if err != nil {
			return err
		}
		span, lane, s, err := claimTime(tx, c, b, public)
		if err != nil {
			return err
		}
		person, existed, err := bookingPatient(tx, b, clean)
		if err != nil {
			return err
		}
		if person.Moved {
			if err := d.EndSent(tx, person.ID); err != nil {
				return err
			}
		}
		patient := person.ID
		a := Appointment{ID: span.appointment, Patient: patient, Provider: b.Provider, Service: b.Service, StartsAt: b.StartsAt,
			EndsAt: b.StartsAt.Add(time.Duration(s.Minutes) * time.Minute), Day: clock.DateOf(b.StartsAt.In(c.Location())), Status: Booked, Lane: lane,
			Door: b.door(who), Note: b.Note, OverbookReason: b.Overbook, Language: b.Language, CreatedAt: tx.Now(), Version: 1, claims: span.Span}
		if err := insert(tx, a); err != nil {
			return err
		}
		said := b.Consents
		if public && existed { // who that is nobody made sure: what she stopped, only she can start again
			if said, err = consent.NotStopped(&tx.View, patient, said); err != nil {
				return err
			}
		}
		if len(said) > 0 {
			if err := consent.Record(tx, patient, said, a.Door, b.Language, speaker(person, b, c, tx.Now())); err != nil {
				return err
			}
		}
		out.Appointment = a
		if public {
			if out.Token, err = bookedLink(tx, a, shownOf(clean, b)); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "book", Kind: "appointment", Subject: a.ID, Patient: patient,
			New: map[string]any{"provider": a.Provider, "service": a.Service, "starts_at": a.StartsAt, "door": a.Door, "overbooked": lane > 0 || b.Overbook != "", "reason": b.Overbook}})
		if err := announce(tx, EventBooked, a); err != nil {
			return err
		}
		return remember(tx, asked, out)
	})
	return out, err
}

// announce tells the journeys at once when the patient did it herself, and after the pause when staff did.
func announce(tx *store.Tx, event string, a Appointment) error {
	if tx.Caller().Role().IsStaff() {
		return tx.AnnounceLater(event, a.ID, a.Occurrence, Pause)
	}
	return tx.Announce(event, a.ID, a.Occurrence)
}

func (b Booking) door(who access.Caller) string {
	if b.Program && who.Role() == access.Public {
		return consent.DoorAPI
	}
	return door(who)
}

func door(who access.Caller) string {
	switch {
	case who.Role() == access.Public:
		return "online"
	case byLink(who):
		return "link"
	case who.Role().IsStaff():
		return "desk"
	case who.Role() == access.Program:
		return consent.DoorAPI
	}
	return "system"
}

// checkPatient checks the person before any row is written; wrong fields are added to f.
func checkPatient(v *store.View, c clinics.Clinic, b Booking, f *fault.Fields) (patients.Clean, error) {
	if !b.PatientID.IsZero() {
		if v.Caller().Role() == access.Public {
			return patients.Clean{}, fault.Missing() // the public names nobody by id
		}
		return patients.Clean{}, nil
	}
	b.Patient.Source = door(v.Caller())
	clean, _ := patients.Check(b.Patient, c, clock.DateOf(v.Now().In(c.Location())), f)
	return clean, nil
}

func bookingPatient(tx *store.Tx, b Booking, clean patients.Clean) (p patients.Patient, existed bool, err error) {
	if !b.PatientID.IsZero() {
		if p, err = patients.Find(&tx.View, b.PatientID); err != nil {
			return p, true, err
		}
		return p, true, patients.Touch(tx, p.ID)
	}
	return patients.Ensure(tx, clean, true)
}

// shownOf is what the visitor typed and ticked, for the page after it.
func shownOf(clean patients.Clean, b Booking) (out Shown) {
	phone, email := clean.Typed()
	if phone != "" {
		out.Phone = phone.Masked()
	}
	if email != "" {
		out.Email = email.Masked()
	}
	out.Reminders = slices.ContainsFunc(b.Consents, func(c consent.Choice) bool { return c.Purpose == consent.Reminder && c.Given })
	return out
}

// speaker is the guardian who consents for a child: the one named in the request, or the first on record. Who has come of age
// since her record was saved speaks for herself.
func speaker(p patients.Patient, b Booking, c clinics.Clinic, now clock.Instant) id.ID {
	if b.Patient.Guardian != nil {
		if g, ok := p.GuardianNamed(b.Patient.Guardian.Name); ok {
			return g.ID
		}
	}
	if p.MinorOn(clock.DateOf(now.In(c.Location())), c.MinorAge()) && len(p.Guardians) > 0 {
		return p.Guardians[0].ID
	}
	return id.Zero
}

type claimed struct {
	Span
	appointment id.ID
}

// claimTime checks (under the provider's lock) what a claim cannot express (hours, leave, closures,
// notice, horizon, cap) and takes the claims.
func claimTime(tx *store.Tx, c clinics.Clinic, b Booking, public bool) (claimed, int, Service, error) {
	none := claimed{}
	s, err := service(&tx.View, b.Service)
	if err != nil {
		return none, 0, s, err
	}
	p, err := provider(&tx.View, b.Provider)
	if err != nil {
		return none, 0, s, err
	}
	if s.RetiredAt > 0 || !s.offeredBy(p.ID) || public && (!s.Online || !p.Online) {
		return none, 0, s, fault.Missing()
	}
	o := s.offer(c, p)
	if err := allowed(tx, c, p, o, b.StartsAt, public, b.Overbook != "", id.Zero); err != nil {
		return none, 0, s, err
	}
	out := claimed{Span: o.Held(b.StartsAt), appointment: tx.NewID()}
	lane, err := take(tx, p.ID, out.appointment, out.Span, b.Overbook != "")
	return out, lane, s, err
}

func (s Service) offeredBy(p id.ID) bool {
	for _, x := range s.Providers {
		if x == p {
			return true
		}
	}
	return false
}

// lockProviders takes the locks of the providers' rows, in one order for everyone; one who has
// retired is Missing. Whoever changes hours, leave or closures takes them too, so the checks
// that follow see a settled calendar. A lock changes nothing in the row: a settings page that
// somebody has open does not grow stale with each booking.
func lockProviders(tx *store.Tx, list ...id.ID) error {
	return eachInOrder(list, func(p id.ID) error { return tx.Must(sqlProviderLock, p) })
}

// lockWhoever is lockProviders for a change that gives time back: a provider who has retired
// needs no lock, because nobody can take her time.
func lockWhoever(tx *store.Tx, list ...id.ID) error {
	return eachInOrder(list, func(p id.ID) error {
		_, err := tx.Exec(sqlProviderLock, p)
		return err
	})
}

func eachInOrder(list []id.ID, do func(id.ID) error) error {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, p := range slices.Compact(list) {
		if err := do(p); err != nil {
			return err
		}
	}
	return nil
}

// allowed checks a start against hours and rules. The public is bound by all of them; staff by
// the hours and the cap only, and with a reason by neither.
func allowed(tx *store.Tx, c clinics.Clinic, p Provider, o Offer, start clock.Instant, public, over bool, except id.ID) error {
	if over {
		return nil
	}
	z := c.Location()
	day := clock.DateOf(start.In(z))
	hours, err := hoursOf(&tx.View, []Provider{p}, day, day, z)
	if err != nil {
		return err
	}
	count := 0
	if p.DailyCap > 0 {
		if err := tx.Row(sqlDayCount, p.ID, day).Scan(&count); err != nil {
			return err
		}
		if !except.IsZero() {
			if a, err := get(&tx.View, except); err == nil && a.Provider == p.ID && a.Day == day && a.Status != Cancelled {
				count--
			}
		}
	}
	if public {
		if ok, why := Bookable(hours[p.ID], o, start, tx.Now(), count); !ok {
			return why.Fault()
		}
		return nil
	}
	if ok, why := Fits(hours[p.ID], o, start); !ok {
		return why.Fault()
	}
	if p.DailyCap > 0 && count >= p.DailyCap {
		return DayFull.Fault()
	}
	return nil
}

func insert(tx *store.Tx, a Appointment) error { return insertAs(tx, a, "book") }

// insertAs is insert with what the history says of it.
func insertAs(tx *store.Tx, a Appointment, action string) error {
	note, err := sealNote(tx, a.Patient, a.ID, "note", a.Note)
	if err != nil {
		return err
	}
	reason, err := sealNote(tx, a.Patient, a.ID, "overbook_reason", a.OverbookReason)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(sqlAppointmentAdd, a.ID, a.Patient, a.Provider, a.Service, a.StartsAt, a.EndsAt, a.claims.From, a.claims.To, a.Day,
		string(a.Status), a.Lane, a.Door, note, reason, a.Language, a.CreatedAt); err != nil {
		return err
	}
	return log(tx, action, a)
}

const (
	sqlKeyGet = `SELECT request_hash, answer FROM idempotency WHERE clinic_id = $1 AND key_hash = $2`
	sqlKeyAdd = `INSERT INTO idempotency (clinic_id, key_hash, request_hash, answer, created_at) VALUES ($1, $2, $3, $4, $5)`
	sqlKeyAge = `DELETE FROM idempotency WHERE clinic_id = $1 AND created_at < $2`
)

// answered is what an idempotency key remembers, sealed: it opens the patient's page.
type answered struct {
	Appointment id.ID
	Token       string
}

func keyHash(b Booking) []byte {
	h := sha256.Sum256([]byte("booking\x00" + b.Key))
	return h[:]
}

// keyRow binds the sealed answer to the row of its key.
func keyRow(b Booking) (row id.ID) {
	copy(row[:], keyHash(b))
	return row
}

func requestHash(b Booking) []byte {
	b.Key = ""
	text, err := json.Marshal(b)
	if err != nil {
		return nil // the fields are plain; this cannot happen, and nil equals nothing stored
	}
	h := sha256.Sum256(text)
	return h[:]
}

func (d *Desk) repeated(ctx context.Context, who access.Caller, b Booking) (Receipt, bool, error) {
	var out Receipt
	if b.Key == "" {
		return out, false, nil
	}
	done := false
	err := d.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) (err error) {
		done, err = recallFrom(v, b, &out)
		return err
	})
	return out, done, err
}

// recall answers a request that was already answered under its key.
func recall(tx *store.Tx, b Booking, out *Receipt) (bool, error) { return recallFrom(&tx.View, b, out) }

func recallFrom(v *store.View, b Booking, out *Receipt) (bool, error) {
	if b.Key == "" {
		return false, nil
	}
	var request, sealed []byte
	err := v.Row(sqlKeyGet, keyHash(b)).Scan(&request, &sealed)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !bytes.Equal(request, requestHash(b)) {
		var f fault.Fields
		f.Add("idempotency_key", "field.key.reused")
		return true, f.Err()
	}
	text, err := v.Unseal(vault.ClinicData, "idempotency", "answer", keyRow(b), sealed)
	if err != nil {
		return true, err
	}
	var was answered
	if err := json.Unmarshal([]byte(text), &was); err != nil {
		return true, err
	}
	if out.Appointment, err = get(v, was.Appointment); err != nil {
		return true, err
	}
	out.Token, out.Repeated = was.Token, true
	return true, nil
}

func remember(tx *store.Tx, b Booking, r Receipt) error {
	if b.Key == "" {
		return nil
	}
	text, err := json.Marshal(answered{r.Appointment.ID, r.Token})
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(vault.ClinicData, "idempotency", "answer", keyRow(b), string(text))
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlKeyAdd, keyHash(b), requestHash(b), sealed, tx.Now())
	if errors.Is(err, store.ErrUnique) {
		return Taken() // the same key is being booked at this moment; the client asks again and is told
	}
	return err
}
