package document

import (
	"errors"
	"time"
)

// What PDF fails with.
var (
	// ErrFonts: the program was built without fonts (make build puts them in).
	ErrFonts = errors.New("document: this program was built without fonts; build it with make build, or run go run ./internal/document/gen first")
	// ErrPicture: a logo, signature or picture is no PNG or JPEG that can be read.
	ErrPicture = errors.New("document: the picture cannot be read")
	// ErrCode: the text of a QR code is too long for one.
	ErrCode = errors.New("document: the text is too long for a QR code")
)

// Size is the kind of sheet that a paper is printed on.
type Size int

// The sheets. A Slip is 80 mm wide and as long as what stands on it.
const (
	A4 Size = iota
	A5
	Slip
)

// Options say how a paper looks and what it says about itself.
type Options struct {
	Size     Size
	Language string // BCP 47, such as "hi"; "en" when empty. Its direction is the paper's.
	Title    string // shown by readers of PDF; name no person in it
	Author   string // the clinic; never a person
	Created  time.Time
	Accent   Colour // Steel when zero
	Foot     string // at the foot of every page beside the page's number; may be empty
	// PageOf writes the number of a page in the paper's language, such as "Page 1 of 2". Nil leaves it out, and so does a
	// Slip. With Single false a paper of one page has no number.
	PageOf func(page, pages int) string
	Single bool
}

// Paper collects blocks and becomes a PDF. It is for one goroutine.
type Paper struct {
	press   *Press
	options Options
	blocks  []Block
}

// New begins an empty paper.
func (p *Press) New(o Options) *Paper {
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Accent == (Colour{}) {
		o.Accent = Steel
	}
	return &Paper{press: p, options: o}
}

// Add puts blocks below what is there.
func (p *Paper) Add(blocks ...Block) { p.blocks = append(p.blocks, blocks...) }

// PDF writes the paper. It fails with ErrFonts, ErrPicture or ErrCode; any text at all can be set, and what no font has
// a shape for is shown as an empty box.
func (p *Paper) PDF() ([]byte, error) {
	set, err := p.press.take()
	if err != nil {
		return nil, err
	}
	defer p.press.give(set)
	return newSetting(set, p.options).print(p.blocks)
}
