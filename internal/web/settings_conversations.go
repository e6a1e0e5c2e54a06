package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// How the clinic converses: what it keeps of what is said, in which order it tries its channels, and the replies it has ready.

func conversationsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.conversations(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-conversations", page)
}

func (s *Site) conversations(v *Visit) (*ConversationSettings, error) {
	x, err := s.Messages.Setting(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	canned, err := s.Messages.CannedReplies(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &ConversationSettings{SettingsPage: s.settings(v, "settings.conversations", access.MessageSettings), Canned: cannedReplies(canned), Most: messaging.MaxCanned, Fresh: CannedReply{Wrong: true}}
	page.Version = x.Version
	page.show(v, x, s.Messages.Channels())
	return page, nil
}

// show puts a setting, present or typed, into the form.
func (p *ConversationSettings) show(v *Visit, x messaging.Setting, can []messaging.Channel) {
	p.Content, p.Days, p.Opens = string(contentOf(x.Content)), strconv.Itoa(x.Days), x.Opens
	p.Ways = nil
	places := max(len(can), len(x.Ways))
	for i := range places {
		now := messaging.Channel("")
		if i < len(x.Ways) {
			now = x.Ways[i]
		}
		w := WayChoice{Name: "way" + strconv.Itoa(i+1), Place: i + 1, Options: []Option{{Label: v.Tongue.Say("conversations.way.none"), On: now == ""}}}
		for _, c := range []messaging.Channel{messaging.WhatsApp, messaging.SMS, messaging.Email} {
			if c == now || slices.Contains(can, c) {
				w.Options = append(w.Options, Option{Value: string(c), Label: v.Tongue.Say("channel." + string(c)), On: c == now})
			}
		}
		p.Ways = append(p.Ways, w)
	}
}

// keepsMore says whether the clinic would keep more of what patients write than it does now.
func keepsMore(now, then messaging.Setting) bool {
	rank := func(x messaging.Setting) int {
		switch contentOf(x.Content) {
		case messaging.ContentDays:
			return x.Days
		case messaging.ContentFull:
			return 1 << 30
		}
		return 0
	}
	return rank(then) > rank(now)
}

func conversationsSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	now, err := s.Messages.Setting(v.Context(), v.Who)
	if err != nil {
		return err
	}
	f := v.PostForm
	x := messaging.Setting{Content: messaging.Content(f.Get("content")), Opens: f.Get("opens") != "", Version: typedVersion(v, 0), Days: now.Days}
	var wrong fault.Fields
	if x.Content == messaging.ContentDays {
		n, err := strconv.Atoi(strings.TrimSpace(f.Get("days")))
		if x.Days = n; err != nil || n < 1 || n > 365 {
			wrong.AddWith("days", "field.conversation.days", map[string]any{"Most": 365})
		}
	}
	for i := 1; i <= 3; i++ {
		c := messaging.Channel(f.Get("way" + strconv.Itoa(i)))
		if c == "" {
			continue
		}
		if slices.Contains(x.Ways, c) {
			wrong.Add("way"+strconv.Itoa(i), "field.conversation.ways")
			continue
		}
		x.Ways = append(x.Ways, c)
	}
	// More than now is kept only after somebody has read what that means.
	ask := keepsMore(now, x)
	if ask && f.Get("sure") == "" && !wrong.Has("days") {
		wrong.Add("sure", "field.conversations.sure")
	}
	if err = wrong.Err(); err == nil {
		err = renamed(s.Messages.SaveSetting(v.Context(), v.Who, x), map[string]string{"ways": "way1"})
	}
	return s.answer(w, v, err, "/app/settings/conversations?done=saved", "settings-conversations", func() (Page, error) {
		page, err := s.conversations(v)
		if err != nil {
			return nil, err
		}
		version := page.Version
		page.show(v, x, s.Messages.Channels())
		page.Version, page.AskSure = version, ask
		if x.Content == messaging.ContentDays {
			page.Days = f.Get("days")
		}
		return page, nil
	})
}

// pathReply is the reply of the address; zero where the form adds one, fault.NotFound when the clinic has none of the kind.
func (s *Site) pathReply(v *Visit) (id.ID, error) {
	raw := v.PathValue("reply")
	if raw == "" {
		return id.Zero, nil
	}
	list, err := s.Messages.CannedReplies(v.Context(), v.Who)
	if err != nil {
		return id.Zero, err
	}
	for _, c := range list {
		if c.ID.String() == raw {
			return c.ID, nil
		}
	}
	return id.Zero, fault.Missing()
}

func cannedSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := s.pathReply(v)
	if err != nil {
		return err
	}
	c := messaging.Canned{ID: one, Title: v.PostForm.Get("title"), Body: strings.ReplaceAll(v.PostForm.Get("body"), "\r\n", "\n"), Version: typedVersion(v, 0)}
	_, err = s.Messages.SaveCanned(v.Context(), v.Who, c)
	return s.answer(w, v, err, "/app/settings/conversations?done=saved#replies", "settings-conversations", func() (Page, error) {
		page, err := s.conversations(v)
		if err != nil {
			return nil, err
		}
		if one.IsZero() {
			page.Fresh = CannedReply{Title: c.Title, Body: c.Body, Wrong: true}
			return page, nil
		}
		page.Fresh.Wrong = false
		for i := range page.Canned { // what was typed, over the version that is there now
			if x := &page.Canned[i]; x.ID == one.String() {
				x.Title, x.Body, x.Wrong = c.Title, c.Body, true
			}
		}
		return page, nil
	})
}

func cannedRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := s.pathReply(v)
	if err != nil {
		return err
	}
	err = s.Messages.RemoveCanned(v.Context(), v.Who, one, typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/conversations?done=canned-removed#replies", "settings-conversations", func() (Page, error) { return s.conversations(v) })
}
