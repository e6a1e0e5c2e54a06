package whatsapp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var version = regexp.MustCompile(`^v[0-9]+\.[0-9]+$`)

// ServeHTTP is the Graph API as far as a clinic uses it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return // broken off by the caller: nothing was said
	}
	req := Request{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Clone(), body}
	s.mu.Lock()
	s.requests = append(s.requests, req)
	token := s.token
	s.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+token {
		failure{401, 190, "Error validating access token"}.write(w)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) == 2 && parts[0] == "attachments" && r.Method == http.MethodGet {
		s.bytes(w, parts[1], r.URL.Query().Get("ticket"))
		return
	}
	if len(parts) < 2 || !version.MatchString(parts[0]) {
		failure{404, 2500, "Unknown path components"}.write(w)
		return
	}
	what := r.Method + " " + strings.Join(parts[2:], "/")
	id := parts[1]
	switch {
	case what == "POST messages" && id == s.options.PhoneNumberID:
		s.message(w, &req)
	case what == "GET " && id == s.options.PhoneNumberID:
		answer(w, map[string]any{"id": id, "display_phone_number": "+" + s.options.Display, "verified_name": s.options.Name, "quality_rating": s.options.Quality})
	case what == "POST subscribed_apps" && id == s.options.BusinessAccountID:
		s.subscribe(w, body)
	case what == "GET subscribed_apps" && id == s.options.BusinessAccountID:
		s.listSubscribed(w)
	case what == "POST message_templates" && id == s.options.BusinessAccountID:
		s.createTemplate(w, body)
	case what == "GET message_templates" && id == s.options.BusinessAccountID:
		s.listTemplates(w, r.URL.Query())
	case what == "DELETE message_templates" && id == s.options.BusinessAccountID:
		s.deleteTemplates(w, r.URL.Query())
	case what == "POST " && s.template(id) != nil:
		s.editTemplate(w, id, body)
	case what == "DELETE ":
		s.removeMedium(w, id, r.URL.Query().Get("phone_number_id"))
	case what == "GET ":
		s.medium(w, id, r.URL.Query().Get("phone_number_id"))
	default:
		failure{400, 100, "Unsupported request. Object with that ID does not exist"}.write(w)
	}
}

func (s *Server) subscribe(w http.ResponseWriter, body []byte) {
	in := map[string]string{}
	if len(body) > 0 && json.Unmarshal(body, &in) != nil {
		failure{400, 100, "Invalid parameter"}.write(w)
		return
	}
	if to := in["override_callback_uri"]; to != "" && s.options.Verifies && !verified(to, in["verify_token"]) {
		failure{400, 2200, "Callback verification failed"}.write(w)
		return
	}
	s.mu.Lock()
	s.subscribed = append(s.subscribed, in)
	s.mu.Unlock()
	answer(w, map[string]any{"success": true})
}

// listSubscribed answers the app with the address that it was last given.
func (s *Server) listSubscribed(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	if n := len(s.subscribed); n > 0 {
		app := map[string]any{"whatsapp_business_api_data": map[string]any{"id": "1234567890123456", "name": "Clinic", "link": "https://www.facebook.com/games/?app_id=1234567890123456"}}
		if to := s.subscribed[n-1]["override_callback_uri"]; to != "" {
			app["override_callback_uri"] = to
		}
		list = append(list, app)
	}
	answer(w, map[string]any{"data": list})
}

// verified calls an address as Meta does before it posts there: whoever knows the verify token gives the challenge back.
func verified(address, token string) bool {
	const challenge = "1158201444"
	client := &http.Client{Timeout: 5 * time.Second}
	res, err := client.Get(address + "?" + url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {token}}.Encode())
	if err != nil {
		return false
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 100))
	return err == nil && res.StatusCode == http.StatusOK && string(said) == challenge
}

