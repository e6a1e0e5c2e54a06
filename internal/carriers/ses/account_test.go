package ses_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"almirah/internal/carriers/ses"
	"almirah/internal/clock"
	"almirah/internal/fault"
	rig "almirah/internal/rig/ses"
)

// typed is a form that is right, with these fields changed.
func typed(more ...string) map[string]string {
	out := map[string]string{"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "region": "eu-central-1", "from": from,
		"configuration_set": "clinic", "topic_arns": "arn:aws:sns:eu-central-1:123456789012:ses-events, arn:aws:sns:eu-central-1:123456789012:second"}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func TestFormOfAnAccount(t *testing.T) {
	t.Parallel()
	c, _ := carrier(rig.Start(t, rig.Options{}), time.Second)
	credentials, sender, last4, err := c.Check(typed())
	if err != nil || sender != from || last4 != "MPLE" || !strings.Contains(string(credentials), "second") {
		t.Errorf("%s %q %q %v", credentials, sender, last4, err)
	}
	for name, change := range map[string][]string{
		"access_key_id": {"access_key_id", "akia"}, "secret_access_key": {"secret_access_key", "typed wrong"}, "region": {"region", "eu-central-9", "topic_arns", ""}, "from": {"from", "Sunrise <a@b.example>"},
		"topic_arns": {"topic_arns", "arn:aws:sns:us-east-1:123456789012:elsewhere"}, "configuration_set": {"configuration_set", "a set"},
	} {
		_, _, _, err := c.Check(typed(change...))
		var f *fault.Fault
		if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != name || strings.Contains(err.Error(), change[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, _, err = c.Check(map[string]string{})
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) != 4 {
		t.Errorf("nothing typed: %v", err)
	}
}

func TestAmazonIsAskedAboutAnAccount(t *testing.T) {
	t.Parallel()
	first := rig.Start(t, rig.Options{})
	for name, c := range map[string]struct {
		options rig.Options
		behave  rig.Behaviour
		change  []string
		key     string
		code    string
		kind    fault.Kind
	}{
		"works":         {},
		"another key":   {change: []string{"access_key_id", "AKIAIOSFODNN7OTHERS1"}, key: "fault.ses.account", code: "UnrecognizedClientException", kind: fault.Invalid},
		"another word":  {change: []string{"secret_access_key", strings.Repeat("x", 40)}, key: "fault.ses.account", code: "InvalidSignatureException", kind: fault.Invalid},
		"another place": {change: []string{"region", "ap-south-1", "topic_arns", ""}, key: "fault.ses.account", code: "InvalidSignatureException", kind: fault.Invalid},
		"may not":       {behave: rig.Behaviour{Status: 403, Code: "AccessDeniedException"}, key: "fault.ses.account", code: "AccessDeniedException", kind: fault.Invalid},
		"too often":     {behave: rig.Behaviour{Status: 429, Code: "TooManyRequestsException"}, key: "fault.ses.unreachable", code: "TooManyRequestsException", kind: fault.Unavailable},
		"broken":        {behave: rig.Behaviour{Status: 500, Code: "InternalFailure"}, key: "fault.ses.unreachable", code: "InternalFailure", kind: fault.Unavailable},
		"sandbox":       {options: rig.Options{Sandbox: true}, key: "fault.ses.sandbox", kind: fault.Invalid},
		"paused":        {options: rig.Options{Paused: true}, key: "fault.ses.account", code: "SendingPaused", kind: fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.options.Like = first
			s := rig.Start(t, c.options)
			s.Behave("", c.behave)
			own, logged := carrier(s, 5*time.Second)
			via := connection(s)
			credentials, _, _, err := own.Check(typed(c.change...))
			if err != nil {
				t.Fatal(err)
			}
			via.Credentials = credentials
			err = own.Probe(t.Context(), via)
			var f *fault.Fault
			if c.key == "" {
				if err != nil {
					t.Error(err)
				}
			} else if code := ""; !errors.As(err, &f) || f.Key != c.key || f.Kind != c.kind {
				t.Errorf("%v, want %s", err, c.key)
			} else if code, _ = f.Args["Code"].(string); code != c.code {
				t.Errorf("code %q, want %q", code, c.code)
			}
			if len(s.Messages()) != 0 || logged.Len() != 0 {
				t.Errorf("%d messages, log %q", len(s.Messages()), logged)
			}
		})
	}
	away := ses.New(doer(func(*http.Request) (*http.Response, error) { return nil, errors.New("no way: secret.example") }), clock.NewFake(now), slog.New(slog.DiscardHandler), ses.Options{})
	err := away.Probe(t.Context(), connection(first))
	if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	via := connection(first)
	via.Credentials = []byte("{}")
	if err := away.Probe(t.Context(), via); !fault.Is(err, fault.Invalid) {
		t.Errorf("no credentials: %v", err)
	}
}
