package web

// ReportPage is /app/reports, the page "reports": one report with its picture, its table and what it can be asked for.
type ReportPage struct {
	Shell
	Kind       string
	Kinds      []ReportLink
	From, To   string // as typed
	Steps      []Option
	Providers  []Option // empty where the report is not about practitioners
	Currencies []Option // more than one: the choice is shown
	Spans      []ReportLink
	Empty      bool
	Heads      []ReportHead
	Rows       []ReportRow
	Total      ReportRow
	Chart      *Chart
	CSV        string // address of the same table as a file
	Least      int    // the smallest group that is shown
	NoChildren bool   // visits of children are left out
	CanEdit    bool   // may say what is counted
}

// ReportLink is one report, or one period.
type ReportLink struct {
	Key, URL string
	Count    int
	Current  bool
}

// ReportHead is a column of the table.
type ReportHead struct{ Text string }

// ReportRow is one line of the table.
type ReportRow struct {
	Label string
	Cells []string
}

// UseSettings is /app/settings/use, the page "settings-use": what is counted of the program's use, and what was.
type UseSettings struct {
	SettingsPage
	Features, Visitors, Children bool // the ticks
	Days, Least                  int
	Used                         []UseRow // empty: nothing to show
	Seen                         []SeenRow
}

// UseRow is one part of the program.
type UseRow struct {
	Name         string // the route, as in the generated page of rights
	Opened, Slow int
	Millis       int
}

// SeenRow is one public page by kind of device.
type SeenRow struct {
	Name, Device string
	Seen         int
}
