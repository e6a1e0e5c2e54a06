package sms_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"almirah/internal/carriers/sms"
	"almirah/internal/messaging"
	"almirah/internal/promise"
)

// TestTwilioForgets: a message and a file are gone at Twilio once it was asked; what is not there is told from what was erased, what is still under way is asked for again, and a wrong secret is
// the account's fault.
func TestTwilioForgets(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-asked")
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	got := r.carrier.Send(t.Context(), r.outgoing(), (&counter{}).yes)
	if got.Outcome != messaging.Accepted {
		t.Fatalf("%+v", got)
	}
	forget := func(via messaging.Connection, what string, file bool) messaging.Forgotten {
		return r.carrier.Forget(t.Context(), via, what, file)
	}
	if f := forget(*r.via, got.ProviderID, false); f.Outcome != messaging.Later || f.Code != "20009" {
		t.Errorf("while it is under way: %+v", f)
	}
	r.fake.Arrives(got.ProviderID)
	if f := forget(*r.via, got.ProviderID, false); f.Outcome != messaging.Accepted || f.Code != "204" || len(r.fake.Messages()) != 0 {
		t.Errorf("%+v, and %d messages are left", f, len(r.fake.Messages()))
	}
	if f := forget(*r.via, got.ProviderID, false); f.Outcome != messaging.Absent {
		t.Errorf("once more: %+v", f)
	}
	call := r.fake.Sends(hook, asha, clinic, "", map[string][]byte{"image/jpeg": []byte("a picture of a knee")})[0]
	news, _, err := r.carrier.Read(t.Context(), *r.via, messaging.Hook{Method: call.Method, URL: call.URL, Header: call.Header, Body: call.Body})
	if err != nil {
		t.Fatal(err)
	}
	m := news[0].Media[0]
	if f := forget(*r.via, m.ID, true); f.Outcome != messaging.Accepted {
		t.Errorf("a file: %+v", f)
	}
	if f := r.carrier.Bring(t.Context(), *r.via, m, 100); f.Outcome != messaging.Refused || f.Code != "404" {
		t.Errorf("the file is there still: %+v", f)
	}
	if f := forget(*r.via, news[0].ProviderID, false); f.Outcome != messaging.Accepted {
		t.Errorf("the message that it came with: %+v", f)
	}
	wrong := *r.via
	wrong.Credentials = sealed(t, sms.TwilioCredentials{AccountSID: r.fake.Account().SID, AuthTokens: []string{"another-token-altogether-0123456"}, From: clinic})
	if f := forget(wrong, got.ProviderID, false); f.Outcome != messaging.Broken {
		t.Errorf("a wrong secret: %+v", f)
	}
	for _, what := range []string{"", "../" + got.ProviderID, m.ID, got.ProviderID + "/x"} {
		if f := forget(*r.via, what, false); f.Outcome != messaging.Refused || f.Code != "id" {
			t.Errorf("%q: %+v", what, f)
		}
	}
	noSecrets(t, "the log", r.logged.String())
}

// TestTwilioForgetsBadly: whatever stands in for an answer of Twilio's, or comes instead of one, never counts as erased and never as refused.
func TestTwilioForgetsBadly(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-asked")
	r := twilioRig(t, sms.TwilioOptions{Timeout: 300 * time.Millisecond}, nil)
	what := "SM" + strings.Repeat("0a", 16)
	says := func(status int, header, value, body string) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	for name, c := range map[string]struct {
		do   func(http.ResponseWriter) bool
		want messaging.Outcome
		wait time.Duration
	}{
		"too often":             {says(429, "Retry-After", "120", `{"code": 20429, "message": "Too Many Requests", "status": 429}`), messaging.Later, 2 * time.Minute},
		"down":                  {says(503, "", "", "upstream"), messaging.Later, 0},
		"a proxy's 404":         {says(404, "", "", "<h1>Not Found</h1>"), messaging.Later, 0},
		"a proxy's 405":         {says(405, "", "", ""), messaging.Later, 0},
		"a yes of another kind": {says(200, "", "", "{}"), messaging.Later, 0},
		"a redirect":            {says(302, "Location", "https://elsewhere.example/", ""), messaging.Later, 0},
		"forbidden":             {says(403, "", "", `{"code": 20403, "message": "Forbidden", "status": 403}`), messaging.Broken, 0},
		"a real no":             {says(400, "", "", `{"code": 20001, "message": "Invalid", "status": 400}`), messaging.Refused, 0},
	} {
		r.fake.Deletes(c.do, false)
		if f := r.carrier.Forget(t.Context(), *r.via, what, false); f.Outcome != c.want || f.Wait != c.wait {
			t.Errorf("%s: %+v", name, f)
		}
	}
	// It is carried out, and the answer is lost: asked again, it is not there any more.
	r.fake.Deletes(nil, false)
	got := r.carrier.Send(t.Context(), r.outgoing(), (&counter{}).yes)
	r.fake.Arrives(got.ProviderID)
	r.fake.Deletes(func(http.ResponseWriter) bool { time.Sleep(600 * time.Millisecond); return true }, true)
	if f := r.carrier.Forget(t.Context(), *r.via, got.ProviderID, false); f.Outcome != messaging.Later || f.Code != "timeout" {
		t.Errorf("an answer that is lost: %+v", f)
	}
	r.fake.Deletes(nil, false)
	if f := r.carrier.Forget(t.Context(), *r.via, got.ProviderID, false); f.Outcome != messaging.Absent || len(r.fake.Messages()) != 0 {
		t.Errorf("asked again: %+v", f)
	}
}
