package messaging

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Provider is a carrier that works with accounts of the clinics' own.
type Provider interface {
	Carrier
	Inbound
	// Check reads what a person typed into the form of this provider: the credentials as they are
	// kept, what recipients see as the sender, and the last four characters of the secret.
	// fault.Invalid over the fields of the form. It asks nobody.
	Check(typed map[string]string) (credentials []byte, sender, last4 string, err error)
	// Probe asks the provider whether the account works. Nothing is sent to anybody.
	Probe(ctx context.Context, c Connection) error
}

// HookWords are providers whose console asks for a word beside the webhook's address: a verify
// token, or the secret that reports must bring. Their owner copies it there, so it is shown to
// whoever may connect accounts, and to nobody else.
type HookWords interface {
	HookWord(credentials []byte) string // empty when there is none
}

// Lists are providers of whose form a field is chosen from a list.
type Lists interface {
	List(field string) []Choice // nil: the field is typed
}

// Choice is one value of a list, with what stands beside it: a country, for a region.
type Choice struct{ Value, Beside string }

// AccountState is whether a clinic's account is used.
type AccountState string

// The states of an account.
const (
	AccountActive  AccountState = "active"
	AccountPaused  AccountState = "paused"  // nothing leaves, and nothing is lost: what is due waits
	AccountRevoked AccountState = "revoked" // the credentials are destroyed
)

// Reasons why an account is paused, beside a provider's own code.
const (
	PausedByHand = "by-hand"
	PausedUnread = "unreadable" // the credentials cannot be opened
)

// AgreementVersion is the version of the sentence that somebody agrees to when an account is
// connected (promise A9); its words are at channel.agree.
const AgreementVersion = 1

// Account is a clinic's own account at a provider. What signs in is never shown again, but for its last four characters.
type Account struct {
	ID         id.ID
	Channel    Channel
	Provider   string
	Sender     string
	Last4      string
	State      AccountState
	Reason     string // of a pause: a word of the catalogue (channel.reason.<word>), or a provider's code
	AgreedBy   id.ID
	TestedAt   clock.Instant // zero: never since it was connected
	StateAt    clock.Instant
	CreatedAt  clock.Instant
	Version    int64
	HookURL    string // where the provider reports to
	HookWord   string // what the provider's console asks for beside it; empty: nothing, or not for this caller
	LastDays   []DayUse
	Hears      Hearing // whether the provider posts the account's news to HookURL
	HearsAt    clock.Instant
	Strange    Strange
	credential []byte
}

// DayUse is what went over an account on one day, by the clinic's calendar.
type DayUse struct {
	Day                    clock.Date
	Sent, Failed, Received int64
}

const (
	accountColumns = `id, kind, provider, sender, last4, credentials, state, reason, agreed_by, tested_at, state_at, created_at, version, listens, listens_at`
	sqlAccountAdd  = `INSERT INTO channel (clinic_id, id, kind, provider, sender, last4, credentials, state, agreed_by, agreed_text, tested_at, state_at, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, $10, $10, $10)`
	sqlAccountList   = `SELECT ` + accountColumns + ` FROM channel WHERE clinic_id = $1 AND state <> 'revoked' ORDER BY created_at, id`
	sqlAccountGet    = `SELECT ` + accountColumns + ` FROM channel WHERE clinic_id = $1 AND id = $2`
	sqlAccountFor    = `SELECT ` + accountColumns + ` FROM channel WHERE clinic_id = $1 AND kind = $2 AND state <> 'revoked'`
	sqlAccountState  = `UPDATE channel SET state = $4, reason = $5, state_at = $6, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'revoked'`
	sqlAccountPause  = `UPDATE channel SET state = 'paused', reason = $3, state_at = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state = 'active'`
	sqlAccountGoOn   = `UPDATE message SET send_at = $3, reason = '' WHERE clinic_id = $1 AND channel = $2 AND state = 'planned' AND reason = 'channel-paused'`
	sqlAccountHeld   = `SELECT COUNT(*) FROM channel WHERE clinic_id = $1 AND state = 'paused'`
	sqlAccountUntold = `SELECT COUNT(*) FROM channel WHERE clinic_id = $1 AND state = 'paused' AND reason <> 'by-hand' AND told_at < state_at`
	sqlAccountTold   = `UPDATE channel SET told_at = $2 WHERE clinic_id = $1 AND state = 'paused'`
	sqlAccountTest   = `UPDATE channel SET tested_at = $3 WHERE clinic_id = $1 AND id = $2`
	sqlAccountEnd    = `UPDATE channel SET state = 'revoked', credentials = NULL, reason = '', state_at = $4, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'revoked'`
	sqlAccountKeys = `UPDATE channel SET credentials = $4, last4 = $5, state = $6, reason = $7, tested_at = $8, state_at = $8, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'revoked'`
	sqlAccountQueue = `SELECT id FROM message WHERE clinic_id = $1 AND channel = $2 AND state = 'planned'`

	sqlUseAdd = `INSERT INTO channel_use (clinic_id, channel_id, day, sent, failed, received) VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (clinic_id, channel_id, day) DO UPDATE SET sent = channel_use.sent + excluded.sent, failed = channel_use.failed + excluded.failed,
	received = channel_use.received + excluded.received`
	sqlUseList = `SELECT day, sent, failed, received FROM channel_use WHERE clinic_id = $1 AND channel_id = $2 ORDER BY day DESC LIMIT 14`
	sqlUseAge  = `DELETE FROM channel_use WHERE clinic_id = $1 AND day < $2`
)

