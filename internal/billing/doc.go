// Package billing holds what visits cost and what was paid: invoices and credit notes with their taxes, payments and refunds, the ledger, and the desk's
// count at the end of a day. It hangs on patients and appointments, never on what is written about a visit, and exists only where the clinic turned the
// module billing on.
//
// Promises kept here:
//   - Of a payment stand its ids, amount, currency, method and moments, and no card or account of anybody: there is no column for one (H3).
//   - An issued invoice never changes; its numbers run on without a gap or a repeat (invoice.go, issue.go, and the triggers beside the fences).
//   - Money is booked once, whoever reports it how often (inside.go); every row of the ledger moves one amount between two accounts, so the books balance by
//     construction, and verify.go looks whether they agree with the invoices and payments.
//   - What treatment was given is sealed under the patient's key. When she is erased the invoice keeps what tax law asks for, for as long as that law asks (H6:
//     keep.go, keeper.go), and then goes.
//   - Nobody is charged for asking for her own data: nothing here can name such a fee (H8).
package billing
