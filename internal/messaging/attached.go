package messaging

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	attachedColumns = `id, post_id, channel_id, patient_id, kind, state, reason, type, size, tries, at, about`
	sqlAttachedAdd  = `INSERT INTO attached (clinic_id, id, thread_id, post_id, channel_id, patient_id, place, kind, state, reason, due_at, at, until, about, theirs)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	sqlAttachedOf   = `SELECT ` + attachedColumns + ` FROM attached WHERE clinic_id = $1 AND thread_id = $2 ORDER BY post_id DESC, place DESC LIMIT 400` // of a page; the copy has all
	sqlAttachedEach = `SELECT ` + attachedColumns + ` FROM attached WHERE clinic_id = $1 AND thread_id = $2 AND (post_id > $3 OR post_id = $3 AND id > $4) ORDER BY post_id, id LIMIT $5`
	sqlAttachedGet  = `SELECT ` + attachedColumns + `, thread_id FROM attached WHERE clinic_id = $1 AND id = $2`
	sqlAttachedBody = `SELECT body FROM attached WHERE clinic_id = $1 AND id = $2`
	sqlAttachedDue  = `SELECT id FROM attached WHERE clinic_id = $1 AND state = 'asked' AND due_at <= $2 ORDER BY due_at, id LIMIT $3`
	sqlAttachedNext = `SELECT COALESCE(MIN(due_at), 0) FROM attached WHERE clinic_id = $1 AND state = 'asked'`
	sqlAttachedTake = `UPDATE attached SET tries = tries + 1, due_at = $4 WHERE clinic_id = $1 AND id = $2 AND tries = $3 AND state = 'asked'`
	sqlAttachedWait = `UPDATE attached SET due_at = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'asked'`
	sqlAttachedHold = `UPDATE attached SET due_at = $4, tries = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'asked'`
	sqlAttachedKeep = `UPDATE attached SET state = 'kept', type = $3, size = $4, about = $5, body = $6 WHERE clinic_id = $1 AND id = $2 AND state = 'asked'`
	sqlAttachedLost = `UPDATE attached SET state = 'lost', reason = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'asked'`
	sqlAttachedGoOn = `UPDATE attached SET due_at = $3 WHERE clinic_id = $1 AND state = 'asked' AND due_at > $3 AND channel_id IN (SELECT id FROM channel WHERE clinic_id = $1 AND kind = $2)`
	sqlAttachedSeen = `UPDATE thread SET version = version + 1 WHERE clinic_id = $1 AND id = $2`

	sqlAttachedAll    = `SELECT id, about, theirs FROM attached WHERE clinic_id = $1 AND thread_id = $2`
	sqlAttachedMove   = `UPDATE attached SET thread_id = $4, patient_id = $5, about = $6, body = $7, theirs = $8 WHERE clinic_id = $1 AND thread_id = $2 AND id = $3`
	sqlAttachedErase  = `DELETE FROM attached WHERE clinic_id = $1 AND thread_id = $2`
	sqlAttachedAge    = `DELETE FROM attached WHERE clinic_id = $1 AND at < $2 AND thread_id NOT IN ` + heldTalks
	sqlAttachedExpire = `UPDATE attached SET state = 'deleted', about = NULL, body = NULL, until = 0 WHERE clinic_id = $1 AND until > 0 AND until <= $2 AND thread_id NOT IN ` + heldTalks

	// As for words: what was kept for longer than the clinic now keeps it is deleted at once, and never lasts longer than was said.
	sqlAttachedForget  = `UPDATE attached SET state = 'deleted', about = NULL, body = NULL, until = 0 WHERE clinic_id = $1 AND state IN ('asked', 'kept', 'named', 'lost') AND thread_id NOT IN ` + heldTalks
	sqlAttachedShorten = `UPDATE attached SET until = CASE WHEN until = 0 OR until > at + $2 THEN at + $2 ELSE until END WHERE clinic_id = $1 AND state IN ('asked', 'kept', 'named', 'lost')`
)

// How long a file is asked for. WhatsApp keeps one for 30 days.
const (
	mostFetches = 10
	lastFetch   = 30 * 24 * time.Hour
)

// fetchTimeout is how long a provider may take for a file; it ends well before InFlight.
const fetchTimeout = 75 * time.Second

// fetchAgain is how long to wait after the n-th try (from 1).
func fetchAgain(n int64) time.Duration {
	steps := []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	return steps[min(max(n, 1), int64(len(steps)))-1]
}

// attachedRow is a file as the table has it.
type attachedRow struct {
	Attached
	post, account, patient, thread id.ID
	tries                          int64
	about                          []byte // sealed Media
}

func (a *attachedRow) dest() []any {
	return []any{&a.ID, &a.post, &a.account, &a.patient, &a.Kind, &a.State, &a.Reason, &a.Type, &a.Size, &a.tries, &a.At, &a.about}
}

// attach notes the files that came with a line. They are fetched by a job of their own, and only where the clinic keeps
// content: where it keeps none, no more than that there were some is noted.
func attach(tx *store.Tx, p post, media []Media, x Setting) error {
	for i, m := range media[:min(len(media), mostAttached)] {
		word, _, _ := strings.Cut(m.ContentType, "/")
		kind, state, reason := known(word), MediaAsked, ""
		until := x.until(p.at)
		switch {
		case x.Content == ContentNone:
			state, until = MediaUnkept, 0
		case m.ID == "":
			state = MediaNamed
		case kind == "video": // nothing of it is fetched: it could not be cleaned of where it was taken
			state, reason = MediaLost, LostKind
		}
		one := tx.NewID()
		var about []byte
		if state != MediaUnkept {
			text, err := json.Marshal(m)
			if err != nil {
				return err
			}
			if about, err = tx.Seal(owner(p.patient), "attached", "about", one, string(text)); err != nil {
				return err
			}
		}
		theirs, err := sealTheirs(tx, p.patient, "attached", one, m.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlAttachedAdd, one, p.thread, p.id, p.account, id.Null(p.patient), i, kind, string(state), reason, tx.Now(), p.at, until, about, theirs); err != nil {
			return err
		}
		if state == MediaAsked {
			tx.DueBy(tx.Now())
		}
	}
	return nil
}

// attachedTo lists the files that a page of a conversation shows, the newest first, without their bytes.
func attachedTo(v *store.View, thread id.ID) ([]attachedRow, error) {
	return attachedBy(v, sqlAttachedOf, thread)
}

func attachedBy(v *store.View, text string, args ...any) ([]attachedRow, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []attachedRow
	for rows.Next() {
		var a attachedRow
		if err := rows.Scan(a.dest()...); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// filesOf lays the files of a conversation at its lines.
func filesOf(v *store.View, thread id.ID, lines []Line) error {
	list, err := attachedTo(v, thread)
	if err != nil || len(list) == 0 {
		return err
	}
	at := map[id.ID]int{}
	for i, l := range lines {
		at[l.ID] = i
	}
	for n := len(list) - 1; n >= 0; n-- { // in the order in which they came
		a := list[n]
		i, ok := at[a.post]
		if !ok {
			continue
		}
		if m, err := a.media(v); err == nil {
			a.Name = m.FileName
		}
		lines[i].Files = append(lines[i].Files, a.Attached)
	}
	return nil
}

// media opens what the provider told of the file.
func (a attachedRow) media(v *store.View) (Media, error) {
	text, err := v.Unseal(owner(a.patient), "attached", "about", a.ID, a.about)
	var m Media
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &m)
	}
	return m, err
}

func attachedOf(v *store.View, one id.ID) (a attachedRow, found bool, err error) {
	err = v.Row(sqlAttachedGet, one).Scan(append(a.dest(), &a.thread)...)
	if errors.Is(err, store.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, err
}

// DueMedia lists files that are to be fetched now, the longest waiting first.
func (s *Service) DueMedia(ctx context.Context, who access.Caller, limit int) ([]id.ID, error) {
	var out []id.ID
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		out = nil
		rows, err := v.Query(sqlAttachedDue, v.Now(), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one id.ID
			if err := rows.Scan(&one); err != nil {
				return err
			}
			out = append(out, one)
		}
		return rows.Err()
	})
	return out, err
}

// NextMedia is when a file is next to be fetched for the clinic; zero for never.
func NextMedia(v *store.View) (clock.Instant, error) {
	var next clock.Instant
	err := v.Row(sqlAttachedNext).Scan(&next)
	if next > 0 && next <= v.Now() { // it was handed to the queue; should that lose it, somebody looks again
		next = v.Now() + anewIn
	}
	return next, err
}

// FetchMedia fetches one file that is due. It answers nil when there was nothing to do, and when the file came, has to
// be asked for again or was lost: those are states that people see. Whatever happens meanwhile (the patient is deleted,
// the clinic keeps nothing any more, somebody says whose the conversation is) holds when the bytes come.
func (s *Service) FetchMedia(ctx context.Context, who access.Caller, one id.ID) error {
	var c Connection
	var m Media
	var from Fetcher
	var tries int64
	err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a file of a conversation is being fetched; that it came is recorded")
		from = nil
		a, found, err := attachedOf(&tx.View, one)
		if err != nil || !found || a.State != MediaAsked {
			return err
		}
		if a.At.Add(lastFetch) <= tx.Now() {
			return lose(tx, a, LostGone)
		}
		account, err := account(&tx.View, sqlAccountGet, a.account)
		if err != nil {
			return err
		}
		if account.State == AccountRevoked {
			return lose(tx, a, LostGone)
		}
		wait := func() error {
			at := tx.Now().Add(whilePaused)
			tx.DueBy(at)
			_, err := tx.Exec(sqlAttachedWait, one, at)
			return err
		}
		if account.State != AccountActive {
			return wait()
		}
		f, ok := s.providers[account.Provider].(Fetcher)
		if !ok {
			return lose(tx, a, LostGone)
		}
		if m, err = a.media(&tx.View); err != nil {
			return lose(tx, a, LostBroken) //nolint:nilerr // what does not open cannot be asked for
		}
		if c, err = s.reaching(&tx.View, account); errors.Is(err, vault.ErrForged) || errors.Is(err, vault.ErrShredded) {
			return errors.Join(broken(tx, account.ID, PausedUnread), wait())
		}
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlAttachedTake, one, a.tries, tx.Now()+InFlight)
		if err != nil || n == 0 { // another has it
			return err
		}
		tx.DueBy(tx.Now() + InFlight)
		from, tries = f, a.tries+1
		return nil
	})
	if err != nil || from == nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	got := from.Bring(limited, c, m, MostMedia)
	var body []byte
	var kind, lost string
	if got.Outcome == Accepted {
		if body, kind, lost = s.cleaned(limited, got.Body); lost == "" && kind == "" {
			got.Outcome = Later // it was not looked at in time
		}
	}
	return s.fetched(context.WithoutCancel(ctx), who, one, c.ID, m, got, tries, body, kind, lost)
}

// cleaned is kept, one file at a time: a picture that is opened takes a hundred times its bytes.
func (s *Service) cleaned(ctx context.Context, content []byte) ([]byte, string, string) {
	select {
	case s.easel <- struct{}{}:
		defer func() { <-s.easel }()
	case <-ctx.Done():
		return nil, "", ""
	}
	return kept(content)
}

// fetched writes down what came of it.
func (s *Service) fetched(ctx context.Context, who access.Caller, one, account id.ID, m Media, got Fetched, tries int64, body []byte, kind, lost string) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a file of a conversation was fetched; that it came is recorded")
		a, found, err := attachedOf(&tx.View, one)
		if err != nil || !found || a.State != MediaAsked {
			return err
		}
		again := func(wait time.Duration, tries int64) error {
			at := tx.Now().Add(wait)
			tx.DueBy(at)
			_, err := tx.Exec(sqlAttachedHold, one, tries, at)
			return err
		}
		switch {
		case got.Outcome == Broken: // the account, not the file: it waits until somebody has seen to it
			return errors.Join(broken(tx, account, codeOnly(got.Code)), again(whilePaused, tries-1))
		case got.Outcome == Refused:
			return lose(tx, a, refusedFile(got.Code))
		case got.Outcome != Accepted && tries >= mostFetches:
			return lose(tx, a, LostTries)
		case got.Outcome != Accepted:
			return again(max(got.Wait, fetchAgain(tries)), tries)
		case lost != "":
			return lose(tx, a, lost)
		}
		// The provider's id of it has served; of what was told of it the name stays, as long as the file does.
		about := ""
		if m.FileName != "" {
			text, err := json.Marshal(Media{FileName: m.FileName})
			if err != nil {
				return err
			}
			about = string(text)
		}
		named, err := tx.Seal(owner(a.patient), "attached", "about", one, about)
		if err != nil {
			return err
		}
		sealed, err := tx.Seal(owner(a.patient), "attached", "body", one, string(body))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlAttachedKeep, one, kind, len(body), named, sealed); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "keep", Kind: "attachment", Subject: one, Patient: a.patient, New: map[string]any{"type": kind, "bytes": len(body)}})
		_, err = tx.Exec(sqlAttachedSeen, a.thread)
		return err
	})
}

// refusedFile is why a provider has no file for us, in a word of ours.
func refusedFile(code string) string {
	switch code {
	case "size":
		return LostLarge
	case "type":
		return LostKind
	case "digest", "host", "id":
		return LostBroken
	}
	return LostGone
}

// lose notes that a file cannot be had any more.
func lose(tx *store.Tx, a attachedRow, why string) error {
	if _, err := tx.Exec(sqlAttachedLost, a.ID, why); err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "lose", Kind: "attachment", Subject: a.ID, Patient: a.patient, New: why})
	_, err := tx.Exec(sqlAttachedSeen, a.thread)
	return err
}

// OpenMedia opens a file of the conversation. That it was opened is written down. fault.NotFound when there is none, or none that is kept.
func (s *Service) OpenMedia(ctx context.Context, who access.Caller, thread, one id.ID) (Attached, []byte, error) {
	var out Attached
	var content []byte
	err := s.db.View(ctx, who, access.InboxRead, func(_ context.Context, v *store.View) error {
		a, found, err := attachedOf(v, one)
		if err == nil && (!found || a.thread != thread || a.State != MediaKept) {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		text, err := bodyOf(v, a)
		if err != nil {
			return err
		}
		v.Opened("attachment", one, a.patient)
		out, content = a.Attached, []byte(text)
		return nil
	})
	return out, content, err
}

func bodyOf(v *store.View, a attachedRow) (string, error) {
	var sealed []byte
	if err := v.Row(sqlAttachedBody, a.ID).Scan(&sealed); err != nil {
		return "", err
	}
	text, err := v.Unseal(owner(a.patient), "attached", "body", a.ID, sealed)
	if err == nil && text == "" {
		err = fault.Missing()
	}
	return text, err
}

// moveFiles gives the files of a conversation to a patient: they open with her key from then on.
func moveFiles(tx *store.Tx, from, into, patient id.ID) error {
	rows, err := tx.Query(sqlAttachedAll, from)
	if err != nil {
		return err
	}
	abouts := map[id.ID][2][]byte{}
	for rows.Next() {
		var one id.ID
		var about, theirs []byte
		if err := rows.Scan(&one, &about, &theirs); err != nil {
			_ = rows.Close()
			return err
		}
		abouts[one] = [2][]byte{about, theirs}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	again := func(column string, one id.ID, sealed []byte) ([]byte, error) {
		text, err := tx.Unseal(vault.ClinicData, "attached", column, one, sealed)
		if err != nil {
			return nil, err
		}
		return tx.Seal(patient, "attached", column, one, text)
	}
	for one, short := range abouts { // one file's bytes at a time
		var body []byte
		if err := tx.Row(sqlAttachedBody, one).Scan(&body); err != nil {
			return err
		}
		about, err := again("about", one, short[0])
		if err != nil {
			return err
		}
		theirs, err := again("theirs", one, short[1])
		if err != nil {
			return err
		}
		if body, err = again("body", one, body); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlAttachedMove, from, one, into, patient, about, body, theirs); err != nil {
			return err
		}
	}
	return nil
}

// collectFiles copies out all files of a conversation, the oldest first, their bytes in base64.
func collectFiles(v *store.View, thread id.ID, out map[string][]map[string]string) error {
	var last attachedRow
	for {
		part, err := attachedBy(v, sqlAttachedEach, thread, last.post, last.ID, partOfCopy)
		if err != nil || len(part) == 0 {
			return err
		}
		for _, a := range part {
			line := map[string]string{"kind": a.Kind, "state": string(a.State), "reason": a.Reason, "type": a.Type, "at": a.At.Time().Format(time.RFC3339)}
			if m, err := a.media(v); err == nil {
				line["name"] = m.FileName
			}
			if a.State == MediaKept {
				body, err := bodyOf(v, a)
				if err != nil {
					return err
				}
				line["content"] = base64.StdEncoding.EncodeToString([]byte(body))
			}
			out["attached"] = append(out["attached"], line)
		}
		last = part[len(part)-1]
	}
}
