package promise

// moneys: invoices and what is paid at the desk.
var moneys = []Sentence{
	{
		ID:       "money-once",
		Text:     "Money that comes is booked once, however often it is reported, and what no open invoice takes is shown to a person who decides. Every row of the books moves one amount from one account to another, so that they always balance.",
		Sources:  []string{"H6"},
		Applies:  "where the clinic turned billing on",
		Kind:     Enforced,
		KeptBy:   []string{"billing.Receive", "billing.GiveBack", "internal/billing/ledger.go"},
		ProvedBy: []string{"billing.TestMoneyIsBookedOnce"},
		Probe:    "money-once",
		Twins: []Twin{
			{
				Name: "a payment that is reported twice counts twice",
				File: "internal/billing/inside.go", Old: "tx.Exec(sqlPaymentAdd, one, r.Source, r.External,", New: "tx.Exec(sqlPaymentAdd, one, r.Source, r.External+one.String(),",
				Red: []string{"billing.TestMoneyIsBookedOnce", "billing.TestGatewayHistories", "billing.TestMoneyGoesBackOnce", "billing.TestNothingOfACardStays", "billing.TestTheLedgerIsLinearizable", "billing.TestTheNightFindsWhatNoReportBrought"},
			},
		},
	},
	{
		ID:       "invoices-run-on",
		Text:     "Invoices and credit notes are numbered without a gap or a repeat in each financial year, and one that was issued never changes: a mistake is put right by a credit note.",
		Sources:  []string{"H6"},
		Applies:  "where the clinic turned billing on",
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/issue.go", "internal/billing/credit.go"},
		ProvedBy: []string{"billing.TestNumbersRunOn", "billing.TestIssuedInvoiceNeverChanges"},
		Probe:    "invoices-run-on",
		Twins: []Twin{
			{
				Name: "a number is left out",
				File: "internal/billing/issue.go", Old: "DO UPDATE SET last = invoice_series.last + 1", New: "DO UPDATE SET last = invoice_series.last + CASE WHEN invoice_series.last = 40 THEN 2 ELSE 1 END",
				Red: []string{"billing.TestNumbersRunOn"},
			},
			{
				Name: "an issued invoice is not closed",
				File: "internal/billing/issue.go", Old: "issued_at = $7,", New: "issued_at = CAST($7 AS BIGINT) * 0,",
				Red: []string{"billing.TestIssuedInvoiceNeverChanges"},
			},
		},
	},
	{
		ID:       "tax-records",
		Text:     "Invoices are kept for as long as tax law asks, and no longer. When a patient is deleted, what was done for her goes at once; numbers, dates, amounts and taxes stay until that time is over, with her name only where the law asks for it.",
		Sources:  []string{"H6"},
		Applies:  "where the clinic turned billing on",
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/keep.go", "billing.Keeper"},
		ProvedBy: []string{"billing.TestErasureKeepsWhatTaxLawAsks", "billing.TestALongTreatmentIsHersWhole"},
		Twins: []Twin{
			{
				Name: "every name is kept after a deletion",
				File: "internal/billing/keep.go", Old: `return country != "IN" || currency != "INR" || total >= 50_000_00`, New: `return country != "" || currency != "INR" || total >= 50_000_00`,
				Red: []string{"billing.TestErasureKeepsWhatTaxLawAsks"},
			},
			{
				Name: "only the latest bills of a patient are looked at",
				File: "internal/billing/list.go", Old: "WHERE clinic_id = $1 AND patient_id = $2 ORDER BY created_at DESC, id DESC`", New: "WHERE clinic_id = $1 AND patient_id = $2 ORDER BY created_at DESC, id DESC LIMIT 500`",
				Red: []string{"billing.TestALongTreatmentIsHersWhole"},
			},
		},
		Probe: "tax-records",
	},
	{
		ID:       "desk-payments",
		Text:     "Of a payment at the clinic's desk its amount, its method, its moment and a reference are kept, and never the number of a card.",
		Sources:  []string{"H3"},
		Applies:  "where the clinic turned billing on",
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/desk.go"},
		ProvedBy: []string{"billing.TestNoNumberOfACard"},
		Probe:    "desk-payments",
		Twins: []Twin{
			{
				Name: "a reference may be the number of a card",
				File: "internal/billing/issue.go", Old: "|| cardLike(p.Reference)", New: "",
				Red: []string{"billing.TestNoNumberOfACard"},
			},
		},
	},
	{
		ID:       "receipts",
		Text:     "When a payment came, the patient is sent word of it. The message names no treatment; her bills and receipts stand on her own page.",
		Sources:  []string{"H5"},
		Applies:  "where the clinic turned billing on",
		Kind:     Enforced,
		KeptBy:   []string{"internal/journeys/steps.go", "billing.ReceiptOf"},
		ProvedBy: []string{"journeys.TestReceiptGoesOutOnce"},
		Twins: []Twin{
			{
				Name: "nobody is sent a receipt",
				File: "internal/journeys/table.go", Old: `{billing.EventPaid, []Step{{"send the patient her receipt", sendReceipt}, hook(`, New: `{billing.EventPaid, []Step{hook(`,
				Red: []string{"journeys.TestReceiptGoesOutOnce"},
			},
		},
		Probe: "receipts",
	},
	{
		ID:       "guardian-on-invoice",
		Text:     "The invoice of a child's visit names the adult who speaks for the child.",
		Sources:  []string{"B9"},
		Applies:  "where the clinic turned billing on",
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/write.go"},
		ProvedBy: []string{"billing.TestGuardianOnTheInvoice"},
		Twins: []Twin{
			{
				Name: "the invoice of a child names the child alone",
				File: "internal/billing/write.go", Old: "if child && len(p.Guardians) > 0 {", New: "if child && len(p.Guardians) > 9 {",
				Red: []string{"billing.TestGuardianOnTheInvoice"},
			},
		},
		Probe: "guardian-on-invoice",
	},
}
