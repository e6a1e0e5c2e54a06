// Package retention is how long records live, and when they go: every record belongs to a class with a life that the law and the policy give it, a run
// each night takes away what is over, and whoever could still want it is told before.
//
// Promises kept here:
//   - A hold of the law keeps a patient's records, asked by one person and approved by another, with a reason and a last day (hold.go).
//   - Nothing goes because a clock jumped (guard.go).
//   - Nothing that somebody could still want goes before the owners were told 48 hours earlier (run.go).
//   - A clinic that leaves has 90 days to come back, unless it asks for less, and then goes whole: its key, its rows, its name (closing.go).
//   - A clinic is suspended by two people on a named ground, told before and after; it reads and exports on, and nothing of it is deleted (suspension.go).
package retention
