package words

import "testing"

// FuzzMatch asks for languages as no browser does: there is always one that the house speaks.
func FuzzMatch(f *testing.F) {
	book, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"en", "ta-IN,ta;q=0.9,en;q=0.8", "x-klingon", "*", "en;q=nan", "und-u-rg-inzzzz", "a-b-c-d-e-f-g-h", ",,,;;;==="} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, cookie, asked string) {
		if cookie == pseudo {
			return
		}
		if got := book.Match(cookie, "", "", asked); got == nil || !book.Speaks(got.Lang()) {
			t.Errorf("%q and %q: %v", cookie, asked, got)
		}
	})
}
