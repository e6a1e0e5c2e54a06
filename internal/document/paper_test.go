package document

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var made = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)

func sample(p *Press, lang string) *Paper {
	paper := p.New(Options{Language: lang, Title: "Prescription", Author: "Sunrise Clinic", Created: made, Foot: "Sunrise Clinic, 12 Lake Road", PageOf: func(a, b int) string { return "Page x of y" }})
	paper.Add(
		Header{Name: "Sunrise Clinic · सूर्योदय क्लिनिक", Lines: []string{"12 Lake Road, Pune 411001", "+91 98765 43210"}, Note: []Span{{Text: "Dr A. Mehta", Bold: true}, {Text: "MBBS, MD · Reg. MH-12345", Colour: Muted}}},
		Title{Text: "Prescription", Note: "28 Nov 2026"},
		Facts{Columns: 2, Items: []Fact{{"Patient", "मीना शर्मा", true}, {"Age", "42 y, female", false}, {"Number", "P-000123", false}, {"Allergies", "Penicillin", true}}},
		Table{Columns: []Column{{Title: "Medicine", Share: 3}, {Title: "Dose", Share: 1}, {Title: "Days", Share: 0.6, Align: End}, {Title: "Instruction", Share: 3}}, Rows: []Row{
			{Cells: []Cell{{Text: "Paracetamol 500 mg", Bold: true, Notes: []Span{{Text: "tablet"}}}, {Text: "1-0-1"}, {Text: "5"}, {Text: "खाने के बाद दिन में दो बार लें", Language: "hi"}}},
			{Cells: []Cell{{Text: "Cetirizine 5 ml", Bold: true}, {Text: "0-0-1"}, {Text: "3"}, {Text: "இரவு உணவுக்குப் பின் ஒரு முறை குடிக்கவும் (கௌ மொ ஸ்ரீ)", Language: "ta"}}},
			{Cells: []Cell{{Text: "Ibuprofen 200 mg", Bold: true}, {Text: "1-1-1"}, {Text: "7"}, {Text: "حبة واحدة من Ibuprofen 200 mg ثلاث مرات يومياً لمدة 7 أيام بعد الأكل", Language: "ar"}}},
		}},
		Text{Words: "Drink plenty of water. क्षत्रिय नियुक्ति प्राधिकारी · श्री कृष्ण विद्यालय, take حبة 5 daily (before 10:00)."},
		Beside{Near: []Block{QR{Text: "https://example.org/v/abcdef", Caption: "Scan to verify"}}, Far: []Block{Signature{Name: "Dr A. Mehta", Lines: []string{"MBBS, MD", "Reg. MH-12345"}}}},
	)
	return paper
}

func TestSample(t *testing.T) {
	t.Parallel()
	press := NewPress()
	for _, lang := range []string{"en", "ar"} {
		raw, err := sample(press, lang).PDF()
		if err != nil {
			t.Fatal(err)
		}
		again, err := sample(press, lang).PDF()
		if err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("the same paper gives other bytes: %v", err)
		}
		path := filepath.Join(t.TempDir(), "sample.pdf")
		if dir := os.Getenv("PAPER_OUT"); dir != "" {
			path = filepath.Join(dir, lang+".pdf")
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("pdftotext", path, "-").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Logf("%d bytes\n%s", len(raw), out)
		if !strings.Contains(string(out), "Paracetamol 500 mg") {
			t.Error("the text is not there")
		}
	}
}
