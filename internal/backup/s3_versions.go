package backup

import (
	"bytes"
	"context"
	"crypto/md5" // S3 asks for it as a checksum of a list; it protects nothing
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What a bucket keeps besides what it shows: older versions of a file, and the pieces of uploads that nobody finished.

// version is one kept version of a file, or the mark that it was deleted.
type version struct {
	Key       string
	VersionID string `xml:"VersionId"`
	Size      int64
}

const mostAtOnce = 1000 // versions that a service deletes in one request

// without says whether the answer is that of a service which has no such thing as was asked for.
func without(err error) bool {
	var t *troubled
	return errors.As(err, &t) && (t.Status == http.StatusNotImplemented || t.Status == http.StatusMethodNotAllowed || t.Code == "NotImplemented" || t.Code == "InvalidArgument")
}

// read asks for a list and reads it.
func (b *Bucket) read(ctx context.Context, query url.Values, into any) error {
	res, err := b.ask(ctx, http.MethodGet, "", query, nil, 0, nil)
	if err != nil {
		return err
	}
	err = xml.NewDecoder(io.LimitReader(res.Body, 64<<20)).Decode(into)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("backup: %s: %w", b.Name(), err)
	}
	return nil
}

// versions lists all versions under a name, page by page, and the marks of deletions behind them. There are none at a service without versions; at one whose
// bucket keeps none, each file has the version "null".
func (b *Bucket) versions(ctx context.Context, under string) (files, marks []version, err error) {
	query := url.Values{"versions": {""}, "prefix": {b.o.Prefix + under}}
	for {
		var page struct {
			Version             []version
			DeleteMarker        []version
			IsTruncated         bool
			NextKeyMarker       string
			NextVersionIDMarker string `xml:"NextVersionIdMarker"`
		}
		if err := b.read(ctx, query, &page); without(err) {
			return nil, nil, nil
		} else if err != nil {
			return nil, nil, fmt.Errorf("the versions of its files cannot be listed: %w", err)
		}
		files, marks = append(files, page.Version...), append(marks, page.DeleteMarker...)
		same := query.Get("key-marker") == page.NextKeyMarker && query.Get("version-id-marker") == page.NextVersionIDMarker
		if !page.IsTruncated || page.NextKeyMarker == "" || same {
			return files, marks, nil
		}
		query.Set("key-marker", page.NextKeyMarker)
		query.Set("version-id-marker", page.NextVersionIDMarker)
	}
}

// Delete removes a file with all its versions, should the bucket keep versions: an expired backup is gone for good. Each version is deleted by its own id. To delete the
// file by its name would only hide it, and when the service then refuses to delete the versions (a lock, a right that the key lacks), nobody would see any more
// that they are there.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	files, marks, err := b.versions(ctx, name)
	if err != nil {
		return err
	}
	all := slices.DeleteFunc(slices.Concat(files, marks), func(v version) bool { return v.Key != b.o.Prefix+name || v.VersionID == "" })
	for some := range slices.Chunk(all, mostAtOnce) {
		if err := b.deleteVersions(ctx, some); err != nil {
			return err
		}
	}
	if len(all) > 0 {
		return nil
	}
	if err := b.drop(ctx, http.MethodDelete, name, nil, nil, 0, nil); !errors.Is(err, ErrAbsent) {
		return err
	}
	return nil
}

// deleteVersions deletes these. The service answers 200 whatever became of them; what it refused stands in its answer.
func (b *Bucket) deleteVersions(ctx context.Context, these []version) error {
	type object struct {
		Key       string
		VersionID string `xml:"VersionId"`
	}
	gone := make([]object, 0, len(these))
	for _, v := range these {
		gone = append(gone, object{v.Key, v.VersionID})
	}
	text, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"Delete"`
		Object  []object
		Quiet   bool
	}{Object: gone, Quiet: true})
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	sum := md5.Sum(text)
	res, err := b.ask(ctx, http.MethodPost, "", url.Values{"delete": {""}}, bytes.NewReader(text), int64(len(text)), map[string]string{"Content-Md5": base64.StdEncoding.EncodeToString(sum[:])})
	if err != nil {
		return err
	}
	var said struct {
		XMLName xml.Name
		Error   []struct{ Key, Code string }
		Code    string // where the whole answer is an error
	}
	err = xml.NewDecoder(io.LimitReader(res.Body, 8<<20)).Decode(&said)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("backup: %s: what became of a deletion cannot be read: %w", b.Name(), err)
	}
	if said.XMLName.Local != "DeleteResult" {
		return fmt.Errorf("backup: %s: the service deleted nothing: %s", b.Name(), said.Code)
	}
	for _, e := range said.Error {
		if e.Code != "NoSuchVersion" && e.Code != "NoSuchKey" {
			return fmt.Errorf("backup: %s: the service does not delete %s: %s", b.Name(), strings.TrimPrefix(e.Key, b.o.Prefix), e.Code)
		}
	}
	return nil
}

// Kept lists the files, and those too of which only older versions are left.
func (b *Bucket) Kept(ctx context.Context, under string) ([]Item, error) {
	out, err := b.List(ctx, under)
	if err != nil {
		return nil, err
	}
	files, _, err := b.versions(ctx, under)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, i := range out {
		known[i.Name] = true
	}
	for _, v := range files {
		if name := strings.TrimPrefix(v.Key, b.o.Prefix); !known[name] {
			known[name] = true
			out = append(out, Item{Name: name, Size: v.Size, Hidden: true})
		}
	}
	slices.SortFunc(out, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Sweep breaks off the uploads that were begun and never finished: their pieces are kept, and no list of files shows them.
func (b *Bucket) Sweep(ctx context.Context, age time.Duration) error {
	query := url.Values{"uploads": {""}, "prefix": {b.o.Prefix}}
	for {
		var page struct {
			Upload []struct {
				Key       string
				UploadID  string `xml:"UploadId"`
				Initiated time.Time
			}
			IsTruncated        bool
			NextKeyMarker      string
			NextUploadIDMarker string `xml:"NextUploadIdMarker"`
		}
		if err := b.read(ctx, query, &page); without(err) {
			return nil
		} else if err != nil {
			return fmt.Errorf("unfinished uploads cannot be listed: %w", err)
		}
		for _, u := range page.Upload {
			name, ours := strings.CutPrefix(u.Key, b.o.Prefix)
			if !ours || b.clk.Now().Sub(u.Initiated) <= age {
				continue
			}
			if err := b.abandon(ctx, name, u.UploadID); err != nil && !errors.Is(err, ErrAbsent) {
				return fmt.Errorf("an unfinished upload cannot be broken off: %w", err)
			}
		}
		same := query.Get("key-marker") == page.NextKeyMarker && query.Get("upload-id-marker") == page.NextUploadIDMarker
		if !page.IsTruncated || page.NextKeyMarker == "" || same {
			return nil
		}
		query.Set("key-marker", page.NextKeyMarker)
		query.Set("upload-id-marker", page.NextUploadIDMarker)
	}
}
