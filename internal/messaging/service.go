package messaging

import (
	"log/slog"
	"net/url"
	"strings"

	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Options are what a Service is told.
type Options struct {
	Book     *words.Book
	Carriers []Carrier // one a channel; a channel without one drops its messages visibly
	Public   string    // ALMIRAH_PUBLIC_URL, in which patients' links begin
	Sender   string    // the deployment's own sender address: organizer of a clinic that has no address
	Quiet    *Quiet    // nil for Night
}

// Service is this room's verbs for doors and jobs. One process has one; its id is the sender in the outbox.
type Service struct {
	db       *store.DB
	log      *slog.Logger
	book     *words.Book
	carriers map[Channel]Carrier
	public   string // without a slash at the end
	host     string
	sender   string
	quiet    Quiet
	process  id.ID
}

// New makes the service of this process.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	s := &Service{db: db, log: log, book: o.Book, carriers: map[Channel]Carrier{}, public: strings.TrimRight(o.Public, "/"), sender: o.Sender,
		quiet: Night(), process: id.New(db.Clock().Now())}
	for _, c := range o.Carriers {
		s.carriers[c.Channel()] = c
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

// Channels are those that this deployment has a carrier for.
func (s *Service) Channels() []Channel {
	var out []Channel
	for _, c := range []Channel{Email, SMS, WhatsApp} {
		if s.carriers[c] != nil {
			out = append(out, c)
		}
	}
	return out
}
