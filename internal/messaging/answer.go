package messaging

import (
	"context"
	"errors"
	"fmt"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlAnswerAdd = `INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, passport, state, send_at, state_at, created_at, sender, attempts, channel_id, template)
	VALUES ($1, $2, $3, $4, 0, $5, $6, $7, 0, $4, $8, $9, $10, 'sending', $11, $11, $11, $12, 1, $13, $14)
	ON CONFLICT (clinic_id, appointment_id, occurrence, rule_id, channel) DO NOTHING`
	sqlTemplateAt    = `SELECT subject, body FROM template WHERE clinic_id = $1 AND kind = $2 AND channel = $3 AND language = $4 AND version = $5`
	sqlPostByMessage = `SELECT id FROM post WHERE clinic_id = $1 AND message_id = $2`
	sqlPostBody      = `UPDATE post SET body = $4, until = $5 WHERE clinic_id = $1 AND thread_id = $2 AND message_id = $3`
	sqlThreadSpoke   = `UPDATE thread SET state = 'open', channel = CASE WHEN last_at > $4 THEN channel ELSE $3 END, last_at = CASE WHEN last_at > $4 THEN last_at ELSE $4 END, version = version + 1 WHERE clinic_id = $1 AND id = $2`
	sqlThreadLeft    = `UPDATE thread SET unread = $3 WHERE clinic_id = $1 AND id = $2 AND unread > $3`
	sqlPostShown     = `SELECT COUNT(*) FROM post WHERE clinic_id = $1 AND thread_id = $2 AND id = $3 AND way = 'in'`
	sqlPostLater     = `SELECT COUNT(*) FROM post WHERE clinic_id = $1 AND thread_id = $2 AND id > $3 AND way = 'in' AND kind <> 'stop'`
)

// How an answer fared, when it did not simply go.
var (
	errWindow = fault.New(fault.Conflict, "fault.inbox.window")
	errLater  = fault.New(fault.Conflict, "fault.inbox.later")
)

// uncertain says that an answer may have gone; why is what kept it from being written down, nil for nothing.
func (s *Service) uncertain(why error) error {
	if why != nil {
		s.log.Error("what became of an answer could not be written down", "error", why)
	}
	return fault.New(fault.Conflict, "fault.inbox.uncertain").Because(why)
}

func errRefused(code string) error {
	return fault.New(fault.Conflict, "fault.inbox.refused").With("Code", code)
}

// Answer sends an answer now. Its words are with this call alone until it has gone: a clinic that keeps no content
// has none of it anywhere. What went wrong comes back as a fault: a wrong field "text" or "channel"; fault.Conflict
// "fault.inbox.window" when the window has closed (the thread then offers the template), "fault.inbox.refused" when
// the provider refused it, "fault.inbox.later" when it cannot take it just now: nothing was sent. "fault.inbox.uncertain"
// when it may have gone; it then stands among the messages that a person decides about. "fault.inbox.restricted" when the
// patient stopped every use of her data.
func (s *Service) Answer(ctx context.Context, who access.Caller, one id.ID, d AnswerDraft) (Line, error) {
	var line Line
	if !d.Template {
		text, err := checkText(d.Text, MaxAnswer)
		if err != nil {
			return line, err
		}
		d.Text = text
	}
	s.fresh()
	var out Outgoing
	var via Carrier
	var a attempt
	err := s.db.Change(ctx, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) (err error) {
		line, out, via, a = Line{}, Outgoing{}, nil, attempt{}
		x, err := thread(&tx.View, one)
		if err != nil {
			return err
		}
		if x.Patient.IsZero() {
			return fault.New(fault.Conflict, "fault.inbox.unlinked")
		}
		line, out, via, a, err = s.begin(tx, x, d)
		return err
	})
	if err != nil || via == nil { // nil: it was sent before
		return line, err
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	receipt := via.Send(limited, out, func() error { return s.handOver(limited, who, a) })
	settled := context.WithoutCancel(ctx)                      // what the provider said is written down, though it may have used up the time for sending
	if receipt.Outcome == Later || receipt.Outcome == Broken { // nobody waits to send it anew: the words are in the form
		if err := s.finish(settled, who, a, Receipt{Outcome: Refused, Code: receipt.Code}); err != nil {
			return line, err
		}
		if receipt.Outcome == Broken {
			if err := s.paused(settled, who, a, receipt); err != nil {
				return line, err
			}
		}
		return line, errLater
	}
	receipt.Elsewhere = false
	gone := receipt.Outcome == Accepted || receipt.Outcome == Uncertain
	if err := s.finish(settled, who, a, receipt); err != nil {
		if gone { // whatever fails from here on, the same words must not be offered as another answer
			err = s.uncertain(err)
		}
		return line, err
	}
	switch {
	case receipt.Outcome == Uncertain:
		return line, s.uncertain(nil)
	case receipt.Outcome == Refused && receipt.Code == CodeWindow:
		err := s.db.Change(settled, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("the provider's word about the window")
			return windowClosed(tx, a.account, a.patient)
		})
		return line, errors.Join(errWindow, err)
	case receipt.Outcome == Refused:
		return line, errRefused(codeOnly(receipt.Code))
	}
	line.State = Sent
	if err := s.keepWords(settled, who, one, line, d); err != nil {
		return line, s.uncertain(err)
	}
	return line, nil
}

