// Package privacy erases a person: it shows beforehand what goes and what a law holds until when, takes everything away in one step, keeps what a law holds
// under keys that have a last day, and signs certificates of it.
//
// An erasure is one Change. What a law wants kept is copied out of the rooms, sealed under retention keys (one for each kind and last day), and laid both in
// this room's rows and beside the keys (vault.SetAside); then every room's keeper erases, and the person's own key is destroyed. Nothing of her is
// left in the tables that people work with, so no search, list, page or message can find her. Whatever breaks it off, Finish completes it, and so does every restore
// of a backup from before: the rows go again, and what was held comes back from beside the keys.
//
// Promises kept here:
//   - The plan is shown before anything happens, and only a law's floor holds anything back (KeptUntil in law).
//   - What is held opens to a custodian alone, with a reason, and each opening is in the audit log.
//   - On the day after the last one the key is destroyed and the rows go; two days before, the clinic is told.
//   - Those outside who carried something of hers are asked to erase it until they answer, or the clinic has the letter to send (asking.go, letter.go).
//   - Certificate one says that the live systems are clean, certificate two that nothing older can bring her back. Both can be checked without us.
package privacy
