package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/fault"
)

// The cookies of the house. Nothing else may be set by any answer (promise R6): the register
// on the policy page lists exactly these, and a test crawls for others.
const (
	SessionCookie    = "__Host-session" // who is signed in
	FormCookie       = "__Host-form"    // the secret of a visitor's form tokens
	DeviceCookie     = "__Host-device"  // a browser from which somebody signed in before
	PreferenceCookie = "__Host-pref"    // theme and language, only when chosen
)

// Cookie describes one cookie for the policy page.
type Cookie struct{ Name, Class, Life, Words string }

// Cookies is the register. Words is a catalogue key.
func Cookies() []Cookie {
	return []Cookie{
		{SessionCookie, "essential", "12h", "cookie.session"},
		{FormCookie, "essential", "session", "cookie.form"},
		{DeviceCookie, "essential", "180d", "cookie.device"},
		{PreferenceCookie, "preference", "1y", "cookie.preference"},
	}
}

// Longest is how long the cookie may stay in a browser after it was set; 0 for one that goes when the browser is closed.
func (c Cookie) Longest() time.Duration {
	return map[string]time.Duration{"12h": 12 * time.Hour, "180d": 180 * 24 * time.Hour, "1y": 365 * 24 * time.Hour}[c.Life]
}

// Proper says what is wrong with a cookie that an answer sets: it is not registered, travels further or lives longer than the policy page says, or can be read
// by scripts. Empty when nothing is.
func Proper(c *http.Cookie) string {
	i := slices.IndexFunc(Cookies(), func(x Cookie) bool { return x.Name == c.Name })
	if i < 0 {
		return "it is not registered"
	}
	longest := Cookies()[i].Longest()
	lives := time.Duration(c.MaxAge) * time.Second
	switch {
	case !strings.HasPrefix(c.Name, "__Host-") || c.Domain != "" || c.Path != "/":
		return "it does not stay with this one host"
	case !c.Secure:
		return "it travels in the clear"
	case !c.HttpOnly:
		return "scripts can read it"
	case c.SameSite != http.SameSiteLaxMode:
		return "it comes along from other websites"
	case c.MaxAge < 0: // it is taken away
		return ""
	case lives > longest:
		return "it lives longer than is said"
	case longest > 0 && c.MaxAge == 0, longest == 0 && !c.Expires.IsZero():
		return "its life is not what is said"
	}
	return ""
}

// LogStorage is the one thing that our scripts keep in a browser's own storage: the newest checkpoint of the audit log, in the browsers of
// owners and managers (see assets/ts/ledger.ts). It is declared beside the cookies, and a test looks for others.
const LogStorage = "almirah-log"

// Storage is the register of what stays in a browser without being a cookie: it is never sent.
func Storage() []Cookie { return []Cookie{{LogStorage, "essential", "kept", "cookie.log"}} }

// formSecret gives a visitor who is not signed in a secret of her own for her forms (double
// submission: the form carries a token that only who holds the cookie can make).
func (v *Visit) formSecret(w http.ResponseWriter) {
	if v.csrf != nil {
		return
	}
	if c, err := v.Cookie(FormCookie); err == nil && len(c.Value) == 43 {
		v.csrf = []byte(c.Value)
		return
	}
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand never returns an error
	secret := base64.RawURLEncoding.EncodeToString(b[:])
	v.csrf = []byte(secret)
	if v.Method == http.MethodGet {
		http.SetCookie(w, &http.Cookie{Name: FormCookie, Value: secret, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
}

// token makes a form token: a random mask and the secret's MAC over it, so that no two pages
// carry the same bytes (pages are compressed, and a repeated secret could be guessed).
func (v *Visit) token() string {
	if v.csrf == nil {
		return ""
	}
	return FormToken(v.csrf)
}

// FormToken is a form token of whoever has the secret.
func FormToken(secret []byte) string {
	var mask [16]byte
	_, _ = rand.Read(mask[:])
	return base64.RawURLEncoding.EncodeToString(append(mask[:], mac(secret, mask[:])...))
}

func mac(secret, mask []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write(mask)
	return m.Sum(nil)
}

// checkToken refuses a form without the visitor's own token. What was typed is kept by going
// back in the browser: the sentence says so.
func (v *Visit) checkToken() error {
	given := v.Header.Get("X-CSRF")
	if given == "" {
		// An oversized form is told to be one: it was not the token that was wrong.
		if err := v.multipart(); err != nil {
			return err
		}
		given = v.PostFormValue("csrf")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(given)
	if err != nil || len(b) != 48 || v.csrf == nil || !hmac.Equal(b[16:], mac(v.csrf, b[:16])) {
		if v.Method != http.MethodGet && len(v.Cookies()) == 0 {
			return fault.New(fault.Forbidden, "fault.cookies_blocked") // whoever loaded the form has at least the cookie that came with it
		}
		return fault.New(fault.Forbidden, "fault.form_expired")
	}
	return nil
}

// fingerprint changes when what it stands for changes.
func fingerprint(s string, n int64) string {
	h := sha256.Sum256([]byte(s + "\x00" + strconv.FormatInt(n, 10)))
	return hex.EncodeToString(h[:6])
}
