// Package subscription is what a clinic pays for the platform: its trial, its plan, the payments for it, the invoices of whoever runs the
// installation, and what happens when none comes: notices on stated days, a time of grace, and then a clinic in which nothing can be
// entered while everything can be read, taken along and left. An installation that asks for no fee has no plans, and then nothing of this
// exists: no page, no row, no clock.
//
// Promises kept here: a payment is what the payment company itself says it is, never what a browser brings back, and counts once; numbers
// of invoices follow one on the other; no word of a card is kept; nobody becomes read-only without having been told before, on stated days.
package subscription
