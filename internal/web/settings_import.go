package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/id"
)

// Lists of patients from another program: read, looked over, brought in, taken back (promises list-import, list-appointments).

func importRoutes() []Route {
	bring := access.ClinicImport
	return []Route{
		{Pattern: "GET /app/settings/import", Door: Staff, Right: bring, Handle: importPage},
		{Pattern: "POST /app/settings/import", Door: Staff, Right: bring, Body: archives.MostVisitList + maxForm, Handle: importBring},
		{Pattern: "GET /app/settings/import/{id}", Door: Staff, Right: bring, Handle: listPage},
		{Pattern: "GET /app/settings/import/{id}/left.csv", Door: Staff, Right: bring, Handle: listLeft},
		{Pattern: "POST /app/settings/import/{id}/look", Door: Staff, Right: bring, Handle: listLook},
		{Pattern: "POST /app/settings/import/{id}/take", Door: Staff, Right: bring, Handle: listTake},
		{Pattern: "POST /app/settings/import/{id}/undo", Door: Staff, Right: bring, Handle: listUndo},
	}
}

// ImportSettings is /app/settings/import, the page "settings-import".
type ImportSettings struct {
	SettingsPage
	Kind string // typed
	Rows []ImportRow
}

// KindChoices are what a list can be of.
func (p *ImportSettings) KindChoices() []Option {
	return p.Choices("list.of.", p.Kind, archives.OfPatients, archives.OfAppointments)
}

// ImportRow is a list that was brought in.
type ImportRow struct {
	ID, By, State string
	Visits        bool // it is of appointments
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
	Faulty    int
	Kept      int
	Gone      int
	Erased    int
	Faults    []ListFault
	Known     []ListFault
	Visits    bool // it is of appointments: what follows is said of them alone
	Past      int
	Clash     int
	Clashes   []ListFault
	Notes     []ListFault
	Remind    bool
	Rules     int // how many of the clinic's rules remind
	Zone      string
	Until     time.Time // until when it can be taken back
}

// Left says whether lines were left out, or will be.
func (p *ListSettings) Left() bool {
	return p.State != archives.ListOld && p.Here+p.Twice+p.Faulty+p.Clash > 0
}

// Says is a word of the page, of patients or of appointments.
func (p *ListSettings) Says(word string, args ...any) string {
	if p.Visits {
		return p.Tongue.Say("visits."+word, args...)
	}
	return p.Tongue.Say("list."+word, args...)
}

// Ready is how many lines would be brought in.
func (p *ListSettings) Ready() int { return p.New + p.Past }

// RemindChoices are whether the clinic's rules remind of the appointments ahead.
func (p *ListSettings) RemindChoices() []Option {
	on := "no"
	if p.Remind {
		on = "yes"
	}
	return p.Choices("visits.remind.", on, "no", "yes")
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
	page := &ImportSettings{SettingsPage: s.settings(v, "settings.import", access.ClinicImport), Kind: archives.OfPatients}
	list, err := s.Archives.Lists(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		page.Rows = append(page.Rows, ImportRow{ID: l.ID.String(), By: names[l.By], State: l.State, Visits: l.Kind == archives.OfAppointments, At: l.AddedAt.In(v.Clinic.Location()), Count: int(l.Lines), Made: int(l.Made)})
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
	kind := v.PostForm.Get("kind")
	list, err := s.bring(v, kind)
	return s.answer(w, v, err, "/app/settings/import/"+list.String(), "settings-import", func() (Page, error) {
		page, err := s.imports(v)
		if err == nil {
			page.Kind = kind
		}
		return page, err
	})
}

func (s *Site) bring(v *Visit, kind string) (id.ID, error) {
	if kind != archives.OfAppointments {
		raw, err := uploaded(v, "file", archives.MostList)
		if err != nil {
			return id.Zero, err
		}
		return s.Archives.Bring(v.Context(), v.Who, raw)
	}
	file, _, err := v.FormFile("file")
	if err != nil {
		return s.Archives.BringVisits(v.Context(), v.Who, strings.NewReader("")) // which says what to choose
	}
	defer file.Close()
	return s.Archives.BringVisits(v.Context(), v.Who, file)
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
		New: int(l.Counts[archives.LineNew]), Here: int(l.Counts[archives.LineHere]), Twice: int(l.Counts[archives.LineTwice]), Faulty: int(l.Counts[archives.LineWrong]), Kept: int(l.Counts[archives.LineKept]), Gone: int(l.Counts[archives.LineGone]), Erased: int(l.Counts[archives.LineErased]),
		Visits: l.Kind == archives.OfAppointments, Past: int(l.Counts[archives.LinePast]), Clash: int(l.Counts[archives.LineClash]), Remind: l.Remind, Rules: l.Rules,
		Zone: v.Tongue.ZoneName(s.Clock.Now().In(v.Clinic.Location())), Until: l.Until().In(v.Clinic.Location())}
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
		col.Choices = append([]Option{{Label: v.Tongue.Say("list.field.none"), On: c == ""}}, page.Choices("list.field.", c, l.Fields...)...)
		page.Columns = append(page.Columns, col)
	}
	if l.State == archives.ListOld { // of its lines nothing is left but their numbers
		return page, nil
	}
	who := func(x archives.Line) string {
		if name >= 0 && name < len(x.Cells) {
			return x.Cells[name]
		}
		return ""
	}
	for _, x := range l.Wrong {
		page.Faults = append(page.Faults, ListFault{Number: int(x.Number) + 1, Who: who(x), Says: s.faultWords(v, x)})
	}
	for _, x := range l.Here {
		page.Known = append(page.Known, ListFault{Number: int(x.Number) + 1, Who: who(x), Twice: x.Verdict == archives.LineTwice})
	}
	for _, x := range l.Clash {
		page.Clashes = append(page.Clashes, ListFault{Number: int(x.Number) + 1, Who: who(x), Says: s.faultWords(v, x)})
	}
	for _, x := range l.Noted {
		page.Notes = append(page.Notes, ListFault{Number: int(x.Number) + 1, Who: who(x), Says: s.faultWords(v, x)})
	}
	return page, nil
}

