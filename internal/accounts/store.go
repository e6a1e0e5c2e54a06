package accounts

import (
	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlPersonAdd = `INSERT INTO person (id, email_token, email, name, phone, job_title, password, language, verified_at, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlPersonByMail   = `SELECT id, password, disabled_at, verified_at FROM person WHERE email_token = $1`
	sqlPersonGet      = `SELECT email, name, phone, job_title, language, theme, shortcuts, version, verified_at FROM person WHERE id = $1`
	sqlPersonVerify   = `UPDATE person SET email_token = $2, verified_at = $3 WHERE id = $1 AND verified_at = 0`
	sqlPersonPassword = `UPDATE person SET password = $2, version = version + 1 WHERE id = $1`
	sqlPersonRehash   = `UPDATE person SET password = $3 WHERE id = $1 AND password = $2`
	sqlPersonPrefer   = `UPDATE person SET name = $3, phone = $4, job_title = $5, language = $6, theme = $7, shortcuts = $8, version = version + 1
	WHERE id = $1 AND version = $2`
	sqlPersonStill    = `UPDATE person SET version = version WHERE id = $1 AND password = $2 AND disabled_at = 0 AND verified_at > 0`
	sqlPersonVerified = `SELECT COUNT(*) FROM person WHERE verified_at > 0`

	sqlAcceptanceAdd = `INSERT INTO acceptance (person_id, document, version, accepted_at) VALUES ($1, $2, $3, $4)
	ON CONFLICT (person_id, document, version) DO NOTHING`
	sqlAcceptanceGet = `SELECT COUNT(*) FROM acceptance WHERE person_id = $1 AND document = $2 AND version = $3`

	sqlLinkAdd  = `INSERT INTO one_time_link (token_hash, kind, person_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`
	sqlLinkUse  = `UPDATE one_time_link SET used_at = $3 WHERE token_hash = $1 AND kind = $2 AND used_at = 0 AND expires_at > $3`
	sqlLinkGet  = `SELECT person_id FROM one_time_link WHERE token_hash = $1 AND kind = $2`
	sqlLinkPeek = `SELECT person_id FROM one_time_link WHERE token_hash = $1 AND kind = $2 AND used_at = 0 AND expires_at > $3`
	sqlLinkVoid = `UPDATE one_time_link SET expires_at = $3 WHERE person_id = $1 AND kind = $2 AND used_at = 0 AND expires_at > $3`
	// Setup links belong to nobody yet.
	sqlLinkVoidKind = `UPDATE one_time_link SET expires_at = $2 WHERE kind = $1 AND used_at = 0 AND expires_at > $2`
)

// newPerson is a row of person that is to be written.
type newPerson struct {
	id       id.ID
	token    []byte // of the address when it is verified; random until then
	clean    clean
	hash     string
	verified bool
	invited  bool // by the platform: the terms, which are a clinic's, are not put to her
}

// addPerson makes the person's key and writes her, with the terms that she accepted.
func (s *Service) addPerson(p *store.Platform, n newPerson) error {
	if err := p.NewSubject(n.id); err != nil {
		return err
	}
	cells, err := sealPerson(p, n.id, n.clean)
	if err != nil {
		return err
	}
	mail, err := p.Seal(n.id, "person", "email", n.id, string(n.clean.email))
	if err != nil {
		return err
	}
	var at clock.Instant
	if n.verified {
		at = p.Now()
	}
	if _, err := p.Exec(sqlPersonAdd, n.id, n.token, mail, cells[0], cells[1], cells[2], n.hash, n.clean.language, at, p.Now()); err != nil {
		return err
	}
	if n.invited {
		return nil
	}
	_, err = p.Exec(sqlAcceptanceAdd, n.id, documentTerms, s.o.Terms, p.Now())
	return err
}

// sealPerson seals name, phone and job title, in this order.
func sealPerson(p *store.Platform, person id.ID, c clean) (out [3][]byte, err error) {
	for i, f := range []struct{ column, text string }{{"name", c.name}, {"phone", c.phone}, {"job_title", c.job}} {
		if out[i], err = p.Seal(person, "person", f.column, person, f.text); err != nil {
			return out, err
		}
	}
	return out, nil
}

// known is what a sign-in needs of a person.
type known struct {
	id       id.ID
	hash     string
	disabled clock.Instant
	verified clock.Instant
}

// byMail finds the verified person with the address; its id is zero when there is none who may sign in.
func byMail(p *store.Platform, key string) (known, error) {
	token, err := signInToken(p, key)
	if err != nil {
		return known{}, err
	}
	var k known
	err = p.Row(sqlPersonByMail, token).Scan(&k.id, &k.hash, &k.disabled, &k.verified)
	if err == store.ErrNoRows || err == nil && (k.disabled > 0 || k.verified == 0) {
		return known{}, nil
	}
	return k, err
}

// readPerson opens a person's fields. full asks for phone and job title too.
func readPerson(p *store.Platform, person id.ID, full bool) (Person, error) {
	out := Person{ID: person}
	var mail, name, phone, job []byte
	var verified clock.Instant
	err := p.Row(sqlPersonGet, person).Scan(&mail, &name, &phone, &job, &out.Language, &out.Theme, &out.Shortcuts, &out.Version, &verified)
	if err != nil {
		return Person{}, err
	}
	if err := openPerson(p, &out, mail, name); err != nil {
		return Person{}, err
	}
	if full {
		if out.Phone, err = p.Unseal(person, "person", "phone", person, phone); err != nil {
			return Person{}, err
		}
		out.JobTitle, err = p.Unseal(person, "person", "job_title", person, job)
	}
	return out, err
}

// openPerson opens address and name.
func openPerson(p *store.Platform, out *Person, mail, name []byte) (err error) {
	if out.Email, err = p.Unseal(out.ID, "person", "email", out.ID, mail); err != nil {
		return err
	}
	out.Name, err = p.Unseal(out.ID, "person", "name", out.ID, name)
	return err
}

// useLink takes a one-time link: of many who bring it at once one gets true.
func useLink(p *store.Platform, hash []byte, kind string) (person id.ID, ok bool, err error) {
	n, err := p.Exec(sqlLinkUse, hash, kind, p.Now())
	if err != nil || n != 1 {
		return id.Zero, false, err
	}
	err = p.Row(sqlLinkGet, hash, kind).Scan(&person)
	return person, err == nil, err
}

// The kinds of one-time links.
const (
	linkVerify = "verify"
	linkReset  = "reset"
	linkSetup  = "setup"
)

const (
	sqlMemberGet = `SELECT role, version FROM membership WHERE clinic_id = $1 AND person_id = $2 AND ended_at = 0`
	sqlMemberAdd = `INSERT INTO membership (clinic_id, person_id, role, provider_id, created_at) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (clinic_id, person_id) DO UPDATE SET role = excluded.role, provider_id = excluded.provider_id, ended_at = 0, created_at = excluded.created_at,
	version = membership.version + 1`
	// Holds the owners' rows until the end of the passage: whoever takes an owner away waits here for whoever is doing the same.
	sqlOwnersHold  = `UPDATE membership SET version = version WHERE clinic_id = $1 AND role = 'owner' AND ended_at = 0`
	sqlOwnersCount = `SELECT COUNT(*) FROM membership WHERE clinic_id = $1 AND role = 'owner' AND ended_at = 0`
	sqlMemberRole  = `UPDATE membership SET role = $4, version = version + 1 WHERE clinic_id = $1 AND person_id = $2 AND version = $3 AND ended_at = 0`
	sqlMemberEnd   = `UPDATE membership SET ended_at = $4, version = version + 1 WHERE clinic_id = $1 AND person_id = $2 AND version = $3 AND ended_at = 0`
	sqlMemberLink  = `UPDATE membership SET provider_id = $4, version = version + 1 WHERE clinic_id = $1 AND person_id = $2 AND version = $3 AND ended_at = 0`
	sqlMemberList  = `SELECT m.person_id, m.role, m.provider_id, m.created_at, m.version, p.email, p.name, p.phone, p.job_title
	FROM membership m JOIN person p ON p.id = m.person_id WHERE m.clinic_id = $1 AND m.ended_at = 0 ORDER BY m.created_at, m.person_id`
	sqlMemberNames = `SELECT m.person_id, m.role, m.ended_at, p.name FROM membership m JOIN person p ON p.id = m.person_id WHERE m.clinic_id = $1`
	sqlMemberOf    = `SELECT COUNT(*) FROM membership WHERE person_id = $1 AND role = 'owner' AND ended_at = 0`

	sqlInvitationAdd = `INSERT INTO invitation (token_hash, id, clinic_id, email_token, email, role, provider_id, invited_by, created_at, expires_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlInvitationGet = `SELECT id, clinic_id, email_token, email, role, provider_id, invited_by, expires_at FROM invitation
	WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`
	sqlInvitationUse   = `UPDATE invitation SET used_at = $2 WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`
	sqlInvitationList  = `SELECT id, email, role, invited_by, expires_at FROM invitation WHERE clinic_id = $1 AND used_at = 0 AND expires_at > $2 ORDER BY created_at`
	sqlInvitationCount = `SELECT COUNT(*) FROM invitation WHERE clinic_id = $1 AND used_at = 0 AND expires_at > $2`
	sqlInvitationVoid  = `UPDATE invitation SET expires_at = $3 WHERE clinic_id = $1 AND id = $2 AND used_at = 0 AND expires_at > $3`
	sqlInvitationOf    = `UPDATE invitation SET expires_at = $3 WHERE clinic_id = $1 AND email_token = $2 AND used_at = 0 AND expires_at > $3`
	sqlInvitationWaits = `SELECT COUNT(*) FROM invitation WHERE clinic_id = $1 AND email_token = $2 AND used_at = 0 AND expires_at > $3`
	sqlInvitationBy    = `UPDATE invitation SET expires_at = $3 WHERE clinic_id = $1 AND invited_by = $2 AND used_at = 0 AND expires_at > $3`
)

// addMember makes the person a member of the clinic, or one again.
func addMember(p *store.Platform, clinic, person id.ID, role access.Role, provider id.ID) error {
	_, err := p.Exec(sqlMemberAdd, clinic, person, string(role), id.Null(provider), p.Now())
	return err
}

// ownData seals and opens what is the platform's own.
var ownData = vault.ClinicData
