package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/backup"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/store"
)

// The log of requests, where the program keeps it itself (promise request-log-life): a file for each day (UTC), made of pieces that are sealed to a key which
// the server does not have. Whoever takes the disk reads nothing of it, and a file goes on the day after its last one. Without the setting the lines go
// to standard error with the rest of the log, and how long they live is set where that goes.

// RequestLog are the settings of it.
type RequestLog struct {
	Folder     string   // ALMIRAH_REQUEST_LOG; empty: the lines go to standard error
	Recipients []string // ALMIRAH_REQUEST_LOG_RECIPIENT: public keys; those of the backups when empty
	Visitor    bool     // ALMIRAH_REQUEST_LOG_VISITOR: the lines there say also from which address, with which browser and in which language was asked
}

func (c *Config) requestLog(or func(string, string) string, wrong func(string, string)) {
	c.Requests = RequestLog{Folder: or("ALMIRAH_REQUEST_LOG", "")}
	var err error
	if c.Requests.Recipients, err = backup.ParseRecipients(or("ALMIRAH_REQUEST_LOG_RECIPIENT", strings.Join(c.Saves.Recipients, ","))); err != nil {
		wrong("ALMIRAH_REQUEST_LOG_RECIPIENT", err.Error())
	}
	if c.Requests.Folder != "" && len(c.Requests.Recipients) == 0 {
		wrong("ALMIRAH_REQUEST_LOG_RECIPIENT", "write the public key that `almirah backup key` prints: the log is sealed to it")
	}
	switch or("ALMIRAH_REQUEST_LOG_VISITOR", "off") {
	case "on":
		if c.Requests.Visitor = c.Requests.Folder != ""; !c.Requests.Visitor {
			wrong("ALMIRAH_REQUEST_LOG_VISITOR", "set ALMIRAH_REQUEST_LOG as well: who asked is written into the sealed file alone")
		}
	case "off":
	default:
		wrong("ALMIRAH_REQUEST_LOG_VISITOR", "write on, for the address, browser and language of whoever asks in the sealed log of requests, or off")
	}
}

// asker is what the sealed log says of whoever asked, where the operator chose so (promise request-log-visitor). It goes to the daybook in the context of
// the request and not as fields of the line, so that no other log can get it.
type asker struct{ address, browser, language string }

type askerKey struct{}

// visitors has the daybook know who asks; next as it is where it need not.
func (h *House) visitors(next http.Handler, address func(*http.Request) string) http.Handler {
	if h.daybook == nil || !h.Config.Requests.Visitor {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		browser, _ := contact.BlankCards(accounts.Device{Agent: r.UserAgent()}.Words())
		who := asker{address(r), browser, h.Book.Match("", "", "", r.Header.Get("Accept-Language")).Lang()}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), askerKey{}, who)))
	})
}

const (
	requestFile = "requests-"
	requestEnd  = ".age"
	// mostUnsealed is how many bytes of lines wait at most, and sealedEvery how long: that much is lost when the machine fails.
	mostUnsealed = 64 << 10
	sealedEvery  = 10 * time.Second
)

// daybook writes the files. It is the handler of the lines of requests.
type daybook struct {
	slog.Handler // writes into lines
	dir          string
	to           []age.Recipient
	clk          clock.Clock
	fail         func(error) // is told when a piece could not be written; its lines are lost

	mu     sync.Mutex
	day    clock.Date // of the lines that wait
	lines  bytes.Buffer
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// openDaybook makes the folder and begins to write every few seconds; nil where the lines go elsewhere.
func openDaybook(c RequestLog, clk clock.Clock, fail func(error)) (*daybook, error) {
	if c.Folder == "" {
		return nil, nil
	}
	d := &daybook{dir: c.Folder, clk: clk, fail: fail}
	for _, r := range c.Recipients {
		x, err := age.ParseX25519Recipient(r)
		if err != nil {
			return nil, errors.New("ALMIRAH_REQUEST_LOG_RECIPIENT: this is no public key")
		}
		d.to = append(d.to, x)
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, fmt.Errorf("ALMIRAH_REQUEST_LOG: %w", err)
	}
	d.Handler = slog.NewJSONHandler(&d.lines, nil)
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.ended.Go(func() {
		every := time.NewTicker(sealedEvery)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				d.flush()
			}
		}
	})
	return d, nil
}

// Handle takes a line. One of another day seals what waits first.
func (d *daybook) Handle(ctx context.Context, r slog.Record) error {
	now := d.clk.Now().UTC()
	r.Time = now
	if who, ok := ctx.Value(askerKey{}).(asker); ok {
		r.AddAttrs(slog.String("address", who.address), slog.String("browser", who.browser), slog.String("language", who.language))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if today := clock.DateOf(now); today != d.day {
		d.seal()
		d.day = today
	}
	err := d.Handler.Handle(ctx, r)
	if d.lines.Len() > mostUnsealed {
		d.seal()
	}
	return err
}

func (d *daybook) flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seal()
}

