package messaging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	threadColumns   = `id, patient_id, state, assigned, unread, channel, last_at, wrote_at, version`
	threadAfter     = `(CASE WHEN unread > 0 THEN 0 ELSE 1 END > $3 OR CASE WHEN unread > 0 THEN 0 ELSE 1 END = $3 AND (last_at < $4 OR last_at = $4 AND id < $5)) ORDER BY CASE WHEN unread > 0 THEN 0 ELSE 1 END, last_at DESC, id DESC`
	sqlThreadGet    = `SELECT ` + threadColumns + ` FROM thread WHERE clinic_id = $1 AND id = $2`
	sqlThreadBy     = `SELECT ` + threadColumns + ` FROM thread WHERE clinic_id = $1 AND patient_id = $2`
	sqlThreadList   = `SELECT ` + threadColumns + ` FROM thread WHERE clinic_id = $1 AND state = $2 AND ` + threadAfter + ` LIMIT $6`
	sqlThreadMine   = `SELECT ` + threadColumns + ` FROM thread WHERE clinic_id = $1 AND state = 'open' AND assigned = $2 AND ` + threadAfter + ` LIMIT $6`
	sqlThreadNew    = `SELECT ` + threadColumns + ` FROM thread WHERE clinic_id = $1 AND state = $2 AND unread > 0 AND ` + threadAfter + ` LIMIT $6`
	sqlThreadUnread = `SELECT COUNT(*) FROM thread WHERE clinic_id = $1 AND state = 'open' AND unread > 0`
	sqlThreadRead   = `UPDATE thread SET unread = 0 WHERE clinic_id = $1 AND id = $2 AND unread > 0`
	sqlThreadGive   = `UPDATE thread SET assigned = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlThreadState  = `UPDATE thread SET state = $4, unread = 0, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlThreadMoved  = `UPDATE thread SET unread = unread + $3, wrote_at = CASE WHEN wrote_at > $4 THEN wrote_at ELSE $4 END, last_at = CASE WHEN last_at > $5 THEN last_at ELSE $5 END,
	channel = $6, state = 'open', version = version + 1 WHERE clinic_id = $1 AND id = $2`
	sqlThreadDelete = `DELETE FROM thread WHERE clinic_id = $1 AND id = $2`

	postColumns  = `id, way, kind, channel, at, author, message_id, heard_id, patient_id, body`
	sqlPostOf    = `SELECT ` + postColumns + ` FROM post WHERE clinic_id = $1 AND thread_id = $2 ORDER BY at DESC, id DESC LIMIT 200` // a page of it; the copy has all
	sqlPostEach  = `SELECT ` + postColumns + ` FROM post WHERE clinic_id = $1 AND thread_id = $2 AND id > $3 ORDER BY id LIMIT $4`
	sqlPostLast  = `SELECT ` + postColumns + ` FROM post WHERE clinic_id = $1 AND thread_id = $2 AND way = 'in' ORDER BY at DESC, id DESC LIMIT 1`
	sqlPostMove  = `UPDATE post SET thread_id = $4, patient_id = $5, body = $6, theirs = $7 WHERE clinic_id = $1 AND thread_id = $2 AND id = $3`
	sqlPostHeard = `SELECT heard_id FROM post WHERE clinic_id = $1 AND thread_id = $2 AND heard_id IS NOT NULL AND id <= $3`
	sqlHeardBody = `SELECT event FROM heard WHERE clinic_id = $1 AND id = $2`
)

// InboxFilter narrows the list of conversations.
type InboxFilter struct {
	Box    Box
	People []id.ID // conversations of these patients only, whatever the box; empty for everybody
	Typed  string  // and conversations with somebody unknown, from a number that ends so or from that address
	After  Place   // the place of the last row of the page before; zero for the newest
	Limit  int     // 1 to 100; zero is 50
}

// Place is where the list goes on behind this conversation: unread ones come first.
func (x Summary) Place() Place {
	p := Place{Rank: 1, At: x.LastAt, ID: x.ID}
	if x.Unread > 0 {
		p.Rank = 0
	}
	return p
}

func (x *Summary) scan(s scanner) error {
	return s.Scan(&x.ID, &x.Patient, &x.State, &x.Assigned, &x.Unread, &x.Channel, &x.LastAt, &x.WroteAt, &x.Version)
}

