// Package followup says who is reminded of what, when, and how often: the clinic's reminder
// rules, and for each appointment ahead the moments at which a rule falls due. It sends
// nothing itself; a rule that falls due asks messaging's one gate.
//
// Promises kept here: when an appointment is moved or cancelled, reminders of the old time no
// longer go out (F13, B6: reminders.go); a rule reminds of one occurrence once (F13); nobody is
// reminded at night (a reminder that would fall into the quiet hours goes out the evening before).
package followup
