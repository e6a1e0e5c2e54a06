package messaging

import (
	"encoding/json"
	"errors"
	"fmt"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Letter asks for one message about one occurrence of one appointment by one rule.
type Letter struct {
	Patient, Appointment id.ID
	Occurrence           int64
	Rule                 id.ID
	Kind                 Kind
	Channel              Channel
	SendAt               clock.Instant // zero for now
	StartsAt             clock.Instant // the time that the message tells
	Provider             id.ID         // the practitioner whom it tells
	Instead              id.ID         // the message over another channel that this one stands in for; zero for none
	Quiet                string        // verdict of Quiet.Fit for a reminder; empty is VerdictNotAsked
}

// Send plans one message: the only way to make one. It answers the message's id; the id of the
// one that is there already when the same (appointment, occurrence, rule, channel) was planned
// before; and zero, without an error, when it may not be sent: no consent where the kind needs
// one, a patient who stopped every use or was erased, or a reminder of the same time that already went out under an earlier occurrence.
//
// A planned message is looked at again in the Change that begins its sending.
func Send(tx *store.Tx, r Letter) (id.ID, error) { return NewRound(&tx.View).Send(tx, r) }

// Send is the package's Send, within a round of the same Change.
func (d *Round) Send(tx *store.Tx, r Letter) (id.ID, error) {
	if !r.Kind.Valid() && r.Kind != ChangeAsked && r.Kind != StopHeard && r.Kind != StartHeard || r.Channel == "" || r.Patient.IsZero() || r.Appointment.IsZero() || r.Rule.IsZero() || r.StartsAt.IsZero() && !r.Kind.Talk() {
		return id.Zero, errors.New("messaging: a message needs a kind, a channel, a patient, an appointment, its time and a rule")
	}
	if r.SendAt.IsZero() {
		r.SendAt = tx.Now()
	}
	if r.Quiet == "" {
		r.Quiet = VerdictNotAsked
	}
	p := Passport{Instead: r.Instead, Purpose: r.Kind.purpose(), Basis: r.Kind.basis(), Rule: r.Rule, Kind: r.Kind, Channel: r.Channel, QuietVerdict: r.Quiet,
		IdempotencyKey: fmt.Sprintf("%s/%d/%s/%s", r.Appointment, r.Occurrence, r.Rule, r.Channel)}
	ok, why, err := d.may(r.Patient, p.Purpose, r.Channel)
	if missing(err) {
		return id.Zero, nil
	}
	if err != nil || !ok {
		return id.Zero, err
	}
	p.Consent = why
	if r.Kind == Reminder {
		// An undo brings back the old time under a new occurrence: one reminder of it is enough.
		if told, err := d.told(r.Appointment, r.Rule, r.Channel, r.StartsAt); err != nil || told {
			return id.Zero, err
		}
	}
	message := tx.NewID()
	sealed, err := sealPassport(tx, r.Patient, message, p)
	if errors.Is(err, vault.ErrShredded) {
		return id.Zero, nil
	}
	if err != nil {
		return id.Zero, err
	}
	n, err := tx.Exec(sqlMessageAdd, message, r.Patient, r.Appointment, r.Occurrence, r.Rule, string(r.Kind), string(r.Channel), r.StartsAt, r.Provider,
		string(p.Purpose), sealed, r.SendAt, tx.Now())
	if err != nil {
		return id.Zero, err
	}
	if n == 0 {
		var there id.ID
		err := tx.Row(sqlMessageOnce, r.Appointment, r.Occurrence, r.Rule, string(r.Channel)).Scan(&there)
		return there, err
	}
	tx.Record(audit.Note{Action: "plan", Kind: "message", Subject: message, Patient: r.Patient,
		New: map[string]any{"appointment": r.Appointment, "kind": r.Kind, "channel": r.Channel, "send_at": r.SendAt}})
	tx.DueBy(r.SendAt)
	d.planned(r.Appointment, earlier{r.Rule, r.Channel, r.StartsAt})
	return message, step(tx, message, Planned, "")
}

func sealPassport(tx *store.Tx, patient, message id.ID, p Passport) ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return tx.Seal(patient, "message", "passport", message, string(b))
}

func openPassport(v *store.View, r row) (Passport, error) {
	var p Passport
	text, err := v.Unseal(r.patient, "message", "passport", r.id, r.passport)
	if err != nil || text == "" {
		return p, err
	}
	return p, json.Unmarshal([]byte(text), &p)
}

// CancelPlanned takes back every message about the appointment that has not begun to leave.
func CancelPlanned(tx *store.Tx, appointment id.ID, reason string) error {
	return cancelPlanned(tx, appointment, reason, func(Kind, int64) bool { return true })
}

