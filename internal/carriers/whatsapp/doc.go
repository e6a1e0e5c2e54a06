// Package whatsapp carries messages over WhatsApp, by Meta's Cloud API, from a clinic's own
// account there; it reads what Meta posts back, and looks after templates, numbers and media.
//
// Promises kept here: a clinic's credentials are opened for one call and never shown, logged or
// kept (A9); a message that may have been handed over is never called anything but handed over
// or uncertain, so that nobody gets it twice; news counts only when it is signed with the
// clinic's own secret and speaks of the clinic's own number.
package whatsapp
