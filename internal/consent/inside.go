package consent

import (
	"fmt"
	"slices"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Record writes down what a person chose at a door, with the notice that was shown. Pass what was
// chosen only: a box that stayed unticked is no choice and neither gives nor withdraws. Each row is new; an
// earlier choice is never overwritten.
//
// For a child, a yes needs the guardian who said it (her only one when none is named); without one it
// is fault.Invalid (field "guardian_name"). A no is taken from anybody. A yes to what is not for children is
// fault.Invalid (field "consents"), as is a notice version that was never published.
// fault.NotFound when the patient is not there. Nothing is written when anything is wrong.
func Record(tx *store.Tx, patient id.ID, given []Choice, door string, language string, guardian id.ID) error {
	if len(given) == 0 {
		return nil
	}
	if !slices.Contains(doors, door) {
		return fmt.Errorf("consent: %q is no door", door)
	}
	var wrong fault.Fields
	for _, c := range given {
		c.check(&wrong)
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	clinic, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	child, err := patients.IsMinor(&tx.View, patient, clinic)
	if err != nil {
		return err
	}
	if guardian, err = permitted(tx, patient, given, child, guardian, &wrong); err != nil {
		return err
	}
	latest, err := latestVersions(&tx.View)
	if err != nil {
		return err
	}
	for i, c := range given {
		now := max(latest[c.Purpose], firstVersion)
		if c.Version > now {
			wrong.Add("consents", "field.consent.notice")
		}
		if c.Version == 0 {
			given = slices.Clone(given)
			given[i].Version = now
		}
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	before, err := readAll(&tx.View, patient)
	if err != nil {
		return err
	}
	return write(tx, patient, given, before, row{via: door, language: language, guardian: guardian})
}

// permitted looks whether a child may be asked this, and who speaks for her.
func permitted(tx *store.Tx, patient id.ID, given []Choice, child bool, guardian id.ID, wrong *fault.Fields) (id.ID, error) {
	needed := child && slices.ContainsFunc(given, func(c Choice) bool { return c.Given })
	for _, c := range given {
		if e, _ := entry(c.Purpose); needed && c.Given && !e.Child {
			wrong.Add("consents", "field.consent.child")
		}
	}
	if needed || !guardian.IsZero() {
		all, err := patients.Guardians(&tx.View, patient)
		if err != nil {
			return id.Zero, err
		}
		if guardian.IsZero() && len(all) == 1 {
			guardian = all[0].ID
		}
		if !slices.ContainsFunc(all, func(g patients.Guardian) bool { return g.ID == guardian }) {
			wrong.Add("guardian_name", "field.guardian.needed")
		}
	}
	return guardian, wrong.Err()
}

// write adds the rows, one audit entry for all of them, and one event when something was taken back.
func write(tx *store.Tx, patient id.ID, given []Choice, before []row, like row) error {
	type said struct {
		Purpose Purpose `json:"purpose"`
		Channel string  `json:"channel,omitempty"`
		Given   bool    `json:"given"`
		Version int64   `json:"notice"`
	}
	was, is := []said{}, []said{}
	at := after(tx.Now(), before)
	back := false
	for _, c := range given {
		if old, ok := last(before, c.Purpose, c.Channel); ok {
			was = append(was, said{old.purpose, old.channel, old.given, old.version})
		}
		is = append(is, said(c))
		back = back || !c.Given && standing(before, c)
		r := like
		r.id, r.purpose, r.channel, r.given, r.version, r.at = tx.NewID(), c.Purpose, c.Channel, c.Given, c.Version, at
		var err error
		if r.digest, err = keepShown(tx, r); err != nil {
			return err
		}
		if err := addRow(tx, patient, r); err != nil {
			return err
		}
		before = append([]row{r}, before...)
		at++
	}
	action := "consent"
	if !slices.ContainsFunc(given, func(c Choice) bool { return c.Given }) {
		action = "withdraw-consent"
	}
	tx.Record(audit.Note{Action: action, Kind: "consent", Subject: patient, Patient: patient, Old: was, New: is})
	if back {
		return tx.Announce(EventWithdrawn, patient, 0)
	}
	return nil
}

// keepShown keeps the text that was shown word for word, and answers its fingerprint; empty for what nobody is told of.
func keepShown(tx *store.Tx, r row) (string, error) {
	n, err := shown(&tx.View, r)
	if err != nil || n.Body == "" {
		return "", err
	}
	_, err = tx.Exec(sqlNoticeTextKeep, n.Digest(), string(n.Purpose), r.version, n.Language, n.Body, tx.Now())
	return n.Digest(), err
}

// after is a moment behind every earlier row: the clocks of two processes may differ, and a
// withdrawal must not count as older than what it takes back.
func after(now clock.Instant, before []row) clock.Instant {
	for _, r := range before {
		now = max(now, r.at+1)
	}
	return now
}

// last is the choice that counts for a purpose by a channel: the latest of those that name the channel or all channels.
func last(rows []row, p Purpose, channel string) (row, bool) {
	for _, r := range rows {
		if r.purpose == p && (r.channel == "" || r.channel == channel) {
			return r, true
		}
	}
	return row{}, false
}

// standing says whether a no takes something back: the purpose was agreed to by that channel, or, for a no
// to all channels, by any.
func standing(rows []row, no Choice) bool {
	for _, ch := range channels {
		if no.Channel != "" && ch != no.Channel {
			continue
		}
		if r, ok := last(rows, no.Purpose, ch); ok && r.given {
			return true
		}
	}
	return false
}

func restricted(rows []row) bool {
	r, ok := last(rows, restriction, "")
	return ok && r.given
}

// Restricted says whether the patient stopped every use of her data but looking after her.
func Restricted(v *store.View, patient id.ID) (bool, error) {
	rows, err := readFor(v, patient, restriction)
	return restricted(rows), err
}

// May says whether the patient's data may serve the purpose by the channel now, and why: one of
// Reasons. Booking needs no consent and is allowed unless the patient stopped every use; the figures are allowed until
// she objects. Everything else needs a yes that was not taken back. It is asked at the last moment before each use.
// fault.NotFound when the patient of a purpose that needs consent is not there.
func May(v *store.View, patient id.ID, p Purpose, channel string) (bool, string, error) {
	if _, ok := entry(p); !ok {
		return false, ReasonUnknown, nil
	}
	rows, err := readFor(v, patient, p)
	if err != nil {
		return false, "", err
	}
	return decided(v, rows, patient, p, channel)
}

func decided(v *store.View, rows []row, patient id.ID, p Purpose, channel string) (bool, string, error) {
	e, ok := entry(p)
	if !ok {
		return false, ReasonUnknown, nil
	}
	return decidedBy(v, rows, patient, e, channel)
}

// decidedBy is decided for a line of the registry.
func decidedBy(v *store.View, rows []row, patient id.ID, e Entry, channel string) (bool, string, error) {
	p := e.Purpose
	if e.Basis == Duty { // who stopped every use of her data must still be told that it was stolen (promise incident-people-told)
		return true, ReasonDuty, nil
	}
	if restricted(rows) {
		return false, ReasonRestricted, nil
	}
	if e.Basis == Necessity && e.Since == 0 { // what was not needed when she gave us her data is asked for
		return true, ReasonNecessary, nil
	}
	r, ok := last(rows, p, channel)
	switch {
	case !ok && e.Basis == Objection:
		if e.Since > 0 {
			here, err := patients.Since(v, patient)
			if err != nil || here < e.Since {
				return false, ReasonNotAsked, err
			}
		}
		return true, ReasonUnopposed, nil
	case !ok:
		return false, ReasonNotAsked, nil
	case !r.given:
		return false, ReasonWithdrawn, nil
	case r.at < e.Wider:
		return false, ReasonNarrower, nil
	}
	if !e.Child {
		clinic, err := clinics.Get(v)
		if err != nil {
			return false, "", err
		}
		child, err := patients.IsMinor(v, patient, clinic)
		if err != nil {
			return false, "", err
		}
		if child {
			return false, ReasonChild, nil
		}
	}
	return true, ReasonGiven, nil
}

// NotStopped are the choices without a yes to what the patient stopped, by whatever channel: for doors at which anybody can say that he is she.
func NotStopped(v *store.View, patient id.ID, given []Choice) ([]Choice, error) {
	if len(given) == 0 {
		return nil, nil
	}
	rows, err := readAll(v, patient)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(given), func(c Choice) bool {
		return c.Given && slices.ContainsFunc(channels, func(channel string) bool {
			r, ok := last(rows, c.Purpose, channel)
			return ok && !r.given
		})
	}), nil
}

// StandsIn says whether one channel may take the place of another for the purpose. It may not where the last word at
// the other was STOP: who stops a message does not want it by the next way to the same telephone. A yes that names
// the channel itself is her own wish, and is no such detour.
func StandsIn(v *store.View, patient id.ID, p Purpose, channel, other string) (bool, error) {
	rows, err := readFor(v, patient, p)
	return err == nil && standsIn(rows, p, channel, other), err
}

func standsIn(rows []row, p Purpose, channel, other string) bool {
	stopped, ok := last(rows, p, other)
	if !ok || stopped.given || stopped.via != DoorReply {
		return true
	}
	own, ok := last(rows, p, channel)
	return ok && own.given && own.channel == channel
}

// Words are what one patient said, as it stands in one passage: for whoever asks about many patients. They do not hold
// what is said in the passage after they were read, and are of no use in the next.
type Words struct {
	v       *store.View
	patient id.ID
	rows    []row
}

// Said reads the Words of the patients, in one statement for each store.Widest of them. Who said nothing, or is not
// there, has Words too.
func Said(v *store.View, all ...id.ID) (map[id.ID]Words, error) {
	out := make(map[id.ID]Words, len(all))
	for _, p := range all {
		out[p] = Words{v: v, patient: p}
	}
	return out, store.Each(all, func(args []any, width int) error {
		rows, err := v.Query(sqlConsentsIn+store.In(2, width)+` ORDER BY patient_id, at DESC, id DESC`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var patient id.ID
			var r row
			if err := rows.Scan(&patient, &r.id, &r.purpose, &r.channel, &r.given, &r.version, &r.language, &r.via, &r.guardian, &r.at, &r.digest); err != nil {
				return err
			}
			w := out[patient]
			w.rows = append(w.rows, r)
			out[patient] = w
		}
		return rows.Err()
	})
}

// May is the package's May for this patient.
func (w Words) May(p Purpose, channel string) (bool, string, error) {
	return decided(w.v, w.rows, w.patient, p, channel)
}

// StandsIn is the package's StandsIn for this patient.
func (w Words) StandsIn(p Purpose, channel, other string) bool {
	return standsIn(w.rows, p, channel, other)
}

// Restrict stops every use of the patient's data but looking after her by the clinic itself, or
// takes that back (S4). Doing what is done already writes nothing. fault.NotFound when she is not there.
func Restrict(tx *store.Tx, patient id.ID, on bool, door string) error {
	if !slices.Contains(doors, door) {
		return fmt.Errorf("consent: %q is no door", door)
	}
	clinic, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	if _, err := patients.IsMinor(&tx.View, patient, clinic); err != nil {
		return err
	}
	before, err := readFor(&tx.View, patient, restriction)
	if err != nil {
		return err
	}
	if restricted(before) == on {
		return nil
	}
	if err := addRow(tx, patient, row{id: tx.NewID(), purpose: restriction, given: on, via: door, at: after(tx.Now(), before)}); err != nil {
		return err
	}
	action := "lift-restriction"
	if on {
		action = "restrict"
	}
	tx.Record(audit.Note{Action: action, Kind: "consent", Subject: patient, Patient: patient, Old: !on, New: on})
	if on {
		return tx.Announce(EventWithdrawn, patient, 0)
	}
	return nil
}

// Opposable are the uses that end when the patient objects: all that rest on her agreement, or on an interest of the clinic that she may object to.
func Opposable() []Purpose {
	var out []Purpose
	for _, e := range Registry() {
		if e.Basis == Agreement || e.Basis == Objection {
			out = append(out, e.Purpose)
		}
	}
	return out
}

// Object says no, by every channel, to the purposes that the patient objects to; to all of Opposable where none is named. It answers to which. fault.Invalid for a purpose
// that nobody can object to; fault.NotFound when she is not there.
func Object(tx *store.Tx, patient id.ID, purposes []Purpose, door string) ([]Purpose, error) {
	if len(purposes) == 0 {
		purposes = Opposable()
	}
	var no []Choice
	for _, p := range purposes {
		no = append(no, Choice{Purpose: p})
	}
	return purposes, Record(tx, patient, no, door, "", id.Zero)
}

// StopBy says no to everything that needs a yes, by one channel: the patient answered STOP there. Care that
// the booking itself needs goes on. Saying it again writes nothing, and changed is false. fault.NotFound when she is not there.
func StopBy(tx *store.Tx, patient id.ID, channel string) (changed bool, err error) {
	rows, err := readAll(&tx.View, patient)
	if err != nil {
		return false, err
	}
	var no []Choice
	for _, p := range Asked() {
		if r, ok := last(rows, p, channel); !ok || r.given {
			no = append(no, Choice{Purpose: p, Channel: channel})
		}
	}
	return len(no) > 0, Record(tx, patient, no, DoorReply, "", id.Zero)
}

// ResumeBy takes back what StopBy closed, and nothing that was closed otherwise: the purposes whose last word by
// the channel was such an answer, and to which she had agreed before it. For a child without a guardian
// on record nothing is opened. fault.NotFound when she is not there.
func ResumeBy(tx *store.Tx, patient id.ID, channel string) (changed bool, err error) {
	rows, err := readAll(&tx.View, patient)
	if err != nil {
		return false, err
	}
	var yes []Choice
	for _, p := range Asked() {
		r, ok := last(rows, p, channel)
		if !ok || r.given || r.via != DoorReply || r.channel != channel {
			continue
		}
		if before, ok := last(slices.DeleteFunc(slices.Clone(rows), func(x row) bool { return x.via == DoorReply && x.channel == channel }), p, channel); ok && before.given {
			yes = append(yes, Choice{Purpose: p, Channel: channel, Given: true})
		}
	}
	err = Record(tx, patient, yes, DoorReply, "", id.Zero)
	if fault.Is(err, fault.Invalid) {
		return false, nil
	}
	return len(yes) > 0, err
}
