package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// A clinic that leaves takes all its rows along, also those of tables that were added after the archive was written. So the archive does not name
// columns: it walks the real tables, as the engine describes them, and these are the only statements that are made from that description
// (promise export). Names come from the engine's catalogue, never from a request, and $1 is the clinic as everywhere.

// FieldKind is what a column holds.
type FieldKind int

// The kinds of columns that the portable subset has (decision 0001).
const (
	FieldText FieldKind = iota
	FieldNumber
	FieldFlag
	FieldBytes
)

// Field is one column as the engine describes it.
type Field struct {
	Name string
	Kind FieldKind
	Null bool // it may be empty
}

// Link is a foreign key to another table: From stands in this table, To in that one; without the clinic's id.
type Link struct {
	Table    string
	From, To []string
}

// TableForm is one table as the engine describes it.
type TableForm struct {
	Name   string
	Fields []Field // with clinic_id, in an order of their own
	Key    []string
	Links  []Link
}

// Field is the column of the name; ok is false when there is none.
func (t TableForm) Field(name string) (f Field, ok bool) {
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return t.Fields[i], true
}

// Forms are the tables as the engine describes them, by name, without those of the queue.
func (db *DB) Forms(ctx context.Context) (map[string]TableForm, error) {
	fields := `SELECT m.name, c.name, c.type, c."notnull" = 0 AND c.pk = 0, c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.name`
	links := `SELECT m.name, CAST(f.id AS TEXT), f."table", f."from", f."to" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`
	if db.engine == Postgres {
		fields = `SELECT c.relname, a.attname, format_type(a.atttypid, NULL), NOT a.attnotnull,
			COALESCE((SELECT array_position(i.indkey::int2[], a.attnum) + 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), 0)
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname, a.attname`
		links = `SELECT c.relname, k.conname, p.relname, a.attname, b.attname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
			CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (x, y, n)
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.x JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = u.y
			WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname, k.conname, u.n`
	}
	out := map[string]TableForm{}
	err := db.reading(ctx, func(c *sql.Conn) error {
		if err := readFields(ctx, c, fields, out); err != nil {
			return err
		}
		return readLinks(ctx, c, links, out)
	})
	return out, err
}

func readFields(ctx context.Context, c *sql.Conn, text string, out map[string]TableForm) error {
	rows, err := c.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	type place struct {
		name string
		at   int
	}
	keys := map[string][]place{}
	for rows.Next() {
		var table, kind string
		var f Field
		var key int
		if err := rows.Scan(&table, &f.Name, &kind, &f.Null, &key); err != nil {
			return err
		}
		if strings.HasPrefix(table, "river_") {
			continue
		}
		switch strings.ToLower(kind) {
		case "text":
			f.Kind = FieldText
		case "bigint", "integer":
			f.Kind = FieldNumber
		case "boolean":
			f.Kind = FieldFlag
		case "bytea":
			f.Kind = FieldBytes
		case "timestamp", "timestamp without time zone": // of the migrations' own table
			continue
		default:
			return fmt.Errorf("store: %s.%s is of a kind that the portable subset does not have: %s", table, f.Name, kind)
		}
		t := out[table]
		t.Name, t.Fields = table, append(t.Fields, f)
		out[table] = t
		if key > 0 {
			keys[table] = append(keys[table], place{f.Name, key})
		}
	}
	for name, list := range keys {
		slices.SortFunc(list, func(a, b place) int { return a.at - b.at })
		t := out[name]
		for _, p := range list {
			t.Key = append(t.Key, p.name)
		}
		out[name] = t
	}
	return rows.Err()
}

func readLinks(ctx context.Context, c *sql.Conn, text string, out map[string]TableForm) error {
	rows, err := c.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	last := ""
	for rows.Next() {
		var table, one, to, from, there string
		if err := rows.Scan(&table, &one, &to, &from, &there); err != nil {
			return err
		}
		t, ok := out[table]
		if !ok {
			continue
		}
		if last != table+"/"+one {
			last = table + "/" + one
			t.Links = append(t.Links, Link{Table: to})
		}
		if from != "clinic_id" {
			l := &t.Links[len(t.Links)-1]
			l.From, l.To = append(l.From, from), append(l.To, there)
		}
		out[table] = t
	}
	return rows.Err()
}

