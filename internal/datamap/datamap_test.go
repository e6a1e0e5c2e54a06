package datamap_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/datamap"
	"almirah/internal/fault"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/oversight"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/words"
)

// someRooms are rooms as the program has them, each with something about people.
func someRooms() []datamap.Room {
	var out []datamap.Room
	for _, a := range datamap.Activities() {
		for _, name := range a.Rooms {
			out = append(out, datamap.Room{Name: name, Tables: []holdings.Table{{Name: name + "_of", Scope: holdings.Clinic, Keeper: name, Life: law.People, From: holdings.Leaving, Columns: []holdings.Column{
				{Name: "clinic_id", Class: holdings.Plain, Whose: holdings.Nobody},
				{Name: "name", Class: holdings.Identity, Whose: holdings.Patient, Purpose: "to know who comes", Keep: "a while", Sealed: true},
			}}}})
		}
	}
	return out
}

// TestEveryRoomIsOnTheMap: a room with something about people belongs to exactly one activity, and an activity names no room that is not there.
func TestEveryRoomIsOnTheMap(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "data-map-true")
	rooms := someRooms()
	if err := datamap.Complete(rooms); err != nil {
		t.Fatal(err)
	}
	plain := datamap.Room{Name: "boiler", Tables: []holdings.Table{{Name: "boiler", Columns: []holdings.Column{{Name: "heat", Class: holdings.Plain, Whose: holdings.Nobody}}}}}
	if err := datamap.Complete(append(slices.Clone(rooms), plain)); err != nil {
		t.Errorf("a room without anything about people needs no activity: %v", err)
	}
	plain.Tables[0].Columns[0] = holdings.Column{Name: "who", Class: holdings.Identity, Whose: holdings.Staff}
	if err := datamap.Complete(append(slices.Clone(rooms), plain)); err == nil || !strings.Contains(err.Error(), "boiler") {
		t.Errorf("a room that belongs nowhere: %v", err)
	}
	if err := datamap.Complete(rooms[1:]); err == nil || !strings.Contains(err.Error(), rooms[0].Name) {
		t.Errorf("an activity of a room that is not there: %v", err)
	}
}

