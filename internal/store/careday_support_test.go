package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/rig/factor"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/support"
	"almirah/internal/words"
)

// supported is the part of the day at support: somebody asks, is let in, looks and is sent away; another is refused, and one breaks in.
func supported(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, patient id.ID, must func(error)) {
	t.Helper()
	book, err := words.Load()
	must(err)
	people := accounts.New(p.DB, p.Log, accounts.Options{Clinics: house, Book: book, PublicURL: "https://almirah.test", Terms: "1"})
	s := support.New(p.DB, p.Log, support.Options{Accounts: people, Clinics: house})
	const password = "blue mango 47 tabla"
	link, err := people.AddHelper(ctx, accounts.Operator(), "Omar Haddad", "omar@example.org", "en", access.Operator)
	must(err)
	_, token, _ := strings.Cut(link, "token=")
	must(people.ResetPassword(ctx, token, password))
	begun, err := people.SignIn(ctx, "omar@example.org", password, accounts.Device{}, "")
	must(err)
	phone := &factor.Phone{DB: p.DB, Accounts: people, Clock: p.Clock}
	in, err := people.Session(ctx, phone.Finish(t, "omar@example.org", begun).Cookie)
	must(err)
	owner := p.As(access.Owner)
	ask := func(w support.Wish) id.ID {
		w.Reason = "A ticket of the clinic"
		one, err := s.Ask(ctx, in, p.Clinic, w)
		must(err)
		return one
	}
	calendar := support.Wish{Scopes: access.SeeCalendar | access.SeePatient, Minutes: 30}
	must(s.Refuse(ctx, owner, ask(calendar)))
	back := ask(calendar)
	must(s.Close(ctx, in, p.Clinic, back))
	one := ask(calendar)
	must(s.Approve(ctx, owner, one, patient))
	must(s.Enter(ctx, in, p.Clinic, one))
	who, _, _, err := s.Seat(ctx, in)
	must(err)
	_, err = p.Desk.Days(ctx, who, p.Day(1), p.Day(1), id.Zero)
	must(err)
	_, _, err = s.Ahead(ctx, owner)
	must(err)
	_, _, _, err = s.Grant(ctx, owner, one)
	must(err)
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
		if _, err := (support.Keeper{}).Collect(&tx.View, patient); err != nil {
			return err
		}
		return support.Keeper{}.Erase(tx, patient)
	}))
	again := ask(calendar)
	must(s.Approve(ctx, owner, again, patient))
	must(s.End(ctx, owner, again))
	broke := ask(support.Wish{Scopes: access.SeeSettings, Emergency: true, Sure: true})
	p.Clock.Move(61 * time.Minute)
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := support.Keeper{}.Due(tx)
		return err
	}))
	must(s.Review(ctx, owner, broke))
	ask(calendar) // which nobody ever answers
	_, _, err = s.Mine(ctx, in)
	must(err)
	_, _, err = s.Grants(ctx, owner)
	must(err)
}
