package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/programs"
)

// What the clinic's own programs may do, and what they are told: tokens and webhooks.

func programRoutes() []Route {
	own := access.ProgramSettings
	return []Route{
		{Pattern: "GET /app/settings/tokens", Door: Staff, Right: own, Handle: tokensPage},
		{Pattern: "POST /app/settings/tokens", Door: Staff, Right: own, Handle: tokenMake},
		{Pattern: "POST /app/settings/tokens/{id}/end", Door: Staff, Right: own, Handle: tokenEnd},
		{Pattern: "GET /app/settings/webhooks", Door: Staff, Right: own, Handle: webhooksPage},
		{Pattern: "POST /app/settings/webhooks", Door: Staff, Right: own, Handle: webhookAdd},
		{Pattern: "GET /app/settings/webhooks/{id}", Door: Staff, Right: own, Handle: webhookPage},
		{Pattern: "POST /app/settings/webhooks/{id}", Door: Staff, Right: own, Handle: webhookEvents},
		{Pattern: "POST /app/settings/webhooks/{id}/secret", Door: Staff, Right: own, Handle: webhookRotate},
		{Pattern: "POST /app/settings/webhooks/{id}/state", Door: Staff, Right: own, Handle: webhookState},
		{Pattern: "POST /app/settings/webhooks/{id}/test", Door: Staff, Right: own, Handle: webhookTest},
		{Pattern: "POST /app/settings/webhooks/{id}/replay", Door: Staff, Right: own, Handle: webhookReplay},
		{Pattern: "POST /app/settings/webhooks/{id}/remove", Door: Staff, Right: own, Handle: webhookRemove},
		{Pattern: "GET /app/outbox/receiver", Door: Staff, Right: access.ProgramRead, Handle: receiverPage},
	}
}

// scopeChoices are the things that a token may open, with those of typed chosen.
func scopeChoices(v *Visit, typed []string) []ScopeChoice {
	var out []ScopeChoice
	for _, x := range access.ProgramScopes {
		if x.Within(v.Who.Role()) {
			w := x.Word()
			out = append(out, ScopeChoice{w, v.Tongue.Say("token.scope." + w), v.Tongue.Say("token.scope." + w + ".hint"), slices.Contains(typed, w)})
		}
	}
	return out
}

