package web

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// mostFound is how many people a search shows: more than that is a question to type on.
const mostFound = 8

// searchHits is the fragment of found patients, for the box on top (links=1) and for the booking panel.
func searchHits(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &HitsFragment{Shell: s.Shell(v), Links: v.PostForm.Get("links") != ""}
	if text := strings.TrimSpace(v.PostForm.Get("q")); utf8.RuneCountInString(text) >= 2 {
		page.Query = text
		hits, err := s.Patients.Search(v.Context(), v.Who, text, mostFound)
		if err != nil {
			return err
		}
		page.Hits = hitsOf(v, hits)
	}
	return s.views.Render(w, http.StatusOK, "patient-hits", page)
}
