package billing

// What this room announces. Subjects are ids.
const (
	EventPaid      = "billing.paid"      // money was applied to an invoice; the subject is the payment
	EventUndecided = "billing.undecided" // money came of which a person has to decide; the subject is the payment
	EventReturned  = "billing.returned"  // money was given back; the subject is the refund
	EventCancelled = "billing.cancelled" // a credit note changed what is due of an invoice; the subject is the invoice
)
