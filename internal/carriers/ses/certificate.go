package ses

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/messaging"
)

const (
	sealsKept     = 32 // certificates kept; SNS has one or two a region
	sealsAMinute  = 20 // most fetches a minute, so that forged bodies cannot make us a nuisance
	sealLife      = 24 * time.Hour
	sealRetry     = 15 * time.Second
	sealBytes     = 64 << 10
	fetchPatience = 10 * time.Second
)

// certificates are SNS's signing certificates, fetched once and kept by their address.
type certificates struct {
	client Client
	clock  clock.Clock
	roots  *x509.CertPool

	mu      sync.Mutex
	kept    map[string]seal
	minute  time.Time
	fetched int
}

// seal is a certificate, or why there is none.
type seal struct {
	certificate *x509.Certificate
	bad         error
	until       time.Time
}

func newCertificates(client Client, clk clock.Clock, roots *x509.CertPool) *certificates {
	return &certificates{client: client, clock: clk, roots: roots, kept: map[string]seal{}}
}

// key is the key at the address: messaging.ErrForged when what lies there is no certificate of
// SNS, messaging.ErrNotNow when it cannot be had.
func (c *certificates) key(ctx context.Context, url string) (*rsa.PublicKey, error) {
	now := c.clock.Now()
	s, ok, err := c.known(url, now)
	if err != nil {
		return nil, err
	}
	if !ok {
		s.certificate, s.bad = c.fetch(ctx, url)
		s.until = now.Add(sealLife)
		if s.bad != nil {
			s.until = now.Add(sealRetry)
		}
		c.keep(url, s, now)
	}
	if s.bad != nil {
		return nil, s.bad
	}
	if now.Before(s.certificate.NotBefore) || now.After(s.certificate.NotAfter) {
		return nil, messaging.ErrForged
	}
	return s.certificate.PublicKey.(*rsa.PublicKey), nil // fetch lets no other kind through
}

func (c *certificates) known(url string, now time.Time) (seal, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.kept[url]; ok && now.Before(s.until) {
		return s, true, nil
	}
	if age := now.Sub(c.minute); age < 0 || age >= time.Minute {
		c.minute, c.fetched = now, 0
	}
	if c.fetched >= sealsAMinute {
		return seal{}, false, messaging.ErrNotNow
	}
	c.fetched++
	return seal{}, false, nil
}

func (c *certificates) keep(url string, s seal, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= sealsKept {
		for u, old := range c.kept { // first what is over or bad, so that rubbish cannot push out what is good
			if old.bad != nil || !now.Before(old.until) {
				delete(c.kept, u)
			}
		}
	}
	if len(c.kept) < sealsKept {
		c.kept[url] = s
	}
}

func (c *certificates) fetch(ctx context.Context, url string) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, messaging.ErrForged
	}
	res, err := c.client.Do(r)
	if err != nil {
		return nil, messaging.ErrNotNow
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, sealBytes+1))
	switch {
	case err != nil, res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests:
		return nil, messaging.ErrNotNow
	case res.StatusCode != http.StatusOK, len(body) > sealBytes:
		return nil, messaging.ErrForged
	}
	return c.read(body, res.TLS)
}

// sealName is what SNS calls itself in its certificates: sns.amazonaws.com, and in younger
// regions sns-signing.<region>.amazonaws.com or names with the region in them.
var sealName = regexp.MustCompile(`^sns(-[a-z0-9-]+)?(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$`)

// read takes the certificate out of the file and checks who stands behind it.
//
// What lies at SNS's address is as a rule the certificate alone, without its issuer's, so that
// its chain cannot be built from it (the reason why Amazon's own programs do not try). The
// chain is therefore built from whatever else the file holds and from what the host showed when
// the connection was made. If the issuer is in neither, the connection vouches for it: it was
// verified, to the roots, for exactly the host at which SNS keeps its certificates. An expired
// one, one of another name, one that signed itself, and one whose file brings a chain that ends
// nowhere are refused in any case.
func (c *certificates) read(file []byte, connection *tls.ConnectionState) (*x509.Certificate, error) {
	if connection == nil || len(connection.VerifiedChains) == 0 {
		return nil, messaging.ErrForged
	}
	var own *x509.Certificate
	chain, brought := x509.NewCertPool(), 0
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		x, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, messaging.ErrForged
		}
		if own == nil {
			own = x
			continue
		}
		chain.AddCert(x)
		if brought++; brought > 5 {
			return nil, messaging.ErrForged
		}
	}
	if own == nil {
		return nil, messaging.ErrForged
	}
	names := own.DNSNames
	if len(names) == 0 {
		names = []string{own.Subject.CommonName}
	}
	named := false
	for _, n := range names {
		named = named || sealName.MatchString(n)
	}
	key, isRSA := own.PublicKey.(*rsa.PublicKey)
	if !named || !isRSA || key.N.BitLen() < 2048 || own.IsCA || own.CheckSignatureFrom(own) == nil || string(own.RawIssuer) == string(own.RawSubject) {
		return nil, messaging.ErrForged
	}
	known := brought > 0
	for _, x := range connection.VerifiedChains[0][1:] {
		chain.AddCert(x)
		known = known || string(x.RawSubject) == string(own.RawIssuer)
	}
	_, err := own.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: chain, CurrentTime: c.clock.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var unknown x509.UnknownAuthorityError
	if err != nil && (known || !errors.As(err, &unknown)) {
		return nil, messaging.ErrForged
	}
	return own, nil
}
