package messaging

import (
	"errors"

	"almirah/internal/id"
	"almirah/internal/prescriptions"
	"almirah/internal/store"
)

// A message that a paper is ready: it holds a link that ends and no word of what the paper says. "appointment" in its row is the share, its
// rule the paper itself, so that one share is told once a channel.

// ReasonPaper stands beside a message whose link had ended, or was taken back, before it left.
const ReasonPaper = "paper-ended"

// StopPaperPath is where messages about papers are stopped by one click (RFC 8058), behind the link that the message holds.
func StopPaperPath(token string) string { return "/r/" + token + "/unsubscribe" }

// lookAtPaper looks whether the link may still be sent.
func lookAtPaper(v *store.View, r row) (reason string, err error) {
	x, err := prescriptions.ShareOf(v, r.appointment)
	switch {
	case missing(err):
		return ReasonPaper, nil
	case err != nil:
		return "", err
	}
	ok, err := prescriptions.Sent(v, x)
	if err == nil && (!ok || x.Patient != r.patient) {
		return ReasonPaper, nil
	}
	return "", err
}

// doors makes the links that the message holds: the patient's own page of the appointment, or the page of the paper; and where messages
// of its purpose are stopped.
func (s *Service) doors(tx *store.Tx, r row, now situation) (values map[string]string, manage, stop string, err error) {
	if r.kind == PaperReady {
		token, err := prescriptions.NewLink(tx, r.appointment)
		values = valuesOf(now, s.reach(r, now), "")
		values["PaperURL"] = s.reach(r, now) + "/r/" + token
		return values, "", s.reach(r, now) + StopPaperPath(token), err
	}
	if r.kind == SecurityTold { // a letter of this kind holds no link: it is the pattern of every false one
		return valuesOf(now, s.public, ""), "", "", nil
	}
	if r.kind == TermsTold {
		if now.facts.EndsAt, now.facts.StartsAt = r.starts, r.starts; r.appointment == r.patient { // she has no page of her own
			return valuesOf(now, s.reach(r, now), s.reach(r, now)+"/c/"+now.clinic.Slug+"/privacy/versions"), "", "", nil
		}
		token, err := newLink(tx, r, now)
		return valuesOf(now, s.reach(r, now), s.reach(r, now)+"/m/"+token), "", "", err
	}
	if r.kind == PrivacyCode {
		return valuesOf(now, s.public, ""), "", "", nil
	}
	if r.kind.private() {
		token, err := privateLink(tx, r)
		manage = s.reach(r, now) + "/m/" + token + "/data"
		return valuesOf(now, s.reach(r, now), manage), manage, "", err
	}
	token, err := newLink(tx, r, now)
	manage = s.reach(r, now) + "/m/" + token
	return valuesOf(now, s.reach(r, now), manage), manage, s.reach(r, now) + StopPath(token, r.kind.purpose()), err
}

// reach is where the links of a message begin: at the clinic's own name while that works. An SMS begins at the deployment's name always: its
// links are registered with the operators of the networks (decision 51), and a registered beginning is not exchanged from one day to the next.
func (s *Service) reach(r row, now situation) string {
	if r.channel == SMS {
		return s.public
	}
	return now.clinic.Reach(s.public)
}

// TellPaper plans the message that a share is ready: what journeys does when one was made. It answers zero, without an error, when the
// share is not there any more or nothing may be sent.
func TellPaper(tx *store.Tx, share id.ID) (id.ID, error) {
	x, err := prescriptions.ShareOf(&tx.View, share)
	if missing(err) {
		return id.Zero, nil
	}
	if err != nil {
		return id.Zero, err
	}
	if x.CreatedBy.IsZero() {
		return id.Zero, errors.New("messaging: a share that nobody made")
	}
	return Send(tx, Letter{Patient: x.Patient, Appointment: x.ID, Rule: x.Prescription, Kind: PaperReady, Channel: Channel(x.Channel), StartsAt: x.CreatedAt, Provider: x.CreatedBy})
}
