package web

import (
	"net/http"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
)

// How the clinic bills: taxes, numbers, the address for UPI, and how each service is taxed.

func billingSettingsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.billingSettings(v, nil)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-billing", page)
}

// billingSettings is the page; typed, where it is not nil, is what was typed over what is kept.
func (s *Site) billingSettings(v *Visit, typed *billing.Setting) (*BillingSettings, error) {
	set, c, err := s.Bills.Setting(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	kept := set
	if typed != nil {
		set = *typed
	}
	page := &BillingSettings{SettingsPage: s.settings(v, "settings.billing", access.BillSettings), Scheme: string(set.Scheme), GST: set.Scheme == money.GST, OwnTax: set.Scheme == money.Own, TaxID: set.TaxID,
		Prefix: set.Prefix, CreditPrefix: set.CreditPrefix, Inclusive: set.Inclusive, OwnName: set.OwnTax, UPIID: set.UPIID, UPIName: set.UPIName, Footer: set.Footer, Rupees: c.Currency == "INR", KeepYears: billing.KeepYears(c.Jurisdiction)}
	page.Version = kept.Version
	if set.OwnRate > 0 {
		page.OwnRate = strings.TrimSuffix(billing.Percent(set.OwnRate), "%")
	}
	year, _ := billing.Year(c.Country, clock.Today(s.Clock, c.Location()))
	page.Example = billing.Label(set.Prefix, year, 1)
	schemes := []string{string(money.NoTax)}
	if x := money.SchemeOf(c.Country); x != money.Own {
		schemes = append(schemes, string(x))
	}
	page.Schemes = page.Choices("bill.scheme.", page.Scheme, append(schemes, string(money.Own))...)
	if money.SchemeOf(c.Country) == money.GST {
		page.Places = append(page.Places, Option{Label: v.Tongue.Say("bill.place_none"), On: set.Place == ""})
		for _, x := range billing.States {
			page.Places = append(page.Places, Option{Value: x.Code, Label: x.Name, On: x.Code == set.Place})
		}
	}
	unit := money.Unit(c.Currency)
	for _, n := range []int64{1, unit / 20, unit, 10 * unit} {
		if n < 1 || n == 1 && len(page.Rounds) > 0 {
			continue
		}
		label := v.Tongue.Say("bill.round_none")
		if n > 1 {
			label = v.Tongue.Money(n, c.Currency)
		}
		page.Rounds = append(page.Rounds, Option{Value: strconv.FormatInt(n, 10), Label: label, On: n == set.RoundTo})
	}
	list, err := s.Bills.Offers(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if o.Retired {
			continue
		}
		page.Services = append(page.Services, BillingService{N: len(page.Services), ID: o.Service.String(), Name: o.Name, Price: o.Price, Currency: c.Currency, Class: s.classOptions(v, kept, c.Country, o.Class.Code), Code: o.Code, Free: count(o.FreeDays)})
	}
	return page, nil
}

func billingSettingsSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	now := billing.Setting{Scheme: money.Scheme(f.Get("scheme")), TaxID: f.Get("tax_id"), Place: f.Get("place"), Prefix: f.Get("prefix"), CreditPrefix: f.Get("credit_prefix"), Inclusive: f.Get("inclusive") != "",
		OwnTax: f.Get("own_tax"), UPIID: f.Get("upi_id"), UPIName: f.Get("upi_name"), Footer: f.Get("footer"), Version: typedVersion(v, 0)}
	now.RoundTo, _ = strconv.ParseInt(f.Get("round_to"), 10, 64) // none is refused below
	var wrong fault.Fields
	if text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(f.Get("own_rate")), "%")); text != "" {
		rate, ok := ratePerMillion(text)
		if !ok {
			wrong.Add("own_rate", "field.bill.rate")
		}
		now.OwnRate = rate
	}
	err := wrong.Err()
	if err == nil {
		err = s.Bills.SaveSetting(v.Context(), v.Who, now)
	}
	return s.answer(w, v, err, "/app/settings/billing?done=saved", "settings-billing", func() (Page, error) { return s.billingSettings(v, &now) })
}

// ratePerMillion reads a rate in per cent with at most four decimals.
func ratePerMillion(text string) (money.PerMillion, bool) {
	whole, rest, _ := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	if len(rest) > 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+rest+strings.Repeat("0", 4-len(rest)), 10, 32)
	return money.PerMillion(n), err == nil && n <= 1_000_000
}

func billingServicesSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	n, err := strconv.Atoi(f.Get("services"))
	if err != nil || n < 0 || n > 500 {
		return fault.Missing()
	}
	var wrong fault.Fields
	var list []billing.Offered
	for i := range n {
		at := "." + strconv.Itoa(i)
		one, err := id.Parse(f.Get("service" + at))
		if err != nil {
			return fault.Missing()
		}
		o := billing.Offered{Service: one, Class: money.Class{Code: f.Get("class" + at)}, Code: strings.TrimSpace(f.Get("code" + at))}
		if text := strings.TrimSpace(f.Get("free" + at)); text != "" {
			if o.FreeDays, err = strconv.Atoi(text); err != nil {
				wrong.AddWith("free"+at, "field.bill.free", map[string]any{"Max": billing.MostFree})
			}
		}
		list = append(list, o)
	}
	if err = wrong.Err(); err == nil {
		err = s.Bills.SaveOffers(v.Context(), v.Who, list)
	}
	return s.answer(w, v, err, "/app/settings/billing?done=saved#services", "settings-billing", func() (Page, error) {
		page, err := s.billingSettings(v, nil)
		if err != nil {
			return nil, err
		}
		for i := range page.Services {
			for k, o := range list {
				if page.Services[i].ID == o.Service.String() {
					page.Services[i].Code, page.Services[i].Free = o.Code, f.Get("free."+strconv.Itoa(k))
				}
			}
		}
		return page, nil
	})
}
