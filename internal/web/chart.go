package web

import "unicode/utf8"

// A picture of columns, drawn on the server: rectangles and words whose places are worked out here. Kinds of column differ by pattern and not by
// colour alone, the picture has a title and says in words what it shows, and the table beside it has every number.

// Chart is a picture of columns; several kinds stand one upon the other.
type Chart struct {
	Title, About  string
	Width, Height int
	Left, Right   int // of the ground that columns stand on
	Top, Ground   int
	Ticks         []ChartTick
	Bars          []ChartBar
	Labels        []ChartLabel
	Legend        []ChartKey // empty for one kind
	Axis          int        // where the words of the ticks end
}

// ChartTick is a line behind the columns, with its number.
type ChartTick struct {
	Y, Words int // of the line, and of the foot of its words
	Text     string
}

// ChartBar is one rectangle. Its look is that of the class "ck<Look>".
type ChartBar struct {
	X, Y, W, H, Look int
	Text             string // what it is, for whoever points at it
}

// ChartLabel is the name of a column.
type ChartLabel struct {
	X, Y   int
	Text   string
	Second bool // left out where there is little room
}

// ChartKey says what a look means.
type ChartKey struct {
	Look int
	Text string
}

// Column is one column of a chart: how much of each kind. A number below zero is none.
type Column struct {
	Label string
	Parts []int64
	Texts []string // of the parts
}

const (
	chartWidth, chartHeight   = 720, 300
	chartMargin, chartBottom  = 40, 34
	chartDigit                = 13 // the room of one sign beside the axis, where the words are largest
	chartTop                  = 20
	chartTicks                = 4
	mostLabels, widestColumns = 12, 64
)

// NewChart draws columns of kinds. rtl puts the first one at the right, where reading begins. tick makes the words of a number at the axis.
func NewChart(title, about string, kinds []ChartKey, columns []Column, rtl bool, tick func(n int64) string) *Chart {
	c := &Chart{Title: title, About: about, Width: chartWidth, Height: chartHeight, Top: chartTop, Ground: chartHeight - chartBottom}
	var most int64
	for _, col := range columns {
		most = max(most, total(col.Parts))
	}
	step := niceStep(most)
	ticks := max(1, (most+step-1)/step)
	height := c.Ground - c.Top
	y := func(n int64) int { return c.Ground - int(n*int64(height)/(step*ticks)) }
	margin := chartMargin
	for i := range ticks + 1 {
		at, text := y(i*step), tick(i*step)
		c.Ticks = append(c.Ticks, ChartTick{at, at + 4, text})
		margin = max(margin, 16+chartDigit*utf8.RuneCountInString(text))
	}
	c.Left, c.Right, c.Axis = margin, chartWidth-8, margin-8
	if rtl {
		c.Left, c.Right, c.Axis = 8, chartWidth-margin, chartWidth-margin+8
	}
	if len(kinds) > 1 {
		c.Legend = kinds
	}
	if len(columns) == 0 {
		return c
	}
	room := (c.Right - c.Left) / len(columns)
	width := max(2, min(widestColumns, room*7/10))
	every := (len(columns) + mostLabels - 1) / mostLabels
	for i, col := range columns {
		at := c.Left + (c.Right-c.Left)*(2*i+1)/(2*len(columns))
		if rtl {
			at = c.Left + c.Right - at
		}
		var sum int64
		for k, n := range col.Parts {
			if n <= 0 {
				continue
			}
			top, foot := y(sum+n), y(sum)
			sum += n
			c.Bars = append(c.Bars, ChartBar{at - width/2, top, width, max(1, foot-top), kinds[k].Look, col.Texts[k]})
		}
		if i%every == 0 {
			c.Labels = append(c.Labels, ChartLabel{at, c.Ground + 22, col.Label, i/every%3 != 0})
		}
	}
	return c
}

func total(parts []int64) int64 {
	var sum int64
	for _, n := range parts {
		sum += max(0, n)
	}
	return sum
}

// niceStep is the distance of the ticks: 1, 2 or 5 times a power of ten, and large enough.
func niceStep(most int64) int64 {
	need := (most + chartTicks - 1) / chartTicks
	for power := int64(1); ; power *= 10 {
		for _, n := range []int64{1, 2, 5} {
			if n*power >= need {
				return n * power
			}
		}
	}
}