// faultWords are what is to be said of a line.
func (s *Site) faultWords(v *Visit, x archives.Line) (out []string) {
	for _, y := range x.Faults {
		switch {
		case y.Key == archives.ClashBooked:
			from, to, _ := strings.Cut(y.Arg, "-")
			a, _ := strconv.ParseInt(from, 10, 64) // the house wrote it
			b, _ := strconv.ParseInt(to, 10, 64)
			z := v.Clinic.Location()
			out = append(out, v.Tongue.Say(y.Key, "From", v.Tongue.DateTime(clock.Instant(a).In(z)), "To", v.Tongue.Time(clock.Instant(b).In(z))))
		case y.Arg != "":
			out = append(out, v.Tongue.Say(y.Key, "Number", y.Arg))
		case strings.HasPrefix(y.Key, "list.note."):
			out = append(out, v.Tongue.Say(y.Key))
		default:
			out = append(out, v.Tongue.Say("list.field."+shownField(y.Field))+": "+v.Tongue.Say(y.Key))
		}
	}
	return out
}

// listLeft is a sheet of every line that was not brought in, or will not be, and why.
func listLeft(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	var sheet document.Sheet
	headed := false
	err = s.Archives.EachLeft(v.Context(), v.Who, one, func(_ archives.List, head []string, x archives.Line) {
		if !headed {
			headed = true
			sheet.Head(append([]string{v.Tongue.Say("list.sheet.line"), v.Tongue.Say("list.sheet.is"), v.Tongue.Say("list.sheet.why")}, head...)...)
		}
		is := "list." + x.Verdict
		if x.Verdict == archives.LineKept {
			is = "list.kept_line"
		}
		row := []document.Value{document.Count(x.Number + 1), document.Words(v.Tongue.Say(is)), document.Words(strings.Join(s.faultWords(v, x), " "))}
		for _, c := range x.Cells {
			row = append(row, document.Words(c))
		}
		sheet.Row(row...)
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="lines-left-out.csv"`)
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(sheet.CSV())
	return err
}

// shownField is a field of a patient's form as a list has it.
func shownField(field string) string {
	for _, f := range append(archives.Fields(), archives.VisitFields(true)...) {
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
	remind := v.PostForm.Get("remind") == "yes"
	err = s.Archives.Look(v.Context(), v.Who, one, columns, order, remind, postedVersion(v))
	return s.answer(w, v, err, "/app/settings/import/"+one.String(), "settings-list", func() (Page, error) {
		page, err := s.list(v)
		if err == nil {
			page.Order, page.Remind = order, remind
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
