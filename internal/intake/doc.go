// Package intake holds what patients are asked before a visit and what they agree to with their name: a clinic's forms, each version of
// which is known by the hash of what it says, and the answers, sealed under the patient's key. It exists only where the clinic turned clinical
// records on.
//
// Promises kept here: for a child a guardian answers and signs (B9: sign.go). What was signed keeps the exact text that it was
// given to: neither the answer nor the text can be changed afterwards (B9: a trigger of each table). Answers that were begun and never
// signed go after thirty days (D6: keeper.go).
package intake
