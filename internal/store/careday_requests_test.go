package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/requests"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/words"
)

// asked is the part of the day at which people ask about their own data: by their own page, by letter and through the operator, until it is answered, done and forgotten.
func asked(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	book, err := words.Load()
	must(err)
	s := requests.New(p.DB, p.Log, requests.Options{Book: book, Collect: requests.Keeper{}.Collect, Erase: func(ctx context.Context, who access.Caller, patient id.ID, still func(v *store.View) error) error {
		return p.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("deleted in a replay")
			if err := still(&tx.View); err != nil {
				return err
			}
			return requests.Keeper{}.Erase(tx, patient)
		})
	}})
	owner, work := p.As(access.Owner), p.As(access.System)
	folk := patients.New(p.DB, p.Log)
	who, _, err := folk.Add(ctx, owner, patients.Draft{Name: "Ravi Asker", Email: "asker@example.org", Phone: "+919876500021", Language: "en"}, true)
	must(err)
	she := accounts.ForPatient(p.Clinic, who.ID, id.New(p.Clock.Now()))
	for range 2 {
		must(s.AskCopy(ctx, she))
	}
	_, err = s.Own(ctx, she)
	must(err)
	must(s.Restrict(ctx, she, true))
	must(s.Restrict(ctx, she, false))
	must(s.Nominate(ctx, she, "Omar Asker", "omar@example.org"))
	must(s.EndNomination(ctx, she))
	must(s.State(ctx, she, "health", "It was the left knee."))
	mine, err := s.Mine(ctx, she)
	must(err)
	_, err = s.StatementsOf(ctx, owner, who.ID)
	must(err)
	must(s.EndStatement(ctx, she, mine.Statements[0].ID))
	for range 2 {
		must(s.AskContact(ctx, she, "new.asker@example.org"))
	}
	if err := s.ProveContact(ctx, she, "nothing"); err == nil {
		t.Fatal("a wrong code is right")
	}
	var one id.ID
	var sealed []byte
	code := ""
	must(p.DB.View(ctx, work, access.Work, func(_ context.Context, v *store.View) error {
		x, _, err := messaging.OpenProof(v, who.ID)
		if err != nil {
			return err
		}
		one = x.ID
		if err := v.Row(`SELECT code FROM contact_proof WHERE clinic_id = $1 AND id = $2`, one).Scan(&sealed); err != nil {
			return err
		}
		code, err = v.Unseal(who.ID, "contact_proof", "code", one, sealed)
		return err
	}))
	must(s.ProveContact(ctx, she, code))
	glanced(ctx, p, must, since(requests.Unstated), since(requests.Unproved), since(requests.Untraced), since(requests.Undone), func(v *store.View) (int64, int64, error) { return requests.Lingering(v, law.Access) })
	first, err := s.Ask(ctx, she, law.Complaint, "", "Somebody read my letter.")
	must(err)
	second, err := s.Ask(ctx, she, law.Deletion, "", "")
	must(err)
	third, err := s.Ask(ctx, she, law.Correction, "name", "It is Ravee.")
	must(err)
	must(s.TakeOwnBack(ctx, she, third))
	_, _, err = s.Answer(ctx, she, first)
	must(err)
	_, err = s.Looked(ctx, she, id.Zero)
	must(err)
	_, err = s.OnLists(ctx, she, p.Day(0))
	must(err)
	letter, err := s.Take(ctx, p.As(access.FrontDesk), requests.Taken{Kind: law.Access, Door: requests.ByLetter, Asker: requests.Self, Contact: "new.asker@example.org", Words: "All of it."})
	must(err)
	must(s.Confirmed(ctx, owner, letter))
	must(s.SetKind(ctx, owner, letter, 1, law.Portability))
	must(s.Identify(ctx, owner, letter, 2, who.ID, requests.MetHer))
	must(s.Decide(ctx, owner, letter, 3, requests.Decision{Outcome: requests.Granted}))
	_, err = s.ForRequest(ctx, owner, letter)
	must(err)
	bare, _, err := folk.Add(ctx, owner, patients.Draft{Name: "Sita Asker", Language: "en"}, true)
	must(err)
	visit, err := s.Take(ctx, owner, requests.Taken{Kind: law.Complaint, Door: requests.ByVisit, Asker: requests.Self, Patient: bare.ID, Proof: requests.MetHer, Words: "The queue is read aloud."})
	must(err)
	must(s.Decide(ctx, owner, visit, 1, requests.Decision{Outcome: requests.Granted}))
	must(s.ToldByHand(ctx, owner, visit))
	for _, yes := range []bool{true, false} {
		must(s.ShowNames(ctx, owner, yes))
	}
	_, err = s.ShowsNames(ctx, owner)
	must(err)
	_, err = s.List(ctx, owner)
	must(err)
	_, _, _, err = s.Ahead(ctx, owner)
	must(err)
	_, err = s.Get(ctx, owner, first)
	must(err)
	must(s.AskLink(ctx, p.Public(), "new.asker@example.org"))
	over, err := s.HandOver(ctx, work, law.Deletion, "new.asker@example.org", "Please delete it.")
	must(err)
	must(s.TakeBack(ctx, owner, over, "She called and said so."))
	must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error {
		rows, err := tx.Query(`SELECT id FROM link_asked WHERE clinic_id = $1`)
		if err != nil {
			return err
		}
		var all []id.ID
		for rows.Next() {
			var one id.ID
			if err := rows.Scan(&one); err != nil {
				return err
			}
			all = append(all, one)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		for _, one := range all {
			if err := requests.SendLink(tx, one); err != nil {
				return err
			}
		}
		return nil
	}))
	c, err := house.Get(ctx, owner)
	must(err)
	under := c.Profile()
	was := under
	under.Jurisdiction = law.EU
	must(house.Save(ctx, owner, under, c.Version))
	slow, err := s.Ask(ctx, she, law.Objection, "", "No counting of me.")
	must(err)
	must(s.TakeLonger(ctx, owner, slow, 1, "The doctor is away."))
	must(house.Save(ctx, owner, was, c.Version+1))
	child, _, err := folk.Add(ctx, owner, patients.Draft{Name: "Young Asker", BirthDate: p.Clock.Now().AddDate(-7, 0, 0).Format("2006-01-02"), Language: "en", Guardian: &patients.GuardianDraft{Name: "Ravi Asker", Phone: "+919876500021", Relation: "father"}}, true)
	must(err)
	must(p.DB.Change(ctx, owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a child without a guardian")
		_, err := tx.Exec(`DELETE FROM guardian WHERE clinic_id = $1 AND patient_id = $2`, child.ID)
		return err
	}))
	must(p.DB.View(ctx, work, access.Work, func(_ context.Context, v *store.View) error {
		_, err := patients.Since(v, who.ID)
		return err
	}))
	if _, err := s.FromTalk(ctx, owner, id.New(p.Clock.Now()), law.Access); err == nil {
		t.Fatal("a conversation that is not there is a request")
	}
	tell := func(string, string) error { return nil }
	must(s.AskLink(ctx, p.Public(), "nobody.asks@example.org"))
	p.Clock.Move(16 * 24 * time.Hour)
	if err := s.Work(ctx, work, func(string, string) error { return errors.New("the mail is down") }); err == nil {
		t.Fatal("owners who were not told are taken for told")
	}
	must(nil)
	must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a step of the workday")
		if _, _, err := requests.Unfound(&tx.View, id.Zero, 50); err != nil {
			return err
		}
		return errors.Join(patients.KeepAges(tx, 18), patients.SetAge(tx, who.ID, 16), patients.SetChild(tx, who.ID, false))
	}))
	must(s.Work(ctx, work, tell))
	_, err = s.Young(ctx, owner)
	must(err)
	must(s.Decide(ctx, owner, second, 1, requests.Decision{Outcome: requests.Granted}))
	must(s.AskContact(ctx, she, "third.asker@example.org"))
	p.Clock.Move(40 * 24 * time.Hour)
	must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := messaging.Keeper{}.Due(tx)
		return err
	}))
	must(s.AskContact(ctx, she, "fourth.asker@example.org"))
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return messaging.Keeper{}.Erase(tx, who.ID) }))
	must(s.Work(ctx, work, tell))
	must(s.Work(ctx, work, tell))
	must(p.DB.View(ctx, work, access.Work, func(_ context.Context, v *store.View) error {
		if _, _, err := requests.Overdue(v); err != nil {
			return err
		}
		if _, err := (messaging.Keeper{}).Collect(v, who.ID); err != nil {
			return err
		}
		_, err := requests.Keeper{}.Collect(v, bare.ID)
		return err
	}))
	p.Clock.Move(8 * 366 * 24 * time.Hour)
	must(s.Work(ctx, work, tell))
}
