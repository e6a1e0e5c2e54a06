// Package domains holds the host names of clinics' own: who claimed which, how it was proven, whether it still leads here; and the
// certificates of the whole deployment, sealed, so that each of its nodes can show them.
//
// Promises kept here: a name is served and certified only while its own records in the DNS say that the clinic wants it; two clinics
// never have one name; a claim that is not proven keeps nobody from the name; the links in a clinic's messages begin with its own
// name only while that works, and its owners are told when it does not; who closes a clinic or removes the name frees it.
package domains
