package web

import (
	"net/http"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/clock"
	"almirah/internal/fault"
)

// The clinic takes itself along as one file, and a patient's copy is made for her (promises export-whole, export-person).

func archiveRoutes() []Route {
	own := access.ClinicExport
	return []Route{
		{Pattern: "GET /app/settings/export", Door: Staff, Right: own, Handle: exportPage},
		{Pattern: "POST /app/settings/export", Door: Staff, Right: own, Handle: exportAsk},
		{Pattern: "GET /app/settings/export/{id}", Door: Staff, Right: own, Handle: exportFetch},
		{Pattern: "POST /app/settings/export/release", Door: Staff, Right: own, Handle: exportRelease},
		{Pattern: "POST /app/patients/{id}/copy", Door: Staff, Right: access.PatientExport, Handle: patientCopy},
	}
}

// ExportSettings is /app/settings/export, the page "settings-export".
type ExportSettings struct {
	SettingsPage
	Held    bool // the clinic arrived from another house, and nothing leaves it yet
	Working bool // one is being made
	Step    string
	Count   int
	Rows    []ExportRow
}

// ExportRow is one time that the clinic was taken along.
type ExportRow struct {
	ID, By, State, Size, Hash string
	At, Until, Taken          time.Time // zero for none
}

func (s *Site) exports(v *Visit) (*ExportSettings, error) {
	page := &ExportSettings{SettingsPage: s.settings(v, "settings.export", access.ClinicExport)}
	list, held, err := s.Archives.Runs(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page.Held = held
	z := v.Clinic.Location()
	in := func(at clock.Instant) time.Time {
		if at == 0 {
			return time.Time{}
		}
		return at.In(z)
	}
	for _, r := range list {
		if r.State == archives.Asked || r.State == archives.Running {
			page.Working, page.Step, page.Count = true, r.Step, int(r.Rows)
		}
		row := ExportRow{ID: r.ID.String(), By: names[r.By], State: r.State, Hash: r.Canonical, At: in(r.AskedAt), Taken: in(r.TakenAt)}
		if r.State == archives.Ready {
			row.Until = in(r.EndsAt)
			row.Size = v.Tongue.Number((r.Size+999_999)/1_000_000) + " MB"
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

func exportPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.exports(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-export", page)
}

func exportAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	_, err := s.Archives.Ask(v.Context(), v.Who)
	return s.answer(w, v, err, "/app/settings/export?done=export-asked", "settings-export", func() (Page, error) { return s.exports(v) })
}

func exportRelease(s *Site, w http.ResponseWriter, v *Visit) error {
	err := s.Archives.LetGo(v.Context(), v.Who)
	return s.answer(w, v, err, "/app/settings/export?done=saved", "settings-export", func() (Page, error) { return s.exports(v) })
}

func exportFetch(s *Site, w http.ResponseWriter, v *Visit) error {
	run, err := pathID(v)
	if err != nil {
		return err
	}
	f, err := s.Archives.Fetch(v.Context(), v.Who, run)
	if err != nil {
		return err
	}
	zipHead(w, f.Name)
	w.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
	return f.Write(w)
}

// zipHead says that a file follows which is kept, not shown.
func zipHead(w http.ResponseWriter, name string) {
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("Cache-Control", "no-store")
}

// patientCopy makes the copy of one patient, to hand to her. It is small enough to be made while somebody waits.
func patientCopy(s *Site, w http.ResponseWriter, v *Visit) error {
	patient, err := pathID(v)
	if err != nil {
		return err
	}
	if s.Archives == nil {
		return fault.Missing()
	}
	d := &delayed{w: w, name: "copy-" + v.Clinic.Slug + "-" + s.Clock.Now().In(v.Clinic.Location()).Format(time.DateOnly) + ".zip"}
	_, err = s.Archives.Person(v.Context(), v.Who, patient, d)
	return err
}

// delayed says what kind of file follows only when its first bytes come: what fails before that is answered by a page.
type delayed struct {
	w    http.ResponseWriter
	name string
	said bool
}

func (d *delayed) Write(p []byte) (int, error) {
	if !d.said {
		d.said = true
		zipHead(d.w, d.name)
	}
	return d.w.Write(p)
}
