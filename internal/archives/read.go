package archives

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// What an archive may be at most. A clinic of 50,000 patients has about 2 GB unpacked without its files.
const (
	mostMembers  = 2_000_000
	mostManifest = 512 << 20 // bytes of the manifest, unpacked
	mostLine     = 96 << 20  // bytes of one row: a list of drugs is one
	mostBytes    = 4 << 40   // bytes of all members, unpacked
	mostPacking  = 1100      // how many times smaller than itself a member may lie: what packs better is no clinic's data (the format reaches 1,032)
)

// memberName is what a member may be called: small words, numbers and a few signs, in folders, never a way out of one.
var memberName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*$`)

// Opened is an archive whose signature and whose every member was checked.
type Opened struct {
	Manifest
	Fingerprint string
	zip         *zip.Reader
	files       map[string]*zip.File
}

// Open checks an archive before anything is believed of it: the signature over its manifest, and that every member is there, is named as it may be,
// has its size and its hash, and that there is nothing else. ErrStrange, ErrForged, ErrDamaged. say may be nil.
func Open(r io.ReaderAt, size int64, say Say) (*Opened, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, ErrDamaged
	}
	if len(z.File) > mostMembers {
		return nil, ErrStrange
	}
	o := &Opened{zip: z, files: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		if !memberName.MatchString(f.Name) || strings.Contains(f.Name, "..") || !f.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: a member has a name that leads out of its folder", ErrStrange)
		}
		if o.files[f.Name] != nil {
			return nil, fmt.Errorf("%w: a member is there twice", ErrStrange)
		}
		o.files[f.Name] = f
	}
	text, err := o.small(manifestName, mostManifest)
	if err != nil {
		return nil, err
	}
	signature, err := o.small(signatureName, 64<<10)
	if err != nil {
		return nil, err
	}
	if o.Manifest, err = checkSignature(text, signature); err != nil {
		return nil, err
	}
	o.Fingerprint = Fingerprint(o.Key)
	if len(o.Members)+2 != len(o.files) {
		return nil, fmt.Errorf("%w: it has %d members and its manifest names %d", ErrDamaged, len(o.files)-2, len(o.Members))
	}
	total := int64(0)
	for i, m := range o.Members {
		total += m.Size
		if m.Size < 0 || total > mostBytes {
			return nil, fmt.Errorf("%w: it is larger than an archive may be", ErrStrange)
		}
		if err := o.check(m); err != nil {
			return nil, err
		}
		if say != nil && (i%200 == 0 || i+1 == len(o.Members)) {
			say(Progress{Step: "check", What: m.Name, Rows: int64(i + 1), Total: int64(len(o.Members))})
		}
	}
	return o, nil
}

func (o *Opened) small(name string, most int64) ([]byte, error) {
	f := o.files[name]
	if f == nil {
		return nil, fmt.Errorf("%w: %s is not in it", ErrDamaged, name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, ErrDamaged
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil || int64(len(b)) > most {
		return nil, ErrDamaged
	}
	return b, nil
}

// columns are, of each table, those that the program knew which wrote the archive.
func (o *Opened) columns() (map[string]map[string]bool, error) {
	text, err := o.small(schemaName, mostManifest)
	if err != nil {
		return nil, err
	}
	var list []tableWords
	if json.Unmarshal(text, &list) != nil {
		return nil, ErrStrange
	}
	out := map[string]map[string]bool{}
	for _, t := range list {
		out[t.Table] = map[string]bool{}
		for _, c := range t.Columns {
			out[t.Table][c.Name] = true
		}
	}
	return out, nil
}

// check reads a member once, never further than its manifest says.
func (o *Opened) check(m Member) error {
	f := o.files[m.Name]
	if f == nil {
		return fmt.Errorf("%w: the member %s is not in it", ErrDamaged, m.Name)
	}
	if f.UncompressedSize64 != uint64(m.Size) || f.CompressedSize64 > 0 && f.UncompressedSize64/f.CompressedSize64 > mostPacking {
		return fmt.Errorf("%w: the member %s has another size", ErrDamaged, m.Name)
	}
	r, err := f.Open()
	if err != nil {
		return ErrDamaged
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, m.Size+1))
	if err != nil || n != m.Size {
		return fmt.Errorf("%w: the member %s breaks off", ErrDamaged, m.Name)
	}
	if hex.EncodeToString(h.Sum(nil)) != m.SHA256 {
		return fmt.Errorf("%w: the member %s is not what was signed", ErrForged, m.Name)
	}
	return nil
}

// lines reads a member line by line. A table that the archive does not have, has none.
func (o *Opened) lines(name string, do func(text []byte) error) error {
	f := o.files[name]
	if f == nil {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return ErrDamaged
	}
	defer r.Close()
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), mostLine)
	s.Split(wholeLines)
	for s.Scan() {
		if err := do(s.Bytes()); err != nil {
			return err
		}
	}
	if s.Err() != nil {
		return ErrDamaged
	}
	return nil
}

// wholeLines splits lines and keeps their ends, which belong to what was added up.
func wholeLines(data []byte, end bool) (int, []byte, error) {
	for i, b := range data {
		if b == '\n' {
			return i + 1, data[:i+1], nil
		}
	}
	if end && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}
