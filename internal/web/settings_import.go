package web

import (
	"net/http"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
)

// Lists of patients from another program: read, looked over, brought in, taken back (promise list-import).

func importRoutes() []Route {
	bring := access.ClinicImport
	return []Route{
		{Pattern: "GET /app/settings/import", Door: Staff, Right: bring, Handle: importPage},
		{Pattern: "POST /app/settings/import", Door: Staff, Right: bring, Handle: importBring},
		{Pattern: "GET /app/settings/import/{id}", Door: Staff, Right: bring, Handle: listPage},
		{Pattern: "POST /app/settings/import/{id}/look", Door: Staff, Right: bring, Handle: listLook},
		{Pattern: "POST /app/settings/import/{id}/take", Door: Staff, Right: bring, Handle: listTake},
		{Pattern: "POST /app/settings/import/{id}/undo", Door: Staff, Right: bring, Handle: listUndo},
	}
}

// ImportSettings is /app/settings/import, the page "settings-import".
type ImportSettings struct {
	SettingsPage
	Rows []ImportRow
}

// ImportRow is a list that was brought in.
type ImportRow struct {
	ID, By, State string
	At            time.Time
	Count, Made   int
}

// ListSettings is /app/settings/import/{id}, the page "settings-list".
type ListSettings struct {
	SettingsPage
	ID, State string
	Version   int64 // of the list
	Columns   []ListColumn
	Order     string
	Lines     int
	Done      int
	Made      int
	New       int
	Here      int
	Twice     int
	Wrong     int
	Kept      int
	Gone      int
	Faults    []ListFault
	Known     []ListFault
}

// ListColumn is a column of a list: its title, a few of its cells, and the field that it is.
type ListColumn struct {
	Name, Title string // of the form's field, and of the list
	Cells       []string
	Choices     []Option
}

// ListFault is a line with what is wrong with it, or who is here already.
type ListFault struct {
	Number int
	Who    string
	Says   []string
	Twice  bool
}

// OrderChoices are the orders in which days are written.
func (p *ListSettings) OrderChoices() []Option {
	return p.Choices("list.order.", p.Order, archives.DayFirst, archives.MonthFirst)
}

// Choosing says whether the columns can be named now.
func (p *ListSettings) Choosing() bool {
	return p.State == archives.ListRead || p.State == archives.ListChecked
}

// Working says that the house is at it.
func (p *ListSettings) Working() bool {
	return p.State == archives.ListChecking || p.State == archives.ListRunning || p.State == archives.ListUndoing
}

func (s *Site) imports(v *Visit) (*ImportSettings, error) {
	page := &ImportSettings{SettingsPage: s.settings(v, "settings.import", access.ClinicImport)}
	list, err := s.Archives.Lists(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		page.Rows = append(page.Rows, ImportRow{ID: l.ID.String(), By: names[l.By], State: l.State, At: l.AddedAt.In(v.Clinic.Location()), Count: int(l.Lines), Made: int(l.Made)})
	}
	return page, nil
}

func importPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.imports(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-import", page)
}

func importBring(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.multipart(); err != nil {
		return err
	}
	raw, err := uploaded(v, "file", archives.MostList)
	if err != nil {
		return err
	}
	list, err := s.Archives.Bring(v.Context(), v.Who, raw)
	return s.answer(w, v, err, "/app/settings/import/"+list.String(), "settings-import", func() (Page, error) { return s.imports(v) })
}

func (s *Site) list(v *Visit) (*ListSettings, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	l, err := s.Archives.List(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	page := &ListSettings{SettingsPage: s.settings(v, "settings.import", access.ClinicImport), ID: l.ID.String(), State: l.State, Version: l.List.Version, Order: l.Order, Lines: int(l.Lines), Done: int(l.Done), Made: int(l.Made),
		New: int(l.Counts[archives.LineNew]), Here: int(l.Counts[archives.LineHere]), Twice: int(l.Counts[archives.LineTwice]), Wrong: int(l.Counts[archives.LineWrong]), Kept: int(l.Counts[archives.LineKept]), Gone: int(l.Counts[archives.LineGone])}
	name := -1
	for i, c := range l.Columns {
		if c == archives.FieldName {
			name = i
		}
		col := ListColumn{Name: "column-" + strconv.Itoa(i)}
		if i < len(l.Head) {
			col.Title = l.Head[i]
		}
		for _, cells := range l.First {
			if i < len(cells) && cells[i] != "" {
				col.Cells = append(col.Cells, cells[i])
			}
		}
		col.Choices = append([]Option{{Label: v.Tongue.Say("list.field.none"), On: c == ""}}, page.Choices("list.field.", c, archives.Fields()...)...)
		page.Columns = append(page.Columns, col)
	}
	who := func(x archives.Line) string {
		if name >= 0 && name < len(x.Cells) {
			return x.Cells[name]
		}
		return ""
	}
	for _, x := range l.Wrong {
		f := ListFault{Number: int(x.Number) + 1, Who: who(x)}
		for _, y := range x.Faults {
			f.Says = append(f.Says, v.Tongue.Say("list.field."+shownField(y.Field))+": "+v.Tongue.Say(y.Key))
		}
		page.Faults = append(page.Faults, f)
	}
	for _, x := range l.Here {
		page.Known = append(page.Known, ListFault{Number: int(x.Number) + 1, Who: who(x), Twice: x.Verdict == archives.LineTwice})
	}
	return page, nil
}

// shownField is a field of a patient's form as a list has it.
func shownField(field string) string {
	for _, f := range archives.Fields() {
		if f == field {
			return field
		}
	}
	return archives.FieldGuardian
}

func listPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.list(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-list", page)
}

func listLook(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	now, err := s.list(v)
	if err != nil {
		return err
	}
	var columns []string
	for _, c := range now.Columns {
		columns = append(columns, v.PostForm.Get(c.Name))
	}
	order := v.PostForm.Get("order")
	err = s.Archives.Look(v.Context(), v.Who, one, columns, order, postedVersion(v))
	return s.answer(w, v, err, "/app/settings/import/"+one.String(), "settings-list", func() (Page, error) {
		page, err := s.list(v)
		if err == nil {
			page.Order = order
			for i := range page.Columns {
				for j := range page.Columns[i].Choices {
					page.Columns[i].Choices[j].On = page.Columns[i].Choices[j].Value == columns[i]
				}
			}
		}
		return page, err
	})
}

func postedVersion(v *Visit) int64 {
	n, _ := strconv.ParseInt(v.PostForm.Get("version"), 10, 64) // what is no number is no version that there is
	return n
}

func listTake(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	err = s.Archives.Take(v.Context(), v.Who, one, postedVersion(v))
	return s.answer(w, v, err, "/app/settings/import/"+one.String(), "settings-list", func() (Page, error) { return s.list(v) })
}

func listUndo(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	err = s.Archives.TakeBack(v.Context(), v.Who, one, postedVersion(v))
	return s.answer(w, v, err, "/app/settings/import/"+one.String(), "settings-list", func() (Page, error) { return s.list(v) })
}
