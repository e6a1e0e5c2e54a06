package billing

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/policies"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Gateways takes payments by gateways: the clinic's own accounts there, the payments that are asked for, what gateways report, and the calls to them.
type Gateways struct {
	db       *store.DB
	log      *slog.Logger
	gateways map[string]Gateway
	offered  []string
	hookURL  func(clinic, account id.ID, provider string) string
	refused  func(c clinics.Clinic, provider string) string
	fresh    func()
	party    func(provider string) string
}

// GatewaysOptions are what Gateways is told.
type GatewaysOptions struct {
	Gateways  []Gateway                                           // at which clinics can connect an account, in the order of the page
	HookURL   func(clinic, account id.ID, provider string) string // where a gateway reports to
	Refused   func(c clinics.Clinic, provider string) string      // why a clinic may not use a gateway; empty: it may. Nil: it may use each
	Recipient func(provider string) string                        // the outside party behind a gateway, as the clinic's terms name it; empty for none. Nil: none has one
	Fresh     func()                                              // reads what Refused answers from, outside of every Change; nil where there is nothing to read
}

// NewGateways makes the service.
func NewGateways(db *store.DB, log *slog.Logger, o GatewaysOptions) *Gateways {
	s := &Gateways{db: db, log: log, gateways: map[string]Gateway{}, hookURL: o.HookURL, refused: o.Refused, fresh: o.Fresh, party: o.Recipient}
	if s.fresh == nil {
		s.fresh = func() {}
	}
	if s.hookURL == nil {
		s.hookURL = func(id.ID, id.ID, string) string { return "" }
	}
	for _, g := range o.Gateways {
		s.gateways[g.Provider()] = g
		s.offered = append(s.offered, g.Provider())
	}
	return s
}

// Refused says why the clinic may not use the gateway; empty when it may.
func (o *Gateways) Refused(c clinics.Clinic, provider string) string {
	if o.refused == nil {
		return ""
	}
	return o.refused(c, provider)
}

// allows is fault.Conflict "fault.outside.<why>" when the clinic does not allow the gateway. It is asked before somebody is asked to pay; money that was
// taken goes back by the way it came.
func (o *Gateways) allows(c clinics.Clinic, provider string) error {
	if why := o.Refused(c, provider); why != "" {
		return fault.New(fault.Conflict, "fault.outside."+why)
	}
	return nil
}

// agreed looks whether the terms under which the patient is name the gateway among those who may get something of hers. The clinic that connected it since has to announce it
// first; until she agrees nobody but herself hands her bill to it (promise policy-agreed-first). Her own press on her own page is her yes to that one payment, and is
// written down as such. fault.Conflict "fault.pay.agreed".
func (o *Gateways) agreed(tx *store.Tx, patient id.ID, provider string, request id.ID) error {
	party, err := o.unnamed(&tx.View, patient, provider)
	if err != nil || party == "" {
		return err
	}
	if tx.Caller().Role() != access.Patient {
		return fault.New(fault.Conflict, "fault.pay.agreed")
	}
	tx.Record(audit.Note{Action: "agree-gateway", Kind: "payment_request", Subject: request, Patient: patient, New: map[string]any{"recipient": party}})
	return nil
}

// unnamed is the gateway's party when the terms under which the patient is do not name it; empty when they do.
func (o *Gateways) unnamed(v *store.View, patient id.ID, provider string) (string, error) {
	if o.party == nil || patient.IsZero() {
		return "", nil
	}
	party := o.party(provider)
	if party == "" {
		return "", nil
	}
	t, ok, err := policies.For(v, patient)
	if err != nil || !ok || slices.Contains(t.Recipients, party) {
		return "", err
	}
	return party, nil
}

// barred says why the desk may not ask for a payment by the gateway, as the key of a fault; empty when it may.
func (o *Gateways) barred(v *store.View, c clinics.Clinic, patient id.ID, provider string) (string, error) {
	if why := o.Refused(c, provider); why != "" {
		return "fault.outside." + why, nil
	}
	party, err := o.unnamed(v, patient, provider)
	if err != nil || party == "" {
		return "", err
	}
	return "fault.pay.agreed", nil
}

