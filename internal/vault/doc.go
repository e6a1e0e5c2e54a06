// Package vault keeps the keys, and seals and opens every field that holds a person's data.
//
// The keys hang in a tree: the root key (a file outside the data and its backups) wraps the
// epoch key, that wraps each clinic's key, and that wraps the clinic's data key, its index key
// and one key for each patient. All are 32 random bytes; only wrapped keys are stored, in a key
// store of its own that nobody but this package opens. What a wrapped key is for (its kind,
// clinic, subject and generation) is bound into the wrapping, and what a field is (clinic,
// subject, table, column, row) is bound into the sealed field, so that neither can be moved.
//
// Promises kept here:
//   - Names, phones, notes and messages are stored only as ciphertext; a cell copied to
//     another place does not open (ErrForged).
//   - Erasing a person destroys the key (Shred): the act is journalled before it is done, is
//     completed by Open and by Replay after a crash or a restore, and the same person cannot be
//     given a new key (ErrShredded).
//   - Search works by truncated fingerprints (Bucket), so that a stolen copy cannot confirm a name.
//   - No unwrapped patient key outlives its Ring. The bytes of a key are overwritten as soon as
//     its cipher is set up, and Close lets go of the cipher; what the cipher expanded stays in
//     freed memory until the runtime uses that memory again, which no Go program can prevent.
//
// What remains for a while after Shred is the wrapped key in old copies of the key store, and in
// PostgreSQL's dead rows and log until they are reused. SQLite's pages and log are overwritten
// at once, or by the next Shred when a reader was in the way.
package vault