func (a *Account) scan(s scanner) error {
	return s.Scan(&a.ID, &a.Channel, &a.Provider, &a.Sender, &a.Last4, &a.credential, &a.State, &a.Reason, &a.AgreedBy, &a.TestedAt, &a.StateAt, &a.CreatedAt, &a.Version, &a.Hears, &a.HearsAt)
}

// account reads one account; fault.NotFound when it is not there.
func account(v *store.View, text string, arg any) (Account, error) {
	var a Account
	err := a.scan(v.Row(text, arg))
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return a, err
}

// accountCell is where the credentials of an account open: under a key of the account's own, so that
// revoking it destroys them in every copy.
func accountCell(one id.ID) (subject id.ID, table, column string, row id.ID) {
	return one, "channel", "credentials", one
}

// connection opens the account for one handing-over or one report.
func (s *Service) connection(v *store.View, a Account) (Connection, error) {
	subject, table, column, row := accountCell(a.ID)
	text, err := v.Unseal(subject, table, column, row, a.credential)
	if err != nil {
		return Connection{}, err
	}
	return Connection{ID: a.ID, Provider: a.Provider, Sender: a.Sender, Credentials: []byte(text), HookURL: s.hookURL(v.Clinic(), a)}, nil
}

func (s *Service) hookURL(clinic id.ID, a Account) string {
	return s.public + "/hooks/" + a.Provider + "/" + HookPath(clinic, a.ID)
}

// HookPath is the {channel} of a webhook's address: the clinic and the account, so that no table
// across clinics is needed to find them (decision 0018). It is no secret: every report is signed.
func HookPath(clinic, one id.ID) string {
	return base64.RawURLEncoding.EncodeToString(append(append([]byte{}, clinic[:]...), one[:]...))
}

// ReadHookPath reads what HookPath wrote; fault.NotFound for anything else.
func ReadHookPath(path string) (clinic, one id.ID, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(path)
	if err != nil || len(b) != 32 {
		return id.Zero, id.Zero, fault.Missing()
	}
	copy(clinic[:], b[:16])
	copy(one[:], b[16:])
	if clinic.IsZero() || one.IsZero() {
		return id.Zero, id.Zero, fault.Missing()
	}
	return clinic, one, nil
}

// Providers are the names of the providers whose accounts a clinic can connect, in the order of the page.
func (s *Service) Providers() []string { return s.offered }

// ChannelOf is the channel of a provider's messages; empty when the provider is not offered.
func (s *Service) ChannelOf(provider string) Channel {
	if p := s.providers[provider]; p != nil {
		return p.Channel()
	}
	return ""
}

// List is what a field of the provider's form is chosen from; nil when it is typed.
func (s *Service) List(provider, field string) []Choice {
	if p, ok := s.providers[provider].(Lists); ok {
		return p.List(field)
	}
	return nil
}

// Accounts lists the clinic's accounts with their use in the last fortnight.
func (s *Service) Accounts(ctx context.Context, who access.Caller) ([]Account, error) {
	var out []Account
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		out = nil
		rows, err := v.Query(sqlAccountList)
		if err != nil {
			return err
		}
		for rows.Next() {
			var a Account
			if err := a.scan(rows); err != nil {
				_ = rows.Close()
				return err
			}
			a.HookURL = s.hookURL(v.Clinic(), a)
			out = append(out, a)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for i := range out {
			if out[i].LastDays, err = uses(v, out[i].ID); err != nil {
				return err
			}
			if out[i].Strange, err = strangeOf(v, out[i].ID); err != nil {
				return err
			}
			if who.May(access.MessageAccounts) {
				out[i].HookWord = s.hookWord(v, out[i])
			}
		}
		return nil
	})
	return out, err
}

