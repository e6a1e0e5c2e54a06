package web

import (
	"net/http"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// The words of the messages: one text for each kind and language, with a preview of what a patient would get.

// kindNames are the kinds as the addresses of the settings call them.
var kindNames = []struct {
	name string
	kind messaging.Kind
}{{"confirmation", messaging.Booked}, {"changed", messaging.Moved}, {"cancelled", messaging.Cancelled}, {"reminder", messaging.Reminder},
	{"missed", messaging.Missed}, {"visit", messaging.Visited}, {"recall", messaging.Recall}, {"review", messaging.Review}}

func kindName(k messaging.Kind) string {
	for _, x := range kindNames {
		if x.kind == k {
			return x.name
		}
	}
	return ""
}

func templatesPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Messages.Templates(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &TemplatesPage{SettingsPage: s.settings(v, "settings.messages", access.MessageSettings)}
	for _, t := range list {
		n := len(page.Templates)
		if n == 0 || page.Templates[n-1].Kind != kindName(t.Kind) {
			page.Templates = append(page.Templates, TemplateRow{Kind: kindName(t.Kind), Channel: string(t.Channel)})
			n++
		}
		row := &page.Templates[n-1]
		row.Languages = append(row.Languages, TemplateLanguage{Code: t.Language, Own: !t.House})
	}
	return s.views.Render(w, http.StatusOK, "settings-messages", page)
}

// text is the template of the address.
func (s *Site) text(v *Visit) (messaging.Template, error) {
	for _, x := range kindNames {
		if x.name == v.PathValue("kind") {
			now, _, err := s.Messages.Template(v.Context(), v.Who, x.kind, messaging.Email, v.PathValue("language"))
			return now, err
		}
	}
	return messaging.Template{}, fault.Missing()
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
func (s *Site) templateSettings(v *Visit, now messaging.Template, text messaging.Text) (*TemplatePage, error) {
	tongue := s.Book.Tongue(now.Language)
	page := &TemplatePage{SettingsPage: s.settings(v, "settings.messages", access.MessageSettings), Kind: kindName(now.Kind), Language: now.Language, Channel: string(now.Channel),
		Subject: text.Subject, Body: text.Body, Own: !now.House, PreviewDir: tongue.Dir()}
	page.Version = now.Version
	p, err := s.Messages.Preview(v.Context(), v.Who, now.Kind, now.Language, text)
	if fault.Is(err, fault.Invalid) {
		p, err = s.Messages.Preview(v.Context(), v.Who, now.Kind, now.Language, now.Text)
	}
	if err != nil {
		return nil, err
	}
	page.PreviewSubject, page.PreviewText = p.Subject, p.Text
	for _, x := range p.Warnings {
		page.HealthHint = page.HealthHint || x.Code == messaging.WarnHealth
		if x.Code == messaging.WarnNoManage || x.Code == messaging.WarnNoLink {
			page.Notices = append(page.Notices, Notice{Text: v.Tongue.Say("message.warning." + x.Code)})
		}
	}
	for _, name := range messaging.Variables() {
		page.Variables = append(page.Variables, TemplateVariable{Name: "." + name, Meaning: v.Tongue.Say("variable." + name), Example: v.Tongue.Say("variable." + name + ".example")})
	}
	return page, nil
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
	seen := typedVersion(v, 0)
	switch f.Get("do") {
	case "preview":
		_, err = s.Messages.Preview(ctx, v.Who, now.Kind, now.Language, text)
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
	default:
		_, err = s.Messages.Publish(ctx, v.Who, now.Kind, now.Channel, now.Language, text, seen)
	}
	to := "/app/settings/messages/" + kindName(now.Kind) + "/" + now.Language + "?done=saved"
	return s.answer(w, v, err, to, "settings-message", func() (Page, error) { return s.templateSettings(v, now, text) })
}
