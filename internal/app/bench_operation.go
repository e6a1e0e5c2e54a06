package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/web"
)

// benchOperation is one line of the table: how it is asked of the house, and of the limit program.
type benchOperation struct {
	key, words string
	clients    int
	status     int
	ours       func(b *benchHouse) func(n int64) string
	limit      func(b *benchHouse) func(n int64) string
	goal       float64 // how many times the limit it may take; for rps, the least share of the limit
	rate       bool    // the goal is about requests a second
	fsync      bool    // one fsync is allowed on top
	grows      bool    // the growth series is measured
}

func (b *benchHouse) get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + web.SessionCookie + "=" + b.cookie + "\r\n\r\n"
}

// search asks for patients as the page's script does.
func (b *benchHouse) search(typed string) string {
	body := url.Values{"links": {"1"}, "q": {typed}}.Encode()
	return "POST /app/search HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + web.SessionCookie + "=" + b.cookie + "\r\nX-CSRF: " + b.token + "\r\nSec-Fetch-Site: same-origin\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// public asks without a session.
func (b *benchHouse) public(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
}

func post(path, head string, body []byte) string {
	return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" + head + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + string(body)
}

// someone is the n-th patient in an order that jumps through the whole list.
func (b *benchHouse) someone(n int64) int { return int(n * 7919 % int64(len(b.patients))) }

// dayPath asks for one column in the grid that the page already shows, as the page's script does.
func (b *benchHouse) dayPath(provider id.ID, day clock.Date) string {
	return "day=" + string(day) + "&provider=" + provider.String() + "&rows=96&starts=" + url.QueryEscape(b.at(day, 0).In(b.clinic.Location()).Format(time.RFC3339))
}

// fresh is the n-th of the days of one practitioner that are full and lie behind: each is seen for the first time.
func (b *benchHouse) fresh(n int64) string {
	p := b.providers[n%benchProviders]
	return b.dayPath(p, b.full[int(n/benchProviders)%len(b.full)])
}

// window is the fortnight whose free times are asked for: tomorrow and thirteen days more.
func (b *benchHouse) window() string {
	return "from=" + string(b.today.AddDays(1)) + "&to=" + string(b.today.AddDays(14))
}

// benchTimes deals out free times: half of the practitioners to the house, half to the limit program.
func (b *benchHouse) times(half int, taken *atomic.Int64) func() (id.ID, clock.Instant) {
	const each = benchProviders / 2
	return func() (id.ID, clock.Instant) {
		n := int(taken.Add(1) - 1)
		day := b.today.AddDays(benchFirstFree + n/each/benchSlots%(benchHorizon-benchFirstFree))
		return b.providers[half*each+n%each], b.at(day, n/each%benchSlots)
	}
}

type benchBooking struct {
	Service  id.ID             `json:"service"`
	Provider id.ID             `json:"provider"`
	StartsAt string            `json:"starts_at"`
	Patient  map[string]string `json:"patient"`
	Consents []string          `json:"consents"`
}

// benchTaken counts the times that were dealt out of one house.
type benchTaken struct{ ours, limit atomic.Int64 }

func bookOurs(b *benchHouse, t *benchTaken) func(n int64) string {
	deal := b.times(0, &t.ours)
	return func(n int64) string {
		provider, at := deal()
		who := b.someone(n)
		body, _ := json.Marshal(benchBooking{b.service, provider, at.Time().Format("2006-01-02T15:04:05Z"), map[string]string{"name": benchName(who), "phone": benchPhone(who)}, []string{}}) // plain fields always encode
		return post("/api/v1/clinics/"+b.clinic.Slug+"/bookings", "Idempotency-Key: "+id.New(b.Clock.Now()).String()+"\r\n", body)
	}
}

func bookLimit(b *benchHouse, t *benchTaken, query string) func(n int64) string {
	deal := b.times(1, &t.limit)
	return func(n int64) string {
		provider, at := deal()
		body, _ := json.Marshal(limitBooking{provider, b.patients[b.someone(n)], at.Time()}) // plain fields always encode
		return post("/book"+query, "", body)
	}
}

// prefix is the beginning of a first name: three letters that thousands share.
func benchPrefix(n int64) string {
	return strings.ToLower(benchFirst[n%int64(len(benchFirst))][:3])
}

func benchOperations(taken func(*benchHouse) *benchTaken) []benchOperation {
	same := func(request func(b *benchHouse, n int64) string) func(b *benchHouse) func(n int64) string {
		return func(b *benchHouse) func(n int64) string {
			return func(n int64) string { return request(b, n) }
		}
	}
	slots := func(b *benchHouse, provider string) string {
		return "/api/v1/clinics/" + b.clinic.Slug + "/slots?service=" + b.service.String() + "&provider=" + provider + "&" + b.window()
	}
	return []benchOperation{
		{key: "1", words: "provider's day, 25 appointments", clients: 1, status: http.StatusOK, goal: 3, grows: true,
			ours: same(func(b *benchHouse, n int64) string {
				return b.get("/app/day/column?" + b.dayPath(b.providers[n%benchProviders], b.today.AddDays(1)))
			}),
			limit: same(func(b *benchHouse, n int64) string {
				return b.public("/day?" + b.dayPath(b.providers[n%benchProviders], b.today.AddDays(1)))
			})},
		{key: "1 first", words: "the same, first look (audit entry)", clients: 1, status: http.StatusOK, goal: 3, fsync: true,
			ours:  same(func(b *benchHouse, n int64) string { return b.get("/app/day/column?" + b.fresh(n)) }),
			limit: same(func(b *benchHouse, n int64) string { return b.public("/day?audit=1&" + b.fresh(n)) })},
		{key: "3", words: "free slots, one provider, 14 days", clients: 1, status: http.StatusOK, goal: 3, grows: true,
			ours: same(func(b *benchHouse, n int64) string { return b.public(slots(b, b.providers[n%benchProviders].String())) }),
			limit: same(func(b *benchHouse, n int64) string {
				return b.public("/slots?provider=" + b.providers[n%benchProviders].String() + "&" + b.window())
			})},
		{key: "4", words: "first free slot, any of 20, 14 days", clients: 1, status: http.StatusOK, goal: 5, grows: true,
			ours:  same(func(b *benchHouse, _ int64) string { return b.public(slots(b, "any")) }),
			limit: same(func(b *benchHouse, _ int64) string { return b.public("/any?" + b.window()) })},
		{key: "5", words: "book, conflict check, durable", clients: 1, status: http.StatusCreated, goal: 3, fsync: true, grows: true,
			ours:  func(b *benchHouse) func(n int64) string { return bookOurs(b, taken(b)) },
			limit: func(b *benchHouse) func(n int64) string { return bookLimit(b, taken(b), "") }},
		{key: "6", words: "booking, 32 clients at once", clients: 32, status: http.StatusCreated, goal: 0.25, rate: true,
			ours:  func(b *benchHouse) func(n int64) string { return bookOurs(b, taken(b)) },
			limit: func(b *benchHouse) func(n int64) string { return bookLimit(b, taken(b), "?group=1") }},
		{key: "7", words: "patient by phone (audit entry)", clients: 1, status: http.StatusOK, goal: 20, grows: true,
			ours: same(func(b *benchHouse, n int64) string {
				return b.search(benchPhone(b.someone(n)))
			}),
			limit: same(func(b *benchHouse, n int64) string {
				return b.public("/phone?q=" + url.QueryEscape(benchPhone(b.someone(n))))
			})},
		{key: "8", words: "patient by name prefix, first 20", clients: 1, status: http.StatusOK, goal: 5, grows: true,
			ours:  same(func(b *benchHouse, n int64) string { return b.search(benchPrefix(n)) }),
			limit: same(func(b *benchHouse, n int64) string { return b.public("/name?q=" + benchPrefix(n)) })},
		{key: "11", words: "public booking page (its data, bare)", clients: 1, status: http.StatusOK, grows: true,
			ours:  same(func(b *benchHouse, _ int64) string { return b.public("/c/" + b.clinic.Slug) }),
			limit: same(func(b *benchHouse, _ int64) string { return b.public("/page") })},
		{key: "11 static", words: "its style sheet (beside hello)", clients: 8, status: http.StatusOK, goal: 0.5, rate: true,
			ours:  same(func(b *benchHouse, _ int64) string { return b.public(b.sheet) }),
			limit: same(func(b *benchHouse, _ int64) string { return b.public("/hello") })},
	}
}

// benchRow is one line of `bench --json`. Times are in microseconds.
type benchRow struct {
	Op     string  `json:"op"`
	Engine string  `json:"engine"`
	P50    float64 `json:"p50_us"`
	P99    float64 `json:"p99_us"`
	RPS    float64 `json:"rps"`
	Limit  float64 `json:"limit_p50_us"`
	Ratio  float64 `json:"ratio"`
	Growth float64 `json:"growth"` // the worse of the two series; 0 where none is measured

	words                     string
	cpu, limitCPU             float64 // microseconds a request
	bytes                     int64
	limitRPS                  float64
	patientGrowth, clinicGrow float64
	verdict                   string
}

// goalText is what the goal of an operation reads like.
func (o benchOperation) goalText() string {
	switch {
	case o.goal == 0:
		return "-"
	case o.rate:
		return fmt.Sprintf(">=%.0f%% rps", o.goal*100)
	case o.fsync:
		return fmt.Sprintf("fsync+%.0fx", o.goal)
	}
	return fmt.Sprintf("<=%.0fx", o.goal)
}

// judge compares a row with its goal; growth may be 1.3 at most.
func (o benchOperation) judge(r *benchRow, fsync float64) {
	met := r.Ratio <= o.goal
	switch {
	case o.goal == 0:
		met = true
	case o.rate:
		met = r.RPS >= o.goal*r.limitRPS
	case o.fsync:
		met = r.P50 <= fsync+o.goal*r.Limit
	}
	r.verdict = "ok"
	if !met {
		r.verdict = "MISSED"
	}
	if r.Growth > 1.3 {
		r.verdict += ", GROWS"
	}
}
