package requests

import (
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "requests" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	var out []string
	for _, t := range Holdings() {
		if t.Keeper != "" {
			out = append(out, t.Name)
		}
	}
	return out
}

// Collect copies out what the person asked and was answered, what she says of her data, and whom she nominated.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	when := func(at clock.Instant) string {
		if at == 0 {
			return ""
		}
		return at.Time().Format(time.RFC3339)
	}
	out := map[string][]map[string]string{}
	list, err := read(v, sqlOf, patient, 10_000)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		out["data_request"] = append(out["data_request"], map[string]string{"id": r.ID.String(), "kind": string(r.Kind), "door": string(r.Door), "asker": string(r.Asker), "state": string(r.State), "law": r.Law,
			"did": r.Did, "was_kind": string(r.WasKind), "kind_changed": when(r.KindAt), "came": when(r.CameAt), "due": when(r.DueAt), "words": r.Words, "outcome": string(r.Outcome), "ground": string(r.Ground), "why": r.Why, "decided": when(r.DecidedAt), "told": when(r.ToldAt)})
	}
	said, err := statements(v, patient)
	if err != nil {
		return nil, err
	}
	for _, x := range said {
		out["data_statement"] = append(out["data_statement"], map[string]string{"id": x.ID.String(), "about": x.About, "words": x.Words, "at": when(x.At), "ended": when(x.EndedAt)})
	}
	named, err := nominees(v, sqlNominees, patient)
	if err != nil {
		return nil, err
	}
	for _, n := range named {
		out["nominee"] = append(out["nominee"], map[string]string{"id": n.ID.String(), "name": n.Name, "contact": n.Contact, "at": when(n.At)})
	}
	return out, nil
}

// Erase deletes what the person said and whom she named. That somebody asked, and how she was answered, stays without her: it is the proof that
// the clinic answers.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	if _, err := tx.Exec(sqlGoneOpen, patient, tx.Now()); err != nil {
		return err
	}
	for _, text := range []string{sqlGone, sqlStatementsErase, sqlNomineesErase, sqlYoungDrop} {
		if _, err := tx.Exec(text, patient); err != nil {
			return err
		}
	}
	return nil
}

// Due closes requests of which nobody could make sure who asks, and deletes requests whose time of proof is over and questions that nobody looked into. It answers how many
// requests that were. One that is closed lives on as an answered one does, from the day on which its time was over and not from the night in which that was seen.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	if err := forgetAsked(tx, tx.Now()); err != nil {
		return 0, err
	}
	waited := law.Unidentified.End(0, time.UTC)
	nobodys, err := some(tx, sqlNobody, tx.Now()-waited)
	if err != nil {
		return 0, err
	}
	for _, one := range nobodys {
		tx.Record(audit.Note{Action: "answer", Kind: "data-request", Subject: one, New: map[string]any{"outcome": Refused, "ground": Unknown}})
		if _, err := tx.Exec(sqlClose, one, waited); err != nil {
			return 0, err
		}
	}
	old, err := some(tx, sqlOld, k.Lives.Over(law.Answers, tx.Now()))
	if err != nil {
		return 0, err
	}
	for _, one := range old {
		if _, err := tx.Exec(sqlOldOne, one); err != nil {
			return 0, err
		}
		tx.Record(audit.Note{Action: "expire", Kind: "data-request", Subject: one})
	}
	k.Lives.Went(law.Answers, int64(len(old)))
	return len(nobodys) + len(old), nil
}

// some reads the requests that a statement names.
func some(tx *store.Tx, text string, before clock.Instant) (out []id.ID, err error) {
	rows, err := tx.Query(text, before)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
