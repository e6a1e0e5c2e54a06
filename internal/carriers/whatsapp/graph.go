package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"almirah/internal/carriers/handover"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// address is a place of the Graph API; the parts are Meta's own ids and words.
func (c *Carrier) address(parts ...string) string {
	return c.options.BaseURL + "/" + c.options.Version + "/" + strings.Join(parts, "/")
}

// dress puts on what every call wears. The token goes into the header and never into an address.
func (c *Carrier) dress(req *http.Request, a Credentials) {
	req.Header.Set("Authorization", "Bearer "+a.Token)
	req.Header.Set("User-Agent", c.options.UserAgent)
	req.Header.Set("Accept", "application/json")
}

// call asks the Graph API for something other than a message. out may be nil. It fails with a
// fault that carries Meta's code and none of its sentences:
//
//	fault.whatsapp.account      Invalid      the account itself is refused: token, permission, policy, payment
//	fault.whatsapp.later        TooMany      asked too often; RetryAfter says when again
//	fault.whatsapp.refused      Invalid      Meta will not do this
//	fault.whatsapp.unreachable  Unavailable  no answer, or one without meaning
func (c *Carrier) call(ctx context.Context, a Credentials, method string, parts []string, query url.Values, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return unanswered("request")
		}
		body = bytes.NewReader(text)
	}
	where := c.address(parts...)
	if len(query) > 0 {
		where += "?" + query.Encode()
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, where, body)
	if err != nil {
		return unanswered("address")
	}
	c.dress(req, a)
	if in != nil || method == http.MethodDelete { // Meta's description asks for it where a file is deleted, though there is no body
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.client.Do(req)
	if err != nil {
		return unanswered(handover.Trouble(err, true))
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return unanswered(handover.Trouble(err, true))
	}
	return said(res, text, out)
}

// said reads an answer of the Graph API.
func said(res *http.Response, text []byte, out any) error {
	var trouble struct {
		Error *problem `json:"error"`
	}
	read := json.Unmarshal(text, &trouble) == nil
	if read && trouble.Error != nil && trouble.Error.Code != nil {
		err := refusal(judged(res.StatusCode, *trouble.Error.Code, true, waitAsked(res.Header)))
		var why *fault.Fault
		if *trouble.Error.Code == wrongParameter && trouble.Error.Sub == noSuchObject && errors.As(err, &why) {
			return why.With("Absent", true)
		}
		return err
	}
	switch {
	case res.StatusCode < 200 || res.StatusCode > 299:
		return refusal(judged(res.StatusCode, 0, false, waitAsked(res.Header)))
	case !read || out != nil && json.Unmarshal(text, out) != nil:
		return unanswered("unreadable")
	}
	return nil
}

// Meta's code and subcode for an object that does not exist, or that the token may not see.
const (
	wrongParameter = 100
	noSuchObject   = 33
)

// refusal turns a judged answer into a fault.
func refusal(r messaging.Receipt) error {
	var f *fault.Fault
	switch r.Outcome {
	case messaging.Broken:
		f = fault.New(fault.Invalid, "fault.whatsapp.account")
	case messaging.Later:
		f = fault.New(fault.TooMany, "fault.whatsapp.later")
		f.RetryAfter = int(max(r.Wait, time.Minute) / time.Second)
	case messaging.Refused:
		f = fault.New(fault.Invalid, "fault.whatsapp.refused")
	default:
		f = fault.New(fault.Unavailable, "fault.whatsapp.unreachable")
	}
	return f.With("Code", r.Code)
}

func unanswered(code string) error {
	return fault.New(fault.Unavailable, "fault.whatsapp.unreachable").With("Code", code)
}

// Code is the code in an error of this package: Meta's number, an HTTP status, or a word such as
// "timeout". It is empty for any other error.
func Code(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return ""
	}
	code, _ := f.Args["Code"].(string)
	return code
}

// succeeded is the answer to what has nothing else to say.
type succeeded struct {
	Success bool `json:"success"`
}

func (s succeeded) err() error {
	if !s.Success {
		return fault.New(fault.Invalid, "fault.whatsapp.refused").With("Code", "no-success")
	}
	return nil
}

// waitAsked is how long Meta asks to wait: Retry-After in seconds, or the estimate in the
// usage header, which is in minutes. Zero when it asks for nothing; never more than a day.
func waitAsked(h http.Header) time.Duration {
	var wait time.Duration
	if n, err := strconv.Atoi(h.Get("Retry-After")); err == nil && n > 0 {
		wait = time.Duration(min(n, 86400)) * time.Second
	}
	var usage map[string][]struct {
		Minutes float64 `json:"estimated_time_to_regain_access"`
	}
	if text := h.Get("x-business-use-case-usage"); text != "" && json.Unmarshal([]byte(text), &usage) == nil {
		for _, list := range usage {
			for _, u := range list {
				if u.Minutes > 0 {
					wait = max(wait, time.Duration(min(u.Minutes, 1440)*float64(time.Minute)))
				}
			}
		}
	}
	return min(wait, 24*time.Hour)
}

// word keeps what can be an id or a code of Meta's: letters, digits and a few signs, at most 200
// bytes. Anything else is dropped whole: a sentence may quote a person.
func word(s string) string {
	if len(s) > 200 || strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("._-+/=", r)
	}) {
		return ""
	}
	return s
}
