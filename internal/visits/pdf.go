package visits

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
)

// A PDF is kept as it came and handed out for saving, never shown inside our pages. One that is locked, or that would do something by
// itself when a reader opens it, is refused.

// restless are the names of what a PDF does by itself: scripts, programs that it starts, what it carries inside, forms that it sends.
var restless = regexp.MustCompile(`/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|XFA|GoToE|GoToR)[\s/<>\[\](){}%]`)

// loud are those of them that are too long to come about in packed bytes by chance. They are looked for in the whole file, whatever it says of where its streams begin and end: a text in it may say something else.
var loud = regexp.MustCompile(`/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|GoToR)[\s/<>\[\](){}%]`)

var (
	// streamHead is how a stream begins: behind a dictionary, before the end of a line. In "(Mainstream Labs)" none does.
	streamHead = regexp.MustCompile(`>>(?:[\x00\s]|%[^\r\n]*[\r\n])*stream[ \t]*(?:\r\n|\r|\n)`)
	encrypted  = regexp.MustCompile(`/Encrypt[\s/<>\[\](){}%]`)
	escapedHex = regexp.MustCompile(`#[0-9A-Fa-f]{2}`)
	objStream  = regexp.MustCompile(`/ObjStm[\s/<>\[\](){}%]`)
)

// mostUnfolded bounds what the object streams of one PDF may unfold into.
const mostUnfolded = 64 << 20

// quietPDF refuses, under the field "file", a PDF that is locked, damaged or restless. It reads what stands between the streams, and the streams
// in which objects are packed: names stand nowhere else.
func quietPDF(content []byte) error {
	tail := content[max(0, len(content)-2048):]
	if !bytes.Contains(tail, []byte("%%EOF")) {
		return refused("field.file.broken")
	}
	if loud.Match(append(plainNames(content), ' ')) {
		return refused("field.file.restless")
	}
	left := mostUnfolded
	for rest := content; len(rest) > 0; {
		head := streamHead.FindIndex(rest)
		part := rest
		if head != nil {
			part = rest[:head[1]]
		}
		if err := judge(part); err != nil {
			return err
		}
		if head == nil {
			return nil
		}
		at := head[1]
		end := bytes.Index(rest[at:], []byte("endstream"))
		if end < 0 {
			return refused("field.file.broken")
		}
		if objStream.Match(append(plainNames(part), ' ')) {
			objects, ok := unfold(rest[at:at+end], &left)
			if !ok {
				return refused("field.file.restless") // packed in a way that cannot be looked into
			}
			if err := judge(objects); err != nil {
				return err
			}
		}
		rest = rest[at+end+len("endstream"):]
	}
	return nil
}

func judge(part []byte) error {
	names := append(plainNames(part), ' ')
	if encrypted.Match(names) {
		return refused("field.file.locked")
	}
	if restless.Match(names) {
		return refused("field.file.restless")
	}
	return nil
}

// plainNames writes the escapes of names out: /J#61vaScript is /JavaScript.
func plainNames(part []byte) []byte {
	return escapedHex.ReplaceAllFunc(part, func(x []byte) []byte {
		n, err := strconv.ParseUint(string(x[1:]), 16, 8)
		if err != nil {
			return x
		}
		return []byte{byte(n)}
	})
}

// unfold opens a packed stream, within what is left.
func unfold(packed []byte, left *int) ([]byte, bool) {
	packed = bytes.TrimPrefix(bytes.TrimPrefix(packed, []byte("\r")), []byte("\n"))
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(z, int64(*left)+1))
	if len(out) > *left || err != nil && len(out) == 0 {
		return nil, false
	}
	*left -= len(out)
	return out, true
}
