package accounts

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/words"
)

// The lives of sessions and links.
const (
	standardIdle = 15 * time.Minute
	mostIdle     = time.Hour
	absolute     = 12 * time.Hour
	seenEvery    = time.Minute
	linkLife     = 24 * time.Hour
	inviteLife   = 7 * 24 * time.Hour
)

// Options are what app hands in.
type Options struct {
	Clinics *clinics.Service // opens a person's own clinic
	Book    *words.Book      // the sentences of mails

	PublicURL string        // "https://almirah.example.org", the one beginning of links in mails: never what a request claims
	Product   string        // how the mails call the house; "Almirah" when empty
	Terms     string        // the version of the terms that new people accept
	Idle      time.Duration // a session without use ends after it: 15 minutes when zero, never more than an hour

	// Confidential asks everybody who works for a clinic, or for the platform, to sign the statement of confidentiality first.
	Confidential bool

	// Seed makes the secret of a code app of the person with this address, in place of chance; it is for the demo, whose sign-in page
	// shows the codes of its invented people. Nil, or no bytes for an address: chance.
	Seed func(email string) []byte

	// MailPlanned is called after a mail was committed for sending; it must not wait. It may be nil.
	MailPlanned func()
}

// Service are the verbs for the doors.
type Service struct {
	db      *store.DB
	log     *slog.Logger
	o       Options
	hashes  *hasher
	decoy   string
	heads   atomic.Pointer[[]Document] // the present texts without their words; nil before they are on record
	asked   atomic.Int64               // from when the present terms of use are asked for; zero: they are not
	blocked map[string]bool
	keys    *webauthn.WebAuthn // nil where passkeys have no name to be made for
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	if o.Idle <= 0 {
		o.Idle = standardIdle
	}
	o.Idle = min(o.Idle, mostIdle)
	if o.Product == "" {
		o.Product = "Almirah"
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	return &Service{db: db, log: log, o: o, hashes: newHasher(), decoy: decoy(), blocked: blocklist(), keys: passkeys(o.PublicURL, o.Product)}
}

// Terms is the version of the terms that new people accept.
func (s *Service) Terms() string { return s.o.Terms }

// planned wakes the courier.
func (s *Service) planned() {
	if s.o.MailPlanned != nil {
		s.o.MailPlanned()
	}
}

// linkGone is the answer to a link that was used, is too old, or never was.
func linkGone() error { return fault.New(fault.NotFound, "fault.link_gone") }

// signInToken is what a verified address is looked up by.
func signInToken(p *store.Platform, key string) ([]byte, error) {
	r, err := p.Ring()
	if err != nil {
		return nil, err
	}
	return r.Token(vault.IndexSignIn, key), nil
}

// documentTerms is the document that people accept at sign-up.
const documentTerms = "terms"

// owns says whether the caller may deal with the people of a clinic at all.
func owns(who access.Caller) error {
	if who.Clinic().IsZero() {
		return fault.Missing()
	}
	return nil
}
