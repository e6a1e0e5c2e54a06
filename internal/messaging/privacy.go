package messaging

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Messages about what a person asked about her own data. The law demands the answer, so no consent lets them out and none stops them. They
// go only to addresses that the clinic has on file, and hold a link to her page and no word of what stands there; a code goes to
// an address that she wants on file, and opens nothing. "appointment" in the row is the request, or the proof.

const (
	sqlProofAdd    = `INSERT INTO contact_proof (clinic_id, id, patient_id, channel, address, code, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlProofGet    = `SELECT channel, address, code, tries, ends_at FROM contact_proof WHERE clinic_id = $1 AND patient_id = $2 AND id = $3`
	sqlProofOpen   = `SELECT id FROM contact_proof WHERE clinic_id = $1 AND patient_id = $2 AND code IS NOT NULL AND ends_at > $3 ORDER BY id DESC LIMIT 1`
	sqlProofTry    = `UPDATE contact_proof SET tries = tries + 1 WHERE clinic_id = $1 AND id = $2`
	sqlProofEnd    = `UPDATE contact_proof SET ends_at = $3 WHERE clinic_id = $1 AND id = $2 AND ends_at > $3`
	sqlProofsOf    = `SELECT id, channel, address, ends_at FROM contact_proof WHERE clinic_id = $1 AND patient_id = $2 ORDER BY id`
	sqlProofsErase = `DELETE FROM contact_proof WHERE clinic_id = $1 AND patient_id = $2`
	sqlProofsAge   = `DELETE FROM contact_proof WHERE clinic_id = $1 AND ends_at < $2 AND patient_id NOT IN ` + held
)

const (
	codeLife    = clock.Instant(30 * 60 * 1_000_000)
	codeTries   = 5
	proofKept   = 7 * 24 * time.Hour // what was sent where, until somebody can have asked about it
	askedFor    = 24 * time.Hour     // a link that somebody asked for
	codeLetters = 6
)

// private says whether the kind is about what a person asked about her own data.
func (k Kind) private() bool { return k == PrivacyLink || k == PrivacyTold || k == PrivacyCode }

// TellPrivately plans a message with a link to the patient's own page about her data, by the way by which she is reached. about is the request;
// the same about, occurrence and kind is sent once. It answers zero, without an error, when there is no address on file or she was erased.
func TellPrivately(tx *store.Tx, kind Kind, patient, about id.ID, occurrence int64) (id.ID, error) {
	if kind != PrivacyLink && kind != PrivacyTold {
		return id.Zero, fmt.Errorf("messaging: %q holds no link to a person's own page", kind)
	}
	open, err := NewRound(&tx.View).routes(patient, Email, kind, 1)
	if err != nil || len(open) == 0 {
		return id.Zero, err
	}
	return Send(tx, Letter{Patient: patient, Appointment: about, Occurrence: occurrence, Rule: about, Kind: kind, Channel: open[0], StartsAt: tx.Now(), Provider: about})
}

// Proof is an address that somebody wants on file and has to prove first.
type Proof struct {
	ID       id.ID
	Channel  Channel
	Address  string
	Tries    int64
	EndsAt   clock.Instant
	code     string
	withCode bool
}

// Masked is the address as a page may show it.
func (p Proof) Masked() string {
	if p.Channel == Email {
		return contact.Email(p.Address).Masked()
	}
	return contact.Phone(p.Address).Masked()
}

// AskProof sends a code to an address that the patient wants on file. What was asked for before it is worth nothing any more.
func AskProof(tx *store.Tx, patient id.ID, channel Channel, address string) error {
	old, there, err := OpenProof(&tx.View, patient)
	if err != nil {
		return err
	}
	if there {
		if _, err := tx.Exec(sqlProofEnd, old.ID, tx.Now()); err != nil {
			return err
		}
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return err
	}
	return sendProof(tx, patient, channel, address, fmt.Sprintf("%0*d", codeLetters, n), tx.Now()+codeLife)
}

// TellMoved tells an address that was on file until now that another one is. It holds no link: whoever reads it there may be somebody else.
func TellMoved(tx *store.Tx, patient id.ID, channel Channel, address string) error {
	return sendProof(tx, patient, channel, address, "", tx.Now().Add(24*time.Hour))
}

func sendProof(tx *store.Tx, patient id.ID, channel Channel, address, code string, ends clock.Instant) error {
	one := tx.NewID()
	sealed, err := tx.Seal(patient, "contact_proof", "address", one, address)
	if err != nil {
		return err
	}
	secret, err := tx.Seal(patient, "contact_proof", "code", one, code)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(sqlProofAdd, one, patient, string(channel), sealed, secret, ends); err != nil {
		return err
	}
	_, err = Send(tx, Letter{Patient: patient, Appointment: one, Rule: one, Kind: PrivacyCode, Channel: channel, StartsAt: tx.Now(), Provider: one})
	return err
}

// OpenProof is the address that waits for its code; false when none does.
func OpenProof(v *store.View, patient id.ID) (Proof, bool, error) {
	var one id.ID
	err := v.Row(sqlProofOpen, patient, v.Now()).Scan(&one)
	if errors.Is(err, store.ErrNoRows) {
		return Proof{}, false, nil
	}
	if err != nil {
		return Proof{}, false, err
	}
	return readProof(v, patient, one)
}

func readProof(v *store.View, patient, one id.ID) (Proof, bool, error) {
	p := Proof{ID: one}
	var address, code []byte
	err := v.Row(sqlProofGet, patient, one).Scan(&p.Channel, &address, &code, &p.Tries, &p.EndsAt)
	if errors.Is(err, store.ErrNoRows) {
		return p, false, nil
	}
	if err == nil {
		p.Address, err = v.Unseal(patient, "contact_proof", "address", one, address)
	}
	if err == nil {
		p.code, err = v.Unseal(patient, "contact_proof", "code", one, code)
	}
	p.withCode = p.code != ""
	return p, err == nil, err
}

// Prove takes a code. The address is proved when it is the one that was sent there last, within half an hour and at most five tries; the code is
// used up then. A wrong one counts, so the Change has to be kept.
func Prove(tx *store.Tx, patient id.ID, code string) (Proof, bool, error) {
	p, there, err := OpenProof(&tx.View, patient)
	if err != nil || !there || p.Tries >= codeTries {
		return p, false, err
	}
	if p.code != code {
		_, err = tx.Exec(sqlProofTry, p.ID)
		return p, false, err
	}
	_, err = tx.Exec(sqlProofEnd, p.ID, tx.Now())
	return p, err == nil, err
}

// proofText is the text of a message to an address that is proved, or that was left.
func (d *Round) proofText(r row, now situation) (Text, bool, error) {
	p, there, err := readProof(d.v, r.patient, r.appointment)
	if err != nil || !there {
		return Text{}, false, err
	}
	key := "message.privacy.moved."
	if p.withCode {
		key = "message.privacy.code."
	}
	say := func(part string) string {
		return now.tongue.Say(key+part, "ClinicName", now.clinic.Name, "ClinicPhone", now.clinic.Phone, "Code", p.code)
	}
	if r.channel != Email {
		return Text{"", say("sms")}, true, nil
	}
	return Text{say("subject"), say("body")}, true, nil
}

// privateLink makes the link to a person's own page about her data.
func privateLink(tx *store.Tx, r row) (string, error) {
	life := scheduling.LinkLife
	if r.kind == PrivacyLink {
		life = askedFor
	}
	return scheduling.NewLink(tx, r.patient, id.Zero, tx.Now().Add(life))
}

func collectProofs(v *store.View, patient id.ID) ([]map[string]string, error) {
	rows, err := v.Query(sqlProofsOf, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []map[string]string
	for rows.Next() {
		var one id.ID
		var channel string
		var sealed []byte
		var ends clock.Instant
		if err := rows.Scan(&one, &channel, &sealed, &ends); err != nil {
			return nil, err
		}
		address, err := v.Unseal(patient, "contact_proof", "address", one, sealed)
		if errors.Is(err, vault.ErrShredded) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, map[string]string{"id": one.String(), "channel": channel, "address": address, "ends_at": ends.Time().Format(time.RFC3339)})
	}
	return out, rows.Err()
}

const sqlThreadWhose = `SELECT patient_id, wrote_at FROM thread WHERE clinic_id = $1 AND id = $2`

// WhoseThread says with whom a conversation is (zero while nobody said so), and when she wrote last. fault.NotFound when there is none.
func WhoseThread(v *store.View, thread id.ID) (patient id.ID, wrote clock.Instant, err error) {
	err = v.Row(sqlThreadWhose, thread).Scan(&patient, &wrote)
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return patient, wrote, err
}

// WroteFromFile says whether everybody who wrote in the conversation wrote from where the patient is reached by what is on file of her today. That staff said whose a
// conversation is proves nothing: anybody can write in her name from a number of his own.
func WroteFromFile(v *store.View, thread, patient id.ID) (bool, error) {
	people, err := correspondents(v, thread)
	if err != nil || len(people) == 0 {
		return false, err
	}
	phone, email, _, err := patients.Contact(v, patient)
	if err != nil {
		return false, err
	}
	key := contact.Email(email).Key()
	for _, c := range people {
		if (phone == "" || c.Phone != phone) && (key == "" || contact.Email(c.Address).Key() != key) {
			return false, nil
		}
	}
	return true, nil
}

// WroteFrom is from where the conversation was written to last: a number or an address; empty when neither is known.
func WroteFrom(v *store.View, thread id.ID) (string, error) {
	people, err := correspondents(v, thread)
	for _, c := range people {
		if from := c.Phone + c.Address; from != "" {
			return from, err
		}
	}
	return "", err
}
