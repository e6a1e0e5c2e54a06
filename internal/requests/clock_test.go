package requests_test

import (
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/requests"
)

// TestTheClockOfEachLaw: hours over a change of clocks, thirty days over one, the ends of short months, a leap day, the pause of the check of who asks, and
// what a law adds. The thirty days of the policy cap what a law allows.
func TestTheClockOfEachLaw(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock")
	const none = ""
	for _, c := range []struct {
		place         string
		kind          law.Request
		zone, came    string
		paused        time.Duration
		due           string
		longer, first string // what the law adds; by when it is confirmed
	}{
		{law.India, law.Access, "Asia/Kolkata", "2026-11-02T09:00:00+05:30", 0, "2026-11-05T09:00:00+05:30", none, none},
		{law.India, law.Access, "Europe/Berlin", "2026-10-24T12:00:00+02:00", 0, "2026-10-27T11:00:00+01:00", none, none}, // 72 hours are 72 hours
		{law.India, law.Access, "Asia/Kolkata", "2026-11-02T09:00:00+05:30", 5 * time.Hour, "2026-11-05T14:00:00+05:30", none, none},
		{law.India, law.Complaint, "Asia/Kolkata", "2026-11-02T09:00:00+05:30", 0, "2026-12-02T23:59:59.999999+05:30", none, none}, // ninety days by law, thirty by the policy
		{law.EU, law.Deletion, "Europe/Berlin", "2027-01-31T08:00:00+01:00", 0, "2027-02-28T23:59:59.999999+01:00", "2027-04-28T23:59:59.999999+02:00", none},
		{law.EU, law.Deletion, "Europe/Berlin", "2028-01-31T08:00:00+01:00", 0, "2028-02-29T23:59:59.999999+01:00", "2028-04-29T23:59:59.999999+02:00", none},
		{law.EU, law.Access, "Europe/Berlin", "2026-10-10T08:00:00+02:00", 48 * time.Hour, "2026-11-11T23:59:59.999999+01:00", "2027-01-11T23:59:59.999999+01:00", none},
		{law.Britain, law.Access, "Europe/London", "2026-03-01T08:00:00Z", 0, "2026-03-31T23:59:59.999999+01:00", "2026-05-31T23:59:59.999999+01:00", none}, // a month would be a day longer
		{law.US, law.Access, "America/New_York", "2026-10-20T08:00:00-04:00", 0, "2026-11-19T23:59:59.999999-05:00", "2026-12-19T23:59:59.999999-05:00", none},
		{law.US, law.Correction, "America/New_York", "2026-10-20T08:00:00-04:00", 0, "2026-11-19T23:59:59.999999-05:00", "2026-12-19T23:59:59.999999-05:00", none},
		{law.California, law.Deletion, "America/Los_Angeles", "2026-11-27T09:00:00-08:00", 0, "2026-12-27T23:59:59.999999-08:00", "2027-02-10T23:59:59.999999-08:00", "2026-12-11T23:59:59.999999-08:00"},
		{law.Canada, law.Access, "America/Toronto", "2028-02-01T08:00:00-05:00", 0, "2028-03-02T23:59:59.999999-05:00", "2028-04-01T23:59:59.999999-04:00", none},
		{law.Elsewhere, law.Access, "UTC", "2026-11-02T09:00:00Z", 0, "2026-12-02T23:59:59.999999Z", none, none},
	} {
		z, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		came, err := time.Parse(time.RFC3339, c.came)
		if err != nil {
			t.Fatal(err)
		}
		say := func(i clock.Instant) string {
			if i == 0 {
				return none
			}
			return i.In(z).Format(time.RFC3339Nano)
		}
		due := requests.Due(c.place, c.kind, clock.At(came), c.paused, z)
		longer := none
		if r := (requests.Request{State: requests.Open, Law: c.place, Kind: c.kind, DueAt: due}); r.CanTakeLonger(due) {
			longer = say(requests.Longer(c.place, c.kind, due, z))
			if r.CanTakeLonger(due + 1) {
				t.Errorf("%s %s can be put off when it is too late", c.place, c.kind)
			}
		}
		if got, first := say(due), say(requests.ConfirmDue(c.place, c.kind, clock.At(came), z)); got != c.due || longer != c.longer || first != c.first {
			t.Errorf("%s %s from %s: due %s, longer %s, confirmed by %s", c.place, c.kind, c.came, got, longer, first)
		}
	}
}
