package app

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/scheduling"
	"almirah/internal/visits"
)

// recordsOn turns the clinical records of the demo clinic on.
func (h *opened) recordsOn(t testing.TB) {
	t.Helper()
	if err := h.demoCare(context.Background(), h.Owner, h.Practice); err != nil {
		t.Fatal(err)
	}
}

// care puts one of everything that a visit has into the clinic.
func (p *place) care(t *testing.T) {
	t.Helper()
	h, ctx := p.h, t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := h.Clinics.Get(ctx, p.who)
	must(err)
	must(h.Clinics.SetModules(ctx, p.who, append(slices.Clone(c.Modules), clinics.ModuleClinical), c.Version))
	_, one, err := h.Desk.Enter(ctx, p.token)
	must(err)
	e, err := h.Visits.Begin(ctx, p.who, one)
	must(err)
	for i, text := range []string{"Cough", "Fever"} { // the second meets the first
		_, err = h.Visits.Save(ctx, p.who, e.ID, visits.Draft{Note: visits.Note{Complaint: text}, Version: e.Version, Tab: id.New(time.Unix(int64(i+1), 0))})
		must(err)
	}
	must(h.Visits.AddAllergy(ctx, p.who, e.Patient, visits.Allergy{Substance: "Dust"}))
	var b bytes.Buffer
	must(png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))))
	_, err = h.Visits.AddFile(ctx, p.who, e.Patient, id.Zero, "scan.png", b.Bytes())
	must(err)
	_, err = h.Visits.SaveTemplate(ctx, p.who, visits.Template{Name: "Mine", Speciality: "general", Plan: "Rest"}, false)
	must(err)
	_, err = h.Intake.Save(ctx, p.who, intake.Form{Body: intake.Body{Kind: intake.Consent, Title: "Treatment", Text: "I agree."}}, false)
	must(err)
}

// visited is a visit that can still be written, and one that is signed, of one of the clinic's patients.
func (h *opened) visited(t testing.TB) (open, signed, patient string) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h.recordsOn(t)
	list, err := h.Patients.Recent(ctx, h.Owner, 40)
	must(err)
	for _, p := range list {
		all, err := h.Desk.OfPatient(ctx, h.Owner, p.ID, 20)
		must(err)
		for _, a := range all {
			if a.Status == scheduling.Cancelled || a.Status == scheduling.NoShow || open != "" && signed != "" {
				continue
			}
			e, err := h.Visits.Begin(ctx, h.Owner, a.ID)
			must(err)
			if e.Signed() || e.Version > 1 {
				continue
			}
			x := demoVisits[len(open)/36]
			measured, err := x.vitals.Read("IN")
			must(err)
			d := visits.Draft{Note: x.note, Vitals: measured, Version: e.Version, Tab: id.New(h.Clock.Now())}
			if open == "" {
				_, err = h.Visits.Save(ctx, h.Owner, e.ID, d)
				open = e.ID.String()
			} else {
				if _, err = h.Visits.Sign(ctx, h.Owner, e.ID, h.Practice.providers[0].ID, d); err == nil {
					err = h.Visits.Amend(ctx, h.Owner, e.ID, h.Practice.providers[0].ID, visits.Amendment{Part: visits.PartPlan, Reason: "the result came later", Text: "Blood count normal."})
				}
				signed, patient = e.ID.String(), e.Patient.String()
				must(h.Visits.AddCondition(ctx, h.Owner, e.Patient, visits.Condition{Name: "Asthma", Code: "J45.9", Since: "2009"}))
				must(h.Visits.AddMedicine(ctx, h.Owner, e.Patient, visits.Medicine{Name: "Salbutamol inhaler", Dose: "2 puffs when needed"}))
				_, bad := h.Visits.AddFile(ctx, h.Owner, e.Patient, id.Zero, "Blood count.pdf", []byte("%PDF-1.4\n% quiet\n%%EOF\n"))
				must(bad)
			}
			must(err)
		}
	}
	if signed == "" {
		t.Fatal("nobody has been to the clinic twice, and no two people once")
	}
	return open, signed, patient
}

// enterCare writes marks into everything that a visit has.
func (h *opened) enterCare(t *testing.T, m marks) {
	t.Helper()
	h.recordsOn(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	own := h.sent(t, m["idempotency.answer"])
	who, one, err := h.Desk.Enter(ctx, strings.TrimPrefix(own, "/m/"))
	must(err)
	before, err := h.Intake.Before(ctx, who, one)
	must(err)
	for _, f := range before.Forms {
		if f.Body.Kind == intake.Questions {
			h.visitor().fill(t, own+"/intake", own+"/intake/"+f.Form.String(), url.Values{"a-q1": {m.as("", "intake_answer.answers")}, "a-q2": {"yes"}, "do": {"sign"}, "signed_name": {m.as("name", "intake_answer.signed_name")}, "agreed": {"1"}})
		}
	}
	e, err := h.Visits.Begin(ctx, h.Owner, one)
	must(err)
	d := visits.Draft{Note: visits.Note{Complaint: m.as("", "encounter.note")}, Version: e.Version, Tab: id.New(time.Unix(1, 0))}
	_, err = h.Visits.Sign(ctx, h.Owner, e.ID, h.Practice.providers[0].ID, d)
	must(err)
	met := visits.Draft{Note: visits.Note{Plan: m.as("", "encounter_aside.note")}, Version: e.Version, Tab: id.New(time.Unix(2, 0))}
	_, err = h.Visits.Save(ctx, h.Owner, e.ID, met)
	must(err)
	must(h.Visits.Amend(ctx, h.Owner, e.ID, h.Practice.providers[0].ID, visits.Amendment{Part: visits.PartPlan, Reason: m.as("", "amendment.reason"), Text: m.as("", "amendment.body")}))
	must(h.Visits.AddAllergy(ctx, h.Owner, e.Patient, visits.Allergy{Substance: m.as("", "health.body")}))
	_, err = h.Visits.AddFile(ctx, h.Owner, e.Patient, id.Zero, m.as("", "file.name"), []byte("%PDF-1.4\n% "+m.as("", "file_piece.bytes")+"\n%%EOF\n"))
	must(err)
	owner := h.signIn(t, demoPeople[0].email)
	owner.shows(t, "/app/visits/"+e.ID.String(), m["encounter.note"], m["encounter_aside.note"], m["amendment.reason"], m["amendment.body"], m["health.body"], m["file.name"], m["intake_answer.answers"], m["intake_answer.signed_name"])
}
