// Package contact reads how a person can be reached and what she is called: phone numbers, e-mail
// addresses, names in any script, and the masked forms that may be printed where the whole must not.
//
// It is pure: no clock, no store, no network. It keeps these promises: an error never repeats what was
// typed; nothing that it lets through can break a mail header or turn the direction of a page's text;
// a search key is made the same way from a name and from what the desk types; and scheduling's free
// text is looked through for health details, so that the person can be asked to leave them out.
package contact
