package ses_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/carriers/ses"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig/oracle"
	rig "almirah/internal/rig/ses"
)

func hook(body []byte) messaging.Hook {
	return messaging.Hook{Method: http.MethodPost, URL: "https://clinic.example/hooks/ses/x", Header: http.Header{"Content-Type": {"text/plain; charset=UTF-8"}}, Body: body}
}

func subject(s string) *string { return &s }

// TestSignatures holds our reading of SNS's envelopes beside npm sns-validator's: what either
// takes, the other takes, but for what we are stricter in.
func TestSignatures(t *testing.T) {
	t.Parallel()
	server, stranger := rig.Start(t, rig.Options{}), rig.Start(t, rig.Options{})
	type notice = rig.Notice
	tamper := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	bodies, theirs := map[string]string{}, map[string]bool{}
	const sns, elsewhere = "sns.eu-central-1.amazonaws.com", "sns.eu-central-1.amazonaws.com.evil.test"
	for name, c := range map[string]struct {
		notice notice
		change func([]byte) []byte
		by     *rig.Server
		want   error
		theirs bool // what sns-validator says
	}{
		"version 1":                   {notice: notice{Message: "hello"}, theirs: true},
		"version 2":                   {notice: notice{Message: "hello", Version: "2"}, theirs: true},
		"with a subject":              {notice: notice{Message: "hello", Subject: subject("Amazon SES Email Event Notification")}, theirs: true},
		"with a subject, version 2":   {notice: notice{Message: "hello\nworld ✓", Subject: subject("नमस्ते"), Version: "2"}, theirs: true},
		"a subscription":              {notice: notice{Type: "SubscriptionConfirmation"}, theirs: true},
		"a subscription, version 2":   {notice: notice{Type: "SubscriptionConfirmation", Version: "2"}, theirs: true},
		"a farewell":                  {notice: notice{Type: "UnsubscribeConfirmation", Version: "2"}}, // sns-validator leaves the token out of farewells, Amazon's documentation does not
		"the whole chain in the file": {notice: notice{Message: "x", Seal: rig.Whole}, theirs: true},
		"a changed message":           {notice: notice{Message: "hello"}, change: tamper(`"hello"`, `"hallo"`), want: messaging.ErrForged},
		"a changed message, 2":        {notice: notice{Message: "hello", Version: "2"}, change: tamper(`"hello"`, `"hallo"`), want: messaging.ErrForged},
		"a changed time":              {notice: notice{Message: "hello", At: now}, change: tamper(now.Format("2006-01-02T15:04"), now.Add(time.Hour).Format("2006-01-02T15:04")), want: messaging.ErrForged},
		"a subject added":             {notice: notice{Message: "hello"}, change: tamper(`{`, `{"Subject":"x",`), want: messaging.ErrForged},
		"1 said to be 2":              {notice: notice{Message: "hello"}, change: tamper(`"SignatureVersion": "1"`, `"SignatureVersion": "2"`), want: messaging.ErrForged},
		"version 3":                   {notice: notice{Message: "hello"}, change: tamper(`"SignatureVersion": "1"`, `"SignatureVersion": "3"`), want: messaging.ErrForged},
		"no signature":                {notice: notice{Message: "hello"}, change: tamper(`"Signature"`, `"Signature2"`), want: messaging.ErrForged},
		"a stranger's key":            {notice: notice{Message: "hello"}, by: stranger, want: messaging.ErrForged},
		"another host":                {notice: notice{Message: "hello", Host: elsewhere}, want: messaging.ErrForged},
		"another region":              {notice: notice{Message: "hello", Host: "sns.us-east-1.amazonaws.com"}, want: messaging.ErrForged, theirs: true},
		"no TLS":                      {notice: notice{Message: "hello", SealURL: "http://" + sns + "/" + string(rig.Good)}, want: messaging.ErrForged},
		"another port":                {notice: notice{Message: "hello", Host: sns + ":8443"}, want: messaging.ErrForged},
		"a user in the address":       {notice: notice{Message: "hello", SealURL: "https://" + sns + "@evil.test/" + string(rig.Good)}, want: messaging.ErrForged},
		"another file":                {notice: notice{Message: "hello", SealURL: "https://" + sns + "/certificate.txt"}, want: messaging.ErrForged},
		"a redirect in the path":      {notice: notice{Message: "hello", SealURL: "https://" + sns + "/?x=" + string(rig.Good)}, want: messaging.ErrForged, theirs: true},
	} {
		by := server
		if c.by != nil {
			by = c.by
		}
		body := by.Sign(c.notice)
		if c.change != nil {
			changed := c.change(body)
			if bytes.Equal(changed, body) {
				t.Fatalf("%s: nothing was changed", name)
			}
			body = changed
		}
		reader, _ := carrier(server, 2*time.Second)
		events, answer, err := reader.Read(t.Context(), connection(server), hook(body))
		if !errors.Is(err, c.want) || (c.want == nil) != (len(events) == 1) || !reflect.DeepEqual(answer, messaging.Answer{}) {
			t.Errorf("%s: %v %+v, want %v", name, err, events, c.want)
		}
		if name != "a farewell" {
			bodies[name], theirs[name] = string(body), c.theirs
		}
	}
	var said map[string]struct {
		OK  bool
		Why string
	}
	oracle.Ask(t, "sns.mjs", map[string]any{"bodies": bodies, "certificate": server.Certificate(rig.Whole)}, &said)
	for name, want := range theirs {
		if x, there := said[name]; !there || x.OK != want {
			t.Errorf("%s: sns-validator says %v (%s), want %v", name, x.OK, x.Why, want)
		}
	}
}

