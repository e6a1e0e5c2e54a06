package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/egress"
	"almirah/internal/gateways/demo"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/gateways/stripe"
	"almirah/internal/money"
	"almirah/internal/subscription"
)

// Plans are what whoever runs the deployment asks of clinics for it. The zero Plans ask for nothing, which is what a deployment that
// somebody runs for a clinic of her own has.
type Plans struct {
	List    []subscription.Plan // ALMIRAH_PLANS
	Trial   time.Duration       // ALMIRAH_PLANS_TRIAL, in days
	Grace   time.Duration       // ALMIRAH_PLANS_GRACE, in days
	Gateway string              // ALMIRAH_PLANS_GATEWAY: "razorpay" or "stripe"; "demo" is the demonstration's stand-in
	URL     string              // ALMIRAH_PLANS_GATEWAY_URL: a stand-in for its interface
	KeyID   string              // ALMIRAH_PLANS_KEY_ID, of Razorpay
	Secret  string              // ALMIRAH_PLANS_KEY_SECRET
	Seller  subscription.Seller // ALMIRAH_TAX_*, ALMIRAH_COUNTRY, ALMIRAH_INVOICE_SERIES
}

// plansProcessor is the payment company of whoever runs the deployment, on the sub-processor list.
const plansProcessor = "plans"

