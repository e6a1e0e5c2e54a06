package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/words"
)

//go:embed templates
var templateFiles embed.FS

// Page is a struct that embeds Shell; nothing else can be rendered.
type Page interface{ shell() *Shell }

// Views renders pages. Each language has its own set of templates, whose words are bound to it, so
// that a page cannot mix languages by mistake. It may be shared.
type Views struct {
	book  *words.Book
	asset func(string) string
	mu    sync.Mutex
	sets  map[string]*template.Template // by language, parsed at first use: a set takes some megabytes
	bufs  sync.Pool
	zips  sync.Pool
}

// NewViews parses every template in English. asset turns the name of an asset ("app.css") into its
// address. It fails when a template cannot be parsed.
func NewViews(book *words.Book, asset func(string) string) (*Views, error) {
	v := &Views{book: book, asset: asset, sets: map[string]*template.Template{}}
	v.bufs.New = func() any { return new(bytes.Buffer) }
	v.zips.New = func() any { w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed+3); return w }
	if _, err := v.set(book.Tongue("en")); err != nil {
		return nil, err
	}
	return v, nil
}

// funcs is all that a template may call: words, dates and times, money, and asset addresses.
func (v *Views) funcs(t *words.Tongue) template.FuncMap {
	return template.FuncMap{
		"t":         t.Say,
		"date":      t.Date,
		"shortdate": t.ShortDate,
		"longdate":  t.LongDate,
		"dayname":   t.DayName,
		"shortday":  t.ShortDayName,
		"minute":    t.Minute,
		"clock":     t.Time,
		"datetime":  t.DateTime,
		"day":       func(at time.Time) string { return t.LongDate(clock.DateOf(at)) },
		"shortdt":   t.ShortDateTime,
		"by":        func(at time.Time) string { return by(t, at) },
		"rfc":       func(at time.Time) string { return at.Format(time.RFC3339) },
		"zone":      t.ZoneName,
		"money":     t.Money,
		"exact":     t.Exact,
		"age":       t.Age,
		"number":    func(n int) string { return t.Number(int64(n)) },
		"asset":     v.asset,
		"cards":     func(list []DayCard) template.HTML { return cards(t, list) },
		"phone":     func(p string) string { return contact.Phone(p).National("") }, // with its country: "+91 98765 43210"
	}
}

// by says until when something is to be done. Midnight ends a day: people read the day, and few know which one "12:00 am" belongs to.
func by(t *words.Tongue, at time.Time) string {
	if at.Hour() == 0 && at.Minute() == 0 {
		return t.Date(clock.DateOf(at).AddDays(-1))
	}
	return t.DateTime(at)
}

// set is the template set of a language.
func (v *Views) set(t *words.Tongue) (*template.Template, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s, ok := v.sets[t.Lang()]; ok {
		return s, nil
	}
	s, err := template.New("almirah").Funcs(v.funcs(t)).Option("missingkey=error").ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	v.sets[t.Lang()] = s
	return s, nil
}

// Render writes the page called name with the status. The page is made whole in memory
// first: when that fails, nothing is written and the error is returned, without the page's data.
func (v *Views) Render(w http.ResponseWriter, status int, name string, page Page) error {
	sh := page.shell()
	sh.settle(v.book, name)
	if nest, ok := page.(interface{ inner() []*Shell }); ok {
		for _, in := range nest.inner() {
			in.Tongue, in.CSRF = sh.Tongue, sh.CSRF
		}
	}
	set, err := v.set(sh.Tongue)
	if err != nil {
		return err
	}
	buf := v.bufs.Get().(*bytes.Buffer)
	buf.Reset()
	defer v.bufs.Put(buf)
	if err := set.ExecuteTemplate(buf, name, page); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Encoding, Cookie, Accept-Language, Sec-Fetch-Site")
	h.Set("Content-Language", sh.Tongue.Lang())
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store") // pages hold people's data
	}
	if !sh.Gzip || buf.Len() < 1024 {
		h.Set("Content-Length", strconv.Itoa(buf.Len()))
		w.WriteHeader(status)
		_, err = w.Write(buf.Bytes())
		return err
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := v.zips.Get().(*gzip.Writer)
	defer v.zips.Put(z)
	z.Reset(w)
	if _, err = z.Write(buf.Bytes()); err != nil {
		return err
	}
	return z.Close()
}

// PageNames are the pages that can be rendered: every template that has a title.
func (v *Views) PageNames() []string {
	var out []string
	en := v.book.Tongue("en")
	set, err := v.set(en)
	if err != nil { // NewViews has parsed it
		panic(err)
	}
	for _, t := range set.Templates() {
		if en.Has("title." + t.Name()) {
			out = append(out, t.Name())
		}
	}
	return out
}
