package whatsapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/carriers/handover"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// File is a picture, a voice note or a document that somebody sent.
type File struct {
	ContentType string // without parameters, such as "image/jpeg"
	Bytes       []byte
}

// mediaKinds are what Meta lets people send (media reference, 2026). Nothing that a browser
// would run is among them.
func mediaKinds() []string {
	return []string{
		"audio/aac", "audio/amr", "audio/mp4", "audio/mpeg", "audio/ogg", "image/jpeg", "image/png", "image/webp", "video/mp4", "video/3gpp", "text/plain",
		"application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
	}
}

// Fetch brings the bytes of m, at most limit of them: Meta is asked where they lie (an address
// that is good for five minutes), then they are fetched and compared with the digests that the
// message and Meta gave. It fails with a fault of call, or with "fault.whatsapp.media" (Invalid)
// and the code "size", "type", "digest" or "host"; nothing of the file comes back then.
func (c *Carrier) Fetch(ctx context.Context, via messaging.Connection, m messaging.Media, limit int64) (File, error) {
	a, err := opened(&via)
	if err != nil {
		return File{}, err
	}
	if !digits(m.ID, 1, 64) {
		return File{}, unfit("id")
	}
	var at struct {
		URL    string          `json:"url"`
		Type   string          `json:"mime_type"`
		Digest string          `json:"sha256"`
		Size   json.RawMessage `json:"file_size"` // a number, or a string as the description has it
	}
	if err := c.call(ctx, a, http.MethodGet, []string{m.ID}, url.Values{"phone_number_id": {a.PhoneNumberID}}, nil, &at); err != nil {
		return File{}, err
	}
	kind, _, err := mime.ParseMediaType(at.Type)
	if err != nil || !slices.Contains(mediaKinds(), kind) {
		return File{}, unfit("type")
	}
	if n, err := strconv.ParseInt(strings.Trim(string(at.Size), `"`), 10, 64); err == nil && n > limit {
		return File{}, unfit("size")
	}
	if !c.holdsMedia(at.URL) {
		return File{}, unfit("host")
	}
	body, answered, err := c.download(ctx, a, at.URL, limit)
	if err != nil {
		return File{}, err
	}
	if got, _, err := mime.ParseMediaType(answered); answered != "" && (err != nil || got != kind) {
		return File{}, unfit("type")
	}
	sum := sha256.Sum256(body)
	named := 0
	for _, d := range []string{m.SHA256, at.Digest} {
		if d == "" {
			continue
		}
		if named++; !bytes.Equal(digest(d), sum[:]) {
			return File{}, unfit("digest")
		}
	}
	if named == 0 {
		return File{}, unfit("digest")
	}
	return File{ContentType: kind, Bytes: body}, nil
}

// Bring is Fetch as messaging asks for it. An address that has run out (404) is no loss: the next try asks for a new one. A
// file of which Meta knows nothing any more (after 30 days) is.
func (c *Carrier) Bring(ctx context.Context, via messaging.Connection, m messaging.Media, most int64) messaging.Fetched {
	f, err := c.Fetch(ctx, via, m, most)
	out := messaging.Fetched{Code: Code(err)}
	var why *fault.Fault
	switch {
	case err == nil:
		return messaging.Fetched{Outcome: messaging.Accepted, Body: f.Bytes}
	case !errors.As(err, &why) || why.Kind == fault.Unavailable || out.Code == "404" || out.Code == "410":
		out.Outcome = messaging.Later
	case why.Kind == fault.TooMany:
		out.Outcome, out.Wait = messaging.Later, time.Duration(why.RetryAfter)*time.Second
	case why.Key == "fault.whatsapp.account":
		out.Outcome = messaging.Broken
	default:
		out.Outcome = messaging.Refused
	}
	return out
}

// holdsMedia says whether the token may be sent to the address: Meta's own hosts, over HTTPS
// (over HTTP only where the whole API is, in tests).
func (c *Carrier) holdsMedia(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	api, err := url.Parse(c.options.BaseURL)
	if err != nil {
		return false
	}
	if u.Scheme == api.Scheme && u.Host == api.Host {
		return true
	}
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && slices.Contains(c.options.MediaHosts, strings.ToLower(u.Hostname()))
}

func (c *Carrier) download(ctx context.Context, a Credentials, address string, limit int64) (body []byte, kind string, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", unfit("host")
	}
	c.dress(req, a)
	req.Header.Set("Accept", "*/*")
	res, err := c.client.Do(req)
	if err != nil {
		return nil, "", unanswered(handover.Trouble(err, true))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, "", refusal(judged(res.StatusCode, 0, false, waitAsked(res.Header)))
	}
	body, err = io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, "", unanswered(handover.Trouble(err, true))
	}
	if int64(len(body)) > limit {
		return nil, "", unfit("size")
	}
	return body, res.Header.Get("Content-Type"), nil
}

// digest reads a SHA-256 as Meta writes it: base64 in messages, hexadecimal in its own answers.
func digest(s string) []byte {
	if len(s) == 64 {
		if b, err := hex.DecodeString(s); err == nil {
			return b
		}
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

func unfit(code string) error {
	return fault.New(fault.Invalid, "fault.whatsapp.media").With("Code", code)
}