var (
	planKey     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	seriesForm  = regexp.MustCompile(`^[A-Za-z0-9/-]{0,9}$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
)

// plans reads the settings.
func (c *Config) plans(get func(string) string, or func(string, string) string, wrong func(string, string)) {
	p := &c.Plans
	for _, text := range strings.Split(or("ALMIRAH_PLANS", ""), ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		parts := strings.Split(text, ":")
		var month, year int64
		var err, err2 error
		if len(parts) == 4 {
			month, err = strconv.ParseInt(parts[2], 10, 64)
			year, err2 = strconv.ParseInt(parts[3], 10, 64)
		}
		if len(parts) != 4 || !planKey.MatchString(parts[0]) || money.Unit(parts[1]) == 0 || len(parts[1]) != 3 || err != nil || err2 != nil || month < 0 || year < 0 || month+year == 0 {
			wrong("ALMIRAH_PLANS", "write plans divided by commas, each as name:currency:a month:a year, with prices before tax in the smallest unit, such as solo:INR:99900:999000; 0 is not offered")
			return
		}
		p.List = append(p.List, subscription.Plan{Key: parts[0], Name: strings.ToUpper(parts[0][:1]) + parts[0][1:], Currency: parts[1], Month: month, Year: year})
	}
	if len(p.List) == 0 {
		return
	}
	days := func(name, otherwise string) time.Duration {
		n, err := strconv.Atoi(or(name, otherwise))
		if err != nil || n < 0 || n > 400 {
			wrong(name, "write a number of days from 0 to 400")
		}
		return time.Duration(n) * 24 * time.Hour
	}
	p.Trial, p.Grace = days("ALMIRAH_PLANS_TRIAL", "30"), days("ALMIRAH_PLANS_GRACE", "14")
	p.Gateway, p.URL = or("ALMIRAH_PLANS_GATEWAY", ""), or("ALMIRAH_PLANS_GATEWAY_URL", "")
	p.KeyID, p.Secret = or("ALMIRAH_PLANS_KEY_ID", ""), get("ALMIRAH_PLANS_KEY_SECRET")
	if !slices.Contains([]string{"", "razorpay", "stripe", demo.Name}, p.Gateway) {
		wrong("ALMIRAH_PLANS_GATEWAY", "write razorpay or stripe, or leave it out")
	}
	if u, err := url.Parse(p.URL); p.URL != "" && (err != nil || u.Host == "" || u.User != nil) {
		wrong("ALMIRAH_PLANS_GATEWAY_URL", "write the address of a stand-in for the interface of the payment company")
	}
	rate, err := strconv.ParseFloat(or("ALMIRAH_TAX_PERCENT", "0"), 64)
	if err != nil || rate < 0 || rate > 100 {
		wrong("ALMIRAH_TAX_PERCENT", "write a rate from 0 to 100, such as 18")
	}
	p.Seller = subscription.Seller{Name: c.Entity.Name, Address: c.Entity.Address, TaxNumber: or("ALMIRAH_TAX_NUMBER", ""), Country: or("ALMIRAH_COUNTRY", "IN"),
		Rate: money.PerMillion(rate*10000 + 0.5), TaxCode: or("ALMIRAH_TAX_CODE", ""), Series: or("ALMIRAH_INVOICE_SERIES", "A-")}
	if !countryForm.MatchString(p.Seller.Country) {
		wrong("ALMIRAH_COUNTRY", "write two letters, such as IN")
	}
	if !seriesForm.MatchString(p.Seller.Series) {
		wrong("ALMIRAH_INVOICE_SERIES", "write at most nine letters, digits, dashes and strokes")
	}
	if c.Entity.Name == "" {
		wrong("ALMIRAH_LEGAL_ENTITY", "invoices have to name who runs the deployment")
	}
}

// masked lists the settings without the secret.
func (p Plans) masked() []string {
	if len(p.List) == 0 {
		return []string{"ALMIRAH_PLANS="}
	}
	var plans []string
	for _, x := range p.List {
		plans = append(plans, strings.Join([]string{x.Key, x.Currency, strconv.FormatInt(x.Month, 10), strconv.FormatInt(x.Year, 10)}, ":"))
	}
	secret := ""
	if p.Secret != "" {
		secret = "***"
	}
	days := func(d time.Duration) string { return strconv.Itoa(int(d.Hours() / 24)) }
	return []string{"ALMIRAH_PLANS=" + strings.Join(plans, ","), "ALMIRAH_PLANS_TRIAL=" + days(p.Trial), "ALMIRAH_PLANS_GRACE=" + days(p.Grace),
		"ALMIRAH_PLANS_GATEWAY=" + p.Gateway, "ALMIRAH_PLANS_GATEWAY_URL=" + p.URL, "ALMIRAH_PLANS_KEY_ID=" + p.KeyID, "ALMIRAH_PLANS_KEY_SECRET=" + secret,
		"ALMIRAH_TAX_NUMBER=" + p.Seller.TaxNumber, "ALMIRAH_TAX_CODE=" + p.Seller.TaxCode, "ALMIRAH_COUNTRY=" + p.Seller.Country, "ALMIRAH_INVOICE_SERIES=" + p.Seller.Series}
}

// processor is the payment company as the sub-processor list has it; false when there is none.
func (p Plans) processor() (egress.Processor, string, bool) {
	where := p.URL
	name := map[string]string{"razorpay": "Razorpay", "stripe": "Stripe"}[p.Gateway]
	if where == "" {
		where = map[string]string{"razorpay": razorpay.URL, "stripe": stripe.URL}[p.Gateway]
	}
	return egress.Processor{ID: plansProcessor, Name: name + " (payments of clinics)", Purpose: "takes what clinics pay for this platform; nothing about a patient",
		Categories: []string{"name of the plan", "amount"}, Region: "where " + name + " has its servers", Adapter: p.Gateway}, where, len(p.List) > 0 && name != ""
}

// terms are what the room of subscriptions is told. Keys that the payment company's form refuses stop the start, and so does a house that
// wants the demonstration's stand-in and is none: bank is nil there.
func (p Plans) terms(gate *egress.Gate, bank *demo.Bank) (subscription.Terms, error) {
	t := subscription.Terms{Plans: p.List, Trial: p.Trial, Grace: p.Grace, Seller: p.Seller}
	if len(p.List) == 0 || p.Gateway == "" {
		return t, nil
	}
	// Nobody reports to us about these payments: they are asked about. The forms want a secret for reports all the same.
	var none [16]byte
	_, _ = rand.Read(none[:])
	typed := map[string]string{"key_id": p.KeyID, "key_secret": p.Secret, "secret_key": p.Secret, "webhook_secret": "whsec_" + hex.EncodeToString(none[:])}
	switch p.Gateway {
	case "razorpay":
		t.Gateway = razorpay.New(gate.HTTPClient(plansProcessor), razorpay.Options{BaseURL: p.URL})
	case demo.Name:
		if bank == nil {
			return t, errors.New("ALMIRAH_PLANS_GATEWAY: demo takes no money; it is there in the demonstration alone")
		}
		t.Gateway = bank
	case "stripe":
		t.Gateway = stripe.New(stripego.BackendConfig{HTTPClient: gate.HTTPClient(plansProcessor)}, stripe.Options{BaseURL: p.URL})
	}
	keys, err := t.Gateway.Check(typed)
	t.Till = billing.Till{Provider: p.Gateway, Credentials: keys.Credentials}
	if err != nil {
		err = fmt.Errorf("ALMIRAH_PLANS_KEY_ID, ALMIRAH_PLANS_KEY_SECRET: the payment company’s keys are not of the right form: %w", err)
	}
	return t, err
}

// billPlans is the hourly chore of each clinic's subscription.
func (h *House) billPlans(ctx context.Context, who access.Caller) error {
	return h.Plans.Sweep(ctx, who)
}
