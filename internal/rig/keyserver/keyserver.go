// Package keyserver stands in for HashiCorp Vault's transit engine and for AWS KMS in tests, by their documented requests and answers
// (https://developer.hashicorp.com/vault/api-docs/secret/transit, https://docs.aws.amazon.com/kms/latest/APIReference/).
package keyserver

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// Token is what Vault lets in.
const Token = "s.token"

// The names of the one key, at Vault and at KMS.
const (
	Key    = "almirah"
	KMSKey = "1234abcd"
)

// Server is both services at one address, with one key.
type Server struct {
	*httptest.Server
	away atomic.Bool
	asks atomic.Int64
}

// Away has the server answer nobody, or everybody again.
func (s *Server) Away(yes bool) { s.away.Store(yes) }

// Asks is how often it was asked.
func (s *Server) Asks() int64 { return s.asks.Load() }

// Start starts a server with a key of its own. It ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	c, err := subtle.NewAESGCM(key)
	if err != nil {
		t.Fatal(err)
	}
	say := func(w http.ResponseWriter, status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	vault := func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Plaintext, Ciphertext string
			Associated            []byte `json:"associated_data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost {
			say(w, 400, map[string][]string{"errors": {"bad request"}})
			return
		}
		if r.Header.Get("X-Vault-Token") != Token {
			say(w, 403, map[string][]string{"errors": {"permission denied"}})
			return
		}
		switch r.URL.Path {
		case "/v1/transit/encrypt/" + Key:
			plain, _ := base64.StdEncoding.DecodeString(q.Plaintext)
			b, _ := c.Encrypt(plain, q.Associated)
			say(w, 200, map[string]any{"data": map[string]any{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(b), "key_version": 1}})
		case "/v1/transit/decrypt/" + Key:
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(q.Ciphertext, "vault:v1:"))
			plain, err := c.Decrypt(b, q.Associated)
			if err != nil {
				say(w, 400, map[string][]string{"errors": {"cipher: message authentication failed"}})
				return
			}
			say(w, 200, map[string]any{"data": map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain)}})
		default:
			say(w, 404, map[string][]string{"errors": {}})
		}
	}
	kms := func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			KeyID                     string `json:"KeyId"`
			Plaintext, CiphertextBlob []byte
			EncryptionContext         map[string]string
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" ||
			!strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") {
			say(w, 400, map[string]string{"__type": "IncompleteSignatureException"})
			return
		}
		if q.KeyID != KMSKey {
			say(w, 400, map[string]string{"__type": "NotFoundException"})
			return
		}
		bound := fmt.Appendf(nil, "%v", q.EncryptionContext)
		switch r.Header.Get("X-Amz-Target") {
		case "TrentService.Encrypt":
			b, _ := c.Encrypt(q.Plaintext, bound)
			say(w, 200, map[string]any{"CiphertextBlob": b, "KeyId": "arn:aws:kms:ap-south-1:111122223333:key/1234abcd"})
		case "TrentService.Decrypt":
			plain, err := c.Decrypt(q.CiphertextBlob, bound)
			if err != nil {
				say(w, 400, map[string]string{"__type": "InvalidCiphertextException"})
				return
			}
			say(w, 200, map[string]any{"Plaintext": plain, "KeyId": "arn:aws:kms:ap-south-1:111122223333:key/1234abcd"})
		default:
			say(w, 400, map[string]string{"__type": "UnknownOperationException"})
		}
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asks.Add(1)
		switch {
		case s.away.Load():
			w.WriteHeader(503)
		case strings.HasPrefix(r.URL.Path, "/v1/"):
			vault(w, r)
		default:
			kms(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}