// CancelStale takes back the planned messages that no longer tell the truth about the
// appointment as it is now: of an earlier occurrence, of a booking that was cancelled, of a
// cancellation that was undone.
func CancelStale(tx *store.Tx, now scheduling.Appointment) error {
	off := now.Status == scheduling.Cancelled
	return cancelPlanned(tx, now.ID, ReasonChanged, func(k Kind, occurrence int64) bool {
		return k != Receipted && (occurrence != now.Occurrence || off != (k == Cancelled))
	})
}

func cancelPlanned(tx *store.Tx, appointment id.ID, reason string, stale func(Kind, int64) bool) error {
	rows, err := tx.Query(sqlMessagePlanned, appointment)
	if err != nil {
		return err
	}
	var gone []id.ID
	for rows.Next() {
		var m id.ID
		var k Kind
		var occurrence int64
		if err := rows.Scan(&m, &k, &occurrence); err != nil {
			_ = rows.Close()
			return err
		}
		if stale(k, occurrence) {
			gone = append(gone, m)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, m := range gone {
		n, err := tx.Exec(sqlMessageFromPlanned, m, string(Withdrawn), reason, tx.Now(), tx.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			continue // a sender was faster; it looks at the appointment itself
		}
		if err := step(tx, m, Withdrawn, reason); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		tx.Record(audit.Note{Action: "withdraw", Kind: "message", Subject: appointment, New: map[string]any{"count": len(gone), "reason": reason}})
	}
	return nil
}

// CancelUnconsented takes back the planned messages to the patient that consent no longer lets out.
func CancelUnconsented(tx *store.Tx, patient id.ID) error {
	rows, err := list(&tx.View, sqlMessagePlannedTo, patient)
	if err != nil {
		return err
	}
	gone := 0
	for _, r := range rows {
		ok, _, err := consent.May(&tx.View, patient, r.kind.purpose(), string(r.channel))
		if err != nil && !missing(err) {
			return err
		}
		if ok {
			continue
		}
		n, err := tx.Exec(sqlMessageFromPlanned, r.id, string(Withdrawn), ReasonNoConsent, r.sendAt, tx.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		gone++
		if err := step(tx, r.id, Withdrawn, ReasonNoConsent); err != nil {
			return err
		}
	}
	if gone > 0 {
		tx.Record(audit.Note{Action: "withdraw", Kind: "message", Subject: patient, Patient: patient, New: map[string]any{"count": gone, "reason": ReasonNoConsent}})
	}
	return nil
}

// Told is what the patient was last told about an appointment, or is about to be told.
type Told struct {
	Kind     Kind // empty when she was told nothing
	StartsAt clock.Instant
	Provider id.ID
	At       clock.Instant // when that message was planned
	Dropped  *Told         // the last confirmation after that which found no way to her; nil for none
}

// LastTold reads what the patient was last told, be it by a reminder. What was taken back or dropped was not told; but of what
// was to be confirmed to her she may know otherwise.
func LastTold(v *store.View, appointment id.ID) (Told, error) {
	rows, err := v.Query(sqlMessageTold, appointment)
	if err != nil {
		return Told{}, err
	}
	defer rows.Close()
	var dropped *Told
	for rows.Next() {
		var t Told
		var s State
		if err := rows.Scan(&t.Kind, &t.StartsAt, &t.Provider, &t.At, &s); err != nil {
			return Told{}, err
		}
		if s != Dropped {
			t.Dropped = dropped
			return t, nil
		}
		if dropped == nil {
			dropped = &t
		}
	}
	return Told{Dropped: dropped}, rows.Err()
}

// anewIn is when a planned message that is due is offered to the senders again: its job may have been lost.
const anewIn = clock.Instant(15 * 1_000_000)

// NextDue is when this room next has something to do for the clinic; zero for never.
func NextDue(v *store.View) (clock.Instant, error) {
	var planned, held clock.Instant
	if err := v.Row(sqlMessageNext).Scan(&planned); err != nil {
		return 0, err
	}
	if planned > 0 && planned <= v.Now() {
		planned = v.Now() + anewIn
	}
	if err := v.Row(sqlMessageNextLost).Scan(&held); err != nil {
		return 0, err
	}
	if held > 0 {
		held += InFlight
		if held <= v.Now() {
			held = v.Now() + anewIn
		}
	}
	if planned == 0 || held > 0 && held < planned {
		return held, nil
	}
	return planned, nil
}

// missing says that an appointment is not there any more.
func missing(err error) bool { return fault.Is(err, fault.NotFound) }
