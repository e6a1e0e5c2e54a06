package messaging

import (
	"errors"
	"slices"
	"strings"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// situation is everything that is looked at again before a message leaves.
type situation struct {
	clinic  clinics.Clinic
	zone    *time.Location
	facts   scheduling.Facts
	name    string
	phone   string
	address string // to which it goes
	user    string // the provider's own id of the person, where one is known
	tongue  *words.Tongue
	consent string
}

// look reads the situation as it is in this Change and says why the message may not go out;
// an empty reason says that it may.
func (s *Service) look(d *Round, r row) (now situation, reason string, err error) {
	if r.kind == PaperReady {
		if reason, err = lookAtPaper(d.v, r); err != nil || reason != "" {
			return now, reason, err
		}
	} else if r.kind == TermsTold {
		if reason, err = lookAtTerms(d.v, r); err != nil || reason != "" {
			return now, reason, err
		}
	} else if !r.kind.Talk() && !r.kind.duty() {
		if reason, err = lookAtVisit(d, r, &now); err != nil || reason != "" {
			return now, reason, err
		}
	}
	ok, why, err := d.may(r.patient, r.kind.purpose(), r.channel)
	switch {
	case missing(err):
		return now, ReasonErased, nil
	case err != nil:
		return now, "", err
	case !ok:
		return now, ReasonNoConsent, nil
	}
	now.consent = why
	now, reason, err = s.person(d, r, now)
	if err == nil && reason == "" && now.clinic.Status != "open" {
		reason = ReasonClosed
	}
	return now, reason, err
}

// person reads who is written to, where, and in which language.
func (s *Service) person(d *Round, r row, now situation) (_ situation, reason string, err error) {
	if now.clinic, err = d.house(); err != nil {
		return now, "", err
	}
	now.zone = d.local
	to, there, err := d.reach(r.patient)
	switch {
	case err != nil:
		return now, "", err
	case !there:
		return now, ReasonErased, nil
	}
	if now.name = to.Name.Text; to.Name.Broken {
		return now, ReasonUnreadable, nil
	}
	now.address, now.phone = to.Email, to.Phone
	if r.channel != Email {
		now.address = to.Phone
	}
	// Where none is on file, the number from which she wrote last will do; not for what is about her own data, and not for somebody who has come of age: that
	// number may be her mother's (decision 0072).
	if r.kind.Talk() || now.address == "" && !to.Grown && !r.kind.private() {
		c, err := lastFrom(d.v, r.patient, r.channel)
		if err != nil {
			return now, "", err
		}
		if a := c.at(r.channel); a != "" {
			now.address = a
		}
		now.user = c.UserID
	}
	if r.kind == PrivacyCode { // not to what is on file, but to what shall be, or was
		p, there, err := readProof(d.v, r.patient, r.appointment)
		if err != nil {
			return now, "", err
		}
		if !there || p.EndsAt <= d.v.Now() {
			return now, ReasonGone, nil
		}
		now.address, now.user = p.Address, ""
	}
	if now.address == "" && now.user == "" {
		return now, ReasonNoAddress, nil
	}
	now.tongue = s.book.Tongue(firstOf(to.Language, now.facts.Language, now.clinic.Languages...))
	return now, "", nil
}

// lookAtVisit looks whether the appointment is still the one that the message tells of.
func lookAtVisit(d *Round, r row, now *situation) (reason string, err error) {
	var there bool
	if now.facts, there, err = d.Visit(r.appointment); err != nil {
		return "", err
	}
	if !there {
		return ReasonGone, nil
	}
	f := now.facts
	if f.Patient != r.patient || f.Occurrence != r.occurrence || f.StartsAt != r.starts {
		return ReasonChanged, nil
	}
	return r.kind.stands(f.Appointment, d.v.Now()), nil
}

func firstOf(a, b string, more ...string) string {
	for _, x := range append([]string{a, b}, more...) {
		if x != "" {
			return x
		}
	}
	return "en"
}

// draft is what a message says: the text, and all that stands in it as the Change saw it. Putting one into the other reads
// nothing and needs no Change.
type draft struct {
	text   Text
	values map[string]string
	tongue *words.Tongue
	footer []string
}

func (d *draft) fill() Filled { return fill(d.text, d.values, d.tongue, d.footer) }

// compose makes the message and completes its passport. The link that it makes for the patient's own page is a row of this
// Change. Subject, Text and HTML are those of the draft, where there is one.
func (s *Service) compose(tx *store.Tx, d *Round, r row, now situation, p Passport, approved *Approval) (Outgoing, Passport, *draft, error) {
	if r.kind.Talk() {
		out, p, err := s.composeTalk(r, now, p, approved)
		return out, p, nil, err
	}
	tongue := now.tongue
	var x Text
	var version int64
	var err error
	if approved != nil {
		x, version, tongue = Text{Body: approved.Body}, approved.Version, s.book.Tongue(approved.Language)
	} else if r.kind == SecurityTold {
		own, there, err := d.securityText(r.rule, append([]string{tongue.Lang()}, languages(s.book, now.clinic)...))
		if err != nil || !there {
			return Outgoing{}, p, nil, errors.Join(err, errNoSecurityText(there))
		}
		x, version, tongue = own.Text, own.version, s.book.Tongue(own.Language)
	} else if r.kind == PrivacyCode {
		var there bool
		if x, there, err = d.proofText(r, now); err != nil || !there {
			return Outgoing{}, p, nil, errors.Join(err, errNoSecurityText(there))
		}
	} else if x, version, err = d.text(tongue, r.kind, r.channel); err != nil {
		return Outgoing{}, p, nil, err
	}
	now.tongue = tongue
	lang := tongue.Lang()
	values, manage, stop, err := s.doors(tx, r, now)
	if err != nil {
		return Outgoing{}, p, nil, err
	}
	footer := []string{now.tongue.Say("message.footer", "ClinicName", now.clinic.Name)}
	if r.kind == SecurityTold {
		footer = []string{now.tongue.Say("message.security.footer", "ClinicName", now.clinic.Name)}
	}
	if r.channel != Email { // the text names the clinic, and STOP is answered on these channels
		footer = nil
	}
	out := Outgoing{ID: r.id, Channel: r.channel, To: now.address, ToUser: now.user, ToName: now.name, FromName: now.clinic.Name, ReplyTo: now.clinic.Email, Language: lang}
	if r.kind.Asked() && r.channel == Email {
		out.UnsubscribeURL = stop
		footer = append(footer, now.tongue.Say("message.stop", "URL", out.UnsubscribeURL))
	}
	if r.channel == Email && !r.kind.duty() { // nothing counts who opened such a letter
		set, err := d.set()
		if err != nil {
			return Outgoing{}, p, nil, err
		}
		if out.Opens = set.Opens; set.Opens {
			footer = append(footer, now.tongue.Say("message.opens"))
		}
	}
	if approved != nil {
		out.Call = approved.call(values, r.kind, r.id)
		for i, payload := range out.Call.Payloads { // what the template's buttons say, for whoever shows the message
			out.Buttons = append(out.Buttons, Button{Payload: payload, Title: tongue.Say("message.button." + choices()[i])})
		}
	}
	if r.channel == Email && !r.kind.Asked() && r.kind != ChangeAsked && !r.kind.duty() {
		if out.Calendar, err = s.invite(tx.Now(), r, now, manage); err != nil {
			return Outgoing{}, p, nil, err
		}
	}
	p.Language, p.Template, p.Fields = lang, version, append(d.fields(x), "Recipient")
	p.Consent = now.consent
	return out, p, &draft{x, values, now.tongue, footer}, nil
}

func errNoSecurityText(there bool) error {
	if there {
		return nil
	}
	return errors.New("messaging: the notice of an incident has no text")
}

// newLink makes the link to the patient's own page of the appointment.
func newLink(tx *store.Tx, r row, now situation) (string, error) {
	return scheduling.NewLink(tx, r.patient, r.appointment, max(now.facts.EndsAt, tx.Now()).Add(scheduling.LinkLife))
}

func valuesOf(now situation, public, manage string) map[string]string {
	start := now.facts.StartsAt.In(now.zone)
	return map[string]string{
		"PatientName": now.name, "ClinicName": now.clinic.Name, "ProviderName": now.facts.ProviderName, "ServiceName": now.facts.ServiceName,
		"When": when(now.tongue, start), "Zone": now.tongue.ZoneName(start), "Address": strings.ReplaceAll(now.clinic.Address, "\n", ", "), "ManageURL": manage, "ClinicPhone": now.clinic.Phone,
		"ReviewURL": ReviewPath(manage), "BookURL": public + "/c/" + now.clinic.Slug,
	}
}

func when(t *words.Tongue, start time.Time) string {
	comma := ", "
	if t.Dir() == "rtl" {
		comma = "، "
	}
	return t.LongDate(clock.DateOf(start)) + comma + t.Time(start)
}

// invite is the entry for the patient's calendar. Its UID is the appointment's for life and
// its sequence grows with every change, so that a move moves it and a cancellation takes it
// out. It names the clinic and the practitioner, never the service.
func (s *Service) invite(stamp clock.Instant, r row, now situation, manage string) (*Invite, error) {
	method := Request
	if r.kind == Cancelled {
		method = Cancel
	}
	organizer := now.clinic.Email
	if organizer == "" {
		organizer = s.sender
	}
	ics, err := Invitation{
		UID: r.appointment.String() + "@" + s.host, Sequence: int(now.facts.Sequence), Method: method,
		Start: now.facts.StartsAt.Time(), End: now.facts.EndsAt.Time(), Zone: now.zone,
		Summary: now.tongue.Say("message.calendar", "ClinicName", now.clinic.Name), Location: strings.ReplaceAll(now.clinic.Address, "\n", ", "), Description: now.facts.ProviderName,
		OrganizerName: now.clinic.Name, OrganizerEmail: organizer, AttendeeName: now.name, AttendeeEmail: now.address, Stamp: stamp.Time(), URL: manage,
	}.ICS()
	if err != nil {
		return nil, err
	}
	return &Invite{Method: string(method), ICS: ics}, nil
}

// languages are those of the clinic that the house speaks; English when there is none.
func languages(b *words.Book, c clinics.Clinic) []string {
	var out []string
	for _, l := range c.Languages {
		if b.Speaks(l) && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		out = []string{"en"}
	}
	return out
}
