// Package datamap is the map of the data: what is held about whom, for which work, who gets it, how long it lives and what protects it. Nobody writes
// it by hand: it is made from the columns that the rooms declare (holdings), the outside parties that can be reached (egress), the one table of the
// laws' numbers (law) and the sentences of the register (promise). It has the form that GDPR, article 30 asks for, of a clinic as controller and
// of whoever runs the installation as processor, and beside it a dictionary of every column.
//
// Promises kept here: the map is what the program does, as the database has the very columns that it tells of (M15: activity.go, record.go); a
// person looks at it once a year and signs the fingerprint of what she read, and what changed since is shown (M15, S7: service.go).
package datamap
