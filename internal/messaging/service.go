package messaging

import (
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Options are what a Service is told.
type Options struct {
	Book     *words.Book
	Carriers []Carrier                // the deployment's own, one a channel; a channel without one, and without an account of the clinic's, drops its messages visibly
	Accounts []Provider               // whose accounts a clinic can connect, in the order of the page
	Loop     []Carrier                // what carries the messages of the canary clinic, and nobody else's; each of them Stays
	Loops    []Provider               // whose accounts the canary clinic can have, and nobody else; each of them Stays
	Public   string                   // ALMIRAH_PUBLIC_URL, in which patients' links begin
	Sender   string                   // the deployment's own sender address: organizer of a clinic that has no address
	Quiet    *Quiet                   // nil for Night
	Measure  func(text string) Length // what a text costs as an SMS; nil: nobody is told
	Outside  Outside                  // zero: whatever is offered may be used
	// Recipient is the outside party behind a carrier, by the carrier's name, as the terms call it; empty: nobody outside. nil: none of the carriers
	// leads outside.
	Recipient func(carrier string) string
}

// Length is what a text costs as an SMS.
type Length struct {
	Parts    int    // each of them is charged
	Encoding string // as the network calls it: "GSM-7", "UCS-2"
	Left     int    // characters that still fit into the last part
}

// Service is this room's verbs for doors and jobs. One process has one; its id is the sender in the outbox.
type Service struct {
	db        *store.DB
	log       *slog.Logger
	book      *words.Book
	carriers  map[Channel]Carrier
	providers map[string]Provider
	offered   []string
	loop      map[Channel]Carrier
	loops     map[string]Provider
	recipient func(carrier string) string
	public    string // without a slash at the end
	host      string
	sender    string
	quiet     Quiet
	measure   func(text string) Length
	process   id.ID
	easel     chan struct{} // one picture is opened at a time
	companies companies
	abroad    Outside
}

// New makes the service of this process.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	s := &Service{db: db, log: log, book: o.Book, carriers: map[Channel]Carrier{}, providers: map[string]Provider{}, loop: map[Channel]Carrier{}, loops: map[string]Provider{}, public: strings.TrimRight(o.Public, "/"), sender: o.Sender,
		quiet: Night(), measure: o.Measure, recipient: o.Recipient, process: id.New(db.Clock().Now()), easel: make(chan struct{}, 1), abroad: o.Outside}
	for _, c := range o.Carriers {
		s.carriers[c.Channel()] = c
	}
	for _, p := range o.Accounts {
		s.providers[p.Name()] = p
		s.offered = append(s.offered, p.Name())
	}
	for _, c := range o.Loop {
		s.loop[c.Channel()] = c
	}
	for _, p := range o.Loops {
		s.loops[p.Name()] = p
	}
	if o.Quiet != nil {
		s.quiet = *o.Quiet
	}
	s.host = "localhost"
	if u, err := url.Parse(s.public); err == nil && u.Hostname() != "" {
		s.host = u.Hostname()
	}
	return s
}

// Channels are those that this deployment has a carrier for, or a provider whose accounts can be connected.
func (s *Service) Channels() []Channel {
	var out []Channel
	for _, c := range []Channel{Email, SMS, WhatsApp} {
		if s.carriers[c] != nil || slices.ContainsFunc(s.offered, func(p string) bool { return s.providers[p].Channel() == c }) {
			out = append(out, c)
		}
	}
	return out
}

// Drafts says whether a provider approves the clinic's texts when it is asked, and whether it sends only what the clinic
// registered elsewhere by hand.
func (s *Service) Drafts(provider string) (approves, registers bool) {
	_, approves = s.providers[provider].(Drafter)
	_, registers = s.providers[provider].(Register)
	return approves, registers
}
