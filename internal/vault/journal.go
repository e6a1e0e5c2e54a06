package vault

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// ErrJournal means that the file of the shred journal cannot be trusted. Without it, an erased
// person could come back out of a backup, so nothing is served until a person has looked.
var ErrJournal = errors.New("vault: the shred journal cannot be trusted")

const (
	journalHeader = "almirah shred journal 1 "
	journalTime   = "2006-01-02T15:04:05.000000Z"
	tornMark      = " torn"
	longestLine   = 512 // bytes, more than any line takes
)

// entry says that a patient's key was destroyed, when and by which reason.
type entry struct {
	clinic, subject id.ID
	at              clock.Instant
	reason          string
}

func (e entry) key() (k [32]byte) {
	copy(k[:16], e.clinic[:])
	copy(k[16:], e.subject[:])
	return k
}

// journal is the append-only file of shredded keys. Each line carries a MAC under a key of the
// key store, so that nobody can have keys destroyed by adding a line, and a damaged line is not
// passed over. With no file (PostgreSQL without one) it only gives key ids.
type journal struct {
	file   string
	secret []byte
	header string
}

// openJournal makes the file when it is not there. ErrJournal when it is another key store's.
func openJournal(file string, secret []byte, fingerprint string) (*journal, error) {
	j := &journal{file: file, secret: secret, header: journalHeader + fingerprint + "\n"}
	if file == "" {
		return j, nil
	}
	if !filepath.IsAbs(file) {
		return nil, errors.New("vault: the shred journal must be named with its whole path")
	}
	_, err := writeNew(file, []byte(j.header))
	return j, err
}

func (j *journal) mac(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, j.secret)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)[:16]
}

// keyID names the destroyed key without saying whose it was to anybody without the key store.
func (j *journal) keyID(clinic, subject id.ID) []byte {
	return j.mac([]byte("key"), clinic[:], subject[:])
}

func (j *journal) line(e entry) string {
	text := fmt.Sprintf("%s %s %s %x %s", e.at.Time().Format(journalTime), e.clinic, e.subject, j.keyID(e.clinic, e.subject), e.reason)
	return fmt.Sprintf("%s %x", text, j.mac([]byte("line"), []byte(text)))
}

// parse reads one line; false when it is not one that this journal wrote.
func (j *journal) parse(line string) (entry, bool) {
	cut := strings.LastIndexByte(line, ' ')
	if cut < 0 {
		return entry{}, false
	}
	text := line[:cut]
	sum, err := hex.DecodeString(line[cut+1:])
	if err != nil || !hmac.Equal(sum, j.mac([]byte("line"), []byte(text))) {
		return entry{}, false
	}
	fields := strings.Split(text, " ")
	if len(fields) != 5 {
		return entry{}, false
	}
	at, err := time.Parse(journalTime, fields[0])
	if err != nil {
		return entry{}, false
	}
	e := entry{at: clock.At(at), reason: fields[4]}
	if e.clinic, err = id.Parse(fields[1]); err != nil {
		return entry{}, false
	}
	if e.subject, err = id.Parse(fields[2]); err != nil {
		return entry{}, false
	}
	return e, true
}

// append writes the entries and returns when the disk has them. Several processes may do so at
// once. A line that a crash cut off is marked as such first; its key was never destroyed, or is
// destroyed by the line that follows it.
func (j *journal) append(entries ...entry) error {
	if j.file == "" || len(entries) == 0 {
		return nil
	}
	f, err := os.OpenFile(j.file, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("vault: the shred journal: %w", err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("vault: the shred journal: %w", err)
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("vault: the shred journal: %w", err)
	}
	content := make([]byte, min(end, longestLine))
	if _, err := f.ReadAt(content, end-int64(len(content))); err != nil {
		return fmt.Errorf("vault: the shred journal: %w", err)
	}
	var b strings.Builder
	if !bytes.HasSuffix(content, []byte("\n")) {
		last := string(content[bytes.LastIndexByte(content, '\n')+1:])
		if _, whole := j.parse(last); !whole {
			b.WriteString(tornMark)
		}
		b.WriteByte('\n')
	}
	for _, e := range entries {
		b.WriteString(j.line(e))
		b.WriteByte('\n')
	}
	if _, err := f.WriteString(b.String()); err != nil {
		return fmt.Errorf("vault: the shred journal: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("vault: the shred journal: %w", err)
	}
	return nil
}

// read gives every entry of the file. A last line without its end was cut off by a crash before
// its key was touched; any other line that does not fit is ErrJournal.
func (j *journal) read() ([]entry, error) {
	if j.file == "" {
		return nil, nil
	}
	f, err := os.Open(j.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has gone. Put it back from its backup", ErrJournal, j.file)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: the shred journal: %w", err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
		return nil, fmt.Errorf("vault: the shred journal: %w", err)
	}
	content, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("vault: the shred journal: %w", err)
	}
	return j.entries(string(content), j.file)
}

// entries reads the text of a journal; name says where it comes from.
func (j *journal) entries(content, name string) ([]entry, error) {
	body, ok := strings.CutPrefix(content, j.header)
	if !ok {
		return nil, fmt.Errorf("%w: %s belongs to another key store than the one with the fingerprint %s. Put the two back together as they were", ErrJournal, name, strings.TrimSpace(strings.TrimPrefix(j.header, journalHeader)))
	}
	var out []entry
	number := 1
	for line := range strings.Lines(body) {
		number++
		text, ended := strings.CutSuffix(line, "\n")
		if e, ok := j.parse(text); ok {
			out = append(out, e)
			continue
		}
		if !ended || strings.HasSuffix(text, tornMark) {
			continue
		}
		return nil, fmt.Errorf("%w: line %d of %s was changed. Put the file back from its backup: without it, people who were erased could come back", ErrJournal, number, name)
	}
	return out, nil
}