// Offered are the names of the gateways at which a clinic can connect an account.
func (o *Gateways) Offered() []string { return slices.Clone(o.offered) }

// AccountState is whether a clinic's account at a gateway is used.
type AccountState string

// The states of an account.
const (
	AccountActive  AccountState = "active"
	AccountPaused  AccountState = "paused"  // nobody is asked to pay by it; what was asked for is still heard, and money can go back
	AccountRevoked AccountState = "revoked" // the keys are destroyed
)

// Why an account is paused, beside a gateway's own code.
const (
	PausedByHand = "by-hand"
	PausedUnread = "unreadable" // the keys cannot be opened
)

// GatewayAgreement is the version of the sentence that the owner agrees to when an account is connected; its words are at gateway.agree.
const GatewayAgreement = 1

// GatewayAccount is a clinic's own account at a gateway. Its keys are never shown again, but for the last four characters of the key's name.
type GatewayAccount struct {
	ID        id.ID
	Provider  string
	Last4     string
	Trial     bool // keys of the gateway's test mode
	State     AccountState
	Reason    string
	AgreedBy  id.ID
	TestedAt  clock.Instant
	StateAt   clock.Instant
	CreatedAt clock.Instant
	HeardAt   clock.Instant // the newest verified report; zero: none ever
	CheckedAt clock.Instant // the newest comparison of the books
	Checked   int64         // payments and refunds that it compared
	Version   int64
	HookURL   string
	sealed    []byte
}

// source is how the ledger names the account.
func (a GatewayAccount) source() string { return a.Provider + ":" + a.ID.String() }

const (
	gatewayAccountColumns = `id, provider, last4, trial, credentials, state, reason, agreed_by, tested_at, state_at, created_at, heard_at, checked_at, checked, version`
	sqlGatewayAccountAdd  = `INSERT INTO gateway_account (clinic_id, id, provider, last4, trial, credentials, state, agreed_by, agreed_text, tested_at, state_at, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $8, $9, $9, $9)`
	sqlGatewayAccountList  = `SELECT ` + gatewayAccountColumns + ` FROM gateway_account WHERE clinic_id = $1 AND state <> 'revoked' ORDER BY created_at, id`
	sqlGatewayAccountGet   = `SELECT ` + gatewayAccountColumns + ` FROM gateway_account WHERE clinic_id = $1 AND id = $2`
	sqlGatewayAccountUsed  = `SELECT ` + gatewayAccountColumns + ` FROM gateway_account WHERE clinic_id = $1 AND state = 'active' ORDER BY created_at DESC, id DESC LIMIT 1`
	sqlGatewayAccountOf    = `SELECT id FROM gateway_account WHERE clinic_id = $1 AND provider = $2 AND state <> 'revoked'`
	sqlGatewayAccountState = `UPDATE gateway_account SET state = $4, reason = $5, state_at = $6, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'revoked'`
	sqlGatewayAccountPause = `UPDATE gateway_account SET state = 'paused', reason = $3, state_at = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state = 'active'`
	sqlGatewayAccountTest  = `UPDATE gateway_account SET tested_at = $3 WHERE clinic_id = $1 AND id = $2`
	sqlGatewayAccountHeard = `UPDATE gateway_account SET heard_at = $3 WHERE clinic_id = $1 AND id = $2 AND heard_at < $3`
	sqlGatewayAccountCheck = `UPDATE gateway_account SET checked_at = $3, checked = $4 WHERE clinic_id = $1 AND id = $2`
	sqlGatewayAccountKeys  = `UPDATE gateway_account SET credentials = $4, last4 = $5, trial = $6, state = CASE WHEN reason = 'by-hand' THEN state ELSE 'active' END,
	reason = CASE WHEN reason = 'by-hand' THEN reason ELSE '' END, tested_at = $7, state_at = $7, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'revoked'`
	sqlGatewayAccountEnd = `UPDATE gateway_account SET state = 'revoked', credentials = NULL, reason = '', state_at = $4, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'revoked'`
)

