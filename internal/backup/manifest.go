package backup

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"almirah/internal/store"
	"almirah/internal/vault"
)

// Keep is how long a backup of the data lives. Then it is deleted at every place, whatever else is there.
const Keep = 30 * 24 * time.Hour

// KeepKeys is how long a copy of the key store lives; the newest one stays until there is a newer one, because
// without it no backup opens. What a copy still holds of erased people, every restore destroys again from the journal.
const KeepKeys = 48 * time.Hour

// keepCopies is how many copies of the key store, and of the journal, lie at a place.
const keepCopies = 6

// The ways in which the data was copied.
const (
	KindSQLite = "sqlite"   // the whole database file
	KindBase   = "postgres" // a base backup of the server, which its log continues
)

const (
	dataFolder    = "data/"
	keysFolder    = "keys/"
	journalFolder = "journal/"
	logFolder     = "log/"

	sealedTail   = ".age"
	manifestTail = ".json"
	nameTime     = "20060102T150405.000000Z"
)

// Manifest says what a backup is. It lies beside the backup in clear, holds no personal datum, and carries a mark that only this key store can make.
// It is written when the backup has been fetched back and looked at, and not before.
type Manifest struct {
	Format     int              `json:"format"`
	Name       string           `json:"name"` // such as "20261128T203000Z-1f2e3d4c"
	Kind       string           `json:"kind"`
	Version    string           `json:"version"` // of the program
	TakenAt    time.Time        `json:"taken_at"`
	DoneAt     time.Time        `json:"done_at"`
	ExpiresAt  time.Time        `json:"expires_at"`
	Data       File             `json:"data"`
	Before     store.Survey     `json:"survey"`                 // of the copy itself; on PostgreSQL of the server just before it
	After      *store.Survey    `json:"survey_after,omitempty"` // of the server just after it, on PostgreSQL
	Keys       vault.KeySummary `json:"keys"`                   // of the copy of the key store that has every key that the data needs
	KeysFile   File             `json:"keys_file"`
	Journal    int              `json:"journal"` // entries of the shred journal at that time: a shorter one was cut
	Recipients []string         `json:"recipients"`
	LogFrom    string           `json:"log_from,omitempty"` // first file of PostgreSQL's log that it needs
	Places     []string         `json:"places"`
	Checked    Report           `json:"checked"`
	Stamp      []byte           `json:"stamp"`
}

// Complete says whether data and key store lie at a second place as well.
func (m Manifest) Complete() bool { return len(m.Places) > 1 }

// Expired says whether its time is over.
func (m Manifest) Expired(now time.Time) bool { return !now.Before(m.TakenAt.Add(Keep)) }

// Rows is how many rows it holds.
func (m Manifest) Rows() (n int64) {
	for _, t := range m.Before.Tables {
		n += t
	}
	return n
}

func (m Manifest) text() []byte {
	m.Stamp = nil
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // only numbers, texts and moments are in it
	}
	return b
}

// genuine says whether the manifest was written by this key store and not changed since.
func (m Manifest) genuine(v *vault.Vault) bool {
	return hmac.Equal(m.Stamp, v.Stamp("backup", m.text()))
}

// Backups lists the backups of a place, the newest first. A manifest that cannot be read is passed over.
func Backups(ctx context.Context, at Place) ([]Manifest, error) {
	items, err := at.List(ctx, dataFolder)
	if err != nil {
		return nil, err
	}
	var out []Manifest
	for _, i := range items {
		if !strings.HasSuffix(i.Name, manifestTail) {
			continue
		}
		m, err := readManifest(ctx, at, i.Name)
		if errors.Is(err, ErrAbsent) {
			continue // it expired meanwhile
		}
		if err != nil {
			return nil, err
		}
		if m.Name != "" {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b Manifest) int { return b.TakenAt.Compare(a.TakenAt) })
	return out, nil
}

// readManifest reads one; it is empty when it is none.
func readManifest(ctx context.Context, at Place, name string) (Manifest, error) {
	var m Manifest
	in, err := at.Get(ctx, name)
	if err != nil {
		return m, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, 16<<20))
	if err != nil {
		return m, fmt.Errorf("backup: %s: %w", name, err)
	}
	if json.Unmarshal(text, &m) != nil || dataFolder+m.Name+manifestTail != name {
		return Manifest{}, nil
	}
	return m, nil
}

// putText lays a short text at a place.
func putText(ctx context.Context, at Place, name string, text []byte, scratch string) error {
	file := filepath.Join(scratch, "text-"+strings.ReplaceAll(name, "/", "-"))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(at.Put(ctx, name, file), os.Remove(file))
}

// pretty is the manifest as a person can read it.
func (m Manifest) pretty() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	_ = e.Encode(m)
	return b.Bytes()
}

// momentOf reads the moment out of a file's name; false when it has none.
func momentOf(name string) (time.Time, bool) {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if i := strings.LastIndex(base, "@"); i >= 0 {
		base = base[i+1:]
	}
	if len(base) < len(nameTime) {
		return time.Time{}, false
	}
	t, err := time.Parse(nameTime, base[:len(nameTime)])
	return t, err == nil
}
