package policies

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

var ctx = context.Background()

const day = 24 * time.Hour

// desk is a clinic in Europe with its first version on record, and nobody in it yet.
type desk struct {
	*rig.Base
	t *testing.T
	s *Service
}

func open(t *testing.T, b *rig.Base) *desk {
	t.Helper()
	d := &desk{b, t, New(b.DB)}
	d.change(func(tx *store.Tx) error {
		if err := tx.Must(`UPDATE clinic SET jurisdiction = 'EU', region = 'EU' WHERE clinic_id = $1`); err != nil {
			return err
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		now := Standard(c)
		now.Recipients, now.Content = []string{"smtp"}, 180
		_, err = Adopt(tx, now)
		return err
	})
	return d
}

func (d *desk) change(fn func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.try(fn); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) try(fn func(tx *store.Tx) error) error {
	return d.DB.Change(ctx, d.As(access.Owner), access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "test", Kind: "policy", Subject: tx.Clinic()})
		return fn(tx)
	})
}

func (d *desk) patient(name string) id.ID {
	d.t.Helper()
	p, _, err := patients.New(d.DB, d.Log).Add(ctx, d.As(access.FrontDesk), patients.Draft{Name: name, Email: strings.ReplaceAll(name, " ", "") + "@example.org", BirthDate: "1980-02-03"}, true)
	if err != nil {
		d.t.Fatal(err)
	}
	return p.ID
}

func (d *desk) view(fn func(v *store.View) error) {
	d.t.Helper()
	if err := d.DB.View(ctx, d.As(access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error { return fn(v) }); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) terms(p id.ID) (out Terms) {
	d.t.Helper()
	d.view(func(v *store.View) (err error) { out, _, err = For(v, p); return err })
	return out
}

func (d *desk) life(p id.ID, k law.Class) (out string) {
	d.t.Helper()
	d.view(func(v *store.View) error { s, err := LifeFor(v, p, k); out = SpanText(s); return err })
	return out
}

func (d *desk) answer(p id.ID, n int64, yes bool) {
	d.t.Helper()
	if err := d.s.Answer(ctx, d.As(access.FrontDesk), p, n, yes); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) keep(k law.Class, text string) Outcome {
	d.t.Helper()
	out, err := d.s.Save(ctx, d.As(access.Owner), Wish{Keep: map[law.Class]string{k: text}})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// TestOldTermsGoOnForWhoDidNotAgree: keeping opinions for a year instead of 180 days is announced; it holds from its day for whoever agreed or came after
// it, and never for who did not answer, said no, or took her yes back.
func TestOldTermsGoOnForWhoDidNotAgree(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-agreed-first", "policy-notice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		d := open(t, b)
		d.keep(law.Opinions, "P180D") // stricter, and nobody is there: at once
		b.Clock.Move(day)
		silent, willing, unwilling, wavering := d.patient("Asha Rao"), d.patient("Mira Rao"), d.patient("Ravi Rao"), d.patient("Tara Rao")
		b.Clock.Move(day)
		dry, err := d.s.Try(ctx, d.As(access.Owner), Wish{Keep: map[law.Class]string{law.Opinions: "P365D"}})
		if err != nil || dry.At == 0 || len(dry.Changes) != 1 || dry.Changes[0].Way != Weaker {
			t.Fatalf("what it would mean: %+v %v", dry, err)
		}
		out := d.keep(law.Opinions, "P365D")
		if wait := out.At.Sub(clockNow(b)); wait < 30*day || out.At != dry.At {
			t.Errorf("it takes effect after %v, and at %v instead of %v", wait, out.At, dry.At)
		}
		st, err := d.s.Standing(ctx, d.As(access.Owner))
		w, waits := st.Waits()
		if err != nil || !waits || w.N != 3 || st.Touched != 4 || st.Agreed != 0 {
			t.Fatalf("%+v %v", st, err)
		}
		d.answer(willing, 3, true)
		d.answer(unwilling, 3, false)
		d.answer(wavering, 3, true)
		for _, p := range []id.ID{silent, willing, unwilling, wavering} {
			if got := d.life(p, law.Opinions); got != "P180D" {
				t.Errorf("before its day it lives %s", got)
			}
		}
		b.Clock.Move(30*day - time.Second)
		early := d.patient("Early Bird")
		b.Clock.Move(time.Second)
		late := d.patient("Late Comer")
		for p, want := range map[id.ID]string{silent: "P180D", willing: "P365D", unwilling: "P180D", wavering: "P365D", early: "P180D", late: "P365D"} {
			if got := d.life(p, law.Opinions); got != want {
				t.Errorf("on its day it lives %s instead of %s", got, want)
			}
		}
		d.answer(wavering, 3, false)
		if got := d.life(wavering, law.Opinions); got != "P180D" {
			t.Errorf("taken back, and it lives %s", got)
		}
		b.Clock.Move(700 * day) // silence is no yes, however long
		for _, p := range []id.ID{silent, unwilling, early} {
			if got := d.life(p, law.Opinions); got != "P180D" {
				t.Errorf("after two years it lives %s", got)
			}
			if q, err := d.s.Question(ctx, d.As(access.FrontDesk), p); err != nil || !q.Asked || q.Yes {
				t.Errorf("%+v %v", q, err)
			}
		}
		if q, err := d.s.Question(ctx, d.As(access.FrontDesk), late); err != nil || q.Asked {
			t.Errorf("who came after it is asked: %+v %v", q, err)
		}
		link := access.Mint(b.Clinic, id.Zero, silent, id.New(b.Clock.Now()), access.Patient, access.Own)
		if err := d.s.Answer(ctx, link, willing, 3, true); !fault.Is(err, fault.NotFound) {
			t.Errorf("another patient answered: %v", err)
		}
		if err := d.s.Answer(ctx, link, silent, 2, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("an older version was answered: %v", err)
		}
		if err := d.s.Answer(ctx, link, silent, 3, true); err != nil || d.life(silent, law.Opinions) != "P365D" {
			t.Errorf("the answer by her link: %v", err)
		}
		d.change(func(tx *store.Tx) error { return Keeper{}.Erase(tx, willing) })
		d.view(func(v *store.View) error {
			got, err := Keeper{}.Collect(v, silent)
			if len(got["policy_answer"]) != 1 {
				t.Errorf("%v", got)
			}
			return err
		})
	})
}

