package subscription

import (
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/money"
	"almirah/internal/promise"
)

func terms() Terms {
	return Terms{Plans: []Plan{{Key: "solo", Name: "Solo", Currency: "INR", Month: 99900, Year: 999000}}, Trial: 30 * day, Grace: 14 * day,
		Seller: Seller{Name: "Almirah Hosting LLP", TaxNumber: "29AAPFU0939F1ZV", Country: "IN", Rate: 180000, Series: "ALM-"}}
}

func at(text string) clock.Instant {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return clock.At(t)
}

// TestEachStateBeginsOnItsSecond looks at a clinic one second before and after each turn.
func TestEachStateBeginsOnItsSecond(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "told-before-read-only")
	due := at("2026-12-24 05:00:00")
	trial := Held{TrialUntil: due}
	paid := Held{TrialUntil: at("2026-06-01 00:00:00"), PaidUntil: due}
	stop := due.Add(14 * day)
	for _, x := range []struct {
		held  Held
		turn  clock.Instant
		a, b  State
		first stage
		then  stage
	}{
		{trial, due, Trying, Grace, toldDay, toldEnd}, {paid, due, Paid, Grace, toldDay, toldEnd},
		{trial, stop, Grace, ReadOnly, toldSoon, toldStopped}, {paid, stop, Grace, ReadOnly, toldSoon, toldStopped},
		{trial, due.Add(-7 * day), Trying, Trying, toldNothing, toldWeek}, {paid, due.Add(-day), Paid, Paid, toldWeek, toldDay}, {paid, stop.Add(-3 * day), Grace, Grace, toldEnd, toldSoon},
	} {
		before, after := x.turn.Add(-time.Second), x.turn.Add(time.Second)
		for now, want := range map[clock.Instant]State{before: x.a, x.turn: x.b, after: x.b} {
			if got := x.held.State(terms(), now); got != want {
				t.Errorf("%v at %v: %s, want %s", x.held, now.Time(), got, want)
			}
		}
		for now, want := range map[clock.Instant]stage{before: x.first, x.turn: x.then, after: x.then} {
			if got := x.held.stageAt(terms(), now); got != want {
				t.Errorf("%v at %v: notice %d, want %d", x.held, now.Time(), got, want)
			}
		}
	}
	short := terms()
	short.Grace = 0 // a deployment without grace tells on the days before, and then at once
	if got := trial.stageAt(short, due.Add(-time.Second)); got != toldDay {
		t.Errorf("without grace: notice %d", got)
	}
	if got := trial.stageAt(short, due); got != toldStopped {
		t.Errorf("without grace, at the end: notice %d", got)
	}
}

func TestAPaymentGoesOnWhereTheTimeEnds(t *testing.T) {
	t.Parallel()
	due := at("2027-01-31 10:00:00")
	h := Held{TrialUntil: due}
	for _, x := range []struct{ now, term, from, until string }{
		{"2027-01-10 00:00:00", Monthly, "2027-01-31 10:00:00", "2027-02-28 10:00:00"}, // paid early: nothing is lost
		{"2027-02-05 00:00:00", Monthly, "2027-01-31 10:00:00", "2027-02-28 10:00:00"}, // in grace: nothing is given away
		{"2027-01-10 00:00:00", Yearly, "2027-01-31 10:00:00", "2028-01-31 10:00:00"},
		{"2027-02-14 10:00:00", Monthly, "2027-02-14 10:00:00", "2027-03-14 10:00:00"}, // read-only: from now
		{"2027-06-30 12:00:00", Yearly, "2027-06-30 12:00:00", "2028-06-30 12:00:00"},
	} {
		from, until := h.extended(terms(), x.term, at(x.now))
		if from != at(x.from) || until != at(x.until) {
			t.Errorf("paid at %s for a %s: %v to %v, want %s to %s", x.now, x.term, from.Time(), until.Time(), x.from, x.until)
		}
	}
}

func TestTaxOfThePlan(t *testing.T) {
	t.Parallel()
	for what, x := range map[string]struct {
		buyer Buyer
		taxes []string
		total int64
	}{
		"in the seller's state": {Buyer{Country: "IN", TaxNumber: "GSTIN 29AAGCB7383J1Z4"}, []string{"cgst", "sgst"}, 117882},
		"in another state":      {Buyer{Country: "IN", TaxNumber: "27AAPFU0939F1ZV"}, []string{"igst"}, 117882},
		"without a tax number":  {Buyer{Country: "IN"}, []string{"cgst", "sgst"}, 117882},
		"in another country":    {Buyer{Country: "US", TaxNumber: "12-3456789"}, nil, 99900},
	} {
		q, ok := terms().Quote("solo", Monthly, x.buyer)
		var got []string
		for _, l := range q.Taxes {
			got = append(got, l.Tax)
		}
		if !ok || q.Total != x.total || q.Net+q.Tax != q.Total || len(got) != len(x.taxes) || len(got) > 0 && got[0] != x.taxes[0] {
			t.Errorf("%s: %+v, taxes %v", what, q, got)
		}
	}
	if _, ok := terms().Quote("none", Monthly, Buyer{}); ok {
		t.Error("a plan that there is not has a price")
	}
	unregistered := terms()
	unregistered.Seller.TaxNumber = ""
	if q, _ := unregistered.Quote("solo", Yearly, Buyer{Country: "IN"}); q.Tax != 0 || q.Total != 999000 {
		t.Errorf("a seller without a number charges tax: %+v", q)
	}
	_ = money.GST
}
