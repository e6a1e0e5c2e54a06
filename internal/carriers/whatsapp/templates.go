package whatsapp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/messaging"
)

// Template is a message template at Meta. Its variables are written {{1}} or {{name}}, all in
// the same way.
type Template struct {
	ID       string // Meta's; empty before it was made
	Name     string // a-z, 0-9 and _
	Language string // as Meta spells it, such as "en" or "pt_BR"
	Use      messaging.Use
	Header   string // text above, may be empty
	Body     string
	Footer   string
	Buttons  []string // quick replies

	Examples map[string]string // a value for every variable, by "1" or by name; Meta's people read them

	// What Meta says; lower case.
	Status  string // approved, pending, rejected, paused, disabled ...
	Class   string // utility, marketing, authentication: Meta may put it into another class than asked
	Reason  string // of a rejection
	Quality string
}

// The wire form of a template, as the description of v23.0 has it.
type wireTemplate struct {
	ID         string          `json:"id,omitempty"`
	Name       string          `json:"name,omitempty"`
	Language   string          `json:"language,omitempty"`
	Category   string          `json:"category,omitempty"`
	Format     string          `json:"parameter_format,omitempty"`
	Components []wireComponent `json:"components,omitempty"`

	Status  string          `json:"status,omitempty"`
	Reason  string          `json:"rejected_reason,omitempty"`
	Quality json.RawMessage `json:"quality_score,omitempty"`
}

type wireComponent struct {
	Type    string       `json:"type"`
	Format  string       `json:"format,omitempty"`
	Text    string       `json:"text,omitempty"`
	Example *wireExample `json:"example,omitempty"`
	Buttons []wireButton `json:"buttons,omitempty"`
}

type wireExample struct {
	HeaderText  []string    `json:"header_text,omitempty"`
	BodyText    [][]string  `json:"body_text,omitempty"`
	HeaderNamed []namedText `json:"header_text_named_params,omitempty"`
	BodyNamed   []namedText `json:"body_text_named_params,omitempty"`
}

type namedText struct {
	Name    string `json:"param_name"`
	Example string `json:"example"`
}

type wireButton struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// wire turns a template that Check took into what Meta reads.
func (t Template) wire() wireTemplate {
	w := wireTemplate{Category: strings.ToUpper(string(t.Use))}
	body := variables(t.Body)
	named := len(body) > 0 && !counted(body) || len(variables(t.Header)) > 0 && !counted(variables(t.Header))
	if named {
		w.Format = "named"
	} else if len(body)+len(variables(t.Header)) > 0 {
		w.Format = "positional"
	}
	if t.Header != "" {
		c := wireComponent{Type: "HEADER", Format: "TEXT", Text: t.Header}
		if names := distinct(variables(t.Header)); len(names) > 0 {
			c.Example = &wireExample{}
			if named {
				c.Example.HeaderNamed = t.namedExamples(names)
			} else {
				c.Example.HeaderText = t.examples(names)
			}
		}
		w.Components = append(w.Components, c)
	}
	c := wireComponent{Type: "BODY", Text: t.Body}
	if names := distinct(body); len(names) > 0 {
		c.Example = &wireExample{}
		if named {
			c.Example.BodyNamed = t.namedExamples(names)
		} else {
			c.Example.BodyText = [][]string{t.examples(names)}
		}
	}
	w.Components = append(w.Components, c)
	if t.Footer != "" {
		w.Components = append(w.Components, wireComponent{Type: "FOOTER", Text: t.Footer})
	}
	if len(t.Buttons) > 0 {
		c := wireComponent{Type: "BUTTONS"}
		for _, b := range t.Buttons {
			c.Buttons = append(c.Buttons, wireButton{"QUICK_REPLY", b})
		}
		w.Components = append(w.Components, c)
	}
	return w
}

func (t Template) examples(names []string) (out []string) {
	for _, n := range names {
		out = append(out, t.Examples[n])
	}
	return out
}

func (t Template) namedExamples(names []string) (out []namedText) {
	for _, n := range names {
		out = append(out, namedText{n, t.Examples[n]})
	}
	return out
}