func TestSeals(t *testing.T) {
	t.Parallel()
	keys := rig.Start(t, rig.Options{})
	for seal, want := range map[rig.Seal]error{
		rig.Good: nil, rig.Whole: nil, rig.Expired: messaging.ErrForged, rig.WrongName: messaging.ErrForged, rig.SelfSigned: messaging.ErrForged, rig.Orphan: messaging.ErrForged,
		rig.Impostor: messaging.ErrForged, rig.Weak: messaging.ErrForged, rig.Curve: messaging.ErrForged, rig.Rubbish: messaging.ErrForged, rig.Missing: messaging.ErrForged, rig.Away: messaging.ErrNotNow,
	} {
		t.Run(string(seal), func(t *testing.T) {
			t.Parallel()
			server := rig.Start(t, rig.Options{Like: keys})
			reader, _ := carrier(server, 2*time.Second)
			for range 3 {
				if _, _, err := reader.Read(t.Context(), connection(server), hook(server.Sign(rig.Notice{Message: "x", Seal: seal}))); !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			}
			if n := server.Fetched(seal); n != 1 {
				t.Errorf("fetched %d times, want once", n)
			}
		})
	}
}

func TestSealsComeOverTLSFromSNSAlone(t *testing.T) {
	t.Parallel()
	server, stranger := rig.Start(t, rig.Options{}), rig.Start(t, rig.Options{})
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	body := server.Sign(rig.Notice{Message: "x"})
	// A chain that ends at an authority that is not trusted, over a connection that is.
	trusting := ses.New(stranger.Client(2*time.Second), clock.NewFake(now), quiet, ses.Options{Roots: server.Roots()})
	if _, _, err := trusting.Read(t.Context(), connection(server), hook(stranger.Sign(rig.Notice{Message: "x", Seal: rig.Whole}))); !errors.Is(err, messaging.ErrForged) {
		t.Errorf("a chain of another authority: %v", err)
	}
	// An answer that came without TLS vouches for nothing.
	plain := doer(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(server.Certificate(rig.Whole)))}, nil
	})
	if _, _, err := ses.New(plain, clock.NewFake(now), quiet, ses.Options{Roots: server.Roots()}).Read(t.Context(), connection(server), hook(body)); !errors.Is(err, messaging.ErrForged) {
		t.Errorf("without TLS: %v", err)
	}
	// A certificate that ends while it is kept is not used any more.
	clk := clock.NewFake(now)
	reader := ses.New(server.Client(2*time.Second), clk, quiet, ses.Options{Roots: server.Roots()})
	if _, _, err := reader.Read(t.Context(), connection(server), hook(body)); err != nil {
		t.Fatal(err)
	}
	clk.Set(time.Date(2045, 1, 2, 0, 0, 0, 0, time.UTC))
	if _, _, err := reader.Read(t.Context(), connection(server), hook(body)); !errors.Is(err, messaging.ErrForged) {
		t.Errorf("over: %v", err)
	}
}

