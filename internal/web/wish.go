package web

import (
	"net/http"
	"slices"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// By which channel a patient wishes to be written to, on her page at the clinic and on her own.

// wishOf is the choice as a form shows it. Where the clinic writes by one channel only there is nothing to choose, unless a
// wish from other times stands.
func (s *Site) wishOf(v *Visit, patient id.ID) (WishForm, error) {
	now, err := s.Messages.Wish(v.Context(), v.Who, patient)
	if err != nil {
		return WishForm{}, err
	}
	f := WishForm{Wish: string(now)}
	can := s.Messages.Channels()
	if now != "" && !slices.Contains(can, now) {
		can = append(can, now)
	}
	if len(can) < 2 && now == "" {
		return f, nil
	}
	f.Choices = []Option{{Label: v.Tongue.Say("wish.any"), On: now == ""}}
	for _, c := range can {
		f.Choices = append(f.Choices, Option{Value: string(c), Label: v.Tongue.Say("channel." + string(c)), On: c == now})
	}
	return f, nil
}

func patientWish(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	if _, err := s.Patients.Open(v.Context(), v.Who, one); err != nil { // a patient of the clinic's own
		return err
	}
	err = s.Messages.SetWish(v.Context(), v.Who, one, messaging.Channel(v.PostForm.Get("channel")))
	if err != nil {
		return s.refusedPatient(w, v, one, "", NewPatientForm{}, err)
	}
	http.Redirect(w, v.Request, "/app/patients/"+one.String()+"?done=patient_channel#channel", http.StatusSeeOther)
	return nil
}

func ownWish(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	err := s.Messages.SetWish(v.Context(), v.Who, v.Who.Patient(), messaging.Channel(v.PostForm.Get("channel")))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return s.ownPage(w, v, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/m/"+v.PathValue("token")+"?saved=1", http.StatusSeeOther)
	return nil
}

// mostSaid is how many days of her conversation the patient's page shows; the rest stands in the inbox.
const mostSaid = 5

// saidWith puts the patient's conversation on her page, and by which channel she wishes to be written to. Messages that stand in it are not listed a second time.
func (s *Site) saidWith(v *Visit, page *PatientPage, one id.ID) error {
	if !v.Who.May(access.InboxRead) {
		return nil
	}
	t, err := s.Messages.ThreadOf(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	if page.Wish, err = s.wishOf(v, one); err != nil {
		return err
	}
	if !t.ID.IsZero() {
		page.ThreadID = t.ID.String()
	}
	page.Said, _ = talkDays(v, t.Lines, names, s.Clock.Now().In(v.Clinic.Location()))
	linkFiles(page.Said, page.ThreadID)
	page.SaidMore = len(page.Said) > mostSaid
	page.Said = page.Said[max(0, len(page.Said)-mostSaid):]
	page.Unread = t.Unread
	for _, x := range t.Lines {
		if !x.Message.IsZero() {
			page.Messages = slices.DeleteFunc(page.Messages, func(m MessageLine) bool { return m.ID == x.Message.String() })
		}
	}
	return nil
}
