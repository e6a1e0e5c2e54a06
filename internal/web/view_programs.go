package web

import (
	"time"

	"almirah/internal/clock"
)

// TokensSettings is /app/settings/tokens, the page "settings-tokens": what lets the clinic's own programs in.
type TokensSettings struct {
	SettingsPage
	Tokens   []TokenRow
	Ended    []TokenRow
	NameSaid string // of a new token, as typed
	Days     []Option
	Scopes   []ScopeChoice
}

// ScopeChoice is one thing that a token may open.
type ScopeChoice struct {
	Word, Label, Hint string
	On                bool
}

// TokenRow is one token; its text is nowhere.
type TokenRow struct {
	ID, Name, Hint, Maker string
	Scopes                []string // in the language of the page
	Created, Expires      time.Time
	Soon                  bool // it ends within a fortnight
	Left                  bool // its maker has left: it opens nothing
	Ended                 time.Time
	UsedOn                clock.Date // empty: never
	UsedFrom              string
}

// TokenMade is the answer to making a token, the page "settings-token-made": the token's text, this once.
type TokenMade struct {
	SettingsPage
	Name, Text string
	Expires    time.Time
	Docs       string // where the interface is described
}

// WebhooksSettings is /app/settings/webhooks, the page "settings-webhooks": which addresses are told what happened.
type WebhooksSettings struct {
	SettingsPage
	Rows   []WebhookRow
	URL    string // of a new address, as typed
	Events []ScopeChoice
}

// WebhookRow is one address.
type WebhookRow struct {
	ID, Host string
	Events   []string // in the language of the page
	On       bool
	Why      string // while it is off, in the language of the page
	Failing  time.Time
}

// WebhookSettings is /app/settings/webhooks/{id}, the page "settings-webhook".
type WebhookSettings struct {
	SettingsPage
	ID, URL, Host string
	Events        []ScopeChoice
	On            bool
	Why           string
	Since         time.Time
	Failing       time.Time
	OldUntil      time.Time // until when the earlier secret signs too
	Deliveries    []DeliveryRow
	From, To      string // of a replay, as typed
}

// DeliveryRow is one telling.
type DeliveryRow struct {
	ID, Message, What, State string
	Happened, Tried, Next    time.Time // Next: of the next attempt, while one is to come
	Attempts                 int
	Answer                   int
	Reason                   string // in the language of the page
	CanReplay                bool
}

// WebhookSecret is the answer to adding an address or changing its secret, the page "settings-webhook-secret": the secret, this once.
type WebhookSecret struct {
	SettingsPage
	ID, Host, Secret string
	Rotated          bool // the earlier one signs too for a day
}

// Received is one request that the demo's own program was sent.
type Received struct {
	ID, Timestamp, Signature, Type, Body string
	At                                   time.Time
	Right                                bool // the signature is the one that was expected
}

// ReceiverPage is /app/outbox/receiver in the demo, the page "receiver": what a program of the clinic's own is told.
type ReceiverPage struct {
	Shell
	Host string
	List []Received
}
