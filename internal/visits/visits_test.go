package visits_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/visits"
)

var background = context.Background()

// clinic is a practice with clinical records.
type clinic struct {
	*practice.Practice
	t      *testing.T
	notes  *visits.Service
	doctor access.Caller
	n      int
}

func open(t *testing.T, b *rig.Base) *clinic {
	t.Helper()
	c := &clinic{Practice: practice.Open(t, b, 2), t: t, notes: visits.New(b.DB), doctor: b.As(access.Practitioner)}
	c.modules(clinics.ModuleClinical)
	return c
}

// modules turns exactly these on, beside scheduling.
func (c *clinic) modules(list ...string) {
	c.t.Helper()
	house := clinics.New(c.DB, c.Log, clinics.Options{})
	now, err := house.Get(background, c.As(access.Owner))
	if err == nil {
		err = house.SetModules(background, c.As(access.Owner), list, now.Version)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// visit begins the visit of a new patient.
func (c *clinic) visit() visits.Encounter {
	c.t.Helper()
	c.n++
	a := c.Booked(c.t, c.As(access.FrontDesk), c.Booking(c.Providers[0], c.At(1, "09:00").Add(time.Duration(c.n)*30*time.Minute), c.n)).Appointment
	e, err := c.notes.Begin(background, c.doctor, a.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func draft(e visits.Encounter, complaint string) visits.Draft {
	return visits.Draft{Note: visits.Note{Complaint: complaint}, Version: e.Version, Tab: id.New(time.Unix(1, 0))}
}

func (c *clinic) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// tables are those of this room and of intake that belong to the module.
var tables = []string{"encounter", "encounter_aside", "amendment", "health", "file", "file_piece", "visit_template", "code_list", "intake_form", "intake_text", "intake_answer"}

// TestNoRecordsWhereTheClinicWantsNone: with the module off, no verb finds anything, and the engine itself refuses a row.
func TestNoRecordsWhereTheClinicWantsNone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "scheduling-only")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		e := c.visit()
		c.modules()
		_, err := c.notes.Begin(background, c.doctor, e.Appointment)
		practice.Refused(t, "begin", err, fault.NotFound, "fault.not_found")
		_, err = c.notes.Open(background, c.doctor, e.ID)
		practice.Refused(t, "open", err, fault.NotFound, "fault.not_found")
		_, err = c.notes.Save(background, c.doctor, e.ID, draft(e, "x"))
		practice.Refused(t, "save", err, fault.NotFound, "fault.not_found")
		_, err = c.notes.Sign(background, c.doctor, e.ID, c.Providers[0], draft(e, "x"))
		practice.Refused(t, "sign", err, fault.NotFound, "fault.not_found")
		_, err = c.notes.Chart(background, c.doctor, e.Patient, visits.Place{}, 5)
		practice.Refused(t, "chart", err, fault.NotFound, "fault.not_found")
		practice.Refused(t, "allergy", c.notes.AddAllergy(background, c.doctor, e.Patient, visits.Allergy{Substance: "x"}), fault.NotFound, "fault.not_found")
		_, _, err = c.notes.Read(background, c.doctor, e.ID)
		practice.Refused(t, "file", err, fault.NotFound, "fault.not_found")
		_, err = c.notes.FindCodes(background, c.doctor, "fever")
		practice.Refused(t, "codes", err, fault.NotFound, "fault.not_found")

		inserts := map[string]string{
			"encounter":       `INSERT INTO encounter (clinic_id, id, patient_id, appointment_id, provider_id, service_id, starts_at, day, created_at, changed_at) VALUES ($1, $2, $3, $2, $2, $2, 1, '2026-01-01', 1, 1)`,
			"encounter_aside": `INSERT INTO encounter_aside (clinic_id, encounter_id, id, patient_id, note, person_id, at) VALUES ($1, $4, $2, $3, $2, $2, 1)`,
			"amendment":       `INSERT INTO amendment (clinic_id, encounter_id, id, patient_id, part, reason, body, signer, person_id, at) VALUES ($1, $4, $2, $3, 'plan', $2, $2, $2, $2, 1)`,
			"health":          `INSERT INTO health (clinic_id, patient_id, id, kind, added_at) VALUES ($1, $3, $2, 'no-allergies', 1)`,
			"file":            `INSERT INTO file (clinic_id, id, patient_id, name, kind, size, pieces, added_at, added_by) VALUES ($1, $2, $3, $2, 'pdf', 1, 1, 1, $2)`,
			"file_piece":      `INSERT INTO file_piece (clinic_id, file_id, number, bytes) VALUES ($1, $2, 1, $3)`,
			"visit_template":  `INSERT INTO visit_template (clinic_id, id, name, speciality, body, changed_at) VALUES ($1, $2, 'x', 'other', '{}', 1)`,
			"code_list":       `INSERT INTO code_list (clinic_id, id, title, hash, codes, body, added_at, added_by) VALUES ($1, $2, 'x', $2, 1, $2, 1, $2)`,
			"intake_form":     `INSERT INTO intake_form (clinic_id, id, kind, hash, changed_at) VALUES ($1, $2, 'consent', $2, 1)`,
			"intake_text":     `INSERT INTO intake_text (clinic_id, form_id, hash, body, created_at) VALUES ($1, $2, $2, '{}', 1)`,
			"intake_answer":   `INSERT INTO intake_answer (clinic_id, id, patient_id, appointment_id, form_id, hash, changed_at) VALUES ($1, $2, $3, $2, $2, $2, 1)`,
		}
		for _, table := range tables {
			err := c.DB.Change(background, c.As(access.Owner), access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("a test goes round the room")
				args := []any{tx.NewID(), e.Patient, e.ID}
				if n := strings.Count(inserts[table], "$4"); n == 0 {
					args = args[:2]
				}
				if !strings.Contains(inserts[table], "$3") {
					args = args[:1]
				}
				_, err := tx.Exec(inserts[table], args...)
				return err
			})
			if !errors.Is(err, store.ErrFenced) {
				t.Errorf("%s takes a row while the module is off: %v", table, err)
			}
		}
	})
}

