package messaging

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds, as long as Lives says.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "messaging" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	return []string{"template", "message", "message_event", "channel", "heard", "message_setting", "wish", "thread", "correspondent", "post", "attached", "peer_bucket", "canned", "approval", "security_text", "contact_proof", "statutory_copy"}
}

// Collect copies out what was sent to a patient, why, and what became of it.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	rows, err := list(v, sqlMessageOfPatient, patient, v.Now().Add(time.Second), id.Zero, 1_000_000)
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, r := range rows {
		line := map[string]string{"id": r.id.String(), "appointment": r.appointment.String(), "kind": string(r.kind), "channel": string(r.channel), "language": r.language,
			"state": string(r.state), "reason": r.reason, "about": r.starts.Time().Format(time.RFC3339), "made": r.createdAt.Time().Format(time.RFC3339), "last": r.stateAt.Time().Format(time.RFC3339)}
		if p, err := openPassport(v, r); err == nil {
			line["purpose"], line["basis"], line["consent"], line["template"] = string(p.Purpose), p.Basis, p.Consent, fmt.Sprint(p.Template)
			line["fields"], line["quiet_hours"] = strings.Join(p.Fields, ", "), p.QuietVerdict
		}
		out["message"] = append(out["message"], line)
		steps, err := v.Query(sqlStepList, r.id)
		if err != nil {
			return nil, err
		}
		for steps.Next() {
			var at clock.Instant
			var state, code string
			if err := steps.Scan(&at, &state, &code); err != nil {
				_ = steps.Close()
				return nil, err
			}
			out["message_event"] = append(out["message_event"], map[string]string{"message": r.id.String(), "at": at.Time().Format(time.RFC3339), "state": state, "code": code})
		}
		if err := steps.Close(); err != nil {
			return nil, err
		}
	}
	proofs, err := collectProofs(v, patient)
	if err != nil {
		return nil, err
	}
	if len(proofs) > 0 {
		out["contact_proof"] = proofs
	}
	return out, collectTalk(v, patient, out)
}

// Erase deletes every message to the patient, and what was written from her number and still waits. A sender that has a
// message at this moment finds it gone.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	if err := forget(tx, patient); err != nil {
		return err
	}
	if err := eraseTalk(tx, patient); err != nil {
		return err
	}
	if _, err := tx.Exec(sqlProofsErase, patient); err != nil {
		return err
	}
	if _, err := tx.Exec(sqlStepErase, patient); err != nil {
		return err
	}
	n, err := tx.Exec(sqlMessageErase, patient)
	if errors.Is(err, store.ErrFenced) { // what became of one of them was written down since its events were deleted
		return fmt.Errorf("messaging: %w: news of a message came meanwhile", store.ErrRetry)
	}
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "message", Subject: patient, New: n})
	}
	return err
}

// Forget takes away, every hour, what people wrote and nobody of the clinic took up within a day, and texts that the clinic keeps for some days only.
func Forget(tx *store.Tx) error {
	tx.Housekeeping("answers that waited for a day, and texts whose days are over")
	if _, err := tx.Exec(sqlHeardForget, tx.Now().Add(-keptUnread)); err != nil {
		return err
	}
	for _, text := range []string{sqlPostExpire, sqlAttachedExpire} {
		if _, err := tx.Exec(text, tx.Now()); err != nil {
			return err
		}
	}
	return nil
}

// Due takes away what became of messages once its time is over, with everything that tells to whom they went (promise message-events-aged); where
// a law wants it longer, a sealed copy is put aside first (statutory.go). With it go texts and strangers' letters. It answers how many messages went.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	now := tx.Now()
	tx.Housekeeping("messages whose time is over, answers that waited for a day, and the days of accounts")
	hidden := k.Lives.Hidden(law.Events, now)
	if !k.Lives.Dry {
		if err := k.putAside(tx, hidden); err != nil {
			return 0, err
		}
	}
	if err := ageSteps(tx, hidden); err != nil {
		return 0, err
	}
	n, err := tx.Exec(sqlMessageAge, hidden)
	if err != nil {
		return 0, err
	}
	k.Lives.Went(law.Events, n)
	if _, err := tx.Exec(sqlProofsAge, now.Add(-proofKept)); err != nil {
		return int(n), err
	}
	if err := Forget(tx); err != nil {
		return int(n), err
	}
	if _, err := tx.Exec(sqlHeardAge, k.Lives.Over(law.Letters, now)); err != nil {
		return int(n), err
	}
	for _, text := range []string{sqlPostAge, sqlAttachedAge} {
		m, err := tx.Exec(text, k.Lives.Over(law.Texts, now))
		if err != nil {
			return int(n), err
		}
		k.Lives.Went(law.Texts, m)
	}
	strangers, err := store.IDs(&tx.View, sqlStrangerOld, k.Lives.Over(law.Letters, now))
	if err != nil {
		return int(n), err
	}
	for _, one := range strangers {
		if err := dropThread(tx, one); err != nil {
			return int(n), err
		}
	}
	k.Lives.Went(law.Letters, int64(len(strangers)))
	// Counts by day, which name nobody, stay as long as two years can be compared.
	days := clock.DateOf(now.Time()).AddDays(-2 * 366)
	if _, err := tx.Exec(sqlStrangeAge, days); err != nil {
		return int(n), err
	}
	_, err = tx.Exec(sqlUseAge, days)
	return int(n), err
}

