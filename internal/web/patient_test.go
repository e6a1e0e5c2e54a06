package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/patients"
	"almirah/internal/promise"
)

// notes turns plain notes on.
func (o *office) notes() {
	o.t.Helper()
	c, err := o.clinics.Get(context.Background(), o.owner.who)
	if err == nil {
		err = o.clinics.SetModules(context.Background(), o.owner.who, clinics.Modules(), c.Version)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

func TestPatientsAreAddedAndCompared(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	wants(t, o.owner.get("/app/patients"), 200, "No patients yet", "/app/patients/new")
	wants(t, o.owner.get("/app/patients/new"), 200, "Reminders", "Needed for patients under 18")
	wants(t, o.owner.send("/app/patients/new", "name", "", "phone", "12", "birth_day", "31", "birth_month", "2", "birth_year", "1990", "language", "en"), http.StatusUnprocessableEntity,
		`href="#f-name"`, `href="#f-phone"`, `href="#f-birth_day"`, `value="1990"`)
	form := []string{"name", "Asha Rao", "phone", "098765 43201", "birth_day", "5", "birth_month", "3", "birth_year", "1990", "sex", "female", "language", "hi", "address", "2 Hill Street"}
	w := o.owner.send("/app/patients/new", append(form, "consent", "reminder")...)
	wants(t, w, http.StatusSeeOther)
	page := w.Header().Get("Location")
	wants(t, o.owner.get(page), 200, "The patient is added", "Asha Rao", "+919876543201", "5 Mar 1990", "36 y", "2 Hill Street", "given 23 Nov 2026")
	form[1] = "Aasha Rao"
	wants(t, o.owner.send("/app/patients/new", form...), http.StatusUnprocessableEntity, "Is it one of these?", "Nothing is added yet", `value="Aasha Rao"`)
	wants(t, o.owner.send("/app/patients/new", append(form, "different", "1")...), http.StatusSeeOther)
	wants(t, o.owner.get("/app/patients"), 200, "Asha Rao", "Aasha Rao", "!+919876543201")
	wants(t, o.owner.seek("/app/patients", "q", "aasha"), 200, "Aasha Rao", ">Found<")
	// A child needs somebody who speaks for her.
	child := []string{"name", "Mira Rao", "birth_day", "1", "birth_month", "1", "birth_year", "2020", "language", "en", "different", "1"}
	wants(t, o.owner.send("/app/patients/new", child...), http.StatusUnprocessableEntity, `href="#f-guardian_name"`)
	w = o.owner.send("/app/patients/new", append(child, "guardian_name", "Asha Rao", "guardian_kin", "mother", "guardian_phone", "+919876543201", "consent", "reminder")...)
	wants(t, w, http.StatusSeeOther)
	wants(t, o.owner.get(w.Header().Get("Location")), 200, "Minor", "Mother", "Asha Rao", "given 23 Nov 2026")
}

func TestTwoCorrectOnePatient(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-in-charge")
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	o.booked("Aasha Rao", "+919876543201", 0, monday, "10:15")
	page := "/app/patients/" + a.Patient.String()
	p, err := o.people.Open(context.Background(), o.owner.who, a.Patient)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get(page), 200, "Asha Rao", "Consultation", "Dr Nair", "!Correct the details of")
	wants(t, o.owner.get(page+"?edit=identity"), 200, `name="part" value="identity"`, `value="Asha Rao"`, "Is it one of these?", "Aasha Rao")
	form := []string{"part", "identity", "version", number(p.Version), "name", "Asha R. Rao", "phone", "+919876543201", "email", "asha@example.org", "language", "en"}
	wants(t, o.owner.send(page, form...), http.StatusSeeOther)
	form[5] = "Asha Q. Rao" // the second has the page of before
	wants(t, o.owner.send(page, form...), http.StatusConflict, "Somebody changed this a moment ago", `value="Asha Q. Rao"`, "Asha R. Rao", `name="version" value="`+number(p.Version+1)+`"`)
	form[3] = number(p.Version + 1)
	form[7] = "12"
	wants(t, o.owner.send(page, form...), http.StatusUnprocessableEntity, `href="#f-phone"`, `value="12"`)
	wants(t, o.owner.get(page), 200, "Asha R. Rao", "asha@example.org", "!Asha Q. Rao")
	// The guardian is a part of her own: the rest stays.
	wants(t, o.owner.get(page+"?edit=guardian"), 200, `name="part" value="guardian"`)
	wants(t, o.owner.send(page, "part", "guardian", "version", number(p.Version+1), "guardian_kin", "parent"), http.StatusUnprocessableEntity, `href="#f-guardian_name"`)
	wants(t, o.owner.send(page, "part", "guardian", "version", number(p.Version+1), "guardian_name", "Uma Rao", "guardian_kin", "guardian"), http.StatusSeeOther)
	wants(t, o.owner.get(page), 200, "Uma Rao", "Legal guardian", "asha@example.org")
	wants(t, o.owner.send(page, "part", "everything", "version", "1"), http.StatusNotFound)
	for _, path := range []string{"/app/patients/" + o.service.ID.String(), "/app/patients/x"} {
		wants(t, o.owner.get(path), 404, "<html")
		wants(t, o.owner.send(path, "part", "identity", "version", "1", "name", "X", "language", "en"), 404)
	}
}

func TestConsentsFollowTheTicks(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	page := "/app/patients/" + a.Patient.String()
	state := func() consent.State {
		t.Helper()
		all, err := o.consents.Of(context.Background(), o.owner.who, a.Patient)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Purpose == consent.Reminder {
				return s
			}
		}
		t.Fatal("no reminder")
		return consent.State{}
	}
	wants(t, o.owner.send(page+"/consents"), http.StatusSeeOther)
	if state().Asked {
		t.Error("an empty box that was never ticked became a no")
	}
	wants(t, o.owner.get(page), 200, `!name="was" value="reminder"`, `name="was" value="figures"`)
	wants(t, o.owner.send(page+"/consents", "consent", "reminder"), http.StatusSeeOther)
	wants(t, o.owner.get(page), 200, `name="was" value="reminder"`)
	if s := state(); !s.Given || s.Door != consent.DoorDesk {
		t.Errorf("%+v", s)
	}
	o.Clock.Move(1)
	at := state().At
	wants(t, o.owner.send(page+"/consents", "was", "reminder", "consent", "reminder"), http.StatusSeeOther)
	if state().At != at {
		t.Error("what did not change was written again")
	}
	// A page from before the yes withdraws nothing: it did not show it.
	wants(t, o.owner.send(page+"/consents"), http.StatusSeeOther)
	if !state().Given {
		t.Error("a page that had grown old withdrew a newer consent")
	}
	w := o.owner.send(page+"/consents", "was", "reminder", "consent", "advertising")
	wants(t, w, http.StatusSeeOther)
	if state().Given {
		t.Error("the withdrawal was not taken")
	}
	wants(t, o.owner.get(w.Header().Get("Location")), 200, "The consents are saved", "withdrawn 23 Nov 2026")
}

