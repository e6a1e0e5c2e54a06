package accounts

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds. It holds nothing about patients; what is over of staff's own goes by
// Service.Tidy, which needs no clinic.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "accounts" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	var out []string
	for _, t := range Holdings() {
		out = append(out, t.Name)
	}
	return out
}

// Collect finds nothing about a patient.
func (Keeper) Collect(*store.View, id.ID) (map[string][]map[string]string, error) { return nil, nil }

// Erase has nothing of a patient to erase.
func (Keeper) Erase(*store.Tx, id.ID) error { return nil }

// Due finds nothing of one clinic whose time is over: see Service.Tidy.
func (Keeper) Due(*store.Tx) (int, error) { return 0, nil }