// seal appends what waits to the file of its day, as one piece. It is called under the lock.
func (d *daybook) seal() {
	if d.lines.Len() == 0 {
		return
	}
	err := d.append(d.lines.Bytes())
	d.lines.Reset()
	if err != nil && d.fail != nil {
		d.fail(err)
	}
}

func (d *daybook) append(lines []byte) error {
	var piece bytes.Buffer
	outer := armor.NewWriter(&piece)
	w, err := age.Encrypt(outer, d.to...)
	if err == nil {
		_, err = w.Write(lines)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = outer.Close()
	}
	if err != nil {
		return fmt.Errorf("sealing the log of requests: %w", err)
	}
	f, err := os.OpenFile(d.file(d.day), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the log of requests: %w", err)
	}
	_, err = f.Write(piece.Bytes()) // one call: processes that share the folder do not write into each other's pieces
	return errors.Join(err, f.Close())
}

func (d *daybook) file(day clock.Date) string {
	return filepath.Join(d.dir, requestFile+string(day)+requestEnd)
}

// end seals what waits, and writes no more.
func (d *daybook) end() {
	if d == nil {
		return
	}
	d.cancel()
	d.ended.Wait()
	d.flush()
}

// days are the days of which a file lies there.
func (d *daybook) days() ([]clock.Date, error) {
	files, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	var out []clock.Date
	for _, f := range files {
		name, mine := strings.CutPrefix(f.Name(), requestFile)
		name, whole := strings.CutSuffix(name, requestEnd)
		if day, err := clock.ParseDate(name); mine && whole && err == nil {
			out = append(out, day)
		}
	}
	return out, nil
}

// over takes the files away whose life was over before today.
func (d *daybook) over(today clock.Date, life law.Span) error {
	all, err := d.days()
	for _, day := range all {
		if life.Day(day) < today {
			err = errors.Join(err, os.Remove(d.file(day)))
		}
	}
	return err
}

// requestLife is how long the log of requests lives: as the laws of the clinics say of such logs, the longest where they differ, because one log is everybody's.
func (h *House) requestLife(ctx context.Context) (law.Span, error) {
	out := law.LifeOf("", law.AccessLog).Usual
	today := clock.DateOf(h.Clock.Now())
	list, err := h.DB.Due(ctx, jobs.Platform(), clock.Instant(1<<63-1), 1_000_000)
	if err != nil {
		return out, err
	}
	longest := law.LifeOf(law.India, law.AccessLog).Usual
	for _, one := range list {
		err := h.DB.View(ctx, jobs.ForClinic(one), access.Work, func(_ context.Context, v *store.View) error {
			c, err := clinics.Get(v)
			if s := law.LifeOf(c.Jurisdiction, law.AccessLog).Usual; err == nil && s.Day(today) > out.Day(today) {
				out = s
			}
			return err
		})
		if err != nil || out == longest {
			return out, err
		}
	}
	return out, nil
}

// endRequests takes away what is over of the log of requests. The clinics are asked only where something may be.
func (h *House) endRequests(ctx context.Context) error {
	if h.daybook == nil {
		return nil
	}
	all, err := h.daybook.days()
	if err != nil {
		return err
	}
	today, may := clock.DateOf(h.Clock.Now().UTC()), false
	for _, day := range all {
		may = may || law.LifeOf("", law.AccessLog).Usual.Day(day) < today
	}
	if !may {
		return nil
	}
	life, err := h.requestLife(ctx)
	if err != nil {
		return err
	}
	return h.daybook.over(today, life)
}

// openRequests reads a day's file with the key from paper: every piece, in the order in which they were written.
func openRequests(file []byte, key age.Identity, out io.Writer) (pieces int, err error) {
	for rest := file; ; pieces++ {
		i := bytes.Index(rest, []byte(armor.Header))
		if i < 0 {
			return pieces, nil
		}
		rest = rest[i:]
		end := bytes.Index(rest, []byte(armor.Footer))
		if end < 0 {
			return pieces, errors.New("the last piece is not whole: the machine stopped while it was written")
		}
		end += len(armor.Footer)
		r, err := age.Decrypt(armor.NewReader(bytes.NewReader(append(bytes.Clone(rest[:end]), '\n'))), key)
		if err != nil {
			return pieces, fmt.Errorf("piece %d: %w", pieces+1, backup.ErrKey)
		}
		if _, err := io.Copy(out, r); err != nil {
			return pieces, fmt.Errorf("piece %d was changed: %w", pieces+1, err)
		}
		rest = rest[end:]
	}
}

// requestLog prints what a day's file of the log of requests says.
func (c *console) requestLog(_ context.Context, args []string) error {
	file, named := plain(args, "--key"), value(args, "--key")
	if file == "" || named == "" {
		return errors.New("say which: almirah request-log FILE --key FILE (the key is the one of ALMIRAH_REQUEST_LOG_RECIPIENT, or of the backups)")
	}
	text, err := os.ReadFile(named)
	if err != nil {
		return err
	}
	key, err := backup.ParseKeys(string(text))
	if err != nil {
		return err
	}
	sealed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, err = openRequests(sealed, key, c.out)
	return err
}
