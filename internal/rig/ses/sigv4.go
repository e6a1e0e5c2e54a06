package ses

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/(\d{8})/([a-z0-9-]+)/([a-z]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`)

// signed says what is wrong with the signature of a request (Signature Version 4), in the words
// that AWS has for it; empty when nothing is.
func (s *Server) signed(r *http.Request, body []byte) string {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return "MissingAuthenticationTokenException"
	}
	key, day, region, service, names, signature := m[1], m[2], m[3], m[4], strings.Split(m[5], ";"), m[6]
	if key != s.options.AccessKeyID {
		return "UnrecognizedClientException"
	}
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	age := time.Since(at)
	if err != nil || !strings.HasPrefix(stamp, day) || region != s.options.Region || service != "ses" || age > 5*time.Minute || age < -5*time.Minute {
		return "InvalidSignatureException"
	}
	if !slices.IsSorted(names) || !slices.Contains(names, "host") || !slices.Contains(names, "x-amz-date") {
		return "IncompleteSignatureException"
	}
	var canonical strings.Builder
	for _, n := range names {
		v := strings.Join(r.Header.Values(n), ",")
		switch n {
		case "host":
			v = r.Host
		case "content-length":
			v = r.Header.Get("Content-Length")
			if v == "" {
				v = itoa(len(body))
			}
		}
		canonical.WriteString(n + ":" + strings.Join(strings.Fields(v), " ") + "\n")
	}
	sum := sha256.Sum256(body)
	request := strings.Join([]string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, canonical.String(), strings.Join(names, ";"), hex.EncodeToString(sum[:])}, "\n")
	hashed := sha256.Sum256([]byte(request))
	scope := strings.Join([]string{day, region, service, "aws4_request"}, "/")
	mac := []byte("AWS4" + s.options.SecretAccessKey)
	for _, part := range []string{day, region, service, "aws4_request", strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hex.EncodeToString(hashed[:])}, "\n")} {
		h := hmac.New(sha256.New, mac)
		h.Write([]byte(part))
		mac = h.Sum(nil)
	}
	if hex.EncodeToString(mac) != signature {
		return "InvalidSignatureException"
	}
	return ""
}
