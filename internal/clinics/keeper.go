package clinics

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds. It holds nothing about patients: the clinic's own row goes
// with the clinic, and so does what it signed.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "clinics" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	return []string{"clinic", "agreement_text", "agreement", "clinic_route"}
}

// Collect finds nothing about a patient.
func (Keeper) Collect(*store.View, id.ID) (map[string][]map[string]string, error) { return nil, nil }

// Erase has nothing of a patient to erase.
func (Keeper) Erase(*store.Tx, id.ID) error { return nil }

// Due finds nothing whose time is over.
func (Keeper) Due(*store.Tx) (int, error) { return 0, nil }
