// Package stripe takes payments by a clinic's own account at Stripe: Checkout sessions, what was paid in them, refunds,
// disputes, and the reports that Stripe posts. Stripe's own Go library writes the requests; docs/decisions/0035 says why.
//
// Promises kept here: what Stripe answers is decoded into structures of ours that have no place for a card, a name, a
// number or an address, and not into the library's (H3, E8); a report counts only when it is signed with one of the
// clinic's own secrets not more than five minutes from now, in either direction (H2); what is asked for carries a key, so that it
// happens once.
package stripe
