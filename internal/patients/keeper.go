package patients

import (
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "patients" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	return []string{"patient", "patient_token", "patient_gate", "guardian"}
}

// Collect copies out everything that stands about the patient, by table. Search buckets say
// nothing beyond the fields that they were made of and are left out. What cannot be opened is said
// to be unreadable. It is empty when she is not there.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	p, err := Find(v, patient)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	row := map[string]string{
		"id": p.ID.String(), "name": p.Name, "phone": string(p.Phone), "email": string(p.Email), "birth_date": string(p.BirthDate), "sex": p.Sex, "address": p.Address,
		"notes": p.Notes, "language": p.Language, "source": p.Source, "minor": yes(p.Minor), "seen_at": moment(p.SeenAt), "created_at": moment(p.CreatedAt),
	}
	for _, f := range p.Unreadable {
		row[f] = "(unreadable)"
	}
	out := map[string][]map[string]string{"patient": {row}}
	for _, g := range p.Guardians {
		r := map[string]string{"id": g.ID.String(), "name": g.Name, "phone": string(g.Phone), "email": string(g.Email), "relation": g.Relation}
		if g.Broken {
			r["name"] = "(unreadable)"
		}
		out["guardian"] = append(out["guardian"], r)
	}
	return out, nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func moment(i clock.Instant) string {
	if i.IsZero() {
		return ""
	}
	return i.Time().Format("2006-01-02T15:04:05Z07:00")
}

// Erase deletes the patient's rows. The rooms to the right go first, because their rows point
// here: while one is left, the engine refuses (store.ErrFenced) and nothing is erased. The caller names the
// subject and destroys the key.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	for _, text := range []string{sqlTokensErase, sqlGuardErase, sqlPatientErase} {
		if _, err := tx.Exec(text, patient); err != nil {
			return err
		}
	}
	return nil
}

// Due finds nothing whose time is over: a patient's record does not age by itself. It goes when
// the patient or the clinic does.
func (Keeper) Due(*store.Tx) (int, error) { return 0, nil }
