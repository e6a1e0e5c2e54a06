package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"filippo.io/age/armor"
	"golang.org/x/net/html"

	"almirah/internal/clock"
)

// probesOfLinks are the live checks of where pages lead.
func probesOfLinks() map[string]liveLook {
	return map[string]liveLook{"links-out-marked": probe.linksOut, "request-log-life": probe.requestsEnd, "request-log-visitor": probe.whoAsked}
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

// whoAsked asks for a page with marks, through the guard and a handler of lines like that of this installation, and looks for them in its log.
func (p probe) whoAsked(ctx context.Context) (string, error) {
	const mark = "Firefox/5e1f"
	var other bytes.Buffer
	log, _ := newLog(slog.NewJSONHandler(&other, nil), nil)
	looked := false
	h := p.visitors(guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, looked = r.Context().Value(askerKey{}).(asker)
	}), false, p.Clock, log, nil, nil), func(*http.Request) string { return "192.0.2.77" })
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Config.PublicURL+"/trust", nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("User-Agent", mark)
	h.ServeHTTP(&page{header: http.Header{}}, r)
	return saysWhoAsked(other.String(), looked, p.daybook != nil && p.Config.Requests.Visitor)
}

// saysWhoAsked judges what an unsealed log wrote of the marked request, and whether who asked went on to the sealed one, which is so only where it was chosen.
func saysWhoAsked(other string, looked, on bool) (string, error) {
	switch {
	case strings.Contains(other, "192.0.2.77") || strings.Contains(other, "Firefox") || other == "":
		return "", errors.New("a log that is not sealed says who asked, or nothing")
	case looked != on:
		return "", fmt.Errorf("who asked is on its way to the sealed log: %t; chosen: %t", looked, on)
	case on:
		return "who asked stands in the sealed log alone, as was chosen", nil
	}
	return "no log says who asked", nil
}

// requestsEnd looks at the files of the log of requests: none is older than it may be, and none lies open.
func (p probe) requestsEnd(ctx context.Context) (string, error) {
	if p.daybook == nil {
		return "the log of requests goes to the machine's own log, where its time is set", nil
	}
	all, err := p.daybook.days()
	if err != nil {
		return "", err
	}
	life, err := p.requestLife(ctx)
	if err != nil {
		return "", err
	}
	today := clock.DateOf(p.Clock.Now().UTC())
	for _, day := range all {
		if life.Day(day).AddDays(1) < today {
			return "", fmt.Errorf("the log of requests of %s is still there", day)
		}
		f, err := os.Open(p.daybook.file(day))
		if err != nil {
			return "", err
		}
		first := make([]byte, len(armor.Header))
		_, err = io.ReadFull(f, first)
		if err = errors.Join(err, f.Close()); err != nil || string(first) != armor.Header {
			return "", fmt.Errorf("the log of requests of %s is not sealed", day)
		}
	}
	return fmt.Sprintf("%d days of the log of requests lie sealed; none is over", len(all)), nil
}
