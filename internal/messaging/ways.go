package messaging

import (
	"errors"
	"slices"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlSettingGet = `SELECT content, days, ways, opens, version FROM message_setting WHERE clinic_id = $1`
	sqlSettingAdd = `INSERT INTO message_setting (clinic_id, content, days, ways, opens, version) VALUES ($1, $2, $3, $4, $5, 2) ON CONFLICT (clinic_id) DO NOTHING`
	sqlSettingSet = `UPDATE message_setting SET content = $3, days = $4, ways = $5, opens = $6, version = version + 1 WHERE clinic_id = $1 AND version = $2`

	sqlWishesIn  = `SELECT patient_id, channel FROM wish WHERE clinic_id = $1 AND patient_id IN `
	sqlWishSet   = `INSERT INTO wish (clinic_id, patient_id, channel, set_at) VALUES ($1, $2, $3, $4) ON CONFLICT (clinic_id, patient_id) DO UPDATE SET channel = excluded.channel, set_at = excluded.set_at`
	sqlWishErase = `DELETE FROM wish WHERE clinic_id = $1 AND patient_id = $2`

	sqlMessageTried = `SELECT channel FROM message WHERE clinic_id = $1 AND appointment_id = $2 AND occurrence = $3 AND rule_id = $4`
)

// every is the order where nobody chose one: what costs nothing first.
func every() []Channel { return []Channel{Email, WhatsApp, SMS} }

// setting reads how the clinic converses; a clinic that never chose keeps nothing and sends no pixel.
func setting(v *store.View) (Setting, error) {
	x := Setting{Content: ContentNone, Days: 30, Version: 1}
	var ways string
	err := v.Row(sqlSettingGet).Scan(&x.Content, &x.Days, &ways, &x.Opens, &x.Version)
	if errors.Is(err, store.ErrNoRows) {
		return x, nil
	}
	for w := range strings.SplitSeq(ways, ",") {
		if w != "" {
			x.Ways = append(x.Ways, Channel(w))
		}
	}
	return x, err
}

// routes are the channels by which a message of the kind can reach the patient, the first choice first: her own
// wish, then the channel of the rule (for what belongs to a booking, the clinic's order), then the rest of the
// clinic's order. Each of them has an address, an account that is not revoked, and her consent where the kind needs
// it; none goes round a STOP at an earlier one of the same telephone. One rule takes one of them; the next is for
// when that one turned out to be closed for good. At most most are looked for.
func (r *Round) routes(patient id.ID, want Channel, k Kind, most int) ([]Channel, error) {
	to, there, err := r.reach(patient)
	if err != nil || !there {
		return nil, err
	}
	phone, email := to.Phone, to.Email
	x, err := r.set()
	if err != nil {
		return nil, err
	}
	first, err := r.wish(patient)
	if err != nil {
		return nil, err
	}
	order := append([]Channel{first}, x.Ways...)
	if k.Asked() || len(x.Ways) == 0 {
		order = append([]Channel{first, want}, x.Ways...)
	}
	var out, numbers []Channel
	for _, c := range append(order, every()...) {
		if c == "" || slices.Contains(out, c) || slices.Contains(numbers, c) || c == Email && email == "" || c != Email && phone == "" {
			continue
		}
		if c != Email {
			numbers = append(numbers, c)
			round, err := r.roundStop(patient, k, numbers)
			if err != nil {
				return nil, err
			}
			_, there, err := r.account(c)
			if err != nil {
				return nil, err
			}
			if round || !there {
				continue
			}
		}
		ok, _, err := r.may(patient, k.purpose(), c)
		if err != nil && !missing(err) {
			return nil, err
		}
		if ok {
			out = append(out, c)
		}
		if len(out) == most {
			break
		}
	}
	return out, nil
}

// roundStop says whether the last of the ways to one telephone would go round the STOP that was said at one before it.
func (r *Round) roundStop(patient id.ID, k Kind, numbers []Channel) (bool, error) {
	n := len(numbers) - 1
	if !k.Asked() || n == 0 {
		return false, nil
	}
	w, err := r.words(patient)
	for _, before := range numbers[:n] {
		if !w.StandsIn(k.purpose(), string(numbers[n]), string(before)) {
			return true, err
		}
	}
	return false, err
}

