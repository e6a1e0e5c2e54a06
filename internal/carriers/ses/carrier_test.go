package ses_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/carriers/ses"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	rig "almirah/internal/rig/ses"
)

const from = "appointments@clinic.example"

// now is the machine's time: SES and the certificates of TLS live by it.
var now = clock.System{}.Now()

func carrier(s *rig.Server, timeout time.Duration) (*ses.Carrier, *bytes.Buffer) {
	var logged bytes.Buffer
	return ses.New(s.Client(timeout), clock.NewFake(now), slog.New(slog.NewTextHandler(&logged, nil)), ses.Options{BaseURL: s.BaseURL, Roots: s.Roots()}), &logged
}

func connection(s *rig.Server) messaging.Connection {
	return messaging.Connection{ID: id.New(now), Provider: "ses", Sender: from, Credentials: s.Credentials(from), HookURL: "https://clinic.example/hooks/ses/x"}
}

func outgoing(s *rig.Server) messaging.Outgoing {
	via := connection(s)
	return messaging.Outgoing{ID: id.New(now), Channel: messaging.Email, To: "asha@example.org", ToName: "Asha Rao", FromName: "Sunrise Clinic", Subject: "Your appointment",
		Text: "Tuesday at 10:00.\n", HTML: "<p>Tuesday at 10:00.</p>", Language: "en", Via: &via}
}

type counter struct{ n atomic.Int64 }

func (c *counter) yes() error { c.n.Add(1); return nil }

func TestOutcomes(t *testing.T) {
	t.Parallel()
	type receipt = messaging.Receipt
	refused := func(code string) receipt { return receipt{Outcome: messaging.Refused, Code: code} }
	broken := func(code string) receipt { return receipt{Outcome: messaging.Broken, Code: code} }
	later := func(code string, wait time.Duration) receipt {
		return receipt{Outcome: messaging.Later, Code: code, Wait: wait}
	}
	keys := rig.Start(t, rig.Options{})
	unsure := func(code string) receipt { return receipt{Outcome: messaging.Uncertain, Code: code} }
	for name, c := range map[string]struct {
		behave rig.Behaviour
		want   messaging.Receipt
		kept   int
	}{
		"accepted":                          {want: receipt{Outcome: messaging.Accepted, Code: "200"}, kept: 1},
		"accepted after a wait":             {behave: rig.Behaviour{Delay: 200 * time.Millisecond}, want: receipt{Outcome: messaging.Accepted, Code: "200"}, kept: 1},
		"too fast":                          {behave: rig.Behaviour{Status: 429, Code: "TooManyRequestsException", Text: "Maximum sending rate exceeded."}, want: later("TooManyRequestsException", 10*time.Second)},
		"too fast, and how long":            {behave: rig.Behaviour{Status: 429, Code: "TooManyRequestsException", RetryAfter: 7}, want: later("TooManyRequestsException", 7*time.Second)},
		"too fast, and absurdly long":       {behave: rig.Behaviour{Status: 429, Code: "TooManyRequestsException", RetryAfter: 900000}, want: later("TooManyRequestsException", time.Hour)},
		"too fast, without a word":          {behave: rig.Behaviour{Status: 429, Garbage: "slow down"}, want: later("http-429", 10*time.Second)},
		"the day's quota":                   {behave: rig.Behaviour{Status: 400, Code: "LimitExceededException", Text: "Daily message quota exceeded."}, want: later("LimitExceededException", time.Hour)},
		"not at the moment":                 {behave: rig.Behaviour{Status: 503, Code: "ServiceUnavailableException"}, want: later("ServiceUnavailableException", 10*time.Second)},
		"rejected":                          {behave: rig.Behaviour{Status: 400, Code: "MessageRejected", Text: "Message contains a virus."}, want: refused("MessageRejected")},
		"not understood":                    {behave: rig.Behaviour{Status: 400, Code: "BadRequestException"}, want: refused("BadRequestException")},
		"a code nobody knows":               {behave: rig.Behaviour{Status: 400, Code: "SomethingNewException"}, want: refused("SomethingNewException")},
		"sender not verified":               {behave: rig.Behaviour{Status: 400, Code: "MessageRejected", Text: "Email address is not verified."}, want: broken("not-verified")},
		"domain not verified":               {behave: rig.Behaviour{Status: 400, Code: "MailFromDomainNotVerifiedException"}, want: broken("MailFromDomainNotVerifiedException")},
		"account suspended":                 {behave: rig.Behaviour{Status: 400, Code: "AccountSuspendedException"}, want: broken("AccountSuspendedException")},
		"sending paused":                    {behave: rig.Behaviour{Status: 400, Code: "SendingPausedException"}, want: broken("SendingPausedException")},
		"no such set":                       {behave: rig.Behaviour{Status: 404, Code: "NotFoundException"}, want: broken("NotFoundException")},
		"token invalid":                     {behave: rig.Behaviour{Status: 403, Code: "InvalidClientTokenId"}, want: broken("InvalidClientTokenId")},
		"token over":                        {behave: rig.Behaviour{Status: 400, Code: "ExpiredTokenException"}, want: broken("ExpiredTokenException")},
		"not allowed":                       {behave: rig.Behaviour{Status: 403, Code: "AccessDeniedException", Text: "User is not authorized"}, want: broken("AccessDeniedException")},
		"a 500":                             {behave: rig.Behaviour{Status: 500, Code: "InternalServerErrorException"}, want: unsure("InternalServerErrorException")},
		"a 502 of nobody":                   {behave: rig.Behaviour{Status: 502, Garbage: "<html>asha@example.org</html>"}, want: unsure("http-502")},
		"a 408":                             {behave: rig.Behaviour{Status: 408, Code: "RequestTimeout"}, want: unsure("RequestTimeout")},
		"a redirect":                        {behave: rig.Behaviour{Status: 302, Garbage: "elsewhere"}, want: unsure("http-302")},
		"a success that cannot be read":     {behave: rig.Behaviour{Garbage: "<html>"}, want: unsure("unreadable"), kept: 1},
		"a success without an id":           {behave: rig.Behaviour{Garbage: `{}`}, want: unsure("unreadable"), kept: 1},
		"a success with a strange id":       {behave: rig.Behaviour{Garbage: `{"MessageId":"asha@example.org"}`}, want: unsure("unreadable"), kept: 1},
		"hung up after accepting":           {behave: rig.Behaviour{Drop: rig.AfterAccept}, want: unsure("lost"), kept: 1},
		"silence after accepting":           {behave: rig.Behaviour{Delay: 2500 * time.Millisecond}, want: unsure("timeout"), kept: 1},
		"an error that comes after a while": {behave: rig.Behaviour{Status: 429, Code: "TooManyRequestsException", Delay: 200 * time.Millisecond}, want: later("TooManyRequestsException", 10*time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := rig.Start(t, rig.Options{Like: keys})
			sender, logged := carrier(server, 2*time.Second)
			m := outgoing(server)
			server.Behave(m.To, c.behave)
			var handed counter
			got := sender.Send(t.Context(), m, handed.yes)
			if c.want.Outcome == messaging.Accepted {
				c.want.ProviderID = server.Messages()[0].ID
			}
			if !reflect.DeepEqual(got, c.want) || handed.n.Load() != 1 {
				t.Errorf("%+v, handed over %d times; want %+v and once", got, handed.n.Load(), c.want)
			}
			if n := len(server.Messages()); n != c.kept || server.Requests() != 1 {
				t.Errorf("SES has %d messages after %d requests, want %d after 1", n, server.Requests(), c.kept)
			}
			for _, secret := range []string{"asha", "Rao", "wJalr", "AKIA", "Tuesday", "appointment", "127.0.0.1"} {
				if strings.Contains(logged.String(), secret) {
					t.Errorf("%q is in the log: %s", secret, logged)
				}
			}
		})
	}
}

