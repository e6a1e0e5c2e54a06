package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"almirah/internal/clock"
	"almirah/internal/web"
)

// demoReceiverHost is the demonstration's own program, which is told what happens at the demo clinic. There is no such host.
const demoReceiverHost = "receiver.almirah.example"

// demoReceiver stands where a clinic's program would: it takes what the house sends, checks the signature as a program should, and shows it on
// a page. It keeps its secret beside the data, as a program keeps its own.
type demoReceiver struct {
	clock clock.Clock
	file  string

	mu   sync.Mutex
	list []web.Received
}

// mostReceived is how many requests the page shows.
const mostReceived = 50

func newDemoReceiver(c Config, clk clock.Clock) *demoReceiver {
	return &demoReceiver{clock: clk, file: filepath.Join(c.Data, "demo-receiver.json")}
}

// keep has the receiver remember its secret.
func (d *demoReceiver) keep(secret string) error {
	b, err := json.Marshal(secret)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(d.file), 0o700); err != nil { // with PostgreSQL nothing else may have made the folder yet
		return err
	}
	return os.WriteFile(d.file, b, 0o600)
}

func (d *demoReceiver) secret() []byte {
	var text string
	b, err := os.ReadFile(d.file)
	if err != nil || json.Unmarshal(b, &text) != nil {
		return nil
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err != nil {
		return nil
	}
	return key
}

// RoundTrip takes one request and answers 204.
func (d *demoReceiver) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	id, at := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	m := hmac.New(sha256.New, d.secret())
	m.Write([]byte(id + "." + at + "."))
	m.Write(body)
	mine := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
	var said struct{ Type string }
	_ = json.Unmarshal(body, &said)
	got := web.Received{ID: id, Timestamp: at, Signature: r.Header.Get("webhook-signature"), Type: said.Type, Body: string(body), At: d.clock.Now(),
		Right: slices.Contains(strings.Fields(r.Header.Get("webhook-signature")), mine)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append([]web.Received{got}, d.list...)
	d.list = d.list[:min(len(d.list), mostReceived)]
	return &http.Response{StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

// received is what came, the newest first; nil outside the demo.
func (h *House) received() func() []web.Received {
	if h.receiving == nil {
		return nil
	}
	return func() []web.Received {
		h.receiving.mu.Lock()
		defer h.receiving.mu.Unlock()
		return slices.Clone(h.receiving.list)
	}
}

// startReceiver makes the demonstration's receiver.
func (h *House) startReceiver() {
	if h.Config.Demo {
		h.receiving = newDemoReceiver(h.Config, h.Clock)
	}
}
