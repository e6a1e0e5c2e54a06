package vault

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// How often keys are replaced by themselves.
const (
	TurnEvery  = 20 * time.Hour      // an epoch key that is older is due
	ClinicLife = 90 * 24 * time.Hour // a clinic's key is made anew at the latest then, and in the night after somebody was erased
)

// How much one transaction of a turn moves, so that nobody who writes waits for long.
const (
	clinicsAtOnce = 50
	peopleAtOnce  = 400 // unless a test says otherwise
)

// noteAll marks a turn in which every clinic gets a new key; its mark is the epoch.
const noteAll = "all"

// Turned says what a turn has done until now.
type Turned struct {
	Epoch   int64 // the epoch that was begun, or gone on with
	Clinics int   // whose key hangs on it now
	Fresh   int   // of these, who got a key that was made new
	People  int   // whose key is wrapped by such a new key now
	Ended   int   // epoch keys that were destroyed
}

// Turn begins a new epoch and moves every key to it: each clinic's key is wrapped by the new epoch's, and is made anew where somebody was erased
// since it was made, where it is ninety days old, or everywhere when all is asked for; then its people's keys are wrapped by that. Keys that nothing hangs on any more are
// destroyed in the end. Whatever an erased person's key was ever wrapped by is then gone from the key store. Nobody waits and nothing fails meanwhile, in this process or another. A
// turn that was broken off goes on where it was; several at once do each other's work. say is told now and then; it may be nil. A key that does not open is passed over, and is the error at the end.
func (v *Vault) Turn(ctx context.Context, all bool, say func(Turned)) (Turned, error) {
	t := &turning{v: v, ctx: ctx, say: say}
	if v.closed.Load() {
		return t.done, ErrClosed
	}
	s, err := v.Standing(ctx)
	if err != nil {
		return t.done, err
	}
	if s.Unfinished {
		if err := t.finish(); err != nil || !all {
			return t.done, err
		}
	}
	if err := t.begin(all); err != nil {
		return t.done, err
	}
	return t.done, t.finish()
}

// settles is for how long after an upgrade no turn begins by itself: a host that still runs the version before could not follow.
const settles = 2 * time.Hour

// TurnDue says whether the newest epoch is old enough for another, or a turn was broken off.
func (v *Vault) TurnDue(ctx context.Context) (bool, error) {
	s, err := v.Standing(ctx)
	now := v.clk.Now()
	return err == nil && (s.Unfinished || now.Sub(s.EpochAt.Time()) >= TurnEvery && now.Sub(s.AbleAt.Time()) >= settles), err
}

type turning struct {
	v      *Vault
	ctx    context.Context
	say    func(Turned)
	done   Turned
	closed []id.ID // clinics with a key that does not open
}

