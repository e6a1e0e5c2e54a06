package archives

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// TakeAway is takeAway, for the tests: the second half of taking a list back, after the look that chose whom.
func (s *Service) TakeAway(ctx context.Context, who access.Caller, people []id.ID) error {
	return s.takeAway(ctx, who, people)
}

// LookTriedAgain looks over the first lines of a list of appointments in a Change whose first try the engine breaks off at its end, as PostgreSQL does (40001).
func (s *Service) LookTriedAgain(ctx context.Context, who access.Caller, list id.ID) error {
	m, tries := newMemory(), 0
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("lines of a list")
		l, err := getList(&tx.View, list)
		if err != nil {
			return err
		}
		lines, err := readLines(&tx.View, list, sqlLinesFrom, 0, int64(linesAtOnce))
		if err != nil {
			return err
		}
		if err := s.lookOverVisits(tx, l, lines, m); err != nil {
			return err
		}
		if tries++; tries == 1 {
			return store.ErrRetry
		}
		return nil
	})
}

// EachLine is eachLine, for the tests.
func EachLine(r io.Reader, do func(cells []string)) error {
	_, err := eachLine(r, mostVisitLines, func(_ int64, cells []string) error { do(cells); return nil })
	return err
}

// StartOf is startOf, for the tests.
func StartOf(whole, day, at, order string, today time.Time, zone *time.Location) (clock.Instant, string, bool) {
	s := startOf(whole, day, at, order, today, zone)
	return s.at, s.fault, s.repeat
}

// Older is the archive as a program wrote it that did not know a column of a table yet.
func (o *Opened) Older(t testing.TB, table, column string) {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	write := func(name string, lines ...[]byte) {
		m, err := w.Create(name)
		for _, line := range lines {
			if err == nil {
				_, err = m.Write(line)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var lines [][]byte
	var d digest
	if err := o.lines("native/"+table+".ndjson", func(text []byte) error {
		var raw map[string]json.RawMessage // numbers stay as they are
		if err := json.Unmarshal(text, &raw); err != nil {
			return err
		}
		l := line{}
		for name, x := range raw {
			if name != column {
				l[name] = x
			}
		}
		text, err := l.text()
		d.add(text)
		lines = append(lines, text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	write("native/"+table+".ndjson", lines...)
	text, err := o.small(schemaName, mostManifest)
	if err != nil {
		t.Fatal(err)
	}
	var schema []tableWords
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for i := range schema {
		if schema[i].Table == table {
			schema[i].Columns = slices.DeleteFunc(schema[i].Columns, func(c columnWords) bool { return c.Name == column })
		}
	}
	if text, err = json.Marshal(schema); err != nil {
		t.Fatal(err)
	}
	write(schemaName, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		o.files[f.Name] = f
	}
	for i := range o.Tables {
		if o.Tables[i].Table == table {
			o.Tables[i].Digest = d.text()
		}
	}
	o.Canonical = Canonical(o.Tables)
}
