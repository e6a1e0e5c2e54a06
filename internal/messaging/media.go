package messaging

import (
	"bytes"
	"context"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/picture"
)

// MostMedia is how many bytes of a file that a patient sent are fetched: 16 MB, which is more than WhatsApp lets a
// picture or a voice note have.
const MostMedia = 16 << 20

// mostAttached is how many files of one message are noted; the rest is left out.
const mostAttached = 20

// Fetched is what came of asking a provider for a file that somebody sent.
type Fetched struct {
	// Accepted: Body holds it. Later: ask again, after Wait at least. Refused: it cannot be had, now or ever. Broken:
	// the account itself is refused.
	Outcome Outcome
	Code    string
	Wait    time.Duration
	Body    []byte
}

// Fetcher are providers at which the files that people send lie until they are fetched.
type Fetcher interface {
	// Bring fetches a file of at most so many bytes. What it is, nobody says yet: that is looked at here.
	Bring(ctx context.Context, via Connection, m Media, most int64) Fetched
}

// MediaState is what became of a file that came with a message.
type MediaState string

// The states of a file.
const (
	MediaAsked   MediaState = "asked"   // it is being fetched
	MediaKept    MediaState = "kept"    // it can be opened
	MediaLost    MediaState = "lost"    // it could not be had: Reason says why
	MediaUnkept  MediaState = "unkept"  // the clinic keeps no content: nothing was fetched
	MediaNamed   MediaState = "named"   // the channel brings names only: it lies in the clinic's mailbox
	MediaDeleted MediaState = "deleted" // its time was over, as that of the words beside it
)

// Why a file was lost: words of the catalogue at inbox.file.lost.<word>.
const (
	LostGone   = "gone"   // the provider has it no more
	LostLarge  = "large"  // more than MostMedia
	LostKind   = "kind"   // no picture, no voice note, no PDF
	LostBroken = "broken" // it cannot be opened, or is not what the provider said that it is
	LostTries  = "tries"  // the provider did not answer for days
)

// The kinds of files, by their content.
const (
	kindPDF  = "application/pdf"
	kindOgg  = "audio/ogg"
	kindMPEG = "audio/mpeg"
	kindAAC  = "audio/aac"
	kindAMR  = "audio/amr"
	kindMP4  = "audio/mp4"
)

// Attached is a file that came with a line of a conversation.
type Attached struct {
	ID     id.ID
	Kind   string // as the provider called it: image, audio, video, application, other
	State  MediaState
	Reason string // of MediaLost
	Type   string // its media type by its content; empty until it is kept
	Size   int64  // bytes of what is kept
	Name   string // as the sender called it; empty for none, or once that is deleted
	At     clock.Instant
}

// ending is the end of a file's name for a media type that is kept.
func ending(kind string) string {
	switch kind {
	case picture.JPEG:
		return "jpg"
	case picture.PNG:
		return "png"
	case kindPDF:
		return "pdf"
	case kindOgg:
		return "ogg"
	case kindMPEG:
		return "mp3"
	case kindAAC:
		return "aac"
	case kindAMR:
		return "amr"
	case kindMP4:
		return "m4a"
	}
	return "bin"
}

// FileName is the name under which the file is handed out: made of what it is and of when it came, never of what its
// sender called it.
func (a Attached) FileName(zone *time.Location) string {
	word, _, _ := strings.Cut(a.Type, "/")
	if word == "application" {
		word = "document"
	}
	return word + "-" + a.At.In(zone).Format("2006-01-02-1504") + "." + ending(a.Type)
}

// kept is a file as it is kept, with its type: pictures are drawn anew, sound and PDF stay as they are. lost says why
// it is not kept at all.
func kept(content []byte) (body []byte, kind, lost string) {
	if picture.Kind(content) != "" {
		body, kind, err := picture.Redraw(content)
		switch {
		case err == picture.ErrLarge, len(body) > MostMedia:
			return nil, "", LostLarge
		case err != nil:
			return nil, "", LostBroken
		}
		return body, kind, ""
	}
	if kind = soundOrPaper(content); kind == "" {
		return nil, "", LostKind
	}
	return content, kind, ""
}

// soundOrPaper knows what is no picture and is kept, by the content alone; empty for everything else.
func soundOrPaper(b []byte) string {
	starts := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	switch {
	case starts("%PDF-"):
		return kindPDF
	case starts("OggS"):
		if first := b[:min(len(b), 256)]; bytes.Contains(first, []byte("OpusHead")) || bytes.Contains(first, []byte("\x01vorbis")) {
			return kindOgg
		}
	case starts("#!AMR"):
		return kindAMR
	case starts("ID3"):
		return kindMPEG
	case len(b) > 3 && b[0] == 0xff && b[1]&0xf6 == 0xf0: // ADTS: twelve bits of one, layer 0
		return kindAAC
	case len(b) > 3 && b[0] == 0xff && b[1]&0xe0 == 0xe0 && b[1]&0x06 != 0: // a frame of MPEG audio
		return kindMPEG
	case len(b) > 12 && string(b[4:8]) == "ftyp" && soundOnly(b):
		return kindMP4
	}
	return ""
}

// soundOnly says whether an MP4 has a track of sound and none of pictures.
func soundOnly(b []byte) bool {
	sound := false
	for {
		i := bytes.Index(b, []byte("hdlr"))
		if i < 0 || len(b) < i+16 {
			return sound
		}
		switch string(b[i+12 : i+16]) {
		case "vide":
			return false
		case "soun":
			sound = true
		}
		b = b[i+4:]
	}
}
