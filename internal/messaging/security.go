package messaging

import (
	"errors"
	"slices"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// A message that tells a patient that something happened to her data. The law demands it, so no consent lets it out and none stops it; it is
// about no appointment: "appointment" in its row is her line in the incident's list, its rule the incident, so that each is told once. Its
// text is the clinic's own, written for the incident, and goes by e-mail, where there is room for all that has to be said; whoever has no
// address is told by hand (promise incident-people-told).

const (
	securityColumns    = `id, language, subject, body, version FROM security_text WHERE clinic_id = $1 AND incident_id = $2`
	sqlSecurityTexts   = `SELECT ` + securityColumns + ` ORDER BY language`
	sqlSecurityText    = `SELECT ` + securityColumns + ` AND language = $3`
	sqlSecurityTextAdd = `INSERT INTO security_text (clinic_id, id, incident_id, language, subject, body) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlSecurityTextSet = `UPDATE security_text SET subject = $3, body = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2`
	sqlSecurityForget  = `DELETE FROM security_text WHERE clinic_id = $1 AND incident_id = $2`
)

// SecurityVariables are what a security notice may say beside its own words.
func SecurityVariables() []string { return []string{"PatientName", "ClinicName", "ClinicPhone"} }

// SecurityNotice is the text of an incident in one language.
type SecurityNotice struct {
	Language string
	Text
}

type securityRow struct {
	SecurityNotice
	id      id.ID
	version int64
}

func securityTexts(v *store.View, text string, args ...any) ([]securityRow, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []securityRow
	for rows.Next() {
		var x securityRow
		var subject, body []byte
		if err := rows.Scan(&x.id, &x.Language, &subject, &body, &x.version); err != nil {
			return nil, err
		}
		if x.Subject, err = v.Unseal(vault.ClinicData, "security_text", "subject", x.id, subject); err != nil {
			return nil, err
		}
		if x.Body, err = v.Unseal(vault.ClinicData, "security_text", "body", x.id, body); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// SecurityTexts are the texts that were written for an incident, by language.
func SecurityTexts(v *store.View, incident id.ID) (map[string]Text, error) {
	list, err := securityTexts(v, sqlSecurityTexts, incident)
	out := map[string]Text{}
	for _, x := range list {
		out[x.Language] = x.Text
	}
	return out, err
}

// SetSecurityText writes the text of an incident in one language. fault.Invalid names "subject_en" and "body_en" for English, and so on.
// Whoever calls records it.
func SetSecurityText(tx *store.Tx, incident id.ID, n SecurityNotice) error {
	n.Text = n.clean(Email)
	if err := n.checkSecurity(); err != nil {
		return err
	}
	old, err := securityTexts(&tx.View, sqlSecurityText, incident, n.Language)
	if err != nil {
		return err
	}
	one := tx.NewID()
	if len(old) > 0 {
		one = old[0].id
	}
	subject, err := tx.Seal(vault.ClinicData, "security_text", "subject", one, n.Subject)
	if err != nil {
		return err
	}
	body, err := tx.Seal(vault.ClinicData, "security_text", "body", one, n.Body)
	if err != nil {
		return err
	}
	if len(old) > 0 {
		_, err = tx.Exec(sqlSecurityTextSet, one, subject, body)
		return err
	}
	_, err = tx.Exec(sqlSecurityTextAdd, one, incident, n.Language, subject, body)
	return err
}

func (n SecurityNotice) checkSecurity() error {
	err := n.check(SecurityTold, Email)
	var wrong fault.Fields
	var bad *fault.Fault
	if !errors.As(err, &bad) {
		return err
	}
	for _, f := range bad.Fields {
		wrong.AddWith(f.Name+"_"+n.Language, f.Key, f.Args)
	}
	return wrong.Err()
}

// ForgetSecurityTexts deletes the texts of an incident whose register entry goes.
func ForgetSecurityTexts(tx *store.Tx, incident id.ID) error {
	_, err := tx.Exec(sqlSecurityForget, incident)
	return err
}

// TellSecurity plans the notice of an incident for one patient. line is her line in the incident's list: told once, however often it is
// asked for. It answers zero, without an error, when she was erased.
func TellSecurity(tx *store.Tx, incident, line, patient id.ID) (id.ID, error) {
	return Send(tx, Letter{Patient: patient, Appointment: line, Rule: incident, Kind: SecurityTold, Channel: Email, StartsAt: tx.Now(), Provider: incident})
}

// SecurityPreview is the notice as a patient of that name gets it.
func (s *Service) SecurityPreview(language string, x Text, patient, clinic, phone string) Filled {
	t := s.book.Tongue(language)
	return fill(x, map[string]string{"PatientName": patient, "ClinicName": clinic, "ClinicPhone": phone}, t, []string{t.Say("message.security.footer", "ClinicName", clinic)})
}

// securityText is the text of an incident in the language, else in the clinic's, else in any.
func (d *Round) securityText(incident id.ID, languages []string) (securityRow, bool, error) {
	list, err := securityTexts(d.v, sqlSecurityTexts, incident)
	if err != nil || len(list) == 0 {
		return securityRow{}, false, err
	}
	for _, l := range languages {
		if i := slices.IndexFunc(list, func(x securityRow) bool { return x.Language == l }); i >= 0 {
			return list[i], true, nil
		}
	}
	return list[0], true, nil
}

// Passed counts, of the messages that went through a provider in a span of time, whose they were: those whom a breach there may touch.
// "smtp" is the deployment's own mail server.
func Passed(v *store.View, provider string, from, to clock.Instant) ([]PassedTo, error) {
	rows, err := v.Query(sqlMessagesPassed, provider, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []PassedTo
	for rows.Next() {
		var p PassedTo
		if err := rows.Scan(&p.Patient, &p.First, &p.Last, &p.Count); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// PassedTo is one patient whose messages went through a provider.
type PassedTo struct {
	Patient     id.ID
	First, Last clock.Instant
	Count       int64
}

const sqlMessagesPassed = `SELECT m.patient_id, MIN(m.state_at), MAX(m.state_at), COUNT(*) FROM message m LEFT JOIN channel c ON c.clinic_id = m.clinic_id AND c.id = m.channel_id
	WHERE m.clinic_id = $1 AND (c.provider = $2 OR c.id IS NULL AND m.channel = 'email' AND $2 = 'smtp') AND m.state_at >= $3 AND m.state_at < $4
	AND m.state IN ('handing-over', 'sent', 'refused', 'uncertain') GROUP BY m.patient_id ORDER BY m.patient_id`
