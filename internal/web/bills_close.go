package web

import (
	"net/http"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/money"
)

// The count at the end of a day, and the books.

func dayClosePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.dayClose(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "bill-close", page)
}

func (s *Site) dayClose(v *Visit) (*DayClosePage, error) {
	text := v.URL.Query().Get("day")
	if v.PostForm.Has("day") {
		text = v.PostForm.Get("day")
	}
	day, err := dayOf(text)
	if err != nil {
		return nil, err
	}
	b, err := s.Bills.Day(v.Context(), v.Who, day)
	if err != nil {
		return nil, err
	}
	page := &DayClosePage{Shell: s.staffShell(v, "nav.bills"), Day: b.Day, Today: b.Today, Closed: !b.ClosedAt.IsZero(), Open: b.Open}
	if page.Closed {
		page.ClosedAt = b.ClosedAt.In(v.Clinic.Location())
	}
	row := func(c billing.Count) CountRow {
		return CountRow{Method: string(c.Method), Currency: c.Currency, Payments: c.Payments, Taken: c.Taken, Given: c.Given, Expected: c.Expected(), Counted: amount(c.Expected(), c.Currency),
			CountedMinor: c.Counted, Note: c.Note, Difference: c.Difference(), Fixed: c.Currency != v.Clinic.Currency}
	}
	for _, c := range b.Counts {
		r := row(c)
		if c.Method == billing.Cash && c.Expected() != 0 && !page.Closed {
			r.Counted = "" // cash is counted, not agreed to
		}
		page.Counts = append(page.Counts, r)
	}
	for _, c := range b.Online {
		page.Online = append(page.Online, row(c))
	}
	return page, nil
}

// countedAmount reads what was counted as it is typed. It is below zero on a day on which more went back by a way than came by it.
func countedAmount(text, currency string) (int64, bool) {
	text, back := strings.TrimSpace(text), int64(1)
	for _, minus := range []string{"-", "\u2212"} {
		if rest, ok := strings.CutPrefix(text, minus); ok {
			text, back = rest, -1
			break
		}
	}
	a, err := money.Parse(text, currency)
	return back * a.Minor, err == nil
}

func dayClosed(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	day, err := dayOf(v.PostForm.Get("day"))
	if err != nil {
		return err
	}
	var wrong fault.Fields
	var list []billing.Counted
	for _, m := range billing.DeskMethods() {
		field := "counted." + string(m)
		n, ok := countedAmount(v.PostForm.Get(field), v.Clinic.Currency)
		if !ok {
			wrong.Add(field, "field.bill.amount")
		}
		list = append(list, billing.Counted{Method: m, Amount: n, Note: v.PostForm.Get("note." + string(m))})
	}
	err = wrong.Err()
	if err == nil {
		err = s.Bills.CloseDay(v.Context(), v.Who, day, list)
	}
	return s.answer(w, v, err, "/app/bills/close?day="+string(day)+"&done=day-closed", "bill-close", func() (Page, error) {
		page, err := s.dayClose(v)
		if err != nil {
			return nil, err
		}
		for i, r := range page.Counts {
			if v.PostForm.Has("counted." + r.Method) {
				page.Counts[i].Counted, page.Counts[i].Note = v.PostForm.Get("counted."+r.Method), v.PostForm.Get("note."+r.Method)
			}
		}
		return page, nil
	})
}

func ledgerPage(s *Site, w http.ResponseWriter, v *Visit) error {
	a, b := daysAsked(v)
	page := &LedgerPage{Shell: s.staffShell(v, "nav.bills"), From: a, To: b, Currency: v.Clinic.Currency}
	books, err := s.Bills.Ledger(v.Context(), v.Who, clock.Date(a), clock.Date(b))
	if refusal(err) {
		return s.views.Render(w, report(w, &page.Shell, err), "bill-ledger", page)
	}
	if err != nil {
		return err
	}
	page.From, page.To, page.More = string(books.From), string(books.To), books.More
	page.Exports = true
	for _, e := range books.Entries {
		page.Rows = append(page.Rows, LedgerRow{At: e.At.In(v.Clinic.Location()), Day: e.Day, Kind: e.Kind, Label: e.Label, Debit: s.accountName(v, e.Debit), Credit: s.accountName(v, e.Credit), Minor: e.Amount, Currency: e.Currency})
	}
	for _, x := range books.Balances {
		page.Balances = append(page.Balances, BalanceRow{Name: s.accountName(v, x.Account), Debit: x.Debit, Credit: x.Credit, Net: x.Net(), Currency: x.Currency})
	}
	for _, x := range books.Taxes {
		page.Taxes = append(page.Taxes, BillTax{Name: billing.TaxName(x.Tax, v.Clinic.Country) + " " + billing.Percent(x.Rate), Base: x.Base, Amount: x.Amount})
	}
	return s.views.Render(w, http.StatusOK, "bill-ledger", page)
}
