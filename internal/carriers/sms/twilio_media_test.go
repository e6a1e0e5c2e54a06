package sms_test

import (
	"testing"
	"time"

	"almirah/internal/carriers/sms"
	"almirah/internal/messaging"
)

// TestTwilioBringsFiles: a file comes in two steps, the second without the account's secret; what has run out is asked for anew, what is
// not there, is too large or lies elsewhere is refused, and a wrong secret is the account's fault.
func TestTwilioBringsFiles(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	call := r.fake.Sends(hook, asha, clinic, "", map[string][]byte{"image/jpeg": []byte("a picture of a knee")})[0]
	news, _, err := r.carrier.Read(t.Context(), *r.via, messaging.Hook{Method: call.Method, URL: call.URL, Header: call.Header, Body: call.Body})
	if err != nil || len(news) != 1 || len(news[0].Media) != 1 {
		t.Fatalf("%+v %v", news, err)
	}
	m := news[0].Media[0]
	bring := func(via messaging.Connection, m messaging.Media, most int64) messaging.Fetched {
		return r.carrier.Bring(t.Context(), via, m, most)
	}
	if f := bring(*r.via, m, 100); f.Outcome != messaging.Accepted || string(f.Body) != "a picture of a knee" {
		t.Errorf("%+v", f)
	}
	r.clock.Move(time.Hour) // another address is asked for
	if f := bring(*r.via, m, 100); f.Outcome != messaging.Accepted {
		t.Errorf("an hour later: %+v", f)
	}
	wrong := *r.via
	wrong.Credentials = sealed(t, sms.TwilioCredentials{AccountSID: r.fake.Account().SID, AuthTokens: []string{"another-token-altogether-0123456"}, From: clinic})
	for name, c := range map[string]struct {
		via  messaging.Connection
		id   string
		most int64
		want messaging.Outcome
		code string
	}{
		"too large":      {*r.via, m.ID, 5, messaging.Refused, "size"},
		"not there":      {*r.via, m.ID[:len(m.ID)-1] + "0", 100, messaging.Refused, "404"},
		"no id":          {*r.via, "../" + m.ID, 100, messaging.Refused, "id"},
		"a wrong secret": {wrong, m.ID, 100, messaging.Broken, "401"},
	} {
		if f := bring(c.via, messaging.Media{ID: c.id}, c.most); f.Outcome != c.want || f.Code != c.code || f.Body != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	noSecrets(t, "the log", r.logged.String())
}
