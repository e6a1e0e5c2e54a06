package messaging

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// What carriers keep of a patient, and how one of them is asked to erase it (promise erasure-asked). Nothing is known here of erasures: privacy, which stands to the right, keeps the list.

// Copy is a message or a file of a patient that somebody outside keeps.
type Copy struct {
	Account id.ID  // the clinic's own at the provider; zero for none
	Carrier string // its name
	ID      string // the carrier's own id of it, which may hold her number; empty when it is not known
	File    bool
	Asks    bool // the carrier erases it when it is asked
	Days    int  // where it takes no such call: after how many days it is erased there by itself, by its terms; 0: they do not say
}

// What comes of asking a provider to erase something, beside Accepted (it is erased), Refused (it will not), Later and Broken (ask again).
const (
	Absent   Outcome = "absent"    // it answers that it has nothing under this id
	ByLetter Outcome = "by-letter" // nobody can be asked by a call: a person has to write
)

// Forgotten is what came of asking a provider to erase something.
type Forgotten struct {
	Outcome Outcome
	Code    string        // the provider's, or a word of ours
	Wait    time.Duration // with Later: how long the provider asks to wait
	Asked   bool          // the provider was dialled
}

// Eraser are providers that erase messages, or files, when they are asked by their own id of it.
type Eraser interface {
	// Forgets says whether messages, or files, can be erased there at all.
	Forgets(file bool) bool
	// Keeps is after how many days they are erased there by themselves, by its terms; 0 when these do not say.
	Keeps(file bool) int
	// Forget asks for one to be erased. It may be asked again: what is gone is Absent.
	Forget(ctx context.Context, via Connection, what string, file bool) Forgotten
}

const (
	sqlTheirFiles = `SELECT id, channel_id, theirs FROM attached WHERE clinic_id = $1 AND thread_id IN (SELECT id FROM thread WHERE clinic_id = $1 AND patient_id = $2) AND theirs IS NOT NULL ORDER BY at, id`
	sqlTheirLines = `SELECT id, channel_id, theirs FROM post WHERE clinic_id = $1 AND thread_id IN (SELECT id FROM thread WHERE clinic_id = $1 AND patient_id = $2)
	AND way = 'in' AND channel IN ('sms', 'whatsapp') AND channel_id IS NOT NULL ORDER BY at, id`
)

// sealTheirs seals a provider's id of something that a patient sent.
func sealTheirs(tx *store.Tx, patient id.ID, table string, row id.ID, text string) ([]byte, error) {
	if text == "" || len(text) > 500 {
		return nil, nil
	}
	return tx.Seal(owner(patient), table, "theirs", row, text)
}

// copying gathers what carriers keep of one patient.
type copying struct {
	s     *Service
	v     *store.View
	known map[id.ID]Account
	out   []Copy
}

// add adds something that went over an account, or over the deployment's own carrier of a channel.
func (c *copying) add(one id.ID, ch Channel, what string, file bool) error {
	name := ""
	if via := c.s.carriers[ch]; one.IsZero() && via != nil {
		name = via.Name()
	}
	if !one.IsZero() {
		a, seen := c.known[one]
		if !seen {
			var err error
			if a, err = account(c.v, sqlAccountGet, one); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			c.known[one] = a
		}
		name = a.Provider
	}
	e, can := c.s.providers[name].(Eraser)
	if name == "" || !can && c.s.recipient != nil && c.s.recipient(name) == "" { // nobody outside has it
		return nil
	}
	x := Copy{Account: one, Carrier: name, ID: what, File: file, Asks: can && !one.IsZero() && what != "" && e.Forgets(file)}
	if can && !x.Asks {
		x.Days = e.Keeps(file)
	}
	c.out = append(c.out, x)
	return nil
}

