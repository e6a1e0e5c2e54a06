package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// The clinic's texts at a provider that has to approve them, or that sends only what was registered elsewhere by hand.

// asking is how long one press of "ask for all" goes on asking: what is left then is asked for by the next press, and
// nobody waits before a blank page.
const asking = 6 * time.Second

// textsAccount is the account of the address; fault.NotFound when it is none of the clinic's, or its provider takes any text.
func (s *Site) textsAccount(v *Visit) (a messaging.Account, registers bool, err error) {
	list, err := s.Messages.Accounts(v.Context(), v.Who)
	if err != nil {
		return a, false, err
	}
	one, err := id.Parse(v.PathValue("id"))
	i := slices.IndexFunc(list, func(a messaging.Account) bool { return a.ID == one })
	if err != nil || i < 0 {
		return a, false, fault.Missing()
	}
	approves, registers := s.Messages.Drafts(list[i].Provider)
	if !approves && !registers {
		return a, false, fault.Missing()
	}
	return list[i], registers, nil
}

func textsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	a, registers, err := s.textsAccount(v)
	if err != nil {
		return err
	}
	page, err := s.texts(v, a, registers)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-texts", page)
}

// textKey names a text in a form.
func textKey(k messaging.Kind, lang string) string { return kindName(k) + "." + lang }

// readTextKey reads what textKey wrote; fault.NotFound for anything else.
func readTextKey(key string) (messaging.Kind, string, error) {
	name, lang, _ := strings.Cut(key, ".")
	k, err := kindOf(name)
	return k, lang, err
}

func (s *Site) texts(v *Visit, a messaging.Account, registers bool) (*TextsPage, error) {
	list, err := s.Messages.Approvals(v.Context(), v.Who, a.ID)
	if err != nil {
		return nil, err
	}
	page := &TextsPage{SettingsPage: s.settings(v, "settings.channels", access.MessageSettings), ID: a.ID.String(), Provider: companyName(v, a.Provider), Channel: string(a.Channel), Registers: registers}
	for len(list) > 0 {
		k, lang := list[0].Kind, list[0].Language
		n := 1
		for n < len(list) && list[n].Kind == k && list[n].Language == lang {
			n++
		}
		of := list[:n]
		list = list[n:]
		if m := len(page.Kinds); m == 0 || page.Kinds[m-1].Kind != kindName(k) {
			page.Kinds = append(page.Kinds, TextKind{Kind: kindName(k)})
		}
		row := s.textRow(v, a, of, registers)
		if row.Needed && !row.Refused {
			page.Missing++
		}
		kind := &page.Kinds[len(page.Kinds)-1]
		kind.Rows = append(kind.Rows, row)
	}
	return page, nil
}

// textRow shows the approvals of one kind and language, the newest text first.
func (s *Site) textRow(v *Visit, a messaging.Account, of []messaging.Approval, registers bool) TextRow {
	first := of[0]
	r := TextRow{Key: textKey(first.Kind, first.Language), Kind: kindName(first.Kind), Language: first.Language, Dir: s.Book.Tongue(first.Language).Dir(),
		Needed: messaging.Needed(of), Text: first.Present, EditURL: textURL(first.Kind, a.Channel, first.Language)}
	if registers {
		r.Text = s.Messages.Registerable(a.Provider, first.Present)
		for _, x := range s.Messages.Fillings(a.Provider, first.Present) {
			words := v.Tongue.Say("variable." + x.Variable)
			if x.Of > 1 {
				words += fmt.Sprintf(" (%d/%d)", x.Part, x.Of)
			}
			r.Fillings = append(r.Fillings, words)
		}
	}
	for _, x := range of {
		if x.State == "" {
			continue
		}
		r.Again = true
		r.Refused = r.Refused || !x.Stale && r.Needed
		r.States = append(r.States, textState(v, x, registers))
	}
	return r
}

// textState says in words what a provider says of a text. What it has no word for is shown as it came.
func textState(v *Visit, x messaging.Approval, registers bool) TextState {
	say := func(prefix, word string) string {
		word = strings.ToLower(word)
		if key := prefix + word; word != "" && v.Tongue.Has(key) {
			return v.Tongue.Say(key)
		}
		return word
	}
	out := TextState{ID: x.ID.String(), Name: x.Name, State: x.State, Words: say("text.state.", x.State), Class: say("text.class.", x.Class), At: x.StateAt.In(v.Clinic.Location()),
		Stale: x.Stale, InUse: x.InUse}
	if registers {
		out.Words = v.Tongue.Say("text.state.registered")
	}
	if x.State == messaging.ApprovalRejected {
		out.Reason = v.Tongue.Say("text.reason.none")
		if x.Reason != "" && !strings.EqualFold(x.Reason, "none") {
			out.Reason = say("text.reason.", x.Reason)
		}
	}
	return out
}

// textsAnswer leads on, or shows the page again with what is wrong: what the provider said no to, and whether it could not
// be reached. typed puts back what was typed.
func (s *Site) textsAnswer(w http.ResponseWriter, v *Visit, a messaging.Account, registers bool, err error, did string, typed func(*TextsPage)) error {
	to := "/app/settings/channels/" + a.ID.String() + "/texts?done=" + did
	again := func() (Page, error) {
		page, err := s.texts(v, a, registers)
		if err == nil && typed != nil {
			typed(page)
		}
		return page, err
	}
	if fault.Is(err, fault.Unavailable) {
		page, bad := again()
		if bad != nil {
			return bad
		}
		return s.views.Render(w, report(w, page.shell(), err), "settings-texts", page)
	}
	return s.answer(w, v, err, to, "settings-texts", again)
}

func textsSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	a, registers, err := s.textsAccount(v)
	if err != nil {
		return err
	}
	ctx, f := v.Context(), v.PostForm
	switch do := f.Get("do"); {
	case f.Get("ask") != "" && !registers:
		k, lang, err := readTextKey(f.Get("ask"))
		if err != nil {
			return err
		}
		_, err = s.Messages.ProposeText(ctx, v.Who, a.ID, k, lang)
		return s.textsAnswer(w, v, a, registers, atText(err, textKey(k, lang)), "text-asked", nil)
	case do == "all" && !registers:
		did, err := s.askForAll(v, a)
		return s.textsAnswer(w, v, a, registers, err, did, nil)
	case do == "verdicts" && !registers:
		return s.textsAnswer(w, v, a, registers, s.Messages.AskVerdicts(ctx, v.Who, a.ID), "text-verdicts", nil)
	case f.Get("register") != "" && registers:
		k, lang, err := readTextKey(f.Get("register"))
		if err != nil {
			return err
		}
		key := textKey(k, lang)
		err = renamed(s.Messages.RegisterText(ctx, v.Who, a.ID, k, lang, f.Get("name")), map[string]string{"name": "name-" + key})
		return s.textsAnswer(w, v, a, registers, err, "text-registered", func(p *TextsPage) {
			for i := range p.Kinds {
				for j := range p.Kinds[i].Rows {
					if r := &p.Kinds[i].Rows[j]; r.Key == key {
						r.Typed, r.Open = f.Get("name"), true
					}
				}
			}
		})
	}
	return fault.Missing()
}

// atText says of a provider's objections which text they are about: the summary leads to its row.
func atText(err error, key string) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = nil
	for _, x := range f.Fields {
		x.Name = "ask-" + key
		out.Fields = append(out.Fields, x)
	}
	return &out
}

// askForAll asks the provider for every text that it has not got, as long as one press may take. A text that its rules do
// not allow keeps none of the others back; a provider that cannot be reached ends it, and what it took stays.
func (s *Site) askForAll(v *Visit, a messaging.Account) (did string, err error) {
	list, err := s.Messages.Approvals(v.Context(), v.Who, a.ID)
	if err != nil {
		return "", err
	}
	until, cancel := context.WithTimeout(v.Context(), asking)
	defer cancel()
	var wrong fault.Fields
	for len(list) > 0 {
		k, lang := list[0].Kind, list[0].Language
		n := 1
		for n < len(list) && list[n].Kind == k && list[n].Language == lang {
			n++
		}
		of := list[:n]
		list = list[n:]
		refused := slices.ContainsFunc(of, func(x messaging.Approval) bool { return !x.Stale && x.State != "" })
		if !messaging.Needed(of) || refused { // the same words once more get the same answer: whoever wants that asks for this text
			continue
		}
		if until.Err() != nil {
			return "text-asked-some", wrong.Err()
		}
		_, err := s.Messages.ProposeText(v.Context(), v.Who, a.ID, k, lang)
		var f *fault.Fault
		switch err = atText(err, textKey(k, lang)); {
		case err == nil:
		case errors.As(err, &f) && len(f.Fields) > 0:
			wrong.AddWith(f.Fields[0].Name, f.Fields[0].Key, f.Fields[0].Args)
		default:
			return "", err
		}
	}
	return "text-asked", wrong.Err()
}

func textRemovePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, _, err := s.textRemoval(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-text-remove", page)
}

// textRemoval is the page that asks once more; fault.NotFound when there is no such text at this account.
func (s *Site) textRemoval(v *Visit) (*TextRemove, id.ID, error) {
	a, registers, err := s.textsAccount(v)
	if err != nil {
		return nil, id.Zero, err
	}
	list, err := s.Messages.Approvals(v.Context(), v.Who, a.ID)
	if err != nil {
		return nil, id.Zero, err
	}
	one, err := id.Parse(v.PathValue("text"))
	i := slices.IndexFunc(list, func(x messaging.Approval) bool { return x.State != "" && x.ID == one })
	if err != nil || i < 0 {
		return nil, id.Zero, fault.Missing()
	}
	x := list[i]
	page := &TextRemove{SettingsPage: s.settings(v, "settings.channels", access.MessageSettings), Account: a.ID.String(), Provider: companyName(v, a.Provider), Kind: kindName(x.Kind), Language: x.Language,
		Registers: registers, Text: textState(v, x, registers), Body: x.Body, TextDir: s.Book.Tongue(x.Language).Dir()}
	return page, one, nil
}

func textRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	page, one, err := s.textRemoval(v)
	if err != nil {
		return err
	}
	err = s.Messages.RetractText(v.Context(), v.Who, one)
	if fault.Is(err, fault.Unavailable) {
		return s.views.Render(w, report(w, page.shell(), err), "settings-text-remove", page)
	}
	return s.answer(w, v, err, "/app/settings/channels/"+page.Account+"/texts?done=text-removed", "settings-text-remove", func() (Page, error) { return page, nil })
}