// message is POST /{number}/messages: a message, or a mark that one was read.
func (s *Server) message(w http.ResponseWriter, req *Request) {
	var in map[string]any
	if !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") || json.Unmarshal(req.Body, &in) != nil {
		failure{400, 100, "The body is no JSON"}.write(w)
		return
	}
	if in["status"] == "read" {
		s.markRead(w, in)
		return
	}
	to, _ := in["to"].(string)
	to = strings.TrimPrefix(to, "+")
	if to == "" {
		to, _ = in["recipient"].(string)
	}
	b := s.behaviour(to)
	switch {
	case b.Drop == BeforeTaking:
		drop(w)
		return
	case b.Status != 0 || b.Code != 0 || b.Body != "":
		b.fail(w)
		return
	}
	s.mu.Lock()
	f := s.judge(in, to)
	if f != nil {
		s.mu.Unlock()
		f.write(w)
		return
	}
	kind, _ := in["type"].(string)
	m := Message{ID: s.wamid(), To: to, Type: kind, Body: in, At: s.options.Clock.Now(), Request: req}
	s.messages = append(s.messages, m)
	s.mu.Unlock()
	if b.Drop == AfterTaking {
		drop(w)
		return
	}
	if b.Delay > 0 {
		time.Sleep(b.Delay)
	}
	input := in["to"]
	if input == nil {
		input = to
	}
	contact := map[string]any{"input": input}
	if !b.NoWaID && in["to"] != nil {
		contact["wa_id"] = to
	} else {
		contact["user_id"] = to
	}
	message := map[string]any{"id": m.ID, "message_status": "accepted"}
	switch b.State {
	case "":
	case "-":
		delete(message, "message_status")
	default:
		message["message_status"] = b.State
	}
	out := map[string]any{"messaging_product": "whatsapp", "contacts": []any{contact}, "messages": []any{message}}
	if b.Drop == InAnswer {
		text, _ := json.Marshal(out)
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = w.Write(text[:len(text)/2])
		_ = http.NewResponseController(w).Flush()
		drop(w)
		return
	}
	answer(w, out)
}

func (s *Server) markRead(w http.ResponseWriter, in map[string]any) {
	id, _ := in["message_id"].(string)
	if in["messaging_product"] != "whatsapp" || id == "" {
		failure{400, 100, "Invalid parameter"}.write(w)
		return
	}
	s.mu.Lock()
	s.read = append(s.read, id)
	s.mu.Unlock()
	answer(w, map[string]any{"success": true})
}

func (s *Server) behaviour(to string) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := to
	b, ok := s.behaviours[key]
	if !ok {
		key = ""
		b = s.behaviours[key]
	}
	if b.Times > 0 {
		if b.Times--; b.Times == 0 {
			delete(s.behaviours, key)
		} else {
			s.behaviours[key] = b
		}
	}
	return b
}

func (b Behaviour) fail(w http.ResponseWriter) {
	for k, v := range b.Header {
		w.Header().Set(k, v)
	}
	status := b.Status
	if status == 0 {
		status = 400
	}
	if b.Body != "" || b.Code == 0 {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, b.Body)
		return
	}
	failure{status, max(b.Code, 0), b.Details}.write(w)
}

// drop closes the connection without another word.
func drop(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
		return
	}
	panic(http.ErrAbortHandler)
}

// judge says what Meta would not take. The caller holds the lock.
func (s *Server) judge(in map[string]any, to string) *failure {
	kind, _ := in["type"].(string)
	known := map[string]bool{"messaging_product": true, "recipient_type": true, "to": true, "recipient": true, "type": true, "context": true, kind: true}
	for k := range in {
		if !known[k] {
			return &failure{400, 100, "Unexpected key " + k}
		}
	}
	content, ok := in[kind].(map[string]any)
	switch {
	case in["messaging_product"] != "whatsapp" || in["recipient_type"] != "individual":
		return &failure{400, 100, "messaging_product or recipient_type"}
	case to == "":
		return &failure{400, 131008, "Required parameter is missing: to"}
	case to == s.options.Display:
		return &failure{400, 131021, "Recipient cannot be sender"}
	case !ok:
		return &failure{400, 131008, "Required parameter is missing: " + kind}
	}
	switch kind {
	case "text":
		body, _ := content["body"].(string)
		if n := utf8.RuneCountInString(body); n == 0 || n > 4096 {
			return &failure{400, 100, "Param text['body'] must be at most 4096 characters long"}
		}
	case "template":
		return s.judgeCall(content)
	case "interactive":
		if f := judgeQuestion(content); f != nil {
			return f
		}
	default:
		return &failure{400, 131051, "Unsupported message type"}
	}
	if at, open := s.windows[to]; s.options.KeepWindow && (!open || s.options.Clock.Now().Sub(at) > 24*time.Hour) {
		return &failure{400, 131047, "More than 24 hours have passed since the recipient last replied"}
	}
	return nil
}

