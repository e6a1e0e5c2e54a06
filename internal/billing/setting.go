package billing

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

const (
	sqlSettingGet = `SELECT scheme, tax_id, place, prefix, credit_prefix, inclusive, round_to, own_tax, own_rate, upi_id, upi_name, footer, version FROM billing_setting WHERE clinic_id = $1`
	sqlSettingAdd = `INSERT INTO billing_setting (clinic_id, scheme, tax_id, place, prefix, credit_prefix, inclusive, round_to, own_tax, own_rate, upi_id, upi_name, footer, changed_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (clinic_id) DO NOTHING`
	sqlSettingChange = `UPDATE billing_setting SET scheme = $3, tax_id = $4, place = $5, prefix = $6, credit_prefix = $7, inclusive = $8, round_to = $9, own_tax = $10, own_rate = $11,
	upi_id = $12, upi_name = $13, footer = $14, changed_at = $15, version = version + 1 WHERE clinic_id = $1 AND version = $2`
	sqlServiceList = `SELECT service_id, class, code, free_days, version FROM billing_service WHERE clinic_id = $1`
	sqlServiceSet  = `INSERT INTO billing_service (clinic_id, service_id, class, code, free_days, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (clinic_id, service_id) DO UPDATE SET class = excluded.class, code = excluded.code, free_days = excluded.free_days, changed_at = excluded.changed_at, version = billing_service.version + 1`
)

// Setting is how a clinic bills.
type Setting struct {
	Scheme       money.Scheme
	TaxID        string // GSTIN, VAT number
	Place        string // India: the two digits of the state
	Prefix       string // of invoice numbers
	CreditPrefix string // of credit notes
	Inclusive    bool   // prices have the tax in them
	RoundTo      int64  // totals are rounded to a multiple of this many minor units; 1 for none
	OwnTax       string // the name of a tax that the house has no table for
	OwnRate      money.PerMillion
	UPIID        string // where a UPI code leads; empty for none
	UPIName      string
	Footer       string // under every invoice
	Version      int64  // zero: nothing was set yet
}

// standard is how a clinic bills that set nothing: no tax, and whole rupees where those are the money.
func standard(c clinics.Clinic) Setting {
	s := Setting{Scheme: money.NoTax, Prefix: "INV", CreditPrefix: "CN", RoundTo: 1}
	if c.Country == "IN" && c.Currency == "INR" {
		s.RoundTo = 100
	}
	return s
}

func setting(v *store.View, c clinics.Clinic) (Setting, error) {
	var s Setting
	err := v.Row(sqlSettingGet).Scan(&s.Scheme, &s.TaxID, &s.Place, &s.Prefix, &s.CreditPrefix, &s.Inclusive, &s.RoundTo, &s.OwnTax, &s.OwnRate, &s.UPIID, &s.UPIName, &s.Footer, &s.Version)
	if errors.Is(err, store.ErrNoRows) {
		return standard(c), nil
	}
	return s, err
}

// States are the states and union territories of India by the digits that a GSTIN begins with.
var States = []struct{ Code, Name string }{
	{"01", "Jammu and Kashmir"}, {"02", "Himachal Pradesh"}, {"03", "Punjab"}, {"04", "Chandigarh"}, {"05", "Uttarakhand"}, {"06", "Haryana"}, {"07", "Delhi"}, {"08", "Rajasthan"},
	{"09", "Uttar Pradesh"}, {"10", "Bihar"}, {"11", "Sikkim"}, {"12", "Arunachal Pradesh"}, {"13", "Nagaland"}, {"14", "Manipur"}, {"15", "Mizoram"}, {"16", "Tripura"},
	{"17", "Meghalaya"}, {"18", "Assam"}, {"19", "West Bengal"}, {"20", "Jharkhand"}, {"21", "Odisha"}, {"22", "Chhattisgarh"}, {"23", "Madhya Pradesh"}, {"24", "Gujarat"},
	{"26", "Dadra and Nagar Haveli and Daman and Diu"}, {"27", "Maharashtra"}, {"29", "Karnataka"}, {"30", "Goa"}, {"31", "Lakshadweep"}, {"32", "Kerala"}, {"33", "Tamil Nadu"},
	{"34", "Puducherry"}, {"35", "Andaman and Nicobar Islands"}, {"36", "Telangana"}, {"37", "Andhra Pradesh"}, {"38", "Ladakh"}, {"97", "Other territory"},
}

// StateName is the name of a state of India; the code where it is none.
func StateName(code string) string {
	for _, s := range States {
		if s.Code == code {
			return s.Name
		}
	}
	return code
}

func isState(code string) bool { return StateName(code) != code }

