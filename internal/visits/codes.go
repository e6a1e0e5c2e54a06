package visits

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed" // the starter list
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Code lists: which diagnoses can be found by a word or by their ICD-10 code. A starter list comes with the program; a clinic imports the
// list that it is bound to. Each list stays as it was imported, and the newest is searched.

//go:embed icd10.csv
var starterList string

// Bounds of a list.
const (
	MostListBytes = 12 << 20
	mostCodes     = 120_000
	mostLists     = 20
)

// Code is one line of a list.
type Code struct{ Code, Name string }

// CodeList is an imported list without its lines; the starter list has no ID.
type CodeList struct {
	ID      id.ID
	Title   string
	Codes   int
	AddedAt clock.Instant
	AddedBy id.ID
}

// Reading is what a file holds: its codes, and what is wrong with it. It is shown before anything is kept.
type Reading struct {
	Codes   []Code
	Twice   int   // lines whose code stood there before
	Wrong   []int // numbers of the lines that are none of a list, the first ten
	Unread  int   // how many such lines there are
	Already bool  // the newest list is the same, line for line
}

var codeForm = regexp.MustCompile(`^[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?$`)

// codeOf is a code as it is kept: "a00.1", "A001" and "A00.1†" are A00.1.
func codeOf(text string) (string, bool) {
	text = strings.TrimRight(strings.ToUpper(strings.TrimSpace(text)), "†*+-.!")
	if len(text) > 3 && text[3] != '.' {
		text = text[:3] + "." + text[3:]
	}
	return text, codeForm.MatchString(text)
}

// ReadCodes reads a list: one code a line, the code first and its name after it, divided by a comma, a semicolon or a tab. A first line of
// headings is passed over.
func ReadCodes(content []byte) (Reading, error) {
	var out Reading
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(content) {
		return out, refused("field.codes.utf8")
	}
	first, _, _ := strings.Cut(string(content), "\n")
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
	for _, c := range []rune{'\t', ';'} {
		if strings.ContainsRune(first, c) {
			r.Comma = c
			break
		}
	}
	seen := map[string]bool{}
	for n := 1; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var code, name string
		ok := err == nil && len(row) >= 2
		if ok {
			code, ok = codeOf(row[0])
			name = strings.Join(strings.Fields(row[1]), " ")
			ok = ok && name != "" && utf8.RuneCountInString(name) <= 300
		}
		switch {
		case ok && seen[code]:
			out.Twice++
		case ok && len(out.Codes) >= mostCodes:
			return out, refused("field.codes.many")
		case ok:
			seen[code] = true
			out.Codes = append(out.Codes, Code{code, name})
		case n > 1 || err != nil:
			if out.Unread++; len(out.Wrong) < 10 {
				out.Wrong = append(out.Wrong, n)
			}
		}
	}
	if len(out.Codes) == 0 {
		return out, refused("field.codes.none")
	}
	slices.SortFunc(out.Codes, func(a, b Code) int { return strings.Compare(a.Code, b.Code) })
	return out, nil
}

// lists keeps the opened lists in memory, a few at a time; clinics with the same list share it.
type lists struct {
	mu      sync.Mutex
	byHash  map[[32]byte][]Code
	order   [][32]byte
	starter []Code
}

const listsInMemory = 6

func newLists() *lists {
	r, err := ReadCodes([]byte(starterList))
	if err != nil {
		panic("visits: the starter list cannot be read") // it is part of the program, and a test reads it
	}
	return &lists{byHash: map[[32]byte][]Code{}, starter: r.Codes}
}

func (l *lists) get(hash [32]byte) []Code {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byHash[hash]
}

func (l *lists) put(hash [32]byte, codes []Code) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, there := l.byHash[hash]; !there {
		l.order = append(l.order, hash)
	}
	l.byHash[hash] = codes
	if len(l.order) > listsInMemory {
		delete(l.byHash, l.order[0])
		l.order = l.order[1:]
	}
}

// packed is a list as it is kept, with what tells it from others.
func packed(codes []Code) (body []byte, hash [32]byte, err error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	h := sha256.New()
	w := csv.NewWriter(io.MultiWriter(z, h))
	for _, c := range codes {
		if err := w.Write([]string{c.Code, c.Name}); err != nil {
			return nil, hash, err
		}
	}
	w.Flush()
	if err := errors.Join(w.Error(), z.Close()); err != nil {
		return nil, hash, err
	}
	return b.Bytes(), [32]byte(h.Sum(nil)), nil
}

func unpacked(body []byte) ([]Code, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	all, err := io.ReadAll(io.LimitReader(z, 4*MostListBytes))
	if err != nil {
		return nil, err
	}
	r, err := ReadCodes(all)
	return r.Codes, err
}