// begin writes the answer down as being with this process, and makes what is handed over.
func (s *Service) begin(tx *store.Tx, x Summary, d AnswerDraft) (line Line, out Outgoing, via Carrier, a attempt, err error) {
	fail := func(err error) (Line, Outgoing, Carrier, attempt, error) {
		return Line{}, Outgoing{}, nil, attempt{}, err
	}
	ok, why, err := consent.May(&tx.View, x.Patient, consent.Booking, string(d.Channel))
	if err == nil && !ok {
		err = fault.New(fault.Conflict, "fault.inbox.restricted")
	}
	if err != nil {
		return fail(err)
	}
	people, err := correspondents(&tx.View, x.ID)
	if err != nil {
		return fail(err)
	}
	open, err := s.routesOf(&tx.View, x.Patient, people)
	if err != nil {
		return fail(err)
	}
	route := Route{Reason: RoutePaused}
	for _, r := range open {
		if r.Channel == d.Channel {
			route = r
		}
	}
	switch {
	case route.Channel == "":
		var f fault.Fields
		f.Add("channel", "field.required")
		return fail(f.Err())
	case route.Reason == RoutePaused:
		return fail(fault.New(fault.Conflict, "fault.inbox.paused"))
	case !d.Template && !route.Free:
		return fail(errWindow)
	case d.Template && route.Template == "":
		return fail(errWindow)
	}
	round := NewRound(&tx.View)
	carrier, own, held, err := s.way(tx, round, d.Channel)
	if err != nil || held != "" || carrier == nil {
		return fail(errors.Join(err, fault.New(fault.Conflict, "fault.inbox.paused")))
	}
	if no, err := s.barred(round, carrier, own); err != nil || no != "" {
		return fail(errors.Join(err, fault.New(fault.Conflict, "fault.outside."+no)))
	}
	now := situation{consent: why}
	now, reason, err := s.person(round, row{patient: x.Patient, channel: d.Channel, kind: Answered}, now)
	if err == nil && reason != "" {
		err = errRefused(reason)
	}
	if err != nil {
		return fail(err)
	}
	kind := Answered
	p := Passport{Purpose: consent.Booking, Basis: string(consent.Necessity), Consent: why, Rule: tx.Caller().Actor(), Channel: d.Channel, QuietVerdict: VerdictNotAsked}
	r := row{id: tx.NewID(), patient: x.Patient, appointment: x.ID, channel: d.Channel, kind: kind}
	if d.Template {
		r.kind = Reopening
		text, err := approved(round, own.ID, Reopening, append([]string{now.tongue.Lang()}, languages(s.book, now.clinic)...))
		if err != nil || text == nil {
			return fail(errors.Join(err, errWindow))
		}
		if out, p, err = s.composeTalk(r, now, p, text); err != nil {
			return fail(err)
		}
		d.Text = out.Text
	} else {
		out = Outgoing{ID: r.id, Channel: d.Channel, To: now.address, ToUser: now.user, ToName: now.name, FromName: now.clinic.Name, ReplyTo: now.clinic.Email, Language: now.tongue.Lang(),
			Subject: now.tongue.Say("message.answer.subject", "ClinicName", now.clinic.Name), Text: d.Text + "\n"}
		out.HTML = fill(Text{Subject: out.Subject, Body: d.Text}, nil, now.tongue, nil).HTML
		p.Language, p.Fields = now.tongue.Lang(), []string{"Recipient", "Text"}
	}
	p.Kind = r.kind
	if out.Via = own; own != nil {
		out.From = own.Sender
	}
	// The key of the form is the rule of the message: pressing twice sends once.
	key, err := token(&tx.View, vault.IndexReport, "answer "+tx.Caller().Actor().String()+" "+d.Key)
	if err != nil {
		return fail(err)
	}
	if d.Key == "" {
		key = r.id
	}
	p.IdempotencyKey = fmt.Sprintf("%s/0/%s/%s", x.ID, key, d.Channel)
	sealed, err := sealPassport(tx, x.Patient, r.id, p)
	if err != nil {
		return fail(err)
	}
	add := func() (int64, error) {
		return tx.Exec(sqlAnswerAdd, r.id, x.Patient, x.ID, key, string(r.kind), string(d.Channel), string(p.Purpose), p.Language, sealed, tx.Now(), s.process, id.Null(out.account()), p.Template)
	}
	n, err := add()
	if err != nil {
		return fail(err)
	}
	if n == 0 {
		var there id.ID
		if err := tx.Row(sqlMessageOnce, x.ID, 0, key, string(d.Channel)).Scan(&there); err != nil {
			return fail(err)
		}
		was, _, err := get(&tx.View, there)
		if err != nil {
			return fail(err)
		}
		if was.state != Rejected { // it has gone, or may have
			tx.Housekeeping("this answer was sent before")
			return Line{Way: LineOut, Channel: d.Channel, At: tx.Now(), Message: there}, Outgoing{}, nil, attempt{}, nil
		}
		key = r.id // the first try did not go: this is another
		if n, err = add(); err != nil || n == 0 {
			return fail(errors.Join(err, errLater))
		}
	}
	tx.DueBy(tx.Now() + InFlight)
	tx.Record(audit.Note{Action: "answer", Kind: "thread", Subject: x.ID, Patient: x.Patient, New: map[string]any{"message": r.id, "channel": d.Channel, "template": d.Template}})
	if err := step(tx, r.id, Sending, carrier.Name()); err != nil {
		return fail(err)
	}
	line = Line{ID: tx.NewID(), Way: LineOut, Kind: "text", Channel: d.Channel, At: tx.Now(), Author: tx.Caller().Actor(), Text: d.Text, Kept: true, Message: r.id, State: Sending}
	err = post{id: line.ID, thread: x.ID, way: LineOut, kind: "text", account: out.account(), channel: d.Channel, at: tx.Now(), author: tx.Caller().Actor(), message: r.id, patient: x.Patient}.add(tx)
	return line, out, carrier, attempt{r.id, x.Patient, 1, s.process, out.account(), access.InboxWrite, nil, 0}, err
}

