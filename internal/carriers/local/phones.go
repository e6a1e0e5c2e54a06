package local

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// What the phones remember: enough for a demo that is left running.
const (
	mostBubbles = 1000 // of all phones together; the oldest go first
	mostTexts   = 4000 // characters that a person may write at once
	mostOneHook = 200  // pieces of news in one report
	mostTries   = 5    // how often a report is posted that the house did not take
)

// Why nothing was written to the clinic.
var (
	ErrNoPhone  = errors.New("local: no such phone, message or button")
	ErrNoWay    = errors.New("local: no account of the clinic's is known on this channel")
	ErrNotTaken = errors.New("local: the clinic did not take the report")
)

// Bubble is one message on a phone.
type Bubble struct {
	ID       string // the provider's
	Channel  messaging.Channel
	At       time.Time
	Text     string
	Language string             // of a message of the clinic's
	Buttons  []messaging.Button // in the order in which they are shown
	Touched  string             // payload of the button that was touched; empty: none yet
	Mine     bool               // the person wrote it
	Reached  messaging.Reached  // of a message of the clinic's: what was last reported
	ReplyTo  string
	account  id.ID
}

// Phone is what one number has got from one clinic, and has written to it.
type Phone struct {
	Token    string // names it in addresses; tells nothing about the number, and ends with the process
	Number   string // E.164
	Name     string // as the clinic calls its owner
	From     string // the clinic, as the newest message names it
	Bubbles  []Bubble
	Unread   int                 // messages of the clinic's that were not looked at
	Channels []messaging.Channel // on which an account of the clinic's is known, WhatsApp first
}

// Newest is the last bubble; false on an empty phone.
func (p Phone) Newest() (Bubble, bool) {
	if len(p.Bubbles) == 0 {
		return Bubble{}, false
	}
	return p.Bubbles[len(p.Bubbles)-1], true
}

// Poster hands a report to the house, as a provider calls a webhook, and answers the status.
type Poster func(r *http.Request) (status int, err error)

// Phones are the phones of the demo's people, and the two providers that reach them: a stand-in for
// WhatsApp and one for a carrier of SMS. Nothing leaves the process. Like a provider they know the
// secrets that they gave out, so that they can sign; all of it is in memory and goes with the process.
// They are safe for concurrent use.
type Phones struct {
	outbox *Outbox
	clock  clock.Clock
	post   Poster
	key    [32]byte // behind the tokens

	mu       sync.Mutex
	phones   map[string]*Phone // by token
	clinics  map[string]id.ID  // by token
	order    []string          // tokens, one for each bubble, the oldest first
	accounts []account         // the newest last
	unsaid   []unsaid          // news that the house was not told yet
	rings    chan struct{}
}

// account is one clinic's account, as far as its provider has to know it.
type account struct {
	id, clinic id.ID
	channel    messaging.Channel
	hook       string
	secret     string
}

type unsaid struct {
	account id.ID
	news    news
	tries   int
}

// NewPhones makes phones whose messages also stand in the outbox. post may be nil while nothing is reported.
func NewPhones(outbox *Outbox, clk clock.Clock, post Poster) *Phones {
	p := &Phones{outbox: outbox, clock: clk, post: post, phones: map[string]*Phone{}, clinics: map[string]id.ID{}, rings: make(chan struct{}, 1)}
	_, _ = rand.Read(p.key[:]) // crypto/rand never returns an error
	return p
}

// token names the phone of a number towards a clinic.
func (p *Phones) token(clinic id.ID, number string) string {
	mac := hmac.New(sha256.New, p.key[:])
	mac.Write(clinic[:])
	mac.Write([]byte(number))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:15])
}

// List is every phone that the clinic wrote to, the one with the newest message first.
func (p *Phones) List(clinic id.ID) []Phone {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Phone
	for token, whose := range p.clinics {
		if whose == clinic {
			out = append(out, p.copied(token))
		}
	}
	slices.SortFunc(out, func(a, b Phone) int {
		x, _ := a.Newest()
		y, _ := b.Newest()
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(a.Token, b.Token))
	})
	return out
}

func (p *Phones) copied(token string) Phone {
	out := *p.phones[token]
	out.Bubbles = slices.Clone(out.Bubbles)
	for _, c := range []messaging.Channel{messaging.WhatsApp, messaging.SMS} {
		if slices.ContainsFunc(p.accounts, func(a account) bool { return a.clinic == p.clinics[token] && a.channel == c }) {
			out.Channels = append(out.Channels, c)
		}
	}
	return out
}

