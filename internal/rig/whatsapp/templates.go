package whatsapp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Template is a template of the account.
type Template struct {
	ID, Name, Language string
	Status             string // APPROVED, PENDING, REJECTED, PAUSED, DISABLED
	Category           string
	Reason             string
	Format             string // POSITIONAL or NAMED
	Components         []map[string]any
}

var (
	hole   = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
	titled = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
)

// part is the text of one component.
func (t *Template) part(kind string) string {
	for _, c := range t.Components {
		if c["type"] == kind {
			s, _ := c["text"].(string)
			return s
		}
	}
	return ""
}

// holes are the variables of the body, each once.
func (t *Template) holes() (out []string) {
	for _, m := range hole.FindAllStringSubmatch(t.part("BODY"), -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

func (t *Template) quickReplies() int {
	for _, c := range t.Components {
		if c["type"] == "BUTTONS" {
			list, _ := c["buttons"].([]any)
			return len(list)
		}
	}
	return 0
}

// AddTemplate puts an approved template into the account and answers its id. The body's
// variables are {{1}} or {{name}}.
func (s *Server) AddTemplate(name, language, category, body string, buttons ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &Template{ID: fmt.Sprintf("92007035264%04d", s.next()), Name: name, Language: language, Category: category, Status: "APPROVED", Format: "POSITIONAL",
		Components: []map[string]any{{"type": "BODY", "text": body}}}
	if len(buttons) > 0 {
		var list []any
		for _, b := range buttons {
			list = append(list, map[string]any{"type": "QUICK_REPLY", "text": b})
		}
		t.Components = append(t.Components, map[string]any{"type": "BUTTONS", "buttons": list})
	}
	if h := t.holes(); len(h) > 0 && strings.Trim(h[0], "0123456789") != "" {
		t.Format = "NAMED"
	}
	s.templates = append(s.templates, t)
	return t.ID
}

// Templates is every template of the account.
func (s *Server) Templates() (out []Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.templates {
		out = append(out, *t)
	}
	return out
}

func (s *Server) template(id string) *Template {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.templateByID(id)
}

func (s *Server) templateByID(id string) *Template {
	for _, t := range s.templates {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Decide settles what became of a template ("APPROVED", "REJECTED", "PAUSED", "DISABLED") and
// answers the news of it. It panics for an id that is not there: the test is wrong then.
func (s *Server) Decide(id, event, reason string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.templateByID(id)
	t.Status, t.Reason = event, reason
	if reason == "" {
		reason = "NONE"
	}
	return s.change("message_template_status_update", map[string]any{"event": event, "message_template_id": number(id), "message_template_name": t.Name,
		"message_template_language": t.Language, "reason": reason, "message_template_category": t.Category})
}

// Reclass puts a template into another class, as Meta does by itself, and answers the news of it.
func (s *Server) Reclass(id, category string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.templateByID(id)
	was := t.Category
	t.Category = category
	return s.change("template_category_update", map[string]any{"message_template_id": number(id), "message_template_name": t.Name,
		"message_template_language": t.Language, "previous_category": was, "new_category": category})
}

// Rate is the news that people take a template well or badly: "GREEN", "YELLOW", "RED".
func (s *Server) Rate(id, score string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.templateByID(id)
	return s.change("message_template_quality_update", map[string]any{"previous_quality_score": "GREEN", "new_quality_score": score,
		"message_template_id": number(id), "message_template_name": t.Name, "message_template_language": t.Language})
}

func number(id string) json.Number { return json.Number(id) }

// judgeCall says whether a template message fits its template. The caller holds the lock.
func (s *Server) judgeCall(in map[string]any) *failure {
	name, _ := in["name"].(string)
	language, _ := in["language"].(map[string]any)
	code, _ := language["code"].(string)
	if language["policy"] != "deterministic" {
		return &failure{400, 131009, "language policy"}
	}
	var t *Template
	for _, x := range s.templates {
		if x.Name == name && x.Language == code {
			t = x
		}
	}
	switch {
	case t == nil || t.Status == "REJECTED" || t.Status == "PENDING":
		return &failure{404, 132001, "Template name does not exist in the translation"}
	case t.Status == "PAUSED":
		return &failure{400, 132015, "Template is Paused"}
	case t.Status == "DISABLED":
		return &failure{400, 132016, "Template is Disabled"}
	}
	values, buttons := []map[string]any{}, 0
	list, _ := in["components"].([]any)
	for _, x := range list {
		c, _ := x.(map[string]any)
		params, _ := c["parameters"].([]any)
		for _, p := range params {
			v, _ := p.(map[string]any)
			switch {
			case c["type"] == "body" && v["type"] == "text":
				values = append(values, v)
			case c["type"] == "button" && c["sub_type"] == "quick_reply" && v["type"] == "payload" && fmt.Sprint(c["index"]) == strconv.Itoa(buttons): // Meta takes it as a number as well
				if text, _ := v["payload"].(string); text == "" || len(text) > 256 {
					return &failure{400, 131009, "payload"}
				}
				buttons++
			default:
				return &failure{400, 132012, "Parameter format does not match format in the created template"}
			}
		}
	}
	holes := t.holes()
	if len(values) != len(holes) || buttons > t.quickReplies() {
		return &failure{400, 132000, fmt.Sprintf("body: number of localizable_params (%d) does not match the expected number of params (%d)", len(values), len(holes))}
	}
	length := len([]rune(hole.ReplaceAllString(t.part("BODY"), "")))
	for _, v := range values {
		text, _ := v["text"].(string)
		name, named := v["parameter_name"].(string)
		if named != (t.Format == "NAMED") || named && !slices.Contains(holes, name) {
			return &failure{400, 132012, "Parameter name is missing or empty"}
		}
		if text == "" || strings.ContainsAny(text, "\n\t") || strings.Contains(text, "     ") {
			return &failure{400, 132012, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"}
		}
		length += len([]rune(text))
	}
	if length > 1024 {
		return &failure{400, 132005, "Translated text too long"}
	}
	return nil
}

type draft struct {
	Name       string           `json:"name"`
	Language   string           `json:"language"`
	Category   string           `json:"category"`
	Format     string           `json:"parameter_format"`
	Components []map[string]any `json:"components"`
}

// check is what Meta's machine looks at before its people do.
func (d draft) check() *failure {
	t := Template{Components: d.Components}
	body := strings.TrimSpace(t.part("BODY"))
	numbers := d.Format == "" || strings.EqualFold(d.Format, "positional")
	switch {
	case !slices.Contains([]string{"UTILITY", "MARKETING", "AUTHENTICATION"}, d.Category):
		return &failure{400, 100, "category"}
	case body == "" || len([]rune(body)) > 1024 || len([]rune(t.part("FOOTER"))) > 60 || len([]rune(t.part("HEADER"))) > 60:
		return &failure{400, 100, "The text of a component is too long"}
	case strings.HasPrefix(body, "{{") || strings.HasSuffix(body, "}}"):
		return &failure{400, 100, "Variables can't be at the start or end of the template"}
	}
	for i, h := range t.holes() {
		if numbers && h != strconv.Itoa(i+1) || !numbers && strings.Trim(h, "0123456789") == "" {
			return &failure{400, 100, "Variable parameters are not sequential"}
		}
	}
	for _, c := range d.Components {
		text, _ := c["text"].(string)
		if !hole.MatchString(text) {
			continue
		}
		example, _ := c["example"].(map[string]any)
		if len(example) == 0 {
			return &failure{400, 100, "component is missing expected field(s) (example)"}
		}
	}
	return nil
}

func (s *Server) createTemplate(w http.ResponseWriter, body []byte) {
	var d draft
	if json.Unmarshal(body, &d) != nil || !titled.MatchString(d.Name) || d.Language == "" {
		failure{400, 100, "Invalid parameter"}.write(w)
		return
	}
	if f := d.check(); f != nil {
		f.write(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.templates {
		if t.Name == d.Name && t.Language == d.Language {
			failure{400, 100, "There is already content in this language for this template"}.write(w)
			return
		}
	}
	t := &Template{ID: fmt.Sprintf("92007035264%04d", s.next()), Name: d.Name, Language: d.Language, Status: "PENDING", Category: d.Category, Components: d.Components, Format: strings.ToUpper(d.Format)}
	s.templates = append(s.templates, t)
	answer(w, map[string]any{"id": t.ID, "status": t.Status, "category": t.Category})
}

func (s *Server) listTemplates(w http.ResponseWriter, q url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after, _ := strconv.Atoi(strings.TrimPrefix(q.Get("after"), "cursor"))
	data := []any{}
	var found []*Template
	for _, t := range s.templates {
		if n := q.Get("name"); n == "" || n == t.Name {
			found = append(found, t)
		}
	}
	limit := s.options.Page
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 {
		limit = min(limit, n)
	}
	end := min(after+limit, len(found))
	for _, t := range found[min(after, end):end] {
		reason := t.Reason
		if reason == "" {
			reason = "NONE"
		}
		data = append(data, map[string]any{"id": t.ID, "name": t.Name, "language": t.Language, "status": t.Status, "category": t.Category,
			"parameter_format": t.Format, "components": t.Components, "rejected_reason": reason, "quality_score": map[string]any{"score": "UNKNOWN"}})
	}
	paging := map[string]any{"cursors": map[string]any{"before": "cursor" + strconv.Itoa(after), "after": "cursor" + strconv.Itoa(end)}}
	if end < len(found) {
		paging["next"] = s.url + "/next?access_token=hidden"
	}
	answer(w, map[string]any{"data": data, "paging": paging})
}

func (s *Server) editTemplate(w http.ResponseWriter, id string, body []byte) {
	var d draft
	if json.Unmarshal(body, &d) != nil {
		failure{400, 100, "Invalid parameter"}.write(w)
		return
	}
	if f := d.check(); f != nil {
		f.write(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.templateByID(id)
	if t.Status == "APPROVED" && d.Category != t.Category {
		failure{400, 100, "The category of an approved template cannot be changed"}.write(w)
		return
	}
	t.Components, t.Category, t.Status = d.Components, d.Category, "PENDING"
	answer(w, map[string]any{"success": true})
}

func (s *Server) deleteTemplates(w http.ResponseWriter, q url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.templates)
	s.templates = slices.DeleteFunc(s.templates, func(t *Template) bool {
		return t.Name == q.Get("name") && (q.Get("hsm_id") == "" || q.Get("hsm_id") == t.ID)
	})
	if len(s.templates) == before {
		failure{404, 100, "The template does not exist"}.write(w)
		return
	}
	answer(w, map[string]any{"success": true})
}
