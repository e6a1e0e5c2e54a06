package accounts

import (
	"context"
	"errors"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// People of the platform: support and operators. They are people like everybody else, belong to no clinic, and hold no right in any:
// what a clinic lets them see is a grant of that clinic (room support). Whoever belongs to a clinic helps nobody while she does.

const (
	sqlHelperAdd = `INSERT INTO helper (person_id, role, added_at) VALUES ($1, $2, $3)
	ON CONFLICT (person_id) DO UPDATE SET role = excluded.role, added_at = excluded.added_at, ended_at = 0`
	sqlHelperEnd = `UPDATE helper SET ended_at = $2 WHERE person_id = $1 AND ended_at = 0`
	sqlHelperGet = `SELECT h.role FROM helper h WHERE h.person_id = $1 AND h.ended_at = 0
	AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.person_id = h.person_id AND m.ended_at = 0)`
	sqlHelperList = `SELECT h.person_id, h.role, h.added_at, p.email, p.name FROM helper h JOIN person p ON p.id = h.person_id
	WHERE h.ended_at = 0 AND p.disabled_at = 0 ORDER BY h.added_at, h.person_id`
	sqlHelperBelongs = `SELECT COUNT(*) FROM membership WHERE person_id = $1 AND ended_at = 0`
	sqlHelperIs      = `SELECT COUNT(*) FROM helper WHERE person_id = $1 AND ended_at = 0`
	// Holds the operators' rows until the end of the passage: of two who end each other at once, one waits here and finds herself the last.
	sqlHelperHold  = `UPDATE helper SET role = role WHERE role = 'operator' AND ended_at = 0`
	sqlHelperCount = `SELECT COUNT(*) FROM helper WHERE role = 'operator' AND ended_at = 0`
)

// Helper is somebody of the platform.
type Helper struct {
	Person Person
	Role   access.Role // access.Support or access.Operator
	Since  clock.Instant
	Broken bool // her fields cannot be opened
}

// Helper says as what the person helps, with a caller who stands in no clinic. fault.Forbidden when she helps nobody: because she was
// never let in, was let go, or belongs to a clinic.
func (s *Service) Helper(ctx context.Context, in SignedIn) (access.Caller, error) {
	role, err := s.helps(ctx, in)
	if err != nil {
		return access.Caller{}, err
	}
	return access.Mint(id.Zero, in.Person.ID, id.Zero, in.SessionID, role, access.Security), nil
}

// HelperIn is the person at the door of a clinic, under a grant that the room support read there; the doorway reads it again in every
// passage. The zero grant lets her ask and nothing else. fault.Forbidden as for Helper.
func (s *Service) HelperIn(ctx context.Context, in SignedIn, clinic id.ID, g access.Grant, emergency bool) (access.Caller, error) {
	if _, err := s.helps(ctx, in); err != nil {
		return access.Caller{}, err
	}
	purpose := access.Helping
	if emergency {
		purpose = access.Emergency
	}
	return access.MintHelper(clinic, in.Person.ID, in.SessionID, g, purpose), nil
}

// helps is the one place that says whether a session is one of somebody of the platform. What its sign-in must have shown is asked here.
func (s *Service) helps(ctx context.Context, in SignedIn) (role access.Role, err error) {
	if in.Person.ID.IsZero() {
		return "", signInFirst()
	}
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var word string
		err := p.Row(sqlHelperGet, in.Person.ID).Scan(&word)
		role = access.Role(word)
		return err
	})
	if errors.Is(err, store.ErrNoRows) {
		return "", forbidden()
	}
	if err == nil && !in.Strong() { // a password alone is no sign-in of the platform's people
		return "", fault.New(fault.Unauthenticated, "fault.enrol_first")
	}
	return role, err
}

