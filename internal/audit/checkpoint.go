package audit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/clock"
)

// A checkpoint is a head that was given out: a signed note (golang.org/x/mod/sumdb/note, Ed25519) whose text is, line by line, the
// log's name, the number of entries, the hash over them, and "at" with the moment in microseconds. docs/audit.md describes it for
// whoever writes a program that reads it.

// Sign makes the checkpoint of a head. Its first line is the signer's name. It fails when the signer does.
func Sign(h Head, by note.Signer) ([]byte, error) {
	text := fmt.Sprintf("%s\n%d\n%s\nat %d\n", by.Name(), h.Size, h.Hash, int64(h.At))
	return note.Sign(&note.Note{Text: text}, by)
}

// ErrCheckpoint means that a text is no checkpoint, or is not signed by the key that it should be.
var ErrCheckpoint = errors.New("audit: this is no checkpoint of the log")

// ReadCheckpoint reads the head out of a checkpoint that the key signed. key is the public key as note writes it ("NAME+HASH+KEY").
// It fails with ErrCheckpoint.
func ReadCheckpoint(signed []byte, key string) (Head, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return Head{}, fmt.Errorf("%w: the key of the log is damaged", ErrCheckpoint)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Head{}, fmt.Errorf("%w: it is not signed by the key %s (%w)", ErrCheckpoint, v.Name(), err)
	}
	h, name, err := checkpointText(n.Text)
	if err == nil && name != v.Name() {
		err = fmt.Errorf("%w: it is of the log %s", ErrCheckpoint, name)
	}
	return h, err
}

// checkpointText reads the text of a checkpoint. What stands behind the known lines is for later versions.
func checkpointText(text string) (h Head, name string, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return Head{}, "", fmt.Errorf("%w: it has too few lines", ErrCheckpoint)
	}
	if h.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || h.Size < 0 || strconv.FormatInt(h.Size, 10) != lines[1] {
		return Head{}, "", fmt.Errorf("%w: its second line is no number of entries", ErrCheckpoint)
	}
	if h.Hash, err = tlog.ParseHash(lines[2]); err != nil {
		return Head{}, "", fmt.Errorf("%w: its third line is no hash", ErrCheckpoint)
	}
	for _, l := range lines[3:] {
		if at, is := strings.CutPrefix(l, "at "); is {
			us, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				return Head{}, "", fmt.Errorf("%w: its moment cannot be read", ErrCheckpoint)
			}
			h.At = clock.Instant(us)
		}
	}
	return h, lines[0], nil
}
