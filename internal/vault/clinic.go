package vault

import (
	"bytes"
	"container/list"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// ErrUnknownClinic means that the clinic has no keys: OpenClinic was never called for it, or
// this is not the key store that belongs to the data.
var ErrUnknownClinic = errors.New("vault: the clinic has no keys in this key store")

// ClinicData stands for the subject of what is the clinic's own and no patient's.
var ClinicData = id.ID{'c', 'l', 'i', 'n', 'i', 'c', ' ', 'd', 'a', 't', 'a'}

// chunk is how many subjects one statement names.
const chunk = 200

// wrappedKey is a key as the key store holds it.
type wrappedKey struct {
	generation int64
	bytes      []byte
	under      int64      // which of the clinic's keys wraps it; of a clinic's own key: when that was born
	epoch      int64      // of a clinic's own key
	last       clock.Date // of a retention key: the last day on which it may be there; empty for a patient's own key
}

// clinicKeys are the wrapped keys of one clinic: all that may stay in memory between requests.
type clinicKeys struct {
	kinds   map[string]wrappedKey
	retired []wrappedKey // keys of the clinic with a successor, while something is wrapped by them
}

// own is the clinic's own key.
func (k *clinicKeys) own() (wrappedKey, error) {
	w, ok := k.kinds[kindClinic]
	if !ok {
		return w, errDamaged
	}
	return w, nil
}

// opened are the unwrapped keys of one clinic.
type opened struct {
	generation int64               // of the clinic's key
	born       int64               // when it was made
	wraps      map[int64]tink.AEAD // by when they were born: the clinic's key, and those that it replaces. They wrap keys and nothing else
	data       tink.AEAD
	index      []byte
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readClinic(ctx context.Context, q queryer, clinic id.ID) (*clinicKeys, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, epoch, generation, wrapped, born, under FROM clinic_key WHERE clinic = $1
		UNION ALL SELECT 'retired', epoch, generation, wrapped, born, born FROM retired_key WHERE clinic = $1`, clinic)
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	out := &clinicKeys{kinds: map[string]wrappedKey{}}
	for rows.Next() {
		var kind string
		var epoch sql.NullInt64
		var born int64
		var w wrappedKey
		if err := rows.Scan(&kind, &epoch, &w.generation, &w.bytes, &born, &w.under); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		w.epoch = epoch.Int64
		switch kind {
		case kindRetired:
			out.retired = append(out.retired, w)
			continue
		case kindClinic:
			w.under = born
		}
		out.kinds[kind] = w
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	if len(out.kinds) == 0 {
		return nil, ErrUnknownClinic
	}
	return out, nil
}

// wrapped gives the clinic's wrapped keys, from memory unless fresh is asked for.
func (v *Vault) wrapped(ctx context.Context, clinic id.ID, fresh bool) (*clinicKeys, error) {
	if v.closed.Load() {
		return nil, ErrClosed
	}
	if !fresh {
		if k := v.cache.get(clinic, v.clk.Now()); k != nil {
			return k, nil
		}
	}
	k, err := readClinic(ctx, v.store.read, clinic)
	if err != nil {
		return nil, err
	}
	v.cache.put(clinic, k, v.clk.Now())
	return k, nil
}

// key unwraps one of the clinic's keys with its clinic key.
func (k *clinicKeys) key(by map[int64]tink.AEAD, clinic id.ID, kind string) ([]byte, error) {
	w, ok := k.kinds[kind]
	if !ok || by[w.under] == nil {
		return nil, errDamaged
	}
	return unwrap(by[w.under], place{kind: kind, clinic: clinic, generation: w.generation}, w.bytes)
}

// ownCipher unwraps one of the clinic's own keys, which wrap its others. errUnknownEpoch when this process does not know the epoch.
func (v *Vault) ownCipher(clinic id.ID, w wrappedKey) (tink.AEAD, error) {
	epoch := v.epoch(w.epoch)
	if epoch == nil {
		return nil, errUnknownEpoch
	}
	return unwrapCipher(epoch, place{kind: kindClinic, clinic: clinic, generation: w.generation}, w.bytes)
}

// unwrapped unwraps what a Ring needs of the clinic.
func (v *Vault) unwrapped(clinic id.ID, k *clinicKeys) (*opened, error) {
	own, err := k.own()
	if err != nil {
		return nil, err
	}
	o := &opened{generation: own.generation, born: own.under, wraps: map[int64]tink.AEAD{}}
	for _, w := range append([]wrappedKey{own}, k.retired...) {
		if o.wraps[w.under], err = v.ownCipher(clinic, w); err != nil {
			return nil, err
		}
	}
	data, err := k.key(o.wraps, clinic, kindData)
	if err != nil {
		return nil, err
	}
	if o.data, err = cipherOf(data); err != nil {
		return nil, err
	}
	o.index, err = k.key(o.wraps, clinic, kindIndex)
	return o, err
}

// open unwraps what a Ring needs of the clinic, from memory unless fresh is asked for. What memory holds may be older than a key that was
// replaced elsewhere, and an epoch may have begun that this process has not heard of: then it looks again.
func (v *Vault) open(ctx context.Context, clinic id.ID, fresh bool) (o *opened, err error) {
	for range 4 {
		k, err := v.wrapped(ctx, clinic, fresh)
		if err != nil {
			return nil, err
		}
		o, err = v.unwrapped(clinic, k)
		if err == nil || fresh && !errors.Is(err, errUnknownEpoch) {
			return o, err
		}
		if fresh {
			if err := v.learn(ctx); err != nil {
				return nil, err
			}
		}
		fresh = true
	}
	return nil, errUnknownEpoch
}

// OpenClinic makes and commits the clinic's key, data key and index key. A clinic that has them
// keeps them. id.Zero stands for the platform itself, whose keys Open has made.
func (v *Vault) OpenClinic(ctx context.Context, clinic id.ID) error {
	if v.closed.Load() {
		return ErrClosed
	}
	if _, err := v.wrapped(ctx, clinic, false); err == nil || !errors.Is(err, ErrUnknownClinic) {
		return err
	}
	if gone, err := v.ClinicGone(ctx, clinic); err != nil || gone {
		return firstOf(err, ErrShredded)
	}
	for {
		newest := v.newestEpoch()
		err := v.store.change(ctx, func(tx *sql.Tx) error {
			return makeClinic(ctx, tx, clinic, newest, v.epoch(newest), clock.At(v.clk.Now()), kindData, kindIndex)
		})
		if !errors.Is(err, errMoved) {
			return err
		}
		if err := v.learn(ctx); err != nil {
			return err
		}
		if v.newestEpoch() == newest {
			return errUnknownEpoch
		}
	}
}

func firstOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// makeClinic writes a clinic's keys unless they are there. Whoever writes the clinic's own key
// first writes the others too, in the same transaction, so that they always belong together.
func makeClinic(ctx context.Context, tx *sql.Tx, clinic id.ID, epoch int64, by tink.AEAD, now clock.Instant, kinds ...string) error {
	const insert = `INSERT INTO clinic_key (clinic, kind, epoch, generation, wrapped, made_at)
		VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (clinic, kind) DO NOTHING`
	// The row of the epoch is held still: an epoch that has been destroyed meanwhile takes no clinic.
	res, err := tx.ExecContext(ctx, "UPDATE epoch_key SET generation = generation WHERE epoch = $1 AND epoch = (SELECT MAX(epoch) FROM epoch_key)", epoch)
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	} else if n == 0 {
		return errMoved
	}
	own := newKey()
	w, err := wrap(by, place{kind: kindClinic, clinic: clinic, generation: 1}, own)
	if err != nil {
		return err
	}
	res, err = tx.ExecContext(ctx, insert, clinic, kindClinic, epoch, w, int64(now))
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	c, err := cipherOf(own)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		key := newKey()
		w, err := wrap(c, place{kind: kind, clinic: clinic, generation: 1}, key)
		clear(key)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, insert, clinic, kind, nil, w, int64(now)); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
	}
	return nil
}

// errMoved means that another process has given the clinic a new key in the meantime.
var errMoved = errors.New("vault: the clinic's key has changed meanwhile; try again")

// AddSubjects makes and commits a key for each patient; who has one keeps it. ErrShredded, and
// nothing is written, when one of them was erased: an erased person never comes back under the
// same id.
func (v *Vault) AddSubjects(ctx context.Context, clinic id.ID, subjects ...id.ID) error {
	return v.add(ctx, clinic, "", subjects)
}

// add makes keys: patients' own, or retention keys with their last day.
func (v *Vault) add(ctx context.Context, clinic id.ID, last clock.Date, subjects []id.ID) error {
	if v.closed.Load() {
		return ErrClosed
	}
	wanted := slices.Clone(subjects)
	for _, s := range wanted {
		if err := patientOnly(s); err != nil {
			return err
		}
	}
	// One order for everybody, so that two callers never wait for each other.
	slices.SortFunc(wanted, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	wanted = slices.Compact(wanted)
	for turn := 0; ; turn++ {
		missing, err := v.withoutKey(ctx, v.store.read, clinic, wanted)
		if err != nil || len(missing) == 0 {
			return err
		}
		o, err := v.open(ctx, clinic, turn > 0)
		if err != nil {
			return err
		}
		err = v.addSubjects(ctx, clinic, o, last, missing)
		clear(o.index)
		if !errors.Is(err, errMoved) || turn == 5 {
			return err
		}
	}
}

func (v *Vault) addSubjects(ctx context.Context, clinic id.ID, o *opened, last clock.Date, subjects []id.ID) error {
	by := o.wraps[o.born]
	now := clock.At(v.clk.Now())
	return v.store.change(ctx, func(tx *sql.Tx) error {
		// Holds the clinic's key still: a key wrapped by one that is being replaced would be lost.
		res, err := tx.ExecContext(ctx, `UPDATE clinic_key SET generation = generation
			WHERE clinic = $1 AND kind = $2 AND generation = $3`, clinic, kindClinic, o.generation)
		if err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		} else if n == 0 {
			return errMoved
		}
		for part := range slices.Chunk(subjects, chunk) {
			var text strings.Builder
			text.WriteString("INSERT INTO patient_key (clinic, subject, generation, wrapped, made_at, under, last_day) VALUES ")
			args := []any{clinic, int64(now), o.born, sql.NullString{String: string(last), Valid: last != ""}}
			for i, s := range part {
				key := newKey()
				w, err := wrap(by, personal(clinic, s, 1, last), key)
				clear(key)
				if err != nil {
					return err
				}
				if i > 0 {
					text.WriteString(", ")
				}
				fmt.Fprintf(&text, "($1, $%d, 1, $%d, $2, $3, $4)", len(args)+1, len(args)+2)
				args = append(args, s, w)
			}
			text.WriteString(" ON CONFLICT (clinic, subject) DO NOTHING")
			if _, err := tx.ExecContext(ctx, text.String(), args...); err != nil {
				return fmt.Errorf("vault: the key store: %w", err)
			}
		}
		// Whoever was erased since the first look stands in the way of the insert and shows here.
		_, err = v.withoutKey(ctx, tx, clinic, subjects)
		return err
	})
}

// withoutKey says who has no key yet. ErrShredded when somebody was erased.
func (v *Vault) withoutKey(ctx context.Context, q queryer, clinic id.ID, subjects []id.ID) ([]id.ID, error) {
	have := make(map[id.ID]bool, len(subjects))
	err := eachKey(ctx, q, clinic, subjects, func(subject id.ID, w wrappedKey) error {
		if w.bytes == nil {
			return ErrShredded
		}
		have[subject] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(subjects), func(s id.ID) bool { return have[s] }), nil
}

// eachKey reads the rows of the patients, a chunk at a time. An erased one has no bytes; one
// that never had a key has no row.
func eachKey(ctx context.Context, q queryer, clinic id.ID, subjects []id.ID, do func(id.ID, wrappedKey) error) error {
	for part := range slices.Chunk(subjects, chunk) {
		text, args := keysOf(clinic, part)
		rows, err := q.QueryContext(ctx, text, args...)
		if err := eachRow(rows, err, do); err != nil {
			return err
		}
	}
	return nil
}

// widths are the lengths of list that statements are made for. A list is filled up to the next
// one with its last subject, so that the few statements stay prepared.
var widths = [...]int{1, 8, 32, 96, chunk}

// keyTexts are the statements that read keys, by width.
var keyTexts = func() (out [len(widths)]string) {
	for i, n := range widths {
		var text strings.Builder
		text.WriteString("SELECT subject, generation, wrapped, under, COALESCE(last_day, '') FROM patient_key WHERE clinic = $1 AND subject IN ($2")
		for j := 1; j < n; j++ {
			text.WriteString(", $" + strconv.Itoa(j+2))
		}
		out[i] = text.String() + ")"
	}
	return out
}()

// keysOf is the statement for the subjects, at most a chunk of them, with its arguments.
func keysOf(clinic id.ID, subjects []id.ID) (text string, args []any) {
	at := 0
	for widths[at] < len(subjects) {
		at++
	}
	args = make([]any, 0, widths[at]+1)
	args = append(args, clinic[:])
	for i := range widths[at] {
		args = append(args, subjects[min(i, len(subjects)-1)][:])
	}
	return keyTexts[at], args
}

func eachRow(rows *sql.Rows, err error, do func(id.ID, wrappedKey) error) error {
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var subject id.ID
		var w wrappedKey
		if err := rows.Scan(&subject, &w.generation, &w.bytes, &w.under, &w.last); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if err := do(subject, w); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	return nil
}

// patientOnly refuses the two ids that are no patient's.
func patientOnly(subject id.ID) error {
	if subject == id.Zero || subject == ClinicData {
		return errors.New("vault: a patient's id is wanted")
	}
	return nil
}

// cacheSize bounds the memory that clinics' wrapped keys may take: about a kilobyte each.
const cacheSize = 512

// clinicCache remembers the wrapped keys of the clinics used last.
type clinicCache struct {
	mu    sync.Mutex
	order *list.List // the clinic used last stands first
	at    map[id.ID]*list.Element
}

type cached struct {
	clinic id.ID
	keys   *clinicKeys
	at     time.Time
}

// cacheLife is how long the wrapped keys of a clinic are taken from memory, so that a key that was replaced does not live on in a process that
// happens to need nothing else of the clinic.
const cacheLife = time.Minute

func newClinicCache() *clinicCache {
	return &clinicCache{order: list.New(), at: map[id.ID]*list.Element{}}
}

func (c *clinicCache) get(clinic id.ID, now time.Time) *clinicKeys {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[clinic]
	if e == nil || now.Sub(e.Value.(*cached).at) > cacheLife {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).keys
}

// drop forgets everything.
func (c *clinicCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.at)
}

func (c *clinicCache) put(clinic id.ID, keys *clinicKeys, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[clinic]; e != nil {
		e.Value = &cached{clinic, keys, now}
		c.order.MoveToFront(e)
		return
	}
	c.at[clinic] = c.order.PushFront(&cached{clinic, keys, now})
	for c.order.Len() > cacheSize {
		last := c.order.Back()
		delete(c.at, last.Value.(*cached).clinic)
		c.order.Remove(last)
	}
}
