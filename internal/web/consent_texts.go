package web

import (
	"net/http"
	"slices"
	"strings"

	"almirah/internal/accounts"
	"almirah/internal/consent"
)

// The texts that patients are shown before they agree: beside each box, and every version of them on a page (promises consent-text-kept, consent-not-widened).

// NoticeVersion is one version of a text.
type NoticeVersion struct {
	N            int64
	Body, Digest string
	Present      bool
	Changes      []TextChange // against the version before it, sentence by sentence
}

// NoticeKind is a purpose with its texts, the newest first.
type NoticeKind struct {
	Purpose, Title string
	Versions       []NoticeVersion
}

// ConsentTexts is /c/{slug}/privacy/notices, the page "consent-texts".
type ConsentTexts struct {
	Shell
	Kinds []NoticeKind
}

// noticesFor are the texts that count now, in the language of the page.
func (s *Site) noticesFor(v *Visit) (map[consent.Purpose]string, error) {
	list, err := s.Consent.Notices(v.Context(), v.Who, v.Tongue.Lang())
	out := map[consent.Purpose]string{}
	for _, n := range list {
		out[n.Purpose] = n.Body
	}
	return out, err
}

func consentTexts(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Consent.Archive(v.Context(), v.Who, v.Tongue.Lang())
	if err != nil {
		return err
	}
	page := &ConsentTexts{Shell: s.Shell(v)}
	for i, n := range list {
		x := NoticeVersion{N: n.Version, Body: n.Body, Digest: n.Digest(), Present: i == len(list)-1 || list[i+1].Purpose != n.Purpose}
		if i > 0 && list[i-1].Purpose == n.Purpose {
			for _, d := range accounts.Differences(sentences(list[i-1].Body), sentences(n.Body)) {
				x.Changes = append(x.Changes, TextChange(d))
			}
		} else {
			page.Kinds = append(page.Kinds, NoticeKind{Purpose: string(n.Purpose), Title: v.Tongue.Say("consent.purpose." + string(n.Purpose))})
		}
		k := &page.Kinds[len(page.Kinds)-1]
		k.Versions = append(k.Versions, x)
	}
	for i := range page.Kinds {
		slices.Reverse(page.Kinds[i].Versions)
	}
	return s.views.Render(w, http.StatusOK, "consent-texts", page)
}

// sentences takes a text apart behind each full stop of the house's languages.
func sentences(text string) []string {
	var out []string
	from := 0
	for i, r := range text {
		if strings.ContainsRune(".!?।؟\n", r) {
			if x := strings.TrimSpace(text[from : i+len(string(r))]); x != "" {
				out = append(out, x)
			}
			from = i + len(string(r))
		}
	}
	if x := strings.TrimSpace(text[from:]); x != "" {
		out = append(out, x)
	}
	return out
}
