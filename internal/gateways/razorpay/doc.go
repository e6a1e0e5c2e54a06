// Package razorpay takes payments by a clinic's own account at Razorpay: payment links, what was paid on them,
// refunds, disputes, and the reports that Razorpay posts. It is a thin client of our own; docs/decisions/0035 says why.
//
// Promises kept here: what Razorpay answers is decoded into structures that have no place for a card, a name, a
// number or an address (H3, E8); a report counts only when it is signed with one of the clinic's own two secrets
// (H1); giving back carries a key, so that it happens once.
package razorpay