// theirs adds what the patient sent, as a statement finds it.
func (c *copying) theirs(text, table string, patient id.ID) error {
	type sent struct {
		row, account id.ID
		cell         []byte
	}
	var all []sent
	rows, err := c.v.Query(text, patient)
	if err != nil {
		return err
	}
	for rows.Next() {
		var x sent
		if err := rows.Scan(&x.row, &x.account, &x.cell); err != nil {
			_ = rows.Close()
			return err
		}
		all = append(all, x)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, x := range all {
		what, err := c.v.Unseal(patient, table, "theirs", x.row, x.cell)
		if err != nil {
			what = "" // what does not open cannot be asked for by its id
		}
		if err := c.add(x.account, "", what, table == "attached"); err != nil {
			return err
		}
	}
	return nil
}

// CopiesOf are the copies of a patient that carriers outside keep, as far as their messages and files are on record: files first, then what she wrote, then what was sent to her. It is asked
// before she is erased.
func (s *Service) CopiesOf(v *store.View, patient id.ID) ([]Copy, error) {
	house, err := clinics.Get(v)
	if err != nil || house.Canary { // what the invented patient was sent went round in a loop
		return nil, err
	}
	c := &copying{s: s, v: v, known: map[id.ID]Account{}}
	if err := c.theirs(sqlTheirFiles, "attached", patient); err != nil {
		return nil, err
	}
	if err := c.theirs(sqlTheirLines, "post", patient); err != nil {
		return nil, err
	}
	sent, err := list(v, sqlMessageOfPatient, patient, v.Now().Add(time.Second), id.Zero, 1_000_000)
	if err != nil {
		return nil, err
	}
	for _, r := range sent {
		what := providerID(v, r)
		if what == "" && r.state != Sent && r.state != Unsure { // it never was handed over
			continue
		}
		if err := c.add(r.account, r.channel, what, false); err != nil {
			return nil, err
		}
	}
	return c.out, nil
}

// SenderOf is what recipients see as the sender of an account, by which its provider knows it; empty when there is no such account any more.
func SenderOf(v *store.View, one id.ID) (string, error) {
	a, err := account(v, sqlAccountGet, one)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return a.Sender, err
}

// Words for why nobody is asked just now, and why nobody can be asked by a call.
const (
	askHeld        = "held"        // the clinic came from another house, and nothing leaves yet
	askPaused      = "paused"      // the account is paused
	askNoAccount   = "account"     // it was revoked
	askCredentials = "credentials" // they do not open
	askNoCall      = "no-call"     // the provider takes none, or is not offered here any more
)

// ForgetCopy asks the provider of an account to erase something. It is the clinic's own work. While the gate is closed to the provider, and while the clinic or the account is held, nobody is dialled and
// it is to be asked later; without an account to ask with, and where the clinic allows nothing to go there, a letter is needed. An error says that it could not be found out.
func (s *Service) ForgetCopy(ctx context.Context, who access.Caller, one id.ID, what string, file bool) (out Forgotten, err error) {
	s.fresh()
	var c Connection
	var at Eraser
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) (err error) {
		at = nil
		out, err = s.unaskable(v, one, file, func(e Eraser, via Connection) { at, c = e, via })
		return err
	})
	if err != nil || at == nil {
		return out, err
	}
	limited, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	out = at.Forget(limited, c, what, file)
	out.Asked = true
	return out, nil
}

// unaskable says why the provider of an account is not asked now; when nothing is in the way, it hands over who is to be asked.
func (s *Service) unaskable(v *store.View, one id.ID, file bool, may func(Eraser, Connection)) (Forgotten, error) {
	letter := func(why string) (Forgotten, error) { return Forgotten{Outcome: ByLetter, Code: why}, nil }
	later := func(why string) (Forgotten, error) { return Forgotten{Outcome: Later, Code: why}, nil }
	house, err := clinics.Get(v)
	if err != nil {
		return Forgotten{}, err
	}
	a, err := account(v, sqlAccountGet, one)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Forgotten{}, err
	}
	p := s.providers[a.Provider]
	e, can := p.(Eraser)
	switch {
	case err != nil, a.State == AccountRevoked:
		return letter(askNoAccount)
	case !can, !e.Forgets(file), house.Canary:
		return letter(askNoCall)
	case house.Held:
		return later(askHeld)
	case a.State != AccountActive:
		return later(askPaused)
	}
	c, err := s.connection(v, a)
	if errors.Is(err, vault.ErrForged) || errors.Is(err, vault.ErrShredded) {
		return letter(askCredentials)
	}
	if err != nil {
		return Forgotten{}, err
	}
	if why := s.refusedBy(house, p, c.Credentials); why != "" {
		return letter(ReasonOutside + why)
	}
	if s.abroad.Shut != nil {
		if why := s.abroad.Shut(p.Name()); why != "" {
			return later(why)
		}
	}
	may(e, c)
	return Forgotten{}, nil
}