// TestSignedStays: what was signed is not changed by any verb or statement; what is added says who, when and why.
func TestSignedStays(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "signed-stays")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		e := c.visit()
		saved, err := c.notes.Save(background, c.doctor, e.ID, draft(e, "Cough"))
		c.must(err)
		_, err = c.notes.Sign(background, c.As(access.Assistant), e.ID, c.Providers[0], draft(saved.Encounter, "Cough"))
		practice.Refused(t, "an assistant signs", err, fault.Forbidden, "fault.forbidden")
		_, err = c.notes.Sign(background, c.doctor, e.ID, id.Zero, draft(saved.Encounter, "Cough"))
		practice.Refused(t, "nobody's account signs", err, fault.Forbidden, "fault.not_practitioner")
		_, err = c.notes.Sign(background, c.doctor, e.ID, c.Providers[0], draft(saved.Encounter, ""))
		practice.Refused(t, "an empty note", err, fault.Invalid, "fault.invalid")
		practice.Refused(t, "too early", c.notes.Amend(background, c.doctor, e.ID, c.Providers[0], visits.Amendment{Part: "plan", Reason: "r", Text: "t"}), fault.Conflict, "fault.visit_not_signed")
		final := draft(saved.Encounter, "Cough for three days")
		signed, err := c.notes.Sign(background, c.doctor, e.ID, c.Providers[0], final)
		c.must(err)
		if !signed.Signed() {
			t.Fatal("it is not signed")
		}
		again, err := c.notes.Save(background, c.doctor, e.ID, draft(signed.Encounter, "Something else"))
		c.must(err)
		if !again.Met {
			t.Error("a signed visit was written over")
		}
		for _, text := range []string{`UPDATE encounter SET note = $3 WHERE clinic_id = $1 AND id = $2`, `UPDATE encounter SET signed_at = 0, vitals = $3 WHERE clinic_id = $1 AND id = $2`} {
			err := c.DB.Change(background, c.As(access.Owner), access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("a test goes round the room")
				_, err := tx.Exec(text, e.ID, []byte("x"))
				return err
			})
			if !errors.Is(err, store.ErrFenced) {
				t.Errorf("%s: %v", text, err)
			}
		}
		practice.Refused(t, "no reason", c.notes.Amend(background, c.doctor, e.ID, c.Providers[0], visits.Amendment{Part: "plan", Text: "t"}), fault.Invalid, "fault.invalid")
		c.must(c.notes.Amend(background, c.doctor, e.ID, c.Providers[0], visits.Amendment{Part: "plan", Reason: "result came later", Text: "Iron"}))
		o, err := c.notes.Open(background, c.doctor, e.ID)
		c.must(err)
		if o.Note.Complaint != "Cough for three days" || o.Signer == "" || len(o.Amendments) != 1 || o.Amendments[0].Text != "Iron" || o.Amendments[0].Reason != "result came later" || o.Amendments[0].Name == "" || o.Amendments[0].At == 0 {
			t.Errorf("%+v", o)
		}
		if len(o.Asides) != 1 || o.Asides[0].Note.Complaint != "Something else" {
			t.Errorf("what met the signed text is lost: %+v", o.Asides)
		}
	})
}

