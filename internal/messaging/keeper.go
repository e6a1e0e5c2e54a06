package messaging

import (
	"fmt"
	"strings"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// keep is how long a message's row stays after it was made: a year's reminders can be compared.
const keep = 396 * 24 * time.Hour

// keepSteps is how long each step of a message's delivery, and a provider's id of it, stay (K3): what became of the
// message stays with its row.
const keepSteps = 180 * 24 * time.Hour

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "messaging" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	return []string{"template", "message", "message_event", "channel", "channel_use", "heard", "message_setting", "wish", "thread", "correspondent", "post", "attached", "peer_bucket", "strange", "canned", "approval", "security_text", "contact_proof"}
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
	if proofs, err := collectProofs(v, patient); err != nil {
		return nil, err
	} else if len(proofs) > 0 {
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
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "message", Subject: patient, New: n})
	}
	return err
}

// Due deletes messages whose time is over and answers how many.
func (Keeper) Due(tx *store.Tx) (int, error) {
	before := tx.Now().Add(-keep)
	if err := ageSteps(tx); err != nil {
		return 0, err
	}
	n, err := tx.Exec(sqlMessageAge, before)
	if err != nil {
		return int(n), err
	}
	if _, err := tx.Exec(sqlProofsAge, tx.Now().Add(-proofKept)); err != nil {
		return int(n), err
	}
	tx.Housekeeping("messages whose time is over, answers that waited for a day, and the days of accounts")
	if _, err := tx.Exec(sqlHeardForget, tx.Now().Add(-keptUnread)); err != nil {
		return int(n), err
	}
	if _, err := tx.Exec(sqlHeardAge, before); err != nil {
		return int(n), err
	}
	for _, text := range []string{sqlPostExpire, sqlAttachedExpire} {
		if _, err := tx.Exec(text, tx.Now()); err != nil {
			return int(n), err
		}
	}
	for _, text := range []string{sqlPostAge, sqlAttachedAge} {
		if _, err := tx.Exec(text, before); err != nil {
			return int(n), err
		}
	}
	if _, err := tx.Exec(sqlStrangeAge, clock.DateOf(before.Time())); err != nil {
		return int(n), err
	}
	_, err = tx.Exec(sqlUseAge, clock.DateOf(before.Time()))
	return int(n), err
}

const (
	sqlProviderAge = `UPDATE message SET provider_id = '', provider_sealed = NULL, pricing = '' WHERE clinic_id = $1 AND created_at < $2 AND provider_id <> ''`
	sqlPostExpire  = `UPDATE post SET body = NULL, until = 0 WHERE clinic_id = $1 AND until > 0 AND until <= $2`
	sqlPostAge     = `DELETE FROM post WHERE clinic_id = $1 AND at < $2`
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
	lines, err := posts(v, sqlPostOf, x.ID)
	for _, l := range lines {
		out["post"] = append(out["post"], map[string]string{"way": l.Way, "kind": l.Kind, "channel": string(l.Channel), "at": when(l.At), "text": l.Text, "message": l.Message.String()})
	}
	if err != nil {
		return err
	}
	return collectFiles(v, x.ID, out)
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
		if err := forgetHeard(tx, x.ID); err != nil {
			return err
		}
		for _, text := range []string{sqlPostErase, sqlAttachedErase, sqlPeerErased, sqlBucketDrop, sqlThreadDelete} {
			if _, err := tx.Exec(text, x.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