func judgeQuestion(in map[string]any) *failure {
	text := func(v any, name string, most int) *failure {
		s, _ := v.(string)
		if n := utf8.RuneCountInString(s); n == 0 || n > most {
			return &failure{400, 131009, "Parameter value is not valid: " + name}
		}
		return nil
	}
	body, _ := in["body"].(map[string]any)
	action, _ := in["action"].(map[string]any)
	if f := text(body["text"], "body", 1024); f != nil {
		return f
	}
	switch in["type"] {
	case "button":
		buttons, _ := action["buttons"].([]any)
		if len(buttons) < 1 || len(buttons) > 3 {
			return &failure{400, 131009, "Invalid buttons count"}
		}
		for _, b := range buttons {
			button, _ := b.(map[string]any)
			reply, _ := button["reply"].(map[string]any)
			if f := text(reply["title"], "title", 20); f != nil || button["type"] != "reply" {
				return &failure{400, 131009, "Button title"}
			}
			if f := text(reply["id"], "id", 256); f != nil {
				return f
			}
		}
	case "list":
		if f := text(action["button"], "button", 20); f != nil {
			return f
		}
		rows := 0
		sections, _ := action["sections"].([]any)
		for _, x := range sections {
			section, _ := x.(map[string]any)
			list, _ := section["rows"].([]any)
			for _, r := range list {
				row, _ := r.(map[string]any)
				if f := text(row["title"], "title", 24); f != nil {
					return f
				}
				if f := text(row["id"], "id", 200); f != nil {
					return f
				}
				rows++
			}
		}
		if rows < 1 || rows > 10 {
			return &failure{400, 131009, "Total row count exceed max allowed count: 10"}
		}
	default:
		return &failure{400, 131009, "interactive type"}
	}
	return nil
}

// medium is a file that somebody sent.
type medium struct {
	kind  string
	body  []byte
	lie   string    // "digest", "size", "type", "host": what the server says wrongly
	since time.Time // when it was sent
}

// How long Meta keeps what it says: an address of a file for five minutes, the file for thirty days.
const (
	addressFor = 5 * time.Minute
	mediaFor   = 30 * 24 * time.Hour
)

// AddMedia keeps a file as if somebody had sent it, and answers its id. lie is what the server
// says wrongly about it: "digest", "size" (it is bigger than said), "type", "host", "gone"; empty for nothing.
func (s *Server) AddMedia(kind string, body []byte, lie string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("10033834213%05d", s.next())
	s.media[id] = medium{kind, body, lie, s.options.Clock.Now()}
	return id
}

// removeMedium deletes a file.
func (s *Server) removeMedium(w http.ResponseWriter, id, number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.media[id]; !ok || number != "" && number != s.options.PhoneNumberID {
		failure{400, 100, "Unsupported delete request. Object with that ID does not exist"}.write(w)
		return
	}
	delete(s.media, id)
	answer(w, map[string]any{"success": true})
}

func (s *Server) medium(w http.ResponseWriter, id, number string) {
	s.mu.Lock()
	m, ok := s.media[id]
	ticket := fmt.Sprintf("%08d", s.next())
	s.tickets[ticket] = s.options.Clock.Now().Add(addressFor)
	s.mu.Unlock()
	if !ok || s.options.Clock.Now().Sub(m.since) > mediaFor || number != "" && number != s.options.PhoneNumberID {
		failure{400, 100, "Unsupported get request. Object with that ID does not exist"}.write(w)
		return
	}
	sum := sha256.Sum256(m.body)
	out := map[string]any{"messaging_product": "whatsapp", "id": id, "url": s.url + "/attachments/" + id + "?ticket=" + ticket, "mime_type": m.kind, "sha256": hex.EncodeToString(sum[:]), "file_size": strconv.Itoa(len(m.body))}
	switch m.lie {
	case "digest":
		out["sha256"] = strings.Repeat("0", 64)
	case "size":
		out["file_size"] = "1"
	case "host":
		out["url"] = "https://attachments.example.test/" + id
	}
	answer(w, out)
}

// bytes is the second step of fetching media: at an address that was given out for five minutes.
func (s *Server) bytes(w http.ResponseWriter, id, ticket string) {
	s.mu.Lock()
	m, ok := s.media[id]
	until, given := s.tickets[ticket]
	s.mu.Unlock()
	if !ok || m.lie == "gone" || !given || s.options.Clock.Now().After(until) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	kind := m.kind
	if m.lie == "type" {
		kind = "text/html"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(m.body)
}