const (
	// held are the patients whose records an order of two people keeps, and heldTalks what they wrote and were written: nothing of it goes by its age, or because the clinic keeps less from now on. What is over
	// meanwhile goes when the order ends. Those of nobody are no patient's.
	held           = `(SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
	heldTalks      = `(SELECT id FROM thread WHERE clinic_id = $1 AND patient_id IN ` + held + `)`
	sqlStrangerOld = `SELECT id FROM thread WHERE clinic_id = $1 AND patient_id IS NULL AND last_at < $2 ORDER BY last_at, id LIMIT 500`
	sqlPostExpire  = `UPDATE post SET body = NULL, until = 0 WHERE clinic_id = $1 AND until > 0 AND until <= $2 AND thread_id NOT IN ` + heldTalks
	sqlPostAge     = `DELETE FROM post WHERE clinic_id = $1 AND at < $2 AND thread_id NOT IN ` + heldTalks
	sqlProviderAge = `UPDATE message SET provider_id = '', provider_sealed = NULL, pricing = '' WHERE clinic_id = $1 AND created_at < $2 AND provider_id <> '' AND patient_id NOT IN ` + held
	sqlPostErase   = `DELETE FROM post WHERE clinic_id = $1 AND thread_id = $2`
	sqlPeerErased  = `DELETE FROM correspondent WHERE clinic_id = $1 AND thread_id = $2`
)

// collectTalk copies out a patient's conversation and her wish. The clinic's private notes about it are in it too: they
// are about her.
func collectTalk(v *store.View, patient id.ID, out map[string][]map[string]string) error {
	when := func(at clock.Instant) string { return at.Time().Format(time.RFC3339) }
	c, err := NewRound(v).wish(patient)
	if err != nil {
		return err
	}
	if c != "" {
		out["wish"] = append(out["wish"], map[string]string{"channel": string(c)})
	}
	list, err := threads(v, sqlThreadBy, patient)
	if err != nil || len(list) == 0 {
		return err
	}
	x := list[0]
	out["thread"] = append(out["thread"], map[string]string{"id": x.ID.String(), "state": string(x.State), "last": when(x.LastAt), "wrote": when(x.WroteAt)})
	people, err := correspondents(v, x.ID)
	if err != nil {
		return err
	}
	for _, p := range people {
		out["correspondent"] = append(out["correspondent"], map[string]string{"channel": string(p.kind), "phone": p.Phone, "address": p.Address, "user": p.UserID, "name": p.Name, "wrote": when(p.wrote)})
	}
	if err := collectLines(v, x.ID, out); err != nil {
		return err
	}
	return collectFiles(v, x.ID, out)
}

// partOfCopy is how many lines, or files, of a conversation a copy reads at a time.
const partOfCopy = 100

// collectLines copies out all lines of a conversation, the oldest first.
func collectLines(v *store.View, thread id.ID, out map[string][]map[string]string) error {
	var all []Line
	for last := id.Zero; ; last = all[len(all)-1].ID {
		part, err := posts(v, sqlPostEach, thread, last, partOfCopy)
		if err != nil {
			return err
		}
		if all = append(all, part...); len(part) < partOfCopy {
			break
		}
	}
	// They are read in the order in which we heard of them; the copy has them in the order in which they were said.
	slices.SortStableFunc(all, func(a, b Line) int { return cmp.Compare(a.At, b.At) })
	for _, l := range all {
		out["post"] = append(out["post"], map[string]string{"way": l.Way, "kind": l.Kind, "channel": string(l.Channel), "at": l.At.Time().Format(time.RFC3339), "text": l.Text, "message": l.Message.String()})
	}
	return nil
}

// eraseTalk deletes a patient's conversation, from where she wrote, and her wish.
func eraseTalk(tx *store.Tx, patient id.ID) error {
	if _, err := tx.Exec(sqlWishErase, patient); err != nil {
		return err
	}
	list, err := threads(&tx.View, sqlThreadBy, patient)
	if err != nil {
		return err
	}
	for _, x := range list {
		if err := dropThread(tx, x.ID); err != nil {
			return err
		}
	}
	return nil
}

// dropThread deletes a conversation, and from where it was written.
func dropThread(tx *store.Tx, one id.ID) error {
	if err := forgetHeard(tx, one, everyLine); err != nil {
		return err
	}
	for _, text := range []string{sqlPostErase, sqlAttachedErase, sqlPeerErased, sqlBucketDrop, sqlThreadDelete} {
		if _, err := tx.Exec(text, one); err != nil {
			return err
		}
	}
	return nil
}
