// Package backup makes the encrypted copies from which a clinic comes back, keeps them for thirty days and no longer, and puts
// them back.
//
// A backup of the data is a consistent copy of the database (SQLite), or a base backup and the server's own log since (PostgreSQL),
// encrypted to a public key: the machine that makes backups cannot read them. The private key is on paper. The key store is copied
// apart from the data, has a short life of two days, and so a stolen backup of the data opens nothing. The shred journal is
// copied after every erasure. A backup is written down as one only after it was fetched back from the place where it lies,
// decrypted, opened and counted: see check.
//
// Promises kept here:
//   - Encrypted backups every day, in two places, and gone after thirty days (Run, Expire).
//   - Who was erased stays erased, whatever is restored: every restore takes the newest journal before anything else.
//   - What comes back is held: nothing is sent, reported or charged before somebody lets go of it (store.Held).
//
// What this room does not do: it never has the private key, but for the time of a restore or a drill that a person began.
package backup
