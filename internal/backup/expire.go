package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Shelf is what lies at a place.
type Shelf struct {
	Name    string    `json:"name"`
	Region  string    `json:"region"`
	Backups int       `json:"backups"`
	Bytes   int64     `json:"bytes"`
	Oldest  time.Time `json:"oldest"` // zero when there is none
	Newest  time.Time `json:"newest"`
	Expires time.Time `json:"expires"` // when the oldest one goes
	Keys    int       `json:"keys"`    // copies of the key store
	KeysOld time.Time `json:"keysOld"` // the oldest of them that has a newer one; zero when there is none
	Error   string    `json:"error,omitempty"`
}

// orphan is how long a backup without its manifest may lie: it is under way, or its making was broken off.
const orphan = 24 * time.Hour

// Expire deletes, at every place, the backups whose thirty days are over, with their manifests, the copies of the key store and of the
// journal that have newer ones, and what broken runs left. It goes on with the next place when one does not answer.
func (r *Room) Expire(ctx context.Context) error {
	if !r.On() {
		return nil
	}
	return r.expire(ctx)
}

func (r *Room) expire(ctx context.Context) error {
	var shelves []Shelf
	var failed []error
	for _, p := range r.places() {
		s, err := r.tidy(ctx, p)
		if err != nil {
			failed = append(failed, err)
			s.Error = err.Error()
		}
		shelves = append(shelves, s)
	}
	return errors.Join(r.mark(ctx, "expiry", errors.Join(failed...), shelves), r.shelve(ctx, shelves))
}

// Left says what lies at the places from before the moment, whether a place still shows it or only has it: when the newest backup of the data from then is deleted (zero
// when there is none), and whether there is a copy of the key store. An error means that a place does not answer, so that nobody knows.
func (r *Room) Left(ctx context.Context, before time.Time) (expires time.Time, keys bool, err error) {
	for _, p := range r.places() {
		for _, folder := range []string{dataFolder, logFolder, keysFolder} {
			items, err := p.Kept(ctx, folder)
			if err != nil {
				return time.Time{}, false, err
			}
			for _, i := range items {
				at, ok := momentOf(i.Name)
				if !ok || at.After(before) || strings.Contains(i.Name, ".history") {
					continue
				}
				if folder == keysFolder {
					keys = true
				} else if ends := at.Add(Keep); ends.After(expires) {
					expires = ends
				}
			}
		}
	}
	return expires, keys, nil
}

// shelve keeps what lies where, also when a place did not answer.
func (r *Room) shelve(ctx context.Context, shelves []Shelf) error {
	return r.mark(ctx, "places", nil, shelves)
}

// broom deletes at a place. What the place refuses to delete keeps nothing else from going: it is tried again the next time.
type broom struct {
	at      Place
	failed  error // the first refusal
	refused int
}

func (b *broom) delete(ctx context.Context, name string) bool {
	err := b.at.Delete(ctx, name)
	if err != nil {
		if b.refused++; b.failed == nil {
			b.failed = err
		}
	}
	return err == nil
}

func (b *broom) err() error {
	if b.refused > 1 {
		return fmt.Errorf("%w (and %d more)", b.failed, b.refused-1)
	}
	return b.failed
}

func (r *Room) tidy(ctx context.Context, p Place) (Shelf, error) {
	s := Shelf{Name: p.Name(), Region: p.Region()}
	now := r.now()
	list, err := Backups(ctx, p)
	if err != nil {
		return s, err
	}
	b := &broom{at: p}
	kept := map[string]bool{}
	first := "" // file of PostgreSQL's log that the oldest backup begins with
	for _, m := range list {
		if m.Expired(now) {
			// The data first: when this is broken off, the manifest still says what is to be deleted.
			kept[m.Name] = !b.delete(ctx, m.Data.Name) || !b.delete(ctx, dataFolder+m.Name+manifestTail)
			continue
		}
		kept[m.Name] = true
		s.Backups++
		s.Bytes += m.Data.Size
		if s.Newest.IsZero() {
			s.Newest = m.TakenAt
		}
		s.Oldest, s.Expires = m.TakenAt, m.TakenAt.Add(Keep)
		if m.LogFrom != "" && (first == "" || m.LogFrom < first) {
			first = m.LogFrom
		}
	}
	items, err := p.Kept(ctx, dataFolder)
	if err != nil {
		return s, err
	}
	for _, i := range items {
		name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(i.Name, dataFolder), sealedTail), manifestTail)
		at, ok := momentOf(i.Name)
		// What somebody hid before its time is no orphan: the operator may want it back.
		if age := now.Sub(at); !kept[name] && ok && (age >= Keep || age >= orphan && !i.Hidden && strings.HasSuffix(i.Name, sealedTail)) {
			b.delete(ctx, i.Name)
		}
	}
	if err := tidyLog(ctx, b, first, now); err != nil {
		return s, err
	}
	for _, folder := range []string{keysFolder, journalFolder} {
		if err := thinAt(ctx, b, folder, now); err != nil {
			return s, err
		}
	}
	swept := p.Sweep(ctx, orphan)
	if items, err = p.Kept(ctx, keysFolder); err != nil {
		return s, errors.Join(b.err(), err)
	}
	if s.Keys = len(items); s.Keys > 1 { // names begin with their moment
		s.KeysOld, _ = momentOf(items[0].Name)
	}
	return s, errors.Join(b.err(), swept)
}

// thin takes away older copies of the key store or the journal.
func (r *Room) thin(ctx context.Context, folder string) error {
	for _, p := range r.places() {
		b := &broom{at: p}
		if err := errors.Join(thinAt(ctx, b, folder, r.now()), b.err()); err != nil {
			return err
		}
	}
	return nil
}

// thinAt keeps the newest few, and of these only the newest that can be fetched beyond KeepKeys.
func thinAt(ctx context.Context, b *broom, folder string, now time.Time) error {
	items, err := b.at.Kept(ctx, folder)
	if err != nil {
		return err
	}
	slices.Reverse(items) // names begin with their moment
	stays := max(0, slices.IndexFunc(items, func(i Item) bool { return !i.Hidden }))
	for n, i := range items {
		at, ok := momentOf(i.Name)
		if n != stays && ok && (n >= keepCopies || now.Sub(at) >= KeepKeys) {
			b.delete(ctx, i.Name)
		}
	}
	return nil
}
