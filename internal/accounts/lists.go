package accounts

import (
	"context"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What the platform writes to people by its own wish: alerts about security, which everybody gets who has not said no, and news of the
// product, which only those get who said yes (promises F11, M13). Letters about somebody's own account are no list: they answer an act.

// The lists.
const (
	ListSecurity = "security"
	ListProduct  = "product"
)

// Lists are all of them in the order in which pages show them.
var Lists = []string{ListSecurity, ListProduct}

const (
	sqlChoiceList = `SELECT list, wanted FROM mail_choice WHERE person_id = $1`
	sqlChoiceGet  = `SELECT wanted FROM mail_choice WHERE person_id = $1 AND list = $2`
	sqlChoiceSet  = `INSERT INTO mail_choice (person_id, list, wanted, changed_at) VALUES ($1, $2, $3, $4)
	ON CONFLICT (person_id, list) DO UPDATE SET wanted = excluded.wanted, changed_at = excluded.changed_at`
	sqlOnList = `SELECT p.id, p.language FROM person p LEFT JOIN mail_choice c ON c.person_id = p.id AND c.list = $1
	WHERE p.verified_at > 0 AND p.disabled_at = 0 AND p.id > $2 AND COALESCE(c.wanted, $3) = TRUE ORDER BY p.id LIMIT $4`
)

// byDefault says whether somebody who chose nothing is on the list.
func byDefault(list string) bool { return list == ListSecurity }

// Choices of lists, by list.
type ListChoices map[string]bool

// ListChoices are which lists the person is on.
func (s *Service) ListChoices(ctx context.Context, in SignedIn) (ListChoices, error) {
	out := ListChoices{}
	for _, l := range Lists {
		out[l] = byDefault(l)
	}
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		rows, err := p.Query(sqlChoiceList, in.Person.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var list string
			var wanted bool
			if err := rows.Scan(&list, &wanted); err != nil {
				return err
			}
			out[list] = wanted
		}
		return rows.Err()
	})
	return out, err
}

// SaveListChoices changes which lists the person is on; it counts from the next letter. fault.Missing for a list that is none.
func (s *Service) SaveListChoices(ctx context.Context, in SignedIn, wanted ListChoices) error {
	for l := range wanted {
		if !slices.Contains(Lists, l) {
			return fault.Missing()
		}
	}
	return s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		for _, l := range Lists {
			on, said := wanted[l]
			if !said {
				continue
			}
			if _, err := p.Exec(sqlChoiceSet, in.Person.ID, l, on, p.Now()); err != nil {
				return err
			}
		}
		p.Record(audit.Note{Action: "choose-lists", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID, New: wanted})
		return nil
	})
}

// Written is what a letter of a list says, by language.
type Written struct{ Title, Words string }

// MailList writes the letter to the next people on the list, at most limit of them, in the passage that remembers how far it came: so
// everybody gets it once. It answers the last person; zero when nobody is left.
func MailList(p *store.Platform, list string, after id.ID, limit int, path string, in func(language string) Written) (last id.ID, err error) {
	rows, err := p.Query(sqlOnList, list, after, byDefault(list), limit)
	if err != nil {
		return id.Zero, err
	}
	defer rows.Close()
	type reader struct {
		id       id.ID
		language string
	}
	var all []reader
	for rows.Next() {
		var r reader
		if err := rows.Scan(&r.id, &r.language); err != nil {
			return id.Zero, err
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return id.Zero, err
	}
	for _, r := range all {
		w := in(r.language)
		if err := plan(p, r.id, letter{Kind: mailList + list, Link: path, Title: w.Title, Words: w.Words}, false); err != nil {
			return id.Zero, err
		}
		last = r.id
	}
	return last, nil
}

// mailList begins the kind of a letter of a list.
const mailList = "list-"

// wants says whether the person is on the list yet, of whose kind the mail is: a letter may wait for days, and she may have left the list
// meanwhile. A mail of no list is always wanted.
func wants(p *store.Platform, person id.ID, kind string) (bool, error) {
	list, of := strings.CutPrefix(kind, mailList)
	if !of {
		return true, nil
	}
	wanted := byDefault(list)
	err := p.Row(sqlChoiceGet, person, list).Scan(&wanted)
	if err == store.ErrNoRows {
		err = nil
	}
	return wanted, err
}
