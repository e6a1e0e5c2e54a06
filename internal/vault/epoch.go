package vault

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tink-crypto/tink-go/v2/tink"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// errUnknownEpoch means that the key store has moved on to an epoch that this process cannot open.
var errUnknownEpoch = errors.New("vault: the key store has moved to an epoch that this process has not read: start it again")

// epochRow is an epoch key as the key store holds it.
type epochRow struct {
	generation        int64
	wrapped, handover []byte
	madeAt            clock.Instant
}

func readEpochs(ctx context.Context, q queryer) (map[int64]epochRow, error) {
	rows, err := q.QueryContext(ctx, "SELECT epoch, generation, wrapped, handover, made_at FROM epoch_key")
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	out := map[int64]epochRow{}
	for rows.Next() {
		var epoch int64
		var r epochRow
		if err := rows.Scan(&epoch, &r.generation, &r.wrapped, &r.handover, (*int64)(&r.madeAt)); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		out[epoch] = r
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	return out, nil
}

// handoverPlace is where an epoch key lies that is wrapped by the one before it.
func handoverPlace(epoch int64) place {
	p := epochPlace(epoch, 0)
	p.kind = kindHandover
	return p
}

// epoch is the cipher of an epoch, nil when this process does not know it.
func (v *Vault) epoch(n int64) tink.AEAD {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.epochs[n]
}

// newestEpoch is the epoch under which new clinics are put; 0 when every key was let go of.
func (v *Vault) newestEpoch() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.newest
}

// learn reads the epochs anew: it takes the next by what the one before hands over, asks the root key only when that does not reach, and forgets those that
// were destroyed.
func (v *Vault) learn(ctx context.Context) error {
	rows, err := readEpochs(ctx, v.store.read)
	if err != nil {
		return err
	}
	v.mu.Lock()
	known := maps.Clone(v.epochs)
	v.mu.Unlock()
	out := map[int64]tink.AEAD{}
	lacking := false
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		c := known[n]
		for _, before := range []tink.AEAD{known[n-1], out[n-1]} {
			if c == nil && before != nil && rows[n].handover != nil {
				c, _ = unwrapCipher(before, handoverPlace(n), rows[n].handover)
			}
		}
		if c == nil {
			lacking = true
			continue
		}
		out[n] = c
	}
	if lacking {
		root, keys, err := v.fittingRoot(ctx, v.store.read)
		if err != nil {
			return err
		}
		by, err := cipherOf(root)
		if err != nil {
			return err
		}
		out = map[int64]tink.AEAD{}
		for n, r := range keys {
			if out[n], err = unwrapCipher(by, epochPlace(n, r.generation), r.wrapped); err != nil {
				return err
			}
		}
	}
	v.setEpochs(out)
	return nil
}

func (v *Vault) setEpochs(all map[int64]tink.AEAD) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.epochs, v.newest = all, 0
	for n := range all {
		v.newest = max(v.newest, n)
	}
}

// rootMark tells one root key from another and says nothing about either.
func rootMark(root []byte) []byte {
	sum := sha256.Sum256(append([]byte("almirah root mark\n"), root...))
	return sum[:16]
}

// The names of the notes.
const (
	noteRoot  = "root"  // the present root key: since when, and its mark
	noteSheet = "sheet" // the last time that a typed sheet was found right, and the mark of its key
	noteDrill = "drill" // the last time that a typed sheet opened a backup
	noteTurn  = "turn"  // the last time that every key was turned to the newest epoch
)

func writeNote(ctx context.Context, tx *sql.Tx, name string, at clock.Instant, mark []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO key_note (name, at, mark) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET at = excluded.at, mark = excluded.mark`, name, int64(at), mark)
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	return nil
}

type keyNote struct {
	at   clock.Instant
	mark []byte
}

func readNotes(ctx context.Context, q queryer) (map[string]keyNote, error) {
	rows, err := q.QueryContext(ctx, "SELECT name, at, mark FROM key_note")
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	out := map[string]keyNote{}
	for rows.Next() {
		var name string
		var n keyNote
		if err := rows.Scan(&name, (*int64)(&n.at), &n.mark); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		out[name] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	return out, nil
}

// clinicsUnder lists clinics whose key hangs on an older epoch than the newest, in the order of their ids, after the one that is given.
func clinicsUnder(ctx context.Context, q queryer, newest int64, after []byte, most int) ([]id.ID, error) {
	return ids(q.QueryContext(ctx, "SELECT clinic FROM clinic_key WHERE kind = $1 AND epoch < $2 AND clinic > $3 ORDER BY clinic LIMIT $4", kindClinic, newest, after, most))
}

func ids(rows *sql.Rows, err error) ([]id.ID, error) {
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	return out, nil
}