func clockNow(b *rig.Base) clock.Instant { return clock.At(b.Clock.Now()) }

// TestWhatIsStricterPassesAtOnce: and takes the announced version with it, without a new wait for what was announced already.
func TestWhatIsStricterPassesAtOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-weakening", "policy-notice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		d := open(t, b)
		p := d.patient("Asha Rao")
		b.Clock.Move(day)
		first := d.keep(law.BookingLog, "P24M")
		b.Clock.Move(10 * day)
		if err := d.s.Answer(ctx, d.As(access.FrontDesk), p, 2, true); err != nil {
			t.Fatal(err)
		}
		d.change(func(tx *store.Tx) error { _, err := Move(tx, func(t *Terms) { t.Content = 0 }); return err })
		if got := d.terms(p); got.Content != 0 || got.Keep[law.BookingLog] != "P12M" {
			t.Errorf("%+v", got)
		}
		st, _ := d.s.Standing(ctx, d.As(access.Owner))
		w, waits := st.Waits()
		if !waits || w.EffectiveAt != first.At || w.Gate != GateAnnounced || w.Terms.Content != 0 || w.Terms.Keep[law.BookingLog] != "P24M" || len(st.Versions) != 4 {
			t.Fatalf("%+v", st.Versions)
		}
		// Another weakening begins its thirty days anew.
		b.Clock.Move(day)
		d.change(func(tx *store.Tx) error { _, err := Move(tx, func(t *Terms) { t.Content = 30 }); return err })
		st, _ = d.s.Standing(ctx, d.As(access.Owner))
		if w, _ = st.Waits(); w.EffectiveAt.Sub(st.Now) != 30*day || w.Terms.Content != 30 {
			t.Errorf("%+v", w)
		}
		b.Clock.Move(31 * day)
		if got := d.terms(p); got.Content != 0 || got.Keep[law.BookingLog] != "P12M" {
			t.Errorf("she agreed to one of two, and is under %+v", got)
		}
		// To go back to what one has is no weakening, and takes nothing from anybody.
		d.keep(law.BookingLog, "P12M")
		st, _ = d.s.Standing(ctx, d.As(access.Owner))
		if _, waits := st.Waits(); waits {
			t.Error("what was taken back still waits")
		}
		d.keep(law.BookingLog, "P18M")
		d.keep(law.BookingLog, "P12M")
		st, _ = d.s.Standing(ctx, d.As(access.Owner))
		if x, ok := st.Holds(); !ok || x.Terms.Keep[law.BookingLog] != "P12M" {
			t.Errorf("%+v", x)
		}
		if _, waits := st.Waits(); waits {
			t.Error("an announcement that was taken back still waits")
		}
		for field, w := range map[string]Wish{"keep_invoice": {Keep: map[law.Class]string{law.Invoices: "P1Y"}}, "remainder": {Remainder: 9}, "keep_nothing": {Keep: map[law.Class]string{"nothing": "P1Y"}}} {
			if _, err := d.s.Save(ctx, d.As(access.Owner), w); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := d.s.Save(ctx, d.As(access.Manager), Wish{}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager changed the terms: %v", err)
		}
		for what, apply := range map[string]func(*Terms){"a region": func(t *Terms) { t.Regions = []string{"US"} }, "a right": func(t *Terms) { t.Rights = t.Rights[1:] }} {
			if err := d.try(func(tx *store.Tx) error { _, err := Move(tx, apply); return err }); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// TestVersionsStayForEver: each has the address of what it says, the log holds it, and neither the program nor somebody past it changes or removes one, or
// lets a weaker one in before its time.
func TestVersionsStayForEver(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-archive", "policy-notice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		d := open(t, b)
		d.patient("Asha Rao")
		b.Clock.Move(day)
		d.keep(law.Opinions, "P90D")
		b.Clock.Move(day)
		d.keep(law.Opinions, "P180D")
		anyone := b.As(access.Public)
		list, err := d.s.Published(ctx, anyone)
		if err != nil || len(list) != 3 {
			t.Fatalf("%d versions, %v", len(list), err)
		}
		d.view(func(v *store.View) error {
			n, wrong, err := Genuine(v)
			if n != 3 || wrong != 0 {
				t.Errorf("%d versions, and %d is not genuine", n, wrong)
			}
			return err
		})
		x, err := d.s.Compared(ctx, anyone, 3)
		if err != nil || !x.Genuine || len(x.Changes) != 1 || x.Changes[0] != (Change{"keep", string(law.Opinions), "P90D", "P180D", Weaker}) || !strings.Contains(x.Text, "policy-archive") {
			t.Errorf("%+v %v", x.Changes, err)
		}
		if terms := list[0].Terms; Digest(terms, x.Text) == Digest(terms, "{}") {
			t.Error("the fingerprint does not know the sentences")
		}
		if _, err := d.s.Compared(ctx, anyone, 4); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		var logged int
		d.view(func(v *store.View) error {
			return v.Row(`SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'publish' AND kind = 'policy'`).Scan(&logged)
		})
		if logged != 3 {
			t.Errorf("%d versions in the log", logged)
		}
		columns := `(clinic_id, n, id, digest, text_digest, terms, gate, made_at, noticed_at, effective_at)`
		for what, text := range map[string]string{
			"a version was changed": `UPDATE policy_version SET terms = '{}' WHERE clinic_id = $1`, "a version was removed": `DELETE FROM policy_version WHERE clinic_id = $1 AND n = 3`,
			"a text was changed": `UPDATE policy_text SET text = '{}' WHERE clinic_id = $1`, "a text was removed": `DELETE FROM policy_text WHERE clinic_id = $1`,
			"it came before its day":    fmt.Sprintf(`INSERT INTO policy_version %s SELECT clinic_id, 9, $2, digest, text_digest, terms, 'announced', made_at, noticed_at, noticed_at + 2591999999999 FROM policy_version WHERE clinic_id = $1 AND n = 1`, columns),
			"nobody was asked":          fmt.Sprintf(`INSERT INTO policy_version %s SELECT clinic_id, 9, $2, digest, text_digest, terms, 'nobody', made_at, noticed_at, effective_at FROM policy_version WHERE clinic_id = $1 AND n = 1`, columns),
			"it was dated back":         fmt.Sprintf(`INSERT INTO policy_version %s SELECT clinic_id, 9, $2, digest, text_digest, terms, 'stricter', made_at, made_at + 1, effective_at FROM policy_version WHERE clinic_id = $1 AND n = 1`, columns),
			"it is of no gate whatever": fmt.Sprintf(`INSERT INTO policy_version %s SELECT clinic_id, 9, $2, digest, text_digest, terms, 'other', made_at, noticed_at, effective_at FROM policy_version WHERE clinic_id = $1 AND n = 1`, columns),
		} {
			err := d.try(func(tx *store.Tx) error {
				if strings.Contains(text, "$2") {
					_, err := tx.Exec(text, tx.NewID())
					return err
				}
				_, err := tx.Exec(text)
				return err
			})
			if err == nil {
				t.Errorf("the database did it: %s", what)
			}
		}
	})
}

