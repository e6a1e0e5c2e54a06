package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/backup"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/jobs"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Saves is what a deployment is told about its backups.
type Saves struct {
	Recipients []string // ALMIRAH_BACKUP_RECIPIENT: public keys, divided by commas; none: no backups
	First      string   // ALMIRAH_BACKUP_DIR: folder, best on another disk
	Second     string   // ALMIRAH_BACKUP_SECOND: folder of another machine, or s3://bucket/prefix
	Region     string   // ALMIRAH_BACKUP_REGION: where the second place is, as the policy page says it
	ServerURL  string   // ALMIRAH_BACKUP_DATABASE_URL: PostgreSQL, by the role that copies it
	Scratch    string   // ALMIRAH_BACKUP_SCRATCH: folder for what is under way; beside the data
	Hour       int      // ALMIRAH_BACKUP_HOUR: of the day, UTC
	Programs   string   // ALMIRAH_BACKUP_PROGRAMS: folder of PostgreSQL's programs; looked for when empty

	S3       string // ALMIRAH_BACKUP_S3_URL: https address of the service that keeps the bucket
	S3Region string // ALMIRAH_BACKUP_S3_REGION: its own name for the region
	S3Name   string // ALMIRAH_BACKUP_S3_PROVIDER: the company, for the sub-processor list
	S3KeyID  string // ALMIRAH_BACKUP_S3_KEY_ID, ALMIRAH_BACKUP_S3_SECRET
	S3Secret string
}

const backupProcessor = "backup-store"

func (c *Config) saves(get func(string) string, or func(string, string) string, wrong func(string, string)) {
	s := Saves{First: or("ALMIRAH_BACKUP_DIR", ""), Second: or("ALMIRAH_BACKUP_SECOND", ""), Region: or("ALMIRAH_BACKUP_REGION", ""), ServerURL: or("ALMIRAH_BACKUP_DATABASE_URL", ""),
		Scratch: or("ALMIRAH_BACKUP_SCRATCH", filepath.Join(c.Data, "scratch")), Programs: or("ALMIRAH_BACKUP_PROGRAMS", ""),
		S3: or("ALMIRAH_BACKUP_S3_URL", ""), S3Region: or("ALMIRAH_BACKUP_S3_REGION", ""), S3Name: or("ALMIRAH_BACKUP_S3_PROVIDER", ""), S3KeyID: or("ALMIRAH_BACKUP_S3_KEY_ID", ""), S3Secret: get("ALMIRAH_BACKUP_S3_SECRET")}
	var err error
	if s.Recipients, err = backup.ParseRecipients(or("ALMIRAH_BACKUP_RECIPIENT", "")); err != nil {
		wrong("ALMIRAH_BACKUP_RECIPIENT", err.Error())
	}
	if len(s.Recipients) > 0 && s.First == "" {
		wrong("ALMIRAH_BACKUP_DIR", "name the folder to which backups go")
	}
	if s.Hour, err = strconv.Atoi(or("ALMIRAH_BACKUP_HOUR", "20")); err != nil || s.Hour < 0 || s.Hour > 23 {
		wrong("ALMIRAH_BACKUP_HOUR", "write an hour of the day in UTC, from 0 to 23")
	}
	for _, path := range []*string{&s.First, &s.Scratch, &s.Second} {
		if *path == "" || strings.HasPrefix(*path, "s3://") {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			wrong("ALMIRAH_BACKUP_DIR", "name whole paths")
		}
	}
	if strings.HasPrefix(s.Second, "s3://") {
		u, err := url.Parse(s.S3)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			wrong("ALMIRAH_BACKUP_S3_URL", "write the address of the service, such as https://s3.ap-south-1.amazonaws.com")
		}
		if s.S3Region == "" || s.S3KeyID == "" || s.S3Secret == "" {
			wrong("ALMIRAH_BACKUP_S3_*", "write the region, the key's id and its secret (docs/backups.md)")
		}
		if s.Region == "" {
			s.Region = s.S3Region
		}
	}
	if s.Second != "" && s.Second == s.First {
		wrong("ALMIRAH_BACKUP_SECOND", "name another place than the first one")
	}
	c.Saves = s
}

func (s Saves) masked() []string {
	server := "(none)"
	if u, err := url.Parse(s.ServerURL); err == nil && s.ServerURL != "" {
		server = u.Redacted()
	}
	return []string{"ALMIRAH_BACKUP_RECIPIENT=" + strings.Join(s.Recipients, ","), "ALMIRAH_BACKUP_DIR=" + s.First, "ALMIRAH_BACKUP_SECOND=" + s.Second, "ALMIRAH_BACKUP_REGION=" + s.Region,
		"ALMIRAH_BACKUP_HOUR=" + strconv.Itoa(s.Hour), "ALMIRAH_BACKUP_SCRATCH=" + s.Scratch, "ALMIRAH_BACKUP_DATABASE_URL=" + server, "ALMIRAH_BACKUP_S3_URL=" + s.S3, "ALMIRAH_BACKUP_S3_REGION=" + s.S3Region}
}

