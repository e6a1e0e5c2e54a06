package billing

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/money"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Counting the money at the end of a day.

const (
	sqlDayTaken = `SELECT method, currency, COUNT(*), CAST(SUM(amount) AS BIGINT) FROM payment WHERE clinic_id = $1 AND day = $2 GROUP BY method, currency ORDER BY method, currency`
	sqlDayGiven = `SELECT method, currency, COUNT(*), CAST(SUM(amount) AS BIGINT) FROM refund WHERE clinic_id = $1 AND day = $2 GROUP BY method, currency ORDER BY method, currency`
	sqlCloseAdd = `INSERT INTO day_close (clinic_id, day, method, currency, expected, counted, note, closed_at, closed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlCloseOf  = `SELECT method, currency, expected, counted, note, closed_at FROM day_close WHERE clinic_id = $1 AND day = $2 ORDER BY method, currency`
	sqlDaysOpen = `SELECT m.day FROM (SELECT p.day FROM payment p WHERE p.clinic_id = $1 AND p.day < $2 AND p.source LIKE 'desk%'
	UNION SELECT r.day FROM refund r WHERE r.clinic_id = $1 AND r.day < $2 AND r.source LIKE 'desk%') m
	WHERE NOT EXISTS (SELECT 1 FROM day_close d WHERE d.clinic_id = $1 AND d.day = m.day) ORDER BY m.day DESC LIMIT 14`
)

// Count is the money of one method on one day.
type Count struct {
	Method       Method
	Currency     string
	Payments     int64
	Taken, Given int64 // minor units
	Counted      int64 // of a closed day
	Note         string
}

// Expected is what has to be there: taken less given back.
func (c Count) Expected() int64 { return c.Taken - c.Given }

// Difference is what was counted less what had to be there.
func (c Count) Difference() int64 { return c.Counted - c.Expected() }

// DayBook is the money of a day.
type DayBook struct {
	Clinic   clinics.Clinic
	Day      clock.Date
	Today    clock.Date
	Counts   []Count // of the desk's methods: counted by a person
	Online   []Count // of gateways: reconciled with what these say, not counted
	ClosedAt clock.Instant
	Open     []clock.Date // earlier days with money of the desk that nobody closed
}

// Day reads the money of a day; an empty day is today. fault.Invalid for a day that has not come.
func (s *Service) Day(ctx context.Context, who access.Caller, day clock.Date) (DayBook, error) {
	var out DayBook
	err := s.db.View(ctx, who, access.BillClose, func(_ context.Context, v *store.View) error {
		c, _, err := start(v)
		if err != nil {
			return err
		}
		out, err = dayBook(v, c, day)
		return err
	})
	return out, err
}

func dayBook(v *store.View, c clinics.Clinic, day clock.Date) (DayBook, error) {
	out := DayBook{Clinic: c, Day: day, Today: today(v, c)}
	if out.Day == "" {
		out.Day = out.Today
	}
	if !out.Day.Valid() || out.Day > out.Today {
		return out, fault.Missing()
	}
	at := func(list *[]Count, method Method, currency string) *Count {
		i := slices.IndexFunc(*list, func(c Count) bool { return c.Method == method && c.Currency == currency })
		if i < 0 {
			*list = append(*list, Count{Method: method, Currency: currency})
			i = len(*list) - 1
		}
		return &(*list)[i]
	}
	for _, m := range DeskMethods() {
		at(&out.Counts, m, c.Currency)
	}
	for _, text := range []string{sqlDayTaken, sqlDayGiven} {
		if err := eachSum(v, text, out.Day, func(m Method, currency string, n, sum int64) {
			list := &out.Counts
			if m == Online {
				list = &out.Online
			}
			x := at(list, m, currency)
			if text == sqlDayTaken {
				x.Payments, x.Taken = n, sum
			} else {
				x.Given = sum
			}
		}); err != nil {
			return out, err
		}
	}
	rows, err := v.Query(sqlCloseOf, string(out.Day))
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Method
		var currency string
		var expected, counted int64
		var note []byte
		if err := rows.Scan(&m, &currency, &expected, &counted, &note, &out.ClosedAt); err != nil {
			return out, err
		}
		x := at(&out.Counts, m, currency)
		x.Counted = counted
		x.Note, _ = unsealOwn(v, string(out.Day)+string(m)+currency, note) // a damaged note does not hide the count
	}
	if err := rows.Err(); err != nil {
		return out, err
	}
	days, err := v.Query(sqlDaysOpen, string(out.Today))
	if err != nil {
		return out, err
	}
	defer days.Close()
	for days.Next() {
		var d clock.Date
		if err := days.Scan(&d); err != nil {
			return out, err
		}
		out.Open = append(out.Open, d)
	}
	return out, days.Err()
}

func eachSum(v *store.View, text string, day clock.Date, see func(m Method, currency string, n, sum int64)) error {
	rows, err := v.Query(text, string(day))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var m Method
		var currency string
		var n, sum int64
		if err := rows.Scan(&m, &currency, &n, &sum); err != nil {
			return err
		}
		see(m, currency, n, sum)
	}
	return rows.Err()
}

// Counted is what a person counted of one method, and what she has to say where it differs.
type Counted struct {
	Method Method
	Amount int64
	Note   string
}

// CloseDay keeps what was counted. From then on the desk takes no money for that day: the database refuses it. A difference needs a note (field "note.cash"). fault.Conflict when
// the day is closed already.
func (s *Service) CloseDay(ctx context.Context, who access.Caller, day clock.Date, counted []Counted) error {
	return s.db.Change(ctx, who, access.BillClose, func(_ context.Context, tx *store.Tx) error { return closeDay(tx, day, counted) })
}

func closeDay(tx *store.Tx, day clock.Date, counted []Counted) error {
	c, _, err := start(&tx.View)
	if err != nil {
		return err
	}
	if err := holdTill(tx); err != nil { // money that is being taken or given is counted
		return err
	}
	b, err := dayBook(&tx.View, c, day)
	if err != nil {
		return err
	}
	if !b.ClosedAt.IsZero() {
		return fault.New(fault.Conflict, "fault.day_closed")
	}
	var f fault.Fields
	for i, x := range b.Counts {
		b.Counts[i].Counted = x.Expected()
		if x.Currency != c.Currency {
			continue
		}
		at := slices.IndexFunc(counted, func(n Counted) bool { return n.Method == x.Method })
		if at < 0 {
			f.Add("counted."+string(x.Method), "field.bill.amount")
			continue
		}
		n := counted[at]
		// Where more went back than came, what has to be there is less than nothing; elsewhere nobody counts so.
		if n.Amount < 0 && x.Expected() >= 0 || n.Amount > MostPrice || n.Amount < -MostPrice {
			f.Add("counted."+string(x.Method), "field.bill.amount")
		}
		n.Note = text(&f, "note."+string(x.Method), n.Note, 200)
		if n.Amount != x.Expected() && n.Note == "" {
			f.Add("note."+string(x.Method), "field.bill.difference")
		}
		b.Counts[i].Counted, b.Counts[i].Note = n.Amount, n.Note
	}
	if err := f.Err(); err != nil {
		return err
	}
	for _, x := range b.Counts {
		note, err := sealOwn(&tx.View, string(b.Day)+string(x.Method)+x.Currency, x.Note)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlCloseAdd, string(b.Day), string(x.Method), x.Currency, x.Expected(), x.Counted, note, tx.Now(), nullActor(tx)); err != nil {
			return err
		}
	}
	tx.Record(audit.Note{Action: "close-day", Kind: "billing", Subject: tx.Clinic(), New: b.Counts})
	return nil
}

// Entry is one row of the ledger.
type Entry struct {
	At            clock.Instant
	Day           clock.Date
	Kind          string
	Debit, Credit Account
	Amount        int64
	Currency      string
	Label         string // of the invoice; empty for none
	Payment       bool
}

// Balance is what an account stands at: debits less credits.
type Balance struct {
	Account       Account
	Currency      string
	Debit, Credit int64
}

// Net is debits less credits.
func (b Balance) Net() int64 { return b.Debit - b.Credit }

// Books is the ledger of some days.
type Books struct {
	Clinic   clinics.Clinic
	From, To clock.Date
	Entries  []Entry
	More     bool // there are more entries than a page shows; the sums are whole
	Balances []Balance
	Taxes    []TaxSum
}

// TaxSum is what a rate of a tax came to over some days: invoices less credit notes.
type TaxSum struct {
	Tax          string
	Rate         money.PerMillion
	Base, Amount int64
}

const (
	sqlLedgerDays = `SELECT e.at, e.day, e.kind, e.debit, e.credit, e.amount, e.currency, COALESCE(i.label, ''), CASE WHEN e.payment_id IS NULL THEN 0 ELSE 1 END FROM ledger_entry e
	LEFT JOIN invoice i ON i.clinic_id = $1 AND i.id = e.invoice_id WHERE e.clinic_id = $1 AND e.day >= $2 AND e.day <= $3 ORDER BY e.day DESC, e.id DESC LIMIT $4`
	sqlLedgerSums = `SELECT account, currency, CAST(SUM(debit) AS BIGINT), CAST(SUM(credit) AS BIGINT) FROM (
	SELECT debit AS account, currency, amount AS debit, 0 AS credit FROM ledger_entry WHERE clinic_id = $1 AND day >= $2 AND day <= $3
	UNION ALL SELECT credit AS account, currency, 0 AS debit, amount AS credit FROM ledger_entry WHERE clinic_id = $1 AND day >= $2 AND day <= $3) x
	GROUP BY account, currency ORDER BY account, currency`
	sqlTaxSums = `SELECT t.tax, t.rate, CAST(SUM(CASE WHEN i.kind = 'invoice' THEN t.base ELSE -t.base END) AS BIGINT), CAST(SUM(CASE WHEN i.kind = 'invoice' THEN t.amount ELSE -t.amount END) AS BIGINT)
	FROM invoice i JOIN invoice_tax t ON t.clinic_id = $1 AND t.invoice_id = i.id WHERE i.clinic_id = $1 AND i.number > 0 AND i.day >= $2 AND i.day <= $3 GROUP BY t.tax, t.rate ORDER BY t.rate, t.tax`
)

// Ledger reads the books of some days. Empty days are the month of today. No patient is named in it.
func (s *Service) Ledger(ctx context.Context, who access.Caller, from, to clock.Date) (Books, error) {
	return s.ledger(ctx, who, from, to, 200)
}

// Entries is Ledger with every row, for a file.
func (s *Service) Entries(ctx context.Context, who access.Caller, from, to clock.Date) (Books, error) {
	return s.ledger(ctx, who, from, to, 1_000_000)
}

func (s *Service) ledger(ctx context.Context, who access.Caller, from, to clock.Date, most int) (Books, error) {
	var out Books
	err := s.db.View(ctx, who, access.BillClose, func(_ context.Context, v *store.View) error {
		c, _, err := start(v)
		if err != nil {
			return err
		}
		if out.From, out.To, err = days(v, c, from, to); err != nil {
			return err
		}
		out.Clinic = c
		rows, err := v.Query(sqlLedgerDays, string(out.From), string(out.To), most+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e Entry
			var paid int64
			if err := rows.Scan(&e.At, &e.Day, &e.Kind, &e.Debit, &e.Credit, &e.Amount, &e.Currency, &e.Label, &paid); err != nil {
				return err
			}
			e.Payment = paid == 1
			if out.More = len(out.Entries) == most; !out.More {
				out.Entries = append(out.Entries, e)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if out.Balances, err = balances(v, out.From, out.To); err != nil {
			return err
		}
		sums, err := v.Query(sqlTaxSums, string(out.From), string(out.To))
		if err != nil {
			return err
		}
		defer sums.Close()
		for sums.Next() {
			var x TaxSum
			if err := sums.Scan(&x.Tax, &x.Rate, &x.Base, &x.Amount); err != nil {
				return err
			}
			out.Taxes = append(out.Taxes, x)
		}
		return sums.Err()
	})
	return out, err
}

func balances(v *store.View, from, to clock.Date) ([]Balance, error) {
	rows, err := v.Query(sqlLedgerSums, string(from), string(to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Balance
	for rows.Next() {
		var b Balance
		if err := rows.Scan(&b.Account, &b.Currency, &b.Debit, &b.Credit); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// days reads a span as it was asked for: a wrong one names its field.
func days(v *store.View, c clinics.Clinic, from, to clock.Date) (clock.Date, clock.Date, error) {
	now := today(v, c)
	if to == "" {
		to = now
	}
	if from == "" && to.Valid() {
		from = to[:8] + "01"
	}
	var f fault.Fields
	if !from.Valid() {
		f.Add("from", "field.bill.day")
	}
	if !to.Valid() || to < from {
		f.Add("to", "field.bill.day")
	} else if from.DaysUntil(to) > 400 {
		f.Add("to", "field.bill.span")
	}
	return from, to, f.Err()
}

// sealOwn and unsealOwn are for texts that are the clinic's own. Rows without an id of their own are bound by their key.
func sealOwn(v *store.View, key, text string) ([]byte, error) {
	return v.Seal(vault.ClinicData, "day_close", "note", keyID(key), text)
}

func unsealOwn(v *store.View, key string, sealed []byte) (string, error) {
	return v.Unseal(vault.ClinicData, "day_close", "note", keyID(key), sealed)
}
