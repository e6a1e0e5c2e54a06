package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"almirah/internal/backup"
	"almirah/internal/id"
)

// hunter is somebody who has the root key, the key of the backups and every file that there is, and tries to open destroyed keys. It shares no code with the vault: what it
// knows of the form of wrapped keys is written down here, as docs/keys.md tells it to anybody.
type hunter struct {
	t       *testing.T
	keys    []cipher.AEAD
	names   []string
	known   map[string]bool // key bytes
	blobs   []*wrapped
	had     map[string]bool
	regions []*region
	opened  map[quarry]string // what was opened, and by which key, found where
	tries   int
	all     bool // every byte is tried with every key; else an epoch's key with those that wrap such keys
}

// quarry is one key that is hunted: of a patient or of somebody who works here (clinic zero), or a clinic's own of a kind.
type quarry struct {
	kind            string
	clinic, subject id.ID
}

// wrapped is a wrapped key whose place is known, because it stood in a row.
type wrapped struct {
	quarry
	generation int64
	bytes      []byte
	where      string
	tried      int // keys
}

// region are bytes of a file round an id: somewhere in them a wrapped key may lie.
type region struct {
	quarry
	bytes []byte
	where string
	tried int
}

const (
	wrappedSize = 12 + 32 + 16
	round       = 220 // bytes before and behind an id
)

