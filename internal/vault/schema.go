package vault

// The key store's tables: one text for SQLite and PostgreSQL. An edition is never changed once
// it has been released; a change is a new edition at the end.

const sqlVersionTable = `CREATE TABLE IF NOT EXISTS keystore_version (
	version    BIGINT NOT NULL PRIMARY KEY,
	applied_at BIGINT NOT NULL
)`

var editions = [][]string{
	{
		`CREATE TABLE keystore (
			one      BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
			store_id BYTEA  NOT NULL CHECK (length(store_id) = 16),
			made_at  BIGINT NOT NULL
		)`,
		`CREATE TABLE epoch_key (
			epoch      BIGINT NOT NULL PRIMARY KEY,
			generation BIGINT NOT NULL,
			wrapped    BYTEA  NOT NULL CHECK (length(wrapped) = 60),
			made_at    BIGINT NOT NULL
		)`,
		// Only the clinic's own key hangs on an epoch; the others hang on the clinic's key.
		`CREATE TABLE clinic_key (
			clinic     BYTEA  NOT NULL CHECK (length(clinic) = 16),
			kind       TEXT   NOT NULL CHECK (kind IN ('clinic', 'data', 'index', 'journal')),
			epoch      BIGINT REFERENCES epoch_key (epoch),
			generation BIGINT NOT NULL,
			wrapped    BYTEA  NOT NULL CHECK (length(wrapped) = 60),
			made_at    BIGINT NOT NULL,
			PRIMARY KEY (clinic, kind),
			CHECK ((kind = 'clinic') = (epoch IS NOT NULL))
		)`,
		// A shredded key leaves its row behind without the key: the primary key then stops
		// whoever would give the same person a new one, at the very same moment too.
		`CREATE TABLE patient_key (
			clinic      BYTEA  NOT NULL CHECK (length(clinic) = 16),
			subject     BYTEA  NOT NULL CHECK (length(subject) = 16),
			generation  BIGINT NOT NULL,
			wrapped     BYTEA  CHECK (length(wrapped) = 60),
			made_at     BIGINT NOT NULL,
			shredded_at BIGINT,
			PRIMARY KEY (clinic, subject),
			CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL))
		)`,
		`CREATE TABLE shred_journal (
			clinic  BYTEA  NOT NULL CHECK (length(clinic) = 16),
			subject BYTEA  NOT NULL CHECK (length(subject) = 16),
			key_id  BYTEA  NOT NULL CHECK (length(key_id) = 16),
			at      BIGINT NOT NULL,
			reason  TEXT   NOT NULL,
			PRIMARY KEY (clinic, subject)
		)`,
	},
	// Keys that are replaced while everything goes on. born is the generation at which a clinic's key was made, and under says by which
	// of them a key is wrapped. The next epoch is handed over, wrapped by the one before it, so that a process that runs need not ask the root key.
	{
		`ALTER TABLE epoch_key ADD COLUMN handover BYTEA CHECK (handover IS NULL OR length(handover) = 60)`,
		`ALTER TABLE clinic_key ADD COLUMN born BIGINT NOT NULL DEFAULT 0`,
		`ALTER TABLE clinic_key ADD COLUMN under BIGINT NOT NULL DEFAULT 0`,
		`ALTER TABLE patient_key ADD COLUMN under BIGINT NOT NULL DEFAULT 0`,
		`CREATE INDEX patient_key_shredded ON patient_key (clinic, shredded_at) WHERE shredded_at IS NOT NULL`,
		// A clinic's key that has a successor, for as long as a patient's key is wrapped by it.
		`CREATE TABLE retired_key (
			clinic     BYTEA  NOT NULL CHECK (length(clinic) = 16),
			born       BIGINT NOT NULL,
			epoch      BIGINT NOT NULL REFERENCES epoch_key (epoch),
			generation BIGINT NOT NULL,
			wrapped    BYTEA  NOT NULL CHECK (length(wrapped) = 60),
			made_at    BIGINT NOT NULL,
			retired_at BIGINT NOT NULL,
			PRIMARY KEY (clinic, born)
		)`,
		// What was done with the keys and when: the root key's making, the last finished turn, the last check of the sheet.
		`CREATE TABLE key_note (
			name TEXT   NOT NULL PRIMARY KEY,
			at   BIGINT NOT NULL,
			mark BYTEA
		)`,
	},
	// Retention keys: what the law holds of somebody who was erased opens by a key with a last day. What was sealed under it lies aside as well, because a
	// backup of the data from before the erasure does not have it.
	{
		`ALTER TABLE patient_key ADD COLUMN last_day TEXT CHECK (last_day IS NULL OR length(last_day) = 10)`,
		`CREATE TABLE aside (
			clinic  BYTEA  NOT NULL CHECK (length(clinic) = 16),
			subject BYTEA  NOT NULL CHECK (length(subject) = 16),
			id      BYTEA  NOT NULL CHECK (length(id) = 16),
			owner   BYTEA  NOT NULL CHECK (length(owner) = 16),
			part    BIGINT NOT NULL,
			body    BYTEA  NOT NULL,
			made_at BIGINT NOT NULL,
			PRIMARY KEY (clinic, subject, id)
		)`,
	},
}