// TestBeforeTheFirstPatient: there is nobody to ask, and nothing waits; nothing that was before counts for whoever comes then.
func TestBeforeTheFirstPatient(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-strictest")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		d := open(t, b)
		d.change(func(tx *store.Tx) error { _, err := Move(tx, func(t *Terms) { t.Content = Full }); return err })
		p := d.patient("Asha Rao")
		if got := d.terms(p).Content; got != Full {
			t.Errorf("content %d", got)
		}
		// What the clinic chose nothing of is as strict as the law lets it, in every place.
		for _, place := range law.Places() {
			c := clinics.Clinic{Jurisdiction: place, Region: "EU"}
			x := Standard(c)
			if x.Content != 0 || x.Remainder != 0 || len(x.Analytics)+len(x.Recipients)+len(x.Modules) != 0 {
				t.Errorf("%s: %+v", place, x)
			}
			for _, k := range law.Classes() {
				l := law.LifeOf(place, k)
				if !Allowed(place, k, x.Keep[k]) || !l.Usual.IsZero() && x.Keep[k] != SpanText(l.Usual) {
					t.Errorf("%s keeps %s for %q", place, k, x.Keep[k])
				}
			}
		}
		// Another law: what it asks for is kept, whatever was agreed.
		d.change(func(tx *store.Tx) error {
			if err := tx.Must(`UPDATE clinic SET jurisdiction = 'IN' WHERE clinic_id = $1`); err != nil {
				return err
			}
			c, err := clinics.Get(&tx.View)
			if err == nil {
				c.Region = "EU"
				_, err = Reground(tx, c)
			}
			return err
		})
		if got := d.life(p, law.Events); got != "P1Y" {
			t.Errorf("the law wants a year, and it lives %s", got)
		}
		if got := d.life(p, law.Invoices); got != "P8Y" {
			t.Errorf("%s", got)
		}
		// A new outside party in the configuration is announced at the next start, and the old ones go on.
		d.view(func(v *store.View) error {
			now := d.terms(p)
			now.Recipients = []string{"smtp", "ses"}
			stands, err := Stands(v, now)
			if stands {
				t.Error("a new party, and all stands")
			}
			return err
		})
		d.change(func(tx *store.Tx) error {
			now := d.termsIn(tx)
			now.Recipients = []string{"smtp", "ses"}
			_, err := Adopt(tx, now)
			return err
		})
		if got := d.terms(p).Recipients; !slices.Equal(got, []string{"smtp"}) {
			t.Errorf("%v", got)
		}
		b.Clock.Move(31 * day)
		if got := d.terms(p).Recipients; !slices.Equal(got, []string{"smtp"}) {
			t.Errorf("%v", got)
		}
	})
}

