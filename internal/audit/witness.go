package audit

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Witness is somebody who keeps the newest checkpoint of a log that she does not run: on another computer, or in another hand. She takes a
// newer one only with the proof that it continues hers.
type Witness struct {
	Key  string // the log's public key; the first one that she saw
	Note []byte // the checkpoint that she keeps; empty before the first
}

// ErrRewritten means that the log no longer continues what the witness has seen: entries that were in it were changed, moved or taken
// out, or its end was cut off. The two checkpoints prove it to anybody who knows the log's key.
var ErrRewritten = errors.New("audit: THE LOG WAS WRITTEN AGAIN")

const witnessFirst = "almirah witness 1"

// ParseWitness reads what String wrote. An empty text is a witness who has seen nothing.
func ParseWitness(text string) (Witness, error) {
	if strings.TrimSpace(text) == "" {
		return Witness{}, nil
	}
	first, rest, _ := strings.Cut(text, "\n")
	key, signed, found := strings.Cut(rest, "\n\n")
	if first != witnessFirst || !found {
		return Witness{}, errors.New("audit: the file is not that of a witness")
	}
	w := Witness{Key: key, Note: []byte(signed)}
	_, err := w.Head()
	return w, err
}

// String is the witness as her file holds her: a line that says what it is, the key, an empty line, the checkpoint.
func (w Witness) String() string { return witnessFirst + "\n" + w.Key + "\n\n" + string(w.Note) }

// Head is the head that she keeps; its size is zero before the first. It fails when her own checkpoint was damaged.
func (w Witness) Head() (Head, error) {
	if len(w.Note) == 0 {
		return Head{}, nil
	}
	return ReadCheckpoint(w.Note, w.Key)
}

// See shows her the newest checkpoint, with the proof that it continues the one she keeps (empty where she keeps none, or the same size). She
// takes it over, or fails and keeps what she has: ErrCheckpoint when it is not signed by her key, ErrRewritten when it does not continue.
func (w *Witness) See(signed []byte, proof tlog.TreeProof) error {
	mine, err := w.Head()
	if err != nil {
		return err
	}
	shown, err := ReadCheckpoint(signed, w.Key)
	if err != nil {
		return err
	}
	switch {
	case mine.Size == 0:
	case shown.Size < mine.Size:
		return fmt.Errorf("%w: it had %d entries and is shown with %d; the first that is missing is entry %d", ErrRewritten, mine.Size, shown.Size, shown.Size)
	case shown.Size == mine.Size && shown.Hash != mine.Hash:
		return fmt.Errorf("%w: its first %d entries are not those that were seen", ErrRewritten, mine.Size)
	case shown.Size > mine.Size:
		if err := CheckGrowth(proof, mine, shown); err != nil {
			return fmt.Errorf("%w: nothing proves that its %d entries continue the %d that were seen", ErrRewritten, shown.Size, mine.Size)
		}
	}
	w.Note = signed
	return nil
}
