package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/clock"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Bucket is a place at a service that speaks S3 (AWS, MinIO, Wasabi and others). Nothing of the SDK but its signer is used: a handful of requests
// is all that a place needs.
type Bucket struct {
	http  Client
	clk   clock.Clock
	o     BucketOptions
	sign  *v4.Signer
	piece int64 // bytes of one part
}

// Client makes requests: egress's, which lets large files take their time.
type Client interface {
	Do(r *http.Request) (*http.Response, error)
}

// BucketOptions say which bucket, and who asks.
type BucketOptions struct {
	URL    string // of the service
	Region string // the service's own name for the region, which is signed
	Bucket string
	Prefix string // folder inside it; may be empty
	KeyID  string
	Secret string
	Where  string // the region in the operator's words
}

// pieceSize is how much of a file is sent at a time. A service takes ten thousand pieces, so a file may have 640 GB.
const pieceSize = 64 << 20

// NewBucket makes a place of a bucket, which must exist. client is egress's: whom it does not list is not reached.
func NewBucket(client Client, clk clock.Clock, o BucketOptions) (*Bucket, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || o.Bucket == "" || o.KeyID == "" || o.Secret == "" {
		return nil, errors.New("backup: a bucket needs the service's address, its name, and the id and secret of a key")
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	o.Prefix = strings.Trim(o.Prefix, "/")
	if o.Prefix != "" {
		o.Prefix += "/"
	}
	return &Bucket{http: client, clk: clk, o: o, sign: v4.NewSigner(func(s *v4.SignerOptions) { s.DisableURIPathEscaping = true }), piece: pieceSize}, nil
}

// Name is the bucket with its folder.
func (b *Bucket) Name() string {
	return "s3://" + b.o.Bucket + "/" + strings.TrimSuffix(b.o.Prefix, "/")
}

// Region is where it is.
func (b *Bucket) Region() string { return b.o.Where }

// troubled is an answer that is none of success.
type troubled struct {
	Status  int
	Code    string `xml:"Code"`
	Message string `xml:"Message"`
}

func (t *troubled) Error() string {
	return fmt.Sprintf("the service answers %d %s", t.Status, t.Code)
}

// ask makes one signed request. The caller closes the body; an answer that is no success comes back as an error.
func (b *Bucket) ask(ctx context.Context, method, name string, query url.Values, body io.ReadSeeker, length int64, head map[string]string) (*http.Response, error) {
	at := b.o.URL + "/" + url.PathEscape(b.o.Bucket)
	if name != "" {
		var parts []string
		for _, p := range strings.Split(b.o.Prefix+name, "/") {
			parts = append(parts, strings.ReplaceAll(url.QueryEscape(p), "+", "%20"))
		}
		at += "/" + strings.Join(parts, "/")
	}
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	sum := sha256.New()
	var send io.Reader
	if body != nil {
		if _, err := io.Copy(sum, body); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		send = io.NopCloser(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, at, send)
	if err != nil {
		return nil, errors.New("backup: the address of the service cannot be read")
	}
	r.ContentLength = length
	for k, v := range head {
		r.Header.Set(k, v)
	}
	hash := hex.EncodeToString(sum.Sum(nil))
	r.Header.Set("X-Amz-Content-Sha256", hash)
	if err := b.sign.SignHTTP(ctx, aws.Credentials{AccessKeyID: b.o.KeyID, SecretAccessKey: b.o.Secret}, r, hash, "s3", b.o.Region, b.clk.Now()); err != nil {
		return nil, fmt.Errorf("backup: signing: %w", err)
	}
	res, err := b.http.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address
		}
		return nil, fmt.Errorf("backup: %s: %w", b.Name(), err)
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	t := &troubled{}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	_ = xml.Unmarshal(text, t)
	t.Status = res.StatusCode
	if t.Status == http.StatusNotFound && t.Code != "NoSuchBucket" {
		return nil, fmt.Errorf("%w: %s in %s", ErrAbsent, name, b.Name())
	}
	return nil, fmt.Errorf("backup: %s: %w", b.Name(), t)
}

// drop makes a request whose answer nobody reads.
func (b *Bucket) drop(ctx context.Context, method, name string, query url.Values, body io.ReadSeeker, length int64, head map[string]string) error {
	res, err := b.ask(ctx, method, name, query, body, length, head)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return res.Body.Close()
}

// Put sends a file: in one go when it is small, in pieces otherwise.
func (b *Bucket) Put(ctx context.Context, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if info.Size() <= b.piece {
		return b.drop(ctx, http.MethodPut, name, nil, f, info.Size(), nil)
	}
	return b.pieces(ctx, name, f, info.Size())
}

func (b *Bucket) pieces(ctx context.Context, name string, f io.ReaderAt, size int64) error {
	res, err := b.ask(ctx, http.MethodPost, name, url.Values{"uploads": {""}}, nil, 0, nil)
	if err != nil {
		return err
	}
	var begun struct {
		UploadID string `xml:"UploadId"`
	}
	err = xml.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&begun)
	if err := errors.Join(err, res.Body.Close()); err != nil || begun.UploadID == "" {
		return fmt.Errorf("backup: %s: the service does not say which upload it began (%w)", b.Name(), err)
	}
	type part struct {
		PartNumber int
		ETag       string
	}
	var parts []part
	for at, n := int64(0), 1; at < size; at, n = at+b.piece, n+1 {
		one := io.NewSectionReader(f, at, min(b.piece, size-at))
		res, err := b.ask(ctx, http.MethodPut, name, url.Values{"partNumber": {strconv.Itoa(n)}, "uploadId": {begun.UploadID}}, one, one.Size(), nil)
		if err != nil {
			return errors.Join(err, b.abandon(ctx, name, begun.UploadID))
		}
		_ = res.Body.Close()
		parts = append(parts, part{n, res.Header.Get("ETag")})
	}
	text, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []part
	}{Part: parts})
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	res, err = b.ask(ctx, http.MethodPost, name, url.Values{"uploadId": {begun.UploadID}}, bytes.NewReader(text), int64(len(text)), nil)
	if err != nil {
		return errors.Join(err, b.abandon(ctx, name, begun.UploadID))
	}
	// The service may say 200 and then, in the body, that it failed.
	said, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("backup: %s: %w", b.Name(), err)
	}
	if bytes.Contains(said, []byte("<Error>")) {
		return errors.Join(fmt.Errorf("backup: %s: the service could not join the pieces", b.Name()), b.abandon(ctx, name, begun.UploadID))
	}
	return nil
}

