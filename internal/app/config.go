package app

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/carriers/email"
	"almirah/internal/store"
)

// Config is everything that a deployment can be told. Every value comes from the environment;
// the zero Config is no deployment: FromEnv fills the defaults.
type Config struct {
	Addr        string // ALMIRAH_ADDR: host:port to listen on
	Data        string // ALMIRAH_DATA: folder of the data file
	DatabaseURL string // ALMIRAH_DATABASE_URL: sqlite:///path or postgres://
	Keys        string // ALMIRAH_KEYS: the root key file, outside the data and its backups
	KeystoreURL string // ALMIRAH_KEYSTORE_URL: where wrapped keys live; beside the root key, or a database of its own
	KeyJournal  string // ALMIRAH_KEY_JOURNAL: file with the list of destroyed keys; beside the key store on SQLite
	PublicURL   string // ALMIRAH_PUBLIC_URL: how the world reaches this deployment, without a slash at the end
	PublicLimit int    // ALMIRAH_PUBLIC_LIMIT: public bookings a minute from one address; 0 is no limit
	Proxies     []netip.Prefix
	TLSCert     string // ALMIRAH_TLS_CERT, ALMIRAH_TLS_KEY: serve TLS (1.2 at least) ourselves
	TLSKey      string
	Certifying                 // ALMIRAH_TLS, ALMIRAH_NAMES, ALMIRAH_HTTP_ADDR
	Mail        email.Settings // ALMIRAH_SMTP_*, ALMIRAH_DKIM_*
	MailRegion  string         // ALMIRAH_SMTP_REGION: where the mail provider keeps what it is given
	MailName    string         // ALMIRAH_SMTP_PROVIDER: the provider's name for the sub-processor list
	Owning                     // ALMIRAH_DOMAINS, ALMIRAH_ADDRESSES, ALMIRAH_DNS
	Outside
	Servers        // ALMIRAH_DATABASE_OWNER_URL and its sisters, ALMIRAH_DRAIN
	Plans    Plans // ALMIRAH_PLANS_*: what clinics pay for the deployment; nothing when empty
	Saves    Saves // ALMIRAH_BACKUP_*
	Requests RequestLog
	Keeping  // ALMIRAH_VAULT_*, ALMIRAH_KMS_*
	Walking  Walking
	Entity   Entity
	Demo     bool
	// Invented lists companies that do not exist, with invented contracts: in a demo that people look at.
	Invented bool
	// WatchToken opens /metrics and /operate from elsewhere; without it they answer this machine alone.
	WatchToken string        // ALMIRAH_WATCH_TOKEN
	Idle       time.Duration // ALMIRAH_IDLE: a staff session ends after this long without a request
}

// Entity is who runs the deployment, for the policy pages (promise R8).
type Entity struct {
	Name    string // ALMIRAH_LEGAL_ENTITY
	Address string // ALMIRAH_LEGAL_ADDRESS
	Contact string // ALMIRAH_PRIVACY_CONTACT: e-mail address for privacy questions

	Security string // ALMIRAH_SECURITY_CONTACT: mailto: or https: address to which weaknesses are reported; that for privacy when empty
}