func TestNothingLeavesWithoutHandingOver(t *testing.T) {
	t.Parallel()
	server := rig.Start(t, rig.Options{})
	sender, _ := carrier(server, 2*time.Second)
	if got := sender.Send(t.Context(), outgoing(server), func() error { return errors.New("the row is no longer ours") }); !reflect.DeepEqual(got, messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}) {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var handed counter
	if got := sender.Send(ctx, outgoing(server), handed.yes); !reflect.DeepEqual(got, messaging.Receipt{Outcome: messaging.Later, Code: "cancelled"}) || handed.n.Load() != 0 {
		t.Errorf("cancelled before: %+v, handed over %d times", got, handed.n.Load())
	}
	if n := len(server.Messages()); n != 0 || server.Requests() != 0 {
		t.Errorf("%d messages, %d requests: want none", n, server.Requests())
	}
	// Ended at the very last moment: the answer is waited for all the same.
	ctx, cancel = context.WithCancel(t.Context())
	if got := sender.Send(ctx, outgoing(server), func() error { cancel(); return nil }); got.Outcome != messaging.Accepted {
		t.Errorf("cancelled after handing over: %+v", got)
	}
	// A handOver that takes longer than the client waits: whatever it says in the end decides.
	slow, _ := carrier(server, 300*time.Millisecond)
	for _, agrees := range []bool{true, false} {
		got := slow.Send(t.Context(), outgoing(server), func() error {
			time.Sleep(600 * time.Millisecond)
			if agrees {
				return nil
			}
			return errors.New("no")
		})
		want := messaging.Receipt{Outcome: messaging.Uncertain, Code: "timeout"}
		if !agrees {
			want = messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("slow, agrees %v: %+v, want %+v", agrees, got, want)
		}
	}
}