// processor is who keeps the second place, when that is a company's.
func (s Saves) processor() (egress.Processor, string, bool) {
	if !strings.HasPrefix(s.Second, "s3://") {
		return egress.Processor{}, "", false
	}
	u, err := url.Parse(s.S3)
	if err != nil {
		return egress.Processor{}, "", false
	}
	name := s.S3Name
	if name == "" {
		name = u.Hostname()
	}
	return egress.Processor{ID: backupProcessor, Name: name, Purpose: "keeps the second copy of the backups, encrypted to a key that it does not have", Categories: []string{"encrypted backups of the database and of the key store"},
		Patients: true, Region: s.Region, Adapter: "backup"}, s.S3, true
}

// places are the two places; nil for one that is not configured. client is how the second is reached, when it is a company's.
func (s Saves) places(gate *egress.Gate, clk clock.Clock) (first, second backup.Place, err error) {
	if s.First != "" {
		if first, err = backup.NewFolder(s.First, ""); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case s.Second == "":
	case strings.HasPrefix(s.Second, "s3://"):
		bucket, prefix, _ := strings.Cut(strings.TrimPrefix(s.Second, "s3://"), "/")
		second, err = backup.NewBucket(gate.StreamClient(backupProcessor), clk, backup.BucketOptions{URL: s.S3, Region: s.S3Region, Bucket: bucket, Prefix: prefix, KeyID: s.S3KeyID, Secret: s.S3Secret, Where: s.Region})
	default:
		second, err = backup.NewFolder(s.Second, s.Region)
	}
	return first, second, err
}

// backups makes the room.
func (h *House) backups(keepers []vault.Keeper) (*backup.Room, error) {
	c := h.Config
	first, second, err := c.Saves.places(h.Gate, h.Clock)
	if err != nil {
		return nil, err
	}
	if second != nil {
		second = barredPlace{second, h}
	}
	return backup.New(backup.Options{DB: h.DB, Vault: h.Vault, Clock: h.Clock, Log: h.Log, Who: jobs.Platform(), DatabaseURL: c.DatabaseURL, ServerURL: c.Saves.ServerURL, KeystoreURL: c.KeystoreURL, RootKey: c.Keys, Keepers: keepers,
		Recipients: c.Saves.Recipients, First: first, Second: second, Scratch: h.scratchFolder(), Version: Version, Hour: c.Saves.Hour, Programs: c.Saves.Programs, Sample: h.sampled})
}

// trialRoom makes one backup that is shown to trial where it came back, and is thrown away. Nobody has its key.
func (h *House) trialRoom(keepers []vault.Keeper, folder string, trial func(context.Context, backup.Back) error) (*backup.Room, error) {
	c := h.Config
	recipient, _, err := backup.NewKey()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	place, err := backup.NewFolder(folder, "")
	if err != nil {
		return nil, err
	}
	return backup.New(backup.Options{DB: h.DB, Vault: h.Vault, Clock: h.Clock, Log: h.Log, Who: jobs.Platform(), DatabaseURL: c.DatabaseURL, ServerURL: c.Saves.ServerURL, KeystoreURL: c.KeystoreURL, RootKey: c.Keys, Keepers: keepers,
		Recipients: []string{recipient}, First: place, Scratch: h.scratchFolder(), Version: Version, Programs: c.Saves.Programs, Sample: h.sampled, Trial: trial})
}

// scratchFolder is where what is under way lies.
func (h *House) scratchFolder() string {
	if h.Config.Saves.Scratch != "" {
		return h.Config.Saves.Scratch
	}
	return filepath.Join(h.Config.Data, "scratch")
}

