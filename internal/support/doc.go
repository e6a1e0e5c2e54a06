// Package support is what stands between a clinic and the people of the platform who help it: tickets, grants of access, notices
// about the service.
//
// Promises kept here:
//   - Nobody of support or of the operators sees anything of a clinic without a grant of that clinic: named things, looking alone, four
//     hours at most, visible to everybody in the clinic while it runs, ended by a press or by the clock, written into the clinic's own
//     log under the helper and the grant. The doorway (store) reads the grant in every passage; this room writes it.
//   - Where nobody of the clinic can be asked, an operator may look for one hour at settings and the calendar without names: every owner is
//     told before anything opens, the log says so in every entry, and an owner looks back at it afterwards.
//   - What a clinic writes to support is sealed under the key of who wrote it, is seen by support without a grant, and goes a year after it was closed.
//   - Everybody says herself whether she gets news of the product and alerts about security.
package support