var (
	prefixForm = regexp.MustCompile(`^[A-Z0-9-]{1,4}$`)
	upiForm    = regexp.MustCompile(`^[A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9]{1,63}$`)
)

// check cleans what was typed; wrong fields are named in f.
func (s *Setting) check(c clinics.Clinic, f *fault.Fields) {
	if s.Scheme != money.NoTax && s.Scheme != money.Own && s.Scheme != money.SchemeOf(c.Country) {
		f.Add("scheme", "field.required")
	}
	s.TaxID = strings.ToUpper(strings.Join(strings.Fields(s.TaxID), ""))
	s.Prefix, s.CreditPrefix = strings.ToUpper(strings.TrimSpace(s.Prefix)), strings.ToUpper(strings.TrimSpace(s.CreditPrefix))
	for field, text := range map[string]string{"prefix": s.Prefix, "credit_prefix": s.CreditPrefix} {
		if !prefixForm.MatchString(text) {
			f.Add(field, "field.bill.prefix")
		}
	}
	if s.Prefix == s.CreditPrefix && !f.Has("prefix") {
		f.Add("credit_prefix", "field.bill.prefix_same")
	}
	switch {
	case s.Scheme == money.GST && !clinics.IsGSTIN(s.TaxID):
		f.Add("tax_id", "field.bill.gstin")
	case len(s.TaxID) > 30:
		f.AddWith("tax_id", "field.text.too_long", map[string]any{"Max": 30})
	}
	if s.Scheme == money.GST {
		if s.Place == "" && len(s.TaxID) > 2 {
			s.Place = s.TaxID[:2]
		}
		if !isState(s.Place) {
			f.Add("place", "field.bill.place")
		}
	} else {
		s.Place = ""
	}
	s.OwnTax = text(f, "own_tax", s.OwnTax, 40)
	if s.Scheme == money.Own && (s.OwnTax == "" || s.OwnRate <= 0) {
		f.Add("own_tax", "field.bill.own_tax")
	}
	if s.OwnRate < 0 || s.OwnRate > 1_000_000 {
		f.Add("own_rate", "field.bill.rate")
	}
	if s.RoundTo < 1 || s.RoundTo > 100*money.Unit(c.Currency) {
		f.Add("round_to", "field.bill.round")
	}
	if s.UPIID = strings.TrimSpace(s.UPIID); s.UPIID != "" && !upiForm.MatchString(s.UPIID) {
		f.Add("upi_id", "field.bill.upi")
	}
	s.UPIName = text(f, "upi_name", s.UPIName, 60)
	s.Footer = text(f, "footer", s.Footer, 400)
}

// text cleans a free text; too long and control characters are named in f.
func text(f *fault.Fields, field, s string, most int) string {
	s = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
	switch {
	case utf8.RuneCountInString(s) > most:
		f.AddWith(field, "field.text.too_long", map[string]any{"Max": most})
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		f.Add(field, "field.text.control")
	}
	return s
}

// Setting reads how the clinic bills.
func (s *Service) Setting(ctx context.Context, who access.Caller) (Setting, clinics.Clinic, error) {
	var out Setting
	var c clinics.Clinic
	err := s.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) (err error) {
		if c, err = clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		out, err = setting(v, c)
		return err
	})
	return out, c, err
}

// SaveSetting changes how the clinic bills, from the next invoice on. Its Version is the one that the writer saw: fault.Conflict when it was changed
// meanwhile. Wrong fields come back as a fault over all of them.
func (s *Service) SaveSetting(ctx context.Context, who access.Caller, now Setting) error {
	return s.db.Change(ctx, who, access.BillSettings, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Must(&tx.View, clinics.ModuleBilling)
		if err != nil {
			return err
		}
		var f fault.Fields
		now.check(c, &f)
		if err := f.Err(); err != nil {
			return err
		}
		was, err := setting(&tx.View, c)
		if err != nil {
			return err
		}
		args := []any{string(now.Scheme), now.TaxID, now.Place, now.Prefix, now.CreditPrefix, now.Inclusive, now.RoundTo, now.OwnTax, int64(now.OwnRate), now.UPIID, now.UPIName, now.Footer, tx.Now()}
		var n int64
		switch {
		case was.Version != now.Version:
		case was.Version == 0:
			n, err = tx.Exec(sqlSettingAdd, args...)
		default:
			n, err = tx.Exec(sqlSettingChange, append([]any{was.Version}, args...)...)
		}
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "change", Kind: "billing-setting", Subject: tx.Clinic(), Old: was, New: now})
		return err
	})
}

