package scheduling

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlLinkAdd     = `INSERT INTO patient_link (clinic_id, token_hash, patient_id, appointment_id, created_at, expires_at, wide, shown) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlLinkGet     = `SELECT patient_id, appointment_id, expires_at, revoked_at, wide FROM patient_link WHERE clinic_id = $1 AND token_hash = $2`
	sqlLinkShown   = `SELECT patient_id, shown FROM patient_link WHERE clinic_id = $1 AND token_hash = $2`
	sqlLinkStretch = `UPDATE patient_link SET expires_at = $4 WHERE clinic_id = $1 AND patient_id = $2 AND appointment_id = $3 AND expires_at < $4`
	sqlLinkAge     = `DELETE FROM patient_link WHERE clinic_id = $1 AND expires_at < $2`
)

// A token opens a patient's own page. It is the clinic's id and 128 random bits, so that no
// table across clinics is needed to find it; only its hash is stored.
func newToken(clinic id.ID) (token string, hash []byte) {
	var b [32]byte
	copy(b[:16], clinic[:])
	_, _ = rand.Read(b[16:]) // crypto/rand never returns an error
	h := sha256.Sum256(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:]), h[:]
}

// ClinicOf reads the clinic out of a token. Whether the link exists, only that clinic can say.
func ClinicOf(token string) (clinic id.ID, hash []byte, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 32 {
		return id.Zero, nil, fault.Missing()
	}
	copy(clinic[:], b[:16])
	h := sha256.Sum256(b)
	return clinic, h[:], nil
}

// NewLink makes a link to the patient's own page about one appointment, or about none. It goes into a message to an address on file, and nowhere
// else: it opens all that is hers. The token is shown once; it cannot be read back.
func NewLink(tx *store.Tx, patient, appointment id.ID, until clock.Instant) (string, error) {
	token, hash := newToken(tx.Clinic())
	return token, tx.Later(sqlLinkAdd, hash, patient, appointment, tx.Now(), until, true, nil)
}

// Shown is what the page after a booking says about where its confirmation goes. It is what the visitor typed and ticked, and nothing that is on
// file: whoever books in another's name must not learn whether she is a patient.
type Shown struct {
	Phone     string `json:"phone,omitempty"` // masked
	Email     string `json:"email,omitempty"` // masked
	Reminders bool   `json:"reminders,omitempty"`
}

// bookedLink makes the link that the booking page and the interface hand out at once. It opens its appointment alone: a name and a number are no
// proof, so that nobody comes by them at what a clinic keeps of somebody (promises own-link, request-who-asks).
func bookedLink(tx *store.Tx, a Appointment, shown Shown) (string, error) {
	token, hash := newToken(tx.Clinic())
	text, err := json.Marshal(shown)
	if err != nil {
		return "", err
	}
	sealed, err := tx.Seal(a.Patient, "patient_link", "shown", linkRow(hash), string(text))
	if err != nil {
		return "", err
	}
	return token, tx.Later(sqlLinkAdd, hash, a.Patient, a.ID, tx.Now(), a.EndsAt.Add(LinkLife), false, sealed)
}

// linkRow binds what is sealed of a link to its row.
func linkRow(hash []byte) (row id.ID) {
	copy(row[:], hash)
	return row
}

// ShownOf is what was typed and ticked at the booking that a link comes from; nothing where it came by a message.
func (d *Desk) ShownOf(ctx context.Context, who access.Caller, token string) (out Shown, err error) {
	_, hash, err := ClinicOf(token)
	if err != nil {
		return out, err
	}
	err = d.db.View(ctx, who, access.BookedRead, func(_ context.Context, v *store.View) error {
		var patient id.ID
		var sealed []byte
		if err := v.Row(sqlLinkShown, hash).Scan(&patient, &sealed); err != nil || len(sealed) == 0 || patient != who.Patient() {
			if errors.Is(err, store.ErrNoRows) {
				err = nil
			}
			return err
		}
		text, err := v.Unseal(patient, "patient_link", "shown", linkRow(hash), sealed)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &out)
	})
	return out, err
}

// Enter turns a link's token into a caller: the patient herself, where the link was sent to an address on file; whoever booked, where the booking page
// handed it out. An unknown, expired or revoked link, and one of a clinic that is not here, all answer Missing.
func (d *Desk) Enter(ctx context.Context, token string) (access.Caller, id.ID, error) {
	var none access.Caller
	clinic, hash, err := ClinicOf(token)
	if err != nil {
		return none, id.Zero, err
	}
	if clinic.IsZero() {
		return none, id.Zero, fault.Missing()
	}
	var patient, appointment id.ID
	var wide bool
	err = d.db.View(ctx, accounts.Public(clinic), access.PublicRead, func(_ context.Context, v *store.View) error {
		var expires, revoked clock.Instant
		err := v.Row(sqlLinkGet, hash).Scan(&patient, &appointment, &expires, &revoked, &wide)
		if errors.Is(err, store.ErrNoRows) || err == nil && (revoked > 0 || expires <= v.Now()) {
			return fault.Missing()
		}
		return err
	})
	if err != nil {
		return none, id.Zero, err
	}
	link := linkRow(hash)
	if !wide && !appointment.IsZero() { // a link to no appointment is made for a message alone
		return accounts.ForBooker(clinic, patient, appointment, link), appointment, nil
	}
	return accounts.ForPatient(clinic, patient, link), appointment, nil
}

// Own is a patient's own appointment as her page shows it.
type Own struct {
	Appointment
	Clinic   clinics.Clinic
	Name     patients.Name
	Provider Provider
	Service  Service
	Movable  bool // online: clinic and practitioner are booked there
}

// Own reads the appointment of a patient's link. Reading it is written down, as for anyone.
func (d *Desk) Own(ctx context.Context, who access.Caller, appointment id.ID) (Own, error) {
	var out Own
	err := d.db.View(ctx, who, access.BookedRead, func(_ context.Context, v *store.View) error {
		o, err := open(v, appointment)
		if err != nil {
			return err
		}
		if !mine(who, o.Appointment) {
			return fault.Missing()
		}
		o.Note, o.OverbookReason = "", ""
		out = Own{o.Appointment, o.Clinic, o.Name, o.Provider.shown(), o.Service, o.Clinic.Online && o.Provider.Online && o.Provider.RetiredAt == 0}
		v.Opened("appointment", appointment, o.Patient)
		return nil
	})
	return out, err
}

// OwnFree lists the times to which a patient may move her own appointment: her provider's and,
// where she asks for any, those of everyone who offers the service.
func (d *Desk) OwnFree(ctx context.Context, who access.Caller, appointment id.ID, any bool, from, to clock.Date) (Free, error) {
	o, err := d.Own(ctx, who, appointment)
	if err != nil {
		return Free{}, err
	}
	one := o.Provider.ID
	if any {
		one = id.Zero
	}
	return d.freeTimes(ctx, who, o.Service.ID, one, from, to, o.Appointment)
}

// Facts is what a message about an appointment may say.
type Facts struct {
	Appointment
	ProviderName, ServiceName string
}

// FactsOf reads an appointment for a message. It opens no patient field. fault.NotFound when it is not there.
func FactsOf(v *store.View, appointment id.ID) (Facts, error) {
	all, err := FactsFor(v, appointment)
	if err != nil {
		return Facts{}, err
	}
	f, there := all[appointment]
	if !there {
		return Facts{}, fault.Missing()
	}
	return f, nil
}

// FactsFor is FactsOf for many appointments, in three statements for each store.Widest of them. One that is not there is not
// in the answer.
func FactsFor(v *store.View, appointments ...id.ID) (map[id.ID]Facts, error) {
	out := make(map[id.ID]Facts, len(appointments))
	var who, what []id.ID
	err := store.Each(appointments, func(args []any, width int) error {
		rows, err := v.Query(sqlAppointmentsIn+store.In(2, width), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a, _, _, err := scanAppointment(rows)
			if err != nil {
				return err
			}
			out[a.ID] = Facts{Appointment: a}
			who, what = append(who, a.Provider), append(what, a.Service)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	provider, service := map[id.ID]string{}, map[id.ID]string{}
	err = store.Each(who, func(args []any, width int) error {
		return named(v, sqlProviderNames+store.In(2, width), args, func(one id.ID, name []byte) {
			// A damaged row has no name; it does not keep the patient from her reminder.
			provider[one], _ = v.Unseal(vault.ClinicData, "provider", "name", one, name)
		})
	})
	if err != nil {
		return nil, err
	}
	err = store.Each(what, func(args []any, width int) error {
		return named(v, sqlServiceNames+store.In(2, width), args, func(one id.ID, name []byte) { service[one] = string(name) })
	})
	for one, f := range out {
		f.ProviderName, f.ServiceName = provider[f.Provider], service[f.Service]
		out[one] = f
	}
	return out, err
}

func named(v *store.View, text string, args []any, each func(one id.ID, name []byte)) error {
	rows, err := v.Query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var one id.ID
		var name []byte
		if err := rows.Scan(&one, &name); err != nil {
			return err
		}
		each(one, name)
	}
	return rows.Err()
}

// LinkLife is how long after the visit a patient's link still opens her page.
const LinkLife = 30 * 24 * time.Hour
