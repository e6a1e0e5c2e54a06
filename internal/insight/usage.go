package insight

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// SlowAfter is when an answer counts as slow.
const SlowAfter = time.Second

// Device is the kind of a visitor's device: all that is kept of what her browser says of itself.
type Device string

// The kinds of device.
const (
	Phone    Device = "phone"
	Tablet   Device = "tablet"
	Computer Device = "computer"
	Machine  Device = "machine" // a program that reads pages, such as a search engine's
)

// Devices are all kinds.
func Devices() []Device { return []Device{Phone, Tablet, Computer, Machine} }

// DeviceOf reads the kind of device out of a User-Agent header. What says nothing is a computer.
func DeviceOf(agent string) Device {
	a := strings.ToLower(agent)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(a, w) })
	}
	switch {
	case has("bot", "crawl", "spider", "slurp", "curl/", "wget/", "python", "go-http", "headless"):
		return Machine
	case has("ipad", "tablet", "kindle", "silk/") || has("android") && !has("mobile"):
		return Tablet
	case has("iphone", "ipod", "mobi", "android"):
		return Phone
	}
	return Computer
}

// used is one feature of one clinic on one day, seen one page by one kind of device.
type (
	used struct {
		clinic  id.ID
		day     clock.Date
		feature string
	}
	use struct {
		opened, slow int64
		millis       int64
	}
	looked struct {
		clinic id.ID
		day    clock.Date
		page   string
		device Device
	}
)

// uses are the counts that were not written yet. There is no person in them, no address and no order.
type uses struct {
	mu       sync.Mutex
	features map[used]use
	visitors map[looked]int64
}

// mostWaiting bounds what waits to be written: features and pages are few, so that it is reached only when nothing can be written.
const mostWaiting = 100_000

// Used counts one answer of a part of the program to somebody of the clinic's staff. Whether it is kept is decided when it is written.
func (s *Service) Used(clinic id.ID, day clock.Date, feature string, took time.Duration) {
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	if s.uses.features == nil {
		s.uses.features = map[used]use{}
	}
	k := used{clinic, day, feature}
	u, known := s.uses.features[k]
	if !known && len(s.uses.features) >= mostWaiting {
		return
	}
	u.opened, u.millis = u.opened+1, u.millis+took.Milliseconds()
	if took >= SlowAfter {
		u.slow++
	}
	s.uses.features[k] = u
}

// Looked counts one look at a public page. follow is false for a browser that asks not to be followed (Sec-GPC): it is not counted at all.
func (s *Service) Looked(clinic id.ID, day clock.Date, page, agent string, follow bool) {
	if !follow {
		return
	}
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	if s.uses.visitors == nil {
		s.uses.visitors = map[looked]int64{}
	}
	k := looked{clinic, day, page, DeviceOf(agent)}
	if _, known := s.uses.visitors[k]; known || len(s.uses.visitors) < mostWaiting {
		s.uses.visitors[k]++
	}
}

// waiting hands out what waits to be written, by clinic, and begins anew.
func (s *Service) waiting() (map[id.ID]map[used]use, map[id.ID]map[looked]int64) {
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	f, l := map[id.ID]map[used]use{}, map[id.ID]map[looked]int64{}
	for k, n := range s.uses.features {
		if f[k.clinic] == nil {
			f[k.clinic] = map[used]use{}
		}
		f[k.clinic][k] = n
	}
	for k, n := range s.uses.visitors {
		if l[k.clinic] == nil {
			l[k.clinic] = map[looked]int64{}
		}
		l[k.clinic][k] = n
	}
	s.uses.features, s.uses.visitors = nil, nil
	return f, l
}

// Flush writes what was counted, of the clinics that switched it on; of the others it is dropped. as mints the caller of a clinic's own work.
func (s *Service) Flush(ctx context.Context, as func(clinic id.ID) access.Caller) error {
	features, visitors := s.waiting()
	all := map[id.ID]bool{}
	for c := range features {
		all[c] = true
	}
	for c := range visitors {
		all[c] = true
	}
	var first error
	for clinic := range all {
		err := s.db.Change(ctx, as(clinic), access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping(chore)
			return write(tx, features[clinic], visitors[clinic])
		})
		if err != nil && first == nil {
			first = err
		}
	}
	return first
}

