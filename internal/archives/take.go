package archives

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/privacy"
	"almirah/internal/retention"
	"almirah/internal/store"
)

// Arrival is how somebody brings a clinic in.
type Arrival struct {
	Trust string // the fingerprint of the key that may have signed the archive
	Slug  string // another name for its pages here; empty for its own
}

// batchRows and batchBytes are how much is written in one Change.
const (
	batchRows  = 400
	batchBytes = 8 << 20
)

const (
	sqlArrivalGet   = `SELECT manifest, signer, canonical, at_table, at_row, done_at FROM arrival WHERE clinic_id = $1`
	sqlArrivalAdd   = `INSERT INTO arrival (clinic_id, manifest, signer, canonical, at_table, at_row, begun_at) VALUES ($1, $2, $3, $4, '', 0, $5)`
	sqlArrivalAt    = `UPDATE arrival SET at_table = $2, at_row = $3 WHERE clinic_id = $1`
	sqlArrivalEnded = `SELECT done_at FROM arrival WHERE clinic_id = $1`
	sqlArrivalDone  = `UPDATE arrival SET done_at = $2 WHERE clinic_id = $1 AND done_at = 0`
)

// arriving is an import under way.
type arriving struct {
	s      *Service
	who    access.Caller
	o      *Opened
	plan   plan
	clinic id.ID
	slug   string
	tell   *telling
	mark   string // hash of the manifest

	atTable string // how far an earlier try came
	atRow   int64
	whole   bool // an earlier try brought every row, and compared them
}

// Import brings a checked archive into this house, under keys of this house: every sealed field is sealed anew, ids stay. The clinic opens when every
// row is there and adds up to what was signed; until then nobody can see it, and an import that broke off goes on where it stopped. Nothing leaves the
// clinic until its owner lets go; its people get invitations. ErrUntrusted names the fingerprint that was not trusted. fault.Invalid "slug" when the
// name of its pages is taken; ErrHere when the clinic is here already.
func (s *Service) Import(ctx context.Context, o *Opened, a Arrival, say Say) (Made, error) {
	if plainFingerprint(a.Trust) != plainFingerprint(o.Fingerprint) || o.Fingerprint == "" {
		return Made{}, fmt.Errorf("%w. It was signed by %s. Ask whoever made it, by another way than the archive came, and repeat with --trust %s", ErrUntrusted, o.Fingerprint, o.Fingerprint)
	}
	clinic, err := id.Parse(o.Clinic.ID)
	if err != nil || clinic.IsZero() {
		return Made{}, ErrStrange
	}
	x := &arriving{s: s, who: s.o.Operator, o: o, clinic: clinic, slug: a.Slug, tell: &telling{say: say, now: s.db.Clock().Now}}
	if x.slug == "" {
		x.slug = o.Clinic.Slug
	}
	sum := sha256.Sum256([]byte(o.Canonical + o.MadeAt + o.Key))
	x.mark = hex.EncodeToString(sum[:])
	if x.plan, err = s.plan(ctx); err != nil {
		return Made{}, err
	}
	if err := x.known(); err != nil {
		return Made{}, err
	}
	if err := s.o.Clinics.Reserve(ctx, x.who, x.slug, clinic); err != nil {
		return Made{}, err
	}
	if err := x.begin(ctx); err != nil {
		return Made{}, err
	}
	if x.whole {
		return x.again(ctx)
	}
	for i, c := range x.plan.tables {
		if err := x.table(ctx, i, c); err != nil {
			return Made{}, err
		}
	}
	if err := x.index(ctx); err != nil {
		return Made{}, err
	}
	if err := x.amend(ctx); err != nil {
		return Made{}, err
	}
	made, err := x.compare(ctx)
	if err != nil {
		return Made{}, err
	}
	return made, x.open(ctx)
}

// known refuses what this program would lose. A table that it leaves out with a reason, and that the program which wrote the archive still took along, is passed over.
func (x *arriving) known() error {
	for _, t := range x.o.Tables {
		if t.Rows > 0 && x.find(t.Table) < 0 && leftWhole(t.Table) == "" {
			return fmt.Errorf("%w: it has a table %s, which this program does not know. Take the newest release", ErrStrange, t.Table)
		}
	}
	return nil
}

func (x *arriving) find(table string) int {
	for i, c := range x.plan.tables {
		if c.form.Name == table {
			return i
		}
	}
	return -1
}

