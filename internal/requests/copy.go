package requests

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Copy is everything that a clinic holds of one person, by table, as every room copies it out.
type Copy struct {
	Clinic string                         `json:"clinic"`
	Law    string                         `json:"law"`
	Made   time.Time                      `json:"made"`
	Name   string                         `json:"name"`
	Tables map[string][]map[string]string `json:"tables"`
}

// Order are the tables in the order of people: who she is first.
func (c Copy) Order() []string {
	first := []string{"patient", "guardian", "appointment"}
	out := slices.Sorted(maps.Keys(c.Tables))
	slices.SortStableFunc(out, func(a, b string) int { return place(first, a) - place(first, b) })
	return out
}

func place(list []string, one string) int {
	if i := slices.Index(list, one); i >= 0 {
		return i
	}
	return len(list)
}

// Columns are the names of a row's values that say something, in the order of the alphabet.
func Columns(row map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if row[name] != "" {
			out = append(out, name)
		}
	}
	return out
}

// JSON is the copy as a file that another program can read.
func (c Copy) JSON() ([]byte, error) { return json.MarshalIndent(c, "", "  ") }

// AskCopy has a copy made for her own page, at once. It is written down as a request that was answered; asked again on one day, once.
func (s *Service) AskCopy(ctx context.Context, who access.Caller) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		list, err := read(&tx.View, sqlLast, patient, string(law.Access), tx.Now().Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if len(list) > 0 {
			tx.Housekeeping("a copy was asked for today already; each time it is opened is recorded")
			return nil
		}
		_, err = s.atOnce(tx, patient, law.Access, "")
		return err
	})
}

// Own is the copy for her own page and her own file. Free texts stand in it as they were written about her; whoever else is named in them reaches
// nobody but her. That it was made is in the log.
func (s *Service) Own(ctx context.Context, who access.Caller) (out Copy, err error) {
	err = s.db.Change(ctx, who, access.OwnRead, func(_ context.Context, tx *store.Tx) error {
		out, err = s.collect(tx, who.Patient())
		return err
	})
	return out, err
}

// ForRequest is the copy that staff print for somebody who has no page. The request has to be answered with one, which is where somebody looked
// through it for what concerns others. fault.NotFound otherwise.
func (s *Service) ForRequest(ctx context.Context, who access.Caller, one id.ID) (out Copy, err error) {
	err = s.db.Change(ctx, who, access.RequestAct, func(_ context.Context, tx *store.Tx) error {
		r, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if r.State != Answered || r.Outcome == Refused || !copies(r.Kind) || r.Patient.IsZero() {
			return notThere()
		}
		out, err = s.collect(tx, r.Patient)
		return err
	})
	return out, err
}

func (s *Service) collect(tx *store.Tx, patient id.ID) (Copy, error) {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return Copy{}, err
	}
	p, err := patients.Find(&tx.View, patient)
	if err != nil {
		return Copy{}, err
	}
	out := Copy{Clinic: c.Name, Law: c.Jurisdiction, Made: tx.Now().In(c.Location()), Name: p.Name}
	held, err := s.o.Collect(&tx.View, patient)
	if err != nil {
		return out, err
	}
	out.Tables = map[string][]map[string]string{}
	maps.Copy(out.Tables, held)
	names, err := showsNames(&tx.View)
	if err != nil {
		return out, err
	}
	looks, err := looksAt(&tx.View, patient, id.Zero, mostLooksOfCopy)
	if err != nil {
		return out, err
	}
	for _, l := range looks {
		line := map[string]string{"at": l.At.Time().Format(time.RFC3339), "role": l.Role, "purpose": l.Purpose, "done": l.Action, "what": l.Kind}
		if names && !l.Actor.IsZero() {
			line["person"] = l.Actor.String()
		}
		out.Tables["looked"] = append(out.Tables["looked"], line)
	}
	tx.Record(audit.Note{Action: "copy", Kind: "patient", Subject: patient, Patient: patient, New: map[string]int{"tables": len(out.Tables)}})
	return out, nil
}
