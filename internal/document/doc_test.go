package document

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden pictures again")

var made = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)

// printed is the paper as bytes.
func printed(t *testing.T, p *Paper) []byte {
	t.Helper()
	raw, err := p.PDF()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// poppler runs one of its programs over the paper; where it is missing the test is skipped by name, and fails under
// ALMIRAH_STRICT=1.
func poppler(t *testing.T, raw []byte, program string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Fatalf("%s is missing; make deps installs it", program)
		}
		t.Skipf("SKIPPED: %s is missing; make deps installs it", program)
	}
	path := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	if args = append(args, path); program == "pdftotext" {
		args = append(args, "-")
	}
	c := exec.Command(program, args...)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, errs.String())
	}
	if errs.Len() > 0 {
		t.Errorf("%s: %s", program, errs.String())
	}
	return out
}

// turns are the marks of direction that pdftotext and the paper add; they are not seen.
var turns = strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "", "\u200e", "", "\u200f", "", "\f", " ")

// copied is the text of the paper as a person copies it, its lines joined.
func copied(t *testing.T, raw []byte, args ...string) string {
	t.Helper()
	return strings.Join(strings.Fields(turns.Replace(string(poppler(t, raw, "pdftotext", args...)))), " ")
}

// paper begins one in the language, of a fixed moment.
func paper(press *Press, lang string) *Paper {
	return press.New(Options{Language: lang, Title: "Sample", Author: "Sunrise Clinic", Created: made, Foot: "Sunrise Clinic, 12 Lake Road, Pune 411001",
		PageOf: func(page, pages int) string { return fmt.Sprintf("Page %d of %d", page, pages) }})
}