// Open looks at a phone: what came by WhatsApp is read now, and its sender is told. False when the clinic has no such phone.
func (p *Phones) Open(clinic id.ID, token string) (Phone, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	phone := p.phones[token]
	if phone == nil || p.clinics[token] != clinic {
		return Phone{}, false
	}
	phone.Unread = 0
	for i := range phone.Bubbles {
		b := &phone.Bubbles[i]
		if !b.Mine && b.Channel == messaging.WhatsApp && b.Reached != messaging.ReachedRead {
			b.Reached = messaging.ReachedRead
			p.say(b.account, news{Kind: newsState, ID: b.ID, State: string(messaging.ReachedRead)})
		}
	}
	return p.copied(token), true
}

// Write sends a text to the clinic, as the phone's owner. ErrNoPhone, ErrNoWay, ErrNotTaken; then nothing is on the phone.
func (p *Phones) Write(ctx context.Context, clinic id.ID, token string, channel messaging.Channel, text string) error {
	if text = strings.TrimSpace(text); text == "" {
		return ErrNoPhone
	}
	if r := []rune(text); len(r) > mostTexts {
		text = string(r[:mostTexts])
	}
	return p.answer(ctx, clinic, token, channel, news{Kind: newsMessage, Text: text}, "")
}

// WriteFrom is Write by the number itself: of somebody who may have got nothing from the clinic in this process.
func (p *Phones) WriteFrom(ctx context.Context, clinic id.ID, number string, channel messaging.Channel, text string) error {
	p.mu.Lock()
	token := p.token(clinic, number)
	if p.phones[token] == nil {
		p.phones[token], p.clinics[token] = &Phone{Token: token, Number: number}, clinic
	}
	p.mu.Unlock()
	return p.Write(ctx, clinic, token, channel, text)
}

// Clear lets every phone go, with what was written on it and what was not reported yet. The accounts stay known.
func (p *Phones) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.phones)
	clear(p.clinics)
	p.order, p.unsaid = nil, nil
}

// Tap touches a button (from 0) of a message, as the phone's owner. Errors as Write.
func (p *Phones) Tap(ctx context.Context, clinic id.ID, token, bubble string, button int) error {
	p.mu.Lock()
	var found *Bubble
	if phone := p.phones[token]; phone != nil && p.clinics[token] == clinic {
		for i := range phone.Bubbles {
			if b := &phone.Bubbles[i]; b.ID == bubble && !b.Mine && button >= 0 && button < len(b.Buttons) {
				found = b
			}
		}
	}
	var n news
	var channel messaging.Channel
	if found != nil {
		n = news{Kind: newsButton, Text: found.Buttons[button].Title, Button: found.Buttons[button].Payload, ReplyTo: bubble}
		channel = found.Channel
	}
	p.mu.Unlock()
	if found == nil {
		return ErrNoPhone
	}
	return p.answer(ctx, clinic, token, channel, n, bubble)
}

// Choose stops, or allows again, the clinic's messages with the provider itself. Errors as Write.
func (p *Phones) Choose(ctx context.Context, clinic id.ID, token string, channel messaging.Channel, stop bool) error {
	return p.answer(ctx, clinic, token, channel, news{Kind: newsChoice, Stop: stop}, "")
}

// answer posts what the phone's owner did, and shows it on the phone when the house took it.
func (p *Phones) answer(ctx context.Context, clinic id.ID, token string, channel messaging.Channel, n news, touched string) error {
	now := p.clock.Now()
	p.mu.Lock()
	phone := p.phones[token]
	if phone == nil || p.clinics[token] != clinic {
		p.mu.Unlock()
		return ErrNoPhone
	}
	n.ID, n.At, n.From, n.User, n.Name = providerID(now), now.UnixMicro(), phone.Number, token, phone.Name
	var ways []account
	for _, a := range slices.Backward(p.accounts) {
		if a.clinic == clinic && a.channel == channel {
			ways = append(ways, a)
		}
	}
	p.mu.Unlock()
	err := ErrNoWay
	for _, a := range ways {
		status, bad := p.tell(ctx, a, []news{n})
		if bad != nil {
			return errors.Join(ErrNotTaken, bad)
		}
		if status == http.StatusOK {
			p.wrote(token, a, n, touched)
			return nil
		}
		err = errors.Join(ErrNotTaken, errors.New("local: the answer was "+strconv.Itoa(status)))
		if status == http.StatusNotFound || status == http.StatusForbidden { // an account that is not in use any more, or never was
			p.forget(a.id)
		}
	}
	return err
}

func (p *Phones) wrote(token string, a account, n news, touched string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	phone := p.phones[token]
	if phone == nil || n.Kind == newsChoice {
		return
	}
	for i := range phone.Bubbles {
		if touched != "" && phone.Bubbles[i].ID == touched {
			phone.Bubbles[i].Touched = n.Button
		}
	}
	p.add(token, Bubble{ID: n.ID, Channel: a.channel, At: time.UnixMicro(n.At), Text: n.Text, Mine: true, ReplyTo: n.ReplyTo, account: a.id})
}