func TestTroubleBeforeTheConnectionStands(t *testing.T) {
	t.Parallel()
	server, stranger := rig.Start(t, rig.Options{}), rig.Start(t, rig.Options{})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	gate := func(hosts ...string) ses.Client {
		return egress.New([]egress.Processor{{ID: "ses", Hosts: hosts, Local: true}}, quiet, egress.WithTrust(func(c *tls.Config) { c.RootCAs = server.Roots() })).HTTPClient("ses")
	}
	for name, c := range map[string]struct {
		client ses.Client
		base   string
		want   messaging.Receipt
	}{
		"by egress":         {gate(server.Addr()), server.BaseURL(""), messaging.Receipt{Outcome: messaging.Accepted, Code: "200"}},
		"not listed":        {gate("email.eu-central-1.amazonaws.com:443"), server.BaseURL(""), messaging.Receipt{Outcome: messaging.Later, Code: "egress"}},
		"nobody listens":    {gate("127.0.0.1:1"), "https://127.0.0.1:1", messaging.Receipt{Outcome: messaging.Later, Code: "unreachable"}},
		"another authority": {gate(stranger.Addr()), stranger.BaseURL(""), messaging.Receipt{Outcome: messaging.Later, Code: "certificate"}},
		"no handshake":      {server.Client(300 * time.Millisecond), "https://" + silent.Addr().String(), messaging.Receipt{Outcome: messaging.Later, Code: "timeout"}},
	} {
		client := c.client
		if name == "no handshake" {
			client = &http.Client{Timeout: 300 * time.Millisecond}
		}
		sender := ses.New(client, clock.NewFake(now), quiet, ses.Options{BaseURL: func(string) string { return c.base }})
		var handed counter
		got := sender.Send(t.Context(), outgoing(server), handed.yes)
		if c.want.Outcome == messaging.Accepted {
			c.want.ProviderID = got.ProviderID
		} else if handed.n.Load() != 0 {
			t.Errorf("%s: handed over", name)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if len(stranger.Messages()) != 0 {
		t.Error("a stranger has the message")
	}
}

func TestWhatLeaves(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "mail-providers")
	server := rig.Start(t, rig.Options{})
	sender, _ := carrier(server, 5*time.Second)
	m := outgoing(server)
	m.UnsubscribeURL, m.ReplyTo = "https://clinic.example/u/opaque", "r.aaaaaaaaaaaaaaaaaaaaaaaaaa@reply.clinic.example"
	if r := sender.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
		t.Fatalf("%+v", r)
	}
	got := server.Messages()[0]
	if got.From != from || got.To != "asha@example.org" || got.Set != "clinic" || !reflect.DeepEqual(got.Tags, map[string]string{"msg": m.ID.String()}) {
		t.Errorf("%+v", got)
	}
	want := []string{"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-Id", "Mime-Version", "Reply-To", "Subject", "To"}
	for name := range got.Header {
		found := false
		for _, w := range want {
			found = found || w == name
		}
		if !found {
			t.Errorf("the header has %s", name)
		}
	}
	if len(got.Header) != len(want) || got.Header.Get("To") != "<asha@example.org>" || strings.Contains(got.Request.Body+string(got.Raw), "Asha") {
		t.Errorf("%v", got.Header)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got.Request.Body), &body); err != nil || len(body) != 5 {
		t.Errorf("the request has %d fields: %v", len(body), err)
	}
	for name := range got.Request.Header {
		if strings.Contains(strings.ToLower(name), "almirah") {
			t.Errorf("the request has %s", name)
		}
	}
}

