package whatsapp

import (
	"encoding/json"
	"strings"

	"almirah/internal/messaging"
)

// preferences reads who stopped or resumed marketing with WhatsApp itself.
func preferences(c change, at stamp) ([]messaging.Event, bool) {
	var v struct {
		talk
		Preferences []struct {
			WaID     string `json:"wa_id"`
			UserID   string `json:"user_id"`
			Category string `json:"category"`
			Value    string `json:"value"`
			At       stamp  `json:"timestamp"`
		} `json:"user_preferences"`
	}
	if json.Unmarshal(c.Value, &v) != nil || len(v.Preferences) == 0 {
		return nil, false
	}
	var out []messaging.Event
	for i, p := range v.Preferences {
		stop, ok := stopped(p.Value)
		if !ok || p.WaID == "" && p.UserID == "" {
			return nil, false
		}
		when := p.At
		if when == "" {
			when = at
		}
		out = append(out, messaging.Event{Kind: messaging.ChoiceNews, Key: c.key(at, i), At: when.instant(), From: v.person(p.WaID, p.UserID), Stop: stop, Class: lower(p.Category)})
	}
	return out, true
}

// stopped reads the two words that Meta has for it.
func stopped(value string) (stop, ok bool) {
	switch value {
	case "stop":
		return true, true
	case "resume":
		return false, true
	}
	return false, false
}

// templateNews is what the three kinds of template news have in common.
type templateNews struct {
	ID       json.Number `json:"message_template_id"`
	Name     string      `json:"message_template_name"`
	Language string      `json:"message_template_language"`

	Event    string `json:"event"`
	Reason   string `json:"reason"`
	Category string `json:"message_template_category"`

	Previous string `json:"previous_category"`
	New      string `json:"new_category"`
	Correct  string `json:"correct_category"`

	Quality string `json:"new_quality_score"`
}

func readTemplate(c change, at stamp) (templateNews, messaging.Event, bool) {
	var v templateNews
	if json.Unmarshal(c.Value, &v) != nil || v.Name == "" {
		return v, messaging.Event{}, false
	}
	return v, messaging.Event{Kind: messaging.TemplateNews, Key: c.key(at, 0), At: at.instant(), ProviderID: short(v.ID.String()), Name: short(v.Name), Lang: short(v.Language)}, true
}

// templateStatus: approved, rejected, paused, disabled and the like.
func templateStatus(c change, at stamp) ([]messaging.Event, bool) {
	v, e, ok := readTemplate(c, at)
	if !ok || v.Event == "" {
		return nil, false
	}
	e.Status, e.Class = lower(v.Event), lower(v.Category)
	if e.Reason = short(v.Reason); strings.EqualFold(e.Reason, "none") {
		e.Reason = ""
	}
	return []messaging.Event{e}, true
}

// templateClass: Meta put a template into another class, or says that it will; only what it has
// done changes Class, the other is the Reason.
func templateClass(c change, at stamp) ([]messaging.Event, bool) {
	v, e, ok := readTemplate(c, at)
	if !ok || v.New == "" {
		return nil, false
	}
	e.Class, e.Reason = lower(v.New), lower(v.Correct)
	return []messaging.Event{e}, true
}

// templateQuality: how people take a template; the score is the Reason, the Status is "quality".
func templateQuality(c change, at stamp) ([]messaging.Event, bool) {
	v, e, ok := readTemplate(c, at)
	if !ok || v.Quality == "" {
		return nil, false
	}
	e.Status, e.Reason = "quality", lower(v.Quality)
	return []messaging.Event{e}, true
}

// accountNews reads news of the number or the account: Name is Meta's field, Status its event,
// Reason the limit or the cause, as far as there is one.
func accountNews(c change, at stamp) ([]messaging.Event, bool) {
	var v struct {
		Event        string `json:"event"`
		CurrentLimit string `json:"current_limit"`
		Ban          struct {
			State string `json:"waba_ban_state"`
		} `json:"ban_info"`
		Violation struct {
			Type string `json:"violation_type"`
		} `json:"violation_info"`
		Restrictions []struct {
			Type string `json:"restriction_type"`
		} `json:"restriction_info"`
		Daily   json.RawMessage `json:"max_daily_conversation_per_phone"`
		Daily2  json.RawMessage `json:"max_daily_conversations_per_business"` // since v24
		Numbers json.RawMessage `json:"max_phone_numbers_per_business"`
	}
	if json.Unmarshal(c.Value, &v) != nil {
		return nil, false
	}
	e := messaging.Event{Kind: messaging.AccountNews, Key: c.key(at, 0), At: at.instant(), Name: short(c.Field), Status: lower(v.Event)}
	causes := []string{v.CurrentLimit, v.Ban.State, v.Violation.Type}
	for _, r := range v.Restrictions {
		causes = append(causes, r.Type)
	}
	if c.Field == "business_capability_update" {
		causes = append(causes, bare(v.Daily), bare(v.Daily2))
		if e.Status == "" && (v.Daily != nil || v.Daily2 != nil || v.Numbers != nil) {
			e.Status = "limits"
		}
	}
	e.Reason = lower(strings.ReplaceAll(lines(causes...), "\n", " "))
	return []messaging.Event{e}, e.Status != ""
}

// bare is a number or a word of JSON without its quotes.
func bare(raw json.RawMessage) string { return strings.Trim(string(raw), `"`) }

// userIDs reads that people's ids towards this business changed. Meta took this field back in
// August 2026 in favour of a system message; what was sent before may still be repeated.
func userIDs(c change, at stamp) ([]messaging.Event, bool) {
	var v struct {
		talk
		Updates []struct {
			WaID   string `json:"wa_id"`
			UserID struct {
				Previous string `json:"previous"`
				Current  string `json:"current"`
			} `json:"user_id"`
			At stamp `json:"timestamp"`
		} `json:"user_id_update"`
	}
	if json.Unmarshal(c.Value, &v) != nil || len(v.Updates) == 0 {
		return nil, false
	}
	var out []messaging.Event
	for i, u := range v.Updates {
		if word(u.UserID.Current) == "" {
			return nil, false
		}
		when := u.At
		if when == "" {
			when = at
		}
		who := messaging.Sender{UserID: short(u.UserID.Previous)}
		if digits(u.WaID, 6, 15) {
			who.Phone = "+" + u.WaID
		}
		out = append(out, messaging.Event{Kind: messaging.IdentityNews, Key: c.key(at, i), At: when.instant(), From: who, Text: u.UserID.Current, Name: "user_id"})
	}
	return out, true
}