func (d *desk) termsIn(tx *store.Tx) Terms {
	list, err := versions(&tx.View)
	if err != nil {
		d.t.Fatal(err)
	}
	return list[len(list)-1].Terms.clean()
}

// TestTheNewestAnswerDecides: a yes can be taken back after later versions came; a no to the later number of an announcement ends the yes to the earlier one, a no to
// something else does not; and what she kept silent about does not come in with a later version that is stricter.
func TestTheNewestAnswerDecides(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-agreed-first")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		d := open(t, b)
		unagreed := func(want int) {
			t.Helper()
			d.view(func(v *store.View) error {
				n, looked, err := Unagreed(v)
				if n != want || looked == 0 {
					t.Errorf("%d of %d patients are under terms that they did not agree to, not %d", n, looked, want)
				}
				return err
			})
		}
		content := func(days int) {
			t.Helper()
			d.change(func(tx *store.Tx) error { _, err := Move(tx, func(t *Terms) { t.Content = days }); return err })
		}
		asked := func(p id.ID) Question {
			t.Helper()
			q, err := d.s.Question(ctx, d.As(access.FrontDesk), p)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		d.keep(law.Opinions, "P180D") // stricter, and nobody is there: version 2, at once
		b.Clock.Move(day)
		willing, wavering := d.patient("Mira Rao"), d.patient("Tara Rao")
		b.Clock.Move(day)
		d.keep(law.BookingLog, "P24M") // version 3
		d.answer(willing, 3, true)
		d.answer(wavering, 3, true)
		b.Clock.Move(day)
		content(100) // stricter: it takes the announcement along, as version 5
		if q := asked(wavering); q.Version.N != 5 || !q.Said || !q.Yes {
			t.Errorf("she said yes to all of it, and the page says %+v", q)
		}
		d.answer(wavering, 5, false)
		b.Clock.Move(30 * day)
		if got := d.life(willing, law.BookingLog); got != "P24M" {
			t.Errorf("who agreed is under %s", got)
		}
		if got := d.life(wavering, law.BookingLog); got != "P12M" {
			t.Errorf("a no in writing is overruled by an older yes: %s", got)
		}
		unagreed(0)
		// Something else is announced, to which she says no; the yes stands. Then something is made stricter.
		d.keep(law.Opinions, "P365D")
		d.answer(willing, 6, false)
		b.Clock.Move(31 * day)
		if got := d.terms(willing); got.Keep[law.BookingLog] != "P24M" || got.Keep[law.Opinions] != "P180D" {
			t.Errorf("%v", got.Keep)
		}
		content(50)
		if got := d.terms(willing); got.Keep[law.BookingLog] != "P24M" || got.Keep[law.Opinions] != "P180D" || got.Content != 50 {
			t.Errorf("what she said no to came in with something stricter: %v", got)
		}
		unagreed(0)
		q := asked(willing)
		if q.Rests.N != 5 || q.RestsSince == 0 {
			t.Fatalf("her terms rest on version %d, not on 5", q.Rests.N)
		}
		if err := d.s.Answer(ctx, d.As(access.FrontDesk), willing, 6, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("a version on which nothing rests was answered: %v", err)
		}
		d.answer(willing, 5, false)
		if got := d.life(willing, law.BookingLog); got != "P12M" {
			t.Errorf("taken back after later versions, and it lives %s", got)
		}
		if q := asked(willing); q.Rests.N != 0 || !q.Asked || q.Said {
			t.Errorf("%+v", q)
		}
		unagreed(0)
		d.answer(willing, asked(willing).Version.N, true)
		if got := d.life(willing, law.BookingLog); got != "P24M" {
			t.Errorf("agreed to the newest, and it lives %s", got)
		}
		unagreed(0)
		// The live look: an answer that somebody wrote past the program is seen when the terms do not follow it.
		d.view(func(v *store.View) error {
			g, err := Over(v, willing)
			if err != nil {
				return err
			}
			g.answers[willing] = nil
			if !g.unagreed(willing, d.terms(willing)) {
				t.Error("terms without an answer are not seen")
			}
			return nil
		})
	})
}

