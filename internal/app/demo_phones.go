package app

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"almirah/internal/access"
	"almirah/internal/carriers/local"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/web"
)

// The demo's patients have phones: stand-ins for WhatsApp and for a carrier of SMS, so that a visitor sees a
// message arrive, answers as the patient, and sees the clinic hear it. No other house offers them.

// demoMoment is how long after a message arrived its provider reports that.
const demoMoment = time.Second

// demoNumbers are the demo clinic's own, of a range that no carrier gives out.
var demoNumbers = map[string]string{local.WhatsAppName: "+919999900010", local.SMSName: "+919999900011"}

// demoProviders are the two stand-ins; none outside the demo.
func (h *House) demoProviders() []messaging.Provider {
	if h.Outbox == nil {
		return nil
	}
	h.phones = local.NewPhones(h.Outbox, h.Clock, h.report)
	return h.phones.Providers()
}

// report hands a provider's report to this house's own webhook: through every door that one from
// outside comes through, only without the wire.
func (h *House) report(r *http.Request) (int, error) {
	if r.URL.Scheme+"://"+r.URL.Host != h.Config.PublicURL {
		return 0, errors.New("demo: the report is for another house")
	}
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	a := &answer{ResponseWriter: &unseen{head: http.Header{}}}
	h.handler.ServeHTTP(a, r)
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.status, nil
}

// unseen is an answer of which the status alone counts.
type unseen struct {
	head http.Header
	body bytes.Buffer
}

func (u *unseen) Header() http.Header         { return u.head }
func (u *unseen) WriteHeader(int)             {}
func (u *unseen) Write(b []byte) (int, error) { return u.body.Write(b) }

// ring lets the phones report by themselves until the house closes.
func (h *House) ring(ctx context.Context) {
	if h.phones == nil || h.silence != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	h.silence = func() { cancel(); <-ended }
	go func() {
		defer close(ended)
		h.phones.Run(ctx, demoMoment)
	}()
}

// connectPhones connects the clinic's accounts at the stand-ins, as its owner does by the page, who agrees to what they
// are used for. A channel for which this deployment offers a real provider is left to it; an account that is there from
// an earlier start is tried, so that its stand-in knows it again. It has to be the owner of the demo's clinic.
func (h *House) connectPhones(ctx context.Context, owner access.Caller) error {
	if h.phones == nil {
		return nil
	}
	there, err := h.Messages.Accounts(ctx, owner)
	if err != nil {
		return err
	}
	for _, p := range h.phones.Providers() {
		free := true
		for _, name := range h.Messages.Providers() {
			if h.Messages.ChannelOf(name) == p.Channel() && demoNumbers[name] == "" {
				free = false
			}
		}
		for _, a := range there {
			if a.Channel != p.Channel() {
				continue
			}
			if free = false; a.Provider == p.Name() && a.State == messaging.AccountActive {
				if err := h.Messages.TestAccount(ctx, owner, a.ID); err != nil {
					return err
				}
			}
		}
		if free {
			a, err := h.Messages.Connect(ctx, owner, p.Name(), map[string]string{"number": demoNumbers[p.Name()]}, true)
			if err != nil {
				return err
			}
			if err := h.proposeAll(ctx, owner, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// proposeAll has every text of the clinic's approved, where the provider wants that.
func (h *House) proposeAll(ctx context.Context, owner access.Caller, a messaging.Account) error {
	list, err := h.Messages.Approvals(ctx, owner, a.ID)
	if err != nil || a.Channel != messaging.WhatsApp {
		return err
	}
	for _, x := range list {
		if x.State != "" {
			continue
		}
		if _, err := h.Messages.ProposeText(ctx, owner, a.ID, x.Kind, x.Language); err != nil {
			return err
		}
	}
	return nil
}

// demoPhones are the phones as the page shows them; nil outside the demo.
func (h *House) demoPhones() *web.DemoPhones {
	if h.phones == nil {
		return nil
	}
	return &web.DemoPhones{
		List: func(clinic id.ID) []web.DemoPhone {
			var out []web.DemoPhone
			for _, p := range h.phones.List(clinic) {
				out = append(out, demoPhone(p))
			}
			return out
		},
		Open: func(clinic id.ID, token string) (web.DemoPhone, bool) {
			p, ok := h.phones.Open(clinic, token)
			return demoPhone(p), ok
		},
		Write: func(ctx context.Context, clinic id.ID, token, channel, text string) error {
			return heardBy(h.phones.Write(ctx, clinic, token, messaging.Channel(channel), text))
		},
		Tap: func(ctx context.Context, clinic id.ID, token, bubble string, button int) error {
			return heardBy(h.phones.Tap(ctx, clinic, token, bubble, button))
		},
	}
}

func demoPhone(p local.Phone) web.DemoPhone {
	out := web.DemoPhone{Token: p.Token, Number: p.Number, Name: p.Name, From: p.From, Unread: p.Unread}
	for _, c := range p.Channels {
		out.Channels = append(out.Channels, string(c))
	}
	for _, b := range p.Bubbles {
		x := web.DemoBubble{ID: b.ID, Channel: string(b.Channel), Text: b.Text, Language: b.Language, At: b.At, Mine: b.Mine}
		if !b.Mine && b.Reached != messaging.ReachedAccepted {
			x.Reached = string(b.Reached)
		}
		for _, t := range b.Buttons {
			x.Buttons = append(x.Buttons, web.DemoButton{Title: t.Title, Touched: b.Touched != "" && t.Payload == b.Touched})
		}
		out.Bubbles = append(out.Bubbles, x)
	}
	return out
}

// heardBy says in words for a person why a report was not taken.
func heardBy(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, local.ErrNoPhone):
		return fault.Missing()
	case errors.Is(err, local.ErrNoWay):
		return fault.New(fault.Conflict, "fault.phone.no_way")
	}
	return fault.New(fault.Unavailable, "fault.phone.not_taken").Because(err)
}
