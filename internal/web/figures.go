package web

import (
	"net/http"
	"strconv"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/followup"
)

// What the clinic's reminders do, in counts and one picture: whoever sees the messages sees them, because nobody is named.

func figuresPage(s *Site, w http.ResponseWriter, v *Visit) error {
	days := followup.FigureDays()[0]
	if typed := v.URL.Query().Get("days"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil {
			return fault.Missing()
		}
		days = n
	}
	f, err := s.Followup.Figures(v.Context(), v.Who, days)
	if err != nil {
		return err
	}
	page := &FiguresPage{Shell: s.staffShell(v, "nav.messages"), Days: days, All: figureRow(f.All), Over: f.All.Over(), Least: followup.LeastGroup, Tracks: FigureBars(figureRow(f.All))}
	for _, n := range followup.FigureDays() {
		page.Spans = append(page.Spans, FigureSpan{n, n == days})
	}
	if len(f.By) > 1 && v.Who.May(access.ScheduleRead) {
		roster, err := s.Desk.Roster(v.Context(), v.Who)
		if err != nil {
			return err
		}
		for _, x := range f.By {
			r := figureRow(x.Success)
			for _, p := range roster.Providers {
				if p.ID == x.Provider {
					r.Name = called(v, p)
				}
			}
			page.By = append(page.By, r)
		}
	}
	return s.views.Render(w, http.StatusOK, "figures", page)
}

func figureRow(s followup.Success) FigureRow {
	return FigureRow{Messages: s.Messages, Reminded: s.Reminded, Delivered: s.Delivered, Confirmed: s.Confirmed, Came: s.Came, Missed: s.Missed, Off: s.Off, Open: s.Open}
}

// FigureBars are the picture's bars, each a share of all appointments of which the patient was reminded.
func FigureBars(r FigureRow) []FigureBar {
	if r.Reminded == 0 {
		return nil
	}
	bar := func(key string, n int) FigureBar { return FigureBar{key, n, (n*100 + r.Reminded/2) / r.Reminded} }
	return []FigureBar{bar("reminded", r.Reminded), bar("delivered", r.Delivered), bar("confirmed", r.Confirmed), bar("came", r.Came), bar("missed", r.Missed), bar("off", r.Off), bar("open", r.Open)}
}
