package web

import (
	"time"
)

// TemplatesPage is /app/settings/messages, the page "settings-messages".
type TemplatesPage struct {
	SettingsPage
	Templates []TemplateRow
}

// TemplateRow is one message that the clinic sends.
type TemplateRow struct {
	Kind     string // confirmation, reminder, changed, cancelled ...
	Channels []TemplateChannel
}

// TemplateChannel are its texts on one channel.
type TemplateChannel struct {
	Channel   string
	Languages []TemplateLanguage
}

// TemplateLanguage is one language of a template.
type TemplateLanguage struct {
	Code, URL string
	Own       bool // the clinic's own words, as opposed to ours
}

// TemplatePage is /app/settings/messages/{kind}/{language}, the page "settings-message".
type TemplatePage struct {
	SettingsPage
	Kind, Language, Channel     string
	URL                         string // of the page itself, with its channel
	Subject, Body               string
	Most                        int // characters of the body
	Own                         bool
	Variables                   []TemplateVariable
	PreviewSubject, PreviewText string
	PreviewDir                  string
	Buttons                     []string // under the message
	Parts, Left                 int      // of an SMS; zero where nobody counts
	Encoding                    string
	Channels, Tongues           []TemplateLink // where else there are words for this message
	Versions                    []TemplateVersion
	Health                      []string // words that seem to be about health
	AskSure                     bool     // it asks once more
	TextsURL                    string   // where the provider's approvals are; empty: it asks for none
	Registers                   bool     // by hand, as opposed to asked for
}

// Mail says whether the text is one of an e-mail, which has a subject.
func (p *TemplatePage) Mail() bool { return p.Channel == "email" || p.Channel == "" }

// TemplateLink leads to the same message on another channel, or in another language.
type TemplateLink struct {
	Code, URL string // "sms", or "hi"
	Current   bool
}

// TemplateVariable is one value that a template may hold.
type TemplateVariable struct{ Name, Meaning, Example string }

// TemplateVersion is one version of a text, the newest first.
type TemplateVersion struct {
	Number        int64
	At            time.Time
	Subject, Body string // both empty: the house's own text
	Current       bool
}

// TextsPage is /app/settings/channels/{id}/texts, the page "settings-texts": the clinic's texts at a provider that sends
// approved or registered ones only.
type TextsPage struct {
	SettingsPage
	ID, Provider, Channel string // the provider's name in words
	Registers             bool   // the clinic registers its texts elsewhere, by hand
	Kinds                 []TextKind
	Missing               int // texts that have to be asked for, or registered
}

// TextKind are the texts of one message.
type TextKind struct {
	Kind string
	Rows []TextRow
}

// TextRow is one message in one language.
type TextRow struct {
	Key, Kind, Language string
	Dir                 string
	States              []TextState
	Needed              bool // the present text is not there yet
	Again               bool // an earlier one is
	Refused             bool // the provider said no to the present text: the same words are not sent again among the others
	Text                string
	Fillings            []string // what a register by hand fills in, in its order, in words
	EditURL             string
	Typed               string // the number under which it is registered
	Open                bool
}

// TextState is one text at the provider.
type TextState struct {
	ID, Name     string
	State, Words string // as the provider has it, and in words
	Reason       string // of a rejection, in words
	Class        string // in words
	At           time.Time
	Stale, InUse bool
}

// Mark is the mark of the state, as the day's page has marks for its own.
func (x TextState) Mark() string {
	switch x.State {
	case "approved":
		return "confirmed"
	case "pending", "in_appeal":
		return "held"
	case "rejected", "disabled":
		return "cancelled"
	}
	return "completed"
}

// Number is the field of the number under which a text is registered.
func (p *TextsPage) Number(r TextRow) Field {
	f := p.Field("name-"+r.Key, "text.number", r.Typed).Needed().Help("text.number.hint").Fill("off")
	f.Name = "name"
	return f
}

// TextRemove is /app/settings/channels/{id}/texts/{text}/remove, the page "settings-text-remove".
type TextRemove struct {
	SettingsPage
	Account, Provider string // its id, and the provider's name in words
	Kind, Language    string
	Registers         bool
	Text              TextState
	Body, TextDir     string
}

// TextAway is the link by which a text is taken away; without URL there is none.
type TextAway struct{ URL, Kind, Name string }

// Away is the link for a state of a row.
func (p *TextsPage) Away(r TextRow, x TextState) TextAway {
	if !p.CanEdit {
		return TextAway{}
	}
	return TextAway{URL: "/app/settings/channels/" + p.ID + "/texts/" + x.ID + "/remove", Kind: r.Kind, Name: p.LanguageName(r.Language)}
}

// Objection is what was wrong with a text that was asked for.
func (p *TextsPage) Objection(key string) string { return p.problem("ask-" + key) }
