package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The kinds of mails about accounts.
const (
	mailVerify     = "verify"
	mailKnown      = "known" // somebody signed up with an address that has an account
	mailReset      = "reset"
	mailInvitation = "invitation"
)

// letter is what waits in outgoing_mail, sealed. Where the mail goes to a person, her address and name are read from her own
// row when it is sent, so that they go when she goes.
type letter struct {
	Kind     string        `json:"kind"`
	Link     string        `json:"link"` // path and query on our own site
	Language string        `json:"language,omitempty"`
	To       string        `json:"to,omitempty"`     // of an invitation
	Clinic   string        `json:"clinic,omitempty"` // its name
	By       string        `json:"by,omitempty"`     // name of who invites
	Role     string        `json:"role,omitempty"`
	Device   string        `json:"device,omitempty"` // browser and system of a sign-in
	At       clock.Instant `json:"at,omitempty"`     // when it happened
	Head     string        `json:"head,omitempty"`   // of the audit log
	Title    string        `json:"title,omitempty"`  // of a letter of a list: what it is about
	Words    string        `json:"words,omitempty"`  // and what it says
}

// The states of a mail. A dead sender's "sending" is planned again; its "handing-over" becomes "uncertain", because the provider may
// have it, and a person who waits asks for another.
const (
	mailPlanned   = "planned"
	mailSending   = "sending"
	mailHanding   = "handing-over"
	mailSent      = "sent"
	mailRefused   = "refused"
	mailUncertain = "uncertain"
	mailVoid      = "void" // never to be sent: the answer to whoever asked had to look the same
)

// What a Carrier answers. The words are those of messaging, which stands to the right of this room.
const (
	Accepted  = "accepted"
	Refused   = "refused"
	Later     = "later"
	Uncertain = "uncertain"
)

// Carrier carries one mail. It calls handOver once, immediately before the step after which the provider may have the mail; when
// that fails it breaks off and answers Later. It answers one of Accepted, Refused, Later, Uncertain.
type Carrier interface {
	Send(ctx context.Context, to, subject, text, html string, mail id.ID, handOver func() error) (outcome string)
}

const (
	mailLease = 5 * time.Minute // a sender that has not settled a mail by then is taken for dead
	mailTries = 10
	mailLife  = 24 * time.Hour // then the link in it is dead anyway; an invitation's mail waits no longer either

	// A notice tells somebody what she was promised to be told, and is as true after a mail server stood still for days: no count of tries ends it.
	noticeLife  = keepMails
	noticeEvery = time.Hour // at most between two tries
)

// ageing are the kinds of mails that hold a link which is worth nothing after a while, or answer like one that does. All others are notices.
var ageing = map[string]bool{mailVerify: true, mailKnown: true, mailReset: true, mailInvitation: true, mailHelper: true}

// lifeOf is how long a mail of the kind may wait before it is not sent any more.
func lifeOf(kind string) time.Duration {
	if ageing[kind] {
		return mailLife
	}
	return noticeLife
}

// againIn is when a mail of the kind is tried again after so many tries; false when it is given up.
func againIn(kind string, tries int64) (time.Duration, bool) {
	wait := time.Duration(tries*tries) * time.Minute
	if ageing[kind] {
		return wait, tries < mailTries
	}
	return min(wait, noticeEvery), true
}

