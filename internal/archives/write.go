package archives

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/privacy"
	"almirah/internal/retention"
	"almirah/internal/store"

	"golang.org/x/mod/sumdb/note"
)

// Progress is how far a walk over a clinic is.
type Progress struct {
	Step  string // native, fhir, sheets, calendar, files, check, seal, index
	What  string // the table or the member
	Rows  int64  // of it so far
	Total int64  // rows of all so far
}

// Say is told of progress, a few times a second at most.
type Say func(Progress)

// Made is what came of an export or an import.
type Made struct {
	Clinic      id.ID
	Slug        string
	Canonical   string
	Fingerprint string // of the key that signed
	Unreadable  int64
	Rows        int64
	Members     int
	Bytes       int64
}

// binder writes members one after the other and remembers what they were.
type binder struct {
	zip     *zip.Writer
	at      time.Time
	members []Member
}

// finish writes the manifest and its signature behind the other members, and closes the archive.
func (b *binder) finish(m Manifest, signer note.Signer) error {
	text, signature, err := sign(m, signer)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		name string
		text []byte
	}{{manifestName, text}, {signatureName, signature}} {
		if err := b.add(x.name, true, func(w io.Writer) error { _, err := w.Write(x.text); return err }); err != nil {
			return err
		}
	}
	if err := b.zip.Close(); err != nil {
		return fmt.Errorf("archives: %w", err)
	}
	return nil
}

// counting hashes what passes.
type counting struct {
	w io.Writer
	h interface {
		io.Writer
		Sum([]byte) []byte
	}
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.h.Write(p[:n])
	c.n += int64(n)
	return n, err
}

func (b *binder) add(name string, packed bool, fill func(w io.Writer) error) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.at}
	if !packed {
		h.Method = zip.Store
	}
	w, err := b.zip.CreateHeader(h)
	if err != nil {
		return fmt.Errorf("archives: %w", err)
	}
	c := &counting{w: w, h: sha256.New()}
	if err := fill(c); err != nil {
		return err
	}
	b.members = append(b.members, Member{Name: name, Size: c.n, SHA256: hex.EncodeToString(c.h.Sum(nil))})
	return nil
}

// telling says how far it is, at most every quarter of a second of the clock that it is given.
type telling struct {
	say   Say
	total int64
	now   func() time.Time
	last  time.Time
}

func (t *telling) rows(step, what string, rows, more int64) {
	t.total += more
	if now := t.now(); t.say != nil && (now.Sub(t.last) >= time.Second/4 || more == 0) {
		t.last = now
		t.say(Progress{Step: step, What: what, Rows: rows, Total: t.total})
	}
}

// each walks over the rows of a table, a page at a time, so that memory holds a page whatever the clinic's size.
func each(v *store.View, c carried, gone *int64, do func(r store.Record, l line) error) error {
	return eachOf(v, c, id.Zero, gone, do)
}

// eachOf is each for the rows of one patient; of all where none is named.
func eachOf(v *store.View, c carried, patient id.ID, gone *int64, do func(r store.Record, l line) error) error {
	o := &opening{v: v, table: c, last: map[string][2]string{}, gone: gone}
	form := c.form
	form.Fields = nil // a key that is left out is read all the same
	for _, f := range c.whole.Fields {
		if f.Name != "clinic_id" && (hasField(c.form, f.Name) || isKey(c.whole, f.Name) || f.Name == "patient_id") {
			form.Fields = append(form.Fields, f)
		}
	}
	held, err := c.held(v)
	if err != nil {
		return err
	}
	var last store.Record
	for {
		if err := v.Context().Err(); err != nil {
			return err
		}
		page, err := v.PageOf(form, c.through, patient, last, c.page())
		if err != nil {
			return err
		}
		var people []id.ID
		for _, r := range page {
			for _, n := range []string{"patient_id", "owner_id", store.Owner} {
				if one, ok := asID(r[n]); ok {
					people = append(people, one)
				}
			}
			if one, ok := asID(r["id"]); ok && c.form.Name == "patient" {
				people = append(people, one)
			}
		}
		if err := v.Load(people); err != nil {
			return err
		}
		if err := custody(v, held, page); err != nil {
			return err
		}
		for _, r := range page {
			l, err := o.line(r)
			if err != nil {
				return fmt.Errorf("archives: a row of %s: %w", c.form.Name, err)
			}
			if err := do(r, l); err != nil {
				return err
			}
		}
		v.Forget()
		if len(page) < c.page() {
			return nil
		}
		last = page[len(page)-1]
	}
}

// held are the holds of whose rows the table consists, and whether each opens beyond its last day; none for other tables.
func (c carried) held(v *store.View) (map[id.ID]bool, error) {
	if c.form.Name != heldTable {
		return nil, nil
	}
	order := retention.Held
	if c.arrived {
		order = nil
	}
	list, err := privacy.TakenAlong(v, order)
	out := map[id.ID]bool{}
	for _, h := range list {
		out[h.ID] = h.Beyond
	}
	return out, err
}

// custody lets the passage open what is held in the rows. That it is taken along is on record.
func custody(v *store.View, held map[id.ID]bool, page []store.Record) error {
	if len(held) == 0 {
		return nil
	}
	ring, err := v.Ring()
	if err != nil {
		return err
	}
	for _, r := range page {
		if one, ok := asID(r["hold_id"]); ok {
			if beyond, open := held[one]; open {
				ring.Custody(beyond, one)
			}
		}
	}
	return nil
}

