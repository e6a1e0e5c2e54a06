package privacy

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "privacy" }

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

// Collect finds nothing: what is here is about people who are erased, and none of it can be found by a patient.
func (Keeper) Collect(*store.View, id.ID) (map[string][]map[string]string, error) { return nil, nil }

// Erase has nothing to erase: what a law holds goes on its day.
func (Keeper) Erase(*store.Tx, id.ID) error { return nil }

// Due finds nothing by itself: see Service.Work, which needs the keys.
func (Keeper) Due(*store.Tx) (int, error) { return 0, nil }