// TestNothingIsLost: two people write at once, or one in two windows; the later one's text is kept until it was seen beside the other.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "notes-not-lost")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		e := c.visit()
		one, two := draft(e, "One"), draft(e, "Two")
		one.Tab, two.Tab = id.New(time.Unix(2, 0)), id.New(time.Unix(3, 0))
		one.Vitals = visits.Vitals{visits.Pulse: 72}
		first, err := c.notes.Save(background, c.doctor, e.ID, one)
		c.must(err)
		second, err := c.notes.Save(background, c.As(access.Owner), e.ID, two)
		c.must(err)
		if first.Met || !second.Met {
			t.Fatalf("first met %v, second met %v", first.Met, second.Met)
		}
		two.Note.Complaint = "Two and more"
		_, err = c.notes.Save(background, c.As(access.Owner), e.ID, two) // it goes on being sent
		c.must(err)
		o, err := c.notes.Open(background, c.doctor, e.ID)
		c.must(err)
		if o.Note.Complaint != "One" || o.Vitals[visits.Pulse] != 72 || len(o.Asides) != 1 || o.Asides[0].Note.Complaint != "Two and more" {
			t.Fatalf("%+v beside %+v", o.Note, o.Asides)
		}
		// The later writer has seen both, and saves: the text that was put aside is in it.
		two.Version, two.Note.Complaint = o.Version, "One. Two and more"
		merged, err := c.notes.Save(background, c.As(access.Owner), e.ID, two)
		c.must(err)
		o, err = c.notes.Open(background, c.doctor, e.ID)
		c.must(err)
		if merged.Met || o.Note.Complaint != "One. Two and more" || len(o.Asides) != 0 {
			t.Fatalf("%+v, %+v", o.Note, o.Asides)
		}
		// What nobody looks at goes after thirty days.
		_, err = c.notes.Save(background, c.doctor, e.ID, one)
		c.must(err)
		c.Clock.Move(31 * 24 * time.Hour)
		c.must(c.DB.Change(background, c.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
			n, err := visits.Keeper{}.Due(tx)
			if n != 1 {
				t.Errorf("%d texts have had their time", n)
			}
			return err
		}))
	})
}

