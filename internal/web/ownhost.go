package web

import (
	"context"
	"net/http"
	"strings"

	"almirah/internal/id"
)

// A clinic's own host name shows what the clinic shows to everyone and what its patients open by their links, and nothing else: whoever
// signs in does so at the deployment's own name, to which cookies and passkeys belong (promise own-domain).

type ownHostKey struct{}

// OwnHost is the clinic at whose own name a request came.
type OwnHost struct {
	Clinic id.ID
	Host   string // with the port, if any, as the visitor's browser shows it
}

// AtOwnHost marks the request as one at a clinic's own name.
func AtOwnHost(r *http.Request, h OwnHost) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), ownHostKey{}, h))
}

func ownHost(ctx context.Context) (OwnHost, bool) {
	h, ok := ctx.Value(ownHostKey{}).(OwnHost)
	return h, ok
}

// beside are the pages without a clinic that every host name has.
var beside = []string{"GET /favicon.ico", "GET /robots.txt", "GET /.well-known/security.txt", "GET " + AssetPath}

// ServedAnywhere are the patterns that a clinic's own name serves, and of them those that begin with the clinic's slug, whose short paths
// leave it out.
func ServedAnywhere() (patterns, short map[string]bool) {
	patterns, short = map[string]bool{}, map[string]bool{}
	for _, p := range beside {
		patterns[p] = true
	}
	for _, r := range Routes() {
		switch r.Door {
		case Clinic:
			patterns[r.Pattern], short[r.Pattern] = true, true
		case Link, Paper:
			patterns[r.Pattern] = true
		}
	}
	return patterns, short
}

// Home is the address of the clinic's public page on the host of the request.
func (h *ClinicHead) Home() string {
	if h.Own {
		return "/"
	}
	return h.Path()
}

// Path is the beginning of the addresses of the clinic's public pages on the host of the request, without a slash at the end.
func (h *ClinicHead) Path() string {
	if h.Own {
		return ""
	}
	return "/c/" + h.Slug
}

// reach is where addresses of the visit's clinic begin that leave the page: its own name while that works, else ours.
func (s *Site) reach(v *Visit) string { return v.Clinic.Reach(s.PublicURL) }

// shareAt is the address of a clinic's public page for others.
func shareAt(reach, public, slug string) string {
	if reach != public {
		return reach
	}
	return strings.TrimSuffix(public, "/") + "/c/" + slug
}

// AtHost is the clinic at whose own name the request came; own is false at every other name.
func AtHost(r *http.Request) (h OwnHost, own bool) { return ownHost(r.Context()) }

// shown is the address of the request as its visitor knows it: at a clinic's own name without the clinic's slug.
func shown(r *http.Request) string { return shortPath(r, r.URL.RequestURI()) }

func shortPath(r *http.Request, path string) string {
	if _, own := ownHost(r.Context()); !own || !strings.HasPrefix(path, "/c/") {
		return path
	}
	rest := strings.TrimPrefix(path, "/c/")
	if i := strings.IndexAny(rest, "/?"); i >= 0 && rest[i] == '/' {
		return rest[i:]
	} else if i >= 0 {
		return "/" + rest[i:]
	}
	return "/"
}
