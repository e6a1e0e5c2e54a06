package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// The words of the messages: one text for each kind, channel and language, with a preview of what a patient would get.

// kindNames are the kinds as the addresses of the settings call them.
var kindNames = []struct {
	name string
	kind messaging.Kind
}{{"confirmation", messaging.Booked}, {"changed", messaging.Moved}, {"cancelled", messaging.Cancelled}, {"reminder", messaging.Reminder},
	{"missed", messaging.Missed}, {"visit", messaging.Visited}, {"recall", messaging.Recall}, {"review", messaging.Review}, {"receipt", messaging.Receipted}, {"reopening", messaging.Reopening}}

func kindName(k messaging.Kind) string {
	for _, x := range kindNames {
		if x.kind == k {
			return x.name
		}
	}
	return ""
}

// kindOf is the kind of a name; fault.NotFound when there is none.
func kindOf(name string) (messaging.Kind, error) {
	for _, x := range kindNames {
		if x.name == name {
			return x.kind, nil
		}
	}
	return "", fault.Missing()
}

// textURL is where a text is edited. An e-mail's address names no channel: it is as old as the page.
func textURL(k messaging.Kind, c messaging.Channel, lang string) string {
	to := "/app/settings/messages/" + kindName(k) + "/" + url.PathEscape(lang)
	if c != messaging.Email {
		to += "?channel=" + url.QueryEscape(string(c))
	}
	return to
}

func templatesPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Messages.Templates(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &TemplatesPage{SettingsPage: s.settings(v, "settings.messages", access.MessageSettings)}
	for _, t := range list {
		if n := len(page.Templates); n == 0 || page.Templates[n-1].Kind != kindName(t.Kind) {
			page.Templates = append(page.Templates, TemplateRow{Kind: kindName(t.Kind)})
		}
		row := &page.Templates[len(page.Templates)-1]
		if n := len(row.Channels); n == 0 || row.Channels[n-1].Channel != string(t.Channel) {
			row.Channels = append(row.Channels, TemplateChannel{Channel: string(t.Channel)})
		}
		c := &row.Channels[len(row.Channels)-1]
		c.Languages = append(c.Languages, TemplateLanguage{Code: t.Language, URL: textURL(t.Kind, t.Channel, t.Language), Own: !t.House})
	}
	return s.views.Render(w, http.StatusOK, "settings-messages", page)
}

// written is the text of an address with its versions, the newest first.
type written struct {
	messaging.Template
	versions []messaging.Template
}

// text is the template of the address; fault.NotFound when there is none.
func (s *Site) text(v *Visit) (written, error) {
	k, err := kindOf(v.PathValue("kind"))
	if err != nil {
		return written{}, err
	}
	c := messaging.Email
	if x := v.URL.Query().Get("channel"); x != "" {
		c = messaging.Channel(x)
	}
	now, versions, err := s.Messages.Template(v.Context(), v.Who, k, c, v.PathValue("language"))
	return written{now, versions}, err
}

func templatePage(s *Site, w http.ResponseWriter, v *Visit) error {
	now, err := s.text(v)
	if err != nil {
		return err
	}
	page, err := s.templateSettings(v, now, now.Text)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-message", page)
}

// templateSettings is the page with a text, which may be a draft, and its preview. A draft that cannot be filled shows the
// preview of the present text.
func (s *Site) templateSettings(v *Visit, now written, text messaging.Text) (*TemplatePage, error) {
	ctx, tongue := v.Context(), s.Book.Tongue(now.Language)
	page := &TemplatePage{SettingsPage: s.settings(v, "settings.messages", access.MessageSettings), Kind: kindName(now.Kind), Language: now.Language, Channel: string(now.Channel),
		URL: textURL(now.Kind, now.Channel, now.Language), Subject: text.Subject, Body: text.Body, Most: messaging.MaxBodyOn(now.Channel), Own: !now.House, PreviewDir: tongue.Dir()}
	page.Version = now.Version
	p, err := s.Messages.Preview(ctx, v.Who, now.Kind, now.Channel, now.Language, text)
	if fault.Is(err, fault.Invalid) {
		p, err = s.Messages.Preview(ctx, v.Who, now.Kind, now.Channel, now.Language, now.Text)
	}
	if err != nil {
		return nil, err
	}
	page.PreviewSubject, page.PreviewText, page.Buttons = p.Subject, p.Text, p.Buttons
	page.Parts, page.Left, page.Encoding = p.Length.Parts, p.Length.Left, p.Length.Encoding
	for _, x := range p.Warnings {
		if x.Code == messaging.WarnHealth {
			page.Health = x.Words
		} else {
			page.Notices = append(page.Notices, Notice{Text: v.Tongue.Say("message.warning." + x.Code)})
		}
	}
	for _, name := range messaging.VariablesOf(now.Kind) {
		page.Variables = append(page.Variables, TemplateVariable{Name: "." + name, Meaning: v.Tongue.Say("variable." + name), Example: v.Tongue.Say("variable." + name + ".example")})
	}
	for i, x := range now.versions {
		page.Versions = append(page.Versions, TemplateVersion{Number: x.Version, At: x.CreatedAt.In(v.Clinic.Location()), Subject: x.Subject, Body: x.Body, Current: i == 0})
	}
	if err := s.elsewhere(v, page, now.Template); err != nil {
		return nil, err
	}
	return page, nil
}

