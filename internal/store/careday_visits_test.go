package store_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// care is the part of the day with the practitioner: what was asked before a visit, the visit, what is known of the patient, files. It returns
// a patient whom it concerned.
func care(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) id.ID {
	t.Helper()
	owner, doctor := p.As(access.Owner), p.As(access.Practitioner)
	house, asks, notes := clinics.New(p.DB, p.Log, clinics.Options{}), intake.New(p.DB), visits.New(p.DB)
	c, err := house.Get(ctx, owner)
	must(err)
	must(house.SetModules(ctx, owner, append(c.Modules, clinics.ModuleClinical), c.Version))

	// The clinic prepares: a form, a consent text, a template, a list of codes.
	form := intake.Form{Service: p.Service, Body: intake.Body{Kind: intake.Questions, Title: "Before you come", Questions: []intake.Question{{Kind: intake.Text, Label: "What brings you?", Must: true}}}}
	form.ID, err = asks.Save(ctx, owner, form, false)
	must(err)
	form.Version, form.Body.Text = 1, "Please answer"
	_, err = asks.Save(ctx, owner, form, false)
	must(err)
	list, err := asks.Forms(ctx, owner)
	must(err)
	sheet, err := notes.SaveTemplate(ctx, owner, visits.Template{Name: "General", Speciality: "general", Findings: "Chest:"}, false)
	must(err)
	_, err = notes.SaveTemplate(ctx, owner, visits.Template{ID: sheet, Name: "General visit", Speciality: "general", Findings: "Chest:", Version: 1}, false)
	must(err)
	_, err = notes.Templates(ctx, owner, true)
	must(err)
	for i := range 22 {
		_, err = notes.ImportCodes(ctx, owner, "ICD-10", []byte("J00,Cold\nJ45."+string(rune('0'+i%10))+",Asthma "+string(rune('a'+i))), false)
		must(err)
	}
	_, _, err = notes.CodeLists(ctx, owner)
	must(err)
	_, err = notes.FindCodes(ctx, doctor, "asth")
	must(err)

	// A patient answers before she comes.
	a := p.Booked(t, p.As(access.FrontDesk), p.Booking(p.Providers[0], p.At(1, "16:00"), 77)).Appointment
	b := p.Booked(t, p.As(access.FrontDesk), p.Booking(p.Providers[1], p.At(1, "16:30"), 77)).Appointment
	must(nil)
	herself := accounts.ForPatient(p.Clinic, a.Patient, a.ID)
	for _, sign := range []bool{false, true} {
		must(asks.Reply(ctx, herself, a.ID, intake.Reply{Form: form.ID, Hash: list[0].Hash, Answers: intake.Answers{"q1": "A cough"}, Sign: sign, Name: "Asha Rao", Agreed: sign}))
	}
	_, err = asks.Before(ctx, herself, a.ID)
	must(err)
	must(asks.Reply(ctx, accounts.ForPatient(p.Clinic, b.Patient, b.ID), b.ID, intake.Reply{Form: form.ID, Hash: list[0].Hash, Answers: intake.Answers{"q1": "Later"}}))

	// The visit, written by two people at once.
	e, err := notes.Begin(ctx, doctor, a.ID)
	must(err)
	_, err = notes.Begin(ctx, doctor, a.ID)
	must(err)
	one, two := id.New(p.Clock.Now()), id.New(p.Clock.Now())
	first := visits.Draft{Note: visits.Note{Complaint: "Cough"}, Vitals: visits.Vitals{visits.Pulse: 70}, Version: e.Version, Tab: one}
	_, err = notes.Save(ctx, doctor, e.ID, first)
	must(err)
	for range 2 {
		_, err = notes.Save(ctx, owner, e.ID, visits.Draft{Note: visits.Note{Complaint: "Fever"}, Version: e.Version, Tab: two})
		must(err)
	}
	_, err = notes.Open(ctx, doctor, e.ID)
	must(err)
	must(notes.DropAside(ctx, owner, e.ID, two))
	_, err = notes.Save(ctx, owner, e.ID, visits.Draft{Note: visits.Note{Complaint: "Fever"}, Version: e.Version, Tab: two})
	must(err)
	first.Version++
	_, err = notes.Sign(ctx, doctor, e.ID, p.Providers[0], first)
	must(err)
	must(notes.Amend(ctx, doctor, e.ID, p.Providers[0], visits.Amendment{Part: visits.PartPlan, Reason: "forgotten", Text: "Rest"}))

	// What is known of her, and her files.
	must(notes.NoAllergies(ctx, doctor, a.Patient))
	must(notes.AddAllergy(ctx, doctor, a.Patient, visits.Allergy{Substance: "Penicillin"}))
	must(notes.AddCondition(ctx, doctor, a.Patient, visits.Condition{Name: "Asthma", Code: "J45.9"}))
	source := id.New(p.Clock.Now())
	must(p.DB.Change(ctx, doctor, access.VisitWrite, func(_ context.Context, tx *store.Tx) error {
		if err := visits.AddMedicine(tx, a.Patient, visits.Medicine{Name: "Salbutamol", Source: source}); err != nil {
			return err
		}
		return visits.EndMedicines(tx, a.Patient, source)
	}))
	var scan bytes.Buffer
	must(png.Encode(&scan, image.NewGray(image.Rect(0, 0, 4, 4))))
	file, err := notes.AddFile(ctx, doctor, a.Patient, e.ID, "scan.png", scan.Bytes())
	must(err)
	_, _, err = notes.Read(ctx, doctor, file)
	must(err)
	page, err := notes.Chart(ctx, doctor, a.Patient, visits.Place{}, 10)
	must(err)
	must(notes.End(ctx, doctor, a.Patient, "allergy", page.About.Allergies[0].ID))
	must(p.DB.View(ctx, owner, access.VisitRead, func(_ context.Context, v *store.View) error {
		if _, err := visits.Of(v, e.ID); err != nil {
			return err
		}
		if _, err := (visits.Keeper{}).Collect(v, a.Patient); err != nil {
			return err
		}
		_, err := intake.Keeper{}.Collect(v, a.Patient)
		return err
	}))
	_, err = notes.RemoveFile(ctx, doctor, file)
	must(err)
	_, err = notes.AddFile(ctx, doctor, a.Patient, id.Zero, "scan.png", scan.Bytes())
	must(err)
	x, err := p.Desk.SetStatus(ctx, owner, a.ID, a.Version, scheduling.Arrived)
	must(err)
	if x.Patient != a.Patient || clock.Date(x.Day) == "" {
		t.Fatal("it is hers")
	}
	return a.Patient
}

// cared is what becomes of it: time passes, and she goes.
func cared(ctx context.Context, t *testing.T, p *practice.Practice, patient id.ID, must func(error)) {
	t.Helper()
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		if _, err := (visits.Keeper{}).Due(tx); err != nil {
			return err
		}
		_, err := intake.Keeper{}.Due(tx)
		return err
	}))
	must(p.DB.Change(ctx, p.As(access.Owner), access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
		if err := (visits.Keeper{}).Erase(tx, patient); err != nil {
			return err
		}
		return intake.Keeper{}.Erase(tx, patient)
	}))
}
