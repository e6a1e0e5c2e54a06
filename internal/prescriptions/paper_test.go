package prescriptions_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"almirah/internal/id"
	"almirah/internal/prescriptions"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// tool finds a program of poppler; without it the test is skipped by name, and fails under ALMIRAH_STRICT=1.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("ALMIRAH_STRICT") == "1" {
		t.Fatalf("%s is not installed (make deps)", name)
	}
	t.Skipf("%s is not installed (make deps)", name)
	return ""
}

// paperOf signs a sheet in the language and prints it. Its code is another one each time, so the golden picture is that of the page
// without the square.
func (r *room) paperOf(language string) (prescriptions.Page, []byte) {
	r.t.Helper()
	d := r.draft("Amoxicillin + clavulanic acid", "Paracetamol/1 sos", "Cetirizine/0-0-½")
	d.Language = language
	d.Advice = map[string]string{"en": "Drink plenty of water.", "hi": "ख़ूब पानी पिएँ।", "ta": "நிறைய தண்ணீர் குடிக்கவும்.", "ar": "اشرب الكثير من الماء."}[language]
	p, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
	if err != nil {
		r.t.Fatal(err)
	}
	raw, err := r.scripts.Paper(p, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.scripts.Cancel(background, r.doctor, p.ID, "the next language"); err != nil {
		r.t.Fatal(err)
	}
	return p, raw
}

func TestPaperSaysWhatWasSigned(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescription-paper")
	text, ppm := tool(t, "pdftotext"), tool(t, "pdftoppm")
	r := open(t, rig.New(t, store.SQLite, store.Options{}))
	for _, language := range []string{"en", "hi", "ta", "ar"} {
		p, raw := r.paperOf(language)
		if len(raw) > 80_000 {
			t.Errorf("%s: %d bytes", language, len(raw))
		}
		file := filepath.Join(t.TempDir(), language+".pdf")
		if keep := os.Getenv("KEEP"); keep != "" {
			file = filepath.Join(keep, language+".pdf")
		}
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(text, "-layout", file, "-").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		// Lines are broken where they fit; the words are compared.
		got := strings.Join(strings.Fields(plain(string(out))), " ")
		raws, err := exec.Command(text, file, "-").CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		flow := strings.Join(strings.Fields(plain(string(raws))), " ")
		for _, want := range append(append([]string{"AMOXICILLIN + CLAVULANIC ACID 625 mg tablet", "Dr Leela Nair", "MBBS, MD", "KMC 12345", "Asha Rao", "1-0-1", "0-0-0.5"}, p.Sheet.Instructions...), p.Advice) {
			want = strings.Join(strings.Fields(plain(want)), " ")
			if !strings.Contains(got, want) && !strings.Contains(flow, want) && !wordsIn(flow, want) {
				t.Errorf("%s: %q does not come out of\n%s", language, want, flow)
			}
		}
		if n := strings.Count(flow, "KMC 12345"); n != 2 {
			t.Errorf("%s: the registration number stands on it %d times, not at the head and by the signature:\n%s", language, n, flow)
		}
		picture := filepath.Join(t.TempDir(), "page")
		if out, err := exec.Command(ppm, "-r", "60", "-png", "-singlefile", file, picture).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		r.looksLike(filepath.Join("testdata", language+".png"), picture+".png")
	}
}

// plain takes out the marks of direction that a reader of PDF puts round lines.
func plain(s string) string {
	return strings.NewReplacer("\u200e", "", "\u200f", "", "\u202a", "", "\u202b", "", "\u202c", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "", "\f", "\n").Replace(s)
}

// wordsIn says whether every word stands in the text, in their order, with what other columns put between them.
func wordsIn(text, words string) bool {
	for _, w := range strings.Fields(words) {
		_, rest, ok := strings.Cut(text, w)
		if !ok {
			return false
		}
		text = rest
	}
	return true
}

// looksLike compares a picture with the golden one, without the square of the code. UPDATE=1 writes it.
func (r *room) looksLike(golden, made string) {
	r.t.Helper()
	raw, err := os.ReadFile(made)
	if err != nil {
		r.t.Fatal(err)
	}
	if os.Getenv("UPDATE") == "1" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			r.t.Fatal(err)
		}
		var small bytes.Buffer
		if err := png.Encode(&small, grey(r.t, raw)); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(golden, small.Bytes(), 0o644); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	was, err := os.ReadFile(golden)
	if err != nil {
		r.t.Fatalf("%v (UPDATE=1 writes it)", err)
	}
	a, b := grey(r.t, was), grey(r.t, raw)
	if a.Bounds() != b.Bounds() {
		r.t.Errorf("%s: %v, now %v", golden, a.Bounds(), b.Bounds())
		return
	}
	off, all := 0, 0
	for y := range a.Bounds().Dy() * 12 / 25 { // the code stands at the foot
		for x := range a.Bounds().Dx() {
			all++
			if d := int(a.GrayAt(x, y).Y) - int(b.GrayAt(x, y).Y); d > 48 || d < -48 {
				off++
			}
		}
	}
	if off*1000 > all { // another version of the tool draws edges a little otherwise
		r.t.Errorf("%s: %d of %d points differ", golden, off, all)
	}
}

func grey(t *testing.T, raw []byte) *image.Gray {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewGray(p.Bounds())
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			out.Set(x, y, color.GrayModel.Convert(p.At(x, y)))
		}
	}
	return out
}

func TestAPaperThatHoldsNoMoreSaysSo(t *testing.T) {
	t.Parallel()
	text := tool(t, "pdftotext")
	r := open(t, rig.New(t, store.SQLite, store.Options{}))
	p := r.signed("Paracetamol")
	if err := r.scripts.Cancel(background, r.doctor, p.ID, "a mistake"); err != nil {
		t.Fatal(err)
	}
	raw, err := r.scripts.Paper(r.open(p.ID), nil)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(text, file, "-").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "रद्द") {
		t.Errorf("%v: %s", err, out)
	}
	_, err = r.scripts.OfSheet(background, r.doctor, id.New(r.Clock.Now()))
	if err == nil {
		t.Error("a paper of nothing")
	}
}