// TestVisitsArePagedAndSealed: a page of visits reads and opens what it shows, whatever else there is; nothing stands open in the rows; and an
// erased patient's visits cannot be opened.
func TestVisitsArePagedAndSealed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "visits-kept")
	b := rig.New(t, store.SQLite, store.Options{})
	c := open(t, b)
	e := c.visit()
	for i := range 24 {
		a := c.Booked(t, c.As(access.FrontDesk), scheduling.Booking{Service: c.Service, Provider: c.Providers[0], StartsAt: c.At(3+i, "10:00"), PatientID: e.Patient, Language: "en"}).Appointment
		x, err := c.notes.Begin(background, c.doctor, a.ID)
		c.must(err)
		_, err = c.notes.Save(background, c.doctor, x.ID, draft(x, "Visit secret-word"))
		c.must(err)
	}
	seen := map[id.ID]bool{}
	pages := 0
	for from := (visits.Place{}); ; pages++ {
		x, err := c.notes.Chart(background, c.doctor, e.Patient, from, 10)
		c.must(err)
		for i, l := range x.Visits {
			if seen[l.ID] || i > 0 && l.StartsAt > x.Visits[i-1].StartsAt {
				t.Error("a visit twice, or out of order")
			}
			seen[l.ID] = true
		}
		if from = x.More; from == (visits.Place{}) {
			break
		}
	}
	if len(seen) != 25 || pages != 2 {
		t.Errorf("%d visits on %d pages", len(seen), pages+1)
	}
	for _, row := range c.Rows(t, `SELECT note FROM encounter WHERE clinic_id = $1`) {
		if strings.Contains(row[0], "secret-word") {
			t.Fatal("a note stands open in its row")
		}
	}
	var copied map[string][]map[string]string
	c.must(c.DB.View(background, c.As(access.Owner), access.PatientRead, func(_ context.Context, v *store.View) (err error) {
		copied, err = visits.Keeper{}.Collect(v, e.Patient)
		return err
	}))
	if len(copied["encounter"]) != 25 || !strings.Contains(copied["encounter"][3]["note"], "secret-word") {
		t.Errorf("%d visits are copied out", len(copied["encounter"]))
	}
	c.must(c.DB.Change(background, c.As(access.Owner), access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
		return visits.Keeper{}.Erase(tx, e.Patient)
	}))
	if left := c.Count(t, `SELECT COUNT(*) FROM encounter WHERE clinic_id = $1`); left != "0" {
		t.Errorf("%s visits are left", left)
	}
}

// TestBanner: what is known of a patient, who said that there is nothing, and that nothing is rewritten.
func TestBanner(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "allergies-asked", "clinical-few")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		e := c.visit()
		about := func() (out visits.About) {
			t.Helper()
			c.must(c.DB.View(background, c.doctor, access.VisitRead, func(_ context.Context, v *store.View) (err error) {
				out, err = visits.AboutPatient(v, e.Patient)
				return err
			}))
			return out
		}
		if x := about(); x.NoKnownAllergies || len(x.Allergies) > 0 {
			t.Error("nobody was asked, and yet it is known")
		}
		c.must(c.notes.NoAllergies(background, c.doctor, e.Patient))
		if x := about(); !x.NoKnownAllergies || x.AskedAt == 0 || x.AskedBy != c.doctor.Actor() {
			t.Errorf("who asked, and when, is not kept: %+v", x)
		}
		c.must(c.notes.AddAllergy(background, c.doctor, e.Patient, visits.Allergy{Substance: "Dust"}))
		c.must(c.notes.AddAllergy(background, c.doctor, e.Patient, visits.Allergy{Substance: " Penicillin  G ", Severity: visits.Severe}))
		x := about()
		if x.NoKnownAllergies || len(x.Allergies) != 2 || x.Allergies[0].Key != "penicillin g" {
			t.Errorf("%+v", x)
		}
		practice.Refused(t, "none beside one", c.notes.NoAllergies(background, c.doctor, e.Patient), fault.Conflict, "fault.allergies_there")
		practice.Refused(t, "a severity of one's own", c.notes.AddAllergy(background, c.doctor, e.Patient, visits.Allergy{Substance: "x", Severity: "awful"}), fault.Invalid, "fault.invalid")
		c.must(c.notes.End(background, c.doctor, e.Patient, "allergy", x.Allergies[0].ID))
		practice.Refused(t, "again", c.notes.End(background, c.doctor, e.Patient, "allergy", x.Allergies[0].ID), fault.NotFound, "fault.not_found")
		c.must(c.notes.AddMedicine(background, c.doctor, e.Patient, visits.Medicine{Name: "Salbutamol"}))
		c.must(c.notes.AddMedicine(background, c.doctor, e.Patient, visits.Medicine{Name: "Amoxicillin", Until: c.Day(2)}))
		if x = about(); len(x.Allergies) != 1 || len(x.Medicines) != 2 {
			t.Errorf("%+v", x)
		}
		c.Clock.Move(4 * 24 * time.Hour)
		if x = about(); len(x.Medicines) != 1 || x.Medicines[0].Name != "Salbutamol" {
			t.Errorf("a medicine whose days are over is still taken: %+v", x.Medicines)
		}
		if n := c.Count(t, `SELECT COUNT(*) FROM health WHERE clinic_id = $1`); n != "5" {
			t.Errorf("%s rows: what ended has to stay in the record", n)
		}
		for _, role := range []access.Role{access.Manager, access.FrontDesk, access.Billing} {
			_, err := c.notes.Chart(background, c.As(role), e.Patient, visits.Place{}, 5)
			practice.Refused(t, string(role), err, fault.Forbidden, "fault.forbidden")
			_, err = c.notes.Open(background, c.As(role), e.ID)
			practice.Refused(t, string(role), err, fault.Forbidden, "fault.forbidden")
		}
	})
}

