package app

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/insight"
	"almirah/internal/jobs"
)

// pastDays is how far back the demo's reports go.
const pastDays = 400

// demoPast gives the demo's clinic a past in counts, as if it had come from another program, so that its reports have something to show; and lets
// the use of the program be counted. The numbers are dealt out by day: quiet Sundays, fuller Mondays, a slow growth, fewer who stay away since reminders go out.
func (h *House) demoPast(ctx context.Context, owner access.Caller, c clinics.Clinic, practice demoPractice) error {
	today := clock.Today(h.Clock, c.Location())
	var past insight.Past
	for ago := pastDays; ago >= 1; ago-- {
		day := today.AddDays(-ago)
		if day.Weekday() == time.Sunday {
			continue
		}
		var visits int64
		for i, p := range practice.providers {
			d := demoPastDay(day, i, ago)
			d.Provider = p.ID
			past.Days, visits = append(past.Days, d), visits+d.Attended
		}
		online := visits * int64(30+(pastDays-ago)/20) / 100
		past.Bookings = append(past.Bookings, insight.Bookings{Day: day, Door: "online", Count: online}, insight.Bookings{Day: day, Door: "desk", Count: visits - online}, insight.Bookings{Day: day, Door: "api", Count: 5 + dealt(day, 3, 6)})
		billed := insight.Payments{Day: day, Currency: c.Currency}
		for method, share := range map[string]int64{"upi": 48, "cash": 31, "card": 15} {
			n := visits * share / 100
			amount := n * (42000 + 100*dealt(day, int(share), 90))
			past.Payments = append(past.Payments, insight.Payments{Day: day, Method: method, Currency: c.Currency, Count: n, Amount: amount})
			billed.Count, billed.Amount = billed.Count+n, billed.Amount+amount+amount/40
		}
		past.Billed = append(past.Billed, billed)
	}
	if err := h.Insight.Takeover(ctx, owner, past); err != nil {
		return err
	}
	set, err := h.Insight.Setting(ctx, owner)
	if err != nil {
		return err
	}
	if set.Version == 0 {
		set.Features, set.Visitors = true, true
		if err := h.Insight.SaveSetting(ctx, owner, set); err != nil {
			return err
		}
	}
	return h.Insight.Work(ctx, jobs.ForClinic(c.ID))
}

// dealt is a number from 0 to below n that hangs on the day and a salt.
func dealt(day clock.Date, salt, n int) int64 {
	x := uint32(2166136261)
	for _, b := range []byte(string(day)) {
		x = (x ^ uint32(b)) * 16777619
	}
	x = (x ^ uint32(salt*7919)) * 16777619
	return int64(x>>7) % int64(n)
}

// demoPastDay is one practitioner's day of so many days ago.
func demoPastDay(day clock.Date, practitioner, ago int) insight.Day {
	salt := practitioner * 100
	some := func(k, n int) int64 { return dealt(day, salt+k, n) }
	booked := 13 + int64((pastDays-ago)/60) + some(1, 7)
	if day.Weekday() == time.Monday {
		booked += 4
	}
	d := insight.Day{Day: day, OfferedMinutes: 9 * 60}
	d.Missed = some(2, 3) + int64(ago/200)*some(3, 2)
	d.Cancelled = some(4, 3)
	d.Attended = booked - d.Missed - d.Cancelled
	d.ClaimedMinutes = (d.Attended + d.Missed) * (22 + some(5, 5))
	d.ClaimedMinutes -= d.ClaimedMinutes % 5
	d.Late = d.Attended * (20 + some(6, 25)) / 100
	d.LateMinutes = d.Late * (19 + some(7, 14))
	d.Soon = d.Attended - d.Late
	d.SoonMinutes = d.Soon * (5 + some(8, 6))
	told := booked * 6 / 10
	d.ToldBoth, d.ToldConfirmed = told*(25+some(9, 10))/100, told*(12+some(10, 8))/100
	d.ToldDelivered = told * 3 / 10
	d.ToldOnly = told - d.ToldBoth - d.ToldConfirmed - d.ToldDelivered
	return d
}
