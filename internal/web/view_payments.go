package web

import "time"

// PaymentSettings is /app/settings/payments, the page "settings-payments": the clinic's own accounts at payment gateways.
type PaymentSettings struct {
	SettingsPage
	Accounts []GatewayCard
	Offers   []AccountOffer
	Offered  bool // this installation works with some gateway
	Barred   []Barred
}

// GatewayCard is one account. Its keys are never shown, but for the end of the key's name.
type GatewayCard struct {
	ID, Provider, Last4    string // the gateway's name in words
	Trial                  bool
	State                  string // active, paused
	Why, Todo              string
	Since, Connected       time.Time
	Tested, Heard, Checked time.Time // zero: never
	HookURL, HookHint      string
	Keys                   bool // it has keys that can be changed
	Version                int64
}

// Input draws a field of an offer.
func (p *PaymentSettings) Input(o AccountOffer, f AccountField) Field {
	key := "gateway.field." + o.Provider + "." + f.Name
	x := p.Field(f.Name, key, f.Value).Fill("off")
	if f.Secret {
		x = x.Secret("off")
	}
	if f.Must {
		x = x.Needed()
	}
	if f.Help {
		x = x.Help(key + ".hint")
	}
	if !o.Front {
		x.Error = ""
		x = x.On(o.Provider)
	}
	return x
}

// Agree is the checkbox under an offer's form: nothing is connected without it.
func (p *PaymentSettings) Agree(o AccountOffer) Tick {
	t := p.Tick("agreed", "1", p.Tongue.Say("gateway.agree"), "", false).Only()
	if !o.Front {
		t.ID, t.Error = t.ID+"-"+o.Provider, ""
	}
	return t
}

// GatewayRevoke is /app/settings/payments/{id}/revoke, the page "settings-payment-revoke".
type GatewayRevoke struct {
	SettingsPage
	Account GatewayCard
}

// GatewayKeys is /app/settings/payments/{id}/keys, the page "settings-payment-keys".
type GatewayKeys struct {
	PaymentSettings
	Account GatewayCard
	Form    AccountOffer
}

// OwnPayPage is /m/{token}/pay/{id}, the page "own-pay": it leads to the gateway's page.
type OwnPayPage struct {
	Shell
	Token, Company, Label string
	Minor                 int64
	Currency              string
	URL                   string // of the gateway's page; empty when nobody can pay there any more
	State                 string
}

// LandedPage is /c/{slug}/paid/{id}, the page "landed": where a browser comes back to.
type LandedPage struct {
	Shell
	State, URL string
}

// BillOnline is what gateways have to do with an invoice.
type BillOnline struct {
	ID, Key      string
	CanAsk       bool
	Barred       string // why nobody may be asked from here
	Due          int64
	Currency     string
	URL, Company string // of the open page
	Until        time.Time
	Attempts     []OnlineRow
	Returns      []OnlineRow
	Back         []BillAdvance // payments of which a gateway can give back so much
}

// OnlineRow is one payment, or one refund, at a gateway.
type OnlineRow struct {
	ID, State, Code string
	Minor           int64
	Currency        string
	At              time.Time
}

// DecidePage is /app/bills/decide, the page "bills-decide".
type DecidePage struct {
	Shell
	Accounts    []GatewayCard
	Differences []DifferenceRow
	Disputes    []FraudRow
	Refused     []FraudRow
	Strange     int // kinds of reports that nothing is done about
}

// DifferenceRow is where the gateway's books and ours differ.
type DifferenceRow struct {
	ID, Kind, External string
	Ours, Theirs       int64
	Currency           string
	At                 time.Time
}

// FraudRow is a dispute or a refused payment.
type FraudRow struct {
	External, Payment, State, Reason string
	Minor                            int64
	Currency                         string
	At, RespondBy, Until             time.Time
}

// OnlineWrong says whether something is wrong with the form by which a gateway gives back.
func (p *BillPage) OnlineWrong() bool {
	return p.problem("amount_online") != "" || p.problem("reason_online") != ""
}