// logo is a small picture of a door of two leaves.
func logo(t *testing.T) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 60, 60))
	for y := range 60 {
		for x := range 60 {
			switch {
			case x < 4 || y < 4 || x > 55 || y > 55 || x == 29 || x == 30:
				img.SetNRGBA(x, y, color.NRGBA{0x2f, 0x5d, 0x8a, 255})
			case x > 20 && x < 26 && y > 26 && y < 34:
				img.SetNRGBA(x, y, color.NRGBA{0x8a, 0x2f, 0x2f, 128})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// prescription is a paper such as a doctor signs, with four scripts; rows is how many medicines there are.
func prescription(t *testing.T, press *Press, lang string, size Size, rows int) *Paper {
	t.Helper()
	p := paper(press, lang)
	p.options.Size = size
	words := map[string][]string{
		"en": {"Prescription", "Patient", "Age", "Number", "Allergies", "Medicine", "Dose", "Days", "How to take it", "Scan to see that it is genuine", "Signed by", "Advice"},
		"hi": {"पर्चा", "मरीज़", "उम्र", "संख्या", "एलर्जी", "दवा", "खुराक", "दिन", "कैसे लें", "असली है या नहीं, जाँचें", "हस्ताक्षर", "सलाह"},
		"ta": {"மருந்துச் சீட்டு", "நோயாளி", "வயது", "எண்", "ஒவ்வாமை", "மருந்து", "அளவு", "நாட்கள்", "எப்படி எடுப்பது", "உண்மையானதா எனப் பார்க்க", "கையொப்பம்", "அறிவுரை"},
		"ar": {"وصفة طبية", "المريض", "العمر", "الرقم", "الحساسية", "الدواء", "الجرعة", "الأيام", "طريقة الاستعمال", "امسح للتحقق", "التوقيع", "نصيحة"},
	}[lang]
	p.Add(
		Header{Name: "Sunrise Clinic · सूर्योदय क्लिनिक", Logo: logo(t), Lines: []string{"12 Lake Road, Pune 411001", "+91 98765 43210 · sunrise.example.com"},
			Note: []Span{{Text: "Dr A. Mehta", Bold: true}, {Text: "MBBS, MD · Reg. MH-12345", Colour: Muted, Scale: 0.9}}},
		Title{Text: words[0], Note: "28 Nov 2026"},
		Facts{Columns: 2, Items: []Fact{{words[1], "मीना शर्मा", true}, {words[2], "42 y", false}, {words[3], "P-000123", false}, {words[4], "Penicillin", true}}},
	)
	how := []Cell{
		{Text: "खाने के बाद दिन में दो बार लें, क्षमता से अधिक नहीं", Language: "hi"},
		{Text: "இரவு உணவுக்குப் பின் ஒரு முறை குடிக்கவும் (கௌ மொ ஸ்ரீ)", Language: "ta"},
		{Text: "حبة واحدة من Ibuprofen 200 mg ثلاث مرات يومياً لمدة 7 أيام بعد الأكل", Language: "ar"},
		{Text: "One tablet with water after breakfast, office hours only", Language: "en"},
	}
	names := []string{"Paracetamol 500 mg", "Cetirizine 5 ml", "Ibuprofen 200 mg", "Amoxicillin 250 mg"}
	t0 := Table{Columns: []Column{{Title: words[5], Share: 3}, {Title: words[6], Share: 1}, {Title: words[7], Share: 0.7, Align: End}, {Title: words[8], Share: 3.2}}}
	for i := range rows {
		t0.Rows = append(t0.Rows, Row{Cells: []Cell{{Text: names[i%4], Bold: true, Notes: []Span{{Text: "tablet"}}}, {Text: "1-0-1"}, {Text: fmt.Sprint(3 + i%5)}, how[i%4]}})
	}
	p.Add(t0, Title{Text: words[11], Small: true},
		Text{Words: "Drink plenty of water. श्री कृष्ण विद्यालय. Take حبة, then rest (before 10:00)."},
		Together{Beside{Near: []Block{QR{Text: "https://sunrise.example.com/v/7Q2K9", Caption: words[9]}}, Far: []Block{Signature{Name: "Dr A. Mehta", Label: words[10], Lines: []string{"MBBS, MD", "Reg. MH-12345"}}}}})
	return p
}

// invoice is a paper such as a clinic hands out.
func invoice(t *testing.T, press *Press, lang string, size Size) *Paper {
	t.Helper()
	p := paper(press, lang)
	p.options.Size = size
	p.Add(Header{Name: "Sunrise Clinic", Logo: logo(t), Lines: []string{"12 Lake Road, Pune 411001", "GSTIN 27ABCDE1234F1Z5"}}, Title{Text: "Tax invoice", Note: "SUN/26-27/00042"})
	p.Add(Facts{Items: []Fact{{"Bill to", "Asha Marigold", true}, {"Date", "28 Nov 2026", false}}})
	p.Add(Table{Columns: []Column{{Title: "Service", Share: 3}, {Title: "SAC", Share: 1}, {Title: "Amount", Share: 1.4, Align: End}}, Rows: []Row{
		{Cells: []Cell{{Text: "Consultation"}, {Text: "999312"}, {Text: "₹ 500.00"}}},
		{Cells: []Cell{{Text: "Dressing", Notes: []Span{{Text: "with material"}}}, {Text: "999312"}, {Text: "₹ 1,20,000.50"}}},
		{Cells: []Cell{{Text: "Total"}, {}, {Text: "₹ 1,20,500.50"}}, Bold: true, Rule: true},
	}})
	p.Add(Table{NoHead: true, Columns: []Column{{Share: 2}, {Share: 1, Align: End}}, Rows: []Row{{Cells: []Cell{{Text: "Paid in cash"}, {Text: "₹ 500.00"}}}, {Cells: []Cell{{Text: "To pay", Colour: Alert}, {Text: "₹ 1,20,000.50", Colour: Alert}}, Bold: true}}})
	p.Add(Rule{}, QR{Text: "upi://pay?pa=sunrise@example&am=120000.50", Side: 80, Align: Centre, Caption: "Pay by UPI"}, Text{Words: "Thank you", Align: Centre, Colour: Muted})
	return p
}
