package web

import (
	"net/http"
	"slices"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/datamap"
	"almirah/internal/fault"
)

// The record of processing, of a clinic and of whoever runs the installation, to read, to print and to take along; and the yearly signature under the map
// from which both are made (promises data-map-own, data-map-signed).

func datamapRoutes() []Route {
	own, all := access.RetentionRead, access.PlatformReview
	return []Route{
		{Pattern: "GET /app/settings/datamap", Door: Staff, Right: own, Handle: ownMap},
		{Pattern: "GET /app/settings/datamap/record.csv", Door: Staff, Right: own, Handle: ownMapSheet},
		{Pattern: "GET /app/settings/datamap/record.json", Door: Staff, Right: own, Handle: ownMapJSON},
		{Pattern: "GET /app/settings/datamap/dictionary.csv", Door: Staff, Right: own, Handle: dictionarySheet},
		{Pattern: "GET /platform/datamap", Door: Platform, Right: all, Handle: houseMap},
		{Pattern: "POST /platform/datamap", Door: Platform, Right: all, Handle: houseMapSign},
		{Pattern: "GET /platform/datamap/record.csv", Door: Platform, Right: all, Handle: houseMapSheet},
		{Pattern: "GET /platform/datamap/record.json", Door: Platform, Right: all, Handle: houseMapJSON},
		{Pattern: "GET /platform/datamap/dictionary.csv", Door: Platform, Right: all, Handle: dictionarySheet},
	}
}

// MapLine is an activity of the record as the page shows it.
type MapLine struct {
	Title, Purpose string
	Off            bool
	Facts          []MapFact
}

// MapFact is one thing that the record says.
type MapFact struct{ What, Is string }

// MapLives are the time limits under one law.
type MapLives struct {
	Place, Name string
	Lives       []datamap.Life
}

// MapRecord is the record itself, on both pages.
type MapRecord struct {
	As         string // controller, processor
	Facts      []MapFact
	For        []datamap.Who
	More       int // clinics that are not named
	Activities []MapLine
	Own        []MapLine
	Recipients []datamap.Recipient
	Lives      []MapLives
	Measures   []datamap.Measure
	Base       string // of the files
}

// OwnMap is /app/settings/datamap, the page "settings-datamap".
type OwnMap struct {
	SettingsPage
	Record MapRecord
}

// MapChange is a line of the map that came or went since it was signed.
type MapChange struct {
	Line string
	Came bool
}

// HouseMap is /platform/datamap, the page "platform-datamap".
type HouseMap struct {
	Shell
	Record    MapRecord
	Digest    string     // of the map that is signed
	State     string     // late, soon, well
	Last, Due clock.Date // empty: never, not due
	By        string
	Read      bool // what was signed last is on record, so that Changes says what changed since
	Changes   []MapChange
	More      int // changes that are not shown
	Sure      bool
}

const (
	mapNames   = 50  // how many clinics the page names
	mapChanges = 100 // how many changed lines it shows
)

func mapLines(v *Visit, list []datamap.Line) []MapLine {
	var out []MapLine
	for _, l := range list {
		x := MapLine{Title: l.Title, Purpose: l.Purpose, Off: l.Off}
		for _, f := range l.Facts(v.Tongue) {
			x.Facts = append(x.Facts, MapFact{f[0], f[1]})
		}
		out = append(out, x)
	}
	return out
}

func mapRecord(v *Visit, r datamap.Record, base string) MapRecord {
	out := MapRecord{As: r.As, For: r.For, More: r.ForCount - len(r.For), Activities: mapLines(v, r.Activities), Own: mapLines(v, r.Own), Recipients: r.Recipients, Measures: r.Measures, Base: base}
	for _, f := range r.Facts(v.Tongue) {
		out.Facts = append(out.Facts, MapFact{f[0], f[1]})
	}
	for _, l := range r.Lives {
		if n := len(out.Lives); n == 0 || out.Lives[n-1].Place != l.Place {
			out.Lives = append(out.Lives, MapLives{Place: l.Place, Name: v.Tongue.Say("jurisdiction." + l.Place)})
		}
		x := &out.Lives[len(out.Lives)-1]
		x.Lives = append(x.Lives, l)
	}
	return out
}