// TestTheRecordHasItsForm: the record of a clinic and of whoever runs the installation say all that article 30 asks for, in each language, on the page, as a table and for
// programs.
func TestTheRecordHasItsForm(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "data-map-own")
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	rooms := someRooms()
	visits := slices.IndexFunc(rooms, func(r datamap.Room) bool { return r.Name == "visits" })
	rooms[visits].Tables[0].Columns = append(rooms[visits].Tables[0].Columns, holdings.Column{Name: "note", Class: holdings.Care, Whose: holdings.Patient, Purpose: "to treat", Keep: "a while", Leaves: []string{"lab"}})
	accounted := slices.IndexFunc(rooms, func(r datamap.Room) bool { return r.Name == "accounts" })
	rooms[accounted].Tables[0] = holdings.Table{Name: "person", Scope: holdings.Platform, Life: law.Account, Columns: []holdings.Column{{Name: "email", Class: holdings.Contact, Whose: holdings.Staff, Sealed: true, Leaves: []string{"smtp"}}}}
	from := datamap.Source{Rooms: rooms, Made: rig.Start, Sentences: []datamap.Sentence{{Sentence: promise.Sentence{ID: "sealed-at-rest", Text: "All is sealed.", Sources: []string{"M1"}}, Status: "enforced"}, {Sentence: promise.Sentence{ID: "other", Text: "No.", Sources: []string{"B1"}}}},
		Parties: []datamap.Party{{ID: "lab", Name: "The laboratory", Purpose: "measures", Data: []string{"name"}, Region: "India"}, {ID: "smtp", Name: "The post", Purpose: "carries", Data: []string{"e-mail address"}, Region: "India", Why: "It keeps data elsewhere."}}}
	clinic, operator := datamap.Who{Name: "Sunrise", Address: []string{"12 Church Street"}, Contact: "desk@example.org"}, datamap.Who{Name: "Hosting", Contact: "privacy@example.org"}
	life := func(c law.Class) law.Span {
		if c == law.People {
			return law.Span{Months: 5}
		}
		return law.LifeOf(law.India, c).Usual
	}
	for _, l := range words.Languages() {
		tongue := book.Tongue(l.Code)
		r := from.Controller(tongue, clinic, operator, law.India, func(m string) bool { return m != "clinical" }, life)
		if len(r.Activities) != len(datamap.Activities()) || r.Controller.Name != "Sunrise" || r.Processor.Name != "Hosting" || len(r.Lives) != len(law.Classes()) || len(r.Measures) != 1 || len(r.Recipients) != 2 {
			t.Fatalf("%s: %+v", l.Code, r)
		}
		for _, a := range r.Activities {
			if a.Title == "" || a.Purpose == "" || len(a.Grounds) == 0 || len(a.People) == 0 || len(a.Data) == 0 || len(a.Lives) == 0 {
				t.Errorf("%s: %s lacks something: %+v", l.Code, a.Key, a)
			}
			if (a.Key == "care") != a.Health || (a.Key == "care") != a.Off {
				t.Errorf("%s: %s health %v, off %v", l.Code, a.Key, a.Health, a.Off)
			}
			want := map[string]string{"care": "The laboratory", "staff": "The post"}[a.Key]
			if got := strings.Join(a.Parties, ","); got != want {
				t.Errorf("%s: %s goes to %q, not to %q", l.Code, a.Key, got, want)
			}
		}
		if people := r.Activities[0].Lives[0]; !strings.Contains(people, tongue.Say("policy.span.months", "Count", 5)) {
			t.Errorf("%s: the clinic's own time is not said: %s", l.Code, people)
		}
		p := from.Processor(tongue, operator, []datamap.Who{clinic}, 3, []string{law.India, law.EU})
		if len(p.Own) != 1 || p.Own[0].Key != "staff" || p.ForCount != 3 || len(p.Lives) != 2*len(law.Classes()) {
			t.Errorf("%s: the operator's record: %+v", l.Code, p)
		}
		for _, x := range []datamap.Record{r, p, from.Program(tongue)} {
			text := x.Text(tongue)
			raw, err := x.JSON()
			if err != nil {
				t.Fatal(err)
			}
			var back datamap.Record
			if err := json.Unmarshal(raw, &back); err != nil || back.Map != x.Map || len(back.Activities) != len(x.Activities) {
				t.Errorf("%s: read back: %v %+v", l.Code, err, back)
			}
			table := x.Sheet(tongue)
			sheet := string(table.CSV())
			reader := csv.NewReader(strings.NewReader(sheet))
			reader.FieldsPerRecord = -1
			if rows, err := reader.ReadAll(); err != nil || len(rows) < 40 {
				t.Errorf("%s: the table has %d rows, %v", l.Code, len(rows), err)
			}
			for _, said := range []string{text, sheet} {
				if strings.Contains(said, "[datamap.") || strings.Contains(said, "[policy.") || strings.Contains(said, "[trust.") || !strings.Contains(said, tongue.Say("datamap.activity.care")) || !strings.Contains(said, "The laboratory") {
					t.Errorf("%s: something is not said in %.300s", l.Code, said)
				}
			}
		}
	}
	dictionary := datamap.Dictionary(rooms)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(dictionary.CSV()), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 1+2*len(rooms) || !slices.Contains(rows[0], "sealed") {
		t.Errorf("the dictionary has %d rows, %v", len(rows), err)
	}
}

