package messaging

import (
	"encoding/hex"
	"encoding/json"
	"errors"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlPeerGet = `SELECT thread_id, patient_id, address FROM correspondent WHERE clinic_id = $1 AND channel_id = $2 AND peer = $3`
	sqlPeerPut = `INSERT INTO correspondent (clinic_id, channel_id, peer, thread_id, patient_id, address, wrote_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (clinic_id, channel_id, peer) DO UPDATE SET thread_id = excluded.thread_id, patient_id = excluded.patient_id, address = excluded.address,
	wrote_at = CASE WHEN excluded.wrote_at > correspondent.wrote_at THEN excluded.wrote_at ELSE correspondent.wrote_at END`
	sqlPeerOf = `SELECT p.channel_id, p.peer, p.thread_id, p.patient_id, p.address, p.wrote_at, p.closed_at, c.kind, c.state FROM correspondent p JOIN channel c ON c.clinic_id = p.clinic_id AND c.id = p.channel_id
	WHERE p.clinic_id = $1 AND p.thread_id = $2 ORDER BY p.wrote_at DESC, p.channel_id, p.peer`
	sqlPeerThread = `SELECT id FROM thread WHERE clinic_id = $1 AND patient_id = $2`
	sqlPeerMove   = `UPDATE correspondent SET thread_id = $4, patient_id = $5, address = $6 WHERE clinic_id = $1 AND channel_id = $2 AND peer = $3`
	sqlPeerClosed = `UPDATE correspondent SET closed_at = $4 WHERE clinic_id = $1 AND channel_id = $2 AND thread_id = $3`
)

// correspondent is a person as one of the clinic's accounts knows her. She has a row for each name that the
// provider gives her: a conversation is never found by the number alone.
type correspondent struct {
	channel id.ID
	peer    id.ID // token of the name
	thread  id.ID
	patient id.ID // zero while nobody said who is meant
	address []byte
	wrote   clock.Instant
	closed  clock.Instant // when the provider said that the window has closed
	kind    Channel
	state   AccountState
	Sender
}

// at is where she is written to over the channel; empty when only the provider's own id of her is known.
func (c correspondent) at(ch Channel) string {
	if ch == Email {
		return c.Address
	}
	return c.Phone
}

// until is when the clinic's own words stop being allowed; zero when they are not allowed now.
func (c correspondent) until(now clock.Instant) clock.Instant {
	end := c.wrote.Add(Window)
	if c.wrote == 0 || end <= now || c.closed >= c.wrote {
		return 0
	}
	return end
}

// token is 16 bytes that only this clinic's key makes of the value.
func token(v *store.View, kind, value string) (out id.ID, err error) {
	r, err := v.Ring()
	if err == nil {
		copy(out[:], r.Token(kind, value))
	}
	return out, err
}