func write(tx *store.Tx, features map[used]use, visitors map[looked]int64) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	set, err := setting(&tx.View, c)
	if err != nil {
		return err
	}
	if set.Features {
		for k, n := range features {
			if _, err := tx.Exec(sqlFeatureAdd, k.day, k.feature, n.opened, n.slow, n.millis); err != nil {
				return err
			}
		}
	}
	if set.Visitors {
		for k, n := range visitors {
			if _, err := tx.Exec(sqlVisitorAdd, k.day, k.page, string(k.device), n); err != nil {
				return err
			}
		}
	}
	return nil
}

// never is a day before which everything lies.
const never = clock.Date("9999-12-31")

// forget deletes what is kept of the use of the program and of the public page, of the days before one.
func forget(tx *store.Tx, features, visitors bool, before clock.Date) error {
	if features {
		if _, err := tx.Exec(sqlFeatureDrop, before); err != nil {
			return err
		}
	}
	if visitors {
		if _, err := tx.Exec(sqlVisitorDrop, before); err != nil {
			return err
		}
	}
	return nil
}

// Age deletes what is kept of the use of the program and of the public page for too long.
func (s *Service) Age(ctx context.Context, who access.Caller) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping(chore)
		return forget(tx, true, true, clock.DateOf(tx.Now().Time()).AddDays(-keepCounted))
	})
}

// Feature is how much one part of the program was used.
type Feature struct {
	Name         string // the pattern of its route, such as "GET /app/day"
	Opened, Slow int64
	Millis       int64 // on average
}

// Page is how often one public page was looked at.
type Page struct {
	Name   string
	Device Device
	Seen   int64
}

// Use is what was counted of the last days.
type Use struct {
	Setting  Setting
	Since    clock.Date
	Features []Feature // what was used most first
	Pages    []Page
}

// UseDays is how many days the page of use covers.
const UseDays = 30

// Use reads what was counted of the last UseDays days. What was used or seen fewer than LeastGroup times stands in no line.
func (s *Service) Use(ctx context.Context, who access.Caller) (Use, error) {
	var out Use
	err := s.db.View(ctx, who, access.ReportRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		if out.Setting, err = setting(v, c); err != nil {
			return err
		}
		out.Since = clock.DateOf(v.Now().In(c.Location())).AddDays(1 - UseDays)
		if out.Features, err = features(v, out.Since); err != nil {
			return err
		}
		out.Pages, err = pages(v, out.Since)
		return err
	})
	return out, err
}

func features(v *store.View, since clock.Date) ([]Feature, error) {
	cells := map[string][]cell{}
	err := each(v, sqlFeatures, func(rows *store.Rows) error {
		var name string
		var slow, millis int64
		var c cell
		err := rows.Scan(&name, &c.day, &c.cases, &slow, &millis)
		c.beside = []int64{slow, millis}
		cells[name] = append(cells[name], c)
		return err
	}, since[:4]+"-01-01")
	var out []Feature
	for name, list := range cells {
		f := Feature{Name: name}
		for _, c := range carry(list) {
			if c.day >= since {
				f.Opened, f.Slow, f.Millis = f.Opened+c.cases, f.Slow+c.beside[0], f.Millis+c.beside[1]
			}
		}
		if f.Opened > 0 {
			f.Millis /= f.Opened
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Feature) int {
		if a.Opened != b.Opened {
			return int(b.Opened - a.Opened)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, err
}

func pages(v *store.View, since clock.Date) ([]Page, error) {
	type which struct {
		page   string
		device Device
	}
	cells := map[which][]cell{}
	err := each(v, sqlVisitors, func(rows *store.Rows) error {
		var w which
		var c cell
		err := rows.Scan(&w.page, &w.device, &c.day, &c.cases)
		cells[w] = append(cells[w], c)
		return err
	}, since[:4]+"-01-01")
	var out []Page
	for w, list := range cells {
		p := Page{Name: w.page, Device: w.device}
		for _, c := range carry(list) {
			if c.day >= since {
				p.Seen += c.cases
			}
		}
		if p.Seen > 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Page) int {
		if a.Seen != b.Seen {
			return int(b.Seen - a.Seen)
		}
		return strings.Compare(a.Name+string(a.Device), b.Name+string(b.Device))
	})
	return out, err
}
