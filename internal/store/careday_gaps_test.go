package store_test

import (
	"context"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/privacy"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// visitsBrought is the part of the day at which a list of appointments of "Listed Patient" is looked over, brought in and taken back; and one that is none.
func visitsBrought(ctx context.Context, t *testing.T, p *practice.Practice, s *archives.Service, must func(error)) {
	t.Helper()
	owner, work := p.As(access.Owner), p.As(access.System)
	line := func(days int, hhmm, status string) string {
		return "Listed Patient,+919845077001,Dr. Meera Iyer A,Check-up," + p.At(days, hhmm).In(p.Zone).Format("2006-01-02 15:04") + "," + status + "\n"
	}
	list, err := s.BringVisits(ctx, owner, strings.NewReader("Name,Phone,Doctor,Service,Start,Status\n"+line(-3, "10:00", "done")+line(40, "10:00", "")+line(40, "10:15", "")+line(40, "22:00", "")+line(41, "10:00", "soon")))
	must(err)
	for _, step := range []func(l archives.Looked) error{
		func(l archives.Looked) error {
			return s.Look(ctx, owner, list, l.Columns, l.Order, true, l.List.Version)
		},
		func(l archives.Looked) error { return s.Take(ctx, owner, list, l.List.Version) },
		func(l archives.Looked) error {
			if l.Made != 3 {
				t.Errorf("%d appointments: %v", l.Made, l.Counts)
			}
			return s.EachLeft(ctx, owner, list, func(archives.List, []string, archives.Line) {})
		},
		func(l archives.Looked) error { return s.TakeBack(ctx, owner, list, l.List.Version) },
	} {
		l, err := s.List(ctx, owner, list)
		must(err)
		must(step(l))
		must(s.Work(ctx, work))
	}
	if _, err := s.BringVisits(ctx, owner, strings.NewReader("Name\nx\n"+strings.Repeat("y", 5000)+"\n")); !fault.Is(err, fault.Invalid) {
		t.Errorf("no list: %v", err)
	}
}

// heldByPlatform is the part of the day at which what is held outlives its clinic.
func heldByPlatform(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, s *privacy.Service, must func(error)) {
	t.Helper()
	c, err := house.Get(ctx, p.As(access.Owner))
	must(err)
	must(s.KeepAtClosing(ctx, p.As(access.System), c, "Ravi Rao"))
	must(s.KeptAtClosing(ctx, p.Clinic))
	list, err := s.Custodies(ctx, accounts.Operator())
	must(err)
	if len(list) != 1 || len(list[0].Holds) == 0 {
		t.Fatalf("in custody: %+v", list)
	}
	_, err = s.OpenCustody(ctx, accounts.Operator(), p.Clinic, list[0].Holds[0].ID, "A patient asked")
	must(err)
	_, err = s.Closed(ctx, p.Clinic)
	must(err)
}

// copies are what two carriers keep of anybody: one that is asked, one that is written to.
func copies(*store.View, id.ID) ([]messaging.Copy, error) {
	one := messaging.Copy{Account: id.ID{1}, Carrier: "texter", ID: "SM1", Asks: true}
	return []messaging.Copy{one, one, one, {Carrier: "mailer", ID: "<1@example.org>"}}, nil
}

// answers are what a carrier says, one after the other.
type answers struct{ n int }

func (a *answers) next(context.Context, access.Caller, id.ID, string, bool) (messaging.Forgotten, error) {
	a.n++
	return messaging.Forgotten{Outcome: []messaging.Outcome{messaging.Later, messaging.Accepted, messaging.Refused, messaging.ByLetter}[a.n%4], Asked: true}, nil
}

// keptOutside is the part of the day at which it is looked what a provider keeps of a patient, and one thing is asked for.
func keptOutside(ctx context.Context, p *practice.Practice, letters *messaging.Service, account, patient id.ID, must func(error)) {
	must(p.DB.View(ctx, p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
		_, err := letters.CopiesOf(v, patient)
		return err
	}))
	_, err := letters.ForgetCopy(ctx, p.As(access.System), account, "SM1", false)
	must(err)
}