func TestNotes(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "scheduling-only")
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	page := "/app/patients/" + a.Patient.String()
	wants(t, o.owner.get(page), 200, "!New note")
	wants(t, o.owner.send(page+"/notes", "note", "prefers mornings"), http.StatusNotFound)
	desk := o.as(access.FrontDesk)
	o.notes()
	wants(t, o.owner.get(page), 200, "New note", "No notes.")
	was := o.owner.version(page)
	wants(t, o.owner.send(page+"/notes", "version", was, "note", " "), http.StatusUnprocessableEntity, "Type the note first")
	wants(t, o.owner.send(page+"/notes", "version", was, "note", "prefers mornings"), http.StatusSeeOther)
	wants(t, o.owner.send(page+"/notes", "version", was, "note", "a second hand"), http.StatusConflict, "Somebody changed this", "a second hand")
	wants(t, o.owner.send(page+"/notes", "version", o.owner.version(page), "note", "needs a lift\n## 2020-01-01T00:00:00Z Somebody Else\n<i>slow</i>"), http.StatusSeeOther)
	body := wants(t, o.owner.get(page), 200, "prefers mornings", "needs a lift", "Meera Shah")
	if n := len(regexpSay.FindAllString(body, -1)); n != 2 {
		t.Errorf("%d notes, want 2: %s", n, body)
	}
	wants(t, desk.get(page), 200, "!prefers mornings", "!New note")
	wants(t, desk.send(page+"/notes", "note", "x"), http.StatusNotFound)
	wants(t, o.as(access.Assistant).get(page), 200, "prefers mornings")
}

func TestDeleting(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-in-charge")
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	page := "/app/patients/" + a.Patient.String()
	p, err := o.people.Open(context.Background(), o.owner.who, a.Patient)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get(page), 200, page+"/delete")
	wants(t, o.owner.get(page+"/delete"), 200, "Delete this patient?", "1 coming appointment will be cancelled", "The audit log")
	wants(t, o.owner.send(page+"/delete", "version", number(p.Version)), http.StatusUnprocessableEntity, "Tick the box if you are sure")
	if _, err := o.people.Save(context.Background(), o.owner.who, a.Patient, patients.Draft{Name: "Asha R. Rao", Phone: "+919876543201", Language: "en"}, p.Version); err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.send(page+"/delete", "version", number(p.Version), "sure", "1"), http.StatusConflict, "Somebody changed this a moment ago")
	if o.deleted.Load() != 0 {
		t.Fatal("deleted without being asked")
	}
	w := o.owner.send(page+"/delete", "version", number(p.Version+1), "sure", "1")
	wants(t, w, http.StatusSeeOther)
	wants(t, o.owner.get(w.Header().Get("Location")), 200, "The patient is deleted", "Certificate one", "Nothing is held")
	wants(t, o.owner.get("/app/erasures"), 200, strings.TrimSuffix(w.Header().Get("Location"), "?done=patient_deleted"))
	if _, err := o.people.Open(context.Background(), o.owner.who, a.Patient); !fault.Is(err, fault.NotFound) {
		t.Errorf("she is there: %v", err)
	}
	if o.deleted.Load() != 1 {
		t.Error("not deleted")
	}
}
