package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

var background = context.Background()

type clinic struct {
	*practice.Practice
	t    *testing.T
	asks *intake.Service
	n    int
}

func open(t *testing.T, b *rig.Base) *clinic {
	t.Helper()
	c := &clinic{Practice: practice.Open(t, b, 1), t: t, asks: intake.New(b.DB)}
	c.modules(clinics.ModuleClinical)
	return c
}

func (c *clinic) modules(list ...string) {
	c.t.Helper()
	house := clinics.New(c.DB, c.Log, clinics.Options{})
	now, err := house.Get(background, c.As(access.Owner))
	if err == nil {
		err = house.SetModules(background, c.As(access.Owner), list, now.Version)
	}
	c.must(err)
}

func (c *clinic) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// form makes a form of the clinic and answers its id.
func (c *clinic) form(body intake.Body) id.ID {
	c.t.Helper()
	one, err := c.asks.Save(background, c.As(access.Owner), intake.Form{Body: body}, false)
	c.must(err)
	return one
}

// booked books somebody and answers the caller of her link.
func (c *clinic) booked(d patients.Draft) (access.Caller, scheduling.Appointment) {
	c.t.Helper()
	c.n++
	a := c.Booked(c.t, c.As(access.FrontDesk), scheduling.Booking{Service: c.Service, Provider: c.Providers[0], StartsAt: c.At(2, "09:00").Add(time.Duration(c.n) * 30 * time.Minute), Patient: d, Language: "en"}).Appointment
	return accounts.ForPatient(c.Clinic, a.Patient, a.ID), a
}

var consentText = intake.Body{Kind: intake.Consent, Title: "Treatment", Text: "I agree to be examined."}

var questions = intake.Body{Kind: intake.Questions, Title: "Before you come", Questions: []intake.Question{
	{Kind: intake.Text, Label: "What brings you?", Must: true}, {Kind: intake.YesNo, Label: "Do you smoke?"}, {Kind: intake.Choice, Label: "Blood group", Options: []string{"A", "B", "0"}},
	{Kind: intake.Date, Label: "Last visit"}, {Kind: intake.Number, Label: "Children"}}}

func (c *clinic) before(who access.Caller, a scheduling.Appointment) intake.Own {
	c.t.Helper()
	o, err := c.asks.Before(background, who, a.ID)
	c.must(err)
	return o
}

// TestTheTextThatWasSigned: the hash of the exact words is pinned; a changed form makes a new version; nothing that was signed changes.
func TestTheTextThatWasSigned(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "intake-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		one := c.form(consentText)
		who, a := c.booked(practice.Person(1))
		f := c.before(who, a).Forms[0]
		raw, _ := json.Marshal(f.Body)
		if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != f.Hash || f.Body.Text != consentText.Text {
			t.Fatalf("%s is not the hash of %s", f.Hash, raw)
		}
		sign := intake.Reply{Form: one, Hash: f.Hash, Sign: true, Name: "Asha Rao", Agreed: true}
		noTick, noName := sign, sign
		noTick.Agreed, noName.Name = false, " "
		practice.Refused(t, "no tick", c.asks.Reply(background, who, a.ID, noTick), fault.Invalid, "fault.invalid")
		practice.Refused(t, "no name", c.asks.Reply(background, who, a.ID, noName), fault.Invalid, "fault.invalid")
		// The clinic changes the text after she read it.
		changed := intake.Form{ID: one, Version: 1, Body: consentText}
		changed.Body.Text = "I agree to be examined, and to pay."
		_, err := c.asks.Save(background, c.As(access.Owner), changed, false)
		c.must(err)
		practice.Refused(t, "another text", c.asks.Reply(background, who, a.ID, sign), fault.Conflict, "fault.intake_changed")
		sign.Hash = c.before(who, a).Forms[0].Hash
		c.must(c.asks.Reply(background, who, a.ID, sign))
		practice.Refused(t, "twice", c.asks.Reply(background, who, a.ID, sign), fault.Conflict, "fault.intake_signed")
		// It changes again, and is put away: what was signed stays word for word.
		changed.Version, changed.Body.Text = 2, "Something else."
		_, err = c.asks.Save(background, c.As(access.Owner), changed, true)
		c.must(err)
		o := c.before(who, a)
		if len(o.Forms) != 1 || o.Open != 0 || o.Forms[0].Body.Text != "I agree to be examined, and to pay." || o.Forms[0].Name != "Asha Rao" || o.Forms[0].Signed == 0 {
			t.Errorf("%+v", o)
		}
		for _, text := range []string{`UPDATE intake_answer SET signed_name = $2 WHERE clinic_id = $1`, `UPDATE intake_answer SET signed_at = 0, hash = $2 WHERE clinic_id = $1`, `UPDATE intake_text SET body = 'x', hash = $2 WHERE clinic_id = $1`} {
			err := c.DB.Change(background, c.As(access.Owner), access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("a test goes round the room")
				_, err := tx.Exec(text, []byte("x"))
				return err
			})
			if !errors.Is(err, store.ErrFenced) {
				t.Errorf("%s: %v", text, err)
			}
		}
		// Another patient's link opens nothing of it.
		other, _ := c.booked(practice.Person(2))
		if x, err := c.asks.Before(background, other, a.ID); err != nil || len(x.Forms) > 0 {
			t.Errorf("somebody else's forms: %+v, %v", x, err)
		}
		practice.Refused(t, "somebody else signs", c.asks.Reply(background, other, a.ID, sign), fault.NotFound, "fault.not_found")
		c.must(c.DB.View(background, c.As(access.Owner), access.VisitRead, func(_ context.Context, v *store.View) error {
			got, err := intake.AnsweredFor(v, a.Patient, a.ID)
			if err == nil && (len(got) != 1 || got[0].SignedName != "Asha Rao" || got[0].Body.Text != "I agree to be examined, and to pay.") {
				t.Errorf("%+v", got)
			}
			return err
		}))
	})
}