// Best is the channel that a message of a rule takes; see routes. Where none is open it is the one that
// was wanted: the message is then dropped visibly, with the reason.
func Best(v *store.View, patient id.ID, want Channel, k Kind) (Channel, error) {
	return NewRound(v).Best(patient, want, k)
}

// Best is the package's Best, within a round.
func (r *Round) Best(patient id.ID, want Channel, k Kind) (Channel, error) {
	out, err := r.routes(patient, want, k, 1)
	if err != nil || len(out) == 0 {
		return want, err
	}
	return out[0], nil
}

// drop ends a planned message that cannot go. Where the channel is what is closed, another is tried.
func (s *Service) drop(tx *store.Tx, r row, reason string) error {
	if err := s.put(tx, r, Dropped, reason, tx.Now()); err != nil {
		return err
	}
	switch reason {
	case ReasonNoCarrier, ReasonNoAddress, ReasonNoTemplate:
		return elsewhere(tx, r)
	}
	if strings.HasPrefix(reason, ReasonOutside) {
		return elsewhere(tx, r)
	}
	return nil
}

// elsewhere plans the message for the next channel by which this person can be reached, after the present one is
// closed for good. Each channel is tried once for one occurrence of a rule (message_once), so this ends.
func elsewhere(tx *store.Tx, r row) error {
	if r.kind.Talk() || r.kind == SecurityTold || r.kind == PrivacyCode {
		return nil
	}
	open, err := NewRound(&tx.View).routes(r.patient, r.channel, r.kind, len(every()))
	if err != nil {
		return err
	}
	rows, err := tx.Query(sqlMessageTried, r.appointment, r.occurrence, r.rule)
	if err != nil {
		return err
	}
	tried := map[Channel]bool{r.channel: true}
	for rows.Next() {
		var c Channel
		if err := rows.Scan(&c); err != nil {
			_ = rows.Close()
			return err
		}
		tried[c] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, c := range open {
		if tried[c] {
			continue
		}
		next, err := Send(tx, Letter{Patient: r.patient, Appointment: r.appointment, Occurrence: r.occurrence, Rule: r.rule, Kind: r.kind, Channel: c, StartsAt: r.starts,
			Provider: r.told, Quiet: VerdictNotAsked, Instead: r.id})
		if err != nil || !next.IsZero() {
			return err
		}
	}
	return nil
}

// refused does what follows when a provider will never take a message: another channel where this one is closed
// for this person, and her word where she gave it to the provider instead of to us.
func refused(tx *store.Tx, a attempt, receipt Receipt) error {
	if !receipt.Elsewhere && !receipt.Stopped {
		return nil
	}
	r, found, err := get(&tx.View, a.message)
	if err != nil || !found {
		return err
	}
	if receipt.Stopped {
		if _, err := consent.StopBy(tx, r.patient, string(r.channel)); err != nil && !missing(err) {
			return err
		}
	}
	if !receipt.Elsewhere || receipt.Stopped && r.kind.Asked() { // nor is she chased elsewhere with what she stopped
		return nil
	}
	return elsewhere(tx, r)
}

// zones are where the patient may be, by her number. One that tells several zones may be in any of them, unless
// one of them shows the clinic's time.
func (r *Round) zones(phone string, clinic *time.Location, now clock.Instant) []*time.Location {
	_, here := now.In(clinic).Zone()
	var out []*time.Location
	for _, n := range contact.Phone(phone).Zones() {
		z := r.zone(n)
		if z == nil {
			continue
		}
		if _, there := now.In(z).Zone(); there == here {
			return []*time.Location{clinic}
		}
		out = append(out, z)
	}
	if len(out) == 0 {
		return []*time.Location{clinic}
	}
	return out
}

// night says whether it is night where the patient is, and when it will be day there.
func (s *Service) night(r *Round, x situation) (morning clock.Instant, night bool) {
	now := r.v.Now()
	for _, z := range r.zones(x.phone, x.zone, now) {
		if s.quiet.Covers(now.In(z)) {
			night = true
			morning = max(morning, s.quiet.Morning(now, z))
		}
	}
	return morning, night
}
