package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"almirah/internal/fault"
	"almirah/internal/messaging/letter"
)

// How the connection is encrypted.
const (
	ImplicitTLS = "implicit" // from the first byte, port 465
	StartTLS    = "starttls" // after a greeting, port 587; a server that does not offer it is refused
	NoTLS       = "none"     // this machine alone
)

// Settings are the mail server and the sender. The zero values of TLS, Port, HelloName and
// Timeout have defaults: starttls; 465, 587 or 25; the domain of From; 30 seconds a step.
type Settings struct {
	Host      string
	Port      int
	TLS       string
	User      string // empty: no sign-in
	Password  string `json:"-"`
	From      string // the deployment's own sender address
	FromName  string
	CAFile    string // PEM; when set, only the authorities in it are trusted
	HelloName string
	DKIM      DKIM          // how letters are signed; zero: not here
	Timeout   time.Duration // for each step; the answer to a whole message may take four times as long
}

func (s Settings) filled() Settings {
	if s.TLS == "" {
		s.TLS = StartTLS
	}
	if s.Port == 0 {
		switch s.TLS {
		case ImplicitTLS:
			s.Port = 465
		case NoTLS:
			s.Port = 25
		default:
			s.Port = 587
		}
	}
	if s.HelloName == "" {
		if from, err := letter.ReadAddress(s.From); err == nil {
			s.HelloName = from.Domain
		}
	}
	if s.Timeout == 0 {
		s.Timeout = 30 * time.Second
	}
	return s
}

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid. It
// reads the CA file, and connects to nothing.
func (s Settings) Validate() error {
	var wrong fault.Fields
	f := s.filled()
	switch {
	case f.Host == "":
		wrong.Add("host", "field.mail.host.required")
	case !letter.HostName(f.Host):
		wrong.Add("host", "field.mail.host.invalid")
	}
	if f.Port < 1 || f.Port > 65535 {
		wrong.Add("port", "field.mail.port.invalid")
	}
	switch f.TLS {
	case ImplicitTLS, StartTLS:
	case NoTLS:
		if !thisMachine(f.Host) {
			wrong.Add("tls", "field.mail.tls.needed")
		}
	default:
		wrong.Add("tls", "field.mail.tls.invalid")
	}
	if (f.User == "") != (f.Password == "") {
		wrong.Add("password", "field.mail.password.pair")
	}
	if strings.ContainsAny(f.User+f.Password, "\x00\r\n") {
		wrong.Add("password", "field.mail.password.invalid")
	}
	if from, err := letter.ReadAddress(f.From); f.From == "" {
		wrong.Add("from", "field.mail.from.required")
	} else if err != nil || from.UTF8 {
		wrong.Add("from", "field.mail.from.invalid")
	}
	if f.HelloName != "" && !letter.HostName(f.HelloName) {
		wrong.Add("hello_name", "field.mail.hello_name.invalid")
	}
	if f.Timeout < 0 || f.Timeout > 10*time.Minute {
		wrong.Add("timeout", "field.mail.timeout.invalid")
	}
	if _, err := authorities(f.CAFile); err != nil {
		wrong.Add("ca_file", "field.mail.ca_file.invalid")
	}
	var signing *fault.Fault
	if errors.As(f.DKIM.Validate(), &signing) {
		for _, x := range signing.Fields {
			wrong.Add(x.Name, x.Key)
		}
	}
	return wrong.Err()
}

// Address is host:port, as egress lists it.
func (s Settings) Address() string {
	f := s.filled()
	return net.JoinHostPort(f.Host, strconv.Itoa(f.Port))
}

// String shows the settings without the password and with the user masked.
func (s Settings) String() string {
	f := s.filled()
	return fmt.Sprintf("smtp %s tls=%s user=%s password=%s from=%s ca=%s dkim=%s", f.Address(), f.TLS, masked(f.User), hidden(f.Password), f.From, set(f.CAFile), f.DKIM)
}

// GoString keeps %#v from showing the password.
func (s Settings) GoString() string { return s.String() }

// LogValue keeps a log from showing the password.
func (s Settings) LogValue() slog.Value { return slog.StringValue(s.String()) }

func masked(user string) string {
	if user == "" {
		return "(none)"
	}
	return string([]rune(user)[:1]) + "***"
}

func hidden(s string) string {
	if s == "" {
		return "(none)"
	}
	return "***"
}

func set(s string) string {
	if s == "" {
		return "system"
	}
	return "own"
}

// authorities reads a PEM file; "" is nil, which means those of the machine.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, errors.New("email: the CA file cannot be read")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("email: the CA file holds no certificate")
	}
	return pool, nil
}

func (s Settings) tlsConfig(roots *x509.CertPool) *tls.Config {
	return &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12, RootCAs: roots}
}

// thisMachine says whether the host is the machine itself.
func thisMachine(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}
