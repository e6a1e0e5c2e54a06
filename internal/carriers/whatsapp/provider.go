package whatsapp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

var (
	_ messaging.Provider  = (*Carrier)(nil)
	_ messaging.HookWords = (*Carrier)(nil)
	_ messaging.Fetcher   = (*Carrier)(nil)
	_ messaging.Listener  = (*Carrier)(nil)
)

// Provider is "whatsapp".
func (c *Carrier) Provider() string { return Inbound{}.Provider() }

// Read is that of Inbound: reading what Meta posts needs nothing of the deployment's.
func (c *Carrier) Read(ctx context.Context, via messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	return Inbound{}.Read(ctx, via, h)
}

// Check reads the form of an account at Meta: phone_number_id, business_account_id, token,
// app_secrets, app_secret_old (while the secret is being changed), sender, and coexistence ("yes"
// for a number that the WhatsApp Business app uses too). The verify token is made here where none
// was typed: it only has to be hard to guess. fault.Invalid over those names.
func (c *Carrier) Check(typed map[string]string) (credentials []byte, sender, last4 string, err error) {
	a := Credentials{PhoneNumberID: typed["phone_number_id"], BusinessAccountID: typed["business_account_id"], Token: typed["token"],
		VerifyToken: typed["verify_token"], Coexistence: typed["coexistence"] == "yes"}
	for _, name := range []string{"app_secrets", "app_secret_old"} {
		if s := typed[name]; s != "" {
			a.AppSecrets = append(a.AppSecrets, s)
		}
	}
	if a.VerifyToken == "" {
		a.VerifyToken = rand.Text()
	}
	var wrong fault.Fields
	// Meta's numbers for trying things out are in no country's plan, so only the form is looked at.
	number := "+" + figures(typed["sender"])
	switch {
	case typed["sender"] == "":
		wrong.Add("sender", "field.whatsapp.sender.required")
	case !strings.HasPrefix(typed["sender"], "+") || strings.HasPrefix(number, "+0") || !digits(number[1:], 7, 15):
		wrong.Add("sender", "field.whatsapp.sender.invalid")
	}
	if f, ok := a.Validate().(*fault.Fault); ok {
		for _, x := range f.Fields {
			wrong.AddWith(x.Name, x.Key, x.Args)
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, "", "", err
	}
	if credentials, err = json.Marshal(a); err != nil {
		return nil, "", "", err
	}
	return credentials, number, a.Last4(), nil
}

// Probe asks Meta for the number, compares it with the one that was entered, and asks for the
// account's news to be posted to the address of the clinic's app: an app gets none before that,
// and only an account that the token is for can be asked. No message is sent. It fails with a
// fault of call, or with fault.Invalid at the field sender.
func (c *Carrier) Probe(ctx context.Context, via messaging.Connection) error {
	n, err := c.Test(ctx, via)
	if err != nil {
		return err
	}
	if via.Sender != "" && figures(n.Display) != figures(via.Sender) {
		var wrong fault.Fields
		wrong.Add("sender", "field.whatsapp.sender.other")
		return wrong.Err()
	}
	// Not to the connection's own address: Meta would call it at once, before the account is kept.
	via.HookURL = ""
	return c.Subscribe(ctx, via)
}

// HookWord is the verify token, which Meta asks for beside the address of the webhook.
func (c *Carrier) HookWord(credentials []byte) string {
	a, err := opened(&messaging.Connection{Credentials: credentials})
	if err != nil {
		return ""
	}
	return a.VerifyToken
}

// figures are the digits of a number as people see it.
func figures(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
