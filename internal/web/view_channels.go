package web

import (
	"time"

	"almirah/internal/clock"
)

// ChannelsSettings is /app/settings/channels, the page "settings-channels": the clinic's own accounts at message providers.
type ChannelsSettings struct {
	SettingsPage
	Accounts []AccountCard
	Offers   []AccountOffer
	Offered  bool // this installation works with some provider
}

// AccountCard is one account. What signs in is never shown, but for its last four characters.
type AccountCard struct {
	ID, Channel, Provider string // the provider's name in words
	Sender, Last4         string
	State                 string // active, paused
	Why, Todo             string // of a pause, in the language of the page
	Since, Connected      time.Time
	Tested                time.Time
	HookURL               string
	Days                  []AccountDay
	Version               int64
}

// AccountDay is what went over an account on one day.
type AccountDay struct {
	Day                    clock.Date
	Sent, Failed, Received int
}

// AccountOffer is a provider whose account can be connected, with its form.
type AccountOffer struct {
	Provider, Name string // as the address has it, and in words
	Channel        string
	Fields         []AccountField
	Front          bool // its form shows the page's problems, and has the plain ids that the summary links to
}

// AccountField is one field of a provider's form, as typed. A secret is never put back.
type AccountField struct {
	Name, Value        string
	Secret, Must, Help bool
}

// Input draws a field of an offer. Several forms may have a field of the same name.
func (p *ChannelsSettings) Input(o AccountOffer, f AccountField) Field {
	key := "channel.field." + o.Provider + "." + f.Name
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

// Agree is the checkbox under an offer's form: nothing is connected without it (promise A9).
func (p *ChannelsSettings) Agree(o AccountOffer) Tick {
	t := p.Tick("agreed", "1", p.Tongue.Say("channel.agree"), "", false).Only()
	if !o.Front {
		t.ID, t.Error = t.ID+"-"+o.Provider, ""
	}
	return t
}

// ChannelRevoke is /app/settings/channels/{id}/revoke, the page "settings-channel-revoke".
type ChannelRevoke struct {
	SettingsPage
	Account AccountCard
}
