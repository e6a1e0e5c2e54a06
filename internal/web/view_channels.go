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
	Barred   []Barred // what the clinic's own choice keeps from being offered
	Offered  bool     // this installation works with some provider
}

// AccountCard is one account. What signs in is never shown, but for its last four characters.
type AccountCard struct {
	ID, Channel, Provider string // the provider's name in words
	Sender, Last4         string
	State                 string // active, paused
	Why, Todo             string // of a pause, in the language of the page
	Since, Connected      time.Time
	Tested                time.Time
	HookURL, HookHint     string // where the provider reports to, and where that is entered
	HookWord              string // what the provider's console asks for beside it; empty: nothing, or not for who looks
	WordLabel, WordHint   string
	Days                  []AccountDay
	Hears                 bool   // the provider said that it posts to HookURL
	Deaf, DeafTodo        string // or why it does not, and what to do, in the language of the page
	HearsAt               time.Time
	Strange               string // what it reported lately and nobody understands; empty for nothing
	Texts                 bool   // its provider sends approved or registered texts only: there is a page of them
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
	Open           bool // not folded
	Front          bool // its form shows the page's problems, and has the plain ids that the summary links to
}

// AccountField is one field of a provider's form, as typed. A secret is never put back.
type AccountField struct {
	Name, Value        string
	Secret, Must, Help bool
	Long               bool     // a list of addresses, or a token of some hundred letters
	List               []Option // chosen from these, none at first
	Words              []string // chosen from these words of the catalogue, the first one at first
}

// Input draws a field of an offer. Several forms may have a field of the same name.
func (p *ChannelsSettings) Input(o AccountOffer, f AccountField) Field {
	key := "channel.field." + o.Provider + "." + f.Name
	x := p.Field(f.Name, key, f.Value).Fill("off")
	if f.Secret {
		x = x.Secret("off")
	}
	switch {
	case len(f.Words) > 0:
		var options []Option
		for i, w := range f.Words {
			options = append(options, Option{Value: w, Label: p.Tongue.Say(key + "." + w), On: w == f.Value || f.Value == "" && i == 0})
		}
		x = x.Choose(options)
	case len(f.List) > 0:
		options := []Option{{Label: p.Tongue.Say("channel.choose"), On: f.Value == ""}}
		for _, o := range f.List {
			o.On = o.Value == f.Value
			options = append(options, o)
		}
		x = x.Choose(options)
	}
	if f.Long {
		x.Max = 4096
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

// ChannelKeys is /app/settings/channels/{id}/keys, the page "settings-channel-keys".
type ChannelKeys struct {
	ChannelsSettings
	Account AccountCard
	Form    AccountOffer
}