func ownMap(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.ClinicMap == nil {
		return fault.Missing()
	}
	r, err := s.ClinicMap(v.Context(), v.Who, v.Tongue)
	if err != nil {
		return err
	}
	page := &OwnMap{SettingsPage: s.settings(v, "settings.datamap", access.RetentionRead), Record: mapRecord(v, r, "/app/settings/datamap")}
	return s.views.Render(w, http.StatusOK, "settings-datamap", page)
}

func ownMapSheet(s *Site, w http.ResponseWriter, v *Visit) error {
	r, err := s.ClinicMap(v.Context(), v.Who, v.Tongue)
	if err != nil {
		return err
	}
	return sendSheet(w, "record-"+v.Clinic.Slug, r.Sheet(v.Tongue))
}

func ownMapJSON(s *Site, w http.ResponseWriter, v *Visit) error {
	r, err := s.ClinicMap(v.Context(), v.Who, v.Tongue)
	if err != nil {
		return err
	}
	return sendRecord(w, "record-"+v.Clinic.Slug, r)
}

func sendRecord(w http.ResponseWriter, name string, r datamap.Record) error {
	b, err := r.JSON()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.json"`)
	_, err = w.Write(b)
	return err
}

func dictionarySheet(s *Site, w http.ResponseWriter, _ *Visit) error {
	return sendSheet(w, "dictionary", datamap.Dictionary(s.Map.Rooms()))
}

func (s *Site) houseMap(v *Visit) (*HouseMap, error) {
	r, err := s.HouseMap(v.Context(), v.Tongue, mapNames)
	if err != nil {
		return nil, err
	}
	st, err := s.Map.Standing(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &HouseMap{Shell: s.platformShell(v, "platform.datamap"), Record: mapRecord(v, r, "/platform/datamap"), Digest: st.Digest, State: "well", Last: st.State.Last.Day, Due: st.State.Due, Read: st.Read != ""}
	switch {
	case st.State.Late:
		page.State = "late"
	case st.State.Soon:
		page.State = "soon"
	}
	for _, c := range st.Changes[:min(len(st.Changes), mapChanges)] {
		page.Changes = append(page.Changes, MapChange(c))
	}
	page.More = len(st.Changes) - len(page.Changes)
	people, err := s.Accounts.Helpers(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if p.Person.ID == st.State.Last.By {
			page.By = p.Person.Name
		}
	}
	page.Sure = v.PostForm != nil && slices.Contains(v.PostForm["sure"], "1")
	return page, nil
}

func houseMap(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.houseMap(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-datamap", page)
}

func houseMapSign(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	err := s.Map.Sign(v.Context(), v.Who, v.PostForm.Get("map"), v.PostForm.Get("sure") != "")
	return s.answer(w, v, err, "/platform/datamap?done=saved", "platform-datamap", func() (Page, error) {
		page, bad := s.houseMap(v)
		if bad == nil && fault.Is(err, fault.Conflict) {
			page.Sure = false // she read another map
		}
		return page, bad
	})
}

func houseMapSheet(s *Site, w http.ResponseWriter, v *Visit) error {
	r, err := s.HouseMap(v.Context(), v.Tongue, -1)
	if err != nil {
		return err
	}
	return sendSheet(w, "record", r.Sheet(v.Tongue))
}

func houseMapJSON(s *Site, w http.ResponseWriter, v *Visit) error {
	r, err := s.HouseMap(v.Context(), v.Tongue, -1)
	if err != nil {
		return err
	}
	return sendRecord(w, "record", r)
}
