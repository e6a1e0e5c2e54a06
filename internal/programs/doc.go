// Package programs holds how a clinic's own programs come in, and how they are told what happened.
//
// A token lets a program in at the JSON interface: it is shown once and kept as a hash, opens a few named things, never more than its maker may
// do herself, ends within a year, and is refused from the request after it was ended. A webhook tells an address of the clinic's choice that
// something happened: a signed request that holds ids, a kind and a moment, never a person's data; the program then asks with its token, so
// that consents, modules and the log hold as on the pages.
//
// Promises kept here: tokens-hashed, token-scopes, token-ends, webhooks-thin, webhooks-signed, webhooks-held.
package programs
