package archives

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// The other forms of an archive, for people and for other programs: resources of FHIR, sheets, a calendar and files. Nothing is brought in from them.

const staffName = "people/staff.ndjson"

// reading writes them, table by table, a page at a time.
type reading struct {
	s      *Service
	v      *store.View
	b      *binder
	plan   plan
	clinic clinics.Clinic
	tell   *telling
	gone   int64

	patient id.ID // whose rows alone are written; zero for a whole clinic
}

func (x *reading) table(name string) (carried, bool) {
	i := slices.IndexFunc(x.plan.tables, func(c carried) bool { return c.form.Name == name })
	if i < 0 {
		return carried{}, false
	}
	return x.plan.tables[i], true
}

// opened is a line as people and packers read it.
func opened(l line) Row {
	out := make(Row, len(l))
	for name, x := range l {
		if c, sealed := x.(cell); sealed {
			if c.Text != nil {
				out[name] = *c.Text
			}
			continue
		}
		out[name] = x
	}
	return out
}

func (x *reading) all() error {
	if err := x.sheets(); err != nil {
		return err
	}
	if x.s.o.Packing != nil {
		around, err := x.around()
		if err != nil {
			return err
		}
		for _, k := range x.s.o.Packing.Kinds() {
			if err := x.resources(k, around); err != nil {
				return err
			}
		}
	}
	if err := x.calendar(); err != nil {
		return err
	}
	return x.files()
}