// TestAChildsGuardianSigns: nobody signs for a child but a guardian on record, under the guardian's own name.
func TestAChildsGuardianSigns(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "intake-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		one := c.form(consentText)
		who, a := c.booked(patients.Draft{Name: "Mira Rao", BirthDate: "2020-02-03", Language: "en", Guardian: &patients.GuardianDraft{Name: "Asha Rao", Phone: "+919876543201", Relation: "mother"}})
		o := c.before(who, a)
		if !o.Minor || len(o.Guardians) != 1 {
			t.Fatalf("%+v", o)
		}
		sign := intake.Reply{Form: one, Hash: o.Forms[0].Hash, Sign: true, Name: "mira rao", Agreed: true}
		practice.Refused(t, "the child", c.asks.Reply(background, who, a.ID, sign), fault.Invalid, "fault.invalid")
		sign.Name, sign.Guardian = "Asha Rao", id.New(time.Unix(9, 0))
		practice.Refused(t, "a stranger", c.asks.Reply(background, who, a.ID, sign), fault.Invalid, "fault.invalid")
		sign.Guardian = o.Guardians[0].ID
		c.must(c.asks.Reply(background, who, a.ID, sign))
		c.must(c.DB.View(background, c.As(access.Owner), access.VisitRead, func(_ context.Context, v *store.View) error {
			got, err := intake.AnsweredFor(v, a.Patient, a.ID)
			if err == nil && (len(got) != 1 || !got[0].ByGuardian) {
				t.Errorf("%+v", got)
			}
			return err
		}))
	})
}

// TestWhoCameOfAgeSignsHerself: from her birthday on she signs under her own name, though she was a child when her record was saved; no guardian is asked for.
func TestWhoCameOfAgeSignsHerself(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "intake-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		one := c.form(consentText)
		birth := c.At(1, "00:00").In(c.Zone).AddDate(-18, 0, 0).Format(time.DateOnly)
		who, a := c.booked(patients.Draft{Name: "Mira Rao", BirthDate: birth, Language: "en", Guardian: &patients.GuardianDraft{Name: "Asha Rao", Phone: "+919876543201", Relation: "mother"}})
		if o := c.before(who, a); !o.Minor || len(o.Guardians) != 1 {
			t.Fatalf("on the day before her birthday: %+v", o)
		}
		c.Clock.Move(24 * time.Hour)
		o := c.before(who, a)
		if o.Minor || len(o.Guardians) != 0 {
			t.Errorf("on her birthday: %+v", o)
		}
		if err := c.asks.Reply(background, who, a.ID, intake.Reply{Form: one, Hash: o.Forms[0].Hash, Sign: true, Name: "Mira Rao", Agreed: true}); err != nil {
			t.Fatalf("she signs: %v", err)
		}
		c.must(c.DB.View(background, c.As(access.Owner), access.VisitRead, func(_ context.Context, v *store.View) error {
			got, err := intake.AnsweredFor(v, a.Patient, a.ID)
			if err == nil && (len(got) != 1 || got[0].ByGuardian || got[0].SignedName != "Mira Rao") {
				t.Errorf("%+v", got)
			}
			return err
		}))
	})
}