// Offered is how a service of the clinic is billed.
type Offered struct {
	Service  id.ID
	Name     string
	Price    int64
	Class    money.Class
	Code     string // HSN or SAC
	FreeDays int    // free within so many days of a paid visit; zero: never
	Retired  bool
}

// offers are the clinic's services as they are billed. What nobody set is a health service: exempt, with its code where the country has codes.
func offers(v *store.View, c clinics.Clinic, set Setting) ([]Offered, error) {
	all, err := scheduling.Services(v)
	if err != nil {
		return nil, err
	}
	rows, err := v.Query(sqlServiceList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	chosen := map[id.ID]Offered{}
	for rows.Next() {
		var o Offered
		var version int64
		if err := rows.Scan(&o.Service, &o.Class.Code, &o.Code, &o.FreeDays, &version); err != nil {
			return nil, err
		}
		chosen[o.Service] = o
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	out := make([]Offered, 0, len(all))
	for _, s := range all {
		o, ok := chosen[s.ID]
		if !ok {
			o.Class.Code = money.Exempt
			if c.Country == "IN" {
				o.Code = money.HealthCode
			}
		}
		o.Service, o.Name, o.Price, o.Retired = s.ID, s.Name, s.Price, s.RetiredAt > 0
		o.Class = classOf(c, set, o.Class.Code)
		out = append(out, o)
	}
	return out, nil
}

// classOf is a class by its code with the rate of today. One that is not offered any more, and every class of a clinic that charges no tax, is exempt.
func classOf(c clinics.Clinic, set Setting, code string) money.Class {
	for _, x := range money.Classes(set.Scheme, c.Country, set.OwnRate) {
		if x.Code == code {
			return x
		}
	}
	return money.Class{Code: money.Exempt}
}

// Offers lists the clinic's services as they are billed.
func (s *Service) Offers(ctx context.Context, who access.Caller) ([]Offered, error) {
	var out []Offered
	err := s.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Must(v, clinics.ModuleBilling)
		if err != nil {
			return err
		}
		set, err := setting(v, c)
		if err != nil {
			return err
		}
		out, err = offers(v, c, set)
		return err
	})
	return out, err
}

// MostFree is the most days within which a review can be free.
const MostFree = 365

var codeForm = regexp.MustCompile(`^[0-9]{4,8}$`)

// SaveOffers says how services are billed: all of them, or none. The names of the fields carry the place in the list: "code.0".
func (s *Service) SaveOffers(ctx context.Context, who access.Caller, list []Offered) error {
	return s.db.Change(ctx, who, access.BillSettings, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Must(&tx.View, clinics.ModuleBilling)
		if err != nil {
			return err
		}
		set, err := setting(&tx.View, c)
		if err != nil {
			return err
		}
		was, err := offers(&tx.View, c, set)
		if err != nil {
			return err
		}
		var f fault.Fields
		for i, o := range list {
			at := "." + itoa(i)
			if !slices.ContainsFunc(was, func(x Offered) bool { return x.Service == o.Service }) {
				return fault.Missing()
			}
			if classOf(c, set, o.Class.Code).Code != o.Class.Code {
				f.Add("class"+at, "field.required")
			}
			if o.Code != "" && !codeForm.MatchString(o.Code) {
				f.Add("code"+at, "field.bill.code")
			}
			if o.FreeDays < 0 || o.FreeDays > MostFree {
				f.AddWith("free"+at, "field.bill.free", map[string]any{"Max": MostFree})
			}
		}
		if err := f.Err(); err != nil {
			return err
		}
		for _, o := range list {
			if _, err := tx.Exec(sqlServiceSet, o.Service, o.Class.Code, o.Code, o.FreeDays, tx.Now()); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "change", Kind: "billing-services", Subject: tx.Clinic(), Old: was, New: list})
		return nil
	})
}

// yearStart is the month in which the financial year of a country begins; January where it is not listed. Numbers of invoices begin anew with it.
var yearStart = map[string]int{
	"IN": 4, // Companies Act 2013, s. 2(41); Income-tax Act 2025, s. 3
	"AU": 7, "NZ": 4, "JP": 4, "BD": 7, "PK": 7, "EG": 7, "KE": 7,
}

// Year is the financial year of a day as it stands in a number: "26-27", or "2026" where it is the calendar's. ends is its last day.
func Year(country string, day clock.Date) (name string, ends clock.Date) {
	y, start := day.Year(), yearStart[country]
	if start <= 1 {
		return itoa(y), clock.Date(itoa(y) + "-12-31")
	}
	if int(day.Month()) < start {
		y--
	}
	month := itoa(start)
	if start < 10 {
		month = "0" + month
	}
	return two(y) + "-" + two(y+1), clock.Date(itoa(y+1) + "-" + month + "-01").AddDays(-1)
}
