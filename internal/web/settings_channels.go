package web

import (
	"net/http"
	"slices"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// The clinic's own accounts at message providers: connect, test, pause, revoke.

// accountForms are the fields of each provider's form, as its carrier reads them. A provider without a form here is not offered.
var accountForms = map[string][]AccountField{
	"twilio": {{Name: "account_sid", Must: true}, {Name: "auth_token", Secret: true, Must: true, Help: true}, {Name: "key_sid", Help: true}, {Name: "key_secret", Secret: true},
		{Name: "from", Help: true}, {Name: "messaging_service_sid", Help: true}},
	"msg91": {{Name: "authkey", Secret: true, Must: true, Help: true}, {Name: "sender", Must: true, Help: true}, {Name: "pe_id", Must: true, Help: true}, {Name: "user_id", Help: true},
		{Name: "allowed_ips", Help: true, Long: true}},
	"whatsapp": {{Name: "phone_number_id", Must: true, Help: true}, {Name: "business_account_id", Must: true, Help: true}, {Name: "sender", Must: true, Help: true},
		{Name: "token", Secret: true, Must: true, Help: true, Long: true}, {Name: "app_secrets", Secret: true, Must: true, Help: true}, {Name: "app_secret_old", Secret: true, Help: true},
		{Name: "coexistence", Must: true, Help: true, Words: []string{"no", "yes"}}},
	"mail": {{Name: "domain", Must: true, Help: true}},
	"ses": {{Name: "from", Must: true, Help: true}, {Name: "region", Must: true, Help: true}, {Name: "access_key_id", Must: true, Help: true}, {Name: "secret_access_key", Secret: true, Must: true},
		{Name: "configuration_set", Help: true}, {Name: "open_set", Help: true}, {Name: "topic_arns", Help: true, Long: true}},
	"local-whatsapp": {{Name: "number", Must: true, Help: true}},
	"local-sms":      {{Name: "number", Must: true, Help: true}},
}

// AccountForm is the form of a provider, with nothing typed into it; nil for one that has none.
func AccountForm(provider string) []AccountField { return slices.Clone(accountForms[provider]) }

func channelsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.channelSettings(v, "")
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-channels", page)
}

