// Package patients holds the people who are looked after: who they are, how they are reached, who
// speaks for a child, and how the desk finds them again.
//
// Promises kept here:
//   - Everything that names a person is sealed under her own key before it reaches the database
//     (M2); beside it stand 16-bit search buckets that confirm nothing to whoever copies them.
//   - Nobody is asked for a government ID or a biometric: there is no field for one (D7).
//   - A child by the clinic's jurisdiction has a guardian on record (I5).
//   - The desk finds a person by the beginning of any word of her name in any script, by the last
//     digits of her phone, by the whole phone or by the e-mail address (D1); what was typed into the
//     search is never written down.
//   - The same person is found again instead of being made twice, also when two doors ask at the
//     same moment; people who only share a family's phone stay different people. Nothing is ever
//     merged by itself: likely duplicates are shown to a person.
//   - A row that cannot be opened is shown as such and never hides the rows beside it.
//   - Who opened a record, and who appeared in which list, is written down (N1, N2).
package patients