// TestTheAgeOfConsentStaysAsAgreed: the clinic comes under a law by which people decide for themselves earlier. Who is here stays a child by the terms under which she came until she
// agrees to the new ones; a law with a higher age holds for everybody at once.
func TestTheAgeOfConsentStaysAsAgreed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-agreed-first")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		d := open(t, b)
		under := func(law string) {
			d.change(func(tx *store.Tx) error {
				if err := tx.Must(`UPDATE clinic SET jurisdiction = $2 WHERE clinic_id = $1`, law); err != nil {
					return err
				}
				c, err := clinics.Get(&tx.View)
				if err == nil {
					_, err = Reground(tx, c)
				}
				return err
			})
		}
		enter := func(name string) id.ID {
			p, _, err := patients.New(d.DB, d.Log).Add(ctx, d.As(access.FrontDesk), patients.Draft{Name: name, BirthDate: clockNow(b).Time().AddDate(-17, 0, -5).Format(time.DateOnly),
				Guardian: &patients.GuardianDraft{Name: "Asha Rao", Email: "mother@example.org", Relation: "mother"}}, true)
			if err != nil {
				t.Fatal(err)
			}
			return p.ID
		}
		child := func(when string, p id.ID, want bool) {
			t.Helper()
			d.view(func(v *store.View) error {
				c, err := clinics.Get(v)
				if err != nil {
					return err
				}
				got, err := patients.IsMinor(v, p, c)
				if err != nil || got != want {
					t.Errorf("%s: a child %v, want %v: %v", when, got, want, err)
				}
				return nil
			})
		}
		under("IN")
		b.Clock.Move(day)
		silent, willing := enter("Mira Rao"), enter("Tara Rao")
		child("where childhood ends at eighteen", silent, true)
		b.Clock.Move(day)
		under("EU")
		child("after the law was changed", silent, true)
		b.Clock.Move(31 * day)
		later := enter("Ravi Rao")
		child("who came under the new law", later, false)
		var q Question
		d.view(func(v *store.View) (err error) { q, err = question(v, willing); return err })
		d.answer(willing, q.Version.N, true)
		child("who agreed", willing, false)
		child("who did not", silent, true)
		// The desk that saves her keeps the mark; and her guardian still speaks for her.
		d.view(func(v *store.View) error {
			r, err := patients.Reaches(v, silent)
			if err != nil || r[silent].Email != "mother@example.org" {
				t.Errorf("%+v, %v", r, err)
			}
			return nil
		})
		d.answer(willing, q.Version.N, false)
		child("who took it back", willing, true)
		under("IN")
		child("a law with a higher age", later, true)
	})
}