// Helpers are the people of the platform, the longest there first. who is an operator.
func (s *Service) Helpers(ctx context.Context, who access.Caller) ([]Helper, error) {
	var out []Helper
	err := s.db.Across(ctx, who, access.PlatformHelpers, func(_ context.Context, p *store.Platform) error {
		out = nil
		rows, err := p.Query(sqlHelperList)
		if err != nil {
			return err
		}
		defer rows.Close()
		var cells [][2][]byte
		var ids []id.ID
		for rows.Next() {
			var x Helper
			var role string
			var mail, name []byte
			if err := rows.Scan(&x.Person.ID, &role, &x.Since, &mail, &name); err != nil {
				return err
			}
			x.Role = access.Role(role)
			out, cells, ids = append(out, x), append(cells, [2][]byte{mail, name}), append(ids, x.Person.ID)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := p.Load(ids); err != nil {
			return err
		}
		for i := range out {
			out[i].Broken = openPerson(p, &out[i].Person, cells[i][0], cells[i][1]) != nil
		}
		return nil
	})
	return out, err
}

// AddHelper lets somebody help, as support or as operator. Somebody without an account gets one; she chooses her password by a link that is
// mailed to her, and answered here for whoever adds the first of all at the console: empty when she had an account. fault.Invalid names
// wrong fields: "email" too when the person belongs to a clinic, where helping is not open to her; "role" when it is none of the two. fault.Conflict
// "fault.last_operator" when the last operator would become support.
func (s *Service) AddHelper(ctx context.Context, who access.Caller, name, email, language string, role access.Role) (link string, err error) {
	var f fault.Fields
	var c clean
	if c.name, err = contact.CleanName(name); err != nil {
		under("name", err, &f)
	}
	if c.email, err = contact.ParseEmail(email); err != nil {
		under("email", err, &f)
	}
	c.language = languageOf(language)
	if role != access.Support && role != access.Operator {
		f.Add("role", "field.role.invalid")
	}
	if err := f.Err(); err != nil {
		return "", err
	}
	err = s.db.Across(ctx, who, access.PlatformHelpers, func(_ context.Context, p *store.Platform) error {
		link = ""
		there, err := byMail(p, c.email.Key())
		if err != nil {
			return err
		}
		person := there.id
		if person.IsZero() {
			token, err := signInToken(p, c.email.Key())
			if err != nil {
				return err
			}
			person = p.NewID()
			if err := s.addPerson(p, newPerson{id: person, token: token, clean: c, verified: true, invited: true}); err != nil {
				return err
			}
			if s.o.Seed != nil && len(s.o.Seed(string(c.email))) > 0 {
				if err := addApp(p, person, s.seed(string(c.email)), p.Now()); err != nil {
					return err
				}
			}
			text, hash := newSecret()
			if _, err := p.Exec(sqlLinkAdd, hash, linkReset, person, p.Now(), p.Now().Add(linkLife)); err != nil {
				return err
			}
			link = "/reset?token=" + text
			if err := plan(p, person, letter{Kind: mailHelper, Link: link, Language: c.language, Role: string(role)}, false); err != nil {
				return err
			}
		} else {
			var clinics int64
			if err := p.Row(sqlHelperBelongs, person).Scan(&clinics); err != nil {
				return err
			}
			if clinics > 0 {
				f.Add("email", "field.email.in_clinic")
				return f.Err()
			}
		}
		before, err := p.Exec(sqlHelperHold)
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "add-helper", Kind: "person", Subject: person, Patient: person, New: string(role)})
		if _, err = p.Exec(sqlHelperAdd, person, string(role), p.Now()); err != nil || before == 0 {
			return err
		}
		return keepsOperator(p) // an operator who is let in again as support is one no longer
	})
	if err == nil {
		s.planned()
	}
	return link, err
}

// mailHelper tells somebody new that she helps, with the link at which she chooses her password.
const mailHelper = "helper"

func languageOf(code string) string {
	if l := language(strings.TrimSpace(code)); l != "" {
		return l
	}
	return "en"
}

// EndHelper lets somebody go; her sessions and whatever clinic she stands in end in the same moment. fault.Conflict "fault.last_operator"
// for the last operator; fault.NotFound for somebody who does not help.
func (s *Service) EndHelper(ctx context.Context, who access.Caller, person id.ID) error {
	return s.db.Across(ctx, who, access.PlatformHelpers, func(_ context.Context, p *store.Platform) error {
		if _, err := p.Exec(sqlHelperHold); err != nil {
			return err
		}
		if err := p.Must(sqlHelperEnd, person, p.Now()); err != nil {
			return err
		}
		if err := keepsOperator(p); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "end-helper", Kind: "person", Subject: person, Patient: person})
		if _, err := p.Exec(sqlPersonHold, person); err != nil {
			return err
		}
		_, err := p.Exec(sqlSessionEndAll, person)
		return err
	})
}

// keepsOperator refuses what leaves the platform without an operator. The operators' rows are held until the end of the passage.
func keepsOperator(p *store.Platform) error {
	var left int64
	if err := p.Row(sqlHelperCount).Scan(&left); err != nil {
		return err
	}
	if left == 0 {
		return fault.New(fault.Conflict, "fault.last_operator")
	}
	return nil
}
