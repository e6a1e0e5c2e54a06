// Package messaging is how a message goes out: passport, outbox, carrier, delivery state.
//
// There is one gate, Send. It plans a message only with a stated ground (a consent, or the
// necessity of the booking itself), a purpose, a rule, and an idempotency key, and seals all of
// that as the message's passport. Nothing else in the house reaches a carrier.
//
// Promises kept here: no message without a passport (F7, F10); a message about one occurrence of
// one appointment by one rule goes out once at most, and where nobody can know whether it went
// out a person decides (F13: outbox.go and the unique index message_once); moved, cancelled or
// unconsented means silence, looked at again in the very Change that begins the sending; a mail
// carries no remote picture and no tracker, and its text is not kept (F8).
package messaging