// change is one Change in the clinic that is not open yet.
func (x *arriving) change(ctx context.Context, fn func(tx *store.Tx) error) error {
	return x.s.db.Gently(ctx, func() error {
		return x.s.db.FoundClinic(ctx, x.who, x.clinic, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("rows of a clinic that arrives; the arrival itself is recorded when it is whole")
			return fn(tx)
		})
	})
}

// ErrHere means that a clinic with the archive's id is in this house already.
var ErrHere = errors.New("archives: this clinic is in this house already; an archive is only brought into a house that does not have it")

// begin writes the clinic's own row and the mark of the archive, or finds how far an earlier try came.
func (x *arriving) begin(ctx context.Context) error {
	return x.change(ctx, func(tx *store.Tx) error {
		var mark, fingerprint, canonical string
		var done clock.Instant
		err := tx.Row(sqlArrivalGet).Scan(&mark, &fingerprint, &canonical, &x.atTable, &x.atRow, &done)
		switch {
		case err == nil && done > 0 && mark == x.mark:
			if _, err := clinics.Get(&tx.View); err != nil { // it was here, and has left since
				return ErrHere
			}
			x.whole = true
			return nil
		case err == nil && done > 0:
			return ErrHere
		case err == nil && mark != x.mark:
			return errors.New("archives: another archive of this clinic was begun and not finished; go on with that one")
		case err == nil:
			return nil
		case !errors.Is(err, store.ErrNoRows):
			return err
		}
		if _, err := clinics.Get(&tx.View); err == nil {
			return ErrHere
		}
		_, err = tx.Exec(sqlArrivalAdd, x.mark, x.o.Fingerprint, x.o.Canonical, tx.Now())
		return err
	})
}

// table brings in the rows of one table.
func (x *arriving) table(ctx context.Context, at int, c carried) error {
	if x.atTable != "" && at < x.find(x.atTable) {
		return nil
	}
	var batch [][]byte
	var d digest
	bytes, row := 0, int64(0)
	skip := int64(0)
	if c.form.Name == x.atTable {
		skip = x.atRow
	}
	put := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := x.change(ctx, func(tx *store.Tx) error {
			if err := x.put(tx, c, batch); err != nil {
				return err
			}
			_, err := tx.Exec(sqlArrivalAt, c.form.Name, row)
			return err
		})
		batch, bytes = nil, 0
		return err
	}
	err := x.o.lines("native/"+c.form.Name+".ndjson", func(text []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.add(text)
		row++
		x.tell.rows("seal", c.form.Name, row, 1)
		if row <= skip {
			return nil
		}
		batch, bytes = append(batch, append([]byte(nil), text...)), bytes+len(text)
		if len(batch) >= batchRows || bytes >= batchBytes {
			return put()
		}
		return nil
	})
	if err == nil {
		err = put()
	}
	if err != nil {
		return fmt.Errorf("archives: a row of %s: %w", c.form.Name, err)
	}
	for _, t := range x.o.Tables {
		if t.Table == c.form.Name && (t.Rows != d.rows || t.Digest != d.text()) {
			return fmt.Errorf("%w: the rows of %s are not those that were counted", ErrForged, c.form.Name)
		}
	}
	x.tell.rows("seal", c.form.Name, row, 0)
	return nil
}

func (x *arriving) put(tx *store.Tx, c carried, batch [][]byte) error {
	raws := make([]map[string]json.RawMessage, len(batch))
	var people []id.ID
	for i, text := range batch {
		if err := json.Unmarshal(text, &raws[i]); err != nil {
			return ErrStrange
		}
		for _, n := range []string{"id", "patient_id"} {
			var s string
			if _, known := c.form.Field(n); (n == "patient_id" || c.form.Name == "patient") && known && json.Unmarshal(raws[i][n], &s) == nil {
				if one, err := id.Parse(s); err == nil && !one.IsZero() {
					people = append(people, one)
				}
			}
		}
	}
	if c.form.Name == "patient" {
		if err := tx.NewSubject(people...); err != nil {
			return err
		}
	}
	if err := tx.Load(people); err != nil {
		return err
	}
	if c.form.Name == heldTable {
		if err := x.holds(tx, raws); err != nil {
			return err
		}
	}
	s := &sealing{tx: tx, table: c}
	for _, raw := range raws {
		r, err := s.record(raw)
		if err != nil {
			return err
		}
		for _, n := range late[c.form.Name] {
			delete(r, n)
		}
		if c.form.Name == "clinic" {
			r["slug"], r["held"], r["modules"], r["status"] = x.slug, true, strings.Join(clinics.Modules(), ","), clinics.Open
		}
		if err := tx.Put(c.whole, r); err != nil {
			return err
		}
	}
	return nil
}

