package app

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// probesOfLinks are the live checks of where pages lead.
func probesOfLinks() map[string]liveLook {
	return map[string]liveLook{"links-out-marked": probe.linksOut}
}

// linksOut reads the policy pages, on which links to authorities stand, as a visitor gets them.
func (p probe) linksOut(ctx context.Context) (string, error) {
	slugs, err := p.slugs(ctx)
	if err != nil {
		return "", err
	}
	paths := []string{"/", "/trust", "/sign-in"}
	for _, s := range slugs {
		paths = append(paths, "/c/"+url.PathEscape(s), "/c/"+url.PathEscape(s)+"/privacy")
	}
	away := 0
	for _, path := range paths {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		if got.header.Get("Referrer-Policy") != "same-origin" {
			return "", fmt.Errorf("%s tells other websites where a visitor comes from", path)
		}
		n, wrong := p.unmarked(ctx, got.body.Bytes())
		if wrong != "" {
			return "", fmt.Errorf("%s: the link to %s is not marked", path, wrong)
		}
		away += n
	}
	return fmt.Sprintf("%d pages, %d links to others, each marked", len(paths), away), nil
}

// unmarked counts a page's links to other hosts, and names the host of one that is not marked.
func (p probe) unmarked(ctx context.Context, body []byte) (n int, wrong string) {
	here := ""
	if u, err := url.Parse(p.Config.PublicURL); err == nil {
		here = u.Host
	}
	z := html.NewTokenizer(bytes.NewReader(body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return n, ""
		case html.StartTagToken:
			tag := z.Token()
			if tag.Data != "a" {
				continue
			}
			rel, to := "", ""
			for _, a := range tag.Attr {
				switch a.Key {
				case "href":
					to = a.Val
				case "rel":
					rel = a.Val
				}
			}
			u, err := url.Parse(to)
			if err != nil || u.Host == "" || u.Host == here || p.certifiable(ctx, hostOnly(u.Host)) == nil { // the deployment itself, or a clinic's own name at it
				continue
			}
			n++
			if !strings.Contains(rel, "noreferrer") || !strings.Contains(rel, "noopener") {
				return n, u.Host
			}
		}
	}
}
