package web

import "time"

// BackupsSettings is /app/settings/backups, the page "settings-backups": how old the last good backup is, where backups lie, when they were last tried, and, after a
// restore, the button that lets messages and payments leave again.
type BackupsSettings struct {
	SettingsPage
	Off    bool
	Last   time.Time // zero: none yet
	Hours  int       // how old it is
	Late   bool
	Size   string // "12.3 MB"
	Rows   int
	ToMend []string // words of backup.wrong.<word>, the gravest first
	Places []BackupPlace

	Drill   time.Time // zero: never
	Seconds string    // how long it took
	Opened  int
	Entries int
	Paper   time.Time
	Keys    time.Time
	Journal time.Time
	Log     time.Time // zero on SQLite

	Held       bool
	TakenAt    time.Time // of the backup that was restored
	RestoredAt time.Time
	Uncertain  int
	CanRelease bool
}

// BackupPlace is one place at which backups lie. Its name on the server is nobody's business here.
type BackupPlace struct {
	Number  int // 1 or 2
	Region  string
	Backups int
	Size    string
	Oldest  time.Time
	Expires time.Time // when the oldest goes
	Broken  bool      // it did not answer
}