func TestForgedBodiesCostLittle(t *testing.T) {
	t.Parallel()
	server := rig.Start(t, rig.Options{})
	clk := clock.NewFake(now)
	asked := 0
	through := server.Client(2 * time.Second)
	reader := ses.New(doer(func(r *http.Request) (*http.Response, error) { asked++; return through.Do(r) }), clk, slog.New(slog.NewTextHandler(io.Discard, nil)), ses.Options{Roots: server.Roots()})
	at := connection(server)
	for _, body := range [][]byte{
		server.Sign(rig.Notice{Message: "x", Topic: "arn:aws:sns:eu-central-1:123456789012:another"}), server.Sign(rig.Notice{Message: "x", Topic: "arn:aws:sns:eu-central-1:999999999999:ses-events"}),
	} {
		if _, _, err := reader.Read(t.Context(), at, hook(body)); !errors.Is(err, messaging.ErrForged) {
			t.Errorf("another topic: %v", err)
		}
	}
	for name, body := range map[string][]byte{
		"nothing": nil, "no JSON": []byte("hello"), "a list": []byte("[]"), "raw delivery": []byte(rig.Event(rig.Message{ID: "x"}, "Send", "{}")), "another type": server.Sign(rig.Notice{Type: "Other"}),
		"too big": append(server.Sign(rig.Notice{Message: "x"}), bytes.Repeat([]byte(" "), 1<<20)...), "a split text": server.Sign(rig.Notice{Message: "x", Subject: subject("a\nTimestamp\nb")}),
		"a strange id": server.Sign(rig.Notice{Message: "x", MessageID: "x\nSubject\ny"}),
	} {
		if _, _, err := reader.Read(t.Context(), at, hook(body)); !errors.Is(err, messaging.ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	get := hook(server.Sign(rig.Notice{Message: "x"}))
	get.Method = http.MethodGet
	if _, _, err := reader.Read(t.Context(), at, get); !errors.Is(err, messaging.ErrUnreadable) {
		t.Errorf("GET: %v", err)
	}
	for _, credentials := range [][]byte{nil, []byte("{}")} {
		other := at
		other.Credentials = credentials
		if _, _, err := reader.Read(t.Context(), other, hook(server.Sign(rig.Notice{Message: "x"}))); !errors.Is(err, messaging.ErrForged) {
			t.Errorf("no credentials: %v", err)
		}
	}
	if asked != 0 {
		t.Fatalf("%d fetches for bodies that could be refused without", asked)
	}
	// Whoever knows the topic can make us ask SNS for files, but not often.
	limited := 0
	for i := range 50 {
		body := server.Sign(rig.Notice{Message: "x", SealURL: "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-" + strings.Repeat("a", i+1) + ".pem"})
		_, _, err := reader.Read(t.Context(), at, hook(body))
		if errors.Is(err, messaging.ErrNotNow) {
			limited++
		} else if !errors.Is(err, messaging.ErrForged) {
			t.Error(err)
		}
	}
	if asked != 20 || limited != 30 {
		t.Errorf("%d fetches, %d put off; want 20 and 30", asked, limited)
	}
	clk.Move(time.Minute)
	if _, _, err := reader.Read(t.Context(), at, hook(server.Sign(rig.Notice{Message: "x"}))); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	server := rig.Start(t, rig.Options{})
	const arn = "arn:aws:sns:eu-central-1:123456789012:ses-events"
	yes := "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + arn + "&Token="
	for name, c := range map[string]struct {
		notice    rig.Notice
		want      error
		status    string
		confirmed int
	}{
		"fresh":                 {rig.Notice{At: now}, nil, "confirmed", 1},
		"fifty minutes old":     {rig.Notice{At: now.Add(-50 * time.Minute)}, nil, "confirmed", 1},
		"stale":                 {rig.Notice{At: now.Add(-61 * time.Minute)}, nil, "stale", 0},
		"a week old":            {rig.Notice{At: now.Add(-7 * 24 * time.Hour)}, nil, "stale", 0},
		"four minutes ahead":    {rig.Notice{At: now.Add(4 * time.Minute)}, nil, "confirmed", 1},
		"from the future":       {rig.Notice{At: now.Add(6 * time.Minute)}, nil, "stale", 0},
		"another topic":         {rig.Notice{At: now, Topic: arn + "2"}, messaging.ErrForged, "", 0},
		"another host":          {rig.Notice{At: now, SubscribeURL: "https://evil.test/?Action=ConfirmSubscription"}, messaging.ErrForged, "", 0},
		"metadata":              {rig.Notice{At: now, SubscribeURL: "http://169.254.169.254/latest/meta-data"}, messaging.ErrForged, "", 0},
		"another action":        {rig.Notice{At: now, SubscribeURL: "https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic&TopicArn=" + arn}, messaging.ErrForged, "", 0},
		"another token":         {rig.Notice{At: now, SubscribeURL: yes + strings.Repeat("0", 128)}, messaging.ErrForged, "", 0},
		"the farewell of a one": {rig.Notice{At: now, Type: "UnsubscribeConfirmation"}, nil, "ended", 0},
	} {
		if c.notice.Type == "" {
			c.notice.Type = "SubscriptionConfirmation"
		}
		before := server.Confirmed()
		reader, _ := carrier(server, 2*time.Second)
		events, _, err := reader.Read(t.Context(), connection(server), hook(server.Sign(c.notice)))
		if !errors.Is(err, c.want) || server.Confirmed()-before != c.confirmed {
			t.Errorf("%s: %v, confirmed %d times; want %v and %d", name, err, server.Confirmed()-before, c.want, c.confirmed)
		}
		if c.want == nil && (len(events) != 1 || events[0].Kind != messaging.AccountNews || events[0].Name != "subscription" || events[0].Status != c.status || events[0].Key == "") {
			t.Errorf("%s: %+v", name, events)
		}
	}
}

func TestNews(t *testing.T) {
	t.Parallel()
	server := rig.Start(t, rig.Options{})
	reader, logged := carrier(server, 2*time.Second)
	sent := id.New(now)
	m := rig.Message{ID: "0107019af0-1", From: from, To: "asha@example.org", Set: "clinic", Tags: map[string]string{"msg": sent.String()}}
	untagged := m
	untagged.Tags = nil
	at := func(s string) clock.Instant {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return clock.At(x)
	}
	const inner = `{"timestamp":"2026-11-24T12:00:05.321Z","recipients":["asha@example.org"],"smtpResponse":"250 ok","ipAddress":"192.0.2.1","link":"https://clinic.example/m/secret"`
	posted, mid := clock.At(now.Truncate(time.Millisecond)), at("2026-11-24T12:00:05.321Z")
	state := func(r messaging.Reached, at clock.Instant) messaging.Event {
		return messaging.Event{Kind: messaging.StateNews, At: at, ProviderID: m.ID, Message: sent, Reached: r}
	}
	failed := func(code, reason string, permanent bool, at clock.Instant) messaging.Event {
		e := state(messaging.ReachedFailed, at)
		e.Code, e.Reason, e.Permanent = code, reason, permanent
		return e
	}
	complaint := messaging.Event{Kind: messaging.ChoiceNews, At: at("2026-11-24T13:00:00Z"), ProviderID: m.ID, Message: sent, Stop: true, Code: "complaint", Reason: "abuse", From: messaging.Sender{Address: m.To}}
	suppressed := complaint
	suppressed.Reason = "abuse/OnAccountSuppressionList"
	bounced := at("2026-11-24T12:00:06.042Z")
	delayed := state(messaging.ReachedSent, mid)
	delayed.Code = "MailboxFull"
	noTag := state(messaging.ReachedDelivered, mid)
	noTag.Message = id.Zero
	for name, c := range map[string]struct {
		message string
		want    []messaging.Event
	}{
		"Send":              {rig.Event(m, "Send", "{}"), []messaging.Event{state(messaging.ReachedSent, posted)}},
		"Delivery":          {rig.Event(m, "Delivery", inner+"}"), []messaging.Event{state(messaging.ReachedDelivered, mid)}},
		"Delivery, no tag":  {rig.Event(untagged, "Delivery", inner+"}"), []messaging.Event{noTag}},
		"Open":              {rig.Event(m, "Open", inner+"}"), []messaging.Event{state(messaging.ReachedOpened, mid)}},
		"Click":             {rig.Event(m, "Click", inner+"}"), []messaging.Event{state(messaging.ReachedOpened, mid)}},
		"DeliveryDelay":     {rig.Event(m, "DeliveryDelay", inner+`,"delayType":"MailboxFull"}`), []messaging.Event{delayed}},
		"Reject":            {rig.Event(m, "Reject", `{"reason":"Bad content"}`), []messaging.Event{failed("reject", "", true, posted)}},
		"Rendering Failure": {rig.Event(m, "Rendering Failure", `{"errorMessage":"x","templateName":"y"}`), []messaging.Event{failed("rendering", "", true, posted)}},
		"no such person":    {rig.Bounce(m, "Permanent", "NoEmail", "5.1.1"), []messaging.Event{failed("5.1.1", "Permanent/NoEmail", true, bounced)}},
		"suppressed":        {rig.Bounce(m, "Permanent", "OnAccountSuppressionList", ""), []messaging.Event{failed("OnAccountSuppressionList", "Permanent/OnAccountSuppressionList", true, bounced)}},
		"mailbox full":      {rig.Bounce(m, "Transient", "MailboxFull", "5.2.2"), []messaging.Event{failed("5.2.2", "Transient/MailboxFull", false, bounced)}},
		"undetermined":      {rig.Bounce(m, "Undetermined", "Undetermined", ""), []messaging.Event{failed("Undetermined", "Undetermined/Undetermined", false, bounced)}},
		"by the identity":   {rig.Identity(rig.Bounce(m, "Permanent", "General", "5.1.1")), []messaging.Event{failed("5.1.1", "Permanent/General", true, bounced)}},
		"a status to fear":  {rig.Bounce(m, "Permanent", "General", "asha@example.org"), []messaging.Event{failed("General", "Permanent/General", true, bounced)}},
		"Complaint":         {rig.Complaint(m, "abuse", ""), []messaging.Event{complaint}},
		"an old complaint":  {rig.Complaint(m, "abuse", "OnAccountSuppressionList"), []messaging.Event{suppressed, failed("OnAccountSuppressionList", "", true, at("2026-11-24T13:00:00Z"))}},
		"not spam":          {rig.Complaint(m, "not-spam", ""), nil},
		"Subscription":      {rig.Event(m, "Subscription", `{"contactList":"x"}`), nil},
		"something new":     {rig.Event(m, "Levitation", `{}`), nil},
		"a greeting":        {"Successfully validated SNS topic for Amazon SES event publishing.", nil},
		"no message id":     {rig.Event(rig.Message{}, "Send", `{}`), nil},
		"other JSON":        {`{"eventType":["x"]}`, nil},
	} {
		notice := rig.Notice{Message: c.message, At: now, MessageID: "22b80b92-fdea-4c2c-8f9d-" + strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")}
		got, _, err := reader.Read(t.Context(), connection(server), hook(server.Sign(notice)))
		want := c.want
		if want == nil {
			want = []messaging.Event{{Kind: messaging.Unknown, At: posted, Raw: []byte(c.message)}}
		}
		for i := range want {
			want[i].Key = notice.MessageID + []string{"", ".state"}[i]
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v, want\n%+v", name, err, got, want)
		}
		for _, e := range got {
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"no such person", "192.0.2.1", "/m/secret"} {
				if e.Kind != messaging.Unknown && strings.Contains(string(text), secret) {
					t.Errorf("%s: the event holds %q", name, secret)
				}
			}
		}
	}
	if logged.Len() != 0 {
		t.Errorf("logged: %s", logged)
	}
}

// TestEndToEnd sends, subscribes and hears, over real HTTP, while SNS misbehaves.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	keys := rig.Start(t, rig.Options{})
	for name, flaws := range map[string]rig.Flaws{
		"well": {}, "twice": {Twice: true}, "backwards": {Backwards: true}, "delivered is never told": {SkipDelivered: true}, "a week late": {Late: 7 * 24 * time.Hour}, "a clock ahead": {Early: time.Hour},
		"everything": {Twice: true, Backwards: true, SkipDelivered: true, Late: 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := rig.Start(t, rig.Options{Version: "2", Like: keys})
			c, _ := carrier(server, 5*time.Second)
			at := connection(server)
			var mu sync.Mutex
			seen := map[string][]messaging.Event{}
			fails := 2 // the door is shut twice before it opens
			door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return
				}
				events, _, err := c.Read(r.Context(), at, messaging.Hook{Method: r.Method, URL: at.HookURL, Header: r.Header, Body: body})
				mu.Lock()
				defer mu.Unlock()
				if fails > 0 && err == nil && events[0].Kind == messaging.StateNews {
					fails--
					err = messaging.ErrNotNow
				}
				if err != nil {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				for _, e := range events {
					seen[e.Key] = append(seen[e.Key], e)
				}
			}))
			defer door.Close()
			if !server.Subscribe(door.URL) {
				t.Fatal("not subscribed")
			}
			ids := map[string]id.ID{}
			for _, who := range []string{"asha", "bounce", "suppressionlist", "ooto", "complaint"} {
				m := outgoing(server)
				m.To = who + "@example.org"
				r := c.Send(t.Context(), m, func() error { return nil })
				if r.Outcome != messaging.Accepted {
					t.Fatalf("%+v", r)
				}
				ids[r.ProviderID] = m.ID
			}
			posts := server.Flush(flaws)
			for _, body := range posts {
				if s := server.Post(door.URL, body); s != http.StatusOK {
					t.Errorf("answered %d", s)
				}
			}
			// A week later somebody plays one again: nothing new.
			server.Post(door.URL, posts[0])
			mu.Lock()
			defer mu.Unlock()
			reached, stops := map[string][]string{}, 0
			for _, events := range seen {
				e := events[0]
				for _, other := range events {
					if !reflect.DeepEqual(e, other) {
						t.Errorf("one key, two pieces of news: %+v %+v", e, other)
					}
				}
				if e.Kind == messaging.AccountNews {
					continue
				}
				if e.Message != ids[e.ProviderID] {
					t.Errorf("%s is said to be %s", e.ProviderID, e.Message)
				}
				if e.Kind == messaging.ChoiceNews && e.Stop {
					stops++
				}
				reached[e.ProviderID] = append(reached[e.ProviderID], string(e.Reached))
			}
			if stops != 1 || len(reached) != 5 {
				t.Errorf("%d stops, news of %d messages: %v", stops, len(reached), reached)
			}
			for p, list := range reached {
				slices.Sort(list)
				if flaws.SkipDelivered && slices.Contains(list, "delivered") || !slices.Contains(list, "sent") {
					t.Errorf("%s: %v", p, list)
				}
			}
		})
	}
}

