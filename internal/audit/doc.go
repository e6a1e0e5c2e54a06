// Package audit holds the shape of the audit log: an entry, the salted commitment to its
// details, the Merkle tree over all entries, and the verifier. It is pure: it reads no clock
// and no database. Promises N1, N2 and M14 rest on it.
//
// # What is written, and by whom
//
// store writes every row; this room says what goes into it.
//
//   - audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment, grant_id, session_id): written in the
//     transaction of the act itself, never changed or deleted (a trigger refuses both). body is Entry.Body: canonical JSON without
//     a personal datum; the columns before it repeat it for look-ups, and Verify compares them. commitment is Commit(salt, details).
//   - audit_detail (clinic_id, leaf_id, owner_id, sealed): the salt and the bytes of Details, sealed together under the
//     patient's key when the note names a patient, under the clinic's data key otherwise. Only the purge role may delete
//     here. When the row or the key is gone, the entry still proves that something happened, when, and by whom, and no
//     longer tells what; without the salt nobody can try values against the commitment.
//   - audit_pending (leaf_id, clinic_id, body, commitment): written beside the leaf, deleted when the leaf has its place in the tree.
//   - audit_tree (position, hash, clinic_id, leaf_id): the stored hashes in the order of tlog.StoredHashIndex. A hash over
//     one entry names the entry's leaf; a hash over several names none. It belongs to the platform: there is ONE tree for
//     a deployment, whatever clinic a leaf belongs to, so that there is one head to publish and nobody can drop a whole
//     clinic unseen. Nothing in the tree says anything about a clinic but that it exists.
//   - audit_head (size, root, at): heads as they were given out. A head that somebody outside has kept (mailed, printed)
//     is what makes a cut-off tail visible.
//
// # Giving leaves their place
//
// One writer at a time takes the advisory lock (SQLite: the single writing connection), and then, in one transaction, reads
// audit_pending, oldest id first, at most a few hundred; reads the last position and turns it into a size with SizeOf;
// calls Append; inserts the nodes; deletes exactly those pending rows; and inserts the new head. Never "every leaf with an
// id greater than the last": a transaction that began earlier may commit later, and its leaf would never get a place.
//
// Between the commit of an act and its place in the tree, usually well under a second, whoever owns the whole database can
// still remove both leaf and pending row without trace. From then on every edit, removal, insertion, change of order and cut is found by
// Verify, the last of them with a head that was kept outside.
package audit