func scanGatewayAccount(row scanner) (GatewayAccount, error) {
	var a GatewayAccount
	err := row.Scan(&a.ID, &a.Provider, &a.Last4, &a.Trial, &a.sealed, &a.State, &a.Reason, &a.AgreedBy, &a.TestedAt, &a.StateAt, &a.CreatedAt, &a.HeardAt, &a.CheckedAt, &a.Checked, &a.Version)
	return a, gone(err)
}

// till opens the account for one call or one report. fault.Conflict when its keys are destroyed or cannot be opened.
func (o *Gateways) till(v *store.View, a GatewayAccount) (Till, error) {
	if a.State == AccountRevoked || len(a.sealed) == 0 {
		return Till{}, fault.New(fault.Conflict, "fault.gateway.revoked")
	}
	// Under a key of the account's own, so that revoking it destroys the keys in every copy.
	text, err := v.Unseal(a.ID, "gateway_account", "credentials", a.ID, a.sealed)
	if errors.Is(err, vault.ErrForged) || errors.Is(err, vault.ErrShredded) {
		return Till{}, fault.New(fault.Conflict, "fault.gateway.unreadable").Because(err)
	}
	return Till{ID: a.ID, Provider: a.Provider, Credentials: []byte(text), HookURL: o.hookURL(v.Clinic(), a.ID, a.Provider)}, err
}

// open finds an account and opens it. fault.NotFound when it is not there, and of a gateway that this house does not offer any more.
func (o *Gateways) open(v *store.View, one id.ID) (GatewayAccount, Gateway, Till, error) {
	a, err := scanGatewayAccount(v.Row(sqlGatewayAccountGet, one))
	if err != nil {
		return a, nil, Till{}, err
	}
	g := o.gateways[a.Provider]
	if g == nil {
		return a, nil, Till{}, fault.Missing()
	}
	t, err := o.till(v, a)
	return a, g, t, err
}

// Accounts lists the clinic's accounts.
func (o *Gateways) Accounts(ctx context.Context, who access.Caller) ([]GatewayAccount, error) {
	var out []GatewayAccount
	err := o.db.View(ctx, who, access.GatewayAccounts, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		var err error
		out, err = gatewayAccounts(v)
		for i := range out {
			out[i].HookURL = o.hookURL(v.Clinic(), out[i].ID, out[i].Provider)
		}
		return err
	})
	return out, err
}

