package app

import (
	"testing"

	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

func TestZZ(t *testing.T) {
	h := openHouse(t, store.SQLite, Options{}, nil)
	d := desk{opened: h}
	p := d.patient(t, "Asha Marigold", "+919999912345")
	stops := h.paperTour(t, p.String())
	stops = append(stops, stop{pattern: "GET /app/patients/{id}", path: "/app/patients/" + p.String(), who: ownerMail})
	in := h.signIn(t, ownerMail)
	b := browser.Start(t)
	for _, w := range []int64{1366, 360} {
		for _, lang := range []string{"en", "ar"} {
			if lang == "ar" && w == 360 {
				continue
			}
			x := b.Tab(t, w, 900)
			for name, value := range in.cookies {
				x.Cookie(t, h.Server.URL, name, value)
			}
			theme := "theme:light"
			if lang == "ar" {
				theme = "theme:dark"
			}
			x.Cookie(t, h.Server.URL, "pref", theme+"|lang:"+lang)
			for _, s := range stops {
				x.GoTo(t, h.Server.URL+s.path)
				if s.touch != nil {
					s.touch(t, x)
				}
				x.Picture(t, "/tmp/scriptswork/pic-"+s.name()+"-"+lang+"-"+map[int64]string{1366: "w", 360: "n"}[w]+".png")
				for _, c := range x.Axe(t, "../..") {
					t.Errorf("%s %s: %s", s.path, lang, c)
				}
				if wide := browser.Eval[int](t, x, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
					t.Errorf("%s %s %d: %d too wide", s.path, lang, w, wide)
				}
			}
			for _, c := range x.Complaints() {
				t.Error(c)
			}
		}
	}
}