// channelSettings is the page; the form of the provider, if one is named, shows what was typed into it.
func (s *Site) channelSettings(v *Visit, provider string) (*ChannelsSettings, error) {
	list, err := s.Messages.Accounts(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &ChannelsSettings{SettingsPage: s.settings(v, "settings.channels", access.MessageAccounts)}
	taken := map[messaging.Channel]bool{}
	for _, a := range list {
		taken[a.Channel] = true
		page.Accounts = append(page.Accounts, s.accountCard(v, a))
	}
	for _, p := range s.Messages.Providers() {
		form := accountForms[p]
		page.Offered = page.Offered || form != nil
		channel := s.Messages.ChannelOf(p)
		if form == nil || taken[channel] || !page.CanEdit {
			continue
		}
		if why := s.Messages.Refused(v.Clinic, p, ""); why != "" && s.Messages.List(p, "region") == nil {
			page.Barred = append(page.Barred, Barred{companyName(v, p), why})
			continue
		}
		o := s.accountOffer(v, p, p == provider)
		o.Front = p == provider || provider == "" && len(page.Offers) == 0
		page.Offers = append(page.Offers, o)
	}
	for i := range page.Offers { // several forms are folded, but for the one that was sent
		page.Offers[i].Open = len(page.Offers) == 1 || page.Offers[i].Provider == provider
	}
	return page, nil
}

// accountOffer is a provider's form, with what was typed into it; a secret is never put back.
func (s *Site) accountOffer(v *Visit, provider string, typed bool) AccountOffer {
	o := AccountOffer{Provider: provider, Name: companyName(v, provider), Channel: string(s.Messages.ChannelOf(provider)), Fields: slices.Clone(accountForms[provider])}
	for i := range o.Fields {
		f := &o.Fields[i]
		if typed && !f.Secret {
			f.Value = v.PostForm.Get(f.Name)
		}
		for _, x := range s.Messages.List(provider, f.Name) {
			if f.Name == "region" && s.Messages.Refused(v.Clinic, provider, x.Beside) != "" {
				continue
			}
			f.List = append(f.List, Option{Value: x.Value, Label: x.Value + " (" + x.Beside + ")"})
		}
	}
	return o
}

func companyName(v *Visit, provider string) string {
	if key := "channel.provider." + provider; v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return provider
}

func (s *Site) accountCard(v *Visit, a messaging.Account) AccountCard {
	z := v.Clinic.Location()
	c := AccountCard{ID: a.ID.String(), Channel: string(a.Channel), Provider: companyName(v, a.Provider), Sender: a.Sender, Last4: a.Last4, State: string(a.State),
		Since: a.StateAt.In(z), Connected: a.CreatedAt.In(z), HookURL: a.HookURL, HookHint: v.Tongue.Say("channel.hook_hint"), Version: a.Version}
	if key := "channel.hook_hint." + a.Provider; v.Tongue.Has(key) {
		c.HookHint = v.Tongue.Say(key)
	}
	if key := "channel.word." + a.Provider; a.HookWord != "" && v.Tongue.Has(key) {
		c.HookWord, c.WordLabel, c.WordHint = a.HookWord, v.Tongue.Say(key), v.Tongue.Say("channel.word_hint."+a.Provider)
	}
	approves, registers := s.Messages.Drafts(a.Provider)
	c.Texts = approves || registers
	switch a.Hears {
	case messaging.HearingUnasked:
	case messaging.HearingOn:
		c.Hears = true
	case messaging.HearingOff:
		c.Deaf, c.DeafTodo = v.Tongue.Say("channel.deaf.elsewhere"), v.Tongue.Say("channel.deaf.todo")
	default:
		c.Deaf, c.DeafTodo = v.Tongue.Say("channel.deaf", "Code", string(a.Hears)), v.Tongue.Say("channel.deaf.todo")
	}
	if a.HearsAt > 0 {
		c.HearsAt = a.HearsAt.In(z)
	}
	if a.Strange.Count > 0 {
		kind := a.Strange.Kind
		if kind == "" {
			kind = v.Tongue.Say("channel.strange.nameless")
		}
		c.Strange = v.Tongue.Say("channel.strange", "Count", int(a.Strange.Count), "When", v.Tongue.DateTime(a.Strange.At.In(z)), "Kind", kind)
	}
	if a.TestedAt > 0 {
		c.Tested = a.TestedAt.In(z)
	}
	for _, d := range a.LastDays {
		c.Days = append(c.Days, AccountDay{Day: d.Day, Sent: int(d.Sent), Failed: int(d.Failed), Received: int(d.Received)})
	}
	switch {
	case a.State == messaging.AccountPaused && v.Tongue.Has("channel.todo."+a.Reason):
		c.Why, c.Todo = v.Tongue.Say("channel.reason."+a.Reason), v.Tongue.Say("channel.todo."+a.Reason)
	case a.State == messaging.AccountPaused:
		c.Why, c.Todo = v.Tongue.Say("channel.refused", "Code", a.Reason), v.Tongue.Say("channel.refused_todo")
	case s.Messages.ChannelOf(a.Provider) == "":
		c.Why, c.Todo = v.Tongue.Say("channel.unoffered"), v.Tongue.Say("channel.unoffered_todo")
	}
	return c
}

// channelAnswer leads on, or shows the page again. A provider that cannot be reached is said there too: what was typed stays.
func (s *Site) channelAnswer(w http.ResponseWriter, v *Visit, err error, done, provider string) error {
	again := func() (Page, error) { return s.channelSettings(v, provider) }
	if fault.Is(err, fault.Unavailable) {
		page, bad := again()
		if bad != nil {
			return bad
		}
		return s.views.Render(w, report(w, page.shell(), err), "settings-channels", page)
	}
	return s.answer(w, v, err, "/app/settings/channels?done="+done, "settings-channels", again)
}

func channelConnect(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	provider := v.PathValue("provider")
	form := accountForms[provider]
	if form == nil {
		return fault.Missing()
	}
	_, err := s.Messages.Connect(v.Context(), v.Who, provider, typedAccount(v, form), v.PostForm.Get("agreed") != "")
	return s.channelAnswer(w, v, err, "channel-connected", provider)
}

func typedAccount(v *Visit, form []AccountField) map[string]string {
	typed := map[string]string{}
	for _, f := range form {
		typed[f.Name] = v.PostForm.Get(f.Name)
	}
	return typed
}

func channelTest(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return fault.Missing()
	}
	return s.channelAnswer(w, v, s.Messages.TestAccount(v.Context(), v.Who, one), "channel-tested", "")
}

