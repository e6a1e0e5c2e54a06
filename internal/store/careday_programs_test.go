package store_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/programs"
	"almirah/internal/rig/factor"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// integrated is the part of the day at which the clinic's own programs come in and are told what happened.
func integrated(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, patient id.ID, must func(error)) {
	t.Helper()
	book, err := words.Load()
	must(err)
	people := accounts.New(p.DB, p.Log, accounts.Options{Clinics: house, Book: book, PublicURL: "https://almirah.test", Terms: "1"})
	answer := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(answer) }))
	defer server.Close()
	s := programs.New(p.DB, p.Log, programs.Options{Accounts: people, Reach: func(string) http.RoundTripper { return elsewhere(server.URL) }})
	const mail, password = "programs@example.org", "blue mango 47 tabla"
	must(people.Enrol(ctx, p.As(access.Owner), accounts.Draft{Name: "Meera P", Email: mail, Password: password, Terms: "1", Language: "en"}, access.Owner))
	begun, err := people.SignIn(ctx, mail, password, accounts.Device{}, "")
	must(err)
	phone := &factor.Phone{DB: p.DB, Accounts: people, Clock: p.Clock}
	in, err := people.Session(ctx, phone.Finish(t, mail, begun).Cookie)
	must(err)
	owner, system := in.Caller, p.As(access.System)
	text, token, err := s.MakeToken(ctx, owner, programs.TokenDraft{Name: "Website", Scopes: access.ProgramCalendar, Days: 10})
	must(err)
	came, err := s.Enter(ctx, text, "203.0.113.7")
	must(err)
	part, err := p.Desk.InRange(ctx, came.Caller, scheduling.Range{From: p.Day(-3), To: p.Day(9), Limit: 1})
	must(err)
	if !part.More {
		t.Fatal("the day has one appointment")
	}
	_, _, err = s.Tokens(ctx, owner)
	must(err)
	_, err = s.Names(ctx, owner)
	must(err)
	told := func(string, string) error { return nil }
	must(s.TellOwners(ctx, system, told))
	must(s.EndToken(ctx, owner, token.ID))

	_, one, err := s.AddEndpoint(ctx, owner, programs.EndpointDraft{URL: "https://hooks.sunrise.example/in", Events: programs.PatientCreated})
	must(err)
	version := int64(1)
	next := func(err error) { t.Helper(); must(err); version++ }
	next(s.SetEvents(ctx, owner, one, version, programs.PatientCreated|programs.PatientChanged))
	_, err = s.Rotate(ctx, owner, one, version)
	next(err)
	_, err = s.Hosts(ctx, p.Public())
	must(err)
	change := func(fn func(tx *store.Tx) error) {
		t.Helper()
		must(p.DB.Change(ctx, system, access.Work, func(_ context.Context, tx *store.Tx) error { tx.Housekeeping("test"); return fn(tx) }))
	}
	work := func() {
		t.Helper()
		due, err := s.Waiting(ctx, system)
		must(err)
		for _, e := range due {
			must(s.Work(ctx, system, e))
		}
	}
	tell := func() {
		t.Helper()
		change(func(tx *store.Tx) error {
			if _, err := programs.NextDue(&tx.View); err != nil {
				return err
			}
			return programs.Tell(tx, programs.News{Event: tx.NewID(), Kind: programs.PatientCreated, At: tx.Now(), About: func() (id.ID, id.ID, error) { return patient, patient, nil }})
		})
	}
	must(s.Test(ctx, owner, one))
	tell()
	work()
	answer = http.StatusBadGateway
	tell()
	work()
	p.Clock.Move(time.Minute)
	answer = http.StatusNoContent
	work()
	glanced(ctx, p, must, since(programs.Overreach), since(programs.Wordy), programs.Exposed, since(programs.Behind), func(v *store.View) (int64, int64, error) { return programs.Slack(v, ever, v.Now(), false) })
	_, list, err := s.Endpoint(ctx, owner, one, 5)
	must(err)
	_, err = s.Replay(ctx, owner, one, list[0].ID, 0, 0)
	must(err)
	_, err = s.Replay(ctx, owner, one, id.Zero, 0, clock.At(p.Clock.Now())+1)
	must(err)
	change(func(tx *store.Tx) error { _, err := programs.AfterRestore(tx); return err })
	answer = http.StatusGone
	must(s.Test(ctx, owner, one))
	work() // it wants no more, and is switched off
	version++
	must(s.TellOwners(ctx, system, told))
	next(s.Switch(ctx, owner, one, version, true))
	tell()
	change(func(tx *store.Tx) error {
		if _, err := (programs.Keeper{}).Collect(&tx.View, patient); err != nil {
			return err
		}
		return programs.Keeper{}.Erase(tx, patient)
	})
	next(s.Switch(ctx, owner, one, version, false))
	tell()
	change(func(tx *store.Tx) error { _, err := programs.Keeper{}.Due(tx); return err })
	must(s.Remove(ctx, owner, one, version))
	// A token that nobody told of yet.
	_, _, err = s.MakeToken(ctx, owner, programs.TokenDraft{Name: "Soon", Scopes: access.ProgramCalendar, Days: 10})
	must(err)
	must(s.TellOwners(ctx, system, told))
}

// elsewhere sends every request to one server.
type elsewhere string

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", string(e)[len("http://"):]
	return http.DefaultTransport.RoundTrip(r)
}
