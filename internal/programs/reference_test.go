package programs

import (
	"testing"
	"time"

	"almirah/internal/id"
	"almirah/internal/rig/oracle"
)

// TestReferenceStandardWebhooks holds our signatures beside the npm package that programs check them with: both ways, with both secrets of a change,
// and with what was tampered with.
func TestReferenceStandardWebhooks(t *testing.T) {
	t.Parallel()
	type one struct {
		ID, Body, Signature, Secret string
		At                          int64
	}
	var in struct {
		Sign  []one `json:"sign"`
		Check []one `json:"check"`
	}
	var mine []string
	var want []bool
	now := time.Now() // the package compares with the machine's clock
	for range 5 {
		d := Delivery{ID: id.New(now), Kind: "appointment.booked", Subject: id.New(now), Patient: id.New(now)}
		body, first, second := d.body(), newSecret(), newSecret()
		mine = append(mine, sign(d.MessageID(), now, body, first))
		in.Sign = append(in.Sign, one{ID: d.MessageID(), Body: string(body), Secret: first, At: now.Unix()})
		both := sign(d.MessageID(), now, body, second, first)
		for _, x := range []struct {
			one
			ok bool
		}{
			{one{d.MessageID(), string(body), both, first, now.Unix()}, true},
			{one{d.MessageID(), string(body), both, second, now.Unix()}, true},
			{one{d.MessageID(), string(body), both, newSecret(), now.Unix()}, false},
			{one{d.MessageID(), string(body) + " ", both, first, now.Unix()}, false},
			{one{d.MessageID() + "0", string(body), both, first, now.Unix()}, false},
			{one{d.MessageID(), string(body), both, first, now.Unix() + 1}, false},
			{one{d.MessageID(), string(body), sign(d.MessageID(), now.Add(-301*time.Second), body, first), first, now.Unix() - 301}, false},
		} {
			in.Check, want = append(in.Check, x.one), append(want, x.ok)
		}
	}
	var out struct {
		Signed  []string `json:"signed"`
		Checked []bool   `json:"checked"`
	}
	oracle.Ask(t, "standard-webhooks.mjs", in, &out)
	for i, s := range out.Signed {
		if s != mine[i] {
			t.Errorf("npm signs %s, we sign %s", s, mine[i])
		}
	}
	for i, ok := range out.Checked {
		if ok != want[i] {
			t.Errorf("check %d: npm says %v", i, ok)
		}
	}
	t.Logf("standardwebhooks npm: %d signatures alike; %d of ours checked by npm, tampered, of other secrets and too old among them: all agree", len(out.Signed), len(out.Checked))
}