// FromEnv reads the environment through get. Its error names every wrong setting and what to
// write instead; it never repeats a value, because the value may be a secret.
func FromEnv(get func(string) string) (Config, error) {
	var bad []error
	wrong := func(name, say string) { bad = append(bad, fmt.Errorf("%s: %s", name, say)) }
	or := func(name, otherwise string) string {
		if v := strings.TrimSpace(get(name)); v != "" {
			return v
		}
		return otherwise
	}
	c := Config{
		Addr:       or("ALMIRAH_ADDR", "127.0.0.1:8080"),
		Data:       or("ALMIRAH_DATA", "./data"),
		Keys:       or("ALMIRAH_KEYS", "./keys/root.key"),
		KeyJournal: or("ALMIRAH_KEY_JOURNAL", ""),
		TLSCert:    get("ALMIRAH_TLS_CERT"),
		TLSKey:     get("ALMIRAH_TLS_KEY"),
		WatchToken: strings.TrimSpace(get("ALMIRAH_WATCH_TOKEN")),
		MailName:   or("ALMIRAH_SMTP_PROVIDER", ""),
		MailRegion: or("ALMIRAH_SMTP_REGION", ""),
		Entity:     Entity{Name: or("ALMIRAH_LEGAL_ENTITY", ""), Address: or("ALMIRAH_LEGAL_ADDRESS", ""), Contact: or("ALMIRAH_PRIVACY_CONTACT", ""), Security: or("ALMIRAH_SECURITY_CONTACT", "")},
	}
	c.DatabaseURL = or("ALMIRAH_DATABASE_URL", store.Address(c.Data))
	if u, err := url.Parse(c.DatabaseURL); err != nil || u.Scheme != "sqlite" && u.Scheme != "postgres" && u.Scheme != "postgresql" {
		wrong("ALMIRAH_DATABASE_URL", "write sqlite:///path/to/almirah.db or postgres://user:password@host/name")
	}
	c.KeystoreURL = or("ALMIRAH_KEYSTORE_URL", "")
	if c.KeystoreURL == "" {
		c.KeystoreURL = keystoreFor(c.DatabaseURL, c.Keys)
	}
	c.servers(or, wrong)
	c.PublicURL = strings.TrimSuffix(or("ALMIRAH_PUBLIC_URL", ""), "/")
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Addr
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" {
		wrong("ALMIRAH_PUBLIC_URL", "write https:// and the name of this deployment, such as https://clinic.example.org")
	}
	limit, err := strconv.Atoi(or("ALMIRAH_PUBLIC_LIMIT", "20"))
	if err != nil || limit < 0 {
		wrong("ALMIRAH_PUBLIC_LIMIT", "write a number of bookings a minute; 0 is no limit")
	}
	c.PublicLimit = limit
	for _, p := range strings.Split(or("ALMIRAH_PROXIES", ""), ",") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			wrong("ALMIRAH_PROXIES", "write networks of your own proxies, such as 10.0.0.0/8, divided by commas")
			continue
		}
		c.Proxies = append(c.Proxies, prefix)
	}
	if n := len(c.WatchToken); n > 0 && n < 32 {
		wrong("ALMIRAH_WATCH_TOKEN", "write at least 32 characters that nobody can guess, such as the output of: openssl rand -hex 32")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		wrong("ALMIRAH_TLS_CERT", "give both the certificate and the key file, or neither")
	}
	if c.Idle, err = time.ParseDuration(or("ALMIRAH_IDLE", "15m")); err != nil || c.Idle < time.Minute || c.Idle > time.Hour {
		wrong("ALMIRAH_IDLE", "write a span from 1m to 1h")
	}
	if s := c.Entity.Security; s != "" && !strings.HasPrefix(s, "mailto:") && !strings.HasPrefix(s, "https://") || strings.ContainsAny(s, "\r\n ") {
		wrong("ALMIRAH_SECURITY_CONTACT", "write mailto: and an e-mail address, or the https:// address of a page")
	}
	c.certifying(or, wrong)
	c.owning(or, wrong)
	c.mail(get, or, wrong)
	c.outside(or, wrong)
	c.plans(get, or, wrong)
	c.saves(get, or, wrong)
	c.requestLog(or, wrong)
	c.keeping(get, or, wrong)
	c.walking(or, wrong)
	return c, errors.Join(bad...)
}

