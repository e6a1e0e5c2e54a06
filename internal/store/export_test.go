package store

import "database/sql"

// What the tests of this folder need to see of the inside.
var Overlay = overlay

// Raw is the pool of connections that write, for a test that goes behind the doorway.
func (db *DB) Raw() *sql.DB { return db.raw[0] }
