package document

// Lengths are in points, 1/72 inch, unless a name says otherwise. MM turns millimetres into points: 12 * document.MM.
const MM = 72 / 25.4

// Colour is red, green and blue, 0 to 255 each. The zero Colour is black.
type Colour struct{ R, G, B uint8 }

// The colours of every paper. A clinic's own colour goes into Options.Accent.
var (
	Ink   = Colour{0x1c, 0x23, 0x2b} // text
	Muted = Colour{0x5a, 0x64, 0x70} // labels, notes and footers; 4.5:1 and better on white
	Line  = Colour{0xc9, 0xcf, 0xd6} // rules
	Steel = Colour{0x2f, 0x5d, 0x8a} // the accent when the clinic has none
	Alert = Colour{0xa1, 0x26, 0x1d} // what must not be overlooked, such as a cancelled paper
)

// Align says where a text stands in its width. Start is left in a language written from the left, right in one
// written from the right.
type Align int

// The ways to align.
const (
	Start Align = iota
	Centre
	End
)

// Span is a part of a text. Its direction is its own: whatever it holds, it cannot reorder what stands beside it.
type Span struct {
	Text string
	// Language, such as "ar", gives the direction and the shapes of letters; empty is a text that somebody typed, whose
	// direction is that of its first letter. Give the paper's language to sentences of its own.
	Language string
	Bold     bool
	Colour   Colour // Ink when zero
	Scale    float64
}

// Block is something that stands on a paper, from one edge of the text to the other, below the block before it.
type Block interface {
	// lay gives the pieces of the block at the width, from the top down.
	lay(p *setting, width float64) []piece
}

// Header is the head of a paper: the logo, the name, and lines such as address, telephone and registration.
type Header struct {
	Name  string
	Lines []string
	Logo  []byte // PNG or JPEG; empty for none. What cannot be read makes PDF fail with ErrPicture.
	Note  []Span // at the far side, such as the title of the paper and its number; one line each
}

// Title is a heading of the paper in the paper's language, such as "Prescription".
type Title struct {
	Text  string
	Note  string // beside it at the far side, such as a number; may be empty
	Small bool   // a heading inside the paper
}

// Text is one paragraph. Line breaks in it are kept; a blank line too.
type Text struct {
	Words    string // the text, when it is of one kind; Language says whose
	Language string // as in Span
	Spans    []Span // instead of Words, when it is of several
	Size     float64
	Bold     bool
	Align    Align
	Colour   Colour // Ink when zero
}

// Fact is one line of key and value. The label is in the paper's language; the value is somebody's.
type Fact struct {
	Label string
	Value string
	Bold  bool
}

// Facts are lines of key and value, in one column or several, filled row by row.
type Facts struct {
	Columns int // 1 when zero
	Items   []Fact
}

// Column is one of a table. Title is in the paper's language.
type Column struct {
	Title string
	Share float64 // of the width, relative to the other columns; 1 when zero
	Align Align   // End for amounts
}

// Cell is one of a row: a text, and smaller lines under it. Both are somebody's, unless Language says otherwise.
type Cell struct {
	Text     string
	Language string
	Notes    []Span // one line or more each, small and muted unless they say otherwise
	Bold     bool
	Colour   Colour
}

// Row is one of a table. Fewer cells than columns leave the last ones empty.
type Row struct {
	Cells []Cell
	Bold  bool // a total
	Rule  bool // a stronger line above it
}

// Table has a head that is repeated on every page that it reaches. A row stands on one page, unless it is
// higher than a page.
type Table struct {
	Columns []Column
	Rows    []Row
	NoHead  bool // no line of titles, as for a block of totals
}

// Rule is a thin line across.
type Rule struct{ Accent bool }

// Space is empty height, in points. It vanishes at the top of a page.
type Space float64

// Break begins a new page; at the top of one it does nothing. A slip has only one page and does without.
type Break struct{}

// Together keeps blocks on one page, if they fit on one.
type Together []Block

// Beside sets two groups of blocks side by side on one page: Near at the start of the line, Far at its end.
type Beside struct {
	Near, Far []Block
	Share     float64 // of the width for Near; 0.5 when zero
}

// Picture is a PNG or JPEG at the given width, in points; its height follows. What cannot be read, or has more
// than 40 million pixels, makes PDF fail with ErrPicture.
type Picture struct {
	Data  []byte
	Width float64
	Align Align
}

// QR is a square code that a telephone reads, in points a side (72 when zero), with a caption under it. A text of more
// than 1,000 bytes makes PDF fail with ErrCode.
type QR struct {
	Text    string
	Side    float64
	Caption string
	Align   Align
}

// Signature is the place of a signature at the end of the line: a picture of it if there is one, a rule, the name, and
// lines such as qualification and registration number. It stays on one page.
type Signature struct {
	Image []byte // PNG or JPEG; empty leaves room to sign by hand
	Name  string
	Lines []string
	Label string // under the rule before the name, in the paper's language, such as "Signed by"; may be empty
}