func (c *Config) mail(get func(string) string, or func(string, string) string, wrong func(string, string)) {
	host := or("ALMIRAH_SMTP_HOST", "")
	if host == "" {
		return
	}
	port, err := strconv.Atoi(or("ALMIRAH_SMTP_PORT", "587"))
	if err != nil {
		wrong("ALMIRAH_SMTP_PORT", "write a port number, such as 587")
	}
	tls := "starttls"
	if port == 465 {
		tls = "implicit"
	}
	c.Mail = email.Settings{Host: host, Port: port, TLS: or("ALMIRAH_SMTP_TLS", tls), User: get("ALMIRAH_SMTP_USER"), Password: get("ALMIRAH_SMTP_PASSWORD"),
		From: or("ALMIRAH_SMTP_FROM", ""), FromName: or("ALMIRAH_SMTP_FROM_NAME", "Almirah"), CAFile: get("ALMIRAH_SMTP_CA")}
	signing := email.DKIM{Domain: or("ALMIRAH_DKIM_DOMAIN", ""), Selector: or("ALMIRAH_DKIM_SELECTOR", ""), KeyFile: or("ALMIRAH_DKIM_KEY", "")}
	if err := signing.Validate(); err != nil {
		wrong("ALMIRAH_DKIM_*", "write all three: the domain that signs, the selector of its record, and a file with its private key in PEM (RSA of 2048 bits or more, or Ed25519); or none of them")
	} else {
		c.Mail.DKIM = signing
	}
	if err := c.Mail.Validate(); err != nil {
		wrong("ALMIRAH_SMTP_*", err.Error())
	}
}

// keystoreFor places the key store apart from the data: beside the root key, or, with
// PostgreSQL (where several processes need it), in a database of its own.
func keystoreFor(database, keys string) string {
	if u, err := url.Parse(database); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		u.Path += "_keys"
		return u.String()
	}
	abs, err := filepath.Abs(filepath.Dir(keys))
	if err != nil {
		abs = filepath.Dir(keys)
	}
	return "sqlite://" + abs + "/keystore.db"
}

// Masked lists the settings for people: passwords and addresses of databases are cut to what identifies them.
func (c Config) Masked() []string {
	mask := func(raw string) string {
		u, err := url.Parse(raw)
		if err != nil {
			return "(unreadable)"
		}
		return u.Redacted()
	}
	mail := "(none: messages cannot leave)"
	if c.Mail.Host != "" {
		mail = c.Mail.String()
	}
	return append([]string{
		"ALMIRAH_ADDR=" + c.Addr,
		"ALMIRAH_DATA=" + c.Data,
		"ALMIRAH_DATABASE_URL=" + mask(c.DatabaseURL),
		"ALMIRAH_KEYS=" + c.Keys,
		"ALMIRAH_KEYSTORE_URL=" + mask(c.KeystoreURL),
		"ALMIRAH_PUBLIC_URL=" + c.PublicURL,
		"ALMIRAH_PUBLIC_LIMIT=" + strconv.Itoa(c.PublicLimit),
		"ALMIRAH_PROXIES=" + fmt.Sprint(c.Proxies),
		"ALMIRAH_TLS_CERT=" + c.TLSCert,
		"ALMIRAH_TLS=" + c.Certifying.String(),
		"ALMIRAH_NAMES=" + strings.Join(c.Names, ","),
		"ALMIRAH_DOMAINS=" + strconv.FormatBool(c.Owning.Offered),
		"ALMIRAH_ADDRESSES=" + fmt.Sprint(c.Owning.Addresses),
		"ALMIRAH_DNS=" + c.NameSrv,
		"ALMIRAH_IDLE=" + c.Idle.String(),
		"ALMIRAH_WATCH_TOKEN=" + hidden(c.WatchToken),
		"ALMIRAH_REQUEST_LOG=" + c.Requests.Folder,
		"ALMIRAH_REQUEST_LOG_RECIPIENT=" + strings.Join(c.Requests.Recipients, ","),
		"ALMIRAH_REQUEST_LOG_VISITOR=" + strconv.FormatBool(c.Requests.Visitor),
		"ALMIRAH_SMTP=" + mail,
		"ALMIRAH_LEGAL_ENTITY=" + c.Entity.Name,
		"ALMIRAH_PRIVACY_CONTACT=" + c.Entity.Contact,
	}, slices.Concat(c.Servers.masked(mask), c.Outside.masked(), c.Plans.masked(), c.Saves.masked(), c.Keeping.masked(), c.Walking.masked())...)
}

// hidden says whether a secret is set.
func hidden(secret string) string {
	if secret == "" {
		return ""
	}
	return "(set)"
}
