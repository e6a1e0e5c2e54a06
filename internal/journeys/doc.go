// Package journeys is one table: when this happened, do that. A room announces an event in the
// Change that caused it; jobs hands the events that are due to Run, and Run walks the steps that
// the table names, in the Change that takes the event away. So an event is acted on exactly once,
// in whichever process, and if a step fails the event is still there.
//
// Promise kept here: every booking is confirmed and every change told, once (C5, F7); what was
// undone before anybody was told is not told (F13).
package journeys