func TestAccountsThatAreNotWhole(t *testing.T) {
	t.Parallel()
	server := rig.Start(t, rig.Options{Verified: "clinic.example"})
	sender, _ := carrier(server, 5*time.Second)
	for name, c := range map[string]struct {
		change func(*messaging.Outgoing)
		want   messaging.Receipt
	}{
		"no connection":  {func(m *messaging.Outgoing) { m.Via = nil }, messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}},
		"no credentials": {func(m *messaging.Outgoing) { m.Via.Credentials = nil }, messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}},
		"rubbish":        {func(m *messaging.Outgoing) { m.Via.Credentials = []byte(`{"region":1}`) }, messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}},
		"a wrong secret": {func(m *messaging.Outgoing) {
			m.Via.Credentials = bytes.Replace(m.Via.Credentials, []byte("wJalr"), []byte("xJalr"), 1)
		}, messaging.Receipt{Outcome: messaging.Broken, Code: "InvalidSignatureException"}},
		"a wrong key": {func(m *messaging.Outgoing) {
			m.Via.Credentials = bytes.Replace(m.Via.Credentials, []byte("AKIAI"), []byte("AKIAJ"), 1)
		}, messaging.Receipt{Outcome: messaging.Broken, Code: "UnrecognizedClientException"}},
		"another sender":  {func(m *messaging.Outgoing) { m.From = "desk@elsewhere.example" }, messaging.Receipt{Outcome: messaging.Broken, Code: "not-verified"}},
		"no address":      {func(m *messaging.Outgoing) { m.To = "asha" }, messaging.Receipt{Outcome: messaging.Refused, Code: "address", Elsewhere: true}},
		"another script":  {func(m *messaging.Outgoing) { m.To = "आशा@example.org" }, messaging.Receipt{Outcome: messaging.Refused, Code: "smtputf8", Elsewhere: true}},
		"an empty letter": {func(m *messaging.Outgoing) { m.Text, m.HTML = "", "" }, messaging.Receipt{Outcome: messaging.Refused, Code: "empty"}},
	} {
		m := outgoing(server)
		c.change(&m)
		if got := sender.Send(t.Context(), m, func() error { return nil }); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if n := len(server.Messages()); n != 0 {
		t.Errorf("%d messages left", n)
	}
}

func TestCredentialsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := ses.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Region: "eu-west-2", From: from,
		TopicARNs: []string{"arn:aws:sns:eu-west-2:123456789012:mail"}}
	if err := good.Validate(); err != nil || good.Last4() != "MPLE" {
		t.Fatalf("%v %s", err, good.Last4())
	}
	for key, change := range map[string]func(*ses.Credentials){
		"field.ses.access_key_id.invalid":     func(c *ses.Credentials) { c.AccessKeyID = "akia" },
		"field.ses.secret_access_key.invalid": func(c *ses.Credentials) { c.SecretAccessKey = "short" },
		"field.ses.region.invalid":            func(c *ses.Credentials) { c.Region, c.TopicARNs = "eu-nowhere-1", nil },
		"field.ses.configuration_set.invalid": func(c *ses.Credentials) { c.ConfigurationSet = "a b" },
		"field.ses.topic_arns.invalid":        func(c *ses.Credentials) { c.TopicARNs = []string{"arn:aws:sns:us-east-1:123456789012:mail"} },
		"field.ses.topic_arns.many":           func(c *ses.Credentials) { c.TopicARNs = make([]string, 11); fill(c.TopicARNs, good.TopicARNs[0]) },
		"field.ses.from.required":             func(c *ses.Credentials) { c.From = "" },
		"field.ses.from.invalid":              func(c *ses.Credentials) { c.From = "Clinic <desk@clinic.example>" },
	} {
		c := good
		change(&c)
		var f *fault.Fault
		if err := c.Validate(); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Key != key {
			t.Errorf("%v, want %s", err, key)
		}
	}
	for label, fits := range map[string]bool{"GB": true, "eu-west-2": true, "EU": false, "": false, "us-east-1": false, "IN": false} {
		if err := good.ValidateFor(label); (err == nil) != fits {
			t.Errorf("label %q: %v", label, err)
		}
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "account", good)
	for _, shown := range []string{fmt.Sprint(good), fmt.Sprintf("%+v %#v %s", good, good, &good), logged.String()} {
		if strings.Contains(shown, "wJalr") || strings.Contains(shown, "AKIA") {
			t.Errorf("shown: %s", shown)
		}
	}
}

func fill(list []string, with string) {
	for i := range list {
		list[i] = with
	}
}

// TestRegions holds our list beside the SDK's own knowledge of hosts.
func TestRegions(t *testing.T) {
	t.Parallel()
	if len(ses.Regions()) < 30 || ses.Hosts("eu-nowhere-1") != nil {
		t.Fatal(ses.Regions())
	}
	for _, r := range ses.Regions() {
		if h := ses.Hosts(r); len(h) != 2 || h[0] != "email."+r+".amazonaws.com:443" || h[1] != "sns."+r+".amazonaws.com:443" {
			t.Errorf("%s: %v", r, h)
		}
		// The SDK asks for exactly this host when nobody tells it where SES is.
		var asked string
		client := doer(func(q *http.Request) (*http.Response, error) { asked = q.URL.Host; return nil, errors.New("enough") })
		a := ses.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: strings.Repeat("x", 40), Region: r, From: from}
		raw, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		m := messaging.Outgoing{ID: id.New(now), To: "a@example.org", Text: "x", Via: &messaging.Connection{Credentials: raw}}
		ses.New(client, clock.NewFake(now), slog.New(slog.NewTextHandler(io.Discard, nil)), ses.Options{}).Send(t.Context(), m, func() error { return nil })
		if asked != "email."+r+".amazonaws.com" {
			t.Errorf("%s: the SDK asks %q", r, asked)
		}
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }
