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
	"maps"
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

// shelf is a stand-in for a service that speaks S3 and keeps versions of what it is given. It refuses a request whose signature or hash is wrong, to delete a version that
// is locked, and what the key may not do.
type shelf struct {
	t      *testing.T
	server *httptest.Server
	clk    clock.Clock

	mu       sync.Mutex
	plain    bool               // it knows no versions
	objects  map[string][]kept  // by key, the newest version last
	uploads  map[string]*upload // by id; one that is done stays
	may      map[string]bool    // false: the key may not do this
	hitch    string             // the next request of this kind breaks off
	pages    int                // of lists
	versions int                // that were ever made
}

// kept is one version of a file, or the mark of a deletion.
type kept struct {
	id     string
	text   []byte // nil is the mark of a deletion
	locked bool
}

type upload struct {
	key   string
	began time.Time
	parts map[string][]byte
	done  bool
}

const (
	shelfKey    = "AKIDEXAMPLE"
	shelfSecret = "a-secret-of-nobody"
	shelfRegion = "ap-south-1"
)

func openShelf(t *testing.T, clk clock.Clock) *shelf {
	t.Helper()
	s := &shelf{t: t, clk: clk, objects: map[string][]kept{}, uploads: map[string]*upload{}, may: map[string]bool{}}
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

const (
	wire  = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	space = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
)

// denied answers whether the key may not do this, or the request breaks off.
func (s *shelf) denied(w http.ResponseWriter, what string) bool {
	if s.hitch == what {
		s.hitch = ""
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
		return true
	}
	if may, told := s.may[what]; told && !may {
		refuse(w, http.StatusForbidden, "AccessDenied")
		return true
	}
	return false
}

func (s *shelf) lay(key string, text []byte) {
	s.versions++
	if s.plain {
		s.objects[key] = nil
	}
	s.objects[key] = append(s.objects[key], kept{id: fmt.Sprint("3HL4kqtJlcpXrof3-", s.versions), text: text})
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
		if s.plain {
			refuse(w, http.StatusNotImplemented, "NotImplemented")
		} else if !s.denied(w, "s3:ListBucketVersions") {
			s.listVersions(w, q.Get("prefix"), q.Get("key-marker"), q.Get("version-id-marker"))
		}
	case !inside && r.Method == http.MethodPost && q.Has("delete"):
		if !s.denied(w, "POST ?delete") {
			s.deleteThese(w, r.Header.Get("Content-Md5"), body)
		}
	case !inside && r.Method == http.MethodGet && q.Has("uploads"):
		if !s.denied(w, "s3:ListBucketMultipartUploads") {
			s.listUploads(w, q.Get("prefix"), q.Get("upload-id-marker"))
		}
	case !inside && r.Method == http.MethodGet:
		s.list(w, q.Get("prefix"), q.Get("continuation-token"))
	case r.Method == http.MethodPost && q.Has("uploads"):
		id := fmt.Sprint("up-", len(s.uploads))
		s.uploads[id] = &upload{key: key, began: s.clk.Now(), parts: map[string][]byte{}}
		fmt.Fprintf(w, wire+"<InitiateMultipartUploadResult"+space+"><Bucket>clinic-backups</Bucket><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>", key, id)
	case q.Get("uploadId") != "" && (s.uploads[q.Get("uploadId")] == nil || s.uploads[q.Get("uploadId")].done):
		refuse(w, http.StatusNotFound, "NoSuchUpload")
	case r.Method == http.MethodPut && q.Get("uploadId") != "":
		s.uploads[q.Get("uploadId")].parts[q.Get("partNumber")] = body
		w.Header().Set("ETag", `"e`+q.Get("partNumber")+`"`)
	case r.Method == http.MethodPost && q.Get("uploadId") != "":
		var done struct {
			Part []struct{ PartNumber, ETag string }
		}
		u := s.uploads[q.Get("uploadId")]
		if xml.Unmarshal(body, &done) != nil || len(done.Part) != len(u.parts) {
			refuse(w, http.StatusBadRequest, "InvalidPart")
			return
		}
		var all []byte
		for _, p := range done.Part {
			all = append(all, u.parts[p.PartNumber]...)
		}
		u.done = true
		s.lay(key, all)
		fmt.Fprint(w, wire+"<CompleteMultipartUploadResult"+space+"></CompleteMultipartUploadResult>")
	case r.Method == http.MethodDelete && q.Get("uploadId") != "":
		delete(s.uploads, q.Get("uploadId"))
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		s.lay(key, body)
	case r.Method == http.MethodDelete:
		if s.plain {
			delete(s.objects, key)
		} else {
			s.lay(key, nil)
			w.Header().Set("X-Amz-Delete-Marker", "true")
		}
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet:
		text := s.shown(key)
		if text == nil {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		_, _ = w.Write(text)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

// shown is what a key answers with; nil for nothing.
func (s *shelf) shown(key string) []byte {
	versions := s.objects[key]
	if len(versions) == 0 {
		return nil
	}
	return versions[len(versions)-1].text
}

// list answers two keys a page.
func (s *shelf) list(w http.ResponseWriter, prefix, from string) {
	s.pages++
	var keys []string
	for k := range s.objects {
		if strings.HasPrefix(k, prefix) && k > from && s.shown(k) != nil {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	fmt.Fprint(w, wire+"<ListBucketResult"+space+">")
	more := len(keys) > 2
	for _, k := range keys[:min(2, len(keys))] {
		fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size></Contents>", k, len(s.shown(k)))
	}
	if more {
		fmt.Fprintf(w, "<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>", keys[1])
	}
	fmt.Fprint(w, "</ListBucketResult>")
}

// listVersions answers two versions a page, those of one key from the newest on.
func (s *shelf) listVersions(w http.ResponseWriter, prefix, key, version string) {
	type one struct {
		key string
		kept
		latest bool
	}
	var all []one
	for _, k := range slices.Sorted(maps.Keys(s.objects)) {
		for i, v := range slices.Backward(s.objects[k]) {
			if strings.HasPrefix(k, prefix) {
				all = append(all, one{k, v, i == len(s.objects[k])-1})
			}
		}
	}
	if key != "" {
		all = all[slices.IndexFunc(all, func(o one) bool { return o.key == key && o.id == version })+1:]
	}
	page := all[:min(2, len(all))]
	fmt.Fprintf(w, wire+"<ListVersionsResult"+space+"><Name>clinic-backups</Name><Prefix>%s</Prefix><MaxKeys>1000</MaxKeys><IsTruncated>%v</IsTruncated>", prefix, len(all) > len(page))
	if len(all) > len(page) {
		fmt.Fprintf(w, "<NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>%s</NextVersionIdMarker>", page[1].key, page[1].id)
	}
	for _, o := range page {
		kind, more := "Version", fmt.Sprintf("<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass>", len(o.text))
		if o.text == nil {
			kind, more = "DeleteMarker", ""
		}
		fmt.Fprintf(w, "<%[1]s><Key>%[2]s</Key><VersionId>%[3]s</VersionId><IsLatest>%[4]v</IsLatest><LastModified>2026-11-28T20:00:00.000Z</LastModified>%[5]s<Owner><ID>75aa57f09aa0c8ca</ID></Owner></%[1]s>", kind, o.key, o.id, o.latest, more)
	}
	fmt.Fprint(w, "</ListVersionsResult>")
}

// listUploads answers one upload a page.
func (s *shelf) listUploads(w http.ResponseWriter, prefix, from string) {
	var open []string
	for id, u := range s.uploads {
		if !u.done && strings.HasPrefix(u.key, prefix) && id > from {
			open = append(open, id)
		}
	}
	slices.Sort(open)
	fmt.Fprintf(w, wire+"<ListMultipartUploadsResult"+space+"><Bucket>clinic-backups</Bucket><IsTruncated>%v</IsTruncated>", len(open) > 1)
	if len(open) > 1 {
		fmt.Fprintf(w, "<NextKeyMarker>%s</NextKeyMarker><NextUploadIdMarker>%s</NextUploadIdMarker>", s.uploads[open[0]].key, open[0])
	}
	for _, id := range open[:min(1, len(open))] {
		fmt.Fprintf(w, "<Upload><Key>%s</Key><UploadId>%s</UploadId><StorageClass>STANDARD</StorageClass><Initiated>%s</Initiated></Upload>", s.uploads[id].key, id, s.uploads[id].began.Format("2006-01-02T15:04:05.000Z"))
	}
	fmt.Fprint(w, "</ListMultipartUploadsResult>")
}

// deleteThese deletes versions and says 200 whatever became of them.
func (s *shelf) deleteThese(w http.ResponseWriter, md5 string, body []byte) {
	var list struct {
		Object []struct{ Key, VersionId string }
	}
	if md5 == "" || xml.Unmarshal(body, &list) != nil {
		refuse(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	fmt.Fprint(w, wire+"<DeleteResult"+space+">")
	for _, o := range list.Object {
		may, told := s.may["s3:DeleteObjectVersion"]
		left := slices.DeleteFunc(slices.Clone(s.objects[o.Key]), func(k kept) bool { return k.id == o.VersionId && !k.locked && (may || !told) })
		if len(left) == len(s.objects[o.Key]) {
			fmt.Fprintf(w, "<Error><Key>%s</Key><VersionId>%s</VersionId><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", o.Key, o.VersionId)
		} else if s.objects[o.Key] = left; len(left) == 0 {
			delete(s.objects, o.Key)
		}
	}
	fmt.Fprint(w, "</DeleteResult>")
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
	s := openShelf(t, b.Clock)
	far := s.place(t, b.Clock, shelfSecret)
	p.room.o.Second = far
	m := p.run(t)
	if m.Checked.Place != "s3://clinic-backups/almirah" || s.uploads["up-0"] == nil || s.pages == 0 {
		t.Errorf("looked over at %s, %d uploads in pieces", m.Checked.Place, len(s.uploads))
	}
	for k, v := range s.objects {
		if !strings.HasPrefix(k, "almirah/") || bytes.Contains(v[0].text, []byte("Asha")) {
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

// under are the keys of which the bucket has anything but marks of deletions.
func (s *shelf) under(folder string) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, all := range s.objects {
		if strings.HasPrefix(k, "almirah/"+folder) && slices.ContainsFunc(all, func(v kept) bool { return v.text != nil }) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// lock locks every version under a folder, or lets them go.
func (s *shelf) lock(folder string, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, all := range s.objects {
		for i := range all {
			all[i].locked = locked && strings.HasPrefix(k, "almirah/"+folder)
		}
	}
}

func (s *shelf) let(what string, may bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.may[what] = may
}

// TestWhatABucketRefusesToDelete: a version that is locked, a key that may delete no versions, and a request that breaks off are failures which everybody who has to know is told; the file
// counts as left for as long as any version of it is there, and is deleted by the first run that may. What was only hidden, by whomever, goes in its time too, and so
// do the pieces of uploads that nobody finished.
func TestWhatABucketRefusesToDelete(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups-thirty-days")
	promise.Proves(t, "erasure-through-backups")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	s := openShelf(t, b.Clock)
	p.room.o.First, p.room.o.Second = s.place(t, b.Clock, shelfSecret), nil
	refused := func(why string) {
		t.Helper()
		if err := p.room.Expire(ctx); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("refused with %s: %v", why, err)
		}
		state, err := p.room.State(ctx)
		if err != nil || !slices.Contains(state.Wrong, WrongPlace) {
			t.Errorf("nobody is told of %s: %v %v", why, state.Wrong, err)
		}
	}
	left := func(before time.Time, want, keys bool) {
		t.Helper()
		expires, copies, err := p.room.Left(ctx, before)
		if err != nil || expires.IsZero() == want || copies != keys {
			t.Errorf("left until %s, copies of the key store: %v, %v", expires, copies, err)
		}
	}
	m := p.run(t)
	left(m.TakenAt, true, true)
	b.Clock.Move(Keep)
	s.lock(dataFolder, true)
	refused("AccessDenied")
	left(m.TakenAt, true, true)
	for _, name := range []string{m.Data.Name, dataFolder + m.Name + manifestTail} {
		if !slices.Contains(s.under(dataFolder), "almirah/"+name) {
			t.Errorf("%s went, and its data did not", name)
		}
	}
	s.lock(dataFolder, false)
	s.let("s3:DeleteObjectVersion", false)
	refused("AccessDenied")
	left(m.TakenAt, true, true)
	s.let("s3:DeleteObjectVersion", true)
	s.hitch = "POST ?delete"
	refused("SlowDown")
	if err := p.room.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	left(m.TakenAt, false, true) // the newest copy of the key store stays

	// Hidden by their names, as somebody at the service's own page does it: they are there all the same, and go when their time is over.
	hidden := p.run(t)
	upTo := b.Clock.Now()
	b.Clock.Move(time.Hour)
	p.add(t, 20)
	if err := p.room.CopyKeys(ctx); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{hidden.KeysFile.Name, hidden.Data.Name, dataFolder + hidden.Name + manifestTail} {
		s.lay("almirah/"+name, nil)
	}
	if len(s.under(keysFolder)) != 2 {
		t.Fatalf("copies of the key store: %v", s.under(keysFolder))
	}
	left(upTo, true, true)
	b.Clock.Move(KeepKeys)
	if err := p.room.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	left(upTo, true, false)
	b.Clock.Move(Keep - KeepKeys)
	if err := p.room.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	left(upTo, false, false)

	// Uploads that a process which was killed began.
	s.uploads = map[string]*upload{"a": {key: "almirah/data/x.age", began: b.Clock.Now()}, "b": {key: "almirah/data/y.age", began: b.Clock.Now().Add(-25 * time.Hour)},
		"c": {key: "another/x", began: b.Clock.Now().Add(-25 * time.Hour)}, "d": {key: "almirah/keys/z.age", began: b.Clock.Now().Add(-48 * time.Hour)}}
	s.let("s3:ListBucketMultipartUploads", false)
	refused("unfinished uploads")
	s.let("s3:ListBucketMultipartUploads", true)
	if err := p.room.Expire(ctx); err != nil || s.uploads["a"] == nil || s.uploads["b"] != nil || s.uploads["c"] == nil || s.uploads["d"] != nil {
		t.Errorf("unfinished uploads: %v, %v", slices.Collect(maps.Keys(s.uploads)), err)
	}
}

// TestAServiceWithoutVersions: what is deleted there by its name is gone.
func TestAServiceWithoutVersions(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups-thirty-days")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	s := openShelf(t, b.Clock)
	s.plain = true
	p.room.o.Second = s.place(t, b.Clock, shelfSecret)
	p.run(t)
	b.Clock.Move(Keep)
	if err := p.room.Expire(ctx); err != nil || len(s.under(dataFolder)) != 0 || len(s.under(keysFolder)) != 1 {
		t.Errorf("after thirty days: %v, %v, %v", s.under(dataFolder), s.under(keysFolder), err)
	}
}