const (
	sqlListAdd    = `INSERT INTO code_list (clinic_id, id, title, hash, codes, body, added_at, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlListAll    = `SELECT id, title, codes, added_at, added_by FROM code_list WHERE clinic_id = $1 ORDER BY added_at DESC, id DESC LIMIT $2`
	sqlListNewest = `SELECT id, hash FROM code_list WHERE clinic_id = $1 ORDER BY added_at DESC, id DESC LIMIT 1`
	sqlListBody   = `SELECT body FROM code_list WHERE clinic_id = $1 AND id = $2`
	sqlListDrop   = `DELETE FROM code_list WHERE clinic_id = $1 AND id = $2`
)

// newest is the id and the hash of the clinic's newest list; false when it has none.
func newest(v *store.View) (one id.ID, hash [32]byte, found bool, err error) {
	var h []byte
	err = v.Row(sqlListNewest).Scan(&one, &h)
	if errors.Is(err, store.ErrNoRows) {
		return one, hash, false, nil
	}
	copy(hash[:], h)
	return one, hash, err == nil, err
}

// codesOf is the list that the clinic searches.
func (s *Service) codesOf(v *store.View) ([]Code, error) {
	one, hash, found, err := newest(v)
	if err != nil || !found {
		return s.lists.starter, err
	}
	if codes := s.lists.get(hash); codes != nil {
		return codes, nil
	}
	var body []byte
	if err := v.Row(sqlListBody, one).Scan(&body); err != nil {
		return nil, err
	}
	codes, err := unpacked(body)
	if err == nil {
		s.lists.put(hash, codes)
	}
	return codes, err
}

// MostFound is how many codes a search brings.
const MostFound = 12

// FindCodes searches the clinic's list by the beginning of a code or of each word of a name.
func (s *Service) FindCodes(ctx context.Context, who access.Caller, query string) ([]Code, error) {
	var out []Code
	err := s.db.View(ctx, who, access.VisitWrite, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleClinical); err != nil {
			return err
		}
		codes, err := s.codesOf(v)
		out = find(codes, query)
		return err
	})
	return out, err
}

// find ranks what it finds: by code, then names that begin with what was typed, then the shorter.
func find(codes []Code, query string) []Code {
	query = strings.Join(strings.Fields(query), " ")
	if query == "" || len(query) > 100 {
		return nil
	}
	code := strings.ToUpper(strings.ReplaceAll(query, ".", ""))
	low := strings.ToLower(query)
	words := strings.Fields(low)
	type hit struct {
		Code
		rank int
	}
	var hits []hit
	for _, c := range codes {
		name := strings.ToLower(c.Name)
		switch {
		case strings.HasPrefix(strings.ReplaceAll(c.Code, ".", ""), code):
			hits = append(hits, hit{c, 0})
		case strings.HasPrefix(name, low):
			hits = append(hits, hit{c, 1})
		case holdsAll(name, words):
			hits = append(hits, hit{c, 2})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		if a.rank != b.rank || a.rank == 0 {
			return a.rank - b.rank
		}
		return len(a.Name) - len(b.Name)
	})
	var out []Code
	for _, h := range hits[:min(len(hits), MostFound)] {
		out = append(out, h.Code)
	}
	return out
}

// holdsAll says whether each word begins a word of the name.
func holdsAll(name string, words []string) bool {
	parts := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" ,()[]-/", r) })
	for _, w := range words {
		if !slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, w) }) {
			return false
		}
	}
	return true
}

// CodeLists are the lists that the clinic imported, the newest first, and how many codes the starter list has.
func (s *Service) CodeLists(ctx context.Context, who access.Caller) ([]CodeList, int, error) {
	var out []CodeList
	err := s.db.View(ctx, who, access.VisitSettings, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleClinical); err != nil {
			return err
		}
		var err error
		out, err = codeLists(v)
		return err
	})
	return out, len(s.lists.starter), err
}

func codeLists(v *store.View) ([]CodeList, error) {
	rows, err := v.Query(sqlListAll, mostLists)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []CodeList
	for rows.Next() {
		var l CodeList
		if err := rows.Scan(&l.ID, &l.Title, &l.Codes, &l.AddedAt, &l.AddedBy); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// ImportCodes reads a file, and keeps its list under the title unless dry is set. Lines that are none of a list are passed over and
// counted; the same list a second time is not kept twice.
func (s *Service) ImportCodes(ctx context.Context, who access.Caller, title string, content []byte, dry bool) (Reading, error) {
	var f fault.Fields
	if title = line(&f, "title", title, 80); title == "" {
		f.Add("title", "field.codes.title")
	}
	if len(content) > MostListBytes {
		f.Add("file", "field.file.large")
	}
	if err := f.Err(); err != nil {
		return Reading{}, err
	}
	out, err := ReadCodes(content)
	if err != nil {
		return out, err
	}
	body, hash, err := packed(out.Codes)
	if err != nil {
		return out, err
	}
	err = s.db.Change(ctx, who, access.VisitSettings, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		_, now, found, err := newest(&tx.View)
		if err != nil {
			return err
		}
		if out.Already = found && now == hash; dry || out.Already {
			tx.Housekeeping("nothing is kept")
			return nil
		}
		all, err := codeLists(&tx.View)
		if err != nil {
			return err
		}
		if len(all) == mostLists {
			if _, err := tx.Exec(sqlListDrop, all[len(all)-1].ID); err != nil {
				return err
			}
		}
		one := tx.NewID()
		tx.Record(audit.Note{Action: "import", Kind: "code-list", Subject: one, New: map[string]any{"title": title, "codes": len(out.Codes)}})
		_, err = tx.Exec(sqlListAdd, one, title, hash[:], len(out.Codes), body, tx.Now(), who.Actor())
		return err
	})
	return out, err
}
