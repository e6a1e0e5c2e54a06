package messaging

import (
	"context"
	"maps"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/policies"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// What this room keeps of a patient, and through whom it writes to her, follows the terms that she is under (promise policy-agreed-first): a setting that
// was made weaker holds for those who agreed to that, and for those who came after it.

const (
	sqlPostForgetOf      = `UPDATE post SET body = NULL, until = 0 WHERE clinic_id = $1 AND patient_id = $2 AND way <> 'note' AND body IS NOT NULL AND thread_id NOT IN ` + heldTalks
	sqlPostShortenOf     = `UPDATE post SET until = CASE WHEN until = 0 OR until > at + $3 THEN at + $3 ELSE until END WHERE clinic_id = $1 AND patient_id = $2 AND way <> 'note' AND body IS NOT NULL`
	sqlAttachedForgetOf  = `UPDATE attached SET state = 'deleted', about = NULL, body = NULL, until = 0 WHERE clinic_id = $1 AND patient_id = $2 AND state IN ('asked', 'kept', 'named', 'lost') AND thread_id NOT IN ` + heldTalks
	sqlAttachedShortenOf = `UPDATE attached SET until = CASE WHEN until = 0 OR until > at + $3 THEN at + $3 ELSE until END WHERE clinic_id = $1 AND patient_id = $2 AND state IN ('asked', 'kept', 'named', 'lost')`

	sqlStepsOld   = `SELECT DISTINCT m.patient_id FROM message m WHERE m.clinic_id = $1 AND m.created_at < $2 AND m.state NOT IN ('planned', 'sending', 'handing-over') AND EXISTS (SELECT 1 FROM message_event e WHERE e.clinic_id = m.clinic_id AND e.message_id = m.id)`
	sqlStepAgeOf  = `DELETE FROM message_event WHERE clinic_id = $1 AND message_id IN (SELECT id FROM message WHERE clinic_id = $1 AND patient_id = $2 AND created_at < $3 AND state NOT IN ('planned', 'sending', 'handing-over') AND patient_id NOT IN ` + held + `)`
	sqlTheirAgeOf = `UPDATE message SET provider_id = '', provider_sealed = NULL, pricing = '' WHERE clinic_id = $1 AND patient_id = $2 AND created_at < $3 AND provider_id <> '' AND patient_id NOT IN ` + held
)

// kept is for how many days the setting keeps what is written, as the terms say it.
func (x Setting) kept() int {
	switch x.Content {
	case ContentFull:
		return policies.Full
	case ContentDays:
		return x.Days
	}
	return 0
}

// within is the setting made no weaker than the terms.
func (x Setting) within(t policies.Terms) Setting {
	switch {
	case t.Content >= x.kept():
	case t.Content == 0:
		x.Content = ContentNone
	default:
		x.Content, x.Days = ContentDays, t.Content
	}
	return x
}

// settingFor is the clinic's setting as it holds for the patient.
func settingFor(v *store.View, patient id.ID) (Setting, error) {
	x, err := setting(v)
	if err != nil || x.Content == ContentNone {
		return x, err
	}
	t, ok, err := policies.For(v, patient)
	if ok {
		x = x.within(t)
	}
	return x, err
}

// ContentNow is for how many days the clinic keeps what is written (0: not at all; policies.Full), for whoever says how it stands.
func ContentNow(v *store.View) (int, error) {
	x, err := setting(v)
	return x.kept(), err
}

// KeepAsAgreed shortens what is kept of a patient's conversation to the terms that she is under now: she took an agreement back.
func KeepAsAgreed(tx *store.Tx, patient id.ID) error {
	x, err := settingFor(&tx.View, patient)
	if err != nil {
		return err
	}
	if x.Content == ContentNone {
		for _, text := range []string{sqlPostForgetOf, sqlAttachedForgetOf} {
			if _, err := tx.Exec(text, patient); err != nil {
				return err
			}
		}
	}
	if x.Content != ContentFull {
		for _, text := range []string{sqlPostShortenOf, sqlAttachedShortenOf} {
			if _, err := tx.Exec(text, patient, int64(x.kept())*dayMicros); err != nil {
				return err
			}
		}
	}
	return nil
}

const dayMicros = 24 * 60 * 60 * 1_000_000

// ageSteps deletes the steps of deliveries whose time is over: all that are older than the moment, and sooner those of whoever is under terms that say so.
func ageSteps(tx *store.Tx, all clock.Instant) error {
	if _, err := tx.Exec(sqlStepAge, all); err != nil {
		return err
	}
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	g, err := policies.Over(&tx.View)
	if err != nil {
		return err
	}
	least, differs := g.Spread(c.Jurisdiction, law.Events)
	before := endedBefore(tx.Now(), least)
	if before <= all {
		return nil
	}
	if !differs {
		for _, text := range []string{sqlStepAge, sqlProviderAge} {
			if _, err := tx.Exec(text, before); err != nil {
				return err
			}
		}
		return nil
	}
	people, err := stepsOlder(&tx.View, before)
	if err != nil {
		return err
	}
	if g, err = policies.Over(&tx.View, people...); err != nil {
		return err
	}
	for _, p := range people {
		before := endedBefore(tx.Now(), g.Life(c.Jurisdiction, p, law.Events))
		for _, text := range []string{sqlStepAgeOf, sqlTheirAgeOf} {
			if _, err := tx.Exec(text, p, before); err != nil {
				return err
			}
		}
	}
	return nil
}

func stepsOlder(v *store.View, before clock.Instant) ([]id.ID, error) {
	rows, err := v.Query(sqlStepsOld, before)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var p id.ID
		if err := rows.Scan(&p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// endedBefore is the moment before which something must have been made for its time to be over now; lives of months and years are longer than the
// house's own limit, which then holds.
func endedBefore(now clock.Instant, s law.Span) clock.Instant {
	if s.Days == 0 {
		return 0
	}
	return now - clock.Instant(s.Days)*dayMicros
}

// outside says whether the patient's terms know the party through which the message would go; empty when nobody outside carries it.
func (s *Service) outside(d *Round, r row, via Carrier) (reason string, err error) {
	if s.recipient == nil || r.kind.duty() {
		return "", nil
	}
	party := s.recipient(via.Name())
	if party == "" {
		return "", nil
	}
	t, ok, err := d.terms(r.patient)
	if err != nil || !ok {
		return "", err
	}
	for _, known := range t.Recipients {
		if known == party {
			return "", nil
		}
	}
	return ReasonParty, nil
}

// terms are those under which the patient is.
func (r *Round) terms(patient id.ID) (policies.Terms, bool, error) {
	g, _, err := r.agreed.of(patient, r.written, func(all []id.ID) (map[id.ID]*policies.Governing, error) {
		g, err := policies.Over(r.v, all...)
		out := map[id.ID]*policies.Governing{}
		for _, p := range all {
			out[p] = g
		}
		return out, err
	})
	if err != nil || g == nil {
		return policies.Terms{}, false, err
	}
	t, ok := g.For(patient)
	return t, ok, nil
}

// announcedAtOnce is how many patients one Change tells of an announced version.
const announcedAtOnce = 200

// AnnounceTerms plans the letter about an announced version of the clinic's terms to every patient whom it touches, once. Who has no address on file is
// noted as well: she finds the question on her own page.
func (s *Service) AnnounceTerms(ctx context.Context, who access.Caller) error {
	for {
		n := 0
		err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			version, list, err := policies.Untold(&tx.View, announcedAtOnce)
			if n = len(list); err != nil || n == 0 {
				return err
			}
			tx.Record(audit.Note{Action: "announce", Kind: "policy", Subject: version.ID, New: map[string]any{"version": version.N, "people": n}})
			d := NewRound(&tx.View)
			d.To(list...)
			for _, p := range list {
				var message id.ID
				to, there, err := d.reach(p)
				if err == nil && there && to.Email != "" {
					message, err = tellTerms(tx, d, version, p)
				}
				if err != nil {
					return err
				}
				if err := policies.Told(tx, version.N, p, message); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < announcedAtOnce {
			return err
		}
	}
}

// tellTerms plans one letter. Its link leads to the patient's own page; who never had an appointment has none, and reads the clinic's page of versions.
func tellTerms(tx *store.Tx, d *Round, x policies.Version, patient id.ID) (id.ID, error) {
	about, err := scheduling.LastOf(&tx.View, patient)
	if err != nil {
		return id.Zero, err
	}
	if about.IsZero() {
		about = patient
	}
	return d.Send(tx, Letter{Patient: patient, Appointment: about, Rule: x.ID, Kind: TermsTold, Channel: Email, StartsAt: x.EffectiveAt, Provider: x.ID})
}

// lookAtTerms looks whether the version still waits for its day.
func lookAtTerms(v *store.View, r row) (reason string, err error) {
	at, err := policies.Waits(v, r.rule)
	if err == nil && at != r.starts {
		return ReasonTerms, nil
	}
	return "", err
}

const sqlPostsKept = `SELECT patient_id, at, until FROM post WHERE clinic_id = $1 AND patient_id IS NOT NULL AND way <> 'note' AND body IS NOT NULL ORDER BY at DESC, id DESC LIMIT $2`

// KeptBeyond counts, of the newest lines whose words are kept, those that are kept for longer than the patient's terms say: what the live check of the
// promise looks at.
func KeptBeyond(v *store.View, most int) (wrong, looked int, err error) {
	type line struct {
		patient   id.ID
		at, until clock.Instant
	}
	rows, err := v.Query(sqlPostsKept, most)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	var all []line
	people := map[id.ID]bool{}
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.patient, &l.at, &l.until); err != nil {
			return 0, 0, err
		}
		all, people[l.patient] = append(all, l), true
	}
	if err := rows.Err(); err != nil {
		return 0, 0, err
	}
	g, err := policies.Over(v, slices.Collect(maps.Keys(people))...)
	if err != nil {
		return 0, 0, err
	}
	for _, l := range all {
		t, ok := g.For(l.patient)
		if ok && t.Content < policies.Full && (l.until == 0 || l.until > l.at+clock.Instant(t.Content)*dayMicros) {
			wrong++
		}
	}
	return wrong, len(all), nil
}