// hookWord is the account's HookWord; empty as well where the credentials cannot be opened, which the
// account's state tells when it is next used.
func (s *Service) hookWord(v *store.View, a Account) string {
	p, ok := s.providers[a.Provider].(HookWords)
	if !ok {
		return ""
	}
	c, err := s.connection(v, a)
	if err != nil {
		return ""
	}
	return p.HookWord(c.Credentials)
}

func uses(v *store.View, one id.ID) ([]DayUse, error) {
	rows, err := v.Query(sqlUseList, one)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []DayUse
	for rows.Next() {
		var u DayUse
		if err := rows.Scan(&u.Day, &u.Sent, &u.Failed, &u.Received); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// Connect takes a clinic's own account into use: only after somebody agreed to what it is used for
// (promise A9), and only when the provider says that it works. fault.Invalid over the form's fields
// ("agreed" among them), fault.Conflict when the clinic has an account for the channel already.
func (s *Service) Connect(ctx context.Context, who access.Caller, provider string, typed map[string]string, agreed bool) (Account, error) {
	p := s.providers[provider]
	if p == nil {
		return Account{}, fault.Missing()
	}
	if !who.May(access.MessageAccounts) {
		return Account{}, fault.New(fault.Forbidden, "fault.forbidden")
	}
	for k, v := range typed {
		typed[k] = strings.TrimSpace(v)
	}
	credentials, sender, last4, err := p.Check(typed)
	if !agreed {
		var f fault.Fields
		f.Add("agreed", "field.channel.agreed")
		var wrong *fault.Fault
		if errors.As(err, &wrong) {
			for _, x := range wrong.Fields {
				f.AddWith(x.Name, x.Key, x.Args)
			}
		}
		err = f.Err()
	}
	if err != nil {
		return Account{}, err
	}
	if err := s.may(ctx, who, provider, credentials); err != nil {
		return Account{}, err
	}
	a := Account{ID: id.New(s.db.Clock().Now()), Channel: p.Channel(), Provider: provider, Sender: sender, Last4: last4, State: AccountActive, AgreedBy: who.Actor(), Version: 1}
	if err := p.Probe(ctx, Connection{ID: a.ID, Provider: provider, Sender: sender, Credentials: credentials, HookURL: s.hookURL(who.Clinic(), a)}); err != nil {
		return Account{}, err
	}
	err = s.db.Change(ctx, who, access.MessageAccounts, func(_ context.Context, tx *store.Tx) error {
		_, err := account(&tx.View, sqlAccountFor, string(a.Channel))
		if err == nil {
			return fault.New(fault.Conflict, "fault.channel.there")
		}
		if !missing(err) {
			return err
		}
		return s.addAccount(tx, &a, credentials)
	})
	if errors.Is(err, store.ErrUnique) {
		err = fault.New(fault.Conflict, "fault.channel.there")
	}
	if err != nil {
		return a, err
	}
	return a, s.listen(ctx, who, Connection{ID: a.ID, Provider: provider, Sender: sender, Credentials: credentials, HookURL: a.HookURL})
}

// addAccount writes a new account down; a gets its moments and its address.
func (s *Service) addAccount(tx *store.Tx, a *Account, credentials []byte) error {
	if err := tx.NewSubject(a.ID); err != nil {
		return err
	}
	subject, table, column, row := accountCell(a.ID)
	sealed, err := tx.Seal(subject, table, column, row, string(credentials))
	if err != nil {
		return err
	}
	a.TestedAt, a.StateAt, a.CreatedAt, a.HookURL = tx.Now(), tx.Now(), tx.Now(), s.hookURL(tx.Clinic(), *a)
	tx.Record(audit.Note{Action: "connect", Kind: "channel", Subject: a.ID, New: map[string]any{"channel": a.Channel, "provider": a.Provider, "sender": a.Sender, "last4": a.Last4, "agreement": AgreementVersion}})
	_, err = tx.Exec(sqlAccountAdd, a.ID, string(a.Channel), a.Provider, a.Sender, a.Last4, sealed, a.AgreedBy, AgreementVersion, tx.Now())
	return err
}

// TestAccount asks the provider whether the account works, and notes when it did. The error is
// the provider's, in words for a person; fault.Conflict when the credentials cannot be opened.
func (s *Service) TestAccount(ctx context.Context, who access.Caller, one id.ID) error {
	var c Connection
	err := s.db.View(ctx, who, access.MessageAccounts, func(_ context.Context, v *store.View) error {
		a, err := account(v, sqlAccountGet, one)
		if err == nil && a.State == AccountRevoked {
			err = fault.Missing()
		}
		if err == nil {
			c, err = s.reaching(v, a)
		}
		return err
	})
	if errors.Is(err, vault.ErrForged) || errors.Is(err, vault.ErrShredded) {
		err = fault.New(fault.Conflict, "fault.channel.unreadable").Because(err)
	}
	if err != nil {
		return err
	}
	p := s.providers[c.Provider]
	if p == nil {
		return fault.Missing()
	}
	if err := p.Probe(ctx, c); err != nil {
		return err
	}
	err = s.db.Change(ctx, who, access.MessageAccounts, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "test", Kind: "channel", Subject: one})
		return tx.Must(sqlAccountTest, one, tx.Now())
	})
	if err != nil {
		return err
	}
	return s.listen(ctx, who, c)
}

