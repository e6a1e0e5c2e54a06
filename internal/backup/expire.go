package backup

import (
	"context"
	"errors"
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

// Left says what lies at the places from before the moment: when the newest backup of the data from then is deleted (zero when there is none), and whether there is a copy of the
// key store. An error means that a place does not answer, so that nobody knows.
func (r *Room) Left(ctx context.Context, before time.Time) (expires time.Time, keys bool, err error) {
	for _, p := range r.places() {
		list, err := Backups(ctx, p)
		if err != nil {
			return time.Time{}, false, err
		}
		for _, m := range list {
			if ends := m.TakenAt.Add(Keep); !m.TakenAt.After(before) && ends.After(expires) {
				expires = ends
			}
		}
		items, err := p.List(ctx, keysFolder)
		if err != nil {
			return time.Time{}, false, err
		}
		for _, i := range items {
			at, ok := momentOf(i.Name)
			keys = keys || ok && !at.After(before)
		}
	}
	return expires, keys, nil
}

// shelve keeps what lies where, also when a place did not answer.
func (r *Room) shelve(ctx context.Context, shelves []Shelf) error {
	return r.mark(ctx, "places", nil, shelves)
}

func (r *Room) tidy(ctx context.Context, p Place) (Shelf, error) {
	s := Shelf{Name: p.Name(), Region: p.Region()}
	now := r.now()
	list, err := Backups(ctx, p)
	if err != nil {
		return s, err
	}
	kept := map[string]bool{}
	first := "" // file of PostgreSQL's log that the oldest backup begins with
	for _, m := range list {
		if m.Expired(now) {
			// The data first: when this is broken off, the manifest still says what is to be deleted.
			for _, name := range []string{m.Data.Name, dataFolder + m.Name + manifestTail} {
				if err := p.Delete(ctx, name); err != nil {
					return s, err
				}
			}
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
	items, err := p.List(ctx, dataFolder)
	if err != nil {
		return s, err
	}
	for _, i := range items {
		name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(i.Name, dataFolder), sealedTail), manifestTail)
		at, ok := momentOf(i.Name)
		if age := now.Sub(at); !kept[name] && ok && (age >= Keep || age >= orphan && strings.HasSuffix(i.Name, sealedTail)) {
			if err := p.Delete(ctx, i.Name); err != nil {
				return s, err
			}
		}
	}
	if err := tidyLog(ctx, p, first, now); err != nil {
		return s, err
	}
	for _, folder := range []string{keysFolder, journalFolder} {
		if err := thinAt(ctx, p, folder, now); err != nil {
			return s, err
		}
	}
	if items, err = p.List(ctx, keysFolder); err != nil {
		return s, err
	}
	if s.Keys = len(items); s.Keys > 1 { // names begin with their moment
		s.KeysOld, _ = momentOf(items[0].Name)
	}
	return s, nil
}

// thin takes away older copies of the key store or the journal.
func (r *Room) thin(ctx context.Context, folder string) error {
	for _, p := range r.places() {
		if err := thinAt(ctx, p, folder, r.now()); err != nil {
			return err
		}
	}
	return nil
}

// thinAt keeps the newest few, and of these only the newest beyond KeepKeys.
func thinAt(ctx context.Context, p Place, folder string, now time.Time) error {
	items, err := p.List(ctx, folder)
	if err != nil {
		return err
	}
	slices.Reverse(items) // names begin with their moment
	for n, i := range items {
		at, ok := momentOf(i.Name)
		if n > 0 && ok && (n >= keepCopies || now.Sub(at) >= KeepKeys) {
			if err := p.Delete(ctx, i.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