func (b *Bucket) abandon(ctx context.Context, name, upload string) error {
	return b.drop(context.WithoutCancel(ctx), http.MethodDelete, name, url.Values{"uploadId": {upload}}, nil, 0, nil)
}

// Get reads a file.
func (b *Bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	res, err := b.ask(ctx, http.MethodGet, name, nil, nil, 0, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// List lists files, page by page.
func (b *Bucket) List(ctx context.Context, under string) ([]Item, error) {
	var out []Item
	more := ""
	for {
		query := url.Values{"list-type": {"2"}, "prefix": {b.o.Prefix + under}}
		if more != "" {
			query.Set("continuation-token", more)
		}
		res, err := b.ask(ctx, http.MethodGet, "", query, nil, 0, nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Contents []struct {
				Key  string
				Size int64
			}
			IsTruncated           bool
			NextContinuationToken string
		}
		err = xml.NewDecoder(io.LimitReader(res.Body, 64<<20)).Decode(&page)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return nil, fmt.Errorf("backup: %s: %w", b.Name(), err)
		}
		for _, c := range page.Contents {
			out = append(out, Item{Name: strings.TrimPrefix(c.Key, b.o.Prefix), Size: c.Size})
		}
		if !page.IsTruncated || page.NextContinuationToken == "" || page.NextContinuationToken == more {
			break
		}
		more = page.NextContinuationToken
	}
	slices.SortFunc(out, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
