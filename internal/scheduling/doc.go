// Package scheduling holds who works when, what is offered, and who has which time. Booking is
// its one great verb: patient, consents, claims, appointment, idempotency key, audit entry and
// event are one Change.
//
// Promises kept here: no time is sold twice (B4: the primary key of claims, whatever way the
// time is held); the slots that are shown are the slots that can be booked (B7: Slots and
// Bookable are one rule); every booking, move and cancellation stays in the booking log (B5,
// B11); only staff can overbook, with a reason that is audited (no public door can).
package scheduling
