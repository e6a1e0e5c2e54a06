// Package jobs keeps the house's own work going: it finds the clinics that have something to
// do, runs each one's tick, hands due messages to their senders and does the chores. It alone
// knows the job queue (River), which lives in a file of its own on SQLite and in a schema of
// its own on PostgreSQL.
//
// The queue is quick, not precious: whatever has to be done stands in the rooms' own tables, with the
// moment at which it is due, and a job that is lost is found again from there. A job's arguments are ids
// only, and a job that failed keeps its ids and the kind of its failure, never a person's data (promise M14).
//
// Besides accounts this is the only room that mints callers: for one clinic per job.
package jobs
