package web

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/prescriptions"
)

// The lists of drugs and of warnings, the clinic's brands, and how prescriptions are printed and shared.

// listColumns are what the first line of a list's file names.
var listColumns = map[string]string{
	prescriptions.ListDrugs:    "generic, strengths, form, route, classes, schedule, food, brands",
	prescriptions.ListWarnings: "kind, a, b, severity, sentence",
}

func drugsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.drugsSettings(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-drugs", page)
}

func (s *Site) drugsSettings(v *Visit) (*DrugsSettings, error) {
	l, err := s.Scripts.Settings(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &DrugsSettings{SettingsPage: s.settings(v, "settings.drugs", access.RxSettings), Days: strconv.Itoa(l.Setting.Days), PaperSeen: l.Setting.Version}
	page.Papers = []Option{{Value: "A5", Label: "A5", On: l.Setting.Paper == "A5"}, {Value: "A4", Label: "A4", On: l.Setting.Paper == "A4"}}
	for _, x := range []struct {
		kind string
		name prescriptions.ListName
	}{{prescriptions.ListDrugs, l.Drugs}, {prescriptions.ListWarnings, l.Warnings}} {
		c := DrugListCard{Kind: x.kind, Name: x.name.Title, Lines: x.name.Lines, Demo: x.name.Demo, Broken: x.name.Broken, Columns: listColumns[x.kind]}
		if x.name.AddedAt > 0 {
			c.Since = x.name.AddedAt.In(v.Clinic.Location())
		}
		page.Lists = append(page.Lists, c)
	}
	for _, a := range l.Aliases {
		page.Aliases = append(page.Aliases, DrugAlias(a))
	}
	return page, nil
}

// ListError is what is wrong with the file of a list; empty for nothing.
func (p *DrugsSettings) ListError(kind string) string { return p.problem("list-" + kind) }

// onList moves the wrong fields of an import to the form of that list.
func onList(kind string) map[string]string {
	return map[string]string{"list": "list-" + kind, "title": "title-" + kind}
}

func drugsImport(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.multipart(); err != nil {
		return err
	}
	kind := v.PathValue("list")
	if listColumns[kind] == "" {
		return fault.Missing()
	}
	title := v.PostForm.Get("title-" + kind)
	var raw []byte
	file, _, err := v.FormFile("list-" + kind)
	if err == nil {
		defer file.Close()
		raw, err = io.ReadAll(io.LimitReader(file, prescriptions.MaxListBytes+1))
	} else { // no file was chosen: the room says that the list is empty
		err = nil
	}
	if err == nil {
		_, err = s.Scripts.Import(v.Context(), v.Who, kind, title, raw)
	}
	return s.answer(w, v, renamed(err, onList(kind)), "/app/settings/drugs?done=rx_list", "settings-drugs", func() (Page, error) {
		page, err := s.drugsSettings(v)
		if err == nil {
			for i := range page.Lists {
				if page.Lists[i].Kind == kind {
					page.Lists[i].Typed = title
				}
			}
		}
		return page, err
	})
}

func drugsAlias(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	a := prescriptions.Alias{Brand: v.PostForm.Get("brand"), Generic: v.PostForm.Get("generic")}
	if v.PostForm.Get("do") != "remove" && strings.TrimSpace(a.Generic) == "" {
		a.Generic = " "
		var f fault.Fields
		f.Add("generic", "field.rx.generic")
		return s.drugsAgain(w, v, f.Err(), a)
	}
	if v.PostForm.Get("do") == "remove" {
		a.Generic = ""
	}
	return s.drugsAgain(w, v, s.Scripts.SaveAlias(v.Context(), v.Who, a), a)
}

func (s *Site) drugsAgain(w http.ResponseWriter, v *Visit, err error, a prescriptions.Alias) error {
	return s.answer(w, v, err, "/app/settings/drugs?done=saved#brands", "settings-drugs", func() (Page, error) {
		page, err := s.drugsSettings(v)
		if err == nil {
			page.Brand, page.Generic = a.Brand, strings.TrimSpace(a.Generic)
		}
		return page, err
	})
}

func drugsPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	x := prescriptions.Setting{Days: whole(v.PostForm.Get("days")), Paper: v.PostForm.Get("paper"), Version: typedVersion(v, 0)}
	return s.answer(w, v, s.Scripts.SaveSetting(v.Context(), v.Who, x), "/app/settings/drugs?done=saved", "settings-drugs", func() (Page, error) {
		page, err := s.drugsSettings(v)
		if err == nil {
			page.Days = v.PostForm.Get("days")
			for i := range page.Papers {
				page.Papers[i].On = page.Papers[i].Value == x.Paper
			}
		}
		return page, err
	})
}
