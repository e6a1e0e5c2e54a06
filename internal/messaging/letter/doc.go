// Package letter writes a message as an e-mail (RFC 5322), for every carrier that takes one. The
// carriers are apart from each other, so what they share stands a floor below them.
//
// Promises kept here: the header names neither the patient nor the service, nothing that a
// person typed can add a field or a recipient, and what asks for it carries the one-click
// unsubscribe of RFC 8058.
package letter
