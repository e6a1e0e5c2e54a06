package prescriptions

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// maxSets bounds the favourites of a clinic.
const maxSets = 200

func sets(v *store.View) ([]Set, error) {
	rows, err := v.Query(sqlSetList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Set
	for rows.Next() {
		var x Set
		var body string
		if err := rows.Scan(&x.ID, &x.Letters, &x.Title, &body); err != nil {
			return nil, err
		}
		if json.Unmarshal([]byte(body), &x.Rows) == nil { // a damaged favourite is one that is not offered
			out = append(out, x)
		}
	}
	return out, rows.Err()
}

func setOf(v *store.View, one id.ID) (Set, error) {
	all, err := sets(v)
	if err != nil {
		return Set{}, err
	}
	i := slices.IndexFunc(all, func(x Set) bool { return x.ID == one })
	if i < 0 {
		return Set{}, fault.Missing()
	}
	return all[i], nil
}

// Sets are the clinic's favourites, by their letters.
func (s *Service) Sets(ctx context.Context, who access.Caller) ([]Set, error) {
	var out []Set
	err := s.db.View(ctx, who, access.RxWrite, func(_ context.Context, v *store.View) (err error) {
		if _, err = clinics.Must(v, clinics.ModulePrescriptions); err == nil {
			out, err = sets(v)
		}
		return err
	})
	return out, err
}

// AddSet keeps the drugs of a sheet as a favourite under one or two letters. Nothing about the patient goes with them: notes are left
// out. Wrong fields are "letters" and "title".
func (s *Service) AddSet(ctx context.Context, who access.Caller, sheet id.ID, letters, title string) error {
	letters, title = strings.ToLower(strings.TrimSpace(letters)), oneLine(title)
	var f fault.Fields
	if n := utf8.RuneCountInString(letters); n < 1 || n > 2 || strings.ContainsFunc(letters, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		f.Add("letters", "field.rx.letters")
	}
	if title == "" {
		f.Add("title", "field.required")
	} else if utf8.RuneCountInString(title) > 60 || strings.ContainsFunc(title, unsafe) {
		f.AddWith("title", "field.text.too_long", map[string]any{"Max": 60})
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.RxWrite, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		p, err := get(&tx.View, sheet)
		if err != nil {
			return err
		}
		all, err := sets(&tx.View)
		if err != nil {
			return err
		}
		if len(all) >= maxSets {
			return fault.New(fault.Conflict, "fault.rx.sets")
		}
		rows := slices.Clone(p.Rows)
		for i := range rows {
			rows[i].Note = ""
		}
		if len(rows) == 0 {
			f.Add("letters", "field.rx.none")
			return f.Err()
		}
		body, err := json.Marshal(rows)
		if err != nil {
			return err
		}
		one := tx.NewID()
		n, err := tx.Exec(sqlSetAdd, one, letters, title, string(body), tx.Now())
		if err == nil && n == 0 {
			f.Add("letters", "field.rx.letters_taken")
			return f.Err()
		}
		tx.Record(audit.Note{Action: "add", Kind: "prescription-set", Subject: one, New: title})
		return err
	})
}

// RemoveSet takes a favourite away.
func (s *Service) RemoveSet(ctx context.Context, who access.Caller, one id.ID) error {
	return s.db.Change(ctx, who, access.RxWrite, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "remove", Kind: "prescription-set", Subject: one})
		return tx.Must(sqlSetDrop, one)
	})
}

// Set is a favourite: drugs that are written together, found by one or two letters.
type Set struct {
	ID      id.ID
	Letters string
	Title   string
	Rows    []Row
}
