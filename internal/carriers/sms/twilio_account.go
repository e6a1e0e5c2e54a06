package sms

import (
	"context"
	"encoding/json"

	"almirah/internal/messaging"
)

var _ messaging.Provider = (*Twilio)(nil)

// Check reads the form of a Twilio account: account_sid, key_sid, key_secret, auth_token, and from or
// messaging_service_sid. fault.Invalid over those names.
func (t *Twilio) Check(typed map[string]string) (credentials []byte, sender, last4 string, err error) {
	c := TwilioCredentials{AccountSID: typed["account_sid"], KeySID: typed["key_sid"], KeySecret: typed["key_secret"], AuthToken: typed["auth_token"],
		MessagingServiceSID: typed["messaging_service_sid"], From: typed["from"]}
	if err := c.Validate(); err != nil {
		return nil, "", "", err
	}
	if credentials, err = json.Marshal(c); err != nil {
		return nil, "", "", err
	}
	return credentials, orElse(c.From, c.MessagingServiceSID), c.Last4(), nil
}

// Probe asks Twilio for the account, which costs nothing and sends nothing.
func (t *Twilio) Probe(ctx context.Context, c messaging.Connection) error {
	_, err := t.Test(ctx, c)
	return err
}
