package app

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clock"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meters are the numbers that a monitoring program reads at /metrics. They name neither clinics nor people: a request counts under the pattern of its
// route, never under its address.
type meters struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	show     http.Handler
}

func newMeters(h *House) *meters {
	m := &meters{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "almirah_requests_total", Help: "Answered requests by route and class of status."}, []string{"route", "class"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "almirah_request_seconds", Help: "How long answers took, by part of the program.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"part"})}
	gauge := func(name, help string, of func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, of)
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), measures{h},
		gauge("almirah_goroutines", "Goroutines.", func() float64 { return float64(runtime.NumGoroutine()) }),
		gauge("almirah_heap_bytes", "Heap in use.", func() float64 {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			return float64(s.HeapAlloc)
		}))
	m.show = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return m
}

// answered counts a request.
func (m *meters) answered(r *http.Request, status int, took time.Duration) {
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Inc()
	m.seconds.WithLabelValues(partOf(r.Pattern)).Observe(took.Seconds())
}

// partOf is the part of the program that a route belongs to.
func partOf(pattern string) string {
	_, path, _ := strings.Cut(pattern, " /")
	first, _, _ := strings.Cut(path, "/")
	switch first {
	case "app", "api", "hooks", "assets":
		return first
	case "c":
		return "public"
	case "m", "r":
		return "link"
	case "healthz", "readyz", "metrics", "operate":
		return "watch"
	}
	return "other"
}

// measures are numbers that are looked up when they are asked for.
type measures struct{ *House }

var (
	metricDatabase = prometheus.NewDesc("almirah_database_bytes", "Size of the database.", nil, nil)
	metricDue      = prometheus.NewDesc("almirah_work_due", "Clinics with work that is due.", nil, nil)
	metricOldest   = prometheus.NewDesc("almirah_work_oldest_seconds", "For how long the oldest of it has been due.", nil, nil)
	metricPending  = prometheus.NewDesc("almirah_audit_pending", "Audit entries that are not in the tree yet.", nil, nil)
	metricWaiting  = prometheus.NewDesc("almirah_audit_waiting_seconds", "For how long the oldest of them has been waiting.", nil, nil)
	metricConns    = prometheus.NewDesc("almirah_database_connections", "Connections to the database, by use.", []string{"use"}, nil)
	metricSchema   = prometheus.NewDesc("almirah_schema_version", "Version of the schema.", nil, nil)
	metricDisk     = prometheus.NewDesc("almirah_disk_bytes", "The disk under the data.", []string{"part"}, nil)
	metricSlow     = prometheus.NewDesc("almirah_slow_statements_total", "Statements that took long.", nil, nil)
	metricErrors   = prometheus.NewDesc("almirah_logged_errors_total", "Errors in the log.", nil, nil)
	metricPromises = prometheus.NewDesc("almirah_promises", "Promises by how they stand.", []string{"status"}, nil)
	metricLate     = prometheus.NewDesc("almirah_backups_late", "1 when the backups are late.", nil, nil)
	metricHeld     = prometheus.NewDesc("almirah_held", "1 while nothing may leave after a restore.", nil, nil)
	metricBackup   = prometheus.NewDesc("almirah_backup_age_seconds", "How old the last good backup is.", nil, nil)
	metricKeyAge   = prometheus.NewDesc("almirah_key_age_seconds", "Age of the oldest key of a level that is in use.", []string{"level"}, nil)
	metricKeysOld  = prometheus.NewDesc("almirah_keys_old", "Keys that hang on an older key of the level above.", []string{"level"}, nil)
	metricErased   = prometheus.NewDesc("almirah_erasures_waiting", "Destroyed keys whose wrapped form could still be opened until the next turn.", nil, nil)
	metricKeeper   = prometheus.NewDesc("almirah_keeper_silent_seconds", "For how long the service that keeps the root key has not answered; 0 without one.", nil, nil)
	metricEgress   = prometheus.NewDesc("almirah_egress_calls_total", "Calls to sub-processors.", []string{"processor", "day"}, nil)
)

// Describe names them.
func (m measures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{metricDatabase, metricDue, metricOldest, metricPending, metricWaiting, metricConns, metricSchema, metricDisk, metricSlow, metricErrors, metricPromises, metricLate, metricHeld, metricBackup, metricEgress, metricKeyAge, metricKeysOld, metricErased, metricKeeper} {
		to <- d
	}
}

// Collect looks them up. What cannot be looked up is left out, and the log says why.
func (m measures) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, n float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	if w, err := m.DB.Watch(ctx, accounts.Operator()); err == nil {
		gauge(metricDatabase, float64(w.Bytes))
		gauge(metricDue, float64(w.Due))
		gauge(metricOldest, w.Oldest.Seconds())
		gauge(metricPending, float64(w.Pending))
		gauge(metricSchema, float64(w.Version))
		gauge(metricConns, float64(w.InUse), "busy")
		gauge(metricConns, float64(w.Open-w.InUse), "idle")
	} else {
		m.Log.Error("the database cannot be measured", "error", err.Error())
	}
	if _, since, err := m.DB.Waits(ctx, accounts.Operator()); err == nil {
		gauge(metricWaiting, since.Seconds())
	}
	if size, free, err := diskOf(m.Config.Data); err == nil {
		gauge(metricDisk, float64(size), "size")
		gauge(metricDisk, float64(free), "free")
	}
	_, slow := m.slow.worst()
	_, errs := m.errors.newest()
	to <- prometheus.MustNewConstMetric(metricSlow, prometheus.CounterValue, float64(slow))
	to <- prometheus.MustNewConstMetric(metricErrors, prometheus.CounterValue, float64(errs))
	status := map[string]int{}
	for _, k := range m.Promises(ctx) {
		status[k.Status]++
	}
	for s, n := range status {
		gauge(metricPromises, float64(n), s)
	}
	for _, u := range m.Gate.Usage() {
		to <- prometheus.MustNewConstMetric(metricEgress, prometheus.CounterValue, float64(u.Calls), u.Processor, string(u.Day))
	}
	if s, err := m.Vault.Standing(ctx); err == nil {
		now := m.Clock.Now()
		for level, at := range map[string]clock.Instant{"root": s.RootAt, "epoch": s.EpochAt, "clinic": s.ClinicAt} {
			gauge(metricKeyAge, now.Sub(at.Time()).Seconds(), level)
		}
		gauge(metricKeysOld, float64(s.ClinicsOld), "clinic")
		gauge(metricKeysOld, float64(s.PeopleOld), "person")
		gauge(metricErased, float64(s.Waiting))
	}
	silent := 0.0
	if d, _, ok := m.Vault.Heard(); ok {
		silent = d.Seconds()
	}
	gauge(metricKeeper, silent)
	kept := m.backing.state()
	gauge(metricLate, truth(kept.Late()))
	gauge(metricHeld, truth(m.Held()))
	if !kept.LastAt.IsZero() {
		gauge(metricBackup, m.Clock.Now().Sub(kept.LastAt).Seconds())
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
