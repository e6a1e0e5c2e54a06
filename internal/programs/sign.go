package programs

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"almirah/internal/id"
)

// The wire form is that of Standard Webhooks: three headers, a body of a type, a moment and data.

const secretPrefix = "whsec_"

// newSecret makes the secret of an address, as its program is told it.
func newSecret() string {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b) // crypto/rand never returns an error
	return secretPrefix + base64.StdEncoding.EncodeToString(b)
}

// messageID names one telling, the same in every attempt and every replay.
func messageID(delivery id.ID) string { return "msg_" + delivery.String() }

// sign writes one signature for each secret, the present one first: "v1,... v1,...". A program that knows either is content.
func sign(message string, at time.Time, body []byte, secrets ...string) string {
	var out []string
	for _, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretPrefix))
		if s == "" || err != nil {
			continue
		}
		m := hmac.New(sha256.New, key)
		m.Write([]byte(message + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		m.Write(body)
		out = append(out, "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
	}
	return strings.Join(out, " ")
}

type bodyOut struct {
	Type      string  `json:"type"`
	Timestamp string  `json:"timestamp"`
	Data      dataOut `json:"data"`
}

// dataOut holds ids and nothing else of anybody (promise webhooks-thin).
type dataOut struct {
	ID      string `json:"id"`
	Patient string `json:"patient,omitempty"`
}

// body is what is sent of a telling, the same in every attempt.
func (d Delivery) body() []byte {
	out := bodyOut{Type: d.Kind, Timestamp: d.HappenedAt.Time().Format(time.RFC3339Nano), Data: dataOut{ID: d.Subject.String()}}
	if !d.Patient.IsZero() && d.Patient != d.Subject {
		out.Data.Patient = d.Patient.String()
	}
	b, _ := json.Marshal(out) // strings alone: this cannot fail
	return b
}