// template reads what Meta lists. Components that we do not write (pictures, links) are left out.
func (w wireTemplate) template() Template {
	t := Template{ID: w.ID, Name: w.Name, Language: w.Language, Use: messaging.Use(strings.ToLower(w.Category)), Class: strings.ToLower(w.Category),
		Status: strings.ToLower(w.Status), Reason: strings.ToLower(w.Reason), Examples: map[string]string{}}
	if t.Reason == "none" {
		t.Reason = ""
	}
	var quality struct {
		Score string `json:"score"`
	}
	if json.Unmarshal(w.Quality, &quality) == nil {
		t.Quality = strings.ToLower(quality.Score)
	}
	for _, c := range w.Components {
		switch c.Type {
		case "HEADER":
			t.Header = c.Text
		case "BODY":
			t.Body = c.Text
		case "FOOTER":
			t.Footer = c.Text
		case "BUTTONS":
			for _, b := range c.Buttons {
				if b.Type == "QUICK_REPLY" {
					t.Buttons = append(t.Buttons, b.Text)
				}
			}
		}
		t.learn(c)
	}
	return t
}

// learn takes over the examples of a listed component.
func (t *Template) learn(c wireComponent) {
	if c.Example == nil {
		return
	}
	for _, n := range slices.Concat(c.Example.HeaderNamed, c.Example.BodyNamed) {
		t.Examples[n.Name] = n.Example
	}
	values := c.Example.HeaderText
	if c.Type == "BODY" && len(c.Example.BodyText) > 0 {
		values = c.Example.BodyText[0]
	}
	for i, v := range values {
		t.Examples[strconv.Itoa(i+1)] = v
	}
}

// CreateTemplate asks Meta to approve a template; the answer says its id, its status (usually
// pending) and its class. It fails with the fault of Check, or with a fault of call.
func (c *Carrier) CreateTemplate(ctx context.Context, via messaging.Connection, t Template) (Template, error) {
	a, err := opened(&via)
	if err != nil {
		return Template{}, err
	}
	if err := Check(t); err != nil {
		return Template{}, err
	}
	w := t.wire()
	w.Name, w.Language = t.Name, t.Language
	var got wireTemplate
	if err := c.call(ctx, a, http.MethodPost, []string{a.BusinessAccountID, "message_templates"}, nil, w, &got); err != nil {
		return Template{}, err
	}
	if got.ID == "" {
		return Template{}, unanswered("unreadable")
	}
	t.ID, t.Status, t.Class = got.ID, strings.ToLower(got.Status), strings.ToLower(got.Category)
	return t, nil
}

// ListTemplates reads one page of the account's templates; after is empty for the first page,
// and next is empty after the last one. It fails with a fault of call.
func (c *Carrier) ListTemplates(ctx context.Context, via messaging.Connection, after string) (page []Template, next string, err error) {
	a, err := opened(&via)
	if err != nil {
		return nil, "", err
	}
	query := url.Values{"limit": {"100"}, "fields": {"id,name,language,category,parameter_format,components,status,rejected_reason,quality_score"}}
	if after != "" {
		query.Set("after", after)
	}
	var got struct {
		Data   []wireTemplate `json:"data"`
		Paging struct {
			Cursors struct {
				After string `json:"after"`
			} `json:"cursors"`
			Next string `json:"next"` // an address with the token in it: only whether it is there counts
		} `json:"paging"`
	}
	if err := c.call(ctx, a, http.MethodGet, []string{a.BusinessAccountID, "message_templates"}, query, nil, &got); err != nil {
		return nil, "", err
	}
	for _, w := range got.Data {
		page = append(page, w.template())
	}
	if got.Paging.Next != "" && got.Paging.Cursors.After != after {
		next = got.Paging.Cursors.After
	}
	return page, next, nil
}

// EditTemplate puts new words into the template with t.ID, which Meta then looks at again. Name
// and language stay; the use can change only while it is not approved. It fails with the fault
// of Check, or with a fault of call.
func (c *Carrier) EditTemplate(ctx context.Context, via messaging.Connection, t Template) error {
	a, err := opened(&via)
	if err != nil {
		return err
	}
	if err := Check(t); err != nil {
		return err
	}
	if !digits(t.ID, 1, 64) {
		return refusal(messaging.Receipt{Outcome: messaging.Refused, Code: "id"})
	}
	var got succeeded
	if err := c.call(ctx, a, http.MethodPost, []string{t.ID}, nil, t.wire(), &got); err != nil {
		return err
	}
	return got.err()
}

// DeleteTemplate takes a template away: the one with the id, or every language of the name when
// the id is empty. Its name cannot be used again for 30 days. It fails with a fault of call.
func (c *Carrier) DeleteTemplate(ctx context.Context, via messaging.Connection, name, id string) error {
	a, err := opened(&via)
	if err != nil {
		return err
	}
	query := url.Values{"name": {name}}
	if id != "" {
		query.Set("hsm_id", id)
	}
	var got succeeded
	if err := c.call(ctx, a, http.MethodDelete, []string{a.BusinessAccountID, "message_templates"}, query, nil, &got); err != nil {
		return err
	}
	return got.err()
}