// TestDraftsGo: answers are kept while they are written, carried into a new version, hidden from the clinic, and deleted when they are never signed.
func TestDraftsGo(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "intake-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		one := c.form(questions)
		who, a := c.booked(practice.Person(1))
		hash := c.before(who, a).Forms[0].Hash
		reply := intake.Reply{Form: one, Hash: hash, Answers: intake.Answers{"q2": "yes", "q3": "A", "q4": "2026-01-02", "q5": "2,5", "unknown": "x"}}
		c.must(c.asks.Reply(background, who, a.ID, reply))
		o := c.before(who, a)
		if got := o.Forms[0].Answers; len(got) != 4 || got["q3"] != "A" || o.Open != 1 {
			t.Errorf("%v", got)
		}
		for field, wrong := range map[string]string{"q2": "perhaps", "q3": "C", "q4": "soon", "q5": "many"} {
			bad := intake.Reply{Form: one, Hash: hash, Answers: intake.Answers{field: wrong}}
			practice.Refused(t, field, c.asks.Reply(background, who, a.ID, bad), fault.Invalid, "fault.invalid")
		}
		sign := reply
		sign.Sign, sign.Name, sign.Agreed = true, "Asha Rao", true
		practice.Refused(t, "what has to be answered", c.asks.Reply(background, who, a.ID, sign), fault.Invalid, "fault.invalid")
		for _, row := range c.Rows(t, `SELECT answers FROM intake_answer WHERE clinic_id = $1`) {
			if len(row[0]) == 0 || row[0][0] == '{' {
				t.Error("answers stand open")
			}
		}
		c.must(c.DB.View(background, c.As(access.Owner), access.VisitRead, func(_ context.Context, v *store.View) error {
			got, err := intake.AnsweredFor(v, a.Patient, a.ID)
			if len(got) > 0 {
				t.Error("the clinic reads what was not signed")
			}
			return err
		}))
		f := intake.Form{ID: one, Version: 1, Body: o.Forms[0].Body}
		f.Body.Questions[0].Label = "What brings you to us?"
		_, err := c.asks.Save(background, c.As(access.Owner), f, false)
		c.must(err)
		if o = c.before(who, a); !o.Forms[0].Changed || o.Forms[0].Answers["q3"] != "A" {
			t.Errorf("the answers do not follow into the new version: %+v", o.Forms[0])
		}
		due := func() (n int) {
			t.Helper()
			c.must(c.DB.Change(background, c.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) (err error) {
				n, err = intake.Keeper{}.Due(tx)
				return err
			}))
			return n
		}
		c.Clock.Move(29 * 24 * time.Hour)
		if n := due(); n != 0 {
			t.Errorf("%d drafts went too early", n)
		}
		c.Clock.Move(2 * 24 * time.Hour)
		if n := due(); n != 1 {
			t.Errorf("%d drafts went after 31 days", n)
		}
	})
}

// TestNothingIsAskedWhereTheModuleIsOff: no verb of this room finds anything, and a patient's page asks nothing.
func TestNothingIsAskedWhereTheModuleIsOff(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "scheduling-only")
	c := open(t, rig.New(t, store.SQLite, store.Options{}))
	one := c.form(questions)
	who, a := c.booked(practice.Person(1))
	hash := c.before(who, a).Forms[0].Hash
	c.modules()
	if o := c.before(who, a); len(o.Forms) > 0 {
		t.Errorf("%+v", o)
	}
	_, err := c.asks.Forms(background, c.As(access.Owner))
	practice.Refused(t, "forms", err, fault.NotFound, "fault.not_found")
	_, err = c.asks.Save(background, c.As(access.Owner), intake.Form{Body: consentText}, false)
	practice.Refused(t, "a new form", err, fault.NotFound, "fault.not_found")
	practice.Refused(t, "an answer", c.asks.Reply(background, who, a.ID, intake.Reply{Form: one, Hash: hash}), fault.NotFound, "fault.not_found")
}

// TestWrongForms: each for its own reason, under its field.
func TestWrongForms(t *testing.T) {
	t.Parallel()
	c := open(t, rig.New(t, store.SQLite, store.Options{}))
	for name, b := range map[string]intake.Body{
		"no title": {Kind: intake.Consent, Text: "x"}, "no text": {Kind: intake.Consent, Title: "x"}, "no question": {Kind: intake.Questions, Title: "x"}, "no kind": {Title: "x", Text: "x"},
		"one choice":    {Kind: intake.Questions, Title: "x", Questions: []intake.Question{{Kind: intake.Choice, Label: "x", Options: []string{"a", "a"}}}},
		"unknown":       {Kind: intake.Questions, Title: "x", Questions: []intake.Question{{Kind: "drawing", Label: "x"}}},
		"strange signs": {Kind: intake.Consent, Title: "x", Text: "x\x00y"},
	} {
		_, err := c.asks.Save(background, c.As(access.Owner), intake.Form{Body: b}, false)
		practice.Refused(t, name, err, fault.Invalid, "fault.invalid")
	}
	one := c.form(questions)
	_, err := c.asks.Save(background, c.As(access.Owner), intake.Form{ID: one, Version: 7, Body: questions}, false)
	practice.Refused(t, "an old version", err, fault.Conflict, "fault.changed_meanwhile")
	_, err = c.asks.Save(background, c.As(access.FrontDesk), intake.Form{Body: questions}, false)
	practice.Refused(t, "the desk", err, fault.Forbidden, "fault.forbidden")
}
