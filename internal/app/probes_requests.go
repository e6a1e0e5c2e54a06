package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/store"
)

// Live checks of what is promised about people's requests.

const (
	sqlProbeBare        = `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1 AND outcome IN ('partly', 'refused') AND (ground = '' OR why IS NULL AND patient_id IS NOT NULL)`
	sqlProbeNotAnswered = `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1 AND (state = 'answered' OR state = 'withdrawn' AND decided_by IS NOT NULL) AND patient_id IS NOT NULL AND told_at = 0 AND decided_at < $2`
	sqlProbeTakenBack   = `SELECT COUNT(*) FROM data_request r JOIN audit_leaf l ON l.clinic_id = r.clinic_id AND l.subject_id = r.id WHERE r.clinic_id = $1 AND l.id >= $2 AND l.kind = 'data-request' AND l.action = 'withdraw'
	AND l.role <> 'patient' AND r.state = 'withdrawn' AND (r.door = 'link' OR r.decided_by IS NULL OR r.why IS NULL AND r.patient_id IS NOT NULL)`
	sqlProbeUnproved = `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1 AND patient_id IS NOT NULL AND (proof = '' OR known_at = 0 OR door <> 'link' AND proved_by IS NULL)`
	sqlProbeAsked    = `SELECT COUNT(*) FROM link_asked WHERE clinic_id = $1 AND at < $2`
)

// requestClocks looks for answers and confirmations that are overdue, and for requests of which nobody made sure for a week who asks.
func (p probe) requestClocks(ctx context.Context) (string, error) {
	late, unconfirmed := 0, 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		l, u, err := requests.Overdue(v)
		late, unconfirmed = late+l, unconfirmed+u
		return err
	})
	switch {
	case err != nil:
		return "", err
	case late > 0:
		return "", fmt.Errorf("%d people wait for an answer about their data that is overdue, or for somebody to make sure for a week already who they are", late)
	case unconfirmed > 0:
		return "", fmt.Errorf("%d people were not told in time that their request came", unconfirmed)
	}
	return fmt.Sprintf("no answer is overdue in %d clinics", len(p.clinics)), nil
}

// requestRefusals looks for something that was refused without a ground or a sentence, and, within a week, for something that staff took back in somebody's place: what she
// asked on her own page, or without a sentence.
func (p probe) requestRefusals(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeTakenBack, "requests were taken back by somebody else than who asked, without a sentence or though they came by the person's own page", id.First(p.Clock.Now().Add(-week))); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeBare, "answers refuse something and do not say why")
}

// requestsTold looks for answers that were given to nobody for a week: where there is no address, staff hand over the letter. And for deletions
// that were granted and are not done.
func (p probe) requestsTold(ctx context.Context) (string, error) {
	undone := int64(0)
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		n, _, err := requests.Undone(v, p.ago(24*time.Hour))
		undone += n
		return err
	})
	if err == nil && undone > 0 {
		err = fmt.Errorf("%d deletions that were granted are not done a day after they were due, and no order holds them up", undone)
	}
	if err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeNotAnswered, "answers were not told to the person for a week", p.ago(week))
}

// requestsProved looks for a request that belongs to somebody although nobody made sure who asks, or that came from a number which is not on file, and for addresses
// that were typed and not forgotten.
func (p probe) requestsProved(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeAsked, "typed addresses were kept for more than a day", p.ago(26*time.Hour)); err != nil {
		return "", err
	}
	foreign := int64(0)
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		n, _, err := requests.Untraced(v, p.ago(week))
		foreign += n
		return err
	})
	if err == nil && foreign > 0 {
		err = fmt.Errorf("%d requests out of conversations are somebody's although they came from an address that is not on file", foreign)
	}
	if err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeUnproved, "requests are somebody's although nobody made sure who asks")
}

// youngDeleted looks for a child for whom nobody speaks whose data is there a day after its fortnight.
func (p probe) youngDeleted(ctx context.Context) (string, error) {
	over := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		n, err := requests.Overstayed(v, clock.At(p.Clock.Now().Add(-24*time.Hour)), func(patient id.ID) (bool, error) {
			_, held, err := retention.Held(v, patient)
			return held, err
		})
		over += n
		if err != nil {
			return err
		}
		// By their dates of birth, opened: those who came since another month each hour, because nothing in the rows tells who is a child.
		now := p.Clock.Now()
		n, _, err = requests.Unfound(v, id.First(now.AddDate(0, -int(now.Unix()/3600%24), 0)), 200)
		over += n
		return err
	})
	if err == nil && over > 0 {
		err = errors.New("data of children for whom nobody speaks is still there after its fortnight")
	}
	return "no child's data without a guardian is older than a fortnight", err
}