func threads(v *store.View, text string, args ...any) ([]Summary, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Summary
	for rows.Next() {
		var x Summary
		if err := x.scan(rows); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

func thread(v *store.View, one id.ID) (Summary, error) {
	var x Summary
	err := x.scan(v.Row(sqlThreadGet, one))
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return x, err
}

// Inbox lists conversations: unread ones first, then the newest.
func (s *Service) Inbox(ctx context.Context, who access.Caller, f InboxFilter) ([]Summary, error) {
	if f.Limit <= 0 || f.Limit > 100 {
		f.Limit = 50
	}
	var out []Summary
	err := s.db.View(ctx, who, access.InboxRead, func(_ context.Context, v *store.View) (err error) {
		at := f.After
		if at == (Place{}) {
			at.Rank = -1
		}
		out = nil
		switch {
		case len(f.People) > 0 || f.Typed != "":
			if out, err = unknownFrom(v, f.Typed); err != nil {
				return err
			}
			for _, p := range f.People[:min(len(f.People), f.Limit)] {
				one, err := threads(v, sqlThreadBy, p)
				if err != nil {
					return err
				}
				out = append(out, one...)
			}
		case f.Box == BoxMine:
			out, err = threads(v, sqlThreadMine, who.Actor(), at.Rank, at.At, at.ID, f.Limit)
		case f.Box == BoxUnread:
			out, err = threads(v, sqlThreadNew, string(ThreadOpen), at.Rank, at.At, at.ID, f.Limit)
		case f.Box == BoxDone:
			out, err = threads(v, sqlThreadList, string(ThreadDone), at.Rank, at.At, at.ID, f.Limit)
		default:
			out, err = threads(v, sqlThreadList, string(ThreadOpen), at.Rank, at.At, at.ID, f.Limit)
		}
		if err != nil {
			return err
		}
		var seen []id.ID
		for _, x := range out {
			if !x.Patient.IsZero() {
				seen = append(seen, x.Patient)
			}
		}
		names, err := patients.Names(v, seen)
		if err != nil {
			return err
		}
		for i := range out {
			out[i].Name = names[out[i].Patient]
			if err := describe(v, &out[i]); err != nil {
				return err
			}
		}
		if len(seen) > 0 {
			v.Listed("inbox", string(clock.DateOf(v.Now().Time())), seen)
		}
		return nil
	})
	return out, err
}

// describe adds who wrote and the beginning of what was written, where it is still kept.
func describe(v *store.View, x *Summary) error {
	if x.Patient.IsZero() {
		list, err := correspondents(v, x.ID)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			x.From = list[0].masked()
		}
	}
	list, err := posts(v, sqlPostLast, x.ID)
	if err != nil || len(list) == 0 {
		return err
	}
	text := strings.Join(strings.Fields(list[0].Text), " ")
	if r := []rune(text); len(r) > 90 {
		text = string(r[:89]) + "…"
	}
	x.Snippet = text
	return nil
}

func (c correspondent) masked() string {
	switch {
	case c.Phone != "":
		return contact.Phone(c.Phone).Masked()
	case c.Address != "":
		return contact.Email(c.Address).Masked()
	case c.UserID != "":
		return "…" + c.UserID[max(0, len(c.UserID)-4):]
	}
	return ""
}

// posts reads lines. What was written and waits for a person is opened from where it waits.
func posts(v *store.View, text string, args ...any) ([]Line, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	type stored struct {
		Line
		heard, patient id.ID
		body           []byte
	}
	var list []stored
	for rows.Next() {
		var l stored
		if err := rows.Scan(&l.ID, &l.Way, &l.Kind, &l.Channel, &l.At, &l.Author, &l.Message, &l.heard, &l.patient, &l.body); err != nil {
			_ = rows.Close()
			return nil, err
		}
		list = append(list, l)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	out := make([]Line, 0, len(list))
	for _, l := range list {
		if l.Text, err = v.Unseal(owner(l.patient), "post", "body", l.ID, l.body); err != nil {
			l.Text = ""
		}
		if l.Text == "" && !l.heard.IsZero() {
			if l.Text, err = heardText(v, l.heard); err != nil {
				return nil, err
			}
		}
		l.Kept = l.Text != ""
		out = append(out, l.Line)
	}
	return out, nil
}

func heardText(v *store.View, heard id.ID) (string, error) {
	var sealed []byte
	err := v.Row(sqlHeardBody, heard).Scan(&sealed)
	if errors.Is(err, store.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := v.Unseal(vault.ClinicData, "heard", "event", heard, sealed)
	var e Event
	if err != nil || text == "" || json.Unmarshal([]byte(text), &e) != nil {
		return "", nil //nolint:nilerr // what does not open is not shown
	}
	return e.Text, nil
}

// checkText is what was typed, tidied; a wrong field "text".
func checkText(text string, most int) (string, error) {
	var f fault.Fields
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch {
	case text == "":
		f.Add("text", "field.required")
	case utf8.RuneCountInString(text) > most:
		f.AddWith("text", "field.template.long", map[string]any{"Most": most})
	case !utf8.ValidString(text):
		f.Add("text", "field.template.characters")
	}
	return text, f.Err()
}

// Note adds a private note. A wrong field "text".
func (s *Service) Note(ctx context.Context, who access.Caller, one id.ID, text string) error {
	text, err := checkText(text, MaxNote)
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) error {
		x, err := thread(&tx.View, one)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "note", Kind: "thread", Subject: one, Patient: x.Patient})
		return post{thread: one, way: LineNote, kind: "note", channel: "", at: tx.Now(), author: who.Actor(), patient: x.Patient, body: text}.add(tx)
	})
}

