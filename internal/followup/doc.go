// Package followup says who is written to of what, when, and how often: the clinic's reminder rules and its rules of what is
// written after a visit, for each appointment the moments at which a rule falls due, and what patients say of their visits.
// It sends nothing itself; a rule that falls due asks messaging's one gate.
//
// Promises kept here: when an appointment is moved or cancelled, reminders of the old time no
// longer go out (F13, B6: reminders.go); a rule reminds of one occurrence once (F13); nobody is
// reminded at night (a reminder that would fall into the quiet hours goes out the evening before). What is written after a visit goes
// to those who agreed to it, when its visit is what the rule speaks of, and asks nobody to come who comes anyway (G1, G4: visits.go). How it
// was is asked once a visit at most, seldom, and not of somebody whose complaint nobody has settled (G3). What she says is
// told to the clinic first; the public page is offered to everybody alike and marked as leading elsewhere (R9: feedback.go). What reminders do is
// measured in counts (F13: figures.go).
package followup
