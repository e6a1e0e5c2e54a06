package contact

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNameKeys(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"Ravi":     {"ra", "rav", "ravi"},
		"S. Émile": {"s", "em", "emi", "emil", "emile"},
		"राम":      {"राम"},
		"":         nil,
		"…":        nil,
	} {
		if got := NameKeys(name); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := NameKeys("Krishnamurthy"); !slices.Equal(got, []string{"kr", "kri", "kris", "krish", "krishn", "krishnamurthy"}) {
		t.Errorf("%q", got)
	}
	// प्रिया is प् रि या: the key of two graphemes is without the sign of the second.
	if got := NameKeys("प्रिया"); !slices.Equal(got, []string{"प्र", "प्रिय"}) {
		t.Errorf("%q", got)
	}
	if got := NameKeys(strings.Repeat("abcdefgh ijklmnop qrstuvwx yzabcdef bcdefghi cdefghij ", 50)); len(got) > maxKeys {
		t.Errorf("%d keys", len(got))
	}
}

// find says whether typing finds the name: by the key in the index, then by the test on the opened name.
func find(name, typed string) bool {
	key, rest := QueryKey(typed)
	return slices.Contains(NameKeys(name), key) && rest(name)
}

func TestFinding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		found, never []string
	}{
		{"Ravi Kumar", []string{"ra", "RAVI", "kum", "ravi ku", "ku ra", " Ravi  Kumar ", "r kumar"}, []string{"avi", "ravi s", "rk", "kumari", "k", ""}},
		{"José Ángel Núñez", []string{"jose", "angel", "nunez", "Núñez", "NU", "jos ang"}, []string{"jo x"}},
		{"Søren Łukasz Þór Straße", []string{"soren", "lukasz", "thor", "strasse", "straße", "STRASSE"}, nil},
		{"Brian O'Neill", []string{"oneill", "o'neill", "O’Neill", "neill", "o neill"}, []string{"eill"}},
		{"Maria D’Souza-Pinto", []string{"dsouza", "d'souza", "souza", "pinto", "souza-pinto"}, nil},
		{"Krishnamurthy Venkataraman", []string{"krishnamu", "krishnamurthy", "venkatar", "kr ve"}, []string{"krishnamurti", "krishnx"}},
		{"R. Srinivasan", []string{"r", "srini", "r srinivasan"}, []string{"s"}},
		{"İpek Işık", []string{"ipek", "isik", "ışık"}, nil},
		{"Ёлкина Мария Йорданова", []string{"елкина", "ёлк", "мар", "йордан"}, nil},
		{"Γιώργος Παπαδόπουλος", []string{"γιωργος", "ΓΙΩΡΓΟΣ", "παπαδοπ"}, nil},
		{"प्रिया शर्मा", []string{"प्र", "प्रि", "प्रिया", "शर्म", "शर्मा", "प्रिया श"}, []string{"पर", "शर्मी", "शि"}},
		{"ज़ैनब चाँदनी", []string{"जैनब", "ज़ैनब", "ज\u093cैन", "चांद", "चाँदनी"}, nil},
		{"क्षितिज", []string{"क्षि", "क्षिति", "क्\u200dषि"}, []string{"षि"}},
		{"முத்துலட்சுமி கொடி", []string{"முத்", "முத்து", "முத்துலட்", "கொடி", "கெ\u0bbeடி"}, []string{"மத்து"}},
		{"மீனாட்சி", []string{"மீன", "மீனா", "மீனாட்சி"}, []string{"மின"}},
		{"محمد عبد الله الأحمد", []string{"محمد", "مُحَمَّد", "محـــمد", "عبدالله", "عبد الله", "عبد ال", "الله", "الاحمد", "أحمد", "احمد", "محمد اح"}, []string{"حمد"}},
		{"هدى إبراهيم فاطمة", []string{"هدي", "هدى", "ابراهيم", "إبراهيم", "فاطمه", "فاطمة", "فاطم"}, nil},
		{"عبدالرحمن", []string{"عبد الرحمن", "عبدالرحمن", "الرحمن", "رحمن"}, nil},
		{"علی ہاشمی", []string{"علي", "علی", "هاشم"}, nil},
		{"דָּוִד כהן", []string{"דוד", "כה"}, nil},
		{"王小明", []string{"王小", "王小明"}, []string{"小明"}},
		{"김철수", []string{"김철", "김철수", "기"}, nil},
		{"ガブリエル", []string{"ガブ", "ｶﾞﾌﾞ"}, nil},
		{"สมชาย", []string{"สม", "สมชา"}, nil},
		{"Ｒａｖｉ ２", []string{"ravi", "2"}, nil},
	} {
		for _, typed := range c.found {
			if !find(c.name, typed) {
				key, rest := QueryKey(typed)
				t.Errorf("%q does not find %q (key %q of %q, rest %v)", typed, c.name, key, NameKeys(c.name), rest(c.name))
			}
		}
		for _, typed := range c.never {
			if find(c.name, typed) {
				t.Errorf("%q finds %q", typed, c.name)
			}
		}
	}
	if key, rest := QueryKey(" … "); key != "" || rest("Ravi") {
		t.Error("nothing typed finds somebody")
	}
}

func FuzzNameKeys(f *testing.F) {
	for _, s := range []string{"Ravi Kumar", "प्रिया शर्मा", "முத்துலட்சுமி", "محمد عبد الله الأحمد", "D'Souza", "ﷺ", "İ", "ǰ\u0301", "김철수", "ガブ", "À\u0327\u0301", "\u0301a", "a\u0345b", "A\u0300'\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		keys := NameKeys(name)
		if len(keys) > maxKeys {
			t.Fatalf("%d keys", len(keys))
		}
		seen := map[string]bool{}
		for _, k := range keys {
			if k == "" || seen[k] || !utf8.ValidString(k) {
				t.Fatalf("key %q of %q", k, keys)
			}
			seen[k] = true
		}
		if !utf8.ValidString(name) {
			return
		}
		for _, w := range tokens(name) {
			if again := tokens(w.word); len(again) != 1 || again[0].word != w.word {
				t.Fatalf("%q folded again is %v", w.word, again)
			}
		}
		words := joined(name)
		if len(words) > 10 {
			return // beyond the bounds not every word is kept
		}
		for _, w := range words {
			g := graphemes(w)
			if strings.Join(g, "") != w {
				t.Fatalf("%q is cut into %q", w, g)
			}
			for n := min(minPrefix, len(g)); n <= len(g); n++ {
				if typed := strings.Join(g[:n], ""); !find(name, typed) {
					t.Fatalf("%q does not find %q: %q", typed, name, keys)
				}
			}
		}
	})
}

func BenchmarkNameKeys(b *testing.B) {
	for b.Loop() {
		NameKeys("Lakshmi Venkataraman")
		NameKeys("प्रिया शर्मा")
	}
}

func BenchmarkRest(b *testing.B) {
	_, rest := QueryKey("ven la")
	for b.Loop() {
		rest("Lakshmi Venkataraman")
	}
}