func gatewayAccounts(v *store.View) ([]GatewayAccount, error) {
	rows, err := v.Query(sqlGatewayAccountList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []GatewayAccount
	for rows.Next() {
		a, err := scanGatewayAccount(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Connect takes a clinic's own account into use: only after its owner agreed to what it is used for, and only when the gateway says
// that the keys work. fault.Invalid over the form's fields ("agreed" among them), fault.Conflict when the clinic has an account there
// already, and the errors of Trouble.
func (o *Gateways) Connect(ctx context.Context, who access.Caller, provider string, typed map[string]string, agreed bool) (GatewayAccount, error) {
	g := o.gateways[provider]
	if g == nil {
		return GatewayAccount{}, fault.Missing()
	}
	if !who.May(access.GatewayAccounts) {
		return GatewayAccount{}, fault.New(fault.Forbidden, "fault.forbidden")
	}
	clean := map[string]string{}
	for k, v := range typed {
		clean[k] = strings.TrimSpace(v)
	}
	k, err := g.Check(clean)
	if !agreed {
		var f fault.Fields
		f.Add("agreed", "field.gateway.agreed")
		var wrong *fault.Fault
		if errors.As(err, &wrong) {
			for _, x := range wrong.Fields {
				f.AddWith(x.Name, x.Key, x.Args)
			}
		}
		err = f.Err()
	}
	if err != nil {
		return GatewayAccount{}, err
	}
	o.fresh()
	err = o.db.View(ctx, who, access.GatewayAccounts, func(_ context.Context, v *store.View) error {
		c, err := clinics.Must(v, clinics.ModuleBilling)
		if err == nil {
			err = o.allows(c, provider)
		}
		return err
	})
	if err != nil {
		return GatewayAccount{}, err
	}
	a := GatewayAccount{ID: id.New(o.db.Clock().Now()), Provider: provider, Last4: k.Last4, Trial: k.Trial, State: AccountActive, AgreedBy: who.Actor(), Version: 1}
	if err := g.Probe(ctx, Till{ID: a.ID, Provider: provider, Credentials: k.Credentials}); err != nil {
		return GatewayAccount{}, err
	}
	err = o.db.Change(ctx, who, access.GatewayAccounts, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Must(&tx.View, clinics.ModuleBilling)
		if err != nil {
			return err
		}
		var other id.ID
		switch err := tx.Row(sqlGatewayAccountOf, provider).Scan(&other); {
		case err == nil:
			return fault.New(fault.Conflict, "fault.gateway.there")
		case !errors.Is(err, store.ErrNoRows):
			return err
		}
		if err := tx.NewSubject(a.ID); err != nil {
			return err
		}
		sealed, err := tx.Seal(a.ID, "gateway_account", "credentials", a.ID, string(k.Credentials))
		if err != nil {
			return err
		}
		a.TestedAt, a.StateAt, a.CreatedAt, a.HookURL = tx.Now(), tx.Now(), tx.Now(), o.hookURL(tx.Clinic(), a.ID, provider)
		tx.Record(audit.Note{Action: "connect", Kind: "gateway_account", Subject: a.ID, New: map[string]any{"provider": provider, "last4": a.Last4, "trial": a.Trial, "agreement": GatewayAgreement}})
		if _, err := tx.Exec(sqlGatewayAccountAdd, a.ID, provider, a.Last4, a.Trial, sealed, who.Actor(), GatewayAgreement, tx.Now()); err != nil {
			return err
		}
		return due(tx, workCheck, a.ID, nextNight(tx.Now(), c))
	})
	if errors.Is(err, store.ErrUnique) {
		err = fault.New(fault.Conflict, "fault.gateway.there")
	}
	return a, err
}

// nextNight is half past two of the next night by the clinic's clock: when the books are compared.
func nextNight(now clock.Instant, c clinics.Clinic) clock.Instant {
	z := c.Location()
	for day := clock.DateOf(now.In(z)); ; day = day.AddDays(1) {
		for _, t := range clock.Resolve(day, 150, z) {
			if at := clock.At(t); at > now.Add(time.Minute) {
				return at
			}
		}
	}
}

// TestAccount asks the gateway whether the keys work, and notes when they did. The errors of Trouble, and fault.Conflict when the keys cannot be opened.
func (o *Gateways) TestAccount(ctx context.Context, who access.Caller, one id.ID) error {
	var g Gateway
	var t Till
	err := o.db.View(ctx, who, access.GatewayAccounts, func(_ context.Context, v *store.View) error {
		_, err := clinics.Must(v, clinics.ModuleBilling)
		if err == nil {
			_, g, t, err = o.open(v, one)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := g.Probe(ctx, t); err != nil {
		return err
	}
	return o.db.Change(ctx, who, access.GatewayAccounts, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "test", Kind: "gateway_account", Subject: one})
		return tx.Must(sqlGatewayAccountTest, one, tx.Now())
	})
}

// SetAccount pauses an account or takes it into use again; then its books are compared at once. fault.Conflict when it was changed meanwhile.
func (o *Gateways) SetAccount(ctx context.Context, who access.Caller, one id.ID, version int64, on bool) error {
	to, reason := AccountPaused, PausedByHand
	if on {
		to, reason = AccountActive, ""
	}
	return o.db.Change(ctx, who, access.GatewayAccounts, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleBilling); err != nil {
			return err
		}
		was, err := scanGatewayAccount(tx.Row(sqlGatewayAccountGet, one))
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlGatewayAccountState, one, version, string(to), reason, tx.Now())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "change", Kind: "gateway_account", Subject: one, Old: was.State, New: to})
		if err != nil || !on {
			return err
		}
		return due(tx, workCheck, one, tx.Now())
	})
}

