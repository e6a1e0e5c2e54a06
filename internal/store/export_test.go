package store

// Overlay is what the upgrade test needs to see of the inside.
var Overlay = overlay

// OpenConnections is how many connections to the database are open.
func (db *DB) OpenConnections() (n int) {
	for _, p := range db.raw {
		n += p.Stats().OpenConnections
	}
	return n
}
