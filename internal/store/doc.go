// Package store is the one doorway from a feature to SQL. Nobody reaches a row except through
// View, Change or Across, and each passage says who comes, in which clinic and by which right:
// permission, tenant and audit are one act.
//
// Promises kept here: a clinic's rows are seen and changed by that clinic alone (A7: the first
// parameter of every statement is the caller's clinic, bound here; on PostgreSQL the rows are
// fenced a second time by row-level security); rights are checked before any statement runs
// (M4); an act whose audit entry cannot be written does not happen (N1, N2).
//
// Two engines, one SQL text: SQLite inside the binary, or PostgreSQL. The portable subset and
// its traps are told in docs/decisions/0001.
package store
