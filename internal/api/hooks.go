package api

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"

	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// maxHook is how many bytes a provider's report may have; Meta sends up to a thousand pieces of news at once.
const maxHook = 1 << 20

// retryHook is after how many seconds a provider may bring a report again that could not be checked.
const retryHook = 30

// hook takes a report of a message provider. The address names the account, the signature says whether
// it is the provider's; what is forged, too long or unreadable costs a look at the account and is not logged.
// Some providers sign nothing and bring a secret instead, at times in the address: addresses are logged nowhere.
func (a *API) hook(w http.ResponseWriter, r *http.Request) error {
	clinic, account, err := messaging.ReadHookPath(r.PathValue("channel"))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		return fault.New(fault.Invalid, "fault.hook.unreadable")
	}
	if p := r.PathValue("provider"); a.o.Payments != nil && slices.Contains(a.o.Payments.Offered(), p) {
		return a.paid(w, r, p, clinic, account, body)
	}
	h := messaging.Hook{Method: r.Method, URL: a.o.PublicURL + r.URL.RequestURI(), Header: r.Header, Body: body}
	if a.o.Address != nil {
		if h.Remote, err = netip.ParseAddr(a.o.Address(r)); err != nil {
			h.Remote = netip.Addr{}
		}
	}
	answer, err := a.messages.Hear(r.Context(), accounts.Public(clinic), r.PathValue("provider"), account, h)
	switch {
	case errors.Is(err, messaging.ErrForged):
		a.forged()
		return fault.New(fault.Forbidden, "fault.hook.forged")
	case errors.Is(err, messaging.ErrUnreadable):
		return fault.New(fault.Invalid, "fault.hook.unreadable")
	case errors.Is(err, messaging.ErrNotNow):
		later := fault.New(fault.Unavailable, "fault.hook.later")
		later.RetryAfter = retryHook
		return later
	case err != nil:
		return err
	}
	if answer.ContentType != "" {
		w.Header().Set("Content-Type", answer.ContentType)
	}
	w.Header().Set("Cache-Control", "no-store")
	if answer.Status == 0 {
		answer.Status = http.StatusOK
	}
	w.WriteHeader(answer.Status)
	_, err = w.Write(answer.Body)
	return err
}

func (a *API) forged() {
	if a.o.Forged != nil {
		a.o.Forged()
	}
}

// paid takes a report of a payment gateway. It is stored and answered at once; a job does the rest.
func (a *API) paid(w http.ResponseWriter, r *http.Request, provider string, clinic, account id.ID, body []byte) error {
	if r.Method != http.MethodPost {
		return fault.Missing()
	}
	err := a.o.Payments.Hear(r.Context(), accounts.Public(clinic), provider, account, billing.GatewayHook{Header: r.Header, Body: body})
	switch {
	case errors.Is(err, billing.ErrHookForged):
		a.forged()
		return fault.New(fault.Forbidden, "fault.hook.forged")
	case errors.Is(err, billing.ErrHookUnreadable):
		return fault.New(fault.Invalid, "fault.hook.unreadable")
	case err != nil:
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return nil
}
