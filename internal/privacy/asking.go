package privacy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Those who carried something of an erased person are asked to erase it, by their own id of it: where they take such a call, by a job that goes on until there is an answer; where they do not, no
// account is left to ask with, or no answer came in a week, by a letter that the clinic sends and marks (promise erasure-asked). The ids are sealed, and go with the outcome.

// AskState is how one thing stands that a carrier is asked to erase. Its words are at erasure.ask.<state>.
type AskState string

// The states. Due and Letter are open; whatever else is over, and stays so.
const (
	AskDue     AskState = "due"     // it is asked for again and again
	AskDone    AskState = "done"    // it was erased
	AskAbsent  AskState = "absent"  // the carrier says that it has nothing under this id
	AskRefused AskState = "refused" // it will not
	AskTerms   AskState = "terms"   // it is erased there by itself, after as many days as the code says
	AskLetter  AskState = "letter"  // a person has to write
	AskSent    AskState = "sent"    // a person says that the letter was sent
)

// AskFor is how long a carrier is asked by a call; after that a person writes.
const AskFor = 7 * 24 * time.Hour

const (
	tableAsk, columnWhat = "erasure_ask", "what"
	asksAtOnce           = 200              // of one run
	askTaken             = 10 * time.Minute // after which one that was begun and not ended is begun again
	askIdle              = time.Hour        // how often it is looked whether one that may not be dialled may be now

	askColumns = `id, carrier, account_id, what, file, state, code, tries, due_at, asked_at, state_at, by_id FROM erasure_ask WHERE clinic_id = $1`
	sqlAskAdd  = `INSERT INTO erasure_ask (clinic_id, id, erasure_id, carrier, account_id, what, file, state, code, tries, due_at, asked_at, state_at, by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
	ON CONFLICT (clinic_id, id) DO NOTHING`
	sqlAskAll  = `SELECT ` + askColumns + ` AND erasure_id = $2 ORDER BY id`
	sqlAskText = `SELECT ` + askColumns + ` AND erasure_id = $2 AND carrier = $3 AND state = 'letter' ORDER BY id`
	// sqlAskNext is what is to be asked next. A message is asked for after the files that came with it: who has lost the message may not find the file.
	sqlAskNext = `SELECT a.id, a.erasure_id, a.account_id, a.what, a.file, a.tries, a.due_at, a.asked_at FROM erasure_ask a WHERE a.clinic_id = $1 AND a.state = 'due' AND a.due_at <= $2
	AND (a.file = 1 OR NOT EXISTS (SELECT 1 FROM erasure_ask f WHERE f.clinic_id = a.clinic_id AND f.erasure_id = a.erasure_id AND f.carrier = a.carrier AND f.file = 1 AND f.state = 'due')) ORDER BY a.due_at, a.id LIMIT 1`
	sqlAskTake = `UPDATE erasure_ask SET due_at = $4 WHERE clinic_id = $1 AND id = $2 AND due_at = $3 AND state = 'due'`
	sqlAskWait = `UPDATE erasure_ask SET due_at = $3, code = $4, tries = $5 WHERE clinic_id = $1 AND id = $2 AND state = 'due'`
	sqlAskOver = `UPDATE erasure_ask SET state = $3, code = $4, tries = $5, state_at = $6, what = NULL WHERE clinic_id = $1 AND id = $2 AND state = 'due'`
	sqlAskPost = `UPDATE erasure_ask SET state = 'letter', code = $3, tries = $4, state_at = $5 WHERE clinic_id = $1 AND id = $2 AND state = 'due'`
	sqlAskSent = `UPDATE erasure_ask SET state = 'sent', state_at = $4, by_id = $5, what = NULL WHERE clinic_id = $1 AND erasure_id = $2 AND carrier = $3 AND state = 'letter'`
	sqlAskMend = `UPDATE erasure_ask SET state = $3, code = $4, tries = $5, state_at = $6, by_id = $7, what = NULL WHERE clinic_id = $1 AND id = $2 AND state IN ('due', 'letter')`
	sqlAskSums = `SELECT carrier, state, code, by_id, COUNT(*), MAX(state_at) FROM erasure_ask WHERE clinic_id = $1 AND erasure_id = $2 GROUP BY carrier, state, code, by_id ORDER BY carrier, state, code`
	sqlAskOpen = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'due' THEN 1 ELSE 0 END), 0) FROM erasure_ask WHERE clinic_id = $1 AND erasure_id = $2 AND state IN ('due', 'letter')`
	sqlAskDrop = `DELETE FROM erasure_ask WHERE clinic_id = $1 AND erasure_id = $2`
)

// Asked is what one carrier was asked, or what is known of its copies.
type Asked struct {
	Carrier string
	Lines   []AskedLine
}

// AskedLine is how some of it stands.
type AskedLine struct {
	State  AskState
	Code   string // of the newest answer, why nobody was asked, or of AskTerms the number of days
	Number int
	At     clock.Instant // of the newest of them: since when it stands so
	By     id.ID         // of AskSent: who says that the letter was sent
}

// In is how many stand in one of the states; all of them when none is named.
func (a Asked) In(states ...AskState) (n int) {
	for _, l := range a.Lines {
		if len(states) == 0 || slices.Contains(states, l.State) {
			n += l.Number
		}
	}
	return n
}

// ask is one thing that a carrier is asked to erase, as it lies in a row and beside the keys.
type ask struct {
	ID      id.ID         `json:"id"`
	Carrier string        `json:"carrier"`
	Account id.ID         `json:"account"`
	What    []byte        `json:"what,omitempty"` // sealed; gone when it is over
	File    bool          `json:"file,omitempty"`
	State   AskState      `json:"state"`
	Code    string        `json:"code,omitempty"`
	Tries   int64         `json:"tries,omitempty"`
	Due     clock.Instant `json:"due"`
	Since   clock.Instant `json:"since"`
	At      clock.Instant `json:"at"`
	By      id.ID         `json:"by"`
}

// over says whether nothing more will come of it.
func (a ask) over() bool { return a.State != AskDue && a.State != AskLetter }

// asks are what has to be asked of carriers about a patient, before her rows go.
func (s *Service) asks(tx *store.Tx, patient id.ID) (out []ask, err error) {
	if s.o.Copies == nil {
		return nil, nil
	}
	list, err := s.o.Copies(&tx.View, patient)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		a := ask{ID: tx.NewID(), Carrier: c.Carrier, Account: c.Account, File: c.File, State: AskDue, Due: tx.Now(), Since: tx.Now(), At: tx.Now()}
		switch {
		case c.Days > 0: // nothing has to be asked
			a.State, a.Code = AskTerms, strconv.Itoa(c.Days)
		case !c.Asks:
			a.State = AskLetter
		}
		if !a.over() {
			if a.What, err = tx.Seal(vault.ClinicData, tableAsk, columnWhat, a.ID, c.ID); err != nil {
				return nil, err
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// putAsks writes the rows; what is there stays.
func putAsks(tx *store.Tx, erasure id.ID, list []ask) error {
	for _, a := range list {
		if _, err := tx.Exec(sqlAskAdd, a.ID, erasure, a.Carrier, id.Null(a.Account), a.What, flag(a.File), string(a.State), a.Code, a.Tries, a.Due, a.Since, a.At, id.Null(a.By)); err != nil {
			return err
		}
	}
	return nil
}

func asksOf(v *store.View, text string, args ...any) (out []ask, err error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a ask
		var account, by []byte
		var file int64
		if err := rows.Scan(&a.ID, &a.Carrier, &account, &a.What, &file, &a.State, &a.Code, &a.Tries, &a.Due, &a.Since, &a.At, &by); err != nil {
			return nil, err
		}
		a.Account, a.By, a.File = someID(account), someID(by), file == 1
		out = append(out, a)
	}
	return out, rows.Err()
}

func someID(b []byte) id.ID {
	if len(b) != len(id.Zero) {
		return id.Zero
	}
	return id.ID(b)
}

// askedOf sums up what carriers were asked, by carrier.
func askedOf(v *store.View, erasure id.ID) (out []Asked, err error) {
	rows, err := v.Query(sqlAskSums, erasure)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var carrier string
		var by []byte
		var l AskedLine
		if err := rows.Scan(&carrier, &l.State, &l.Code, &by, &l.Number, &l.At); err != nil {
			return nil, err
		}
		l.By = someID(by)
		if len(out) == 0 || out[len(out)-1].Carrier != carrier {
			out = append(out, Asked{Carrier: carrier})
		}
		at := &out[len(out)-1]
		at.Lines = append(at.Lines, l)
	}
	return out, rows.Err()
}

// AskCarriers asks carriers for what is due, one thing after the other. It is the clinic's own work, every minute, and may be broken off anywhere: what was begun is begun again, and a carrier that had
// erased it by then says that it is not there.
func (s *Service) AskCarriers(ctx context.Context, who access.Caller) error {
	if s.o.Ask == nil {
		return nil
	}
	touched := map[id.ID]bool{}
	for range asksAtOnce {
		a, erasure, what, err := s.nextAsk(ctx, who)
		if err != nil || a.ID.IsZero() {
			return errors.Join(err, s.mirrorAll(ctx, who, touched))
		}
		touched[erasure] = true
		if err := s.askOne(ctx, who, a, erasure, what); err != nil {
			return errors.Join(err, s.mirrorAll(ctx, who, touched))
		}
	}
	return s.mirrorAll(ctx, who, touched)
}

// nextAsk reads what is due next; a zero one when nothing is. what is empty when it does not open any more.
func (s *Service) nextAsk(ctx context.Context, who access.Caller) (a ask, erasure id.ID, what string, err error) {
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		a, erasure, what = ask{}, id.Zero, ""
		var account []byte
		var file int64
		err := v.Row(sqlAskNext, v.Now()).Scan(&a.ID, &erasure, &account, &a.What, &file, &a.Tries, &a.Due, &a.Since)
		if errors.Is(err, store.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		a.Account, a.File = someID(account), file == 1
		what, err = v.Unseal(vault.ClinicData, tableAsk, columnWhat, a.ID, a.What)
		if errors.Is(err, vault.ErrForged) {
			what, err = "", nil
		}
		return err
	})
	return a, erasure, what, err
}

func (s *Service) askOne(ctx context.Context, who access.Caller, a ask, erasure id.ID, what string) error {
	mine := false
	err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a carrier is asked to erase something; what it answered is recorded with the erasure")
		n, err := tx.Exec(sqlAskTake, a.ID, a.Due, tx.Now().Add(askTaken))
		mine = n == 1
		return err
	})
	if err != nil || !mine { // another process has it
		return err
	}
	got := messaging.Forgotten{Outcome: messaging.ByLetter, Code: "id"}
	if what != "" {
		if got, err = s.o.Ask(ctx, who, a.Account, what, a.File); err != nil {
			return err
		}
	}
	if got.Asked {
		a.Tries++
	}
	return s.answered(context.WithoutCancel(ctx), who, a, erasure, got)
}

// answered writes down what came of it.
func (s *Service) answered(ctx context.Context, who access.Caller, a ask, erasure id.ID, got messaging.Forgotten) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) (err error) {
		tx.Housekeeping("a carrier is asked again later")
		over := map[messaging.Outcome]AskState{messaging.Accepted: AskDone, messaging.Absent: AskAbsent, messaging.Refused: AskRefused}[got.Outcome]
		switch {
		case over != "":
			_, err = tx.Exec(sqlAskOver, a.ID, string(over), got.Code, a.Tries, tx.Now())
		case got.Outcome == messaging.ByLetter || tx.Now().Sub(a.Since) >= AskFor:
			over = AskLetter
			_, err = tx.Exec(sqlAskPost, a.ID, got.Code, a.Tries, tx.Now())
		default:
			wait := askIdle
			if got.Asked {
				wait = max(got.Wait, askAgain(a.Tries))
			}
			_, err = tx.Exec(sqlAskWait, a.ID, min(tx.Now().Add(wait), max(a.Since.Add(AskFor), tx.Now().Add(askIdle))), got.Code, a.Tries)
			return err
		}
		tx.Record(audit.Note{Action: "ask", Kind: "erasure", Subject: erasure, New: map[string]string{"answer": string(over), "code": got.Code}})
		return err
	})
}

// askAgain is how long to wait after the n-th try (from 1).
func askAgain(n int64) time.Duration {
	steps := []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	return steps[min(max(n, 1), int64(len(steps)))-1]
}

// mirrorAll lays down beside the keys how everything stands that was asked in a run.
func (s *Service) mirrorAll(ctx context.Context, who access.Caller, touched map[id.ID]bool) (err error) {
	for _, one := range slices.SortedFunc(maps.Keys(touched), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }) {
		err = errors.Join(err, s.db.Change(context.WithoutCancel(ctx), who, access.Work, func(ctx context.Context, tx *store.Tx) error {
			tx.Housekeeping("how it stands with carriers lies beside the keys as well")
			return s.mirror(ctx, tx, one)
		}))
	}
	return err
}

// mirror lays down beside the keys how everything stands that carriers were asked of an erasure: a database from before finds it there, and asks only for what is open.
func (s *Service) mirror(ctx context.Context, tx *store.Tx, erasure id.ID) error {
	of, err := erasures(&tx.View, sqlGet, erasure)
	if err != nil || len(of) == 0 {
		return err
	}
	list, err := asksOf(&tx.View, sqlAskAll, erasure)
	if err != nil {
		return err
	}
	a, err := asideOf(tx, erasure, list)
	if err != nil {
		return err
	}
	return s.o.Vault.AddAside(ctx, tx.Clinic(), of[0].Patient, a)
}

// asideOf is the list as it lies beside the keys.
func asideOf(tx *store.Tx, erasure id.ID, list []ask) (vault.Aside, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return vault.Aside{}, err
	}
	one := asideID(erasure, partAsks)
	sealed, err := tx.Seal(vault.ClinicData, tableErasure, columnAside, one, string(text))
	return vault.Aside{ID: one, Owner: one, Part: partAsks, Body: sealed}, err
}

// mend brings the rows of an erasure that came back with an older database to what is known beside the keys: nobody is asked a second time for what is over.
func (s *Service) mend(ctx context.Context, tx *store.Tx, e Erasure) error {
	tx.Housekeeping("what carriers had answered is known beside the keys")
	aside, err := s.o.Vault.Asides(ctx, tx.Clinic(), e.Patient)
	if err != nil {
		return err
	}
	for _, x := range aside {
		if x.ID != asideID(e.ID, partAsks) {
			continue
		}
		var list []ask
		text, err := tx.Unseal(vault.ClinicData, tableErasure, columnAside, x.ID, x.Body)
		if err == nil {
			err = json.Unmarshal([]byte(text), &list)
		}
		if err != nil {
			return err
		}
		for _, a := range list {
			if !a.over() {
				continue
			}
			if _, err := tx.Exec(sqlAskMend, a.ID, string(a.State), a.Code, a.Tries, a.At, id.Null(a.By)); err != nil {
				return err
			}
		}
	}
	return nil
}

// openAsks counts what is open of an erasure, and what is to be asked by a call.
func openAsks(v *store.View, erasure id.ID) (open, due int, err error) {
	err = v.Row(sqlAskOpen, erasure).Scan(&open, &due)
	return open, due, err
}
