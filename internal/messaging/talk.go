package messaging

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// CodeWindow is Meta's word for "this person has not written within the window": it is believed over our own clock.
const CodeWindow = "131047"

// What a recipient can touch under a message. The payload is the word and our id of the message: no datum of hers.
const (
	choiceConfirm = "confirm"
	choiceChange  = "change"
	choiceCancel  = "cancel"
)

func choices() []string { return []string{choiceConfirm, choiceChange, choiceCancel} }

const (
	sqlThreadAdd   = `INSERT INTO thread (clinic_id, id, patient_id, last_at, created_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING`
	sqlThreadHeard = `UPDATE thread SET state = CASE WHEN $5 > 0 THEN 'open' ELSE state END, unread = unread + $5, channel = $3,
	wrote_at = CASE WHEN wrote_at > $4 THEN wrote_at ELSE $4 END, last_at = CASE WHEN last_at > $4 THEN last_at ELSE $4 END, version = version + 1 WHERE clinic_id = $1 AND id = $2`
	sqlPostAdd = `INSERT INTO post (clinic_id, id, thread_id, way, kind, channel_id, channel, at, author, message_id, heard_id, patient_id, body, until, theirs)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	sqlAboutFind = `SELECT ` + messageColumns + ` FROM message WHERE clinic_id = $1 AND provider_id = $2 AND provider_id <> '' AND channel_id = $3`
)

// takeIn takes in what somebody wrote or touched: it finds who is meant, notes the line in her conversation, acts on
// STOP, START and the buttons, and leaves everything else to a person. settled is false while the report still
// holds words that nobody keeps and somebody has to read.
func takeIn(tx *store.Tx, channel, heard id.ID, e Event) (settled bool, err error) {
	a, err := account(&tx.View, sqlAccountGet, channel)
	if err != nil {
		return true, err
	}
	about, err := aboutWhat(tx, channel, e)
	if err != nil {
		return true, err
	}
	thread, patient, err := threadFor(tx, a, e, about)
	if err != nil {
		return true, err
	}
	at := e.At
	if at == 0 || at > tx.Now() {
		at = tx.Now()
	}
	if err := meet(tx, channel, thread, patient, e.From, at); err != nil {
		return true, err
	}
	p := post{thread: thread, way: LineIn, account: channel, channel: a.Channel, at: at, patient: patient}
	if a.Channel == SMS { // elsewhere nothing is asked by it, and WhatsApp's hold the writer's number
		p.theirs = e.ProviderID
	}
	unread := int64(0)
	switch said := contact.StopWord(e.Text); {
	case e.Button != "":
		word, _, _ := strings.Cut(e.Button, ":")
		p.kind = "button." + known(word)
		done, err := touched(tx, a, heard, about, word)
		if err != nil {
			return true, err
		}
		if !done { // too late, or about another time: a person has to look
			unread = 1
		}
	case said == contact.SaysStop || said == contact.SaysStart:
		stop := said == contact.SaysStop
		if p.kind = "start"; stop {
			p.kind = "stop"
		}
		changed, asks, err := choose(tx, channel, e, stop)
		if err != nil {
			return true, err
		}
		if asks {
			unread = 1
		}
		if !e.Answered {
			err = answerChoice(tx, a, patient, thread, heard, changed, stop)
		}
		if err != nil {
			return true, err
		}
	default:
		unread = 1
		p.kind = "text"
		if len(e.Media) > 0 {
			kind, _, _ := strings.Cut(e.Media[0].ContentType, "/")
			p.kind = "media." + known(kind)
		}
		x, err := settingFor(&tx.View, patient)
		if err != nil {
			return true, err
		}
		if x.Content == ContentNone || e.Text == "" {
			p.heard = heard
			settled = e.Text == ""
		} else {
			p.body, p.until, settled = e.Text, x.until(at), true
		}
		p.id = tx.NewID()
		if err := p.add(tx); err != nil {
			return true, err
		}
		if err := attach(tx, p, e.Media, x); err != nil {
			return true, err
		}
		_, err = tx.Exec(sqlThreadHeard, thread, string(a.Channel), at, unread)
		tx.Record(audit.Note{Action: "hear", Kind: "thread", Subject: thread, Patient: patient})
		return settled, err
	}
	if err := p.add(tx); err != nil {
		return true, err
	}
	tx.Record(audit.Note{Action: "hear", Kind: "thread", Subject: thread, Patient: patient, New: p.kind})
	_, err = tx.Exec(sqlThreadHeard, thread, string(a.Channel), at, unread)
	return true, err
}

// until is when what was said at a moment is deleted; zero for never by itself.
func (x Setting) until(at clock.Instant) clock.Instant {
	if x.Content != ContentDays {
		return 0
	}
	return at.Add(time.Duration(x.Days) * 24 * time.Hour)
}

// known keeps a word of a provider to the words of the catalogue.
func known(word string) string {
	switch word {
	case choiceConfirm, choiceChange, choiceCancel, "image", "audio", "video", "application":
		return word
	}
	return "other"
}

// post is one line of a conversation that has no message of its own, or an answer's words beside its message.
type post struct {
	id                                               id.ID // made by add when it is zero
	thread, account, author, message, heard, patient id.ID
	way, kind                                        string
	channel                                          Channel
	at                                               clock.Instant
	body                                             string
	theirs                                           string // the provider's id of what was written
	until                                            clock.Instant
}

func (p post) add(tx *store.Tx) error {
	one := p.id
	if one.IsZero() {
		one = tx.NewID()
	}
	sealed, err := tx.Seal(owner(p.patient), "post", "body", one, p.body)
	if err != nil {
		return err
	}
	theirs, err := sealTheirs(tx, p.patient, "post", one, p.theirs)
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlPostAdd, one, p.thread, p.way, p.kind, id.Null(p.account), string(p.channel), p.at, id.Null(p.author), id.Null(p.message), id.Null(p.heard), id.Null(p.patient), sealed, p.until, theirs)
	return err
}

// aboutWhat finds the message of ours that was answered: the one that the provider names, or the one whose button
// was touched, if it went over this account and to where the writer is. Nil when there is none.
func aboutWhat(tx *store.Tx, channel id.ID, e Event) (*row, error) {
	if e.ReplyTo != "" {
		theirs, err := reportToken(&tx.View, channel, e.ReplyTo)
		if err != nil {
			return nil, err
		}
		var r row
		err = r.scan(tx.Row(sqlAboutFind, theirs, channel))
		if err == nil {
			return &r, nil
		}
		if !errors.Is(err, store.ErrNoRows) {
			return nil, err
		}
	}
	if !e.Message.IsZero() { // an answer by mail, to the message's own address, which nobody else was told
		r, found, err := get(&tx.View, e.Message)
		if err != nil || !found || r.account != channel {
			return nil, err
		}
		return &r, nil
	}
	_, text, _ := strings.Cut(e.Button, ":")
	message, err := id.Parse(text)
	if err != nil || message.IsZero() {
		return nil, nil
	}
	r, found, err := get(&tx.View, message)
	if err != nil || !found || r.account != channel {
		return nil, err
	}
	from, err := whoWrote(tx, channel, e)
	if err != nil {
		return nil, err
	}
	people := from.people
	if len(people) == 0 && !from.linked.IsZero() { // her number is on nobody's record: what has the button went to her there
		people = []id.ID{from.linked}
	}
	for _, p := range people {
		if p == r.patient {
			return &r, nil
		}
	}
	return nil, nil
}

// knownPeer is the patient for whom one of the writer's names stood when she last wrote, the conversation, and what was known
// of her then. Neither a number nor the provider's own id tells one of a family that shares a telephone from another.
func knownPeer(v *store.View, channel id.ID, from Sender) (patient, thread id.ID, was Sender, err error) {
	list, err := peers(v, from)
	if err != nil {
		return id.Zero, id.Zero, was, err
	}
	for _, p := range list {
		var sealed []byte
		err := v.Row(sqlPeerGet, channel, p).Scan(&thread, &patient, &sealed)
		if errors.Is(err, store.ErrNoRows) {
			continue
		}
		if err != nil {
			return id.Zero, id.Zero, was, err
		}
		if text, err := v.Unseal(owner(patient), "correspondent", "address", p, sealed); err == nil && text != "" {
			_ = json.Unmarshal([]byte(text), &was)
		}
		return patient, thread, was, nil
	}
	return id.Zero, id.Zero, was, nil
}

// threadFor finds the conversation in which something was written. Whose it is follows from the message that was
// answered, else from the number if it is one patient's alone, else from who wrote from there before. A
// number that a family shares, and one that nobody knows, has a conversation of its own until a person says who is meant.
func threadFor(tx *store.Tx, a Account, e Event, about *row) (thread, patient id.ID, err error) {
	people, err := patients.Reached(&tx.View, contact.Phone(e.From.Phone), contact.Email(e.From.Address))
	if err != nil {
		return id.Zero, id.Zero, err
	}
	before, old, was, err := knownPeer(&tx.View, a.ID, e.From)
	if err == nil && len(people) == 0 && was.Phone != "" { // her number is kept back now; a family may share it all the same
		people, err = patients.Reached(&tx.View, contact.Phone(was.Phone), "")
	}
	if err != nil {
		return id.Zero, id.Zero, err
	}
	switch {
	case about != nil:
		patient = about.patient
	case len(people) == 1:
		patient = people[0]
	case len(people) == 0:
		patient = before
	}
	if !patient.IsZero() {
		thread, err = threadOf(tx, patient)
		return thread, patient, err
	}
	if !old.IsZero() && before.IsZero() {
		return old, id.Zero, nil
	}
	thread = tx.NewID()
	_, err = tx.Exec(sqlThreadAdd, thread, nil, tx.Now())
	return thread, id.Zero, err
}

// threadOf is the patient's conversation; it is begun when there is none.
func threadOf(tx *store.Tx, patient id.ID) (id.ID, error) {
	for range 2 {
		var one id.ID
		err := tx.Row(sqlPeerThread, patient).Scan(&one)
		if !errors.Is(err, store.ErrNoRows) {
			return one, err
		}
		if _, err := tx.Exec(sqlThreadAdd, tx.NewID(), patient, tx.Now()); err != nil {
			return id.Zero, err
		}
	}
	return id.Zero, fault.New(fault.Conflict, "fault.changed_meanwhile")
}

// touched acts on a button. done is false when it came too late to act on: the appointment has changed since, or is over.
func touched(tx *store.Tx, a Account, heard id.ID, about *row, word string) (done bool, err error) {
	if about == nil || about.kind.Talk() {
		return false, nil
	}
	f, err := scheduling.FactsOf(&tx.View, about.appointment)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if f.Occurrence != about.occurrence || f.StartsAt <= tx.Now() || !f.Status.Ahead() {
		return false, nil
	}
	switch word {
	case choiceConfirm:
		return scheduling.Answer(tx, f.ID, about.occurrence, scheduling.Confirmed)
	case choiceCancel:
		return scheduling.Answer(tx, f.ID, about.occurrence, scheduling.Cancelled)
	case choiceChange:
		_, err := Send(tx, Letter{Patient: about.patient, Appointment: f.ID, Occurrence: f.Occurrence, Rule: heard, Kind: ChangeAsked, Channel: a.Channel, StartsAt: f.StartsAt, Provider: f.Provider})
		return true, err
	}
	return false, nil
}

// answerChoice says once, where it was asked, that STOP or START was heard; saying it again changes nothing and is
// answered with nothing. One answer goes out, however many are reached there.
func answerChoice(tx *store.Tx, a Account, patient, thread, heard id.ID, changed []id.ID, stop bool) error {
	if len(changed) == 0 {
		return nil
	}
	kind := StartHeard
	if stop {
		kind = StopHeard
	}
	if patient.IsZero() { // a family's number: any of them is reached there
		patient = changed[0]
	}
	_, err := Send(tx, Letter{Patient: patient, Appointment: thread, Rule: heard, Kind: kind, Channel: a.Channel})
	return err
}

// renamed notes that a person has a new number or a new id: what is written from there is hers.
func renamed(tx *store.Tx, channel id.ID, e Event) error {
	patient, thread, _, err := knownPeer(&tx.View, channel, e.From)
	if err != nil || thread.IsZero() {
		return err
	}
	now := e.From
	switch e.Name {
	case "user_id":
		now.UserID = e.Text
	default:
		now.Phone = e.Text
	}
	return meet(tx, channel, thread, patient, now, 0)
}

// windowClosed notes that the provider says that the window has closed, whatever our own clock says.
func windowClosed(tx *store.Tx, channel, patient id.ID) error {
	var thread id.ID
	err := tx.Row(sqlPeerThread, patient).Scan(&thread)
	if errors.Is(err, store.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlPeerClosed, channel, thread, tx.Now())
	return err
}

// composeTalk writes what belongs to a conversation: the answer to STOP or START, and the text that opens it again.
func (s *Service) composeTalk(r row, now situation, p Passport, approved *Approval) (Outgoing, Passport, error) {
	out := Outgoing{ID: r.id, Channel: r.channel, To: now.address, ToUser: now.user, ToName: now.name, FromName: now.clinic.Name, ReplyTo: now.clinic.Email, Language: now.tongue.Lang()}
	values := map[string]string{"PatientName": now.name, "ClinicName": now.clinic.Name, "ClinicPhone": now.clinic.Phone}
	x := house(now.tongue, r.kind, r.channel)
	if approved != nil {
		now.tongue = s.book.Tongue(approved.Language)
		x, out.Language, p.Template = Text{Body: approved.Body}, approved.Language, approved.Version
		out.Call = approved.call(values, r.kind, r.id)
	}
	filled := fill(x, values, now.tongue, nil)
	out.Subject, out.Text, out.HTML = filled.Subject, filled.Text, filled.HTML
	p.Language, p.Fields, p.Consent = out.Language, append(filled.Fields, "Recipient"), now.consent
	return out, p, nil
}
