package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/backup"
	"almirah/internal/fault"
)

// The backups as a clinic sees them (promises O1, O2, S3): whoever answers for patients' data must see that it can come back.

func backupRoutes() []Route {
	return []Route{
		{Pattern: "GET /app/settings/backups", Door: Staff, Right: access.BackupRead, Handle: backupsPage},
		{Pattern: "POST /app/settings/backups/release", Door: Staff, Right: access.BackupRelease, Handle: backupRelease},
	}
}

func backupsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.backups(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-backups", page)
}

func backupRelease(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.Release == nil {
		return fault.Missing()
	}
	err := s.Release(v.Context(), v.Who)
	return s.answer(w, v, err, "/app/settings/backups?done=saved", "settings-backups", func() (Page, error) { return s.backups(v) })
}

func (s *Site) backups(v *Visit) (*BackupsSettings, error) {
	page := &BackupsSettings{SettingsPage: s.settings(v, "settings.backups", access.BackupRead), Off: true}
	if s.Backups == nil {
		return page, nil
	}
	x, err := s.Backups(v.Context())
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	in := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.In(z)
	}
	page.Off, page.ToMend, page.Late = !x.On, x.Wrong, x.Late()
	page.Last, page.Drill, page.Paper, page.Keys, page.Journal, page.Log = in(x.LastAt), in(x.DrillAt), in(x.PaperAt), in(x.KeysAt), in(x.JournalAt), in(x.LogAt)
	if !x.LastAt.IsZero() {
		page.Hours = int(s.Clock.Now().Sub(x.LastAt).Hours())
	}
	page.Size, page.Rows = megabytes(x.Last.Data.Size), int(x.Last.Rows())
	page.Opened, page.Entries, page.Seconds = x.Drill.Opened, int(x.Drill.Entries), fmt.Sprintf("%.1f", float64(x.Drill.Millis)/1000)
	for i, shelf := range x.Shelves {
		page.Places = append(page.Places, BackupPlace{Number: i + 1, Region: shelf.Region, Backups: shelf.Backups, Size: megabytes(shelf.Bytes), Oldest: in(shelf.Oldest), Expires: in(shelf.Expires), Broken: shelf.Error != ""})
	}
	if x.Held != nil {
		page.Held, page.TakenAt, page.RestoredAt, page.Uncertain = true, in(x.Held.TakenAt.Time()), in(x.Held.RestoredAt.Time()), int(x.Held.Uncertain)
		page.CanRelease = v.Who.May(access.BackupRelease) && s.Alone(v.Context())
	}
	return page, nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// backupNotices is what leads must know of the backups on every page: that nothing leaves, and that none is recent. They are kept at hand and cost a page no statement.
func (s *Site) backupNotices(v *Visit) []Notice {
	if s.BackupsNow == nil || v.Clinic.Slug == "" {
		return nil
	}
	x := s.BackupsNow()
	lead := v.Who.May(access.BackupRead)
	say := func(key string) []Notice {
		n := Notice{Text: v.Tongue.Say(key), Grave: true}
		if lead {
			n.URL, n.Link = "/app/settings/backups", v.Tongue.Say("settings.backups")
		}
		return []Notice{n}
	}
	switch {
	case x.Held != nil: // whoever works here must know why no message goes out
		return say("backup.held_notice")
	case !lead || !x.Late():
		return nil
	case slices.Contains(x.Wrong, backup.WrongOff):
		if s.Demo { // nothing of anybody's is in it
			return nil
		}
		return say("backup.off_notice")
	}
	return say("backup.late_notice")
}
