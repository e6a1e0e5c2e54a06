package archives

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"almirah/internal/billing"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// A sealed field opens in one place only: under one key, for one row and one name. Which that is, every room decides for itself, and a table of all
// of them would be wrong the day after somebody adds a column. So the few places that a row can mean are tried, and what opened is written beside
// what was found; the field is sealed in the same place where it arrives.

// named is an id under the name by which a line says it.
type named struct {
	name string
	id   id.ID
}

const (
	ofClinic = "clinic"
	rowOwner = "=" + store.Owner
)

// opening opens the sealed fields of one table.
type opening struct {
	v     *store.View
	table carried
	last  map[string][2]string // by column: of and row that opened the field before
	gone  *int64               // counts fields that nobody can open
}

func asID(x any) (out id.ID, ok bool) {
	b, is := x.([]byte)
	if !is || len(b) != len(out) {
		return out, false
	}
	copy(out[:], b)
	return out, true
}

// owners are whose key may have sealed something of the row, the likeliest first.
func (o *opening) owners(r store.Record) []named {
	var out []named
	names := []string{"patient_id", "owner_id", store.Owner}
	if o.table.form.Name == heldTable { // what a law holds of somebody who was erased: its key is the hold's own
		names = []string{"hold_id"}
	}
	for _, n := range names {
		if one, ok := asID(r[n]); ok && one != id.Zero {
			out = append(out, named{"=" + n, one})
		}
	}
	out = append(out, named{ofClinic, vault.ClinicData})
	if one, ok := asID(r["id"]); ok {
		out = append(out, named{"=id", one})
	}
	return out
}

// rows are for which row something may have been sealed.
func (o *opening) rows(r store.Record) []named {
	var out []named
	seen := map[string]bool{}
	add := func(name string) {
		if one, ok := asID(r[name]); ok && !seen[name] {
			out, seen[name] = append(out, named{"=" + name, one}), true
		}
	}
	add("id")
	for i := len(o.table.whole.Key) - 1; i >= 0; i-- {
		add(o.table.whole.Key[i])
	}
	add("patient_id")
	if one, ok := wordsRow(o.table.form.Name, r); ok {
		out = append(out, named{"=words", one})
	}
	return append(out, named{"=clinic_id", o.v.Clinic()})
}

// wordsRow is the row of a table whose key is made of words.
func wordsRow(table string, r store.Record) (id.ID, bool) {
	if table != "day_close" {
		return id.Zero, false
	}
	day, _ := r["day"].(string)
	method, _ := r["method"].(string)
	currency, _ := r["currency"].(string)
	return billing.CloseRow(day, method, currency), true
}

// sealedAs is the name under which a column was sealed.
func sealedAs(table, column string, r store.Record) string {
	if n, ok := r["number"].(int64); ok && table == "file_piece" {
		return column + " " + strconv.FormatInt(n, 10)
	}
	return column
}

func (o *opening) open(r store.Record, column string) (cell, error) {
	sealed, _ := r[column].([]byte)
	ring, err := o.v.Ring()
	if err != nil {
		return cell{}, err
	}
	as := sealedAs(o.table.form.Name, column, r)
	try := func(of, row named) (cell, bool, error) {
		plain, err := ring.Open(vault.Cell{Subject: of.id, Table: o.table.form.Name, Column: as, Row: row.id}, sealed)
		switch {
		case err == nil:
			c := cellOf(plain)
			c.Of, c.Row = of.name, row.name
			if as != column {
				c.As = as
			}
			o.last[column] = [2]string{of.name, row.name}
			return c, true, nil
		case errors.Is(err, vault.ErrForged), errors.Is(err, vault.ErrShredded), errors.Is(err, vault.ErrDamaged), errors.Is(err, vault.ErrKept):
			return cell{}, false, nil
		}
		return cell{}, false, err // the key store does not answer: that is not the same as a field that is gone
	}
	owners, rows := o.owners(r), o.rows(r)
	if last, ok := o.last[column]; ok {
		for _, of := range owners {
			for _, row := range rows {
				if of.name == last[0] && row.name == last[1] {
					if c, ok, err := try(of, row); ok || err != nil {
						return c, err
					}
				}
			}
		}
	}
	for _, of := range owners {
		for _, row := range rows {
			if c, ok, err := try(of, row); ok || err != nil {
				return c, err
			}
		}
	}
	*o.gone++
	return cell{Gone: true}, nil
}

