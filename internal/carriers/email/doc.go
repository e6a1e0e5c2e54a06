// Package email carries messages over SMTP. One message is one session: TLS, sign-in, one
// sender, one recipient, the text, the dot.
//
// Promises kept here: nothing leaves over a connection that is not encrypted and verified
// (plain SMTP exists for the machine itself alone); the header names neither the patient nor
// the service; a message that may have been handed over is never called anything but
// handed over or uncertain, so that nobody gets it twice.
package email