func hasField(t store.TableForm, name string) bool { _, ok := t.Field(name); return ok }

func isKey(t store.TableForm, name string) bool {
	for _, k := range t.Key {
		if k == name {
			return true
		}
	}
	return false
}

// Export writes the archive of the caller's clinic: everything that is a clinic's, at one moment, whoever books meanwhile. The entry of the audit log
// comes first; without it nothing is written. say may be nil. It holds a page of rows in memory, whatever the size.
func (s *Service) Export(ctx context.Context, who access.Caller, w io.Writer, say Say) (Made, error) {
	err := s.db.Change(ctx, who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "export", Kind: "clinic", Subject: tx.Clinic()})
		held, err := privacy.TakenAlong(&tx.View, nil)
		for _, h := range held { // each opening of what a law holds is an entry of its own
			tx.Record(audit.Note{Action: "export", Kind: "held-record", Subject: h.ID, New: map[string]string{"until": string(h.Last)}})
		}
		return err
	})
	if err != nil {
		return Made{}, err
	}
	p, err := s.plan(ctx)
	if err != nil {
		return Made{}, err
	}
	signer, key, err := s.db.Vault().LogSigner()
	if err != nil {
		return Made{}, err
	}
	staff, err := s.staff(ctx, who.Clinic())
	if err != nil {
		return Made{}, err
	}
	head := ""
	if s.o.Head != nil {
		if head, err = s.o.Head(ctx); err != nil {
			return Made{}, err
		}
	}
	b := &binder{zip: zip.NewWriter(w), at: s.db.Clock().Now().UTC().Truncate(2 * time.Second)}
	m := Manifest{Form: Form, MadeAt: s.db.Clock().Now().UTC().Format(time.RFC3339), Key: key, Left: p.left}
	t := &telling{say: say, now: s.db.Clock().Now}
	err = s.db.Whole(ctx, who, access.ClinicExport, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		m.Clinic = About{ID: c.ID.String(), Slug: c.Slug, Name: c.Name}
		if m.Tables, err = writeNative(v, b, p, t, &m.Unreadable); err != nil {
			return err
		}
		m.Canonical = Canonical(m.Tables)
		if err := writeStaff(b, staff); err != nil {
			return err
		}
		if err := writeLog(v, b, p, t, head); err != nil {
			return err
		}
		x := &reading{s: s, v: v, b: b, plan: p, clinic: c, tell: t}
		if err := x.all(); err != nil {
			return err
		}
		return writeWords(b, m, p)
	})
	if err != nil {
		return Made{}, err
	}
	m.Members = b.members
	if err := b.finish(m, signer); err != nil {
		return Made{}, err
	}
	out := Made{Clinic: who.Clinic(), Slug: m.Clinic.Slug, Canonical: m.Canonical, Fingerprint: Fingerprint(key), Unreadable: m.Unreadable, Members: len(b.members)}
	for _, c := range m.Tables {
		out.Rows += c.Rows
	}
	for _, x := range b.members {
		out.Bytes += x.Size
	}
	return out, nil
}

// writeNative writes every carried table, from which an archive is brought in again.
func writeNative(v *store.View, b *binder, p plan, t *telling, gone *int64) ([]Counted, error) {
	byName := map[string]Counted{}
	for _, c := range p.tables {
		var d digest
		err := b.add("native/"+c.form.Name+".ndjson", true, func(w io.Writer) error {
			return each(v, c, gone, func(_ store.Record, l line) error {
				text, err := l.text()
				if err != nil {
					return err
				}
				d.add(text)
				t.rows("native", c.form.Name, d.rows, 1)
				_, err = w.Write(text)
				return err
			})
		})
		if err != nil {
			return nil, err
		}
		t.rows("native", c.form.Name, d.rows, 0)
		byName[c.form.Name] = Counted{Table: c.form.Name, Rows: d.rows, Digest: d.text()}
	}
	return sorted(byName), nil
}

// count reads every carried table and adds it up, without writing anything.
func count(v *store.View, p plan, t *telling, step string) ([]Counted, error) {
	byName := map[string]Counted{}
	var gone int64
	for _, c := range p.tables {
		var d digest
		err := each(v, c, &gone, func(_ store.Record, l line) error {
			text, err := l.text()
			if err != nil {
				return err
			}
			d.add(text)
			t.rows(step, c.form.Name, d.rows, 1)
			return nil
		})
		if err != nil {
			return nil, err
		}
		byName[c.form.Name] = Counted{Table: c.form.Name, Rows: d.rows, Digest: d.text()}
	}
	return sorted(byName), nil
}

// writeLog writes the clinic's entries of the audit log with what their details say, and the newest head of the house's log.
func writeLog(v *store.View, b *binder, p plan, t *telling, head string) error {
	var gone int64
	for _, c := range p.log {
		err := b.add("audit/"+c.form.Name+".ndjson", true, func(w io.Writer) error {
			n := int64(0)
			return each(v, c, &gone, func(_ store.Record, l line) error {
				text, err := l.text()
				if err != nil {
					return err
				}
				n++
				t.rows("native", c.form.Name, n, 1)
				_, err = w.Write(text)
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	return b.add("audit/head.txt", true, func(w io.Writer) error {
		_, err := io.WriteString(w, head+"\n")
		return err
	})
}
