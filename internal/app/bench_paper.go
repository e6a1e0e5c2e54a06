package app

import (
	"errors"
	"fmt"
	"time"

	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/store"
)

// Operation 16: a prescription of two pages in four scripts becomes a PDF. Beside it the limit program does nothing at
// all, so what is judged is the time itself: the median, after the fonts were read, may be 50 ms. The first paper, which
// reads the fonts, is told beside it.

// benchPaper is the key of the operation.
const benchPaper = "16"

// What a prescription may cost.
const (
	paperGoal = 50 * time.Millisecond
	paperSize = 80_000 // bytes
)

// samplePaper is a prescription of plainly invented people; rows is how many medicines stand on it.
func samplePaper(press *document.Press, rows int) *document.Paper {
	p := press.New(document.Options{Language: "hi", Title: "Prescription", Author: "Sunrise Clinic", Created: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), Foot: "Sunrise Clinic, 12 Lake Road, Pune 411001",
		PageOf: func(page, pages int) string { return fmt.Sprintf("%d / %d", page, pages) }})
	p.Add(
		document.Header{Name: "Sunrise Clinic · सूर्योदय क्लिनिक", Lines: []string{"12 Lake Road, Pune 411001", "+91 98765 43210"}, Note: []document.Span{{Text: "Dr Anjali Mehta", Bold: true}, {Text: "MBBS, MD · Reg. MH-12345"}}},
		document.Title{Text: "पर्चा", Note: "28 Nov 2026"},
		document.Facts{Columns: 2, Items: []document.Fact{{Label: "मरीज़", Value: "मीना शर्मा", Bold: true}, {Label: "उम्र", Value: "42"}, {Label: "एलर्जी", Value: "Penicillin", Bold: true}}},
	)
	how := []document.Cell{
		{Text: "खाने के बाद दिन में दो बार लें, क्षमता से अधिक नहीं", Language: "hi"},
		{Text: "இரவு உணவுக்குப் பின் ஒரு முறை குடிக்கவும்", Language: "ta"},
		{Text: "حبة واحدة من Ibuprofen 200 mg ثلاث مرات يومياً لمدة 7 أيام بعد الأكل", Language: "ar"},
		{Text: "One tablet with water after breakfast", Language: "en"},
	}
	names := []string{"Paracetamol 500 mg", "Cetirizine 5 ml", "Ibuprofen 200 mg", "Amoxicillin 250 mg"}
	table := document.Table{Columns: []document.Column{{Title: "दवा", Share: 3}, {Title: "खुराक", Share: 1}, {Title: "दिन", Share: 0.7, Align: document.End}, {Title: "कैसे लें", Share: 3.2}}}
	for i := range rows {
		table.Rows = append(table.Rows, document.Row{Cells: []document.Cell{{Text: names[i%4], Bold: true}, {Text: "1-0-1"}, {Text: "5"}, how[i%4]}})
	}
	p.Add(table, document.Together{document.Beside{Near: []document.Block{document.QR{Text: "https://sunrise.example.com/v/7Q2K9"}}, Far: []document.Block{document.Signature{Name: "Dr Anjali Mehta", Lines: []string{"Reg. MH-12345"}}}}})
	return p
}

// paper is the row of operation 16, and the line that says whether its goal is met.
func (r *benchRun) paper(engine store.Engine) (string, error) {
	stop, err := r.profiled(benchPaper)
	if err != nil {
		return "", err
	}
	defer stop()
	press := document.ThePress()
	size := 0
	print := func(rows int) (time.Duration, error) {
		begun := clock.System{}.Now()
		raw, err := samplePaper(press, rows).PDF()
		size = len(raw)
		return clock.System{}.Now().Sub(begun), err
	}
	const two = 24 // medicines fill two pages
	first, err := print(two)
	if err != nil {
		return "", err
	}
	var took, short []time.Duration
	for range 10 * r.plan.rounds {
		one, err1 := print(2)
		both, err2 := print(two)
		if err := errors.Join(err1, err2); err != nil {
			return "", err
		}
		took, short = append(took, both), append(short, one)
	}
	p50 := median(took)
	row := benchRow{Op: benchPaper, Engine: string(engine), P50: float64(p50.Nanoseconds()) / 1000, P99: float64(maxOf(took).Nanoseconds()) / 1000, RPS: float64(time.Second) / float64(p50),
		Limit: float64(paperGoal.Microseconds()), Ratio: float64(p50) / float64(paperGoal), bytes: int64(size)}
	r.rows = append(r.rows, row)
	word := "ok"
	if p50 > paperGoal || size > paperSize {
		word = "MISSED"
	}
	return fmt.Sprintf("16  a prescription of two pages as PDF: %.1f ms, %d bytes (goal: %v, %d bytes: %s); one page: %.1f ms; the first one of all, with the fonts: %.1f ms",
		row.P50/1000, size, paperGoal, paperSize, word, median(short).Seconds()*1000, first.Seconds()*1000), nil
}