// add puts a bubble on a phone and lets the oldest go when there are too many.
func (p *Phones) add(token string, b Bubble) {
	p.phones[token].Bubbles = append(p.phones[token].Bubbles, b)
	p.order = append(p.order, token)
	for len(p.order) > mostBubbles {
		old := p.order[0]
		p.order = p.order[1:]
		phone := p.phones[old]
		if phone.Bubbles = phone.Bubbles[1:]; len(phone.Bubbles) == 0 {
			delete(p.phones, old)
			delete(p.clinics, old)
		}
	}
}

// open says whether the number wrote to the account's channel within WhatsApp's window.
func (p *Phones) open(token string, channel messaging.Channel, now time.Time) bool {
	phone := p.phones[token]
	return phone != nil && slices.ContainsFunc(phone.Bubbles, func(b Bubble) bool {
		return b.Mine && b.Channel == channel && now.Sub(b.At) < window
	})
}

// took puts a message of the clinic's on the phone and reports, a moment later, that it arrived.
func (p *Phones) took(a account, number string, m messaging.Outgoing, sent string, now time.Time) {
	token := p.token(a.clinic, number)
	phone := p.phones[token]
	if phone == nil {
		phone = &Phone{Token: token, Number: number}
		p.phones[token], p.clinics[token] = phone, a.clinic
	}
	if m.ToName != "" {
		phone.Name = m.ToName
	}
	phone.From = m.FromName
	phone.Unread++
	p.add(token, Bubble{ID: sent, Channel: a.channel, At: now, Text: m.Text, Language: m.Language, Buttons: buttons(m), Reached: messaging.ReachedAccepted, ReplyTo: m.InReply, account: a.id})
	p.say(a.id, news{Kind: newsState, ID: sent, Ours: m.ID, State: string(messaging.ReachedSent)}, news{Kind: newsState, ID: sent, Ours: m.ID, State: string(messaging.ReachedDelivered)})
}

// learn keeps an account that was tried or used: without its secret nothing could be signed.
func (p *Phones) learn(a account) {
	if i := slices.IndexFunc(p.accounts, func(x account) bool { return x.id == a.id }); i >= 0 {
		p.accounts = slices.Delete(p.accounts, i, i+1)
	}
	p.accounts = append(p.accounts, a)
}

func (p *Phones) forget(one id.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accounts = slices.DeleteFunc(p.accounts, func(a account) bool { return a.id == one })
}

// say queues news for the house and rings for whoever posts them.
func (p *Phones) say(one id.ID, list ...news) {
	for _, n := range list {
		n.At = p.clock.Now().UnixMicro()
		p.unsaid = append(p.unsaid, unsaid{account: one, news: n})
	}
	select {
	case p.rings <- struct{}{}:
	default:
	}
}

// Run posts what there is to report, a moment after it happened, until ctx ends.
func (p *Phones) Run(ctx context.Context, moment time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.rings:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(moment):
		}
		p.Report(ctx)
	}
}

// Report posts everything that was not reported yet, in as few reports as it takes.
// What the house does not take is tried a few times more, with the next report.
func (p *Phones) Report(ctx context.Context) {
	p.mu.Lock()
	all := p.unsaid
	p.unsaid = nil
	known := slices.Clone(p.accounts)
	p.mu.Unlock()
	for _, a := range known {
		var mine []unsaid
		for _, u := range all {
			if u.account == a.id {
				mine = append(mine, u)
			}
		}
		for part := range slices.Chunk(mine, mostOneHook) {
			list := make([]news, len(part))
			for i, u := range part {
				list[i] = u.news
			}
			status, err := p.tell(ctx, a, list)
			switch {
			case err == nil && status == http.StatusOK:
				p.reported(list)
			case err == nil && (status == http.StatusNotFound || status == http.StatusForbidden):
				p.forget(a.id)
			default:
				p.again(part)
			}
		}
	}
}

func (p *Phones) reported(list []news) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := map[string]messaging.Reached{}
	for _, n := range list {
		last[n.ID] = messaging.Reached(n.State)
	}
	for _, phone := range p.phones {
		for i := range phone.Bubbles {
			b := &phone.Bubbles[i]
			if to, ok := last[b.ID]; ok && !b.Mine && b.Reached != messaging.ReachedRead {
				b.Reached = to
			}
		}
	}
}

func (p *Phones) again(part []unsaid) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range part {
		if u.tries++; u.tries < mostTries {
			p.unsaid = append(p.unsaid, u)
		}
	}
	if len(p.unsaid) > 0 {
		select {
		case p.rings <- struct{}{}:
		default:
		}
	}
}