// peers are the tokens of whoever wrote, the provider's own id of her first.
func peers(v *store.View, from Sender) (out []id.ID, err error) {
	for _, name := range []struct{ sort, value string }{{"user", from.UserID}, {"phone", from.Phone}, {"address", contact.Email(from.Address).Key()}} {
		if name.value == "" {
			continue
		}
		t, err := token(v, vault.IndexPeer, name.sort+" "+name.value)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// owner is whose key an address or a line opens with: the patient's, or the clinic's while she is not known.
func owner(patient id.ID) id.ID {
	if patient.IsZero() {
		return vault.ClinicData
	}
	return patient
}

// meet notes from where somebody wrote, under each of her names.
func meet(tx *store.Tx, channel, thread, patient id.ID, from Sender, at clock.Instant) error {
	list, err := peers(&tx.View, from)
	if err != nil {
		return err
	}
	_, _, before, err := knownPeer(&tx.View, channel, from)
	if err != nil {
		return err
	}
	if from.Phone == "" { // a provider that keeps her number back now may have told it before
		from.Phone = before.Phone
	}
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	if patient.IsZero() {
		if err := findable(tx, thread, from); err != nil {
			return err
		}
	}
	for _, p := range list {
		sealed, err := tx.Seal(owner(patient), "correspondent", "address", p, string(text))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlPeerPut, channel, p, thread, id.Null(patient), sealed, at); err != nil {
			return err
		}
	}
	return nil
}

// correspondents lists from where a conversation was written to, the latest first. One whose address does not open
// keeps its place with an empty address: nothing goes out to a guess.
func correspondents(v *store.View, thread id.ID) ([]correspondent, error) {
	rows, err := v.Query(sqlPeerOf, thread)
	if err != nil {
		return nil, err
	}
	var out []correspondent
	for rows.Next() {
		var c correspondent
		if err := rows.Scan(&c.channel, &c.peer, &c.thread, &c.patient, &c.address, &c.wrote, &c.closed, &c.kind, &c.state); err != nil {
			_ = rows.Close()
			return nil, err
		}
		out = append(out, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for i := range out {
		c := &out[i]
		if text, err := v.Unseal(owner(c.patient), "correspondent", "address", c.peer, c.address); err == nil && text != "" {
			_ = json.Unmarshal([]byte(text), &c.Sender)
		}
	}
	return out, nil
}

// lastFrom is from where the patient last wrote over the channel; a zero one when she never did.
func lastFrom(v *store.View, patient id.ID, ch Channel) (correspondent, error) {
	var thread id.ID
	err := v.Row(sqlPeerThread, patient).Scan(&thread)
	if errors.Is(err, store.ErrNoRows) {
		return correspondent{}, nil
	}
	if err != nil {
		return correspondent{}, err
	}
	list, err := correspondents(v, thread)
	for _, c := range list {
		if c.kind == ch && c.state != AccountRevoked && c.Sender != (Sender{}) {
			return c, err
		}
	}
	return correspondent{}, err
}

// theirID is a provider's id of a message as it is kept: a token to find it by, and the id itself under the
// patient's key. WhatsApp writes the recipient's number into its ids.
func theirID(tx *store.Tx, account, patient, message id.ID, text string) (tok string, sealed []byte, err error) {
	if text == "" || len(text) > 500 {
		return "", nil, nil
	}
	if tok, err = reportToken(&tx.View, account, text); err != nil {
		return "", nil, err
	}
	sealed, err = tx.Seal(patient, "message", "provider_sealed", message, text)
	if errors.Is(err, vault.ErrShredded) { // she was erased while it was on its way
		return tok, nil, nil
	}
	return tok, sealed, err
}

func reportToken(v *store.View, account id.ID, text string) (string, error) {
	t, err := token(v, vault.IndexReport, account.String()+" "+text)
	return hex.EncodeToString(t[:]), err
}

// providerID opens what theirID sealed; empty when it does not open.
func providerID(v *store.View, r row) string {
	text, err := v.Unseal(r.patient, "message", "provider_sealed", r.id, r.provider)
	if err != nil {
		return ""
	}
	return text
}

// pricing keeps cost fields as they were received; what is no short JSON object is left out.
func pricing(raw json.RawMessage) string {
	var object map[string]any
	if len(raw) == 0 || len(raw) > 1000 || json.Unmarshal(raw, &object) != nil {
		return ""
	}
	return string(raw)
}

// PeerNames are the tokens under which somebody with the address (as a correspondent's is kept) is found in this clinic, by the sort of name: for
// an archive, which must not carry tokens of this house's keys. Text that is no address has none.
func PeerNames(v *store.View, address string) (map[string]id.ID, error) {
	var from Sender
	if json.Unmarshal([]byte(address), &from) != nil {
		return nil, nil
	}
	out := map[string]id.ID{}
	for sort, only := range map[string]Sender{"user": {UserID: from.UserID}, "phone": {Phone: from.Phone}, "address": {Address: from.Address}} {
		list, err := peers(v, only)
		if err != nil {
			return nil, err
		}
		if len(list) == 1 {
			out[sort] = list[0]
		}
	}
	return out, nil
}

const sqlPeersUnknown = `SELECT thread_id, peer, address FROM correspondent WHERE clinic_id = $1 AND patient_id IS NULL AND address IS NOT NULL`

// FindAgain makes conversations with people who are on nobody's record findable by their numbers, in a clinic that arrived from another house.
func FindAgain(tx *store.Tx) error {
	rows, err := tx.Query(sqlPeersUnknown)
	if err != nil {
		return err
	}
	var list []correspondent
	for rows.Next() {
		var c correspondent
		if err := rows.Scan(&c.thread, &c.peer, &c.address); err != nil {
			_ = rows.Close()
			return err
		}
		list = append(list, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, c := range list {
		text, err := tx.Unseal(vault.ClinicData, "correspondent", "address", c.peer, c.address)
		if err != nil || json.Unmarshal([]byte(text), &c.Sender) != nil {
			continue
		}
		if err := findable(tx, c.thread, c.Sender); err != nil {
			return err
		}
	}
	return nil
}