// line makes a row of the native form out of a row of the table.
func (o *opening) line(r store.Record) (line, error) {
	out := line{}
	for _, f := range o.table.form.Fields {
		x, there := r[f.Name]
		if !there {
			continue
		}
		b, bytes := x.([]byte)
		switch {
		case o.table.sealed[f.Name] && bytes:
			c, err := o.open(r, f.Name)
			if err != nil {
				return nil, err
			}
			out[f.Name] = c
		case bytes:
			out[f.Name] = bytesText(b)
		default:
			out[f.Name] = x
		}
	}
	if o.table.form.Name == "correspondent" {
		return out, o.peer(out, r)
	}
	return out, nil
}

// peer says which of somebody's names a token stands for: the token itself is of this house's keys.
func (o *opening) peer(out line, r store.Record) error {
	c, ok := out["address"].(cell)
	if !ok || c.Text == nil {
		return nil
	}
	names, err := messaging.PeerNames(o.v, *c.Text)
	if err != nil {
		return err
	}
	own, _ := asID(r["peer"])
	for name, token := range names {
		if token == own {
			out["peer"] = name
		}
	}
	return nil
}

// sealing is the way back.
type sealing struct {
	tx    *store.Tx
	table carried
}

// record makes a row of the table out of a row of the native form; fields are sealed under this house's keys.
func (s *sealing) record(raw map[string]json.RawMessage) (store.Record, error) {
	out := instead(s.table.form.Name, s.tx.Now())
	if out == nil {
		out = store.Record{}
	}
	cells := map[string]cell{}
	for name, text := range raw {
		f, ok := s.table.form.Field(name)
		if !ok {
			return nil, fmt.Errorf("the column %s.%s is not known here: this archive is of a newer program", s.table.form.Name, name)
		}
		if !s.table.sealed[name] {
			if s.table.form.Name == "correspondent" && name == "peer" {
				continue
			}
			x, err := value(f, text)
			if err != nil {
				return nil, err
			}
			out[name] = x
			continue
		}
		var c cell
		if json.Unmarshal(text, &c) != nil {
			return nil, fmt.Errorf("the field %s is of another form", name)
		}
		cells[name] = c
	}
	if s.table.form.Name == "correspondent" {
		if err := s.peer(out, raw["peer"], cells["address"]); err != nil {
			return nil, err
		}
	}
	for name, c := range cells {
		sealed, err := s.seal(out, name, c)
		if err != nil {
			return nil, err
		}
		out[name] = sealed
	}
	return out, nil
}

func (s *sealing) peer(out store.Record, raw json.RawMessage, address cell) error {
	var name string
	if json.Unmarshal(raw, &name) != nil {
		return errors.New("a correspondent has no name")
	}
	if address.Text != nil {
		names, err := messaging.PeerNames(&s.tx.View, *address.Text)
		if err != nil {
			return err
		}
		if token, ok := names[name]; ok {
			out["peer"] = token[:]
			return nil
		}
	}
	b, err := textBytes(name)
	out["peer"] = b
	return err
}

// seal seals a field in the place that its line names. What nobody could open arrives as bytes that nobody can open.
func (s *sealing) seal(r store.Record, column string, c cell) ([]byte, error) {
	if c.Gone {
		noise := make([]byte, vault.Overhead+16)
		if _, err := rand.Read(noise); err != nil {
			return nil, err
		}
		noise[0] = 1
		return noise, nil
	}
	plain, err := c.plain()
	if err != nil {
		return nil, fmt.Errorf("the field %s is of another form", column)
	}
	of, err := s.meant(r, c.Of)
	if err != nil {
		return nil, err
	}
	row, err := s.meant(r, c.Row)
	if err != nil {
		return nil, err
	}
	as := column
	if c.As != "" {
		as = sealedAs(s.table.form.Name, column, r)
		if as != c.As {
			return nil, fmt.Errorf("the field %s names another place", column)
		}
	}
	ring, err := s.tx.Ring()
	if err != nil {
		return nil, err
	}
	return ring.Seal(vault.Cell{Subject: of, Table: s.table.form.Name, Column: as, Row: row}, plain)
}

// meant is the id that a line means by a name.
func (s *sealing) meant(r store.Record, name string) (id.ID, error) {
	switch {
	case name == ofClinic:
		return vault.ClinicData, nil
	case name == "=clinic_id":
		return s.tx.Clinic(), nil
	case name == "=words":
		one, _ := wordsRow(s.table.form.Name, r)
		return one, nil
	case name == rowOwner && s.table.through != nil:
		return s.tx.OwnerThrough(*s.table.through, r)
	case len(name) > 1 && name[0] == '=':
		if one, ok := asID(r[name[1:]]); ok {
			return one, nil
		}
	}
	return id.Zero, errors.New("a field names a place that its row does not have")
}
