package local

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"testing"

	"almirah/internal/id"
	"almirah/internal/messaging"
)

// FuzzLocalReport reads reports of the demo's phones of any form, signed by the account.
func FuzzLocalReport(f *testing.F) {
	one := id.ID{1}
	text, err := json.Marshal(report{Account: one})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(text), `{}`, `[]`, `{"news":[{}]}`, `{"account":"` + one.String() + `","news":[{"id":"x","kind":"message","text":"hello"}]}`} {
		f.Add([]byte(s))
	}
	const secret = "0123456789abcdef0123456789abcdef"
	account, err := json.Marshal(credentials{Secret: secret})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		at := messaging.Connection{ID: one, Credentials: account}
		events, _, err := (&Account{}).Read(t.Context(), at, messaging.Hook{Method: http.MethodPost, Body: body, Header: http.Header{SignatureHeader: {hex.EncodeToString(signature(secret, body))}}})
		if err != nil && len(events) > 0 {
			t.Errorf("%v, and yet %d pieces of news", err, len(events))
		}
	})
}
