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
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// shelf is a stand-in for a service that speaks S3 and keeps versions of what it is given. It refuses a request whose signature or hash is wrong.
type shelf struct {
	t      *testing.T
	server *httptest.Server

	mu      sync.Mutex
	objects map[string][][]byte // by key, the newest version last; nil is the mark of a deletion
	uploads map[string]map[string][]byte
	pages   int // of lists
}

const (
	shelfKey    = "AKIDEXAMPLE"
	shelfSecret = "a-secret-of-nobody"
	shelfRegion = "ap-south-1"
)

func openShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{t: t, objects: map[string][][]byte{}, uploads: map[string]map[string][]byte{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *shelf) place(t *testing.T, clk clock.Clock, secret string) *Bucket {
	t.Helper()
	b, err := NewBucket(s.server.Client(), clk, BucketOptions{URL: s.server.URL, Region: shelfRegion, Bucket: "clinic-backups", Prefix: "almirah", KeyID: shelfKey, Secret: secret, Where: "Mumbai"})
	if err != nil {
		t.Fatal(err)
	}
	b.piece = 1000 // a file of a few kilobytes goes in pieces
	return b
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
}

// signed signs the request again and compares.
func (s *shelf) signed(r *http.Request, body []byte) bool {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || r.Header.Get("X-Amz-Content-Sha256") != hash {
		return false
	}
	again, err := http.NewRequest(r.Method, s.server.URL+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	again.ContentLength = int64(len(body))
	again.Header.Set("X-Amz-Content-Sha256", hash)
	if m := r.Header.Get("Content-Md5"); m != "" {
		again.Header.Set("Content-Md5", m)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	err = signer.SignHTTP(r.Context(), aws.Credentials{AccessKeyID: shelfKey, SecretAccessKey: shelfSecret}, again, hash, "s3", shelfRegion, at)
	return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if !s.signed(r, body) {
		refuse(w, http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	key, inside := strings.CutPrefix(r.URL.Path, "/clinic-backups/")
	q := r.URL.Query()
	switch {
	case !inside && r.Method == http.MethodGet && q.Has("versions"):
		fmt.Fprint(w, "<ListVersionsResult>")
		for k, versions := range s.objects {
			for i, v := range versions {
				if strings.HasPrefix(k, q.Get("prefix")) {
					fmt.Fprintf(w, "<%[1]s><Key>%[2]s</Key><VersionId>v%[3]d</VersionId></%[1]s>", map[bool]string{true: "DeleteMarker", false: "Version"}[v == nil], k, i)
				}
			}
		}
		fmt.Fprint(w, "</ListVersionsResult>")
	case !inside && r.Method == http.MethodPost && q.Has("delete"):
		var list struct {
			Object []struct{ Key, VersionId string }
		}
		if r.Header.Get("Content-Md5") == "" || xml.Unmarshal(body, &list) != nil {
			refuse(w, http.StatusBadRequest, "MalformedXML")
			return
		}
		for _, o := range list.Object {
			delete(s.objects, o.Key)
		}
		fmt.Fprint(w, "<DeleteResult></DeleteResult>")
	case !inside && r.Method == http.MethodGet:
		s.list(w, q.Get("prefix"), q.Get("continuation-token"))
	case r.Method == http.MethodPost && q.Has("uploads"):
		id := fmt.Sprint("up-", len(s.uploads))
		s.uploads[id] = map[string][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case r.Method == http.MethodPut && q.Get("uploadId") != "":
		s.uploads[q.Get("uploadId")][q.Get("partNumber")] = body
		w.Header().Set("ETag", `"e`+q.Get("partNumber")+`"`)
	case r.Method == http.MethodPost && q.Get("uploadId") != "":
		var done struct {
			Part []struct{ PartNumber, ETag string }
		}
		if xml.Unmarshal(body, &done) != nil || len(done.Part) != len(s.uploads[q.Get("uploadId")]) {
			refuse(w, http.StatusBadRequest, "InvalidPart")
			return
		}
		var all []byte
		for _, p := range done.Part {
			all = append(all, s.uploads[q.Get("uploadId")][p.PartNumber]...)
		}
		s.objects[key] = append(s.objects[key], all)
		fmt.Fprint(w, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
	case r.Method == http.MethodPut:
		s.objects[key] = append(s.objects[key], body)
	case r.Method == http.MethodDelete:
		s.objects[key] = append(s.objects[key], nil)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet:
		versions := s.objects[key]
		if len(versions) == 0 || versions[len(versions)-1] == nil {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		_, _ = w.Write(versions[len(versions)-1])
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

// list answers two keys a page.
func (s *shelf) list(w http.ResponseWriter, prefix, from string) {
	s.pages++
	var keys []string
	for k, v := range s.objects {
		if strings.HasPrefix(k, prefix) && k > from && len(v) > 0 && v[len(v)-1] != nil {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	fmt.Fprint(w, "<ListBucketResult>")
	more := len(keys) > 2
	for _, k := range keys[:min(2, len(keys))] {
		v := s.objects[k]
		fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size></Contents>", k, len(v[len(v)-1]))
	}
	if more {
		fmt.Fprintf(w, "<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>", keys[1])
	}
	fmt.Fprint(w, "</ListBucketResult>")
}

// TestASecondPlaceInABucket: a backup goes to a bucket in pieces, is looked over from there, comes back from there alone, and is gone
// from there with every version after thirty days. A wrong secret is refused by name and without the secret.
func TestASecondPlaceInABucket(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups")
	promise.Proves(t, "backups-thirty-days")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	s := openShelf(t)
	far := s.place(t, b.Clock, shelfSecret)
	p.room.o.Second = far
	m := p.run(t)
	if m.Checked.Place != "s3://clinic-backups/almirah" || s.uploads["up-0"] == nil || s.pages == 0 {
		t.Errorf("looked over at %s, %d uploads in pieces", m.Checked.Place, len(s.uploads))
	}
	for k, v := range s.objects {
		if !strings.HasPrefix(k, "almirah/") || bytes.Contains(v[0], []byte("Asha")) {
			t.Errorf("%s lies there", k)
		}
	}
	o := p.elsewhere(t)
	o.From = []Place{far}
	if r, err := o.Run(ctx); err != nil || r.Rows == 0 {
		t.Fatalf("%+v %v", r, err)
	}
	b.Clock.Move(Keep)
	if err := p.room.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	for k := range s.objects {
		if strings.HasPrefix(k, "almirah/data/") {
			t.Errorf("%s is still there in some version", k)
		}
	}
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := s.place(t, b.Clock, "another").Put(ctx, "data/x", file)
	if err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") || strings.Contains(err.Error(), "another") {
		t.Errorf("a wrong secret: %v", err)
	}
	if _, err := far.Get(ctx, "data/none"); !errors.Is(err, ErrAbsent) {
		t.Errorf("what is not there: %v", err)
	}
	if err := far.Delete(ctx, "data/none"); err != nil {
		t.Errorf("what is not there, deleted: %v", err)
	}
}
