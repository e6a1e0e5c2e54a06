package app

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/web"
)

// Which host name a request came for, and what is shown under it (decision 0053): the deployment's own name shows everything; its other
// names show what belongs to one clinic and lead to the first for the rest; a clinic's own name shows that clinic's public pages and its
// patients' links; a name that is nobody's shows nothing.

// machines are asked by programs that know the server by whatever name it has inside.
var machines = []string{"/healthz", "/readyz", "/metrics", "/operate", "/domains/known"}

// shared are the beginnings of paths that belong to one clinic, or to none and need no cookie: every name of the deployment shows them.
var shared = []string{"/c/", "/m/", "/r/", "/v/", "/api/", "/hooks/", "/.well-known/", "/favicon.ico", "/robots.txt", web.AssetPath}

type hosts struct {
	public   *url.URL
	names    []string                                                                      // of the deployment, the canonical one first
	of       func(ctx context.Context, host string) (clinic id.ID, slug string, err error) // whose a name is
	trusted  func(r *http.Request) bool                                                    // comes from a proxy of our own
	mux      *http.ServeMux
	patterns map[string]bool // that a clinic's own name serves
	short    map[string]bool // of them those that begin with /c/{slug}
}

// newHosts reads the names of the deployment.
func newHosts(c Config, mux *http.ServeMux, of func(ctx context.Context, host string) (id.ID, string, error)) (*hosts, error) {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return nil, err
	}
	h := &hosts{public: u, names: []string{strings.ToLower(u.Hostname())}, of: of, trusted: proxied(c.Proxies), mux: mux}
	for _, n := range c.Names {
		if !slices.Contains(h.names, n) {
			h.names = append(h.names, n)
		}
	}
	h.patterns, h.short = web.ServedAnywhere()
	return h, nil
}

// hostOnly is the name without port and final dot, in lower case.
func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// canonical says whether everything is shown under the name. The machine itself may be asked by its own address, and a deployment
// without a name of its own by any address.
func (h *hosts) canonical(name string) bool {
	if name == h.names[0] || name == "localhost" {
		return true
	}
	at, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	_, nameless := netip.ParseAddr(h.names[0])
	return at.IsLoopback() || nameless == nil || h.names[0] == "localhost"
}

// ServeHTTP finds out for which name the request came and answers by it.
func (h *hosts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if given := r.Header.Values("X-Forwarded-Host"); len(given) == 1 && !strings.Contains(given[0], ",") && h.trusted(r) {
		r.Host = strings.TrimSpace(given[0]) // what a stranger writes there is not read
	}
	name := hostOnly(r.Host)
	switch {
	case h.canonical(name) || slices.Contains(machines, r.URL.Path):
		h.mux.ServeHTTP(w, r)
	case slices.Contains(h.names, name):
		if slices.ContainsFunc(shared, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
			h.mux.ServeHTTP(w, r)
			return
		}
		h.lead(w, r)
	default:
		clinic, slug, err := h.of(r.Context(), name)
		if err != nil {
			if !fault.Is(err, fault.NotFound) {
				http.Error(w, "Please try again in a moment.", http.StatusServiceUnavailable)
				return
			}
			misdirected(w)
			return
		}
		h.own(w, r, clinic, slug)
	}
}

// own answers under a clinic's own name.
func (h *hosts) own(w http.ResponseWriter, r *http.Request, clinic id.ID, slug string) {
	// The clinic may run other things below its name, and may take the name elsewhere one day: a year, and this name alone.
	if w.Header().Get("Strict-Transport-Security") != "" {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
	at := web.AtOwnHost(r, web.OwnHost{Clinic: clinic, Host: r.Host})
	rest := r.URL.Path
	if rest == "/" {
		rest = ""
	}
	short := at.Clone(at.Context())
	short.URL.Path, short.URL.RawPath = "/c/"+slug+rest, ""
	for _, try := range []*http.Request{short, at} {
		_, pattern := h.mux.Handler(try)
		if try == short && !h.short[pattern] || try == at && !h.patterns[pattern] && pattern != "/" {
			continue
		}
		h.mux.ServeHTTP(w, try)
		r.Pattern = try.Pattern // for the log
		return
	}
	h.lead(w, r)
}

// lead sends to the same page at the deployment's own name; what cannot be sent on is refused.
func (h *hosts) lead(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		misdirected(w)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", h.public.Scheme+"://"+h.public.Host+"/"+strings.TrimLeft(r.URL.RequestURI(), "/"))
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// misdirected is the answer under a name that is nobody's here. It repeats nothing of the request.
func misdirected(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "This server has no pages under this name.", http.StatusMisdirectedRequest)
}
