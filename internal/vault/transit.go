package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Client makes requests: egress's, so that nobody but the listed service is reached.
type Client interface {
	Do(r *http.Request) (*http.Response, error)
}

// boundTo is what a keeper's wrapping is tied to, so that nothing else that the same key wrapped is taken for a root key.
const boundTo = "almirah root key"

// mostAnswer is how much of a keeper's answer is read, in bytes.
const mostAnswer = 64 << 10

// TransitOptions say where HashiCorp Vault (or OpenBao, which speaks the same) is, and which of its keys wraps.
type TransitOptions struct {
	URL       string // of the service, such as https://vault.example.org:8200
	Mount     string // of the transit engine; "transit" when empty
	Key       string // name of an aes256-gcm96 key
	TokenFile string // file with the token; read for each request, because an agent replaces it
	Namespace string // of Vault Enterprise or OpenBao; mostly empty
}

type transit struct {
	http Client
	o    TransitOptions
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)

// NewTransit is the keeper that HashiCorp Vault's transit engine is (https://developer.hashicorp.com/vault/api-docs/secret/transit). Its token needs the right to update
// encrypt/KEY and decrypt/KEY and no other.
func NewTransit(client Client, o TransitOptions) (Keeper, error) {
	if o.Mount == "" {
		o.Mount = "transit"
	}
	o.URL = strings.TrimRight(o.URL, "/")
	if u, err := url.Parse(o.URL); err != nil || u.Host == "" || !plainName.MatchString(o.Mount) || !plainName.MatchString(o.Key) || o.TokenFile == "" {
		return nil, fmt.Errorf("%w: Vault needs an address, the name of a key of its transit engine, and a file with a token", ErrKeeper)
	}
	return &transit{client, o}, nil
}

// Name is vault:MOUNT/KEY; the address may change while the key stays.
func (t *transit) Name() string { return "vault:" + t.o.Mount + "/" + t.o.Key }

type transitRequest struct {
	Plaintext  string `json:"plaintext,omitempty"`  // base64
	Ciphertext string `json:"ciphertext,omitempty"` // vault:v1:base64
	Associated string `json:"associated_data"`      // base64
}

// Wrap has Vault encrypt the key under the newest version of its own.
func (t *transit) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	a, err := t.ask(ctx, "encrypt", transitRequest{Plaintext: base64.StdEncoding.EncodeToString(key), Associated: base64.StdEncoding.EncodeToString([]byte(boundTo))})
	if err == nil && !strings.HasPrefix(a.Ciphertext, "vault:v") {
		err = fmt.Errorf("%w: %s gave no ciphertext", ErrKeeper, t.Name())
	}
	return []byte(a.Ciphertext), err
}

// Unwrap has Vault decrypt what Wrap gave, under whichever version of its key it was.
func (t *transit) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	a, err := t.ask(ctx, "decrypt", transitRequest{Ciphertext: string(wrapped), Associated: base64.StdEncoding.EncodeToString([]byte(boundTo))})
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(a.Plaintext)
	if err != nil {
		return nil, fmt.Errorf("%w: %s gave no plaintext", ErrKeeper, t.Name())
	}
	return key, nil
}

func (t *transit) ask(ctx context.Context, what string, body transitRequest) (transitRequest, error) {
	var out struct {
		Data   transitRequest `json:"data"`
		Errors []string       `json:"errors"`
	}
	token, err := os.ReadFile(t.o.TokenFile)
	if err != nil {
		return out.Data, fmt.Errorf("%w: the file with Vault's token: %w", ErrKeeper, err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return out.Data, fmt.Errorf("%w: %w", ErrKeeper, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.o.URL+"/v1/"+t.o.Mount+"/"+what+"/"+t.o.Key, bytes.NewReader(text))
	if err != nil {
		return out.Data, fmt.Errorf("%w: the address of Vault cannot be read", ErrKeeper)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Vault-Request", "true")
	r.Header.Set("X-Vault-Token", strings.TrimSpace(string(token)))
	if t.o.Namespace != "" {
		r.Header.Set("X-Vault-Namespace", t.o.Namespace)
	}
	status, err := answer(t.http, r, &out)
	switch {
	case err != nil:
		return out.Data, fmt.Errorf("%w: %s %w", ErrKeeper, t.Name(), err)
	case status != http.StatusOK: // what Vault says has no secret in it, but may repeat what it was asked: only the code is told
		return out.Data, fmt.Errorf("%w: %s answers %d%s", ErrKeeper, t.Name(), status, map[int]string{403: ": the token is not allowed to, or has ended", 404: ": there is no such engine or key",
			400: ": it does not know what it was given", 503: ": it is sealed"}[status])
	}
	return out.Data, nil
}

// answer sends a request and reads JSON. The errors of net/http quote addresses, so only their kind is told.
func answer(client Client, r *http.Request, into any) (status int, err error) {
	resp, err := client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return 0, fmt.Errorf("cannot be reached: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	defer clear(text)
	if err != nil {
		return 0, errors.New("broke off its answer")
	}
	if err := json.Unmarshal(text, into); err != nil && resp.StatusCode == http.StatusOK {
		return 0, errors.New("answers something that is no JSON")
	}
	return resp.StatusCode, nil
}