func (s *Site) tokens(v *Visit) (*TokensSettings, error) {
	list, now, err := s.Programs.Tokens(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	people, err := s.Accounts.Colleagues(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &TokensSettings{SettingsPage: s.settings(v, "settings.tokens", access.ProgramSettings), NameSaid: v.PostForm.Get("name"), Scopes: scopeChoices(v, v.PostForm["scopes"])}
	days := cmp.Or(v.PostForm.Get("days"), "90")
	for _, n := range programs.Days {
		page.Days = append(page.Days, Option{Value: strconv.Itoa(n), Label: v.Tongue.Say("token.days", "Count", n), On: strconv.Itoa(n) == days})
	}
	for _, t := range list {
		row := tokenRow(v, t, now)
		i := slices.IndexFunc(people, func(c accounts.Colleague) bool { return c.ID == t.Maker })
		if i >= 0 {
			row.Maker, row.Left = people[i].Name, people[i].Left
		}
		if t.Alive(now) {
			page.Tokens = append(page.Tokens, row)
			continue
		}
		page.Ended = append(page.Ended, row)
	}
	return page, nil
}

func tokenRow(v *Visit, t programs.Token, now clock.Instant) TokenRow {
	z := v.Clinic.Location()
	row := TokenRow{ID: t.ID.String(), Name: t.Name, Hint: t.Hint, Created: t.CreatedAt.In(z), Expires: t.ExpiresAt.In(z), Soon: t.Alive(now) && t.ExpiresAt.Sub(now) < 14*24*time.Hour, UsedOn: t.UsedOn, UsedFrom: t.UsedFrom}
	for _, w := range t.Scopes.Words() {
		row.Scopes = append(row.Scopes, v.Tongue.Say("token.scope."+w))
	}
	switch {
	case t.EndedAt > 0:
		row.Ended = t.EndedAt.In(z)
	case !t.Alive(now):
		row.Ended = t.ExpiresAt.In(z)
	}
	return row
}

func tokensPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.tokens(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-tokens", page)
}

func tokenMake(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	d := programs.TokenDraft{Name: v.PostForm.Get("name")}
	d.Days, _ = strconv.Atoi(v.PostForm.Get("days")) // what is no number is refused as too few
	for _, word := range v.PostForm["scopes"] {
		d.Scopes |= access.ParseProgramScope(word)
	}
	text, t, err := s.Programs.MakeToken(v.Context(), v.Who, d)
	if err != nil {
		return s.answer(w, v, err, "", "settings-tokens", func() (Page, error) { return s.tokens(v) })
	}
	page := &TokenMade{SettingsPage: s.settings(v, "settings.tokens", access.ProgramSettings), Name: t.Name, Text: text, Expires: t.ExpiresAt.In(v.Clinic.Location()), Docs: s.PublicURL + "/api/v1/openapi.json"}
	page.Path = "/app/settings/tokens"
	return s.views.Render(w, http.StatusOK, "settings-token-made", page)
}

func tokenEnd(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return fault.Missing()
	}
	err = s.Programs.EndToken(v.Context(), v.Who, one)
	return s.answer(w, v, err, "/app/settings/tokens?done=token-ended", "settings-tokens", func() (Page, error) { return s.tokens(v) })
}

// eventChoices are the things that an address can be told of, with those chosen that it is told of now.
func eventChoices(v *Visit, now programs.Event) []ScopeChoice {
	var out []ScopeChoice
	for _, x := range programs.Events {
		out = append(out, ScopeChoice{Word: x.Word(), Label: v.Tongue.Say("webhook.event." + x.Word()), Hint: x.Word(), On: now&x != 0})
	}
	return out
}

func typedEvents(v *Visit) programs.Event {
	var out programs.Event
	for _, word := range v.PostForm["events"] {
		out |= programs.ParseEvent(word)
	}
	return out
}

func (s *Site) webhooks(v *Visit) (*WebhooksSettings, error) {
	list, err := s.Programs.Endpoints(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &WebhooksSettings{SettingsPage: s.settings(v, "settings.webhooks", access.ProgramSettings), URL: v.PostForm.Get("url"), Events: eventChoices(v, typedEvents(v))}
	for _, e := range list {
		row := WebhookRow{ID: e.ID.String(), Host: e.Host, On: e.State == programs.On, Why: whyOff(v, e)}
		for _, word := range e.Events.Words() {
			row.Events = append(row.Events, v.Tongue.Say("webhook.event."+word))
		}
		if e.FailingSince > 0 {
			row.Failing = e.FailingSince.In(v.Clinic.Location())
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

func whyOff(v *Visit, e programs.Endpoint) string {
	if e.State == programs.On {
		return ""
	}
	return v.Tongue.Say("webhook.off." + e.Reason)
}

func webhooksPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.webhooks(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-webhooks", page)
}

func webhookAdd(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	secret, one, err := s.Programs.AddEndpoint(v.Context(), v.Who, programs.EndpointDraft{URL: v.PostForm.Get("url"), Events: typedEvents(v)})
	if err != nil {
		return s.answer(w, v, err, "", "settings-webhooks", func() (Page, error) { return s.webhooks(v) })
	}
	return s.showSecret(w, v, one, secret, false)
}

// showSecret shows the secret of an address, this once.
func (s *Site) showSecret(w http.ResponseWriter, v *Visit, one id.ID, secret string, rotated bool) error {
	e, _, err := s.Programs.Endpoint(v.Context(), v.Who, one, 1)
	if err != nil {
		return err
	}
	page := &WebhookSecret{SettingsPage: s.settings(v, "settings.webhooks", access.ProgramSettings), ID: one.String(), Host: e.Host, Secret: secret, Rotated: rotated}
	page.Path = "/app/settings/webhooks/" + one.String()
	return s.views.Render(w, http.StatusOK, "settings-webhook-secret", page)
}

// mostDeliveries is how many tellings the page of an address lists.
const mostDeliveries = 50

func (s *Site) webhook(v *Visit) (*WebhookSettings, error) {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return nil, fault.Missing()
	}
	e, list, err := s.Programs.Endpoint(v.Context(), v.Who, one, mostDeliveries)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	page := &WebhookSettings{SettingsPage: s.settings(v, "settings.webhooks", access.ProgramSettings), ID: e.ID.String(), URL: e.URL, Host: e.Host, On: e.State == programs.On, Why: whyOff(v, e), Since: e.StateAt.In(z),
		Events: eventChoices(v, e.Events), From: v.PostForm.Get("from"), To: v.PostForm.Get("to")}
	page.Version = e.Version
	if page.From == "" {
		page.From, page.To = string(clock.Today(s.Clock, z)), string(clock.Today(s.Clock, z))
	}
	if e.FailingSince > 0 {
		page.Failing = e.FailingSince.In(z)
	}
	if e.OldUntil > clock.At(s.Clock.Now()) {
		page.OldUntil = e.OldUntil.In(z)
	}
	for _, d := range list {
		row := DeliveryRow{ID: d.ID.String(), Message: d.MessageID(), What: d.Kind, State: d.State, Happened: d.HappenedAt.In(z), Attempts: d.Attempts, Answer: d.Answer, CanReplay: page.On && d.State != programs.Planned}
		if d.TriedAt > 0 {
			row.Tried = d.TriedAt.In(z)
		}
		if d.State == programs.Planned && d.Attempts > 0 {
			row.Next = d.DueAt.In(z)
		}
		if d.Reason != "" {
			row.Reason = v.Tongue.Say("webhook.reason." + d.Reason)
		}
		page.Deliveries = append(page.Deliveries, row)
	}
	return page, nil
}

func webhookPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.webhook(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-webhook", page)
}

// webhookDone leads on after a form of one address, or shows its page again.
func (s *Site) webhookDone(w http.ResponseWriter, v *Visit, err error, done string) error {
	return s.answer(w, v, err, "/app/settings/webhooks/"+v.PathValue("id")+"?done="+done, "settings-webhook", func() (Page, error) { return s.webhook(v) })
}

// webhookOf reads the form and the id of the address.
func webhookOf(v *Visit) (id.ID, error) {
	if err := v.form(); err != nil {
		return id.Zero, err
	}
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return id.Zero, fault.Missing()
	}
	return one, nil
}

func webhookEvents(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := webhookOf(v)
	if err != nil {
		return err
	}
	return s.webhookDone(w, v, s.Programs.SetEvents(v.Context(), v.Who, one, typedVersion(v, 0), typedEvents(v)), "saved")
}

func webhookRotate(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := webhookOf(v)
	if err != nil {
		return err
	}
	secret, err := s.Programs.Rotate(v.Context(), v.Who, one, typedVersion(v, 0))
	if err != nil {
		return s.webhookDone(w, v, err, "")
	}
	return s.showSecret(w, v, one, secret, true)
}

func webhookState(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := webhookOf(v)
	if err != nil {
		return err
	}
	to := v.PostForm.Get("to")
	if to != programs.On && to != programs.Off {
		return fault.Missing()
	}
	return s.webhookDone(w, v, s.Programs.Switch(v.Context(), v.Who, one, typedVersion(v, 0), to == programs.On), "webhook-"+to)
}

func webhookTest(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := webhookOf(v)
	if err != nil {
		return err
	}
	return s.webhookDone(w, v, s.Programs.Test(v.Context(), v.Who, one), "webhook-test")
}

func webhookReplay(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := webhookOf(v)
	if err != nil {
		return err
	}
	if typed := v.PostForm.Get("delivery"); typed != "" {
		d, err := id.Parse(typed)
		if err != nil {
			return fault.Missing()
		}
		_, err = s.Programs.Replay(v.Context(), v.Who, one, d, 0, 0)
		return s.webhookDone(w, v, err, "webhook-replay")
	}
	z := v.Clinic.Location()
	var f fault.Fields
	from, err := clock.ParseDate(v.PostForm.Get("from"))
	if err != nil {
		f.Add("from", "field.date.form")
	}
	to, err := clock.ParseDate(v.PostForm.Get("to"))
	if err != nil || from != "" && from.DaysUntil(to) < 0 {
		f.Add("to", "field.date.form")
	}
	if err = f.Err(); err == nil {
		_, err = s.Programs.Replay(v.Context(), v.Who, one, id.Zero, clock.At(clock.StartOfDay(from, z)), clock.At(clock.StartOfDay(to.AddDays(1), z)))
	}
	return s.webhookDone(w, v, err, "webhook-replay")
}

func webhookRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := webhookOf(v)
	if err != nil {
		return err
	}
	err = s.Programs.Remove(v.Context(), v.Who, one, typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/webhooks?done=webhook-removed", "settings-webhook", func() (Page, error) { return s.webhook(v) })
}

// receiverPage is the demo's stand-in for a program of the clinic's own: what it was told, as it came.
func receiverPage(s *Site, w http.ResponseWriter, v *Visit) error {
	if !s.Demo || s.Received == nil {
		return fault.Missing()
	}
	page := &ReceiverPage{Shell: s.staffShell(v, "")}
	for _, r := range s.Received() {
		r.At = r.At.In(v.Clinic.Location())
		page.List = append(page.List, r)
	}
	return s.views.Render(w, http.StatusOK, "receiver", page)
}
