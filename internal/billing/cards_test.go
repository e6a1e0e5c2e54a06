package billing_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/promise"
	"almirah/internal/rig"
	rigrazorpay "almirah/internal/rig/razorpay"
	rigstripe "almirah/internal/rig/stripe"
)

// canaries is everything of a person and of a card that the stand-ins tell.
var canaries = []string{rigrazorpay.Card, rigrazorpay.Holder, "Canaryholder", rigrazorpay.Contact, rigrazorpay.Email, rigrazorpay.VPA, rigstripe.Card, rigstripe.Email, rigstripe.Phone, "4111-1111", "41111111"}

// hostile is a report whose every word is a card number, a name or an address.
func (c *counter) hostile() []report {
	card := map[string]string{"razorpay": rigrazorpay.Card, "stripe": rigstripe.Card}[c.account.Provider]
	var out []report
	for i, put := range []string{card, "4111-1111-1111-1111", rigrazorpay.Email, rigrazorpay.Holder} {
		q := fmt.Sprintf("%q", put)
		if c.account.Provider == "razorpay" {
			body := `{"entity":"event","event":` + q + `,"account_id":` + q + `,"payload":{"payment":{"entity":{"id":` + q + `,"order_id":` + q + `,"status":"failed","method":` + q + `,"error_code":` + q + `,"error_reason":` + q +
				`,"amount":100,"currency":` + q + `,"notes":{"almirah":` + q + `,"x":` + q + `},"card":{"number":` + q + `,"last4":"1111","name":` + q + `}}},"dispute":{"entity":{"id":"disp_a` + fmt.Sprint(i) + `","payment_id":` + q + `,"status":` + q + `,"reason_code":` + q + `}}}}`
			known := strings.Replace(body, `"event":`+q, `"event":"payment.failed"`, 1)
			for j, b := range []string{body, known} {
				p := c.bank.(razorpayBank).s.Sign([]byte(b), fmt.Sprintf("evt_hostile%d%d", i, j), "")
				out = append(out, report{"", p.Header, p.Body})
			}
			continue
		}
		for j, kind := range []string{"payment_intent.payment_failed", "charge.dispute.created", "checkout.session.completed", "refund.updated"} {
			object := `{"id":` + q + `,"object":` + q + `,"payment_intent":` + q + `,"status":` + q + `,"reason":` + q + `,"client_reference_id":` + q + `,"currency":` + q + `,"amount":100,"metadata":{"almirah":` + q +
				`},"last_payment_error":{"code":` + q + `,"decline_code":` + q + `,"message":` + q + `},"customer_details":{"name":` + q + `,"email":` + q + `},"payment_method_details":{"card":{"last4":` + q + `,"number":` + q + `}}}`
			out = append(out, report{"", nil, []byte(fmt.Sprintf(`{"id":"evt_hostile%d%d","object":"event","type":%q,"created":1,"data":{"object":%s},"account":%s}`, i, j, kind, object, q))})
		}
	}
	return out
}

// TestNothingOfACardStays plays a payment from the page to the dispute, and reports that are nothing but cards, and then searches everything that was written: the
// database with its log, the key store, our own log, and what the pages are given.
func TestNothingOfACardStays(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"razorpay", "stripe"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			rig.Engines(t, func(t *testing.T, b *rig.Base) {
				promise.Proves(t, "gateway-no-cards")
				var log bytes.Buffer
				b.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				c := openCounter(t, b, which)
				d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
				r, err := c.ask(d.Patient, d.ID)
				c.must(err)
				p := c.bank.try(billing.Reference(r.ID))
				c.hear(c.bank.posts()...)
				c.bank.late(p)
				c.hear(c.bank.posts()...)
				c.work()
				c.is(d.ID, billing.Paid, 0)
				_, err = c.pay.Return(background, c.As(access.Billing), c.sheet(d.ID).Money[0].ID, 20000, d.ID, "", c.newKey())
				c.must(err)
				c.work()
				c.bank.settle(c.bank.refunds()[0].id, true)
				c.bank.dispute(p, "created")
				c.bank.misbehave("look", "500")
				c.hear(c.bank.posts()...)
				for _, x := range c.hostile() {
					x = c.bank.sign(x, c.Clock.Now())
					err := c.pay.Hear(background, c.public(), c.account.Provider, c.account.ID, billing.GatewayHook{Header: x.header, Body: x.body})
					if err != nil && err != billing.ErrHookUnreadable {
						c.allow(err, fault.NotFound)
					}
				}
				c.heal()
				c.books()
				disputes, refused, err := c.pay.Frauds(background, c.As(access.Billing))
				c.must(err)
				differences, accounts, err := c.pay.Differences(background, c.As(access.Billing))
				c.must(err)
				told := jsonOf([]any{disputes, refused, differences, accounts, c.sheet(d.ID)}) + log.String()
				scanFor(t, "what pages and logs are given", []byte(told))
				if b.Engine == "postgres" {
					scanFor(t, "the database", dump(t, b.URL))
				}
				n := 0
				c.must(filepath.WalkDir(b.Dir, func(path string, e fs.DirEntry, err error) error {
					if err != nil || e.IsDir() {
						return err
					}
					text, err := os.ReadFile(path)
					scanFor(t, filepath.Base(path), text)
					n++
					return err
				}))
				if n == 0 {
					t.Fatal("nothing was searched")
				}
				// The search finds what is there.
				c.must(os.WriteFile(filepath.Join(b.Dir, "control"), []byte("x"+rigrazorpay.Card), 0o600))
				if text, _ := os.ReadFile(filepath.Join(b.Dir, "control")); found(text) == "" {
					t.Fatal("the search finds nothing at all")
				}
			})
		})
	}
}

func found(text []byte) string {
	for _, w := range canaries {
		for _, form := range []string{w, hex.EncodeToString([]byte(w)), base64.StdEncoding.EncodeToString([]byte(w))[:len(w)/3*4]} {
			if bytes.Contains(text, []byte(form)) {
				return w
			}
		}
	}
	return ""
}

func scanFor(t *testing.T, where string, text []byte) {
	t.Helper()
	if w := found(text); w != "" {
		t.Errorf("%s holds %q", where, w)
	}
}

// dump is every row of every table of a PostgreSQL database as text.
func dump(t *testing.T, url string) []byte {
	t.Helper()
	_ = stdlib.GetDefaultDriver()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var schema, name string
		if err := rows.Scan(&schema, &name); err != nil {
			t.Fatal(err)
		}
		names = append(names, schema+"."+name)
	}
	_ = rows.Close()
	var out bytes.Buffer
	for _, n := range names {
		rows, err := db.Query(`SELECT CAST(x AS TEXT) FROM ` + n + ` x`)
		if err != nil {
			t.Fatal(n, err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			out.WriteString(line + "\n")
		}
		_ = rows.Close()
	}
	if out.Len() == 0 {
		t.Fatal("the dump is empty")
	}
	return out.Bytes()
}