// keepWords notes that the conversation was answered: what only waited to be read is deleted, and the answer's
// words are kept only where the clinic keeps content. What was written meanwhile was not answered: it waits on, unread.
func (s *Service) keepWords(ctx context.Context, who access.Caller, one id.ID, line Line, d AnswerDraft) error {
	return s.db.Change(ctx, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("the conversation was answered, which is recorded with the answer")
		x, err := thread(&tx.View, one)
		if err != nil {
			return err
		}
		// First, so that nobody can write between the count and its use: whoever takes a line in changes this row as well.
		if _, err := tx.Exec(sqlThreadSpoke, one, string(d.Channel), line.At); err != nil {
			return err
		}
		answered, here, later := d.Shown, 0, 0
		if err := tx.Row(sqlPostShown, one, answered).Scan(&here); err != nil {
			return err
		}
		if here == 0 { // nobody said what was shown: what was there when the answer began
			answered = line.ID
		}
		if err := tx.Row(sqlPostLater, one, answered).Scan(&later); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlThreadLeft, one, later); err != nil {
			return err
		}
		if err := forgetHeard(tx, one, answered); err != nil {
			return err
		}
		set, err := settingFor(&tx.View, x.Patient)
		if err != nil || set.Content == ContentNone {
			return err
		}
		var post id.ID
		if err := tx.Row(sqlPostByMessage, line.Message).Scan(&post); err != nil {
			return err
		}
		sealed, err := tx.Seal(x.Patient, "post", "body", post, line.Text)
		if err != nil {
			return err
		}
		_, err = tx.Exec(sqlPostBody, one, line.Message, sealed, set.until(line.At))
		return err
	})
}

// paused pauses an account that the provider refused while somebody answered.
func (s *Service) paused(ctx context.Context, who access.Caller, a attempt, receipt Receipt) error {
	if a.account.IsZero() {
		return nil
	}
	return s.db.Change(ctx, who, access.InboxWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("an account is paused, which records itself")
		return broken(tx, a.account, codeOnly(receipt.Code))
	})
}

// again renders what rules sent once more from its template, for the conversation's page: nothing of it was kept. The
// links that it held are left out; they were for the patient. At most the last fifty lines are rendered.
func (s *Service) again(v *store.View, out *Thread, sent []row) error {
	c, err := clinics.Get(v)
	if err != nil {
		return err
	}
	texts := map[id.ID]string{}
	for _, r := range sent[:min(len(sent), 50)] {
		if r.language == "" || !s.book.Speaks(r.language) {
			continue
		}
		t := s.book.Tongue(r.language)
		x := house(t, r.kind, r.channel)
		if r.template > 0 {
			err := v.Row(sqlTemplateAt, string(r.kind), string(r.channel), r.language, r.template).Scan(&x.Subject, &x.Body)
			if err != nil && !errors.Is(err, store.ErrNoRows) {
				return err
			}
		}
		now := situation{clinic: c, zone: c.Location(), tongue: t, name: out.Name.Text}
		if r.kind == SecurityTold || r.kind == PrivacyCode { // its text is the incident's, or holds a code
			continue
		}
		if !r.kind.Talk() && !r.kind.alone() {
			f, err := scheduling.FactsOf(v, r.appointment)
			if missing(err) {
				continue
			}
			if err != nil {
				return err
			}
			f.StartsAt = r.starts
			now.facts = f
		}
		values := valuesOf(now, "…", "…")
		for _, name := range []string{"ManageURL", "ReviewURL", "BookURL", "PaperURL"} {
			values[name] = "…"
		}
		texts[r.id] = fill(x, values, t, nil).Text
	}
	for i := range out.Lines {
		l := &out.Lines[i]
		if text, ok := texts[l.Message]; ok && l.Way == LineAuto {
			l.Text, l.Again = text, true
		}
	}
	return nil
}