// change is one transaction of the turn. Turns of other processes wait for it.
func (t *turning) change(do func(tx *sql.Tx) error) error {
	return t.v.store.change(t.ctx, func(tx *sql.Tx) error {
		if err := t.v.store.alone(t.ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
}

// begin makes the next epoch's key. The root key is asked before anything is locked.
func (t *turning) begin(all bool) error {
	v := t.v
	root, before, err := v.fittingRoot(t.ctx, v.store.read)
	if err != nil {
		return err
	}
	by, err := cipherOf(root)
	if err != nil {
		return err
	}
	err = t.change(func(tx *sql.Tx) error {
		now, err := readEpochs(t.ctx, tx)
		if err != nil {
			return err
		}
		var last int64
		for n := range now {
			last = max(last, n)
		}
		if len(now) != len(before) || before[last].madeAt != now[last].madeAt {
			return nil // another process began one
		}
		old, err := unwrapCipher(by, epochPlace(last, before[last].generation), now[last].wrapped)
		if err != nil {
			return ErrOvertaken
		}
		key := newKey()
		defer clear(key)
		w, err := wrap(by, epochPlace(last+1, 1), key)
		if err != nil {
			return err
		}
		over, err := wrap(old, handoverPlace(last+1), key)
		if err != nil {
			return err
		}
		at := clock.At(v.clk.Now())
		if _, err := tx.ExecContext(t.ctx, "INSERT INTO epoch_key (epoch, generation, wrapped, handover, made_at) VALUES ($1, 1, $2, $3, $4)", last+1, w, over, int64(at)); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if all {
			return writeNote(t.ctx, tx, noteAll, at, binary.BigEndian.AppendUint64(nil, uint64(last+1)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.at("epoch begun")
}

// finish moves what hangs on older keys, and destroys these. Another process may begin the next epoch meanwhile, which this one does not know yet:
// then it goes on with that one.
func (t *turning) finish() (err error) {
	for range overtakings {
		if err = t.move(); !errors.Is(err, errUnknownEpoch) {
			return err
		}
	}
	return err
}

// overtakings is how often a turn is overtaken by others before it gives up.
const overtakings = 4

func (t *turning) move() error {
	v := t.v
	t.closed = nil
	if err := v.learn(t.ctx); err != nil {
		return err
	}
	t.done.Epoch = v.newestEpoch()
	for _, do := range []func() error{t.people, t.clinics, t.people, t.end} {
		if err := do(); err != nil {
			return err
		}
	}
	if len(t.closed) > 0 {
		return fmt.Errorf("%w (%d clinics; the keys that wrapped them are kept)", errDamaged, len(t.closed))
	}
	return nil
}

func (t *turning) tell() {
	if t.say != nil {
		t.say(t.done)
	}
}

// clinics moves every clinic's own key to the newest epoch.
func (t *turning) clinics() error {
	v := t.v
	notes, err := readNotes(t.ctx, v.store.read)
	if err != nil {
		return err
	}
	all := string(notes[noteAll].mark) == string(binary.BigEndian.AppendUint64(nil, uint64(t.done.Epoch)))
	after := []byte{}
	for {
		list, err := clinicsUnder(t.ctx, v.store.read, t.done.Epoch, after, clinicsAtOnce)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		done := t.done
		err = t.change(func(tx *sql.Tx) error {
			for _, c := range list {
				if err := t.clinic(tx, c, all); errors.Is(err, errDamaged) {
					t.closed = append(t.closed, c)
				} else if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.done = done
			return err
		}
		last := list[len(list)-1]
		after = last[:]
		t.tell()
		if err := v.at("clinics moved"); err != nil {
			return err
		}
	}
}

// freshAt is when the clinic's key was made, and whether it is time for a new one.
func (t *turning) fresh(tx *sql.Tx, clinic id.ID) (madeAt int64, due bool, err error) {
	var erased int64
	err = tx.QueryRowContext(t.ctx, `SELECT made_at, (SELECT COUNT(*) FROM patient_key p WHERE p.clinic = $1 AND p.shredded_at >= c.made_at) FROM clinic_key c
		WHERE c.clinic = $1 AND c.kind = $2`, clinic, kindClinic).Scan(&madeAt, &erased)
	if err != nil {
		return 0, false, fmt.Errorf("vault: the key store: %w", err)
	}
	return madeAt, erased > 0 || t.v.clk.Now().Sub(clock.Instant(madeAt).Time()) >= ClinicLife, nil
}

func (t *turning) clinic(tx *sql.Tx, clinic id.ID, all bool) error {
	v, now := t.v, int64(clock.At(t.v.clk.Now()))
	k, err := readClinic(t.ctx, tx, clinic)
	if err != nil {
		return err
	}
	own, err := k.own()
	if err != nil {
		return err
	}
	if own.epoch >= t.done.Epoch {
		return nil // somebody else did it
	}
	from := v.epoch(own.epoch)
	if from == nil {
		return errUnknownEpoch
	}
	to := v.epoch(t.done.Epoch)
	key, err := unwrap(from, place{kind: kindClinic, clinic: clinic, generation: own.generation}, own.bytes)
	if err != nil {
		return err
	}
	defer clear(key)
	madeAt, due, err := t.fresh(tx, clinic)
	if err != nil {
		return err
	}
	next := own.generation + 1
	if !all && !due {
		w, err := wrap(to, place{kind: kindClinic, clinic: clinic, generation: next}, key)
		if err != nil {
			return err
		}
		t.done.Clinics++
		return one(tx.ExecContext(t.ctx, "UPDATE clinic_key SET epoch = $1, generation = $2, wrapped = $3 WHERE clinic = $4 AND kind = $5 AND generation = $6",
			t.done.Epoch, next, w, clinic, kindClinic, own.generation))
	}
	o, err := v.unwrapped(clinic, k)
	if err != nil {
		return err
	}
	clear(o.index)
	w, err := wrap(to, place{kind: kindClinic, clinic: clinic, generation: own.generation}, key)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(t.ctx, "INSERT INTO retired_key (clinic, born, epoch, generation, wrapped, made_at, retired_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		clinic, own.under, t.done.Epoch, own.generation, w, madeAt, now); err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	fresh := newKey()
	defer clear(fresh)
	if w, err = wrap(to, place{kind: kindClinic, clinic: clinic, generation: next}, fresh); err != nil {
		return err
	}
	if err := one(tx.ExecContext(t.ctx, "UPDATE clinic_key SET epoch = $1, generation = $2, wrapped = $3, born = $2, made_at = $4 WHERE clinic = $5 AND kind = $6 AND generation = $7",
		t.done.Epoch, next, w, now, clinic, kindClinic, own.generation)); err != nil {
		return err
	}
	by, err := cipherOf(append([]byte(nil), fresh...))
	if err != nil {
		return err
	}
	for kind, old := range k.kinds {
		if kind == kindClinic {
			continue
		}
		inner, err := k.key(o.wraps, clinic, kind)
		if err != nil {
			return err
		}
		w, err := wrap(by, place{kind: kind, clinic: clinic, generation: old.generation + 1}, inner)
		clear(inner)
		if err != nil {
			return err
		}
		if err := one(tx.ExecContext(t.ctx, "UPDATE clinic_key SET generation = $1, wrapped = $2, under = $3 WHERE clinic = $4 AND kind = $5 AND generation = $6",
			old.generation+1, w, next, clinic, kind, old.generation)); err != nil {
			return err
		}
	}
	t.done.Clinics++
	t.done.Fresh++
	return nil
}

// one makes an error of a statement that did not touch exactly one row.
func one(res sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	} else if n != 1 {
		return ErrOvertaken
	}
	return nil
}

// people wraps by the clinics' present keys what is wrapped by earlier ones, and destroys these.
func (t *turning) people() error {
	list, err := ids(t.v.store.read.QueryContext(t.ctx, "SELECT DISTINCT clinic FROM retired_key ORDER BY clinic"))
	if err != nil {
		return err
	}
	for _, clinic := range list {
		after, more := []byte{}, true
		for more {
			err := t.change(func(tx *sql.Tx) (err error) {
				after, more, err = t.some(tx, clinic, after)
				return err
			})
			if errors.Is(err, errDamaged) {
				t.closed = append(t.closed, clinic)
				break
			} else if err != nil {
				return err
			}
			t.tell()
			if err := t.v.at("people moved"); err != nil {
				return err
			}
		}
		if err := t.drop(clinic); err != nil {
			return err
		}
	}
	return nil
}

// some moves the keys of some people behind the one that is given.
func (t *turning) some(tx *sql.Tx, clinic id.ID, after []byte) (last []byte, more bool, err error) {
	k, err := readClinic(t.ctx, tx, clinic)
	if err != nil {
		return nil, false, err
	}
	o, err := t.v.unwrapped(clinic, k)
	if err != nil {
		return nil, false, err
	}
	clear(o.index)
	type person struct {
		subject id.ID
		wrappedKey
	}
	var list []person
	rows, err := tx.QueryContext(t.ctx, `SELECT subject, generation, wrapped, under, COALESCE(last_day, '') FROM patient_key
		WHERE clinic = $1 AND subject > $2 AND under <> $3 AND wrapped IS NOT NULL ORDER BY subject LIMIT $4`, clinic, after, o.born, t.v.people)
	if err := eachRow(rows, err, func(s id.ID, w wrappedKey) error {
		list = append(list, person{s, w})
		return nil
	}); err != nil {
		return nil, false, err
	}
	if len(list) == 0 {
		return after, false, nil
	}
	var moved []person
	for _, p := range list {
		after = p.subject[:]
		from := o.wraps[p.under]
		if from == nil {
			t.closed = append(t.closed, clinic)
			continue
		}
		at := personal(clinic, p.subject, p.generation, p.last)
		key, err := unwrap(from, at, p.bytes)
		if err != nil {
			t.closed = append(t.closed, clinic)
			continue
		}
		at.generation++
		p.bytes, err = wrap(o.wraps[o.born], at, key)
		clear(key)
		if err != nil {
			return nil, false, err
		}
		moved = append(moved, p)
	}
	for part := range slices.Chunk(moved, movedAtOnce) {
		args := []any{clinic, o.born}
		for _, p := range part {
			args = append(args, p.subject, p.generation, p.bytes)
		}
		if _, err := tx.ExecContext(t.ctx, movedText(len(part)), args...); err != nil {
			return nil, false, fmt.Errorf("vault: the key store: %w", err)
		}
		t.done.People += len(part)
	}
	return after, true, nil
}

// movedAtOnce is how many people's keys one statement moves: a statement for each would wait for the server as often, with the clinic's other writers behind it.
const movedAtOnce = 100

// movedText is the statement that moves n keys. Whoever is erased at this moment has another generation then, and is left alone.
func movedText(n int) string {
	var keys, generations, who strings.Builder
	for i := range n {
		s, g, w := 3*i+3, 3*i+4, 3*i+5
		fmt.Fprintf(&keys, " WHEN $%d THEN $%d", s, w)
		fmt.Fprintf(&generations, " WHEN $%d THEN $%d", s, g)
		if i > 0 {
			who.WriteString(", ")
		}
		fmt.Fprintf(&who, "$%d", s)
	}
	return "UPDATE patient_key SET wrapped = CASE subject" + keys.String() + " ELSE wrapped END, generation = generation + 1, under = $2 WHERE clinic = $1 AND subject IN (" + who.String() +
		") AND wrapped IS NOT NULL AND generation = CASE subject" + generations.String() + " ELSE -1 END"
}

// drop destroys the clinic's earlier keys that wrap nothing any more.
func (t *turning) drop(clinic id.ID) error {
	err := t.change(func(tx *sql.Tx) error {
		// Whoever is adding people at this moment is waited for.
		if _, err := tx.ExecContext(t.ctx, "UPDATE clinic_key SET generation = generation WHERE clinic = $1 AND kind = $2", clinic, kindClinic); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if _, err := tx.ExecContext(t.ctx, `DELETE FROM retired_key WHERE clinic = $1 AND NOT EXISTS (SELECT 1 FROM patient_key p
			WHERE p.clinic = $1 AND p.under = retired_key.born AND p.wrapped IS NOT NULL)`, clinic); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.v.at("clinic key dropped")
}

// end destroys the epochs on which nothing hangs any more.
func (t *turning) end() error {
	err := t.change(func(tx *sql.Tx) error {
		res, err := tx.ExecContext(t.ctx, `DELETE FROM epoch_key WHERE epoch < $1 AND NOT EXISTS (SELECT 1 FROM clinic_key c WHERE c.epoch = epoch_key.epoch)
			AND NOT EXISTS (SELECT 1 FROM retired_key r WHERE r.epoch = epoch_key.epoch)`, t.done.Epoch)
		if err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		t.done.Ended += int(n)
		return writeNote(t.ctx, tx, noteTurn, clock.At(t.v.clk.Now()), nil)
	})
	if err != nil {
		return err
	}
	if err := t.v.at("epoch ended"); err != nil {
		return err
	}
	t.v.store.scrub(t.ctx)
	t.v.store.vacuum(t.ctx)
	t.tell()
	return t.v.learn(t.ctx)
}
