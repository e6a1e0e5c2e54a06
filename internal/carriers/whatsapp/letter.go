package whatsapp

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"almirah/internal/messaging"
)

// How much Meta takes, in characters; payloads in bytes. The limits of lists are Meta's own
// description's (v23.0).
const (
	maxText       = 4096
	maxQuestion   = 1024 // the text above buttons
	maxValue      = 1024 // one value of a template, which has to fit into its body
	maxTitle      = 20   // of a button
	maxRowTitle   = 24   // of a row of a list
	maxPayload    = 256  // of a button
	maxRowPayload = 200  // of a row of a list
	maxButtons    = 3    // more become a list
	maxRows       = 10
)

// The request, as the description of v23.0 has it.
type (
	letter struct {
		Product     string       `json:"messaging_product"`
		Kind        string       `json:"recipient_type"`
		To          string       `json:"to,omitempty"`
		Recipient   string       `json:"recipient,omitempty"` // a business-scoped id, where no number is known
		Type        string       `json:"type"`
		Context     *quoted      `json:"context,omitempty"`
		Text        *freeText    `json:"text,omitempty"`
		Template    *template    `json:"template,omitempty"`
		Interactive *interactive `json:"interactive,omitempty"`
	}
	quoted struct {
		MessageID string `json:"message_id"`
	}
	freeText struct {
		Body    string `json:"body"`
		Preview bool   `json:"preview_url"` // never: Meta would fetch the link, and it opens a patient's page
	}
	template struct {
		Name       string      `json:"name"`
		Language   language    `json:"language"`
		Components []component `json:"components,omitempty"`
	}
	language struct {
		Policy string `json:"policy"` // the description demands it, the documentation has forgotten it
		Code   string `json:"code"`
	}
	component struct {
		Type       string      `json:"type"`
		SubType    string      `json:"sub_type,omitempty"`
		Index      string      `json:"index,omitempty"`
		Parameters []parameter `json:"parameters"`
	}
	parameter struct {
		Type    string `json:"type"`
		Name    string `json:"parameter_name,omitempty"`
		Text    string `json:"text,omitempty"`
		Payload string `json:"payload,omitempty"`
	}
	interactive struct {
		Type   string   `json:"type"`
		Body   textOnly `json:"body"`
		Action action   `json:"action"`
	}
	textOnly struct {
		Text string `json:"text"`
	}
	action struct {
		Buttons  []button  `json:"buttons,omitempty"`
		Button   string    `json:"button,omitempty"`
		Sections []section `json:"sections,omitempty"`
	}
	button struct {
		Type  string `json:"type"`
		Reply choice `json:"reply"`
	}
	section struct {
		Rows []choice `json:"rows"`
	}
	choice struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
)

// compose writes the request. wrong is a code that says why the message can never be sent; it
// is empty when all is well.
func compose(m messaging.Outgoing, choose string) (body []byte, wrong string) {
	l := letter{Product: "whatsapp", Kind: "individual"}
	switch {
	case m.To != "": // the number wins where both are known, as it does with Meta
		number, plus := strings.CutPrefix(m.To, "+")
		if !plus || !digits(number, 6, 15) {
			return nil, "recipient"
		}
		l.To = m.To
	case m.ToUser != "":
		if !secretWord(m.ToUser, 3, 256) {
			return nil, "recipient"
		}
		l.Recipient = m.ToUser
	default:
		return nil, "recipient"
	}
	if m.InReply != "" {
		if !secretWord(m.InReply, 1, 512) {
			return nil, "reply"
		}
		l.Context = &quoted{MessageID: m.InReply}
	}
	switch {
	case m.Call != nil:
		l.Type = "template"
		l.Template, wrong = called(*m.Call)
	case len(m.Buttons) > 0:
		l.Type = "interactive"
		l.Interactive, wrong = asked(m, choose)
	default:
		l.Type = "text"
		l.Text, wrong = written(m.Text)
	}
	if wrong != "" {
		return nil, wrong
	}
	body, err := json.Marshal(l)
	if err != nil {
		return nil, "text"
	}
	return body, ""
}

func written(text string) (*freeText, string) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || !utf8.ValidString(text):
		return nil, "text"
	case n > maxText:
		return nil, "text-length"
	}
	return &freeText{Body: text}, ""
}

// called fills in an approved template: the body's values in their order, by name where they
// have one, and a payload for every quick reply.
func called(c messaging.Call) (*template, string) {
	if c.Name == "" || c.Language == "" {
		return nil, "template"
	}
	t := &template{Name: c.Name, Language: language{Policy: "deterministic", Code: c.Language}}
	if len(c.Values) > 0 {
		body := component{Type: "body"}
		for _, v := range c.Values {
			text := oneLine(v.Text)
			switch {
			case text == "" || !utf8.ValidString(text):
				return nil, "value"
			case utf8.RuneCountInString(text) > maxValue:
				return nil, "value-length"
			}
			body.Parameters = append(body.Parameters, parameter{Type: "text", Name: v.Name, Text: text})
		}
		t.Components = append(t.Components, body)
	}
	if len(c.Payloads) > maxRows {
		return nil, "buttons"
	}
	for i, p := range c.Payloads {
		if p == "" || len(p) > maxPayload {
			return nil, "payload"
		}
		t.Components = append(t.Components, component{Type: "button", SubType: "quick_reply", Index: strconv.Itoa(i), Parameters: []parameter{{Type: "payload", Payload: p}}})
	}
	return t, ""
}

// oneLine is the text without line breaks, tabs and runs of spaces: Meta refuses a whole
// message for one of them in a value.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// asked is a text with answers to touch: buttons up to three, then a list.
func asked(m messaging.Outgoing, choose string) (*interactive, string) {
	text := strings.TrimSpace(m.Text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || !utf8.ValidString(text):
		return nil, "text"
	case n > maxQuestion:
		return nil, "text-length"
	case len(m.Buttons) > maxRows:
		return nil, "buttons"
	}
	list := len(m.Buttons) > maxButtons
	title, payload := maxTitle, maxPayload
	if list {
		title, payload = maxRowTitle, maxRowPayload
	}
	var choices []choice
	seen := map[string]bool{}
	for _, b := range m.Buttons {
		n := utf8.RuneCountInString(b.Title)
		if n == 0 || n > title || !utf8.ValidString(b.Title) || seen["t"+b.Title] {
			return nil, "title"
		}
		if b.Payload == "" || len(b.Payload) > payload || strings.TrimSpace(b.Payload) != b.Payload || seen["p"+b.Payload] {
			return nil, "payload"
		}
		seen["t"+b.Title], seen["p"+b.Payload] = true, true
		choices = append(choices, choice{ID: b.Payload, Title: b.Title})
	}
	out := &interactive{Type: "button", Body: textOnly{text}}
	if list {
		out.Type = "list"
		out.Action = action{Button: choose, Sections: []section{{Rows: choices}}}
		return out, ""
	}
	for _, c := range choices {
		out.Action.Buttons = append(out.Action.Buttons, button{Type: "reply", Reply: c})
	}
	return out, ""
}