// TestTheMapIsSigned: an operator signs the very map that she read, what she read stays as it was, what changed since is shown, and after a year the look is late.
func TestTheMapIsSigned(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "data-map-signed")
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			b := rig.New(t, engine, store.Options{})
			parties := []datamap.Party{{ID: "smtp", Name: "The post", Purpose: "carries", Data: []string{"e-mail address"}, Region: "India"}}
			s := datamap.New(b.DB, oversight.New(b.DB), someRooms(), func() []datamap.Party { return parties })
			op := access.Mint(id.Zero, id.New(b.Clock.Now()), id.Zero, id.New(b.Clock.Now()), access.Operator, access.Running)
			standing := func() datamap.Standing {
				t.Helper()
				st, err := s.Standing(ctx, op)
				if err != nil {
					t.Fatal(err)
				}
				return st
			}
			first := standing()
			if first.Digest == "" || first.Read != "" || first.State.Kind != datamap.Duty || first.State.Late {
				t.Fatalf("before any signature: %+v", first)
			}
			if err := s.Sign(ctx, op, "another map", true); !fault.Is(err, fault.Conflict) {
				t.Errorf("a map that is not the present one: %v", err)
			}
			if err := s.Sign(ctx, op, first.Digest, false); !fault.Is(err, fault.Invalid) {
				t.Errorf("without saying so: %v", err)
			}
			if err := s.Sign(ctx, b.As(access.Owner), first.Digest, true); !fault.Is(err, fault.Forbidden) {
				t.Errorf("an owner of a clinic: %v", err)
			}
			if err := oversight.New(b.DB).SignDuty(ctx, op, datamap.Duty, b.Clock.Now().UTC().Format(time.DateOnly), "shelf 4"); !fault.Is(err, fault.Invalid) {
				t.Errorf("a signature that names no map: %v", err)
			}
			if err := s.Sign(ctx, op, first.Digest, true); err != nil {
				t.Fatal(err)
			}
			now := standing()
			if now.Read != first.Digest || len(now.Changes) != 0 || now.State.Last.By != op.Actor() || now.State.Last.Seen != first.Digest || now.State.Late {
				t.Errorf("after the signature: %+v", now)
			}
			parties = []datamap.Party{{ID: "smtp", Name: "The post", Purpose: "carries", Data: []string{"e-mail address"}, Region: "Norway"}, {ID: "twilio", Name: "Twilio", Purpose: "carries SMS", Data: []string{"phone number"}, Region: "United States"}}
			now = standing()
			var said []string
			for _, c := range now.Changes {
				said = append(said, map[bool]string{true: "+", false: "-"}[c.Came]+c.Line)
			}
			if want := []string{"-party smtp: The post, carries; gets e-mail address; in India", "+party smtp: The post, carries; gets e-mail address; in Norway", "+party twilio: Twilio, carries SMS; gets phone number; in United States"}; !slices.Equal(said, want) {
				t.Errorf("what changed: %q", said)
			}
			if err := s.Sign(ctx, op, first.Digest, true); !fault.Is(err, fault.Conflict) {
				t.Errorf("the map of before: %v", err)
			}
			for _, text := range []string{`UPDATE data_map SET text = 'nothing'`, `DELETE FROM data_map`, `UPDATE duty_done SET day = '2030-01-01'`} {
				err := b.DB.Across(ctx, op, access.PlatformReview, func(_ context.Context, p *store.Platform) error {
					p.Housekeeping("a forgery")
					_, err := p.Exec(text)
					return err
				})
				if err == nil {
					t.Errorf("%s: done", text)
				}
			}
			b.Clock.Set(rig.Start.UTC().AddDate(1, 0, 1))
			if !standing().State.Late {
				t.Error("a year and a day later it is not late")
			}
			if err := s.Sign(ctx, op, standing().Digest, true); err != nil {
				t.Fatal(err)
			}
			if now := standing(); now.State.Late || len(now.Changes) != 0 {
				t.Errorf("signed again: %+v", now)
			}
			if _, err := s.Standing(ctx, accounts.Operator()); err != nil {
				t.Error(err)
			}
		})
	}
}