// Whole is a View that sees everything at one moment, however long it takes: a clinic that is taken along must not be half of before and half of
// after a booking. What it opens is one entry, which the caller records beforehand.
func (db *DB) Whole(ctx context.Context, who access.Caller, right access.Right, fn func(ctx context.Context, v *View) error) error {
	if err := db.admit(ctx, who, right, false); err != nil {
		return err
	}
	if who.Helps() { // somebody of support sees a part of a clinic, never the whole
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	s, err := db.begin(ctx, who.Clinic(), false)
	if err != nil {
		return err
	}
	defer s.rollback()
	if db.engine == Postgres {
		if err := s.pgSimple(ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); err != nil {
			return classify(err)
		}
	}
	v := &View{s: s, who: who, right: right, now: clock.At(db.clock.Now())}
	defer v.close()
	inside := context.WithValue(ctx, passage{}, true)
	v.ctx, s.ctx = inside, inside
	return fn(inside, v)
}

// Forget lets go of the patients' keys that this passage has asked for, so that a walk over all patients holds a page of them at a time.
func (v *View) Forget() { v.close() }

// quoted writes names of columns.
func quoted(prefix string, names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(prefix + `"` + n + `"`)
	}
	return b.String()
}

// places writes $first, $first+1 ...
func places(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(list, ", ")
}

// behind are the columns of the key after the clinic's.
func (t TableForm) behind() []string {
	return slices.DeleteFunc(slices.Clone(t.Key), func(n string) bool { return n == "clinic_id" })
}

// Record is one row: a value for each column, nil where it is empty: string, int64, bool, []byte.
type Record map[string]any

// Owner is where a row tells through another table which patient it is about: the patient of the row that it belongs to.
const Owner = "*owner"

// Page reads the clinic's rows of the table in the order of its key: at most limit of them, behind the row that was last (nil: from the
// beginning). through is nil, or the link through which the patient is found, who then stands under Owner.
func (v *View) Page(t TableForm, through *Link, last Record, limit int) ([]Record, error) {
	return v.page(t, through, id.Zero, last, limit)
}

// PageOf is Page of one patient's rows: those that name her, or that belong through the link to a row that does. Her own row is the one of the table
// patient.
func (v *View) PageOf(t TableForm, through *Link, patient id.ID, last Record, limit int) ([]Record, error) {
	return v.page(t, through, patient, last, limit)
}

