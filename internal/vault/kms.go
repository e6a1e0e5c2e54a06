package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"almirah/internal/clock"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// KMSOptions say which key of AWS KMS wraps, and who asks.
type KMSOptions struct {
	URL     string // of the service; https://kms.REGION.amazonaws.com when empty
	Region  string
	Key     string // id or ARN of a symmetric key; best the ARN
	KeyID   string // of the access key
	Secret  string
	Session string // of temporary access keys; mostly empty
}

type kms struct {
	http Client
	clk  clock.Clock
	o    KMSOptions
	sign *v4.Signer
}

var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)

// NewKMS is the keeper that AWS KMS is (https://docs.aws.amazon.com/kms/latest/APIReference/). Who asks needs the rights kms:Encrypt and kms:Decrypt on the one key.
// Two kinds of request are all that it needs, so of the SDK only the signer is used.
func NewKMS(client Client, clk clock.Clock, o KMSOptions) (Keeper, error) {
	if !regionName.MatchString(o.Region) || o.Key == "" || strings.ContainsAny(o.Key, " \r\n") || o.KeyID == "" || o.Secret == "" {
		return nil, fmt.Errorf("%w: AWS KMS needs a region, a key, and the id and secret of an access key", ErrKeeper)
	}
	if o.URL == "" {
		o.URL = KMSURL(o.Region)
	}
	if u, err := url.Parse(o.URL); err != nil || u.Host == "" {
		return nil, fmt.Errorf("%w: the address of AWS KMS cannot be read", ErrKeeper)
	}
	return &kms{client, clk, o, v4.NewSigner()}, nil
}

// KMSURL is where AWS KMS answers in a region.
func KMSURL(region string) string { return "https://kms." + region + ".amazonaws.com" }

// Name is kms:REGION/KEY.
func (k *kms) Name() string { return "kms:" + k.o.Region + "/" + k.o.Key }

type kmsRequest struct {
	KeyID      string            `json:"KeyId"`
	Plaintext  []byte            `json:"Plaintext,omitempty"`
	Ciphertext []byte            `json:"CiphertextBlob,omitempty"`
	Context    map[string]string `json:"EncryptionContext,omitempty"`
}

func (k *kms) request() kmsRequest {
	return kmsRequest{KeyID: k.o.Key, Context: map[string]string{"purpose": boundTo}}
}

// Wrap has KMS encrypt the key.
func (k *kms) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	q := k.request()
	q.Plaintext = key
	a, err := k.ask(ctx, "Encrypt", q)
	if err == nil && len(a.Ciphertext) == 0 {
		err = fmt.Errorf("%w: %s gave no ciphertext", ErrKeeper, k.Name())
	}
	return a.Ciphertext, err
}

// Unwrap has KMS decrypt what Wrap gave.
func (k *kms) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	q := k.request()
	q.Ciphertext = wrapped
	a, err := k.ask(ctx, "Decrypt", q)
	return a.Plaintext, err
}

func (k *kms) ask(ctx context.Context, what string, q kmsRequest) (kmsRequest, error) {
	var out struct {
		kmsRequest
		Type string `json:"__type"`
	}
	text, err := json.Marshal(q)
	if err != nil {
		return out.kmsRequest, fmt.Errorf("%w: %w", ErrKeeper, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(k.o.URL, "/")+"/", bytes.NewReader(text))
	if err != nil {
		return out.kmsRequest, fmt.Errorf("%w: the address of AWS KMS cannot be read", ErrKeeper)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "TrentService."+what)
	sum := sha256.Sum256(text)
	who := aws.Credentials{AccessKeyID: k.o.KeyID, SecretAccessKey: k.o.Secret, SessionToken: k.o.Session}
	if err := k.sign.SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "kms", k.o.Region, k.clk.Now().UTC()); err != nil {
		return out.kmsRequest, fmt.Errorf("%w: the request to AWS KMS could not be signed", ErrKeeper)
	}
	status, err := answer(k.http, r, &out)
	switch {
	case err != nil:
		return out.kmsRequest, fmt.Errorf("%w: %s %w", ErrKeeper, k.Name(), err)
	case status != http.StatusOK:
		_, kind, found := strings.Cut(out.Type, "#") // com.amazonaws.kms#NotFoundException, or without the first part
		if !found {
			kind = out.Type
		}
		return out.kmsRequest, fmt.Errorf("%w: %s answers %d %s", ErrKeeper, k.Name(), status, kind)
	}
	return out.kmsRequest, nil
}