// sheets writes a sheet of every table.
func (x *reading) sheets() error {
	for _, c := range x.plan.tables {
		err := x.b.add("csv/"+c.form.Name+".csv", true, func(w io.Writer) error { return x.sheet(w, c) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *reading) sheet(w io.Writer, c carried) error {
	var s document.Sheet
	var titles []string
	for _, f := range c.form.Fields {
		titles = append(titles, f.Name)
	}
	s.Head(titles...)
	flush := func() error {
		text := s.CSV()
		if titles == nil { // the sign that stands before a file stands there once
			text = text[len("\ufeff"):]
		}
		titles, s = nil, document.Sheet{}
		_, err := w.Write(text)
		return err
	}
	n := int64(0)
	err := each(x.v, c, &x.gone, func(_ store.Record, l line) error {
		r := opened(l)
		row := make([]document.Value, 0, len(c.form.Fields))
		for _, f := range c.form.Fields {
			row = append(row, sheetCell(c, f, r))
		}
		s.Row(row...)
		n++
		x.tell.rows("sheets", c.form.Name, n, 1)
		if n%200 == 0 {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// sheetCell is a value as a sheet shows it: moments as they are read, large things by their length, because a sheet holds no files.
func sheetCell(c carried, f store.Field, r Row) document.Value {
	switch v := r[f.Name].(type) {
	case int64:
		if v > 0 && moment(f.Name) {
			return document.Words(clock.Instant(v).Time().UTC().Format(time.RFC3339))
		}
		return document.Count(v)
	case bool:
		if v {
			return document.Words("yes")
		}
		return document.Words("no")
	case string:
		if strings.HasPrefix(v, inBase64) || len(v) > 30_000 {
			return document.Words(fmt.Sprintf("(%d bytes, see native/%s.ndjson)", len(v), c.form.Name))
		}
		return document.Words(v)
	}
	return document.Words("")
}

// moment says whether a column holds an instant: they are named so.
func moment(name string) bool { return strings.HasSuffix(name, "_at") || name == "at" }

// around reads what resources have in common.
func (x *reading) around() (Surroundings, error) {
	out := Surroundings{Clinic: x.clinic, Services: map[string]string{}, Names: map[string]string{}}
	for table, into := range map[string]map[string]string{"service": out.Services, "provider": out.Names} {
		c, ok := x.table(table)
		if !ok {
			continue
		}
		err := each(x.v, c, &x.gone, func(_ store.Record, l line) error {
			r := opened(l)
			into[r.Text("id")] = r.Text("name")
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// resources writes one kind of resource, one a line.
func (x *reading) resources(k Kind, around Surroundings) error {
	c, ok := x.table(k.Table)
	if !ok {
		return nil
	}
	return x.b.add("fhir/"+strings.ToLower(k.Type)+"-"+strings.ReplaceAll(k.Table, "_", "-")+".ndjson", true, func(w io.Writer) error {
		n := int64(0)
		var beside *beside
		if k.With != "" {
			other, ok := x.table(k.With)
			if !ok {
				return nil
			}
			beside = x.beside(other, k.By)
		}
		return each(x.v, c, &x.gone, func(rec store.Record, l line) error {
			var with []Row
			if beside != nil {
				one, _ := asID(rec["id"])
				var err error
				if with, err = beside.of(one); err != nil {
					return err
				}
			}
			list, err := x.s.o.Packing.Pack(k, opened(l), with, around)
			if err != nil {
				return err
			}
			for _, one := range list {
				text, err := compact(one)
				if err != nil {
					return err
				}
				if _, err := w.Write(text); err != nil {
					return err
				}
				n++
				x.tell.rows("fhir", k.Type, n, 1)
			}
			return nil
		})
	})
}

func compact(x any) ([]byte, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(x)
	return []byte(b.String()), err
}

// beside reads the rows of a second table that belong to rows of a first one: both stand in the order of the first one's ids.
type beside struct {
	x     *reading
	table carried
	by    string
	page  []store.Record
	at    int
	last  store.Record
	done  bool
}

func (x *reading) beside(c carried, by string) *beside { return &beside{x: x, table: c, by: by} }

func (b *beside) of(one id.ID) ([]Row, error) {
	var out []Row
	o := &opening{v: b.x.v, table: b.table, last: map[string][2]string{}, gone: &b.x.gone}
	for {
		if b.at == len(b.page) {
			if b.done {
				return out, nil
			}
			page, err := b.x.v.Page(b.table.whole, b.table.through, b.last, pageRows)
			if err != nil {
				return nil, err
			}
			b.page, b.at, b.done = page, 0, len(page) < pageRows
			if len(page) > 0 {
				b.last = page[len(page)-1]
			}
			continue
		}
		r := b.page[b.at]
		owner, _ := asID(r[b.by])
		switch strings.Compare(string(owner[:]), string(one[:])) {
		case 1:
			return out, nil
		case 0:
			l, err := o.line(r)
			if err != nil {
				return nil, err
			}
			out = append(out, opened(l))
		}
		b.at++
	}
}

// calendar writes the appointments as one calendar.
func (x *reading) calendar() error {
	c, ok := x.table("appointment")
	if !ok {
		return nil
	}
	around, err := x.around()
	if err != nil {
		return err
	}
	return x.b.add("calendar/appointments.ics", true, func(w io.Writer) error {
		first, n := true, int64(0)
		err := each(x.v, c, &x.gone, func(_ store.Record, l line) error {
			n++
			x.tell.rows("calendar", c.form.Name, n, 1)
			part, err := event(opened(l), around, x.clinic, x.v.Now())
			if err != nil || part == "" {
				return err
			}
			head, body := splitCalendar(part)
			if first {
				first = false
				if _, err := io.WriteString(w, head); err != nil {
					return err
				}
			}
			_, err = io.WriteString(w, body)
			return err
		})
		if err != nil {
			return err
		}
		if first {
			_, err = io.WriteString(w, emptyCalendar)
			return err
		}
		_, err = io.WriteString(w, "END:VCALENDAR\r\n")
		return err
	})
}

const emptyCalendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Almirah//Archive//EN\r\nEND:VCALENDAR\r\n"

// event is an appointment as a calendar's text: in UTC, so that one calendar holds all of them without a table of clock changes.
func event(r Row, around Surroundings, c clinics.Clinic, now clock.Instant) (string, error) {
	status := "CONFIRMED"
	switch r.Text("status") {
	case "cancelled", "expired":
		status = "CANCELLED"
	case "pending", "held", "hold":
		status = "TENTATIVE"
	}
	v := messaging.Invitation{UID: r.Text("id"), Sequence: int(r.Number("sequence")), Method: messaging.Publish, Start: clock.Instant(r.Number("starts_at")).Time(), End: clock.Instant(r.Number("ends_at")).Time(),
		Summary: strings.TrimSpace(around.Services[r.Text("service_id")] + ", " + around.Names[r.Text("provider_id")]), Location: c.Address, OrganizerName: c.Name, Status: status, Stamp: now.Time()}
	text, err := v.ICS()
	return string(text), err
}

// splitCalendar parts a calendar of one event into what stands before the event, and the event.
func splitCalendar(text string) (head, event string) {
	i := strings.Index(text, "BEGIN:VEVENT")
	j := strings.Index(text, "END:VCALENDAR")
	return text[:i], text[i:j]
}

// files writes files as they are: those of the record and those that patients sent. It tells of each piece: who hears nothing for long takes the maker for dead.
func (x *reading) files() error {
	n := int64(0)
	tell := func(table string) {
		n++
		x.tell.rows("files", table, n, 1)
	}
	if c, ok := x.table("file"); ok {
		err := eachOf(x.v, c, x.patient, &x.gone, func(rec store.Record, l line) error {
			one, _ := asID(rec["id"])
			patient, _ := asID(rec["patient_id"])
			r := opened(l)
			return x.b.add(fileName("files", patient, one, r.Text("kind")), false, func(w io.Writer) error {
				return pieces(x.v, w, patient, one, r.Number("pieces"), func() { tell("file") })
			})
		})
		if err != nil {
			return err
		}
	}
	c, ok := x.table("attached")
	if !ok {
		return nil
	}
	return eachOf(x.v, c, x.patient, &x.gone, func(rec store.Record, l line) error {
		body, sealed := l["body"].(cell)
		if !sealed || body.Gone {
			return nil
		}
		plain, err := body.plain()
		if err != nil {
			return err
		}
		one, _ := asID(rec["id"])
		patient, _ := asID(rec["patient_id"])
		return x.b.add(fileName("files/sent", patient, one, opened(l).Text("type")), false, func(w io.Writer) error {
			tell("attached")
			_, err := w.Write(plain)
			return err
		})
	})
}

const sqlPiecesOf = `SELECT number, bytes FROM file_piece WHERE clinic_id = $1 AND file_id = $2 AND number >= $3 ORDER BY number LIMIT 4`

// pieces writes a file piece by piece, and tells of each.
func pieces(v *store.View, w io.Writer, patient, file id.ID, all int64, tell func()) error {
	for next := int64(0); next < all; {
		rows, err := v.Query(sqlPiecesOf, file, next)
		if err != nil {
			return err
		}
		type piece struct {
			number int64
			sealed []byte
		}
		var list []piece
		for rows.Next() {
			var p piece
			if err := rows.Scan(&p.number, &p.sealed); err != nil {
				_ = rows.Close()
				return err
			}
			list = append(list, p)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		_ = rows.Close()
		if len(list) == 0 {
			return nil
		}
		for _, p := range list {
			plain, err := v.Unseal(patient, "file_piece", fmt.Sprintf("bytes %d", p.number), file, p.sealed)
			if err != nil {
				return nil //nolint:nilerr // its key is destroyed: the file is as long as what can be read
			}
			if _, err := io.WriteString(w, plain); err != nil {
				return err
			}
			next = p.number + 1
			tell()
		}
	}
	return nil
}

// endings of files by their kinds; others have none.
var endings = map[string]string{"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/heic": ".heic", "text/plain": ".txt", "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "video/mp4": ".mp4", "text/vcard": ".vcf"}

// fileName is under which name a file lies in an archive: of ids only. What it was called stands in the sheet beside it.
func fileName(folder string, patient, one id.ID, kind string) string {
	who := patient.String()
	if patient.IsZero() {
		who = "nobody"
	}
	return folder + "/" + who + "/" + one.String() + endings[kind]
}

// writeStaff writes who works at the clinic: she is invited where the clinic arrives.
func writeStaff(b *binder, list []accounts.Arriving) error {
	return b.add(staffName, true, func(w io.Writer) error {
		for _, one := range list {
			text, err := compact(one)
			if err != nil {
				return err
			}
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
		return nil
	})
}

// tableWords is a table as the schema of an archive describes it.
type tableWords struct {
	Table   string        `json:"table"`
	Key     []string      `json:"key"`
	Columns []columnWords `json:"columns"`
}

type columnWords struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Empty   bool   `json:"may_be_empty"`
	Sealed  bool   `json:"was_sealed"`
	About   string `json:"about,omitempty"`
	Class   string `json:"class,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	Keep    string `json:"kept,omitempty"`
}

// writeWords writes what explains the rest: the schema with what each column is for, and a page in plain words.
func writeWords(b *binder, m Manifest, p plan) error {
	kinds := map[store.FieldKind]string{store.FieldText: "text", store.FieldNumber: "number", store.FieldFlag: "flag", store.FieldBytes: "bytes"}
	var list []tableWords
	for _, c := range p.tables {
		t := tableWords{Table: c.form.Name, Key: c.form.Key[min(1, len(c.form.Key)):]}
		for _, f := range c.form.Fields {
			d := c.whose[f.Name]
			w := columnWords{Name: f.Name, Kind: kinds[f.Kind], Empty: f.Null, Sealed: d.Sealed, Class: string(d.Class), Purpose: d.Purpose, Keep: d.Keep}
			if d.Whose != holdings.Nobody {
				w.About = string(d.Whose)
			}
			t.Columns = append(t.Columns, w)
		}
		list = append(list, t)
	}
	err := b.add(schemaName, true, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		return e.Encode(list)
	})
	if err != nil {
		return err
	}
	return b.add("readme.txt", true, func(w io.Writer) error {
		_, err := io.WriteString(w, readme(m))
		return err
	})
}

func readme(m Manifest) string {
	var b strings.Builder
	rows := int64(0)
	for _, t := range m.Tables {
		rows += t.Rows
	}
	fmt.Fprintf(&b, `%s

This file is everything that %s kept in Almirah on %s: %d rows of %d tables.
It is not encrypted. Keep it as you keep your patients' paper files, and delete it when you no longer need it.

fhir/      patients, practitioners, appointments, visits, prescriptions, consents, invoices and messages as resources of FHIR R4, one a line
csv/       every table as a sheet that a spreadsheet opens; moments are in UTC, sums in the smallest unit of the currency
calendar/  the appointments, for any calendar program
files/     files of patients as they are, in a folder for each patient; what they are called stands in csv/file.csv
audit/     the clinic's entries of the audit log with what they say, and the newest head of the log
people/    who works at the clinic; there are no passwords in it
native/    every table, one row a line, as JSON; another Almirah brings the clinic in from it and loses nothing
schema.json     what each column of these tables holds, about whom and for what
manifest.json   every member with its size and its SHA-256, and what was left out and why
manifest.sig    the signature over the manifest (Ed25519, as golang.org/x/mod/sumdb/note writes it)

Fingerprint of the key that signed it: %s
Canonical hash: %s

The canonical hash is the SHA-256 of one line for each table that has rows, by name: the table, a blank, the number of rows, a blank, and the sum of
the SHA-512 of its lines in native/ (each with its line end), modulo 2 to the power of 512, in 128 hexadecimal digits. It does not depend on the order of rows,
on the database or on keys, so a clinic that was brought in elsewhere has the same.

To bring it into another house: almirah import --in THIS.zip --trust FINGERPRINT. Compare the fingerprint with whoever gave you the file, by telephone for example.
`, Form, m.Clinic.Name, m.MadeAt, rows, len(m.Tables), Fingerprint(m.Key), m.Canonical)
	if m.Unreadable > 0 {
		fmt.Fprintf(&b, "\n%d fields could not be opened, because the key of the person was destroyed when she was erased. They are empty here.\n", m.Unreadable)
	}
	b.WriteString("\nLeft out:\n")
	for _, l := range m.Left {
		at := l.Table
		if l.Column != "" {
			at += "." + l.Column
		}
		fmt.Fprintf(&b, "  %s: %s\n", at, l.Why)
	}
	return b.String()
}

// FilePath is where a file of a patient lies in an archive, by their ids and its kind.
func FilePath(patient, file, kind string) string {
	p, _ := id.Parse(patient) // nobody's where it is none
	f, _ := id.Parse(file)
	return fileName("files", p, f, kind)
}