func (v *View) page(t TableForm, through *Link, patient id.ID, last Record, limit int) ([]Record, error) {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	var b strings.Builder
	b.WriteString("SELECT " + quoted("t.", names))
	if through != nil {
		b.WriteString(`, (SELECT p.patient_id FROM "` + through.Table + `" p WHERE p.clinic_id = $1`)
		for i := range through.From {
			b.WriteString(` AND p."` + through.To[i] + `" = t."` + through.From[i] + `"`)
		}
		b.WriteString(")")
	}
	b.WriteString(` FROM "` + t.Name + `" t WHERE t.clinic_id = $1`)
	key := t.behind()
	var args []any
	if last != nil && len(key) > 0 {
		b.WriteString(" AND (" + quoted("t.", key) + ") > (" + places(2, len(key)) + ")")
		for _, k := range key {
			args = append(args, last[k])
		}
	} else if last != nil {
		return nil, nil // one row of the clinic was all
	}
	if !patient.IsZero() {
		args = append(args, patient)
		_, names := t.Field("patient_id")
		switch {
		case t.Name == "patient":
			fmt.Fprintf(&b, " AND t.id = $%d", len(args)+1)
		case names:
			fmt.Fprintf(&b, " AND t.patient_id = $%d", len(args)+1)
		case through != nil:
			b.WriteString(` AND EXISTS (SELECT 1 FROM "` + through.Table + `" p WHERE p.clinic_id = $1`)
			for i := range through.From {
				b.WriteString(` AND p."` + through.To[i] + `" = t."` + through.From[i] + `"`)
			}
			fmt.Fprintf(&b, " AND p.patient_id = $%d)", len(args)+1)
		default:
			return nil, fmt.Errorf("store: the table %s tells of no patient", t.Name)
		}
	}
	if len(key) > 0 {
		b.WriteString(" ORDER BY " + quoted("t.", key))
	}
	fmt.Fprintf(&b, " LIMIT %d", limit)
	rows, err := v.Query(b.String(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Record
	for rows.Next() {
		r, err := scanRecord(rows, t.Fields, through != nil)
		if err != nil {
			return nil, fmt.Errorf("store: a row of %s: %w", t.Name, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func scanRecord(rows *Rows, fields []Field, owner bool) (Record, error) {
	into := make([]any, 0, len(fields)+1)
	for _, f := range fields {
		switch f.Kind {
		case FieldText:
			into = append(into, new(sql.NullString))
		case FieldNumber:
			into = append(into, new(sql.NullInt64))
		case FieldFlag:
			into = append(into, new(sql.NullBool))
		default:
			into = append(into, new([]byte))
		}
	}
	if owner {
		into = append(into, new([]byte))
	}
	if err := rows.Scan(into...); err != nil {
		return nil, errors.New("it cannot be read") // the driver's words may repeat a value
	}
	r := make(Record, len(into))
	for i, x := range into {
		name := Owner
		if i < len(fields) {
			name = fields[i].Name
		}
		switch x := x.(type) {
		case *sql.NullString:
			if x.Valid {
				r[name] = x.String
			}
		case *sql.NullInt64:
			if x.Valid {
				r[name] = x.Int64
			}
		case *sql.NullBool:
			if x.Valid {
				r[name] = x.Bool
			}
		case *[]byte:
			if *x != nil {
				r[name] = *x
			}
		}
	}
	return r, nil
}

// Put writes a row of the clinic into the table unless one with its key is there: an archive that was read half may be read again. What the record
// does not name keeps the table's default. Columns that the table does not have are an error.
func (t *Tx) Put(form TableForm, r Record) error {
	names, args := []string{"clinic_id"}, []any{}
	for _, f := range form.Fields {
		x, ok := r[f.Name]
		if !ok || f.Name == "clinic_id" {
			continue
		}
		names, args = append(names, f.Name), append(args, x)
	}
	for n := range r {
		if _, ok := form.Field(n); !ok {
			return fmt.Errorf("store: the table %s has no column %s", form.Name, n)
		}
	}
	_, err := t.Exec(`INSERT INTO "`+form.Name+`" (`+quoted("", names)+") VALUES ("+places(1, len(names))+") ON CONFLICT DO NOTHING", args...)
	return err
}

// AmendOnce sets columns of the row with the key, where they do not stand so already: what a fence keeps is not touched twice.
func (t *Tx) AmendOnce(form TableForm, key, set Record) error {
	var names, differs []string
	var args []any
	for _, f := range form.Fields {
		if x, ok := set[f.Name]; ok && f.Name != "clinic_id" {
			args = append(args, x)
			names = append(names, fmt.Sprintf(`"%s" = $%d`, f.Name, len(args)+1))
			differs = append(differs, fmt.Sprintf(`"%s" <> $%d`, f.Name, len(args)+1))
		}
	}
	if len(names) == 0 {
		return nil
	}
	text := `UPDATE "` + form.Name + `" SET ` + strings.Join(names, ", ") + " WHERE clinic_id = $1 AND (" + strings.Join(differs, " OR ") + ")"
	for _, k := range form.behind() {
		args = append(args, key[k])
		text += fmt.Sprintf(` AND "%s" = $%d`, k, len(args)+1)
	}
	_, err := t.Exec(text, args...)
	return err
}

// OwnerThrough is the patient of the row that r belongs to by the link. ErrNoRows when there is none.
func (v *View) OwnerThrough(l Link, r Record) (out id.ID, err error) {
	text := `SELECT p.patient_id FROM "` + l.Table + `" p WHERE p.clinic_id = $1`
	var args []any
	for i := range l.From {
		text += fmt.Sprintf(` AND p."%s" = $%d`, l.To[i], i+2)
		args = append(args, r[l.From[i]])
	}
	return out, v.Row(text, args...).Scan(&out)
}
