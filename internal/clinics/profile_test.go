package clinics

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"almirah/internal/fault"
	"almirah/internal/words"
)

func whole() Profile {
	return Profile{Name: "Sunrise Clinic", LegalEntity: "Sunrise Health LLP", Address: "12 MG Road\nBengaluru", Phone: "080 2222 3333", Email: "hello@Sunrise.example",
		TaxNumbers: "GSTIN 27AAPFU0939F1ZV", Contact: "Meera Iyer", Zone: "Asia/Kolkata", Country: "in", Jurisdiction: "IN", Region: "IN", Currency: "inr",
		Languages: []string{"en", "hi"}, Colour: "#2F5D86"}
}

func keys(f *fault.Fields) map[string]string {
	out := map[string]string{}
	var x *fault.Fault
	if errors.As(f.Err(), &x) {
		for _, w := range x.Fields {
			out[w.Name] = w.Key
		}
	}
	return out
}

func TestAWholeProfileIsNormalised(t *testing.T) {
	t.Parallel()
	var f fault.Fields
	p := Check(whole(), &f)
	if err := f.Err(); err != nil {
		t.Fatal(err)
	}
	if p.Country != "IN" || p.Currency != "INR" || p.Phone != "+918022223333" || p.Email != "hello@sunrise.example" || p.Colour != "#2f5d86" {
		t.Fatalf("normalised to %+v", p)
	}
}

func TestEveryWrongFieldIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	var f fault.Fields
	Check(Profile{Name: " ", LegalEntity: strings.Repeat("x", 201), Address: "a\x00b", Phone: "12", Email: "a@b", TaxNumbers: "27AAPFU0939F1ZX", Contact: "\u202eevil",
		Zone: "Local", Country: "IN", Jurisdiction: "XX", Region: "MOON", Currency: "DEM", Languages: []string{"fr"}, Colour: "red"}, &f)
	got := keys(&f)
	for field, key := range map[string]string{"name": "field.name.empty", "legal_entity": "field.clinic_text.too_long", "address": "field.clinic_text.characters", "phone": "field.phone.invalid",
		"email": "field.email.invalid", "tax_numbers": "field.tax_numbers.gstin", "contact": "field.clinic_text.characters", "zone": "field.zone.invalid",
		"jurisdiction": "field.jurisdiction.invalid", "region": "field.region.invalid", "currency": "field.currency.invalid", "languages": "field.languages.invalid", "colour": "field.colour.invalid"} {
		if got[field] != key {
			t.Errorf("%s: %q, want %q", field, got[field], key)
		}
		if !strings.HasPrefix(key, "field.name") && !strings.HasPrefix(key, "field.phone") && !strings.HasPrefix(key, "field.email") && !book.Tongue("en").Has(key) {
			t.Errorf("%s has no sentence", key)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for slug, key := range map[string]string{"sunrise": "", "dr-rao-2": "", "abc": "", " Sunrise ": "", strings.Repeat("a", 40): "",
		"": "field.slug.empty", "ab": "field.slug.invalid", strings.Repeat("a", 41): "field.slug.invalid", "-ab": "field.slug.invalid", "a--b": "field.slug.invalid",
		"ab-": "field.slug.invalid", "सूर्य": "field.slug.invalid", "a_b": "field.slug.invalid", "a.b": "field.slug.invalid", "a/b": "field.slug.invalid",
		"admin": "field.slug.reserved", "APP": "field.slug.reserved", "sign-in": "field.slug.reserved", "robots": "field.slug.reserved"} {
		var f fault.Fields
		checkSlug(slug, &f)
		if got := keys(&f)["slug"]; got != key {
			t.Errorf("%q: %q, want %q", slug, got, key)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"IN": true, "GB": true, "AE": true, "UK": false, "EU": false, "ZZ": false, "I": false, "": false, "1N": false} {
		if isCountry(code) != want {
			t.Errorf("country %q: %v", code, !want)
		}
	}
	if n := len(Countries()); n < 245 || n > 252 || !slices.Contains(Countries(), "IN") {
		t.Errorf("%d countries", n)
	}
	for code, want := range map[string]bool{"INR": true, "USD": true, "KWD": true, "DEM": false, "XXX": false, "RUPEE": false, "": false} {
		if isCurrency(code) != want {
			t.Errorf("currency %q: %v", code, !want)
		}
	}
	for zone, want := range map[string]bool{"Asia/Kolkata": true, "America/Argentina/Buenos_Aires": true, "UTC": true, "Local": false, "": false, "../etc/passwd": false,
		"/etc/localtime": false, "right/Asia/Kolkata": false, "posix/Asia/Kolkata": false, "Mars/Olympus": false} {
		if (zoneOf(zone) != nil) != want {
			t.Errorf("zone %q: %v", zone, !want)
		}
	}
	for place, age := range map[string]int{"IN": 18, "EU": 16, "GB": 16, "US": 18, "CA": 16, Elsewhere: 18, "?": 18} {
		if got := (Clinic{Jurisdiction: place}).MinorAge(); got != age {
			t.Errorf("%s: minor until %d, want %d", place, got, age)
		}
	}
}

func TestGSTIN(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, "27AAPFU0939F1ZV": true, "gstin: 27aapfu0939f1zv": true, "PAN AAPFU0939F": true, "GSTIN pending": false,
		"27AAPFU0939F1ZW": false, "GSTIN 27AAPFU0939F1Z": false, "27AAPFU0939F1YV": false, "27AAPFU0939F1ZV\n29AAGCB7383J1Z4": true, "27AAPFU0939F1ZV\n29AAGCB7383J1Z5": false} {
		if got := gstinsRight(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	// Any single mistyped character is found.
	for i := range 15 {
		for _, r := range gstinDigits {
			b := []byte("27AAPFU0939F1ZV")
			if b[i] == byte(r) {
				continue
			}
			b[i] = byte(r)
			if IsGSTIN(string(b)) {
				t.Errorf("%s passes", b)
			}
		}
	}
}

func TestWhiteTextCanBeRead(t *testing.T) {
	t.Parallel()
	if c, _ := colour("#2f5d86"); c != "#2f5d86" {
		t.Errorf("a dark colour became %s", c)
	}
	if c, _ := colour("#FFFF00"); c == "#ffff00" {
		t.Error("white on yellow")
	}
	for _, bad := range []string{"red", "#fff", "#12345g", "2f5d86", "#2f5d8600", "#+12345"} {
		if _, ok := colour(bad); ok {
			t.Errorf("%q passes", bad)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringMatching(`#[0-9a-f]{6}`).Draw(t, "colour")
		c, ok := colour(raw)
		again, _ := colour(c)
		if !ok || again != c {
			t.Fatalf("%s became %s, then %s", raw, c, again)
		}
		var rgb [3]float64
		for i := range rgb {
			rgb[i] = float64(strings.Index("0123456789abcdef", c[1+2*i:2+2*i])*16 + strings.Index("0123456789abcdef", c[2+2*i:3+2*i]))
		}
		if whiteContrast(rgb) < readable {
			t.Fatalf("%s: contrast %.2f", c, whiteContrast(rgb))
		}
	})
}

func TestRulesAndModules(t *testing.T) {
	t.Parallel()
	var f fault.Fields
	checkRules(StandardRules(), &f)
	if f.Err() != nil {
		t.Fatal(f.Err())
	}
	checkRules(Rules{MinNotice: -time.Minute, Horizon: 401, Step: 7 * time.Minute}, &f)
	if got := keys(&f); len(got) != 3 {
		t.Fatalf("named %v", got)
	}
	var g fault.Fields
	if m := checkModules([]string{ModuleNotes}, &g); !slices.Equal(m, []string{ModuleScheduling, ModuleNotes}) {
		t.Errorf("modules %v", m)
	}
	if checkModules([]string{"records"}, &g); keys(&g)["modules"] == "" {
		t.Error("a module that does not exist is turned on")
	}
	if c := (Clinic{}); !c.Has(ModuleScheduling) || c.Has(ModuleNotes) {
		t.Error("scheduling is always on, notes are off by default")
	}
}

func pngOf(w, h int) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.NRGBA{uint8(x), uint8(y), 90, 255})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}

func TestALogoIsOnlyItsPicture(t *testing.T) {
	t.Parallel()
	var j bytes.Buffer
	_ = jpeg.Encode(&j, image.NewGray(image.Rect(0, 0, 700, 300)), nil)
	exif := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 14}, "GPS canary 12"[:12]...)
	withPlace := append(exif, j.Bytes()[2:]...)
	for name, c := range map[string]struct {
		data []byte
		key  string
		kind string
	}{
		"a PNG":                     {pngOf(40, 30), "", typePNG},
		"a wide PNG":                {pngOf(900, 100), "", typePNG},
		"a JPEG with a place":       {withPlace, "", typeJPEG},
		"a PNG with a script after": {append(pngOf(40, 30), "<script>canary</script>"...), "", typePNG},
		"an SVG":                    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>canary</script></svg>`), "field.logo.kind", ""},
		"a GIF":                     {[]byte("GIF89a canary"), "field.logo.kind", ""},
		"half a PNG":                {pngOf(40, 30)[:60], "field.logo.broken", ""},
		"too many bytes":            {make([]byte, MaxLogo+1), "field.logo.too_large", ""},
		"a picture bomb":            {bomb(), "field.logo.too_large", ""},
	} {
		out, kind, err := redraw(c.data)
		var x *fault.Fault
		if c.key != "" {
			if !errors.As(err, &x) || len(x.Fields) != 1 || x.Fields[0].Key != c.key {
				t.Errorf("%s: %v, want %s", name, err, c.key)
			}
			continue
		}
		if err != nil || kind != c.kind {
			t.Errorf("%s: %s, %v", name, kind, err)
			continue
		}
		size, _, err := image.DecodeConfig(bytes.NewReader(out))
		if err != nil || max(size.Width, size.Height) > logoSide || bytes.Contains(out, []byte("canary")) {
			t.Errorf("%s: %v, %v, or something of the file was kept", name, size, err)
		}
	}
}

// bomb is a small PNG file whose header promises 60,000 by 60,000 pixels.
func bomb() []byte {
	b := pngOf(1, 1)
	binary.BigEndian.PutUint32(b[16:], 60_000)
	binary.BigEndian.PutUint32(b[20:], 60_000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}
