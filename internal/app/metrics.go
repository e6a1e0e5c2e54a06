package app

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
)

// metrics tells the operator how the program is. It is answered to this machine only, and it
// names neither clinics nor people.
func (h *House) metrics(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
		http.NotFound(w, r)
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "# TYPE almirah_goroutines gauge\nalmirah_goroutines %d\n", runtime.NumGoroutine())
	fmt.Fprintf(w, "# TYPE almirah_heap_bytes gauge\nalmirah_heap_bytes %d\n", m.HeapAlloc)
	fmt.Fprintf(w, "# TYPE almirah_egress_calls_total counter\n")
	for _, u := range h.Gate.Usage() {
		fmt.Fprintf(w, "almirah_egress_calls_total{processor=%q,day=%q} %d\n", u.Processor, u.Day, u.Calls)
	}
	s := h.backing.state()
	late, held := 0, 0
	if s.Late() {
		late = 1
	}
	if h.Held() {
		held = 1
	}
	fmt.Fprintf(w, "# TYPE almirah_backups_late gauge\nalmirah_backups_late %d\n# TYPE almirah_held gauge\nalmirah_held %d\n", late, held)
	if !s.LastAt.IsZero() {
		fmt.Fprintf(w, "# TYPE almirah_backup_age_seconds gauge\nalmirah_backup_age_seconds %d\n", int64(h.Clock.Now().Sub(s.LastAt).Seconds()))
	}
}
