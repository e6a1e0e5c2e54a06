package web

import (
	"net/http"

	"almirah/internal/accounts"
)

// The statement of confidentiality: whoever works for a clinic signs it before anything of the clinic opens (promise staff-confidential).

// ConfidentialPage is /confidentiality, the page "confidential".
type ConfidentialPage struct {
	Shell
	Name    string // of whoever signs
	Version string
	Clauses []Clause
	Signed  bool // she has signed this text
}

func (s *Site) confidential(v *Visit) *ConfidentialPage {
	t := accounts.Statement()
	page := &ConfidentialPage{Shell: s.Shell(v), Name: v.Signed.Person.Name, Version: t.Version, Clauses: clauses(t.Text), Signed: !v.Signed.Unsigned}
	page.Clinic = nil // the page is the person's own
	return page
}

func confidentialPage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "confidential", s.confidential(v))
}

func confidentialSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	err := s.Accounts.SignStatement(v.Context(), *v.Signed, v.PostForm.Get("version"), v.PostForm.Get("sure") != "")
	return s.answer(w, v, err, "/app", "confidential", func() (Page, error) { return s.confidential(v), nil })
}
