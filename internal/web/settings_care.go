package web

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/visits"
)

// What visits start with, and which list of diagnoses is searched.

func visitTemplates(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Visits.Templates(v.Context(), v.Who, true)
	if err != nil {
		return err
	}
	page := &VisitTemplatesSettings{SettingsPage: s.settings(v, "settings.visits", access.VisitSettings)}
	for _, t := range list {
		page.Rows = append(page.Rows, VisitTemplateRow{ID: t.ID.String(), Name: t.Name, Speciality: t.Speciality, Retired: t.RetiredAt > 0})
	}
	for _, t := range visits.Starters() {
		page.Starters = append(page.Starters, VisitTemplateRow{Name: t.Name, Speciality: t.Speciality})
	}
	return s.views.Render(w, http.StatusOK, "settings-visits", page)
}

// visitTemplateOf is the template of the address; at ".../new" an empty one, or a starter that is made one's own.
func (s *Site) visitTemplateOf(v *Visit) (visits.Template, error) {
	if v.PathValue("id") == "" {
		for _, t := range visits.Starters() {
			if t.Speciality == v.URL.Query().Get("starter") {
				return t, nil
			}
		}
		return visits.Template{Speciality: "general"}, nil
	}
	one, err := pathID(v)
	if err != nil {
		return visits.Template{}, err
	}
	list, err := s.Visits.Templates(v.Context(), v.Who, true)
	if err != nil {
		return visits.Template{}, err
	}
	for _, t := range list {
		if t.ID == one {
			return t, nil
		}
	}
	return visits.Template{}, fault.Missing()
}

func (s *Site) visitTemplateSettings(v *Visit, t visits.Template) *VisitTemplateSettings {
	page := &VisitTemplateSettings{SettingsPage: s.settings(v, "settings.visits", access.VisitSettings), TemplateName: t.Name, Speciality: t.Speciality, Complaint: t.Complaint, Findings: t.Findings,
		Plan: t.Plan, Retired: t.RetiredAt > 0}
	page.Version = t.Version
	if !t.ID.IsZero() {
		page.ID = t.ID.String()
	}
	page.Specialities = page.Choices("speciality.", t.Speciality, visits.Specialities()...)
	return page
}

func visitTemplate(s *Site, w http.ResponseWriter, v *Visit) error {
	t, err := s.visitTemplateOf(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-visit", s.visitTemplateSettings(v, t))
}

func visitTemplateSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	t := visits.Template{Name: f.Get("name"), Speciality: f.Get("speciality"), Complaint: f.Get("complaint"), Findings: f.Get("findings"), Plan: f.Get("plan"), Version: typedVersion(v, 0)}
	if v.PathValue("id") != "" {
		one, err := pathID(v)
		if err != nil {
			return err
		}
		t.ID = one
	}
	_, err := s.Visits.SaveTemplate(v.Context(), v.Who, t, f.Get("retired") != "")
	return s.answer(w, v, err, "/app/settings/visits?done=settings_saved", "settings-visit", func() (Page, error) {
		now := t
		if !t.ID.IsZero() {
			there, err := s.visitTemplateOf(v)
			if err != nil {
				return nil, err
			}
			now.Version = there.Version
		}
		return s.visitTemplateSettings(v, now), nil
	})
}

func (s *Site) codesSettings(v *Visit) (*CodesSettings, error) {
	lists, starter, err := s.Visits.CodeLists(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &CodesSettings{SettingsPage: s.settings(v, "settings.codes", access.VisitSettings), Starter: starter}
	for i, l := range lists {
		page.Lists = append(page.Lists, CodeListRow{Name: l.Title, Count: l.Codes, At: l.AddedAt.In(v.Clinic.Location()), By: people[l.AddedBy], Used: i == 0})
	}
	return page, nil
}

func codesPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.codesSettings(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-codes", page)
}

// codesImport reads a file, and keeps its list only when that was the button.
func codesImport(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.multipart(); err != nil {
		return err
	}
	title := v.PostForm.Get("title")
	content, err := uploaded(v, "file", visits.MostListBytes)
	if err != nil {
		return err
	}
	dry := v.PostForm.Get("do") != "import"
	r, err := s.Visits.ImportCodes(v.Context(), v.Who, title, content, dry)
	if err == nil && !dry && !r.Already {
		http.Redirect(w, v.Request, "/app/settings/codes?done=codes_imported", http.StatusSeeOther)
		return nil
	}
	if err != nil && !refusal(err) {
		return err
	}
	page, bad := s.codesSettings(v)
	if bad != nil {
		return bad
	}
	page.ListName = title
	status := http.StatusOK
	if err != nil {
		status = report(w, page.shell(), err)
	} else {
		page.Reading = readingOf(r)
	}
	return s.views.Render(w, status, "settings-codes", page)
}

func readingOf(r visits.Reading) *CodesReading {
	out := &CodesReading{Count: len(r.Codes), Twice: r.Twice, Unread: r.Unread, Already: r.Already, First: codeRows(r.Codes[:min(5, len(r.Codes))])}
	var lines []string
	for _, n := range r.Wrong {
		lines = append(lines, strconv.Itoa(n))
	}
	out.Lines = strings.Join(lines, ", ")
	return out
}

// uploaded reads a file of the form into memory; nothing when there is none.
func uploaded(v *Visit, name string, most int64) ([]byte, error) {
	file, _, err := v.FormFile(name)
	if err != nil {
		return nil, nil
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most+1))
}
