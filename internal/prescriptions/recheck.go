package prescriptions

import (
	"slices"
	"strings"
	"unicode/utf8"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/store"
)

const sqlPrescriptionNewest = `SELECT ` + prescriptionColumns + prescriptionFrom + `WHERE p.clinic_id = $1 AND p.signed_at >= $2 ORDER BY p.signed_at DESC LIMIT $3`

// Looked is what a look back at signed sheets found.
type Looked struct {
	Sheets   int // that could be opened
	Remote   int // of these, written for a patient who was seen by video or telephone
	Unasked  int // a warning that needs a reason has none
	Unwarned int // two drugs stand on the sheet of which its own list warns, and the sheet does not say so
	Nameless int // no practitioner, or no registration number, stands on the sheet
	Distant  int // a restricted drug, in India, for a patient who was not there
}

// Recheck opens the newest sheets that were signed since then, at most so many, and looks at what was found out before they were signed
// (promise E1). Two drugs are compared anew only where the list of then is still in use. What belongs to nobody any more is left out.
func (s *Service) Recheck(v *store.View, since clock.Instant, most int) (Looked, error) {
	var out Looked
	c, err := clinics.Get(v)
	if err != nil || !c.Has(clinics.ModulePrescriptions) {
		return out, err
	}
	l, err := s.lists(v)
	if err != nil {
		return out, err
	}
	sheets, err := several(v, sqlPrescriptionNewest, since, most)
	if err != nil {
		return out, err
	}
	for _, p := range sheets {
		if p.Broken {
			continue
		}
		out.Sheets++
		if p.Sheet.Signer == "" || p.Sheet.Registration == "" {
			out.Nameless++
		}
		was := map[string]bool{}
		restricted := false
		for _, w := range p.Sheet.Checking.Warnings {
			was[w.Key] = true
			restricted = restricted || w.Kind == WarnRestricted
			if w.NeedsReason() && utf8.RuneCountInString(strings.TrimSpace(w.Reason)) < minReason {
				out.Unasked++
			}
		}
		if p.Remote {
			out.Remote++
		}
		if l.warnings != nil && l.drugs != nil && p.Sheet.Checking.List == l.warningName.Title && p.SignedAt > l.warningName.AddedAt && p.SignedAt > l.drugName.AddedAt {
			for _, w := range l.warnings.Check(p.Rows, Known{}, l.drugs) {
				restricted = restricted || w.Kind == WarnRestricted
				if !was[w.Key] {
					out.Unwarned++
				}
			}
		}
		if p.Remote && restricted && c.Jurisdiction == "IN" {
			out.Distant++
		}
	}
	return out, nil
}

// Unmarked answers how many drugs of the clinic's list are restricted, and which of them would stand on a sheet without a mark.
func (s *Service) Unmarked(v *store.View) (restricted int, unmarked []string, err error) {
	l, err := s.lists(v)
	if err != nil || l.drugs == nil {
		return 0, nil, err
	}
	none := &WarningList{}
	for _, d := range l.drugs.Drugs {
		if !slices.Contains(d.Schedules, "X") && !slices.Contains(d.Schedules, "NDPS") {
			continue
		}
		restricted++
		if !slices.ContainsFunc(none.Check([]Row{{Generic: d.Generic, Form: d.Form}}, Known{}, l.drugs), func(w Warning) bool { return w.Kind == WarnRestricted }) {
			unmarked = append(unmarked, d.Generic)
		}
	}
	return restricted, unmarked, nil
}