// TestRequestsForAnotherReader plays what our client sent to npm aws-ses-v2-local.
func TestRequestsForAnotherReader(t *testing.T) {
	t.Parallel()
	server := rig.Start(t, rig.Options{})
	c, _ := carrier(server, 5*time.Second)
	m := outgoing(server)
	m.UnsubscribeURL, m.Subject = "https://clinic.example/u/opaque", "आपकी अपॉइंटमेंट"
	if r := c.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
		t.Fatalf("%+v", r)
	}
	var inbox struct {
		Status int
		Emails []struct {
			From, Subject string
			Destination   struct{ To []string }
			Body          struct{ HTML, Text string }
		}
	}
	oracle.Ask(t, "ses.mjs", server.Messages()[0].Request, &inbox)
	if inbox.Status != 200 || len(inbox.Emails) != 1 {
		t.Fatalf("%+v", inbox)
	}
	e := inbox.Emails[0]
	if e.From != `"Sunrise Clinic" <appointments@clinic.example>` || e.Subject != m.Subject || len(e.Destination.To) != 1 || e.Destination.To[0] != "asha@example.org" ||
		strings.TrimSpace(e.Body.Text) != "Tuesday at 10:00." || strings.TrimSpace(e.Body.HTML) != m.HTML {
		t.Errorf("%+v", e)
	}
}