const (
	sqlMailAdd   = `INSERT INTO outgoing_mail (id, person_id, kind, body, state, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlMailDue   = `SELECT id, attempts FROM outgoing_mail WHERE state = 'planned' AND due_at <= $1 ORDER BY due_at, id LIMIT $2`
	sqlMailTake  = `UPDATE outgoing_mail SET state = 'sending', attempts = attempts + 1, due_at = $3 WHERE id = $1 AND attempts = $2 AND state = 'planned'`
	sqlMailGet   = `SELECT person_id, body, created_at FROM outgoing_mail WHERE id = $1`
	sqlMailHand  = `UPDATE outgoing_mail SET state = 'handing-over', due_at = $3 WHERE id = $1 AND attempts = $2 AND state = 'sending'`
	sqlMailDone  = `UPDATE outgoing_mail SET state = $3, body = $4, due_at = $5 WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'handing-over')`
	sqlMailAgain = `UPDATE outgoing_mail SET state = 'planned', due_at = $3 WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'handing-over')`
	sqlMailBack  = `UPDATE outgoing_mail SET state = 'planned', due_at = $1 WHERE state = 'sending' AND due_at <= $1`
	sqlMailLost  = `UPDATE outgoing_mail SET state = 'uncertain', body = $2, due_at = $1 WHERE state = 'handing-over' AND due_at <= $1`
)

// plan writes a mail for the courier, in the passage that is its reason. silent writes the same row and sends nothing.
func plan(p *store.Platform, person id.ID, m letter, silent bool) error {
	mail := p.NewID()
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	body, err := p.Seal(ownData, "outgoing_mail", "body", mail, string(text))
	if err != nil {
		return err
	}
	state := mailPlanned
	if silent {
		state = mailVoid
	}
	_, err = p.Exec(sqlMailAdd, mail, id.Null(person), m.Kind, body, state, p.Now(), p.Now())
	return err
}

// SendDue sends what is due, one mail after the other, at most limit of them, and answers how many a provider accepted. who is the
// system. It also takes care of what dead senders left. It fails only when the database does; a mail that does not go is no failure.
func (s *Service) SendDue(ctx context.Context, who access.Caller, c Carrier, limit int) (int, error) {
	type due struct {
		id    id.ID
		tries int64
	}
	var list []due
	err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("what a dead sender left")
		if _, err := p.Exec(sqlMailBack, p.Now()); err != nil {
			return err
		}
		if _, err := p.Exec(sqlMailLost, p.Now(), []byte{}); err != nil {
			return err
		}
		list = nil
		rows, err := p.Query(sqlMailDue, p.Now(), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d due
			if err := rows.Scan(&d.id, &d.tries); err != nil {
				return err
			}
			list = append(list, d)
		}
		return rows.Err()
	})
	if err != nil {
		return 0, err
	}
	sent := 0
	for _, d := range list {
		if ctx.Err() != nil {
			return sent, ctx.Err()
		}
		ok, err := s.sendOne(ctx, who, c, d.id, d.tries)
		if err != nil {
			return sent, err
		}
		if ok {
			sent++
		}
	}
	return sent, nil
}

// sendOne takes one mail, hands it to the carrier outside every passage, and settles what became of it.
func (s *Service) sendOne(ctx context.Context, who access.Caller, c Carrier, mail id.ID, tries int64) (bool, error) {
	var m letter
	var to Person
	mine, readable := false, false
	tryNo := tries + 1 // tells our taking from everybody else's
	err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a mail is taken by its sender")
		mine, readable, m, to = false, false, letter{}, Person{}
		n, err := p.Exec(sqlMailTake, mail, tries, p.Now().Add(mailLease))
		if err != nil || n != 1 {
			return err
		}
		mine = true
		var person id.ID
		var body []byte
		var created clock.Instant
		if err := p.Row(sqlMailGet, mail).Scan(&person, &body, &created); err != nil {
			return err
		}
		text, err := p.Unseal(ownData, "outgoing_mail", "body", mail, body)
		if err != nil && !errors.Is(err, vault.ErrForged) {
			return err
		}
		if err != nil || json.Unmarshal([]byte(text), &m) != nil {
			return nil // a mail that cannot be read is refused below
		}
		to.Email, to.Language = m.To, m.Language
		if !person.IsZero() {
			to, err = readPerson(p, person, false)
			if errors.Is(err, store.ErrNoRows) || errors.Is(err, vault.ErrShredded) || errors.Is(err, vault.ErrForged) {
				return nil // a person who is gone gets no mail
			}
			if err != nil {
				return err
			}
			if to.Language == "" {
				to.Language = m.Language
			}
			if wanted, err := wants(p, person, m.Kind); err != nil || !wanted {
				return err
			}
		}
		readable = p.Now().Sub(created) < lifeOf(m.Kind)
		return nil
	})
	if err != nil || !mine {
		return false, err
	}
	outcome, handed := Refused, false
	if readable {
		subject, text, page := s.write(m, to)
		outcome = c.Send(ctx, to.Email, subject, text, page, mail, func() error {
			err := s.handOver(ctx, who, mail, tryNo)
			handed = handed || err == nil
			return err
		})
	}
	switch outcome {
	case Accepted, Refused, Later, Uncertain:
	default: // an answer that we do not know
		outcome = Later
		if handed {
			outcome = Uncertain
		}
	}
	return outcome == Accepted, s.settle(context.WithoutCancel(ctx), who, mail, m.Kind, tryNo, outcome)
}

func (s *Service) handOver(ctx context.Context, who access.Caller, mail id.ID, tryNo int64) error {
	return s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("from here on the provider may have the mail")
		return p.Must(sqlMailHand, mail, tryNo, p.Now().Add(mailLease))
	})
}

// settle writes what became of a mail. Its body, with the link, goes at once unless it is tried again.
func (s *Service) settle(ctx context.Context, who access.Caller, mail id.ID, kind string, tryNo int64, outcome string) error {
	return s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("what became of a mail")
		state := map[string]string{Accepted: mailSent, Refused: mailRefused, Uncertain: mailUncertain}[outcome]
		if outcome == Later {
			if wait, again := againIn(kind, tryNo); again {
				_, err := p.Exec(sqlMailAgain, mail, tryNo, p.Now().Add(wait))
				return err
			}
			state = mailRefused
		}
		_, err := p.Exec(sqlMailDone, mail, tryNo, state, []byte{}, p.Now())
		return err
	})
}

// write makes the mail's subject, its text and its page.
func (s *Service) write(m letter, to Person) (subject, text, page string) {
	t := s.o.Book.Tongue(to.Language)
	args := []any{"Product", s.o.Product, "Name", to.Name, "Clinic", m.Clinic, "By", m.By, "Head", m.Head, "Title", m.Title, "Words", m.Words}
	if m.At > 0 {
		args = append(args, "At", m.At.Time().UTC().Format("2006-01-02 15:04")+" UTC", "Device", m.Device)
	}
	if m.Role != "" {
		args = append(args, "Role", t.Say("account.role."+m.Role))
	}
	say := func(part string) string { return t.Say("account.mail."+m.Kind+"."+part, args...) }
	subject = say("subject")
	link := s.o.PublicURL + m.Link
	before, label, after := say("text"), say("link"), say("after")

	text = before + "\n\n" + label + ":\n" + link + "\n\n" + after + "\n\n" + s.o.Product + "\n"
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html lang="` + t.Lang() + `" dir="` + t.Dir() + `"><head><meta charset="utf-8"><title>` + html.EscapeString(subject) + `</title></head><body>`)
	b.WriteString(`<p>` + html.EscapeString(before) + `</p><p><a href="` + html.EscapeString(link) + `">` + html.EscapeString(label) + `</a></p>`)
	b.WriteString(`<p>` + html.EscapeString(after) + `</p><p>` + html.EscapeString(s.o.Product) + `</p></body></html>`)
	return subject, text, b.String()
}
