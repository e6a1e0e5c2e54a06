package scheduling

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
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
)

const (
	sqlLinkAdd     = `INSERT INTO patient_link (clinic_id, token_hash, patient_id, appointment_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlLinkGet     = `SELECT patient_id, appointment_id, expires_at, revoked_at FROM patient_link WHERE clinic_id = $1 AND token_hash = $2`
	sqlLinkStretch = `UPDATE patient_link SET expires_at = $3 WHERE clinic_id = $1 AND appointment_id = $2 AND expires_at < $3`
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

// NewLink makes a link to the patient's own page about one appointment. The token is shown
// once; it cannot be read back.
func NewLink(tx *store.Tx, patient, appointment id.ID, until clock.Instant) (string, error) {
	token, hash := newToken(tx.Clinic())
	return token, tx.Later(sqlLinkAdd, hash, patient, appointment, tx.Now(), until)
}

// Enter turns a link's token into a caller who may see and change her own appointment. An
// unknown, expired or revoked link, and one of a clinic that is not here, all answer Missing.
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
	err = d.db.View(ctx, accounts.Public(clinic), access.PublicRead, func(_ context.Context, v *store.View) error {
		var expires, revoked clock.Instant
		err := v.Row(sqlLinkGet, hash).Scan(&patient, &appointment, &expires, &revoked)
		if errors.Is(err, store.ErrNoRows) || err == nil && (revoked > 0 || expires <= v.Now()) {
			return fault.Missing()
		}
		return err
	})
	if err != nil {
		return none, id.Zero, err
	}
	var link id.ID
	copy(link[:], hash)
	return accounts.ForPatient(clinic, patient, link), appointment, nil
}

// Own is a patient's own appointment as her page shows it.
type Own struct {
	Appointment
	Clinic   clinics.Clinic
	Name     patients.Name
	Provider Provider
	Service  Service
}

// Own reads the appointment of a patient's link. Reading it is written down, as for anyone.
func (d *Desk) Own(ctx context.Context, who access.Caller, appointment id.ID) (Own, error) {
	var out Own
	err := d.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		o, err := open(v, appointment)
		if err != nil {
			return err
		}
		if o.Patient != who.Patient() {
			return fault.Missing()
		}
		o.Note, o.OverbookReason = "", ""
		out = Own{o.Appointment, o.Clinic, o.Name, o.Provider.shown(), o.Service}
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

// FactsOf reads an appointment for a message. It opens no patient field.
func FactsOf(v *store.View, appointment id.ID) (Facts, error) {
	a, _, _, err := scanAppointment(v.Row(sqlAppointmentGet, appointment))
	if errors.Is(err, store.ErrNoRows) {
		return Facts{}, fault.Missing()
	}
	if err != nil {
		return Facts{}, err
	}
	p, err := provider(v, a.Provider)
	if err != nil {
		return Facts{}, err
	}
	s, err := service(v, a.Service)
	return Facts{a, p.Name, s.Name}, err
}

// LinkLife is how long after the visit a patient's link still opens her page.
const LinkLife = 30 * 24 * time.Hour
