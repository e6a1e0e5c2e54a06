package demo

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/money"
)

const style = `body{font:17px/1.5 system-ui,sans-serif;margin:0;background:#14213d;color:#111}main{max-width:26rem;margin:8vh auto;background:#fff;padding:2rem;border-radius:.75rem}
p.mark{background:#ffe08a;margin:-2rem -2rem 1.5rem;padding:.75rem 2rem;border-radius:.75rem .75rem 0 0}h1{font-size:1.25rem;margin:0 0 .5rem}.sum{font-size:2rem;font-weight:700;margin:.5rem 0 1.5rem}
button,a.b{display:block;box-sizing:border-box;width:100%;font:inherit;padding:.8rem;margin:.6rem 0 0;border-radius:.5rem;border:2px solid #14213d;background:#fff;color:#14213d;text-align:center;text-decoration:none;cursor:pointer}
button.go,a.go{background:#14213d;color:#fff}`

var sheet = template.Must(template.New("bank").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Demo bank</title><link rel="stylesheet" href="/demo/bank/style.css"></head>
<body><main><p class="mark"><b>Demo bank.</b> A stand-in for a payment gateway, served by this demonstration. No money moves, and nothing is asked of you.</p>
<h1>{{.What}}</h1><p class="sum">{{.Sum}}</p>
{{if .Open}}<form method="post"><button class="go" name="act" value="pay">Pay (pretend)</button><button name="act" value="refuse">Let the bank refuse it</button></form>{{else if .Paid}}<p>Paid.</p>{{else}}<p>This page has ended.</p>{{end}}
<a class="b{{if not .Open}} go{{end}}" href="{{.Return}}">Back to the clinic</a></main></body></html>`))

// ServeHTTP shows a page below Path, and takes what its visitor does there.
func (b *Bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	one := strings.TrimPrefix(r.URL.Path, Path)
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if one == "style.css" && r.Method == http.MethodGet {
		h.Set("Content-Type", "text/css; charset=utf-8")
		_, _ = fmt.Fprint(w, style)
		return
	}
	if r.Method == http.MethodPost {
		err := b.attempt(r.Context(), one, r.PostFormValue("act") == "pay")
		if err != nil && !fault.Is(err, fault.NotFound) {
			http.Error(w, "the clinic did not take the report", http.StatusBadGateway)
			return
		}
		http.Redirect(w, r, Path+one, http.StatusSeeOther)
		return
	}
	b.mu.Lock()
	p := b.find(one, "")
	var data struct {
		What, Sum, Return string
		Open, Paid        bool
	}
	if p != nil {
		data.What, data.Return, data.Open, data.Paid = p.Description, p.Return, p.State == billing.PageOpen, p.State == billing.PagePaid
		data.Sum = money.Format(money.Of(p.Amount, p.Currency), "en")
	}
	b.mu.Unlock()
	if p == nil {
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	_ = sheet.Execute(w, data)
}