// elsewhere notes where else there are words for this message, and whether somebody has to approve these.
func (s *Site) elsewhere(v *Visit, page *TemplatePage, now messaging.Template) error {
	list, err := s.Messages.Templates(v.Context(), v.Who)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Kind != now.Kind {
			continue
		}
		if t.Channel == now.Channel {
			page.Tongues = append(page.Tongues, TemplateLink{t.Language, textURL(t.Kind, t.Channel, t.Language), t.Language == now.Language})
		}
		if t.Language == now.Language {
			page.Channels = append(page.Channels, TemplateLink{string(t.Channel), textURL(t.Kind, t.Channel, t.Language), t.Channel == now.Channel})
		}
	}
	if now.Channel == messaging.Email {
		return nil
	}
	accounts, err := s.Messages.Accounts(v.Context(), v.Who)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if approves, registers := s.Messages.Drafts(a.Provider); a.Channel == now.Channel && (approves || registers) {
			page.TextsURL, page.Registers = "/app/settings/channels/"+a.ID.String()+"/texts", registers
		}
	}
	return nil
}

func templateSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	now, err := s.text(v)
	if err != nil {
		return err
	}
	ctx, f := v.Context(), v.PostForm
	text := messaging.Text{Subject: f.Get("subject"), Body: f.Get("body")}
	seen, did := typedVersion(v, 0), "saved"
	do := f.Get("do")
	if f.Get("back") != "" {
		do = "back"
	}
	switch do {
	case "preview":
		_, err = s.Messages.Preview(ctx, v.Who, now.Kind, now.Channel, now.Language, text)
		if err == nil {
			page, err := s.templateSettings(v, now, text)
			if err != nil {
				return err
			}
			page.Version = seen // saved later, it still has to be the one that was seen
			return s.views.Render(w, http.StatusOK, "settings-message", page)
		}
	case "ours":
		err = s.Messages.Restore(ctx, v.Who, now.Kind, now.Channel, now.Language, seen)
	case "back":
		text, did = now.Text, "text-back"
		var to int64
		if to, err = strconv.ParseInt(f.Get("back"), 10, 64); err != nil {
			return fault.Missing()
		}
		err = s.Messages.GoBack(ctx, v.Who, now.Kind, now.Channel, now.Language, to, seen)
	default:
		_, err = s.Messages.Publish(ctx, v.Who, now.Kind, now.Channel, now.Language, text, seen, f.Get("sure") != "")
	}
	return s.answer(w, v, err, withDone(textURL(now.Kind, now.Channel, now.Language), did), "settings-message", func() (Page, error) {
		page, err2 := s.templateSettings(v, now, text)
		if err2 == nil {
			page.AskSure = wrong(err, "sure")
			if fault.Is(err, fault.Invalid) { // whoever was faster still has to be noticed
				page.Version = seen
			}
		}
		return page, err2
	})
}

// withDone adds what was done to an address.
func withDone(to, did string) string {
	u, err := url.Parse(to)
	if err != nil {
		return to
	}
	q := u.Query()
	q.Set("done", did)
	u.RawQuery = q.Encode()
	return u.String()
}

// wrong says whether err is about the field.
func wrong(err error, field string) bool {
	var f *fault.Fault
	return errors.As(err, &f) && slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Name == field })
}
