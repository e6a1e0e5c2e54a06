package sms

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// addressFor is how long the address of a file is good.
const addressFor = 5 * time.Minute

// medium is a file that somebody sent.
type medium struct {
	kind string
	body []byte
}

// Sends is a person's message with files, as MMS. Each is answered with an address that is good for a while and takes no secret.
func (tw *Twilio) Sends(address, from, to, text string, files map[string][]byte) []Call {
	tw.mu.Lock()
	tw.next++
	sid := fmt.Sprintf("MM%032x", 0xfeed0000+tw.next)
	f := url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "SmsStatus": {"received"}, "AccountSid": {tw.account.SID}, "ApiVersion": {"2010-04-01"},
		"From": {from}, "To": {to}, "Body": {text}, "NumMedia": {fmt.Sprint(len(files))}, "NumSegments": {"1"}}
	if tw.received == nil {
		tw.received = map[string]bool{}
	}
	tw.received[sid] = true
	n := 0
	for kind, body := range files {
		tw.next++
		me := fmt.Sprintf("ME%032x", 0xfeed0000+tw.next)
		tw.media[sid+"/"+me] = medium{kind, body}
		f.Set(fmt.Sprint("MediaUrl", n), tw.URL()+"/2010-04-01/Accounts/"+tw.account.SID+"/Messages/"+sid+"/Media/"+me)
		f.Set(fmt.Sprint("MediaContentType", n), kind)
		n++
	}
	tw.mu.Unlock()
	return tw.made([]Call{TwilioForm(tw.account.Token, address, f)})
}

// lead answers where a file lies.
func (tw *Twilio) lead(w http.ResponseWriter, r *http.Request) {
	if !tw.signedIn(w, r) {
		return
	}
	tw.mu.Lock()
	defer tw.mu.Unlock()
	one := r.PathValue("message") + "/" + r.PathValue("media")
	if _, ok := tw.media[one]; !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	tw.next++
	ticket := fmt.Sprint(tw.next)
	tw.tickets[ticket] = tw.clock.Now().Add(addressFor)
	http.Redirect(w, r, tw.server.URL+"/stored/"+one+"?ticket="+ticket, http.StatusTemporaryRedirect)
}

// stored hands a file out; like the store that it stands for it refuses whoever brings a secret beside the address.
func (tw *Twilio) stored(w http.ResponseWriter, r *http.Request) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	m, ok := tw.media[strings.TrimPrefix(r.URL.Path, "/stored/")]
	until, given := tw.tickets[r.URL.Query().Get("ticket")]
	switch {
	case r.Header.Get("Authorization") != "":
		w.WriteHeader(http.StatusBadRequest)
	case !ok || !given || tw.clock.Now().After(until):
		w.WriteHeader(http.StatusForbidden)
	default:
		w.Header().Set("Content-Type", m.kind)
		_, _ = w.Write(m.body)
	}
}
