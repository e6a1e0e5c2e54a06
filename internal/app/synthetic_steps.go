package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/canary"
	"almirah/internal/carriers/local"
	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/privacy"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlWalkPeople  = `SELECT id FROM patient WHERE clinic_id = $1 ORDER BY id LIMIT 100`
	sqlWalkSealed  = `SELECT name FROM patient WHERE clinic_id = $1 AND id = $2`
	sqlWalkBooked  = `SELECT patient_id FROM appointment WHERE clinic_id = $1 AND id = $2`
	sqlWalkSent    = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND patient_id = $2 AND kind = $3 AND channel = $4 AND state = 'sent'`
	sqlWalkOffered = `SELECT id FROM service WHERE clinic_id = $1 AND retired_at = 0 ORDER BY id LIMIT 1`
)

// The steps wait so long for what others of the house do.
const (
	walkSoon     = 90 * time.Second // a confirmation, an answer
	walkReminder = 4 * time.Minute  // a reminder, which is due within a minute and a quarter
	leastAhead   = 15 * time.Second // from the booking to its reminder
)

// walkPath is one step.
type walkPath struct {
	name   string
	needed bool // without it there is nobody to go on with
	do     func(context.Context) (words string, err error)
}

// path are the steps in their order.
func (w *nightWalk) path() []walkPath {
	return []walkPath{
		{"clinic", true, w.open}, {"clear", false, w.clear}, {"book", true, w.book}, {"confirm", false, w.confirmed}, {"remind", false, w.reminded}, {"stop", false, w.stop}, {"copy", false, w.copied},
		{"erase", false, w.erased}, {"keys", false, w.keys}, {"backup", false, w.backup}, {"search", false, w.search}, {"archive", false, w.archive}, {"tidy", false, w.tidy},
	}
}

// open has the clinic be there. It is under the law of Great Britain, whose patients' appointments leave nothing that a law wants kept.
func (w *nightWalk) open(ctx context.Context) (string, error) {
	h, words := w.h, "it was there"
	scratch, err := filepath.Abs(h.scratchFolder())
	if err != nil {
		return "", err
	}
	w.scratch = filepath.Join(scratch, "walk")
	if w.clinic, w.slug, err = h.canaryRoute(ctx); err != nil {
		return "", err
	}
	if w.clinic.IsZero() {
		if err := w.found(ctx); err != nil {
			return "", err
		}
		words = "it was opened"
	}
	if err := h.Messages.ConnectLoop(ctx, jobs.ForClinic(w.clinic), local.SMSName, map[string]string{"number": "+447400000000"}); err != nil {
		return "", err
	}
	return words, h.DB.View(ctx, jobs.ForClinic(w.clinic), access.Work, func(_ context.Context, v *store.View) error {
		var one id.ID
		err := v.Row(sqlWalkOffered).Scan(&one)
		w.service = one.String()
		return err
	})
}

func (w *nightWalk) found(ctx context.Context) error {
	var week scheduling.Weekly
	for d := range week {
		week[d] = []scheduling.Interval{{From: 0, To: 1440}}
	}
	rules := clinics.StandardRules()
	rules.MinNotice, rules.Step, rules.Horizon = 20*time.Minute, 5*time.Minute, 3
	_, err := w.h.Clinics.Open(ctx, accounts.Operator(), clinics.Opening{Canary: true, Slug: "canary-" + canary.Word(), Rules: &rules,
		Profile: clinics.Profile{Name: "Canary Clinic", Zone: "Europe/London", Country: "GB", Jurisdiction: law.Britain, Region: "GB", Currency: "GBP", Languages: []string{"en"}}},
		func(_ context.Context, tx *store.Tx, _ clinics.Clinic) error {
			p, err := scheduling.AddProvider(tx, scheduling.Provider{Name: "Dr. Iris Invented", Online: true, Weekly: week})
			if err != nil {
				return err
			}
			if _, err := scheduling.AddService(tx, scheduling.Service{Name: "Visit", Minutes: 5, Online: true, Providers: []id.ID{p.ID}}); err != nil {
				return err
			}
			if err := followup.Found(tx); err != nil || !w.h.Config.Demo {
				return err
			}
			return w.h.adopt(tx) // elsewhere it is done behind this hook
		})
	if err != nil {
		return err
	}
	w.clinic, w.slug, err = w.h.canaryRoute(ctx)
	return err
}

// people are the patients of the clinic.
func (w *nightWalk) people(ctx context.Context) (out []id.ID, err error) {
	err = w.h.DB.View(ctx, jobs.ForClinic(w.clinic), access.Work, func(_ context.Context, v *store.View) error {
		out, err = store.IDs(v, sqlWalkPeople)
		return err
	})
	return out, err
}

// clear takes away what a walk that broke off has left: its patients, its files, its letters.
func (w *nightWalk) clear(ctx context.Context) (string, error) {
	w.h.canary.outbox.Clear()
	w.h.canary.phones.Clear()
	if err := os.RemoveAll(w.scratch); err != nil {
		return "", err
	}
	left, err := w.people(ctx)
	if err != nil {
		return "", err
	}
	for _, one := range left {
		if _, err := w.h.eraseInvented(ctx, jobs.ForClinic(w.clinic), one); err != nil {
			return "", err
		}
	}
	if len(left) == 0 && len(w.older) == 0 {
		return "nothing was left of an earlier walk", nil
	}
	return fmt.Sprintf("%d people of a walk that broke off were erased; what they had entered is looked for with the rest", len(left)), nil
}

// book has two people book by the public door: her, and another, of whom nothing may be in her copy.
func (w *nightWalk) book(ctx context.Context) (string, error) {
	now := w.h.Clock.Now()
	w.mu.Lock()
	w.marks = walkMarks{Her: canary.New(now, w.h.night), Other: canary.New(now, w.h.night), Witness: canary.Word()}
	w.mu.Unlock()
	w.watchLog()
	if err := w.write(ctx); err != nil { // her marks are known before she is
		return "", err
	}
	free, err := w.free(ctx, 2)
	if err != nil {
		return "", err
	}
	before := int(free[0].Sub(w.h.Clock.Now().Add(leastAhead)) / time.Minute)
	err = w.h.DB.Change(ctx, jobs.ForClinic(w.clinic), access.Work, func(_ context.Context, tx *store.Tx) error {
		return followup.RemindOnce(tx, followup.Draft{Channel: messaging.SMS, Minutes: before, Active: true})
	})
	if err != nil {
		return "", err
	}
	if w.her, err = w.bookOne(ctx, w.marks.Her, free[0], "reminder"); err != nil {
		return "", err
	}
	if w.other, err = w.bookOne(ctx, w.marks.Other, free[1]); err != nil {
		return "", err
	}
	key, err := w.h.Vault.WrappedKey(ctx, w.clinic, w.her.patient)
	if err == nil && len(key) == 0 {
		err = errors.New("she has no key of her own")
	}
	if err == nil {
		var open bool
		if open, err = w.h.Vault.Opens(ctx, w.clinic, w.her.cell(), w.her.name); err == nil && !open {
			err = errors.New("what was sealed for her does not open even now: the look at keys would prove nothing")
		}
	}
	w.mu.Lock()
	w.marks.Key = key
	w.mu.Unlock()
	return "two people booked by the public door", err
}

// night says whether nobody may be written to on the wall clock.
func (h *House) night(at time.Time) bool { return messaging.Night().Covers(at) }

// free are the first times that the public door offers, far enough ahead to be reminded of.
func (w *nightWalk) free(ctx context.Context, n int) (out []time.Time, err error) {
	now := w.h.Clock.Now().UTC()
	var got struct {
		Items []struct {
			StartsAt time.Time `json:"starts_at"`
		} `json:"items"`
	}
	// The zone of the clinic may be an hour ahead of ours: the day after tomorrow is never too far.
	q := url.Values{"service": {w.service}, "provider": {"any"}, "from": {now.Format(time.DateOnly)}, "to": {now.AddDate(0, 0, 1).Format(time.DateOnly)}}
	if err := w.door().json(ctx, http.MethodGet, "/api/v1/clinics/"+w.slug+"/slots?"+q.Encode(), nil, nil, http.StatusOK, &got); err != nil {
		return nil, err
	}
	least := now.Add((followup.LeastMinutes+1)*time.Minute + leastAhead)
	for _, s := range got.Items {
		if s.StartsAt.After(least) && len(out) < n {
			out = append(out, s.StartsAt)
		}
	}
	if len(out) < n {
		return nil, fmt.Errorf("the public door offers %d times, %d are needed", len(out), n)
	}
	return out, nil
}

func (w *nightWalk) bookOne(ctx context.Context, m canary.Marks, at time.Time, consents ...string) (p stroller, err error) {
	body := map[string]any{"service": w.service, "provider": "any", "starts_at": at.Format(time.RFC3339), "language": "en", "note": m.Words, "consents": nonNil(consents),
		"patient": map[string]any{"name": m.Name, "phone": m.Phone, "email": m.Email, "birth_date": "1980-01-02"}}
	var got struct {
		ID        id.ID  `json:"id"`
		ManageURL string `json:"manage_url"`
	}
	head := map[string]string{"Idempotency-Key": canary.Word(), "Content-Type": "application/json"}
	if err := w.door().json(ctx, http.MethodPost, "/api/v1/clinics/"+w.slug+"/bookings", head, body, http.StatusCreated, &got); err != nil {
		return p, err
	}
	p.appointment, p.token = got.ID, got.ManageURL[strings.LastIndexByte(got.ManageURL, '/')+1:]
	err = w.h.DB.View(ctx, jobs.ForClinic(w.clinic), access.Work, func(_ context.Context, v *store.View) error {
		if err := v.Row(sqlWalkBooked, p.appointment).Scan(&p.patient); err != nil {
			return err
		}
		return v.Row(sqlWalkSealed, p.patient).Scan(&p.name)
	})
	return p, err
}

// sent waits until a message of the kind has gone round the loop.
func (w *nightWalk) sent(ctx context.Context, what string, k messaging.Kind, c messaging.Channel, most time.Duration) error {
	return w.await(ctx, what, most, func() (ok bool, err error) {
		var n int64
		err = w.h.DB.View(ctx, jobs.ForClinic(w.clinic), access.Work, func(_ context.Context, v *store.View) error {
			return v.Row(sqlWalkSent, w.her.patient, string(k), string(c)).Scan(&n)
		})
		return n > 0, err
	})
}

func (w *nightWalk) confirmed(ctx context.Context) (string, error) {
	return "by e-mail, round the loop", w.sent(ctx, "the confirmation", messaging.Booked, messaging.Email, walkSoon)
}

func (w *nightWalk) reminded(ctx context.Context) (string, error) {
	return "by SMS, round the loop", w.sent(ctx, "the reminder", messaging.Reminder, messaging.SMS, walkReminder)
}

// stop has her write STOP to the number that reminded her.
func (w *nightWalk) stop(ctx context.Context) (string, error) {
	may := func() (ok bool, err error) {
		err = w.h.DB.View(ctx, jobs.ForClinic(w.clinic), access.Work, func(_ context.Context, v *store.View) error {
			ok, _, err = consent.May(v, w.her.patient, consent.Reminder, string(messaging.SMS))
			return err
		})
		return ok, err
	}
	if ok, err := may(); err != nil || !ok {
		return "", errors.Join(errors.New("she may not be reminded, before she has said STOP"), err)
	}
	if err := w.h.canary.phones.WriteFrom(ctx, w.clinic, w.marks.Her.Phone, messaging.SMS, "STOP"); err != nil {
		return "", err
	}
	err := w.await(ctx, "STOP was not heard", walkSoon, func() (bool, error) {
		ok, err := may()
		return !ok, err
	})
	if err != nil {
		return "", err
	}
	return "it was heard and answered", w.sent(ctx, "the answer to STOP", messaging.StopHeard, messaging.SMS, walkSoon)
}

// copied has her ask for her data on her own page, and looks through what she gets. The link is one as her messages carry it: what was sent cannot be
// read again, and may have gone round the loop of another process. The one that the booking answered must not open her data.
func (w *nightWalk) copied(ctx context.Context) (string, error) {
	d := w.door()
	if got, err := d.ask(ctx, http.MethodGet, "/m/"+w.her.token+"/data", nil, nil); err != nil || got.status != http.StatusForbidden {
		return "", errors.Join(errors.New("the link that the booking answered opens her data"), err)
	}
	err := w.h.DB.Change(ctx, jobs.ForClinic(w.clinic), access.Work, func(_ context.Context, tx *store.Tx) (err error) {
		tx.Housekeeping("the invented patient gets the link that a message would carry")
		w.her.token, err = scheduling.NewLink(tx, w.her.patient, w.her.appointment, tx.Now().Add(scheduling.LinkLife))
		return err
	})
	if err != nil {
		return "", err
	}
	page := "/m/" + w.her.token + "/data"
	if err := d.post(ctx, page, page+"/copy", nil); err != nil {
		return "", err
	}
	got, err := d.ask(ctx, http.MethodGet, page+"/copy.json", nil, nil)
	if err != nil {
		return "", err
	}
	if got.status != http.StatusOK {
		return "", fmt.Errorf("the copy answered %d", got.status)
	}
	missing, foreign, err := canary.Compare(got.body.Bytes(), w.marks.Her, w.marks.Other)
	switch {
	case err != nil:
		return "", err
	case len(missing) > 0 || len(foreign) > 0:
		return "", fmt.Errorf("the copy lacks %v of hers and holds %v of somebody else's", missing, foreign)
	}
	return fmt.Sprintf("%d bytes: every mark of hers, none of the other's", got.body.Len()), nil
}

// erased has the clinic erase her, in every room, and looks what the rooms still hold.
func (w *nightWalk) erased(ctx context.Context) (string, error) {
	h, who := w.h, jobs.ForClinic(w.clinic)
	one, err := h.eraseInvented(ctx, who, w.her.patient)
	if err != nil {
		return "", err
	}
	err = h.DB.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		held, err := collectAll(v, w.her.patient)
		for table, rows := range held {
			if len(rows) > 0 {
				return found{[]string{fmt.Sprintf("%d rows of %s about her", len(rows), table)}}
			}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if got, err := w.door().ask(ctx, http.MethodGet, "/m/"+w.her.token, nil, nil); err != nil || got.status < http.StatusBadRequest {
		return "", errors.Join(errors.New("her page still opens"), err)
	}
	e, err := h.Erasure.Public(ctx, accounts.Public(w.clinic), one)
	if err != nil {
		return "", err
	}
	if e.First == "" {
		return "in every room; her page is gone; the certificate is issued within the hour", nil
	}
	x, err := privacy.Read([]byte(e.First))
	if err == nil && x.ID != one.String() {
		err = errors.New("the certificate is of another erasure")
	}
	return "in every room; her page is gone; the certificate is genuine", err
}

// keys tries what was sealed for the two: hers opens no more, the other's does.
func (w *nightWalk) keys(ctx context.Context) (string, error) {
	if err := w.opens(ctx, w.h.Vault); err != nil {
		return "", err
	}
	left, err := w.h.Vault.WrappedKey(ctx, w.clinic, w.her.patient)
	if err == nil && len(left) > 0 {
		err = found{[]string{"her wrapped key, in the key store"}}
	}
	return "hers opens nothing, the other's opens", err
}

// opens holds a key store against what was sealed for the two before she was erased.
func (w *nightWalk) opens(ctx context.Context, keys *vault.Vault) error {
	for _, p := range []stroller{w.her, w.other} {
		open, err := keys.Opens(ctx, w.clinic, p.cell(), p.name)
		switch {
		case err != nil:
			return err
		case open && p.patient == w.her.patient:
			return found{[]string{"a key that opens her name"}}
		case !open && p.patient == w.other.patient:
			return errors.New("what was sealed for the other does not open either: the look proves nothing")
		}
	}
	return nil
}

// tidy erases the other, and lets everything go that the walk has laid down.
func (w *nightWalk) tidy(ctx context.Context) (string, error) {
	defer w.unwatchLog()
	w.h.canary.outbox.Clear()
	w.h.canary.phones.Clear()
	if w.clinic.IsZero() {
		return "nobody came", nil
	}
	people, err := w.people(ctx)
	if err != nil {
		return "", err
	}
	for _, one := range people {
		if _, err := w.h.eraseInvented(ctx, jobs.ForClinic(w.clinic), one); err != nil {
			return "", err
		}
	}
	return "the other was erased too, and the clinic is empty", os.RemoveAll(w.scratch)
}

// door is how the two come in: by the handler of the house, as a request from outside, only without the wire.
func (w *nightWalk) door() *walkDoor { return &walkDoor{h: w.h, cookies: map[string]string{}} }

type walkDoor struct {
	h       *House
	cookies map[string]string
}

func (d *walkDoor) ask(ctx context.Context, method, path string, head map[string]string, body []byte) (*page, error) {
	r, err := http.NewRequestWithContext(clinics.AsCanary(ctx), method, d.h.Config.PublicURL+path, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	for k, v := range head {
		r.Header.Set(k, v)
	}
	for k, v := range d.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	out := &page{header: http.Header{}, status: http.StatusOK}
	d.h.handler.ServeHTTP(out, r)
	for _, c := range (&http.Response{Header: out.header}).Cookies() {
		d.cookies[c.Name] = c.Value
	}
	return out, nil
}

func (d *walkDoor) json(ctx context.Context, method, path string, head map[string]string, in any, want int, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	got, err := d.ask(ctx, method, path, head, body)
	if err != nil {
		return err
	}
	if got.status != want {
		return fmt.Errorf("the public door answered %d, not %d", got.status, want)
	}
	return json.Unmarshal(got.body.Bytes(), out)
}

// post opens a page and sends its form, as somebody does who touches its button.
func (d *walkDoor) post(ctx context.Context, at, to string, fields url.Values) error {
	got, err := d.ask(ctx, http.MethodGet, at, nil, nil)
	if err != nil {
		return err
	}
	_, rest, ok := strings.Cut(got.body.String(), `name="csrf" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	if got.status != http.StatusOK || !ok {
		return fmt.Errorf("her page answered %d and has no form", got.status)
	}
	form := url.Values{"csrf": {token}}
	for k, v := range fields {
		form[k] = v
	}
	got, err = d.ask(ctx, http.MethodPost, to, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, []byte(form.Encode()))
	if err == nil && got.status != http.StatusSeeOther {
		err = fmt.Errorf("her form was answered by %d", got.status)
	}
	return err
}
