package document

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// TestTextIsCopiedAsItWasTyped sets each text and reads it back with pdftotext.
func TestTextIsCopiedAsItWasTyped(t *testing.T) {
	t.Parallel()
	press := ThePress()
	for _, c := range []struct{ what, lang, text string }{
		{"Latin with ligatures and accents", "en", "office fi ffi fl AVATAR To é ñ ß ł Ünal naïve – “quoted” ₹ 1,23,456.00 × 5 ½ °C"},
		{"an accent typed by itself", "en", "cafe\u0301 and o\u0308zgu\u0308r"},
		{"Devanagari conjuncts", "hi", "क्षत्रिय नियुक्ति प्राधिकारी श्री कृष्ण विद्यालय ज्ञान द्ध ट्ट र्क कॉ के कि कू ऋ हृदय रुपये फ़ोन"},
		{"Devanagari with digits and Latin", "hi", "मीना शर्मा, 42 वर्ष, Paracetamol 500 mg दिन में 2 बार (खाने के बाद) लें।"},
		{"Marathi", "mr", "ऱ्हस्व ळ चंद्र ॲप डॉक्टर"},
		{"Tamil vowel signs before, after and around", "ta", "கௌ மொ ஸ்ரீ க்ஷ கொ கோ கை கே நு நூ ணை றா இரவு உணவுக்குப் பின் ஒரு முறை குடிக்கவும்"},
		{"Tamil with Latin", "ta", "Cetirizine 5 ml இரவில் 1 முறை, 3 நாட்கள்"},
		{"Arabic", "ar", "السلام عليكم ورحمة الله لا إله إلا بالأمل والآمال"},
		{"Arabic with vowel marks", "ar", "مُحَمَّدٌ يومياً مرَّتين شُكرًا"},
		{"Arabic with digits and a brand", "ar", "حبة واحدة من Ibuprofen 200 mg ثلاث مرات يومياً لمدة 7 أيام بعد الأكل"},
		{"an Arabic dose", "ar", "خذ 1-0-0 حبة ثم 1-0-1 (Ibuprofen) في 28/11/2026 الساعة 10:30"},
		{"Arabic signs", "ar", "السعر 100, ثم 200; نعم: لا. (حبة) - قرص / قرص + ٥٠٪ 50% و $5، انتهى؟"},
		{"Arabic wrapped", "ar", strings.Repeat("تناول الدواء بعد الأكل مرتين يومياً مع Paracetamol 500 mg (قرصين) لمدة 5 أيام، ثم راجع الطبيب. ", 8)},
		{"Hindi wrapped", "hi", strings.Repeat("खाने के बाद दिन में दो बार लें, क्षमता से अधिक नहीं; श्री कृष्ण चिकित्सालय। ", 8)},
		{"Tamil wrapped", "ta", strings.Repeat("இரவு உணவுக்குப் பின் ஒரு முறை குடிக்கவும், கௌ மொ ஸ்ரீ. ", 8)},
		{"Arabic in a Latin line", "en", "Take حبة, daily at night: not حبتين, please (قرص) now"},
		{"Urdu", "ur", "صبح کو ایک گولی پانی کے ساتھ لیں"},
		{"Persian with a half space", "fa", "می\u200cخواهم روزی دو بار"},
		{"Hebrew without a font", "he", "שלום 5 mg, עולם"},
		{"what no font shows", "en", "日本 😀 👩🏽‍⚕️ ਪੰਜਾਬੀ end"},
	} {
		t.Run(strings.ReplaceAll(c.what, " ", "-"), func(t *testing.T) {
			t.Parallel()
			p := press.New(Options{Language: c.lang, Created: made})
			p.Add(Text{Words: c.text})
			want := strings.Join(strings.Fields(c.text), " ")
			if got := copied(t, printed(t, p)); got != want {
				t.Errorf("copied\n%s\n%+q\ntyped\n%s\n%+q", got, got, want, want)
			}
		})
	}
}

// TestSampleIsCopied: in a whole paper the texts of four scripts come back, and the file is small, the same every time,
// and carries nothing but the paper.
func TestSampleIsCopied(t *testing.T) {
	t.Parallel()
	press := ThePress()
	for _, lang := range []string{"en", "hi", "ta", "ar"} {
		raw := printed(t, prescription(t, press, lang, A4, 22))
		if again := printed(t, prescription(t, &Press{from: carried}, lang, A4, 22)); !bytes.Equal(raw, again) {
			t.Errorf("%s: the same paper gives other bytes", lang)
		}
		if len(raw) > 80_000 {
			t.Errorf("%s: %d bytes are more than 80,000", lang, len(raw))
		}
		if n := bytes.Count(raw, []byte("/Type/Page/")); n != 2 {
			t.Errorf("%s: %d pages, want 2", lang, n)
		}
		got := copied(t, raw, "-raw")
		for _, want := range []string{"Paracetamol 500 mg", "मीना शर्मा", "खाने के बाद", "க்குப் பின் ஒரு முறை", "இரவு", "Page 2 of 2", "+91 98765 43210", "1-0-1", "श्री कृष्ण विद्यालय"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in the text:\n%s", lang, want, got)
			}
		}
		for _, bad := range []string{"/JavaScript", "/JS", "/URI", "/Launch", "/AA", "/OpenAction", "/EmbeddedFile", "/Metadata", "/AcroForm", "/Annots", "/GoTo"} {
			if regexp.MustCompile(regexp.QuoteMeta(bad) + `\b`).Match(raw) {
				t.Errorf("%s: the file holds %s", lang, bad)
			}
		}
		if bytes.Contains(raw, []byte("Mehta")) {
			t.Errorf("%s: a person is named outside the pages", lang)
		}
	}
}

// BenchmarkPrescription is a prescription of two pages in four scripts.
func BenchmarkPrescription(b *testing.B) {
	press := ThePress()
	for b.Loop() {
		p := press.New(Options{Language: "hi", Created: made})
		for range 22 {
			p.Add(Table{Columns: []Column{{Title: "दवा"}, {Title: "कैसे लें"}}, Rows: []Row{
				{Cells: []Cell{{Text: "Paracetamol 500 mg", Bold: true}, {Text: "खाने के बाद दिन में दो बार लें, क्षमता से अधिक नहीं", Language: "hi"}}},
				{Cells: []Cell{{Text: "Ibuprofen 200 mg", Bold: true}, {Text: "حبة واحدة ثلاث مرات يومياً لمدة 7 أيام بعد الأكل", Language: "ar"}}},
			}})
		}
		if _, err := p.PDF(); err != nil {
			b.Fatal(err)
		}
	}
}
