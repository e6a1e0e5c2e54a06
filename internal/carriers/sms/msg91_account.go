package sms

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"

	"almirah/internal/messaging"
)

var (
	_ messaging.Provider  = (*MSG91)(nil)
	_ messaging.HookWords = (*MSG91)(nil)
)

// Check reads the form of an MSG91 account: authkey, sender, pe_id, user_id and allowed_ips (divided
// by spaces or commas). The secret that reports must bring is made here where none was typed in
// hook_secrets: it is all the protection that they have. fault.Invalid over those names.
func (s *MSG91) Check(typed map[string]string) (credentials []byte, sender, last4 string, err error) {
	c := MSG91Credentials{AuthKey: typed["authkey"], Sender: typed["sender"], PEID: typed["pe_id"], UserID: typed["user_id"],
		HookSecrets: divided(typed["hook_secrets"]), AllowedIPs: divided(typed["allowed_ips"])}
	if len(c.HookSecrets) == 0 {
		c.HookSecrets = []string{rand.Text()}
	}
	if err := c.Validate(); err != nil {
		return nil, "", "", err
	}
	if credentials, err = json.Marshal(c); err != nil {
		return nil, "", "", err
	}
	return credentials, c.Sender, c.Last4(), nil
}

// divided reads a list as people type it.
func divided(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r <= ' ' })
}

// Probe asks MSG91 for a message to nobody, which sends nothing.
func (s *MSG91) Probe(ctx context.Context, c messaging.Connection) error { return s.Test(ctx, c) }

// HookWord is the newest secret that a report may bring.
func (s *MSG91) HookWord(credentials []byte) string {
	c, err := read[MSG91Credentials](credentials)
	if secrets := live(c.HookSecrets); err == nil && len(secrets) > 0 {
		return secrets[0]
	}
	return ""
}