func channelState(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := id.Parse(v.PathValue("id"))
	to := v.PostForm.Get("to")
	if err != nil || to != "pause" && to != "resume" {
		return fault.Missing()
	}
	err = s.Messages.SetAccount(v.Context(), v.Who, one, typedVersion(v, 0), to == "resume")
	return s.channelAnswer(w, v, err, "channel-"+to, "")
}

func channelRevokePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.channelRevoke(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-channel-revoke", page)
}

// channelRevoke is the page that asks once more; fault.NotFound when the account is none of the clinic's that is still in use.
func (s *Site) channelRevoke(v *Visit) (*ChannelRevoke, error) {
	a, err := s.accountOf(v)
	if err != nil {
		return nil, err
	}
	page := &ChannelRevoke{SettingsPage: s.settings(v, "settings.channels", access.MessageAccounts), Account: s.accountCard(v, a)}
	page.Version = a.Version
	return page, nil
}

// accountOf is the account of the address; fault.NotFound when it is none of the clinic's that is still in use.
func (s *Site) accountOf(v *Visit) (messaging.Account, error) {
	list, err := s.Messages.Accounts(v.Context(), v.Who)
	if err != nil {
		return messaging.Account{}, err
	}
	one, err := id.Parse(v.PathValue("id"))
	i := slices.IndexFunc(list, func(a messaging.Account) bool { return a.ID == one })
	if err != nil || i < 0 {
		return messaging.Account{}, fault.Missing()
	}
	return list[i], nil
}

func channelRevoke(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return fault.Missing()
	}
	err = s.Messages.Revoke(v.Context(), v.Who, one, typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/channels?done=channel-revoked", "settings-channel-revoke", func() (Page, error) { return s.channelRevoke(v) })
}

// channelKeys is the page on which an account gets other credentials; fault.NotFound as for accountOf, and where its provider is not offered any more.
func (s *Site) channelKeys(v *Visit, typed bool) (*ChannelKeys, error) {
	a, err := s.accountOf(v)
	if err != nil {
		return nil, err
	}
	if accountForms[a.Provider] == nil || s.Messages.ChannelOf(a.Provider) == "" {
		return nil, fault.Missing()
	}
	page := &ChannelKeys{ChannelsSettings: ChannelsSettings{SettingsPage: s.settings(v, "settings.channels", access.MessageAccounts)}, Account: s.accountCard(v, a), Form: s.accountOffer(v, a.Provider, typed)}
	page.Form.Front, page.Version = true, a.Version
	return page, nil
}

func channelKeysPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.channelKeys(v, false)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-channel-keys", page)
}

func channelKeysSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	a, err := s.accountOf(v)
	if err != nil {
		return err
	}
	err = s.Messages.ChangeKeys(v.Context(), v.Who, a.ID, typedVersion(v, 0), typedAccount(v, accountForms[a.Provider]))
	if fault.Is(err, fault.Unavailable) {
		page, bad := s.channelKeys(v, true)
		if bad != nil {
			return bad
		}
		return s.views.Render(w, report(w, page.shell(), err), "settings-channel-keys", page)
	}
	return s.answer(w, v, err, "/app/settings/channels?done=channel-keys", "settings-channel-keys", func() (Page, error) { return s.channelKeys(v, true) })
}