// sampled opens the records of some patients, and the name of some people who sign in, in a database that came back.
func (h *House) sampled(ctx context.Context, db *store.DB) (int, error) {
	clinics, err := db.Due(ctx, jobs.Platform(), clock.Instant(1<<63-1), mostProbed)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, c := range clinics {
		err := db.View(ctx, jobs.ForClinic(c), access.Work, func(_ context.Context, v *store.View) error {
			opened, err := patients.OpenSome(v, samplePeople)
			n += opened
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// samplePeople is how many records of a clinic a drill opens.
const samplePeople = 20

// backing is the house's own keeping of backups.
type backing struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup
	mu     sync.Mutex
	last   backup.State
}

func (b *backing) end() {
	if b.cancel != nil {
		b.cancel()
	}
	b.ended.Wait()
}

func (b *backing) state() backup.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// Every so often: the journal and the server's log each minute, the key store every quarter of an hour if it changed, expiry each hour.
const (
	eachMinute   = time.Minute
	keysEvery    = 15 * time.Minute
	expiryEvery  = time.Hour
	stateRefresh = 10 * time.Second
)

// keepBackups makes the backup of each night and keeps everything about backups up, until the house closes. It is no job of the queue: a backup takes longer than
// a job may.
func (h *House) keepBackups(ctx context.Context) {
	ctx, h.backing.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.refreshBackups(ctx)
	run := func(do func(context.Context)) {
		h.backing.ended.Add(1)
		go func() { defer h.backing.ended.Done(); do(ctx) }()
	}
	if h.Held() {
		run(h.watchHeld)
	}
	if !h.Backups.On() {
		return
	}
	if err := h.Backups.Clean(ctx); err != nil {
		h.Log.Error("backup: the scratch folder cannot be cleaned", "error", err.Error())
	}
	run(h.Backups.Follow)
	run(func(ctx context.Context) { // not behind a backup, which may take hours
		t := time.NewTicker(eachMinute)
		defer t.Stop()
		for ctx.Err() == nil {
			_ = h.Backups.CopyLog(ctx)
			select {
			case <-ctx.Done():
			case <-t.C:
			}
		}
	})
	run(func(ctx context.Context) {
		t := time.NewTicker(stateRefresh)
		defer t.Stop()
		var minute, keys, expiry time.Time
		due := func(last *time.Time, every time.Duration) bool {
			now := h.Clock.Now()
			if now.Sub(*last) < every {
				return false
			}
			*last = now
			return true
		}
		for ctx.Err() == nil {
			if due(&minute, eachMinute) {
				_ = h.Backups.CopyJournal(ctx) // each marks and logs its own failure
				if now, err := h.Backups.Due(ctx); err == nil && now {
					if _, err := h.Backups.Run(ctx, nil); err == nil {
						keys = h.Clock.Now()
					}
				}
			}
			if due(&keys, keysEvery) {
				_ = h.Backups.CopyKeys(ctx)
			}
			if due(&expiry, expiryEvery) {
				_ = h.Backups.Expire(ctx)
			}
			h.refreshBackups(ctx)
			select {
			case <-ctx.Done():
			case <-t.C:
			}
		}
	})
}

// refreshBackups keeps how the backups stand at hand, so that no page has to ask the database.
func (h *House) refreshBackups(ctx context.Context) {
	s, err := h.Backups.State(ctx)
	if err != nil {
		return
	}
	h.backing.mu.Lock()
	h.backing.last = s
	h.backing.mu.Unlock()
}

// backupWords are for whoever asks whether the house is ready: backups that are late take nobody out of service, but a supervisor can see them.
func (h *House) backupWords() string {
	var out []string
	if h.Held() {
		out = append(out, "held: nothing leaves after a restore until `almirah release`")
	}
	if s := h.backing.state(); s.On && s.Late() {
		out = append(out, "backups: "+strings.Join(s.Wrong, ", "))
	}
	if len(out) == 0 {
		return ""
	}
	return strings.Join(out, "\n") + "\n"
}

// restoring is what a restore with these settings needs.
func (c Config) restoring(gate *egress.Gate) (backup.Restoring, error) {
	first, second, err := c.Saves.places(gate, clock.System{})
	if err != nil {
		return backup.Restoring{}, err
	}
	keepers, err := c.Keeping.keepers(gate, clock.System{})
	if err != nil {
		return backup.Restoring{}, err
	}
	o := backup.Restoring{Which: "latest", DatabaseURL: c.DatabaseURL, KeystoreURL: c.KeystoreURL, RootKey: c.Keys, Keepers: keepers, Journal: c.KeyJournal, ServerURL: c.Saves.ServerURL, OwnerURL: c.OwnerURL, Programs: c.Saves.Programs,
		Clock: clock.System{}, Who: accounts.Operator()}
	for _, p := range []backup.Place{first, second} {
		if p != nil {
			o.From = append(o.From, p)
		}
	}
	if o.ServerURL == "" {
		o.ServerURL = c.DatabaseURL
	}
	return o, nil
}

var errNoKey = errors.New("name the file with the private key: --key FILE (the lines of the sheet, typed; of both sheets after the key was replaced; destroy the file afterwards)")

// sentence is a report for a person.
func sentence(r backup.Report) string {
	exact := "every table has the very number of rows"
	if !r.Exact {
		exact = "the server was in use: the tables that only grow lie between their rows before and after the copy"
	}
	return fmt.Sprintf("came back in %s: %d bytes sealed, %d bytes of data, %d rows of %d tables (%s), %d entries of the audit log with their tree, keys of %d people, %d records opened",
		(time.Duration(r.Millis) * time.Millisecond).Round(time.Millisecond), r.Sealed, r.Plain, r.Rows, r.Tables, exact, r.Entries, r.People, r.Opened)
}

// backupDoctor says how the backups stand.
func (h *House) backupDoctor(ctx context.Context) string {
	s, err := h.Backups.State(ctx)
	switch {
	case err != nil:
		return err.Error()
	case !s.On:
		return "none are made: see docs/backups.md"
	case s.LastAt.IsZero():
		return "none was made yet: run `almirah backup`"
	}
	out := "the last good one is of " + s.LastAt.Format(time.DateTime) + " UTC"
	if len(s.Wrong) > 0 {
		out += "; to be seen to: " + strings.Join(s.Wrong, ", ")
	}
	return out
}
