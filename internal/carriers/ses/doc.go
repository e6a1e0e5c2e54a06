// Package ses carries e-mail through a clinic's own account at Amazon SES (version 2 of its
// interface) and reads what Amazon tells about it over SNS.
//
// Promises kept here: what leaves is the recipient, the subject, the text and our id of the
// message, and no header or tag names the patient or the service; a message that may have been
// handed over is never called anything but accepted or uncertain; the account's keys serve its
// own clinic's call and are let go with it (A9); nothing that is not signed by Amazon, for a
// topic that the clinic named, is taken for news.
package ses