func FuzzRead(f *testing.F) {
	server, err := rig.Run(rig.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = server.Close() })
	m := rig.Message{ID: "0107019af0-1", From: from, To: "asha@example.org", Tags: map[string]string{"msg": id.New(now).String()}}
	for _, message := range []string{rig.Event(m, "Send", "{}"), rig.Bounce(m, "Permanent", "General", "5.1.1"), rig.Complaint(m, "abuse", ""), rig.Identity(rig.Bounce(m, "Transient", "General", "")), "hello", `{"mail":null}`} {
		f.Add([]byte(message), true)
		f.Add(server.Sign(rig.Notice{Message: message}), false)
	}
	f.Add(server.Sign(rig.Notice{Type: "SubscriptionConfirmation"}), false)
	reader := ses.New(server.Client(2*time.Second), clock.NewFake(now), slog.New(slog.NewTextHandler(io.Discard, nil)), ses.Options{Roots: server.Roots()})
	at := connection(server)
	f.Fuzz(func(t *testing.T, body []byte, sign bool) {
		if sign { // so that what is inside is read as well
			body = server.Sign(rig.Notice{Message: string(body)})
		}
		events, _, err := reader.Read(t.Context(), at, hook(body))
		switch {
		case err == nil && len(events) == 0:
			t.Error("taken, and no news")
		case err != nil && (len(events) != 0 || sign && !errors.Is(err, messaging.ErrForged)):
			t.Errorf("%v %d", err, len(events))
		}
		for _, e := range events {
			if e.Key == "" || e.Kind == messaging.StateNews && (e.ProviderID == "" || e.Reached == "") {
				t.Errorf("%+v", e)
			}
		}
	})
}
