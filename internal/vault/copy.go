package vault

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// ErrOccupied means that the key store into which a copy should go holds keys already.
var ErrOccupied = errors.New("vault: there is a key store already, and a copy never replaces one")

// ErrCopy means that a copy of the key store is not whole.
var ErrCopy = errors.New("vault: the copy of the key store is damaged or cut off")

// KeySummary says what a copy of the key store holds. It names clinics, epochs and generations, and holds no key.
type KeySummary struct {
	Fingerprint string           `json:"fingerprint"`
	At          clock.Instant    `json:"at"`       // when the copy was begun
	Epochs      []int64          `json:"epochs"`   // the epoch keys that are in it
	Clinics     map[string]int64 `json:"clinics"`  // generation of each clinic's key, by the clinic's id; the platform's own under zeros
	Subjects    int              `json:"subjects"` // patients and people with a key
	Shredded    int              `json:"shredded"` // and those whose key was destroyed
}

// The tables of a copy with their columns: i for a number, b for bytes, t for text. They stand in the order in which they can be put back. A copy that an
// earlier version made has fewer columns: new ones stand behind the others, and the key store fills them.
var copied = []struct{ table, columns, kinds string }{
	{"keystore", "one, store_id, made_at", "ibi"},
	{"epoch_key", "epoch, generation, wrapped, made_at, handover", "iibib"},
	{"clinic_key", "clinic, kind, epoch, generation, wrapped, made_at, born, under", "btiibiii"},
	{"patient_key", "clinic, subject, generation, wrapped, made_at, shredded_at, under, last_day", "bbibiiit"},
	{"retired_key", "clinic, born, epoch, generation, wrapped, made_at, retired_at", "biiibii"},
	{"key_note", "name, at, mark", "tib"},
	{"aside", "clinic, subject, id, owner, part, body, made_at", "bbbbibi"},
	{"shred_journal", "clinic, subject, key_id, at, reason", "bbbit"},
}

const copyHeader = "almirah key store copy 1"

// copyRow is one line of a copy. Numbers and texts stand as they are, bytes in base64; null is null.
type copyRow struct {
	Table string `json:"t"`
	Cells []any  `json:"c"`
}

// copyEnd is the last line.
type copyEnd struct {
	Rows int `json:"rows"`
}

