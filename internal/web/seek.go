package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/fault"
)

// Whoever looks for a patient types a name, a number or an address. None of it stands in the address of a page, where the browser's history, a proxy or a shoulder would
// find it (promise searches-sealed): forms of search post to /app/seek, which leads on to the page with what was typed sealed for this sign-in alone; scripts post.

// sought is the part of an address that holds what was typed, sealed.
const sought = "s"

// typedNames are the fields of searches.
var typedNames = []string{"q", "find"}

const mostTyped = 200 // bytes of one field

func seekRoutes() []Route {
	return []Route{{Pattern: "POST /app/seek", Door: Staff, Right: access.ClinicRead, Handle: seek}}
}

// seek leads on to the page that was asked for.
func seek(s *Site, w http.ResponseWriter, v *Visit) error {
	to := v.PostForm.Get("to")
	if path.Clean(to) != to || !strings.HasPrefix(to, "/app/") || strings.ContainsAny(to, "?#\\%") {
		return fault.Missing()
	}
	typed, clear := url.Values{}, url.Values{}
	for name, list := range v.PostForm {
		switch {
		case name == "csrf" || name == "to" || name == sought || list[0] == "":
		case slices.Contains(typedNames, name):
			typed.Set(name, strings.ToValidUTF8(list[0][:min(len(list[0]), mostTyped)], ""))
		case len(list[0]) > mostTyped:
			return fault.Missing()
		default:
			clear.Set(name, list[0])
		}
	}
	if len(typed) > 0 {
		clear.Set(sought, v.seal(typed))
	}
	if len(clear) > 0 {
		to += "?" + clear.Encode()
	}
	http.Redirect(w, v.Request, to, http.StatusSeeOther)
	return nil
}

// typed is what was typed into a field of a search: out of the form that was posted, or out of the sealed part of the address. An address that another sign-in made, or
// that somebody typed by hand, holds nothing.
func (v *Visit) typed(name string) string {
	if v.PostForm != nil && v.PostForm.Has(name) {
		return strings.TrimSpace(v.PostForm.Get(name))
	}
	return strings.TrimSpace(v.open(v.URL.Query().Get(sought)).Get(name))
}

// searching is the key of a sign-in for what is typed in it.
func (v *Visit) searching() cipher.AEAD {
	key, err := hkdf.Key(sha256.New, v.csrf, nil, "what is looked for", 32)
	if err != nil {
		panic("web: " + err.Error()) // 32 bytes can always be made
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("web: " + err.Error())
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("web: " + err.Error())
	}
	return box
}

// seal makes of what was typed a part of an address that opens in this sign-in only.
func (v *Visit) seal(typed url.Values) string {
	text := []byte(typed.Encode())
	text = append(text, make([]byte, 32-len(text)%32)...) // its length tells little
	return base64.RawURLEncoding.EncodeToString(v.searching().Seal(nil, nil, text, nil))
}

func (v *Visit) open(sealed string) url.Values {
	if sealed == "" || v.csrf == nil {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return nil
	}
	text, err := v.searching().Open(nil, nil, b, nil)
	if err != nil {
		return nil
	}
	out, _ := url.ParseQuery(strings.TrimRight(string(text), "\x00"))
	return out
}
