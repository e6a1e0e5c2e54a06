package clinics

import (
	"slices"

	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/store"
)

// Which outside parties may get something of the clinic's.
const (
	OutsideAnyone = "anyone" // whoever is on the list
	OutsideRegion = "region" // whoever is on the list and keeps what it gets in the clinic's own region
	OutsideNobody = "nobody"
)

// OutsideChoices are what a clinic chooses from, the strictest first.
func OutsideChoices() []string { return []string{OutsideNobody, OutsideRegion, OutsideAnyone} }

// SetOutside changes which outside parties may get something, in the Change of whoever decided that it may be changed. fault.Invalid names
// "outside"; fault.Conflict when the clinic no longer has the version. Nothing is changed by a choice that is the same.
func SetOutside(tx *store.Tx, to string, version int64) error {
	if !slices.Contains(OutsideChoices(), to) {
		var f fault.Fields
		f.Add("outside", "field.kind.needed")
		return f.Err()
	}
	c, err := Get(&tx.View)
	if err != nil || c.Outside == to {
		return err
	}
	tx.Record(audit.Note{Action: "change-outside", Kind: "clinic", Subject: c.ID, Old: c.Outside, New: to})
	n, err := tx.Exec(sqlOutsideSet, version, to)
	if err == nil && n != 1 {
		err = fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	return err
}