// CopyTo writes a copy of the whole key store as it is at one moment: wrapped keys only, one JSON text a line, the same for
// SQLite and PostgreSQL. What opens the copy is the root key, which is not in it. It never reads pages of the database, so that
// destroyed keys, which may linger in these for a while, are in no copy.
func (v *Vault) CopyTo(ctx context.Context, w io.Writer) (KeySummary, error) {
	out := KeySummary{Fingerprint: v.fingerprint, At: clock.At(v.clk.Now()), Clinics: map[string]int64{}}
	if v.closed.Load() {
		return out, ErrClosed
	}
	level := sql.LevelRepeatableRead // on PostgreSQL one picture for all tables; SQLite's transactions have it anyway
	if !v.store.postgres {
		level = sql.LevelDefault
	}
	tx, err := v.store.read.BeginTx(ctx, &sql.TxOptions{Isolation: level, ReadOnly: v.store.postgres})
	if err != nil {
		return out, fmt.Errorf("vault: the key store: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	b := bufio.NewWriterSize(w, 64<<10)
	if _, err := fmt.Fprintf(b, "%s %s\n", copyHeader, v.fingerprint); err != nil {
		return out, err
	}
	lines := json.NewEncoder(b)
	rows := 0
	for _, t := range copied {
		n, err := copyTable(ctx, tx, lines, t.table, t.columns, t.kinds, out.count)
		if err != nil {
			return out, err
		}
		rows += n
	}
	epochs, err := readEpochs(ctx, tx)
	if err != nil {
		return out, err
	}
	for e := range epochs {
		out.Epochs = append(out.Epochs, e)
	}
	if err := lines.Encode(copyEnd{rows}); err != nil {
		return out, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(wrapped), COUNT(shredded_at) FROM patient_key`).Scan(&out.Subjects, &out.Shredded); err != nil {
		return out, fmt.Errorf("vault: the key store: %w", err)
	}
	return out, b.Flush()
}

// count notes the generation of a clinic's own key as it passes by.
func (k *KeySummary) count(table string, cells []any) {
	if table != "clinic_key" || cells[1] != kindClinic {
		return
	}
	clinic, _ := base64.StdEncoding.DecodeString(cells[0].(string))
	if len(clinic) == len(id.Zero) {
		k.Clinics[id.ID(clinic).String()], _ = cells[3].(int64)
	}
}

func copyTable(ctx context.Context, tx *sql.Tx, to *json.Encoder, table, columns, kinds string, seen func(string, []any)) (int, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+columns+" FROM "+table)
	if err != nil {
		return 0, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		numbers, bytes, texts := make([]sql.NullInt64, len(kinds)), make([][]byte, len(kinds)), make([]sql.NullString, len(kinds))
		into := make([]any, len(kinds))
		for i, k := range kinds {
			switch k {
			case 'i':
				into[i] = &numbers[i]
			case 'b':
				into[i] = &bytes[i]
			default:
				into[i] = &texts[i]
			}
		}
		if err := rows.Scan(into...); err != nil {
			return n, fmt.Errorf("vault: the key store: %w", err)
		}
		cells := make([]any, len(kinds))
		for i, k := range kinds {
			switch {
			case k == 'i' && numbers[i].Valid:
				cells[i] = numbers[i].Int64
			case k == 'b' && bytes[i] != nil:
				cells[i] = base64.StdEncoding.EncodeToString(bytes[i])
			case k == 't' && texts[i].Valid:
				cells[i] = texts[i].String
			}
		}
		seen(table, cells)
		if err := to.Encode(copyRow{table, cells}); err != nil {
			return n, err
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return n, fmt.Errorf("vault: the key store: %w", err)
	}
	return n, nil
}

// RestoreKeys puts a copy into a key store that is empty or not there yet, on either engine. ErrOccupied when it holds keys, ErrCopy
// when the copy is not whole; nothing is written then. Whoever opens the key store next replays the shred journal.
func RestoreKeys(ctx context.Context, storeURL string, copy io.Reader, clk clock.Clock) error {
	store, err := openKeystore(ctx, storeURL)
	if err != nil {
		return err
	}
	defer store.close()
	return store.change(ctx, func(tx *sql.Tx) error {
		if err := store.prepare(ctx, tx, clock.At(clk.Now())); err != nil {
			return err
		}
		var have int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM keystore").Scan(&have); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if have > 0 {
			return ErrOccupied
		}
		return putBack(ctx, tx, copy)
	})
}

func putBack(ctx context.Context, tx *sql.Tx, from io.Reader) error {
	in := bufio.NewReaderSize(from, 64<<10)
	header, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(header, copyHeader+" ") {
		return fmt.Errorf("%w: it does not begin as one", ErrCopy)
	}
	type shape struct {
		table string
		cells int
	}
	ready := map[shape]*sql.Stmt{}
	kinds := map[string]string{}
	for _, t := range copied {
		kinds[t.table] = t.kinds
		columns := strings.Split(t.columns, ", ")
		for n := min(3, len(columns)); n <= len(columns); n++ {
			places := make([]string, n)
			for i := range places {
				places[i] = fmt.Sprintf("$%d", i+1)
			}
			st, err := tx.PrepareContext(ctx, "INSERT INTO "+t.table+" ("+strings.Join(columns[:n], ", ")+") VALUES ("+strings.Join(places, ", ")+")")
			if err != nil {
				return fmt.Errorf("vault: the key store: %w", err)
			}
			defer st.Close()
			ready[shape{t.table, n}] = st
		}
	}
	lines := json.NewDecoder(in)
	lines.UseNumber()
	for n := 0; ; n++ {
		var line struct {
			copyRow
			Rows *int `json:"rows"`
		}
		if err := lines.Decode(&line); err != nil {
			return fmt.Errorf("%w: it ends in the middle", ErrCopy)
		}
		if line.Rows != nil {
			if *line.Rows != n {
				return fmt.Errorf("%w: %d of %d rows are there", ErrCopy, n, *line.Rows)
			}
			return nil
		}
		st := ready[shape{line.Table, len(line.Cells)}]
		if st == nil {
			return fmt.Errorf("%w: row %d is of no table of this version", ErrCopy, n+1)
		}
		args, err := cellsOf(line.Cells, kinds[line.Table])
		if err != nil {
			return fmt.Errorf("%w: row %d cannot be read", ErrCopy, n+1)
		}
		if _, err := st.ExecContext(ctx, args...); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
	}
}

func cellsOf(cells []any, kinds string) ([]any, error) {
	args := make([]any, len(cells))
	for i, c := range cells {
		var err error
		switch x := c.(type) {
		case nil:
		case json.Number:
			args[i], err = x.Int64()
		case string:
			args[i] = x
			if kinds[i] == 'b' {
				args[i], err = base64.StdEncoding.DecodeString(x)
			}
		default:
			err = ErrCopy
		}
		if err != nil {
			return nil, err
		}
	}
	return args, nil
}

// Lacking says which of the subjects this key store knows nothing of: neither a key nor that one was destroyed. A copy that lacks
// somebody of a backup would leave that person's records closed for ever.
func (v *Vault) Lacking(ctx context.Context, clinic id.ID, subjects []id.ID) ([]id.ID, error) {
	known := make(map[id.ID]bool, len(subjects))
	err := eachKey(ctx, v.store.read, clinic, subjects, func(s id.ID, _ wrappedKey) error {
		known[s] = true
		return nil
	})
	var out []id.ID
	for _, s := range subjects {
		if !known[s] {
			out = append(out, s)
		}
	}
	return out, err
}

// Stamp is a mark over text that only who has this key store's keys can make, so that a list of backups cannot be forged at a place that
// somebody else can write to. what says what the text is.
func (v *Vault) Stamp(what string, text []byte) []byte {
	return v.journal.mac([]byte("stamp "+what+"\n"), text)
}

// WriteJournal writes the whole shred journal, file and table together, as the file has it. It answers how many entries there are.
func (v *Vault) WriteJournal(ctx context.Context, w io.Writer) (int, error) {
	if v.closed.Load() {
		return 0, ErrClosed
	}
	all, err := v.journalled(ctx)
	if err != nil {
		return 0, err
	}
	written, err := v.journal.read()
	if err != nil {
		return 0, err
	}
	b := bufio.NewWriter(w)
	if _, err := b.WriteString(v.journal.header); err != nil {
		return 0, err
	}
	n := 0
	put := func(e entry) error {
		n++
		_, err := b.WriteString(v.journal.line(e) + "\n")
		return err
	}
	done := map[[32]byte]bool{}
	for _, e := range written {
		if !done[e.key()] {
			if err := put(e); err != nil {
				return n, err
			}
		}
		done[e.key()] = true
	}
	for key, e := range all {
		if !done[key] {
			if err := put(e); err != nil {
				return n, err
			}
		}
	}
	return n, b.Flush()
}

// TakeJournal destroys every key that another copy of the journal says was destroyed, and writes these entries into our own journal
// first. It answers how many entries the copy has and how many keys were destroyed now. ErrJournal when the copy was changed or
// belongs to another key store; nothing is changed then.
func (v *Vault) TakeJournal(ctx context.Context, from io.Reader) (entries, destroyed int, err error) {
	if v.closed.Load() {
		return 0, 0, ErrClosed
	}
	text, err := io.ReadAll(from)
	if err != nil {
		return 0, 0, err
	}
	theirs, err := v.journal.entries(string(text), "the copy of the shred journal")
	if err != nil {
		return 0, 0, err
	}
	ours, err := v.journal.read()
	if err != nil {
		return 0, 0, err
	}
	known := make(map[[32]byte]bool, len(ours))
	for _, e := range ours {
		known[e.key()] = true
	}
	var fresh []entry
	for _, e := range theirs {
		if !known[e.key()] {
			fresh = append(fresh, e)
		}
		known[e.key()] = true
	}
	if err := v.journal.append(fresh...); err != nil {
		return 0, 0, err
	}
	destroyed, err = v.replay(ctx, theirs)
	return len(theirs), destroyed, err
}

// Looks is a short text that changes whenever a key is made, wrapped anew or destroyed: whoever copied the key store when it looked so
// has the newest copy.
func (v *Vault) Looks(ctx context.Context) (string, error) {
	var epochs, clinics, people, living int64
	err := v.store.read.QueryRowContext(ctx, `SELECT (SELECT COALESCE(SUM(generation + 1000 * epoch), 0) FROM epoch_key), (SELECT COALESCE(SUM(generation), 0) FROM clinic_key),
		CAST(COALESCE(SUM(generation + 1), 0) + (SELECT COUNT(*) FROM aside) AS BIGINT), COUNT(wrapped) FROM patient_key`).Scan(&epochs, &clinics, &people, &living)
	if err != nil {
		return "", fmt.Errorf("vault: the key store: %w", err)
	}
	return fmt.Sprint(epochs, " ", clinics, " ", people, " ", living), nil
}