// A visit that was opened ahead goes along when its appointment is moved: what is written then is of the day, and of the practitioner, to whom she came. What is signed stays.
func TestAVisitGoesAlongWithItsAppointment(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		move := func(e visits.Encounter, to scheduling.Move) scheduling.Appointment {
			t.Helper()
			a, err := c.Desk.Open(background, c.As(access.FrontDesk), e.Appointment)
			c.must(err)
			to.Version = a.Version
			out, err := c.Desk.Move(background, c.As(access.FrontDesk), e.Appointment, to)
			c.must(err)
			return out
		}
		stands := func(when string, e visits.Encounter, a scheduling.Appointment) {
			t.Helper()
			now, err := c.notes.Open(background, c.doctor, e.ID)
			c.must(err)
			if now.StartsAt != a.StartsAt || now.Day != a.Day || now.Provider != a.Provider {
				t.Fatalf("%s: the visit is of %s (%s) with %s, its appointment of %s (%s) with %s", when, now.StartsAt.Time(), now.Day, now.Provider, a.StartsAt.Time(), a.Day, a.Provider)
			}
		}
		later := scheduling.Move{Provider: c.Providers[1], StartsAt: c.At(3, "11:00")}

		opened := c.visit()
		a := move(opened, later)
		again, err := c.notes.Begin(background, c.doctor, opened.Appointment)
		c.must(err)
		if again.ID != opened.ID || again.Day != a.Day || again.Provider != a.Provider || again.Version != opened.Version {
			t.Fatalf("it was opened again as %+v", again)
		}
		stands("opened again", opened, a)

		e := c.visit()
		saved, err := c.notes.Save(background, c.doctor, e.ID, draft(e, "Cough"))
		c.must(err)
		later.StartsAt = c.At(3, "12:00")
		a = move(e, later)
		saved, err = c.notes.Save(background, c.doctor, e.ID, draft(saved.Encounter, "Cough for a week"))
		c.must(err)
		if saved.Met || saved.Day != a.Day {
			t.Fatalf("%+v", saved)
		}
		stands("written on", e, a)
		later.StartsAt = c.At(4, "12:00")
		a = move(e, later)
		signed, err := c.notes.Sign(background, c.doctor, e.ID, c.Providers[1], draft(saved.Encounter, "Cough for a week"))
		c.must(err)
		if signed.Met || signed.Day != a.Day || signed.StartsAt != a.StartsAt {
			t.Fatalf("%+v", signed)
		}
		stands("signed", e, a)
		later.StartsAt = c.At(2, "12:00")
		move(e, later)
		stands("signed, and moved after that", e, a)
		if x, err := c.notes.Begin(background, c.doctor, e.Appointment); err != nil || x.Day != a.Day {
			t.Fatalf("%+v, %v", x, err)
		}
	})
}