// ChangeKeys gives an account new credentials: a second live secret while a provider's is being exchanged, or others in place of
// what was refused. It stays the same account with the same sender, under the agreement that was given when it was connected, and
// only what the provider says works is kept. An account that the provider refused is in use again; one that was paused by
// hand stays paused. fault.Invalid over the form's fields, "sender" when it would be another account's; fault.Conflict when it was changed meanwhile.
func (s *Service) ChangeKeys(ctx context.Context, who access.Caller, one id.ID, version int64, typed map[string]string) error {
	var was Account
	err := s.db.View(ctx, who, access.MessageAccounts, func(_ context.Context, v *store.View) (err error) {
		if was, err = account(v, sqlAccountGet, one); err == nil && was.State == AccountRevoked {
			err = fault.Missing()
		}
		return err
	})
	if err != nil {
		return err
	}
	p := s.providers[was.Provider]
	if p == nil {
		return fault.Missing()
	}
	for k, v := range typed {
		typed[k] = strings.TrimSpace(v)
	}
	credentials, sender, last4, err := p.Check(typed)
	if err == nil && sender != was.Sender {
		var f fault.Fields
		f.AddWith("sender", "field.channel.other_sender", map[string]any{"Sender": was.Sender})
		err = f.Err()
	}
	if err != nil {
		return err
	}
	if err := s.may(ctx, who, was.Provider, credentials); err != nil {
		return err
	}
	c := Connection{ID: one, Provider: was.Provider, Sender: sender, Credentials: credentials, HookURL: s.hookURL(who.Clinic(), was)}
	if err := p.Probe(ctx, c); err != nil {
		return err
	}
	err = s.db.Change(ctx, who, access.MessageAccounts, func(_ context.Context, tx *store.Tx) error {
		now, err := account(&tx.View, sqlAccountGet, one)
		if err != nil {
			return err
		}
		state, reason := AccountActive, ""
		if now.State == AccountPaused && now.Reason == PausedByHand {
			state, reason = AccountPaused, PausedByHand
		}
		subject, table, column, row := accountCell(one)
		sealed, err := tx.Seal(subject, table, column, row, string(credentials))
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlAccountKeys, one, version, sealed, last4, string(state), reason, tx.Now())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "change-keys", Kind: "channel", Subject: one, Old: map[string]any{"last4": now.Last4, "state": now.State}, New: map[string]any{"last4": last4, "state": state}})
		if err == nil && state == AccountActive && now.State == AccountPaused {
			err = goOn(tx, now.Channel)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.listen(ctx, who, c)
}

// goOn lets go what waited for an account of the channel.
func goOn(tx *store.Tx, channel Channel) error {
	_, err := tx.Exec(sqlAccountGoOn, string(channel), tx.Now())
	if err == nil {
		_, err = tx.Exec(sqlAttachedGoOn, string(channel), tx.Now())
	}
	tx.DueBy(tx.Now())
	return err
}

