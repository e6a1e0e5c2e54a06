package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/insight"
	"almirah/internal/money"
)

// The clinic's reports: counts, in which nobody is named. Everything is asked for in the address, so that a report can be kept and sent on.

func reportRoutes() []Route {
	return []Route{
		{Pattern: "GET /app/reports", Door: Staff, Right: access.ReportRead, Handle: reportPage},
		{Pattern: "GET /app/reports.csv", Door: Staff, Right: access.ReportRead, Handle: reportSheet},
		{Pattern: "GET /app/settings/use", Door: Staff, Right: access.ReportRead, Handle: usePage},
		{Pattern: "POST /app/settings/use", Door: Staff, Right: access.ReportSettings, Handle: useSave},
	}
}

// asksFor reads the address; without days it is the last 30.
func (s *Site) asksFor(v *Visit) (insight.Ask, error) {
	q := v.URL.Query()
	today := s.today(v)
	a := insight.Ask{Kind: insight.Kind(q.Get("report")), From: clock.Date(q.Get("from")), To: clock.Date(q.Get("to")), Step: insight.Step(q.Get("by")), Currency: q.Get("currency")}
	if a.Kind == "" {
		a.Kind = insight.Volume
	}
	if a.To == "" {
		a.To = today
	}
	if a.From == "" && a.To.Valid() {
		a.From = a.To.AddDays(-29)
	}
	if p := q.Get("provider"); p != "" && a.Kind.ByProvider() {
		one, err := id.Parse(p)
		if err != nil {
			return a, fault.Missing()
		}
		a.Provider = one
	}
	return a, nil
}

func addressOf(a insight.Ask) string {
	q := url.Values{"report": {string(a.Kind)}, "from": {string(a.From)}, "to": {string(a.To)}}
	for name, value := range map[string]string{"by": string(a.Step), "currency": a.Currency} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if !a.Provider.IsZero() && a.Kind.ByProvider() {
		q.Set("provider", a.Provider.String())
	}
	return q.Encode()
}

