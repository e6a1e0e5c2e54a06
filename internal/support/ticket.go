package support

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The kinds of tickets.
const (
	Question = "question"
	Missing  = "wish" // what is missing
)

// The states of a ticket.
const (
	Open     = "open"     // support is to answer
	Answered = "answered" // the clinic is to read
	Closed   = "closed"
)

const (
	longestSubject = 120
	longestWords   = 4000
	mostOpen       = 50 // open tickets of one clinic
)

const (
	ticketColumns = `id, clinic_id, person_id, kind, subject, page, state, opened_at, changed_at, version`

	sqlTicketAdd    = `INSERT INTO ticket (id, clinic_id, person_id, kind, subject, page, state, opened_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $7)`
	sqlTicketGet    = `SELECT ` + ticketColumns + ` FROM ticket WHERE id = $1`
	sqlTicketClinic = `SELECT ` + ticketColumns + ` FROM ticket WHERE clinic_id = $1 ORDER BY changed_at DESC, id DESC LIMIT $2`
	sqlTicketOf     = `SELECT ` + ticketColumns + ` FROM ticket WHERE clinic_id = $1 AND person_id = $2 ORDER BY changed_at DESC, id DESC LIMIT $3`
	sqlTicketState  = `SELECT ` + ticketColumns + ` FROM ticket WHERE state = $1 ORDER BY changed_at, id LIMIT $2`
	sqlTicketMove   = `UPDATE ticket SET state = $2, changed_at = $3, version = version + 1 WHERE id = $1`
	sqlTicketCount  = `SELECT COUNT(*) FROM ticket WHERE clinic_id = $1 AND state <> 'closed'`
	sqlTicketOld    = `SELECT id FROM ticket WHERE state = 'closed' AND changed_at <= $1 OR changed_at < $2 ORDER BY id LIMIT 200`
	sqlTicketForget = `DELETE FROM ticket WHERE id = $1`
	sqlLineAdd      = `INSERT INTO ticket_line (id, ticket_id, person_id, from_us, words, said_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlLineList     = `SELECT id, person_id, from_us, words, said_at FROM ticket_line WHERE ticket_id = $1 ORDER BY said_at, id`
	sqlLineForget   = `DELETE FROM ticket_line WHERE ticket_id = $1`
)

// Ticket is what a person of a clinic wrote to support.
type Ticket struct {
	ID       id.ID
	Clinic   id.ID
	Person   id.ID
	Kind     string
	Subject  string // empty when the key of who wrote it is gone
	Page     string // the page that it came from, without ids; empty: none
	State    string
	OpenedAt clock.Instant
	ChangeAt clock.Instant
	Version  int64
}

// Line is one thing that was said in a ticket.
type Line struct {
	ID     id.ID
	Person id.ID
	FromUs bool // support said it
	Words  string
	At     clock.Instant
}

// Letter is a new ticket as it was typed.
type Letter struct{ Kind, Subject, Words, Page string }

func (l *Letter) check() error {
	var f fault.Fields
	l.Subject = strings.Join(strings.Fields(l.Subject), " ")
	if l.Kind != Question && l.Kind != Missing {
		f.Add("kind", "field.kind.needed")
	}
	if l.Subject == "" {
		f.Add("subject", "field.subject.needed")
	} else if utf8.RuneCountInString(l.Subject) > longestSubject {
		f.AddWith("subject", "field.subject.long", map[string]any{"Most": longestSubject})
	}
	checkWords(&l.Words, &f)
	l.Page = page(l.Page)
	return f.Err()
}

func checkWords(words *string, f *fault.Fields) {
	*words = strings.TrimSpace(strings.ReplaceAll(*words, "\r\n", "\n"))
	switch n := utf8.RuneCountInString(*words); {
	case n == 0 || !utf8.ValidString(*words):
		f.Add("words", "field.words.needed")
	case n > longestWords:
		f.AddWith("words", "field.words.long", map[string]any{"Most": longestWords})
	}
}

var (
	ownPath = regexp.MustCompile(`^/app(/[a-z0-9-]{1,40}){0,6}$`)
	anID    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// page is the path of one of our pages without the ids in it, which are somebody's; what is no such path is none.
func page(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if !ownPath.MatchString(path) {
		return ""
	}
	return anID.ReplaceAllString(path, "-")
}

func scanTicket(p *store.Platform, rows interface{ Scan(...any) error }) (Ticket, error) {
	var t Ticket
	var subject []byte
	if err := rows.Scan(&t.ID, &t.Clinic, &t.Person, &t.Kind, &subject, &t.Page, &t.State, &t.OpenedAt, &t.ChangeAt, &t.Version); err != nil {
		return t, err
	}
	var err error
	t.Subject, err = p.Unseal(t.Person, "ticket", "subject", t.ID, subject)
	if errors.Is(err, vault.ErrShredded) || errors.Is(err, vault.ErrForged) {
		t.Subject, err = "", nil
	}
	return t, err
}

func tickets(p *store.Platform, text string, args ...any) ([]Ticket, error) {
	rows, err := p.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Ticket
	for rows.Next() {
		t, err := scanTicket(p, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// allOf says whether the caller sees all tickets of her clinic; others see their own.
func allOf(who access.Caller) bool { return who.Role() == access.Owner || who.Role() == access.Manager }

// ofPlatform says whether the caller is somebody of the platform, outside every clinic.
func ofPlatform(who access.Caller) bool {
	return who.Clinic().IsZero() && (who.Role() == access.Support || who.Role() == access.Operator)
}

// readTicket finds a ticket that the caller may see; fault.NotFound for every other.
func readTicket(p *store.Platform, who access.Caller, one id.ID) (Ticket, error) {
	list, err := tickets(p, sqlTicketGet, one)
	if err != nil {
		return Ticket{}, err
	}
	if len(list) == 0 {
		return Ticket{}, fault.Missing()
	}
	t := list[0]
	if ofPlatform(who) || !who.Clinic().IsZero() && t.Clinic == who.Clinic() && (allOf(who) || t.Person == who.Actor()) {
		return t, nil
	}
	return Ticket{}, fault.Missing()
}

func addLine(p *store.Platform, t Ticket, person id.ID, fromUs bool, words string) error {
	one := p.NewID()
	sealed, err := p.Seal(t.Person, "ticket_line", "words", one, words)
	if errors.Is(err, vault.ErrShredded) {
		return fault.New(fault.Conflict, "fault.ticket_sealed")
	}
	if err != nil {
		return err
	}
	_, err = p.Exec(sqlLineAdd, one, t.ID, person, fromUs, sealed, p.Now())
	return err
}

// Write opens a ticket. fault.Invalid names wrong fields; fault.TooMany when the clinic has too many open ones.
func (s *Service) Write(ctx context.Context, who access.Caller, l Letter) (one id.ID, err error) {
	if who.Clinic().IsZero() || !who.Role().IsStaff() {
		return id.Zero, fault.New(fault.Forbidden, "fault.forbidden")
	}
	if err := l.check(); err != nil {
		return id.Zero, err
	}
	err = s.db.Across(ctx, who, access.PlatformTicket, func(_ context.Context, p *store.Platform) error {
		var n int64
		if err := p.Row(sqlTicketCount, who.Clinic()).Scan(&n); err != nil {
			return err
		}
		if n >= mostOpen {
			return fault.New(fault.TooMany, "fault.too_many_tickets")
		}
		t := Ticket{ID: p.NewID(), Person: who.Actor()}
		one = t.ID
		subject, err := p.Seal(t.Person, "ticket", "subject", t.ID, l.Subject)
		if err != nil {
			return err
		}
		if _, err := p.Exec(sqlTicketAdd, t.ID, who.Clinic(), t.Person, l.Kind, subject, l.Page, p.Now()); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "write-to-support", Kind: "ticket", Subject: t.ID})
		return addLine(p, t, who.Actor(), false, l.Words)
	})
	return one, err
}

// Tickets are those that the caller may see: of her clinic all when she leads it, else her own. The last changed come first.
func (s *Service) Tickets(ctx context.Context, who access.Caller) (out []Ticket, err error) {
	err = s.db.Across(ctx, who, access.PlatformTicket, func(_ context.Context, p *store.Platform) error {
		if who.Clinic().IsZero() {
			return fault.Missing()
		}
		if allOf(who) {
			out, err = tickets(p, sqlTicketClinic, who.Clinic(), mostListed)
		} else {
			out, err = tickets(p, sqlTicketOf, who.Clinic(), who.Actor(), mostListed)
		}
		return err
	})
	return out, err
}

// Waiting are the tickets in a state, of every clinic, the longest waiting first: for the people of the platform.
func (s *Service) Waiting(ctx context.Context, who access.Caller, state string) (out []Ticket, err error) {
	if !ofPlatform(who) {
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	err = s.db.Across(ctx, who, access.PlatformTicket, func(_ context.Context, p *store.Platform) error {
		out, err = tickets(p, sqlTicketState, state, mostListed)
		return err
	})
	return out, err
}

// Ticket is one ticket with what was said. Somebody of the platform who reads it leaves an entry in the platform's log.
func (s *Service) Ticket(ctx context.Context, who access.Caller, one id.ID) (t Ticket, lines []Line, err error) {
	err = s.db.Across(ctx, who, access.PlatformTicket, func(_ context.Context, p *store.Platform) error {
		lines = nil
		if t, err = readTicket(p, who, one); err != nil {
			return err
		}
		if ofPlatform(who) {
			p.Record(audit.Note{Action: audit.ActionOpen, Kind: "ticket", Subject: one})
		}
		rows, err := p.Query(sqlLineList, one)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var l Line
			var words []byte
			if err := rows.Scan(&l.ID, &l.Person, &l.FromUs, &words, &l.At); err != nil {
				return err
			}
			l.Words, err = p.Unseal(t.Person, "ticket_line", "words", l.ID, words)
			if err != nil && !errors.Is(err, vault.ErrShredded) && !errors.Is(err, vault.ErrForged) {
				return err
			}
			lines = append(lines, l)
		}
		return rows.Err()
	})
	return t, lines, err
}

// Say adds to a ticket. What support says tells who opened it by a mail that holds nothing of it; what the clinic says opens it again.
func (s *Service) Say(ctx context.Context, who access.Caller, one id.ID, words string) error {
	var f fault.Fields
	checkWords(&words, &f)
	if err := f.Err(); err != nil {
		return err
	}
	called := ""
	if ofPlatform(who) {
		t, _, err := s.Ticket(ctx, who, one)
		if err != nil {
			return err
		}
		called = s.clinicName(ctx, t.Clinic)
	}
	return s.db.Across(ctx, who, access.PlatformTicket, func(_ context.Context, p *store.Platform) error {
		t, err := readTicket(p, who, one)
		if err != nil {
			return err
		}
		us, state := ofPlatform(who), Open
		if us {
			state = Answered
		}
		if err := addLine(p, t, who.Actor(), us, words); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "answer", Kind: "ticket", Subject: one})
		if err := p.Must(sqlTicketMove, one, state, p.Now()); err != nil || !us {
			return err
		}
		return accounts.Told(p, t.Person, called, accounts.NoticeTicketAnswered, "/app/support/"+one.String())
	})
}

// SetTicket closes a ticket or opens it again; either side may.
func (s *Service) SetTicket(ctx context.Context, who access.Caller, one id.ID, closed bool) error {
	return s.db.Across(ctx, who, access.PlatformTicket, func(_ context.Context, p *store.Platform) error {
		if _, err := readTicket(p, who, one); err != nil {
			return err
		}
		state := Open
		if closed {
			state = Closed
		}
		p.Record(audit.Note{Action: "set-ticket", Kind: "ticket", Subject: one, New: state})
		return p.Must(sqlTicketMove, one, state, p.Now())
	})
}
