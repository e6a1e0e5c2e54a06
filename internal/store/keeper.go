package store

import "almirah/internal/id"

// Keeper stands for what the doorway itself holds about people: the sealed details of the audit log. They are the
// clinic's proof of who did what, so they are not copied out with a patient's data, and no row of them is deleted: they
// go with the key of the person whom they are about, which leaves the entry itself in its place in the tree (promise D5).
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "store" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"audit_leaf", "audit_detail", "audit_seen"} }

// Collect copies out nothing: see Keeper.
func (Keeper) Collect(*View, id.ID) (map[string][]map[string]string, error) { return nil, nil }

// Erase deletes nothing: see Keeper.
func (Keeper) Erase(*Tx, id.ID) error { return nil }

// Due finds nothing whose time is over.
func (Keeper) Due(*Tx) (int, error) { return 0, nil }