// ChangeKeys gives an account other keys, such as a new secret beside the old one while the gateway's reports are changed over. Everything else of it stays; it is taken into
// use again. fault.Invalid over the form's fields, fault.Conflict when it was changed meanwhile, and the errors of Trouble.
func (o *Gateways) ChangeKeys(ctx context.Context, who access.Caller, one id.ID, version int64, typed map[string]string) error {
	var a GatewayAccount
	err := o.db.View(ctx, who, access.GatewayAccounts, func(_ context.Context, v *store.View) error {
		_, err := clinics.Must(v, clinics.ModuleBilling)
		if err == nil {
			a, err = scanGatewayAccount(v.Row(sqlGatewayAccountGet, one))
		}
		return err
	})
	g := o.gateways[a.Provider]
	if err == nil && (g == nil || a.State == AccountRevoked) {
		err = fault.Missing()
	}
	if err != nil {
		return err
	}
	clean := map[string]string{}
	for k, v := range typed {
		clean[k] = strings.TrimSpace(v)
	}
	k, err := g.Check(clean)
	if err == nil {
		err = g.Probe(ctx, Till{ID: one, Provider: a.Provider, Credentials: k.Credentials})
	}
	if err != nil {
		return err
	}
	return o.db.Change(ctx, who, access.GatewayAccounts, func(_ context.Context, tx *store.Tx) error {
		sealed, err := tx.Seal(one, "gateway_account", "credentials", one, string(k.Credentials))
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlGatewayAccountKeys, one, version, sealed, k.Last4, k.Trial, tx.Now())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "change", Kind: "gateway_account", Subject: one, Old: map[string]any{"last4": a.Last4}, New: map[string]any{"last4": k.Last4, "trial": k.Trial}})
		if err != nil {
			return err
		}
		return due(tx, workCheck, one, tx.Now()) // what came while the keys did not work is found at once
	})
}

// Revoke ends an account: its open payment pages are closed at the gateway as far as that answers, the keys are deleted, and the key that they were
// sealed with is destroyed, so that no copy can be opened either. Money that was taken by it can then no longer be given
// back from here. fault.Conflict when it was changed meanwhile.
func (o *Gateways) Revoke(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	var g Gateway
	var t Till
	var list []Request
	err := o.db.View(ctx, who, access.GatewayAccounts, func(_ context.Context, v *store.View) error {
		_, err := clinics.Must(v, clinics.ModuleBilling)
		if err == nil {
			_, g, t, err = o.open(v, one)
		}
		if fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			list, err = o.openRequests(v, one)
		}
		if fault.Is(err, fault.Conflict) { // keys that cannot be opened can still be revoked
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.PageID != "" {
			_ = g.Close(ctx, t, r.PageID) // what was paid meanwhile is heard before the keys go, or found by no one: the page says so
		}
	}
	return o.db.Change(ctx, who, access.GatewayAccounts, func(ctx context.Context, tx *store.Tx) error {
		was, err := scanGatewayAccount(tx.Row(sqlGatewayAccountGet, one))
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlGatewayAccountEnd, one, version, tx.Now())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlRequestEndAll, one, tx.Now()); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlReturnEndAll, one, tx.Now()); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlWorkDrop, workCheck, one); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "revoke", Kind: "gateway_account", Subject: one, Old: map[string]any{"provider": was.Provider, "last4": was.Last4}})
		return o.db.Vault().Shred(ctx, tx.Clinic(), one, "gateway_revoked")
	})
}

// pause stops an account that its gateway refuses. Nobody is asked to pay by it; its owner sees why.
func pause(tx *store.Tx, one id.ID, code string) error {
	if code == "" {
		code = "refused"
	}
	n, err := tx.Exec(sqlGatewayAccountPause, one, code, tx.Now())
	if n > 0 {
		tx.Record(audit.Note{Action: "pause", Kind: "gateway_account", Subject: one, New: code})
	}
	return err
}

// refusedKeys says whether err means that the gateway refuses the account's keys, and the code.
func refusedKeys(err error) (string, bool) {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Key != "fault.gateway."+string(TroubleAccount) {
		return "", false
	}
	code, _ := f.Args["Code"].(string)
	return code, true
}