func reportPage(s *Site, w http.ResponseWriter, v *Visit) error {
	a, err := s.asksFor(v)
	if err != nil {
		return err
	}
	page := &ReportPage{Shell: s.staffShell(v, "nav.reports"), Kind: string(a.Kind), From: string(a.From), To: string(a.To), Least: insight.LeastGroup, CanEdit: v.Who.May(access.ReportSettings)}
	set, err := s.Insight.Setting(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page.NoChildren = !set.Children
	if err := s.reportChoices(v, page, a); err != nil {
		return err
	}
	status := http.StatusOK
	r, err := s.Insight.Report(v.Context(), v.Who, a)
	switch {
	case err != nil && refusal(err):
		status = page.Report(err)
	case err != nil:
		return err
	default:
		s.showReport(v, page, r)
	}
	return s.views.Render(w, status, "reports", page)
}

// reportChoices are the other reports, periods and practitioners.
func (s *Site) reportChoices(v *Visit, page *ReportPage, a insight.Ask) error {
	for _, k := range insight.Kinds() {
		if k == insight.Revenue && !v.Clinic.Has(clinics.ModuleBilling) {
			continue
		}
		other := a
		other.Kind, other.Currency = k, ""
		page.Kinds = append(page.Kinds, ReportLink{"reports.kind." + string(k), "/app/reports?" + addressOf(other), 0, k == a.Kind})
	}
	today := s.today(v)
	for _, days := range []int{30, 90, 365} {
		other := a
		other.From, other.To, other.Step = today.AddDays(1-days), today, ""
		page.Spans = append(page.Spans, ReportLink{"reports.last", "/app/reports?" + addressOf(other), days, a.From == other.From && a.To == other.To})
	}
	page.Steps = append([]Option{{Label: v.Tongue.Say("reports.by.any"), On: a.Step == ""}}, page.Choices("reports.by.", string(a.Step), string(insight.Daily), string(insight.Weekly), string(insight.Monthly))...)
	if !a.Kind.ByProvider() {
		return nil
	}
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page.Providers = []Option{{Label: v.Tongue.Say("reports.everybody"), On: a.Provider.IsZero()}}
	found := a.Provider.IsZero()
	for _, p := range roster.Providers {
		found = found || p.ID == a.Provider
		page.Providers = append(page.Providers, Option{Value: p.ID.String(), Label: called(v, p), On: p.ID == a.Provider})
	}
	if !found {
		return fault.Missing()
	}
	return nil
}

// showReport fills the table and draws the picture.
func (s *Site) showReport(v *Visit, page *ReportPage, r insight.Report) {
	page.Empty, page.CSV = r.Empty(), "/app/reports.csv?"+addressOf(r.Ask)
	if len(r.Currencies) > 1 {
		for _, c := range r.Currencies {
			page.Currencies = append(page.Currencies, Option{Value: c, Label: c, On: c == r.Currency})
		}
	}
	if page.Empty {
		return
	}
	shown := shownColumns(r)
	var kinds []string
	var keys []ChartKey
	var drawn []int
	for _, i := range shown {
		page.Heads = append(page.Heads, ReportHead{columnName(v, r.Columns[i])})
		if r.Columns[i].Drawn {
			name := columnName(v, r.Columns[i])
			keys = append(keys, ChartKey{lookOf(r.Columns[i].Key, len(kinds)), name})
			kinds, drawn = append(kinds, name), append(drawn, i)
		}
	}
	var columns []Column
	best := 0
	for n, l := range r.Lines {
		label := stepName(v, r.Step, l)
		page.Rows = append(page.Rows, reportRow(v, r, label, l.Values, shown))
		c := Column{Label: shortStep(v, r.Step, l)}
		for k, i := range drawn {
			c.Parts, c.Texts = append(c.Parts, l.Values[i]), append(c.Texts, v.Tongue.Say("reports.bar", "Step", label, "What", kinds[k], "Value", cellText(v, r, i, l.Values[i])))
		}
		columns = append(columns, c)
		if total(c.Parts) > total(columns[best].Parts) {
			best = n
		}
	}
	page.Total = reportRow(v, r, v.Tongue.Say("reports.total"), r.Total, shown)
	about := v.Tongue.Say("reports.picture", "Count", len(r.Lines), "Most", stepName(v, r.Step, r.Lines[best]), "Value", cellText(v, r, drawn[0], total(columns[best].Parts)))
	title := v.Tongue.Say("reports.kind."+string(r.Kind)) + ": " + v.Tongue.List(kinds)
	page.Chart = NewChart(title, about, keys, columns, v.Tongue.Dir() == "rtl", func(n int64) string { return axisText(v, r, drawn[0], n) })
}

// lookOf is the look of a kind of column: red stripes are kept for who did not come.
func lookOf(key string, at int) int {
	if key == "missed" {
		return 1
	}
	return []int{0, 4, 2, 3, 1}[at%5]
}

// shownColumns leaves out columns of which there is nothing but the first, such as ways of paying that nobody uses.
func shownColumns(r insight.Report) []int {
	var out []int
	for i, c := range r.Columns {
		if i == 0 || c.Unit != insight.Minor || r.Total[i] != 0 {
			out = append(out, i)
		}
	}
	if !slices.ContainsFunc(out, func(i int) bool { return r.Columns[i].Drawn }) { // money that was billed, and nothing paid
		out = append(out, slices.IndexFunc(r.Columns, func(c insight.Column) bool { return c.Drawn }))
	}
	return out
}

func columnName(v *Visit, c insight.Column) string {
	if tax, ok := strings.CutPrefix(c.Key, "tax_"); ok {
		return billing.TaxName(tax, v.Clinic.Country)
	}
	return v.Tongue.Say("reports.col." + c.Key)
}

func reportRow(v *Visit, r insight.Report, label string, values []int64, shown []int) ReportRow {
	row := ReportRow{Label: label}
	for _, i := range shown {
		row.Cells = append(row.Cells, cellText(v, r, i, values[i]))
	}
	return row
}

// cellText is a number with its unit. Long times are in hours.
func cellText(v *Visit, r insight.Report, column int, n int64) string {
	switch c := r.Columns[column]; {
	case c.Unit == insight.Minor:
		return v.Tongue.Money(n, r.Currency)
	case n == insight.None:
		return "–"
	case c.Unit == insight.Percent:
		return v.Tongue.Say("figures.share", "Share", v.Tongue.Number(n))
	case c.Unit == insight.Minutes && r.Kind == insight.Utilisation:
		return v.Tongue.Say("reports.hours", "Count", v.Tongue.Number((n+30)/60))
	case c.Unit == insight.Minutes:
		return v.Tongue.Say("reports.minutes", "Count", v.Tongue.Number(n))
	}
	return v.Tongue.Number(n)
}

// axisText is a number at the axis: as short as it can be.
func axisText(v *Visit, r insight.Report, column int, n int64) string {
	switch r.Columns[column].Unit {
	case insight.Minor:
		return v.Tongue.Number(n / money.Unit(r.Currency))
	case insight.Percent:
		return v.Tongue.Say("figures.share", "Share", v.Tongue.Number(n))
	}
	return v.Tongue.Number(n)
}

// stepName names a line: a day, the first and the last day of a week, a month.
func stepName(v *Visit, step insight.Step, l insight.Line) string {
	switch {
	case step == insight.Monthly && l.From.Day() == 1 && l.To.AddDays(1).Day() == 1:
		return v.Tongue.Say("reports.month", "Month", v.Tongue.MonthName(l.From.Month()), "Year", l.From[:4])
	case l.From == l.To:
		return v.Tongue.Date(l.From)
	}
	return v.Tongue.Say("reports.span", "From", v.Tongue.ShortDate(l.From), "To", v.Tongue.Date(l.To))
}

// shortStep is the word under a column.
func shortStep(v *Visit, step insight.Step, l insight.Line) string {
	if step == insight.Monthly {
		return v.Tongue.MonthName(l.From.Month())
	}
	return v.Tongue.ShortDate(l.From)
}

// reportSheet is the same table as a file: numbers as numbers, and no formula.
func reportSheet(s *Site, w http.ResponseWriter, v *Visit) error {
	a, err := s.asksFor(v)
	if err != nil {
		return err
	}
	r, err := s.Insight.Report(v.Context(), v.Who, a)
	if err != nil {
		return err
	}
	heads := []string{v.Tongue.Say("reports.from"), v.Tongue.Say("reports.to")}
	for _, c := range r.Columns {
		name := columnName(v, c)
		switch c.Unit {
		case insight.Minutes:
			name = v.Tongue.Say("reports.sheet.minutes", "What", name)
		case insight.Percent:
			name = v.Tongue.Say("reports.sheet.percent", "What", name)
		case insight.Minor:
			name = v.Tongue.Say("reports.sheet.currency", "What", name, "Currency", r.Currency)
		}
		heads = append(heads, name)
	}
	var out document.Sheet
	out.Head(heads...)
	for _, l := range r.Lines {
		row := []document.Value{document.Words(string(l.From)), document.Words(string(l.To))}
		for i, n := range l.Values {
			switch {
			case r.Columns[i].Unit == insight.Minor:
				row = append(row, document.Amount(n, money.Digits(r.Currency)))
			case n == insight.None:
				row = append(row, document.Words(""))
			default:
				row = append(row, document.Count(n))
			}
		}
		out.Row(row...)
	}
	return sendSheet(w, "report-"+string(r.Kind), out)
}

// usePage says what is counted of the clinic's own use of the program, and shows what was.
func usePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.useSettings(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-use", page)
}

func (s *Site) useSettings(v *Visit) (*UseSettings, error) {
	u, err := s.Insight.Use(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &UseSettings{SettingsPage: s.settings(v, "settings.use", access.ReportSettings), Features: u.Setting.Features, Visitors: u.Setting.Visitors, Children: u.Setting.Children, Days: insight.UseDays, Least: insight.LeastGroup}
	page.Version = u.Setting.Version
	for _, f := range u.Features {
		page.Used = append(page.Used, UseRow{f.Name, int(f.Opened), int(f.Slow), int(f.Millis)})
	}
	for _, p := range u.Pages {
		page.Seen = append(page.Seen, SeenRow{p.Name, string(p.Device), int(p.Seen)})
	}
	return page, nil
}

func useSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	to := insight.Setting{Features: f.Get("features") != "", Visitors: f.Get("visitors") != "", Children: f.Get("children") != "", Version: typedVersion(v, 0)}
	err := s.Insight.SaveSetting(v.Context(), v.Who, to)
	return s.answer(w, v, err, "/app/settings/use?done=saved", "settings-use", func() (Page, error) {
		page, err := s.useSettings(v)
		if err == nil {
			page.Features, page.Visitors, page.Children = to.Features, to.Visitors, to.Children
		}
		return page, err
	})
}

// counted notes that a page was answered: a part of the program for the staff, a public page for the visitors. Whether anything of it is kept the clinic
// decided (see insight).
func (s *Site) counted(v *Visit, route Route, begun clock.Instant) {
	if v.Clinic.Slug == "" || route.Quiet {
		return
	}
	day := s.today(v)
	switch route.Door {
	case Staff:
		s.Insight.Used(v.Who.Clinic(), day, route.Pattern, clock.At(s.Clock.Now()).Sub(begun))
	case Clinic:
		if v.Method == http.MethodGet {
			s.Insight.Looked(v.Who.Clinic(), day, route.Pattern, v.UserAgent(), v.Header.Get("Sec-GPC") != "1" && v.Header.Get("DNT") != "1")
		}
	}
}
