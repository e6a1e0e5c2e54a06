package ses

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// Seal is a file with a certificate that SNS could name as its own; the key is always the same.
type Seal string

// The seals.
const (
	Good       Seal = "SimpleNotificationService-0000000000000000000000000000good.pem" // as SNS has it: the certificate alone
	Whole      Seal = "SimpleNotificationService-000000000000000000000000000whole.pem" // with its issuer's
	Expired    Seal = "SimpleNotificationService-0000000000000000000000000expired.pem"
	WrongName  Seal = "SimpleNotificationService-000000000000000000000000otherone.pem"
	SelfSigned Seal = "SimpleNotificationService-0000000000000000000000selfsigned.pem"
	Orphan     Seal = "SimpleNotificationService-00000000000000000000000000orphan.pem" // with an issuer that nobody knows
	Impostor   Seal = "SimpleNotificationService-000000000000000000000000impostor.pem" // names the host's own issuer, which did not sign it
	Weak       Seal = "SimpleNotificationService-0000000000000000000000000000weak.pem" // RSA of 1024 bits, of another key
	Curve      Seal = "SimpleNotificationService-000000000000000000000000000curve.pem" // no RSA key
	Rubbish    Seal = "SimpleNotificationService-0000000000000000000000000rubbish.pem"
	Missing    Seal = "SimpleNotificationService-0000000000000000000000000missing.pem" // 404
	Away       Seal = "SimpleNotificationService-0000000000000000000000000000away.pem" // 503
)

// authority is everything that is signed with.
type authority struct {
	roots  *x509.CertPool
	root   []byte // PEM
	server tls.Certificate
	key    *rsa.PrivateKey // of SNS
	files  map[Seal][]byte
}

type issuer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

var (
	since = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // wide, so that a test's clock may stand where it wants
	until = time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)
)

// issue signs a certificate; by nil it signs itself.
func issue(plan *x509.Certificate, key crypto.Signer, by *issuer) (*issuer, error) {
	if plan.NotAfter.IsZero() {
		plan.NotAfter = until
	}
	plan.NotBefore, plan.SerialNumber = since, big.NewInt(time.Now().UnixNano())
	parent, signer := plan, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, plan, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	return &issuer{c, key}, err
}

func company(name string, by *issuer) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return issue(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, key, by)
}

func file(list ...*issuer) []byte {
	var out []byte
	for _, x := range list {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: x.certificate.Raw})...)
	}
	return out
}

// found makes an authority with two companies below it, a certificate for the server and one for SNS.
func found(region string) (*authority, error) {
	var errs []error
	must := func(x *issuer, err error) *issuer {
		if err != nil {
			errs = append(errs, err)
			return &issuer{certificate: &x509.Certificate{}}
		}
		return x
	}
	root := must(company("Test root", nil))
	web := must(company("Test web company", root))
	signing := must(company("Test signing company", root))
	strangerRoot := must(company("Strange root", nil))
	stranger := must(company("Strange company", strangerRoot))
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return nil, errs[0]
	}
	server := must(issue(&x509.Certificate{Subject: pkix.Name{CommonName: "Test Amazon"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost", "email." + region + ".amazonaws.com", "sns." + region + ".amazonaws.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, serverKey, web))
	sns := func(name string, by *issuer, key crypto.Signer, over bool) *issuer {
		plan := &x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		if over {
			plan.NotAfter = since.Add(24 * time.Hour)
		}
		return must(issue(plan, key, by))
	}
	impostor := &issuer{certificate: &x509.Certificate{Subject: web.certificate.Subject, RawSubject: web.certificate.RawSubject, IsCA: true, BasicConstraintsValid: true}, key: stranger.key}
	const name = "sns.amazonaws.com"
	a := &authority{roots: x509.NewCertPool(), root: file(root), key: key, files: map[Seal][]byte{
		Good: file(sns(name, signing, key, false)), Whole: file(sns(name, signing, key, false), signing), Expired: file(sns(name, signing, key, true)),
		WrongName: file(sns("sns.amazonaws.com.evil.test", signing, key, false)), SelfSigned: file(sns(name, nil, key, false)), Orphan: file(sns(name, stranger, key, false), stranger),
		Impostor: file(sns(name, impostor, key, false)), Weak: file(sns(name, signing, weak, false)), Curve: file(sns(name, signing, serverKey, false)), Rubbish: []byte("<html>"),
	}}
	a.roots.AddCert(root.certificate)
	a.server = tls.Certificate{Certificate: [][]byte{server.certificate.Raw, web.certificate.Raw}, PrivateKey: serverKey}
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return a, nil
}