// holds makes the retention keys under which the rows are about to be sealed, each with the last day that its hold has: it goes here on the day on which it would have gone there.
func (x *arriving) holds(tx *store.Tx, raws []map[string]json.RawMessage) error {
	list, err := privacy.TakenAlong(&tx.View, nil)
	if err != nil {
		return err
	}
	last := map[id.ID]clock.Date{}
	for _, h := range list {
		last[h.ID] = h.Last
	}
	ring, err := tx.Ring()
	if err != nil {
		return err
	}
	for _, raw := range raws {
		var text string
		var body cell
		if json.Unmarshal(raw["hold_id"], &text) != nil || json.Unmarshal(raw["body"], &body) != nil {
			return ErrStrange
		}
		hold, err := id.Parse(text)
		if err != nil {
			return ErrStrange
		}
		if body.Gone { // nobody could open it there, and no key makes it whole again
			continue
		}
		if err := x.s.db.Vault().AddHeld(tx.Context(), tx.Clinic(), hold, last[hold]); err != nil {
			return err
		}
		ring.Custody(true, hold)
	}
	return nil
}

// index makes what is made of keys of this house anew: the buckets by which patients and writers are found.
func (x *arriving) index(ctx context.Context) error {
	behind, n := id.Zero, int64(0)
	for {
		var done []id.ID
		err := x.change(ctx, func(tx *store.Tx) (err error) {
			done, err = patients.FindAgain(tx, behind, batchRows)
			return err
		})
		if err != nil {
			return err
		}
		if len(done) == 0 {
			break
		}
		n += int64(len(done))
		behind = done[len(done)-1]
		x.tell.rows("index", "patient", n, int64(len(done)))
	}
	return x.change(ctx, messaging.FindAgain)
}

// amend sets the columns that had to wait. The clinic's own come last.
func (x *arriving) amend(ctx context.Context) error {
	for i := len(x.plan.tables) - 1; i >= 0; i-- {
		c := x.plan.tables[i]
		if len(late[c.form.Name]) == 0 {
			continue
		}
		var batch [][]byte
		put := func() error {
			list := batch
			batch = nil
			return x.change(ctx, func(tx *store.Tx) error { return x.set(tx, c, list) })
		}
		err := x.o.lines("native/"+c.form.Name+".ndjson", func(text []byte) error {
			if batch = append(batch, append([]byte(nil), text...)); len(batch) >= batchRows {
				return put()
			}
			return nil
		})
		if err == nil && len(batch) > 0 {
			err = put()
		}
		if err != nil {
			return fmt.Errorf("archives: a row of %s: %w", c.form.Name, err)
		}
	}
	return nil
}

// set sets the late columns of rows, where an earlier try did not: an issued invoice is not touched again.
func (x *arriving) set(tx *store.Tx, c carried, batch [][]byte) error {
	for _, text := range batch {
		var raw map[string]json.RawMessage
		if json.Unmarshal(text, &raw) != nil {
			return ErrStrange
		}
		key, set := store.Record{}, store.Record{}
		for _, k := range c.whole.Key {
			if k == "clinic_id" {
				continue
			}
			f, _ := c.form.Field(k)
			v, err := valueOf(f, raw)
			if err != nil {
				return err
			}
			key[k] = v
		}
		for _, n := range late[c.form.Name] {
			f, _ := c.form.Field(n)
			v, err := valueOf(f, raw)
			if err != nil {
				return err
			}
			if n == "issued_at" && v == int64(0) {
				continue
			}
			set[n] = v
		}
		if err := tx.AmendOnce(c.whole, key, set); err != nil {
			return err
		}
	}
	return nil
}

func valueOf(f store.Field, raw map[string]json.RawMessage) (any, error) {
	return value(f, raw[f.Name])
}