// Assign gives the conversation to a person of the clinic; zero to nobody. fault.Conflict when it was changed meanwhile.
func (s *Service) Assign(ctx context.Context, who access.Caller, one, person id.ID, version int64) error {
	return s.db.Change(ctx, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) error {
		x, err := thread(&tx.View, one)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "assign", Kind: "thread", Subject: one, Patient: x.Patient, Old: x.Assigned, New: person})
		n, err := tx.Exec(sqlThreadGive, one, version, id.Null(person))
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
}

// SetThread closes a conversation or opens it again. Closing deletes what only waited to be read.
func (s *Service) SetThread(ctx context.Context, who access.Caller, one id.ID, to ThreadState, version int64) error {
	if to != ThreadOpen && to != ThreadDone {
		return fault.Missing()
	}
	return s.db.Change(ctx, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) error {
		x, err := thread(&tx.View, one)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change", Kind: "thread", Subject: one, Patient: x.Patient, Old: x.State, New: to})
		n, err := tx.Exec(sqlThreadState, one, version, string(to))
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if err != nil || to == ThreadOpen {
			return err
		}
		return forgetHeard(tx, one, everyLine)
	})
}

// everyLine is behind every line of a conversation.
var everyLine = id.ID(bytes.Repeat([]byte{0xff}, 16))

// forgetHeard deletes what was written in the conversation, up to the line, and only waited to be read.
func forgetHeard(tx *store.Tx, one, upTo id.ID) error {
	rows, err := tx.Query(sqlPostHeard, one, upTo)
	if err != nil {
		return err
	}
	var list []id.ID
	for rows.Next() {
		var h id.ID
		if err := rows.Scan(&h); err != nil {
			_ = rows.Close()
			return err
		}
		list = append(list, h)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, h := range list {
		if _, err := tx.Exec(sqlHeardDone, h, tx.Now()); err != nil {
			return err
		}
	}
	return nil
}

// Meant says which patient an unlinked conversation is about; its lines join the patient's own conversation, whose id comes back.
func (s *Service) Meant(ctx context.Context, who access.Caller, one, patient id.ID) (into id.ID, err error) {
	err = s.db.Change(ctx, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) error {
		x, err := thread(&tx.View, one)
		if err != nil {
			return err
		}
		if !x.Patient.IsZero() {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		if into, err = threadOf(tx, patient); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "link", Kind: "thread", Subject: one, Patient: patient, New: into})
		if err := errors.Join(moveLines(tx, one, into, patient), moveFiles(tx, one, into, patient)); err != nil {
			return err
		}
		people, err := correspondents(&tx.View, one)
		if err != nil {
			return err
		}
		for _, c := range people {
			text, err := json.Marshal(c.Sender)
			if err != nil {
				return err
			}
			sealed, err := tx.Seal(patient, "correspondent", "address", c.peer, string(text))
			if err != nil {
				return err
			}
			if _, err := tx.Exec(sqlPeerMove, c.channel, c.peer, into, patient, sealed); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(sqlThreadMoved, into, x.Unread, x.WroteAt, x.LastAt, string(x.Channel)); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlBucketDrop, one); err != nil {
			return err
		}
		return tx.Must(sqlThreadDelete, one)
	})
	return into, err
}

// moveLines gives the lines of a conversation to a patient: they open with her key from then on.
func moveLines(tx *store.Tx, from, into, patient id.ID) error {
	rows, err := tx.Query(sqlPostAll, from)
	if err != nil {
		return err
	}
	bodies := map[id.ID][2][]byte{}
	for rows.Next() {
		var one id.ID
		var body, theirs []byte
		if err := rows.Scan(&one, &body, &theirs); err != nil {
			_ = rows.Close()
			return err
		}
		bodies[one] = [2][]byte{body, theirs}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for one, cells := range bodies {
		var moved [2][]byte
		for i, column := range []string{"body", "theirs"} {
			text, err := tx.Unseal(vault.ClinicData, "post", column, one, cells[i])
			if err != nil {
				return err
			}
			if moved[i], err = tx.Seal(patient, "post", column, one, text); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(sqlPostMove, from, one, into, patient, moved[0], moved[1]); err != nil {
			return err
		}
	}
	return nil
}

const sqlPostAll = `SELECT id, body, theirs FROM post WHERE clinic_id = $1 AND thread_id = $2`
