package billing

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/store"
)

// What the accountant gets. Nobody is named in it and no treatment: numbers, days, amounts, taxes.

const (
	sqlExportInvoices = `SELECT i.kind, i.label, i.day, i.currency, i.scheme, i.place, COALESCE(o.label, ''), l.code, l.class, l.rate, CAST(SUM(l.net) AS BIGINT), CAST(SUM(l.tax) AS BIGINT), i.total, i.rounding
	FROM invoice i JOIN invoice_line l ON l.clinic_id = $1 AND l.invoice_id = i.id LEFT JOIN invoice o ON o.clinic_id = $1 AND o.id = i.corrects_id
	WHERE i.clinic_id = $1 AND i.number > 0 AND i.day >= $2 AND i.day <= $3 GROUP BY i.kind, i.year, i.number, i.label, i.day, i.currency, i.scheme, i.place, o.label, l.code, l.class, l.rate, i.total, i.rounding, i.id
	ORDER BY i.day, i.kind DESC, i.year, i.number, l.rate, l.code`
	sqlExportTaxes = `SELECT i.label, t.tax, t.rate, t.amount FROM invoice i JOIN invoice_tax t ON t.clinic_id = $1 AND t.invoice_id = i.id
	WHERE i.clinic_id = $1 AND i.number > 0 AND i.day >= $2 AND i.day <= $3`
)

// TaxRow is one rate of one document.
type TaxRow struct {
	Kind                    Kind
	Label                   string
	Day                     clock.Date
	Currency                string
	Scheme                  money.Scheme
	Place                   string
	Corrects                string
	Code, Class             string
	Rate                    money.PerMillion
	Net, Tax                int64
	CGST, SGST, IGST, Other int64
	First                   bool  // the first row of its document
	Total, Rounding         int64 // of the document, on its first row; zero on the others
}

// Sign is -1 of a credit note.
func (r TaxRow) Sign() int64 {
	if r.Kind == CreditNote {
		return -1
	}
	return 1
}

// TaxExport lists every document of some days by rate, for the tax return. Empty days are the month of today.
func (s *Service) TaxExport(ctx context.Context, who access.Caller, from, to clock.Date) ([]TaxRow, error) {
	var out []TaxRow
	err := s.db.View(ctx, who, access.BillExport, func(_ context.Context, v *store.View) error {
		c, _, err := start(v)
		if err != nil {
			return err
		}
		if from, to, err = days(v, c, from, to); err != nil {
			return err
		}
		split, err := taxSplit(v, from, to)
		if err != nil {
			return err
		}
		rows, err := v.Query(sqlExportInvoices, string(from), string(to))
		if err != nil {
			return err
		}
		defer rows.Close()
		last := ""
		for rows.Next() {
			var r TaxRow
			if err := rows.Scan(&r.Kind, &r.Label, &r.Day, &r.Currency, &r.Scheme, &r.Place, &r.Corrects, &r.Code, &r.Class, &r.Rate, &r.Net, &r.Tax, &r.Total, &r.Rounding); err != nil {
				return err
			}
			if r.First = r.Label != last; !r.First {
				r.Total, r.Rounding = 0, 0
			}
			last = r.Label
			out = append(out, r)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		v.Opened("tax-export", v.Clinic(), id.Zero)
		return spread(out, split)
	})
	return out, err
}

func taxSplit(v *store.View, from, to clock.Date) (map[string][]money.TaxLine, error) {
	rows, err := v.Query(sqlExportTaxes, string(from), string(to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]money.TaxLine{}
	for rows.Next() {
		var label string
		var x money.TaxLine
		if err := rows.Scan(&label, &x.Tax, &x.Rate, &x.Amount); err != nil {
			return nil, err
		}
		out[label] = append(out[label], x)
	}
	return out, rows.Err()
}

// spread says which taxes the rows' taxes are made of. A document's own amount of each tax is spread over its rows of that rate, so that the file adds up to what its documents say.
func spread(rows []TaxRow, split map[string][]money.TaxLine) error {
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].Label == rows[from].Label && rows[to].Rate == rows[from].Rate {
			to++
		}
		if err := spreadRate(rows[from:to], split[rows[from].Label]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// spreadRate spreads over the rows of one rate of a document.
func spreadRate(rows []TaxRow, of []money.TaxLine) error {
	weights, whole := make([]int64, len(rows)), int64(0)
	for i, r := range rows {
		weights[i] = r.Tax
		whole += r.Tax
	}
	if whole == 0 {
		return nil
	}
	rate := rows[0].Rate
	at := slices.IndexFunc(of, func(x money.TaxLine) bool {
		return x.Tax == "cgst" && (rate == 2*x.Rate || rate == 2*x.Rate+1) || x.Tax == "igst" && x.Rate == rate
	})
	switch {
	case at < 0:
		for i := range rows {
			rows[i].Other = rows[i].Tax
		}
	case of[at].Tax == "igst":
		for i := range rows {
			rows[i].IGST = rows[i].Tax
		}
	default:
		central, err := money.Split(of[at].Amount, weights)
		if err != nil {
			return err
		}
		for i := range rows { // the rest of a row is the state's, so that its two taxes are its tax
			rows[i].CGST, rows[i].SGST = central[i], rows[i].Tax-central[i]
		}
	}
	return nil
}