// compare reads the clinic as it is here now and holds it against what was signed. A column that came with a newer release than the one which wrote the archive is not looked
// at: the archive says nothing of it, and here it stands as the upgrade of any other clinic would have left it.
func (x *arriving) compare(ctx context.Context) (Made, error) {
	out := Made{Clinic: x.clinic, Slug: x.slug, Fingerprint: x.o.Fingerprint, Unreadable: x.o.Unreadable, Members: len(x.o.Members)}
	known, err := x.o.columns()
	if err != nil {
		return Made{}, err
	}
	who := x.s.o.Worker(x.clinic)
	err = x.s.db.Whole(ctx, who, access.ClinicExport, func(_ context.Context, v *store.View) error {
		p := plan{tables: slices.Clone(x.plan.tables)}
		for i := range p.tables {
			c := &p.tables[i]
			c.arrived = true
			if k, there := known[c.form.Name]; there {
				c.form.Fields = slices.DeleteFunc(slices.Clone(c.form.Fields), func(f store.Field) bool { return !k[f.Name] })
			}
		}
		list, err := count(v, p, x.tell, "check")
		if err != nil {
			return err
		}
		out.Canonical = x.o.Canonical
		for _, c := range list {
			out.Rows += c.Rows
		}
		for _, c := range list {
			for _, t := range x.o.Tables {
				if t.Table == c.Table && t != c {
					return fmt.Errorf("archives: the table %s is not here as it was there; the clinic is not opened", c.Table)
				}
			}
		}
		signed := slices.DeleteFunc(slices.Clone(x.o.Tables), func(t Counted) bool { return leftWhole(t.Table) != "" })
		if Canonical(list) != Canonical(signed) {
			return errors.New("archives: the clinic is not here as it was there, and is not opened")
		}
		return nil
	})
	return out, err
}

// again goes on with a clinic that is here whole, whose earlier try broke off in its last step; ErrHere when it is open. Its rows were compared before it counted as whole, and
// are not compared again: its own work may have gone over them since.
func (x *arriving) again(ctx context.Context) (Made, error) {
	opened, err := x.s.o.Clinics.Leads(ctx, x.who, x.clinic)
	if err == nil && opened {
		err = ErrHere
	}
	if err != nil {
		return Made{}, err
	}
	out := Made{Clinic: x.clinic, Slug: x.slug, Fingerprint: x.o.Fingerprint, Canonical: x.o.Canonical, Unreadable: x.o.Unreadable, Members: len(x.o.Members)}
	for _, t := range x.o.Tables {
		out.Rows += t.Rows
	}
	return out, x.open(ctx)
}

// open invites the clinic's people and lets the clinic be seen. That its name leads to it is the last thing: until then the import can be begun again, and each step does
// nothing twice.
func (x *arriving) open(ctx context.Context) error {
	err := x.s.db.FoundClinic(ctx, x.who, x.clinic, func(_ context.Context, tx *store.Tx) error {
		if err := clinics.Named(tx, x.slug); err != nil { // this try may have another name than the one that wrote the clinic's row
			return err
		}
		if err := retention.Arrived(tx); err != nil {
			return err
		}
		if x.whole {
			tx.Housekeeping("a clinic that arrived goes on to its opening; that it arrived is recorded")
			return nil
		}
		tx.Record(audit.Note{Action: "arrive", Kind: "clinic", Subject: x.clinic, New: map[string]string{"from": x.o.Fingerprint, "canonical": x.o.Canonical}})
		tx.DueBy(tx.Now())
		return tx.Must(sqlArrivalDone, tx.Now())
	})
	if err != nil {
		return err
	}
	staff, err := readStaff(x.o)
	if err != nil {
		return err
	}
	c, err := x.s.o.Clinics.Get(ctx, accounts.Public(x.clinic))
	if err != nil {
		return err
	}
	if err := x.s.o.Accounts.InviteArrived(ctx, x.who, c, staff); err != nil {
		return err
	}
	return x.s.o.Clinics.Arrived(ctx, x.who, x.slug, x.clinic)
}

// readStaff reads who worked at the clinic.
func readStaff(o *Opened) ([]accounts.Arriving, error) {
	var out []accounts.Arriving
	err := o.lines(staffName, func(text []byte) error {
		var one accounts.Arriving
		if json.Unmarshal(text, &one) != nil {
			return ErrStrange
		}
		out = append(out, one)
		return nil
	})
	return out, err
}
