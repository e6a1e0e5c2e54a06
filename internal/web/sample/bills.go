package sample

import (
	"almirah/internal/clock"
	"almirah/internal/web"
)

func (m *maker) billPages() {
	const rupees = "INR"
	rows := []web.BillRow{{ID: ident(801), Label: "INV/26-27/0042", Patient: people[0], Day: today, State: "issued", Total: 50000, Due: 50000, Currency: rupees},
		{ID: ident(802), Label: "INV/26-27/0041", Patient: "فاطمة الشيخ", Day: today.AddDays(-1), State: "part", Total: 12345600, Due: 2345600, Currency: rupees},
		{ID: ident(803), Label: "CN/26-27/0003", Patient: people[2], Note: true, Day: today.AddDays(-2), State: "noted", Total: 10000, Currency: rupees},
		{ID: ident(804), Patient: people[9], Day: today, State: "draft", Total: 80000, Currency: rupees}, {ID: ident(805), Label: "INV/26-27/0002", Broken: true, Day: "2026-04-02", State: "paid", Total: 6000000, Currency: rupees},
		{ID: ident(806), Label: "INV/26-27/0040", Patient: people[1], Day: today.AddDays(-3), State: "owing", Total: 50000, Due: -50000, Currency: rupees}, {ID: ident(807), Label: "INV/26-27/0039", Patient: people[3], Day: today.AddDays(-3), State: "cancelled", Total: 50000, Currency: rupees}}
	boxes := []web.BillBox{{Key: "bill.box.unpaid", URL: "/app/bills?box=unpaid", Current: true}, {Key: "bill.box.drafts", URL: "/app/bills?box=drafts"}, {Key: "bill.box.all", URL: "/app/bills?box=all"}}
	m.add("bills", "", &web.BillsPage{Shell: m.staff("nav.bills"), Boxes: boxes, Today: today, Rows: rows, Older: "/app/bills?box=unpaid&behind=x", CanIssue: true, CanClose: true, Undecided: []web.UndecidedRow{
		{ID: ident(811), Patient: people[1], PatientID: ident(201), Minor: 50000, Currency: rupees, Method: "online", Source: "razorpay", At: m.at(9, 5), Open: []web.Option{{Value: ident(802), Label: "INV/26-27/0041"}}},
		{ID: ident(812), Minor: 70000, Currency: rupees, Method: "online", Source: "stripe", At: m.at(8, 55)}}})
	m.add("bills", "none", &web.BillsPage{Shell: m.staff("nav.bills"), Boxes: boxes, Query: "INV/26-27/9999", Searched: true, CanIssue: true})

	classes := []web.Option{{Value: "exempt", Label: m.t.Say("bill.class.exempt"), On: true}, {Value: "gst-18", Label: "GST 18%"}}
	figures := &web.BillFigures{Net: 75000, Discount: 5000, Tax: 4500, Rounding: 0, Total: 79500, Currency: rupees, Taxes: []web.BillTax{{Name: "CGST 9%", Base: 25000, Amount: 2250}, {Name: "SGST 9%", Base: 25000, Amount: 2250}}}
	write := func() *web.BillWritePage {
		return &web.BillWritePage{Shell: m.staff("nav.bills"), Patient: people[1], PatientID: ident(201), Guardian: "Ravi Sharma", Visit: ident(41), VisitAt: m.at(9, 15), Provider: providers[1], Taxed: true,
			Lines: []web.BillLineForm{{N: 0, Service: ident(11), Words: "First consultation", Code: "9993", Quantity: "1", Price: "500", Class: classes}, {N: 1, Words: "Brace", Code: "9021", Quantity: "3", Price: "100", Discount: "50", Class: classes},
				{N: 2, Service: ident(12), Free: ident(801), FreeWords: m.t.Say("bill.free", "Days", 7, "Date", m.t.Date(today.AddDays(-5)), "Number", "INV/26-27/0039"), Words: "Follow-up", Quantity: "1", Price: "300", Discount: "300", Class: classes}},
			Offers: []web.Option{{Value: ident(11), Label: "First consultation · ₹800"}, {Value: ident(12), Label: "फॉलो-अप"}}, States: []web.Option{{Value: "29", Label: "Karnataka", On: true}, {Value: "33", Label: "Tamil Nadu"}},
			Discount: "50", Address: "12 Church Street\nBengaluru", There: rows[:1], Credit: 20000, Currency: rupees, Figures: figures, Key: "k"}
	}
	m.add("bill-write", "", write())
	wrong := write()
	wrong.Figures, wrong.ID, wrong.Version = nil, ident(804), 2
	wrong.Shell = problems(wrong.Shell, "price.0", "words.1", "discount")
	m.add("bill-write", "wrong", wrong)
	closed := write()
	closed.Closed, closed.There = true, nil
	m.add("bill-write", "closed", closed)
	m.add("bill-write", "choose", &web.BillWritePage{Shell: m.staff("nav.bills"), Choosing: true, Query: "asha", Hits: []web.PatientHit{{ID: ident(201), Name: people[0], Phone: "···· 4321", Age: "42 y"}}})

	bill := func() *web.BillPage {
		return &web.BillPage{Shell: m.staff("nav.bills"), ID: ident(801), Label: "INV/26-27/0042", State: "part", Version: 3, Patient: people[1], PatientID: ident(201), Guardian: "Ravi Sharma", TaxID: "29AAGCB7383J1Z4", Place: "Karnataka", Day: today, Visit: ident(41),
			Lines: []web.BillLine{{Words: "First consultation", Code: "9993", Quantity: 1, Price: 50000, Net: 50000}, {Words: "ப்ரேஸ்", Code: "9021", Quantity: 3, Price: 10000, Discount: 5000, Net: 25000, Tax: 4500, Rate: "18%"},
				{Words: "Follow-up", Quantity: 1, Price: 30000, Discount: 30000, FreeLabel: "INV/26-27/0039", FreeDay: today.AddDays(-5)}},
			Figures: *figures, Paid: 30000, Due: 49500, Currency: rupees, InWords: "Rupees seven hundred ninety-five only", WordsLang: "en", Remark: "Thank you",
			Payments: []web.BillPayment{{ID: ident(821), Method: "cash", Source: "desk:cash", At: m.at(10, 2), Minor: 20000, Here: 20000, Currency: rupees, Desk: true}, {ID: ident(822), Method: "upi", Source: "desk:upi", Reference: "433112345678", At: m.at(10, 4), Minor: 15000, Here: 10000, Most: 5000, Currency: rupees, Desk: true, Refunds: []web.BillRefund{{Method: "upi", Reason: "too much", At: m.at(10, 9), Minor: 5000}}}},
			Advances: []web.BillAdvance{{ID: ident(823), Minor: 20000, Currency: rupees, At: m.at(9, 0)}}, CanTake: true, CanCredit: true, UPI: true, UPIID: "sunrise@examplebank", Amount: "495", Key: "k", Left: 79500,
			BackMethods: []web.Option{{Value: "cash", Label: m.t.Say("bill.method.cash")}, {Value: "upi", Label: m.t.Say("bill.method.upi")}}}
	}
	m.add("bill", "", bill())
	online := bill()
	online.Online = m.online()
	m.add("bill", "online", online)
	back := bill()
	back.Shell = problems(back.Shell, "amount_online")
	back.Online = m.online()
	back.Online.URL, back.Online.CanAsk, back.Online.Due, back.Online.Currency = "", true, 49500, rupees
	m.add("bill", "online-wrong", back)
	barred := bill()
	barred.Online = &web.BillOnline{ID: ident(801), Key: "k", Barred: m.t.Say("fault.pay.agreed"), Due: 49500, Currency: rupees}
	m.add("bill", "online-barred", barred)
	owing := bill()
	owing.State, owing.Due, owing.Credited, owing.CanTake, owing.UPI, owing.Advances, owing.Left, owing.Notes = "owing", -30000, 79500, false, false, nil, 0, rows[2:3]
	owing.Payments[0].Most = 20000
	owing.Shell = problems(owing.Shell, "amount_back")
	m.add("bill", "owing", owing)
	gone := bill()
	gone.Broken, gone.Patient, gone.PatientID, gone.HeldUntil, gone.HeldName, gone.CanTake, gone.CanCredit, gone.Lines = true, "", "", "2035-03-31", people[1], false, false, []web.BillLine{{Broken: true, Code: "9993", Quantity: 1, Price: 50000, Net: 50000}}
	m.add("bill", "erased", gone)
	m.add("bill", "credit", &web.BillPage{Shell: m.staff("nav.bills"), ID: ident(803), Label: "CN/26-27/0003", Note: true, State: "noted", Patient: people[2], Day: today, Lines: []web.BillLine{{Code: "9993", Quantity: 1, Price: 10000, Net: 10000}}, Figures: web.BillFigures{Net: 10000, Total: 10000, Currency: rupees}, Currency: rupees, Origin: &rows[0], InWords: "Rupees one hundred only", WordsLang: "en"})

	counts := []web.CountRow{{Method: "cash", Currency: rupees, Payments: 14, Taken: 700000, Given: 20000, Expected: 680000}, {Method: "upi", Currency: rupees, Payments: 9, Taken: 450000, Expected: 450000, Counted: "4500"}, {Method: "card", Currency: rupees, Counted: "0"}, {Method: "bank", Currency: rupees, Counted: "0"}}
	page := &web.DayClosePage{Shell: m.staff("nav.bills"), Day: today, Today: today, Counts: counts, Online: []web.CountRow{{Method: "online", Currency: rupees, Expected: 120000}}, Open: []clock.Date{today.AddDays(-1)}}
	m.add("bill-close", "", page)
	done := &web.DayClosePage{Shell: m.staff("nav.bills"), Day: today, Today: today, Closed: true, ClosedAt: m.at(19, 5), Counts: []web.CountRow{{Method: "cash", Currency: rupees, Expected: 680000, CountedMinor: 679000, Difference: -1000, Note: "ten rupees missing"}, {Method: "upi", Currency: rupees, Expected: 450000, CountedMinor: 450000}}}
	m.add("bill-close", "closed", done)
	m.add("bill-ledger", "", &web.LedgerPage{Shell: m.staff("nav.bills"), From: "2026-11-01", To: "2026-11-24", Exports: true, Currency: rupees, More: true,
		Rows:     []web.LedgerRow{{At: m.at(10, 2), Day: today, Kind: "payment", Label: "INV/26-27/0042", Debit: m.t.Say("bill.account.cash"), Credit: m.t.Say("bill.account.receivable"), Minor: 20000, Currency: rupees}, {At: m.at(10, 1), Day: today, Kind: "issue", Label: "INV/26-27/0042", Debit: m.t.Say("bill.account.receivable"), Credit: "CGST", Minor: 2250, Currency: rupees}},
		Balances: []web.BalanceRow{{Name: m.t.Say("bill.account.cash"), Debit: 700000, Credit: 20000, Net: 680000, Currency: rupees}, {Name: "CGST", Credit: 2250, Net: -2250, Currency: rupees}}, Taxes: figures.Taxes})
	m.add("settings-billing", "", &web.BillingSettings{SettingsPage: m.settings("settings.billing"), Scheme: "gst", GST: true, Schemes: []web.Option{{Value: "none", Label: m.t.Say("bill.scheme.none")}, {Value: "gst", Label: "GST", On: true}}, TaxID: "29AAGCB7383J1Z4",
		Places: []web.Option{{Value: "29", Label: "Karnataka", On: true}}, Prefix: "INV", CreditPrefix: "CN", Example: "INV/26-27/0001", Inclusive: true, Rounds: []web.Option{{Value: "1", Label: m.t.Say("bill.round_none")}, {Value: "100", Label: "₹1", On: true}}, UPIID: "sunrise@examplebank", UPIName: "Sunrise Clinic", Footer: "Thank you", Rupees: true, KeepYears: 8,
		Services: []web.BillingService{{N: 0, ID: ident(11), Name: "First consultation", Price: 80000, Currency: rupees, Class: classes, Code: "9993"}, {N: 1, ID: ident(12), Name: "फॉलो-अप", Currency: rupees, Class: classes, Free: "7"}}})
	bad := &web.BillingSettings{SettingsPage: m.settings("settings.billing"), OwnTax: true, KeepYears: 10}
	bad.Shell = problems(bad.Shell, "tax_id", "prefix", "own_rate")
	m.add("settings-billing", "wrong", bad)
	for name, p := range map[string]web.Page{"bills": &web.BillsPage{Shell: m.staff("nav.bills")}, "bill-write": &web.BillWritePage{Shell: m.staff("nav.bills"), Patient: people[1], PatientID: ident(201)}, "bill": &web.BillPage{Shell: m.staff("nav.bills")}, "bill-close": &web.DayClosePage{Shell: m.staff("nav.bills"), Day: today}, "bill-ledger": &web.LedgerPage{Shell: m.staff("nav.bills")}, "settings-billing": &web.BillingSettings{SettingsPage: m.settings("")}} {
		m.add(name, "bare", p)
	}
}