// SetAccount pauses an account or takes it into use again. fault.Conflict when it was changed meanwhile.
func (s *Service) SetAccount(ctx context.Context, who access.Caller, one id.ID, version int64, on bool) error {
	to, reason := AccountPaused, PausedByHand
	if on {
		to, reason = AccountActive, ""
	}
	return s.db.Change(ctx, who, access.MessageAccounts, func(_ context.Context, tx *store.Tx) error {
		was, err := account(&tx.View, sqlAccountGet, one)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlAccountState, one, version, string(to), reason, tx.Now())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "change", Kind: "channel", Subject: one, Old: was.State, New: to})
		if err == nil && on {
			err = goOn(tx, was.Channel)
		}
		return err
	})
}

// Revoke ends an account: what waits for its channel is taken back, the credentials are deleted, and
// the key that they were sealed with is destroyed, so that no copy can be opened either.
// fault.Conflict when it was changed meanwhile.
func (s *Service) Revoke(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.db.Change(ctx, who, access.MessageAccounts, func(ctx context.Context, tx *store.Tx) error {
		was, err := account(&tx.View, sqlAccountGet, one)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlAccountEnd, one, version, tx.Now())
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		rows, err := tx.Query(sqlAccountQueue, string(was.Channel))
		if err != nil {
			return err
		}
		var waiting []id.ID
		for rows.Next() {
			var m id.ID
			if err := rows.Scan(&m); err != nil {
				_ = rows.Close()
				return err
			}
			waiting = append(waiting, m)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, m := range waiting {
			n, err := tx.Exec(sqlMessageFromPlanned, m, string(Withdrawn), ReasonRevoked, tx.Now(), tx.Now())
			if err == nil && n > 0 {
				err = step(tx, m, Withdrawn, ReasonRevoked)
			}
			if err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "revoke", Kind: "channel", Subject: one, Old: map[string]any{"channel": was.Channel, "provider": was.Provider, "last4": was.Last4}, New: map[string]any{"taken_back": len(waiting)}})
		return s.db.Vault().Shred(ctx, tx.Clinic(), one, "channel_revoked")
	})
}

// broken pauses an account that its provider refuses. What is due waits; its owner sees why.
func broken(tx *store.Tx, one id.ID, code string) error {
	if code == "" {
		code = "refused"
	}
	n, err := tx.Exec(sqlAccountPause, one, code, tx.Now())
	if n > 0 {
		tx.Record(audit.Note{Action: "pause", Kind: "channel", Subject: one, New: code})
	}
	return err
}

// TellPaused has the clinic's owners told, once, that a provider refuses one of its accounts (F11).
func (s *Service) TellPaused(ctx context.Context, who access.Caller, tell func(clinic string) error) error {
	return clinics.TellOwners(ctx, s.db, who, sqlAccountUntold, sqlAccountTold, "owners were told; the pause itself is recorded", tell)
}

// used counts what went over an account today: each day's use is what its owner sees (promise F5).
func used(tx *store.Tx, d *Round, one id.ID, u DayUse) error {
	if _, err := d.house(); err != nil {
		return err
	}
	_, err := tx.Exec(sqlUseAdd, one, clock.DateOf(tx.Now().In(d.local)), u.Sent, u.Failed, u.Received)
	return err
}

// way finds how a message of the channel leaves: by the clinic's own account, or else by the
// deployment's carrier. held says that the account is paused: the message waits.
func (s *Service) way(tx *store.Tx, d *Round, c Channel) (via Carrier, own *Connection, held string, err error) {
	a, there, err := d.account(c)
	if err != nil {
		return nil, nil, "", err
	}
	if house, err := d.house(); err != nil {
		return nil, nil, "", err
	} else if house.Held { // the clinic came from another house, which may have sent this already: its owner lets go
		return nil, nil, ReasonPaused, nil
	} else if house.Canary {
		via, own, err := s.around(&tx.View, c, a, there)
		return via, own, "", err
	}
	if !there {
		return s.carriers[c], nil, "", nil
	}
	p := s.providers[a.Provider]
	switch {
	case a.State == AccountPaused:
		return nil, nil, ReasonPaused, nil
	case p == nil: // this deployment no longer offers the provider: the clinic's messages wait as well
		return nil, nil, ReasonPaused, nil
	}
	conn, err := s.connection(&tx.View, a)
	if errors.Is(err, vault.ErrForged) || errors.Is(err, vault.ErrShredded) {
		delete(d.accounts, c) // it changes now
		return nil, nil, ReasonPaused, broken(tx, a.ID, PausedUnread)
	}
	if err != nil {
		return nil, nil, "", err
	}
	return p, &conn, "", nil
}
