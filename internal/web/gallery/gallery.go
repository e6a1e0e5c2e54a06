// Package gallery serves the sample pages at /look/<language>/<theme>/<name>, and plays the part of
// the house for the scripts of the day page, so that people can look at every page and a
// browser test can press every key before a clinic exists.
package gallery

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"almirah/internal/web"
	"almirah/internal/web/sample"
	"almirah/internal/words"
)

// Policy is the content security policy that all pages must live with.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Gallery is the server.
type Gallery struct {
	book  *words.Book
	views *web.Views
	mux   *http.ServeMux

	mu     sync.Mutex
	posts  []string    // every form that a script sent: path and body
	asked  []string    // what pages of the inbox asked for
	refuse bool        // the next move is refused, as when somebody was first
	listen chan string // events for the day page
}

// New makes the gallery; it fails when the assets are not bundled.
func New() (*Gallery, error) {
	book, err := words.Load()
	if err != nil {
		return nil, err
	}
	assets, address, err := web.Assets()
	if err != nil {
		return nil, err
	}
	views, err := web.NewViews(book, address)
	if err != nil {
		return nil, err
	}
	g := &Gallery{book: book, views: views, mux: http.NewServeMux(), listen: make(chan string, 8)}
	g.mux.Handle("GET "+web.AssetPath, assets)
	g.mux.HandleFunc("GET /brand.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write(web.BrandCSS("#7a2f4a"))
	})
	g.mux.HandleFunc("GET /look/{lang}/{theme}/{name}", g.page)
	g.mux.HandleFunc("POST /app/search", func(w http.ResponseWriter, r *http.Request) {
		name := "patient-hits"
		if r.FormValue("links") != "" {
			name = "patient-hits-links"
		}
		g.show(w, "en", "auto", name)
	})
	g.mux.HandleFunc("GET /app/free", func(w http.ResponseWriter, _ *http.Request) { g.show(w, "en", "auto", "free-slots") })
	g.mux.HandleFunc("GET /app/appointments/{id}", func(w http.ResponseWriter, _ *http.Request) { g.show(w, "en", "auto", "appointment-panel") })
	g.mux.HandleFunc("GET /app/day/column", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	for path, name := range map[string]string{"/app/inbox": "inbox", "/app/inbox/rows": "inbox-rows", "/app/inbox/{thread}": "thread", "/app/inbox/{thread}/live": "thread-live"} {
		g.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			g.mu.Lock()
			g.asked = append(g.asked, path)
			g.mu.Unlock()
			g.show(w, "en", "light", name)
		})
	}
	g.mux.HandleFunc("GET /app/live", g.live)
	g.mux.HandleFunc("POST /", g.post)
	return g, nil
}

// ServeHTTP answers with the policy set.
func (g *Gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", Policy)
	g.mux.ServeHTTP(w, r)
}

func (g *Gallery) page(w http.ResponseWriter, r *http.Request) {
	g.show(w, r.PathValue("lang"), r.PathValue("theme"), r.PathValue("name"))
}

func (g *Gallery) show(w http.ResponseWriter, lang, theme, name string) {
	if theme == "auto" {
		theme = ""
	}
	pages, err := sample.Pages(g.book.Tongue(lang), theme)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, p := range pages {
		if p.Name == name {
			if err := g.views.Render(w, p.Status, p.Template, p.Page); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			return
		}
	}
	http.Error(w, "no such page", http.StatusNotFound)
}

// Names are the names of all whole pages, fragments left out.
func (g *Gallery) Names() ([]string, error) {
	pages, err := sample.Pages(g.book.Tongue("en"), "")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range pages {
		w := httptest.NewRecorder()
		if err := g.views.Render(w, 200, p.Template, p.Page); err != nil {
			return nil, err
		}
		if body := w.Body.String(); len(body) > 15 && body[:15] == "<!doctype html>" {
			out = append(out, p.Name)
		}
	}
	return out, nil
}

func (g *Gallery) live(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case data := <-g.listen:
			_, _ = fmt.Fprintf(w, "event: change\ndata: %s\n\n", data)
			_ = flush.Flush()
		}
	}
}

func (g *Gallery) post(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.posts = append(g.posts, r.URL.Path+" "+r.PostForm.Encode())
	if r.Header.Get("X-CSRF") == "" {
		http.Error(w, "no token", http.StatusForbidden)
		return
	}
	if g.refuse {
		g.refuse = false
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprint(w, "Ravi moved this to 4:15 pm a moment ago. Yours was not saved.")
		return
	}
	w.Header().Set("X-Version", "2")
	w.WriteHeader(http.StatusNoContent)
}

// Posts are the forms that scripts sent so far, each as path, space and encoded body.
func (g *Gallery) Posts() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.posts...)
}

// Tell says to every open page that something changed.
func (g *Gallery) Tell() { g.listen <- "*" }

// Asked counts how often an address of the inbox was asked for.
func (g *Gallery) Asked(path string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.asked {
		if a == path {
			n++
		}
	}
	return n
}

// Refuse makes the next form come back as a lost race.
func (g *Gallery) Refuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse = true
}