func newHunter(t *testing.T, rootFile string) *hunter {
	t.Helper()
	x := &hunter{t: t, all: os.Getenv("ALMIRAH_SOAK") == "1", known: map[string]bool{}, had: map[string]bool{}, opened: map[quarry]string{}}
	text, err := os.ReadFile(rootFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	root, err := base64.StdEncoding.DecodeString(strings.TrimSpace(lines[1]))
	if err != nil || len(root) != 32 {
		t.Fatalf("the root key: %d bytes, %v", len(root), err)
	}
	x.key(root, "the root key")
	return x
}

func (x *hunter) key(key []byte, name string) {
	if x.known[string(key)] {
		return
	}
	x.known[string(key)] = true
	block, err := aes.NewCipher(key)
	if err != nil {
		x.t.Fatal(err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		x.t.Fatal(err)
	}
	x.keys, x.names = append(x.keys, a), append(x.names, name)
}

func placeOf(q quarry, generation int64) []byte {
	b := append([]byte("almirah/key/1"), byte(len(q.kind)))
	b = append(b, q.kind...)
	b = append(b, q.clinic[:]...)
	b = append(b, q.subject[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(generation))
}

func epochOf(n int64, kind string) quarry {
	q := quarry{kind: kind}
	binary.BigEndian.PutUint64(q.subject[8:], uint64(n))
	return q
}

// row takes in a wrapped key that stood in a row.
func (x *hunter) row(q quarry, generation int64, b []byte, where string) {
	mark := string(b) + q.kind + string(q.clinic[:]) + string(q.subject[:])
	if len(b) != wrappedSize || x.had[mark] {
		return
	}
	x.had[mark] = true
	x.blobs = append(x.blobs, &wrapped{quarry: q, generation: generation, bytes: b, where: where})
}

func kindOfKey(last string) string {
	if last != "" {
		return "held until " + last
	}
	return "patient"
}

// tables takes in the rows of a key store that stands.
func (x *hunter) tables(db *sql.DB, where string) {
	x.t.Helper()
	each := func(text string, do func(scan func(...any) error) error) {
		rows, err := db.Query(text)
		if err != nil {
			x.t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := do(rows.Scan); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	var a, b, w, h []byte
	var kind string
	var n, g int64
	each(`SELECT epoch, generation, wrapped, handover FROM epoch_key`, func(scan func(...any) error) error {
		w, h = nil, nil
		err := scan(&n, &g, &w, &h)
		x.row(epochOf(n, "epoch"), g, bytes.Clone(w), where)
		x.row(epochOf(n, "handover"), 0, bytes.Clone(h), where)
		return err
	})
	each(`SELECT clinic, kind, generation, wrapped FROM clinic_key UNION ALL SELECT clinic, 'clinic', generation, wrapped FROM retired_key`, func(scan func(...any) error) error {
		err := scan(&a, &kind, &g, &w)
		x.row(quarry{kind, id.ID(a), id.Zero}, g, bytes.Clone(w), where)
		return err
	})
	each(`SELECT clinic, subject, generation, wrapped, COALESCE(last_day, '') FROM patient_key WHERE wrapped IS NOT NULL`, func(scan func(...any) error) error {
		err := scan(&a, &b, &g, &w, &kind)
		x.row(quarry{kindOfKey(kind), id.ID(a), id.ID(b)}, g, bytes.Clone(w), where)
		return err
	})
}

// copy takes in a copy of the key store, line by line.
func (x *hunter) copy(text []byte, where string) {
	cell := func(c any) []byte {
		s, _ := c.(string)
		b, _ := base64.StdEncoding.DecodeString(s)
		return b
	}
	one := func(c any) (out id.ID) { copy(out[:], cell(c)); return out }
	number := func(c any) int64 { f, _ := c.(float64); return int64(f) }
	for line := range bytes.Lines(text) {
		var r struct {
			T string
			C []any
		}
		if json.Unmarshal(line, &r) != nil {
			continue
		}
		switch r.T {
		case "epoch_key":
			x.row(epochOf(number(r.C[0]), "epoch"), number(r.C[1]), cell(r.C[2]), where)
			x.row(epochOf(number(r.C[0]), "handover"), 0, cell(r.C[4]), where)
		case "clinic_key":
			kind, _ := r.C[1].(string)
			x.row(quarry{kind, one(r.C[0]), id.Zero}, number(r.C[3]), cell(r.C[4]), where)
		case "retired_key":
			x.row(quarry{"clinic", one(r.C[0]), id.Zero}, number(r.C[3]), cell(r.C[4]), where)
		case "patient_key":
			last, _ := r.C[7].(string)
			x.row(quarry{kindOfKey(last), one(r.C[0]), one(r.C[1])}, number(r.C[2]), cell(r.C[3]), where)
		}
	}
}

// raw looks through the bytes of a file for what lies beside the ids of what is hunted, whatever the file takes them for: dead pages, a log of writing, free space.
func (x *hunter) raw(b []byte, where string, hunted []quarry) {
	for _, q := range hunted {
		needle := q.subject
		if needle.IsZero() {
			needle = q.clinic
		}
		for at := 0; ; {
			i := bytes.Index(b[at:], needle[:])
			if i < 0 {
				break
			}
			at += i
			part := b[max(0, at-round):min(len(b), at+16+round)]
			if mark := q.kind + string(part); !x.had[mark] {
				x.had[mark] = true
				x.regions = append(x.regions, &region{quarry: q, bytes: bytes.Clone(part), where: where})
			}
			at += 16
		}
	}
}

// epochs looks at every byte of a file of the key store for epoch keys, which stand beside no id.
func (x *hunter) epochs(b []byte, where string) {
	for n := int64(1); n <= 4; n++ {
		x.regions = append(x.regions, &region{quarry: epochOf(n, "epoch"), bytes: b, where: where}, &region{quarry: epochOf(n, "handover"), bytes: b, where: where})
	}
}

// places takes in what lies at a place of backups, opened with the key of the backups: copies of the key store row by row, and copies of the data byte by byte.
func (x *hunter) places(dir, secret string, hunted []quarry) (copies, data int) {
	x.t.Helper()
	key, err := backup.ParseKey(secret)
	if err != nil {
		x.t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".age") {
			return err
		}
		text := unsealed(x.t, path, key)
		switch {
		case bytes.HasPrefix(text, []byte("almirah key store copy")):
			copies++
			x.copy(text, path)
		default:
			data++
			x.raw(text, path, hunted)
		}
		return nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return copies, data
}

func unsealed(t *testing.T, path string, key age.Identity) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open, err := age.Decrypt(f, key)
	if err != nil {
		t.Fatal(path, err)
	}
	small, err := gzip.NewReader(open)
	if err != nil {
		t.Fatal(path, err)
	}
	text, err := io.ReadAll(small)
	if err != nil {
		t.Fatal(path, err)
	}
	return text
}

// try tries everything with every key, and with every key that this gives, until it gives none.
func (x *hunter) try() {
	for more := true; more; {
		more = false
		got := func(q quarry, key []byte, by int, where string) {
			if x.opened[q] == "" {
				x.opened[q] = "found in " + where + ", opened by " + x.names[by]
			}
			if !x.known[string(key)] {
				more = true
				x.key(key, fmt.Sprintf("%s key of %s %s (by %s)", q.kind, q.clinic, q.subject, x.names[by]))
			}
		}
		for _, b := range x.blobs {
			for ; b.tried < len(x.keys); b.tried++ {
				x.tries++
				if key, err := x.keys[b.tried].Open(nil, b.bytes[:12], b.bytes[12:], placeOf(b.quarry, b.generation)); err == nil && len(key) == 32 {
					got(b.quarry, key, b.tried, b.where)
				}
			}
		}
		for _, r := range x.regions {
			most, ofEpoch := int64(3), r.kind == "epoch" || r.kind == "handover"
			switch {
			case ofEpoch:
				most = 1
			case x.all:
				most = 6
			}
			var buffer [32]byte
			for ; r.tried < len(x.keys); r.tried++ {
				if ofEpoch && !x.all && (r.kind == "epoch") != (r.tried == 0) || r.kind == "handover" && !x.all && !strings.HasPrefix(x.names[r.tried], "epoch") {
					continue // the root key wraps epochs' keys, and these the next one's
				}
				for g := int64(1); g <= most; g++ {
					if r.kind == "handover" {
						g = 0
					}
					at := placeOf(r.quarry, g)
					for i := 0; i+wrappedSize <= len(r.bytes); i++ {
						x.tries++
						w := r.bytes[i : i+wrappedSize]
						if key, err := x.keys[r.tried].Open(buffer[:0], w[:12], w[12:], at); err == nil {
							got(r.quarry, bytes.Clone(key), r.tried, r.where)
						}
					}
					if r.kind == "handover" {
						break
					}
				}
			}
		}
	}
}

// judge says what came of the hunt: of the victims nothing opened, of the controls everything.
func (x *hunter) judge(stage string, victims, controls map[string]quarry) {
	x.t.Helper()
	x.try()
	for name, q := range victims {
		if how := x.opened[q]; how != "" {
			x.t.Errorf("%s: the key of %s opens: %s", stage, name, how)
		}
	}
	for name, q := range controls {
		if x.opened[q] == "" {
			x.t.Errorf("%s: the key of %s does not open, so the hunt proves nothing", stage, name)
		}
	}
	x.t.Logf("%s: %d wrapped keys and %d places of files tried with %d keys, %d tries", stage, len(x.blobs), len(x.regions), len(x.keys), x.tries)
}

// files takes in the files of a key store of SQLite, with its log of writing.
func (x *hunter) files(store string, hunted []quarry) {
	x.t.Helper()
	list, err := filepath.Glob(store + "*")
	if err != nil || len(list) == 0 {
		x.t.Fatal(store, err)
	}
	for _, path := range list {
		b, err := os.ReadFile(path)
		if err != nil {
			x.t.Fatal(err)
		}
		x.raw(b, path, hunted)
		x.epochs(b, path)
	}
}

// live is the key store at an address, for reading.
func liveKeys(t *testing.T, at string) *sql.DB {
	t.Helper()
	driver, address := "sqlite", "file:"+strings.TrimPrefix(at, "sqlite://")+"?_pragma=busy_timeout(20000)&_pragma=query_only(1)"
	if strings.HasPrefix(at, "postgres") {
		driver, address = "pgx", pastFences(t, at)
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.PingContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}
