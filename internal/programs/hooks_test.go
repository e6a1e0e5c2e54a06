package programs_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/programs"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// signed says whether the request carries the signature of the secret, as a program checks it.
func (r request) signed(secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%s.%s", r.head.Get("webhook-id"), r.head.Get("webhook-timestamp"), r.body)
	for _, s := range strings.Fields(r.head.Get("webhook-signature")) {
		if s == "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)) {
			return true
		}
	}
	return false
}

func TestAProgramIsToldIdsAlone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "webhooks-thin", "webhooks-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		secret, one := h.endpoint(programs.AppointmentBooked)
		appointment, patient := id.New(b.Clock.Now()), id.New(b.Clock.Now())
		h.tell(programs.AppointmentMoved, appointment, patient) // nobody asked for it
		h.tell(programs.AppointmentBooked, appointment, patient)
		got := h.work()
		want := fmt.Sprintf(`{"type":"appointment.booked","timestamp":"%s","data":{"id":"%s","patient":"%s"}}`, b.Clock.Now().UTC().Format(time.RFC3339Nano), appointment, patient)
		if len(got) != 1 || got[0].body != want || got[0].host != "hooks.sunrise.example" || !got[0].signed(secret) {
			t.Fatalf("sent %+v, want %s", got, want)
		}
		for name := range got[0].head {
			switch strings.ToLower(name) {
			case "content-type", "content-length", "user-agent", "accept-encoding", "webhook-id", "webhook-timestamp", "webhook-signature":
			default:
				t.Errorf("a header %s", name)
			}
		}
		if at := got[0].head.Get("webhook-timestamp"); at != strconv.FormatInt(b.Clock.Now().Unix(), 10) {
			t.Errorf("sent at %s", at)
		}
		if _, list := h.look(one); len(list) != 1 || list[0].State != programs.Delivered || list[0].Answer != 204 || "msg_"+list[0].ID.String() != got[0].head.Get("webhook-id") {
			t.Errorf("kept: %+v", list)
		}
		// The test of the owner, and the other clinic.
		if err := h.programs.Test(ctx, h.owner, one); err != nil {
			t.Fatal(err)
		}
		if got := h.work(); len(got) != 1 || !strings.Contains(got[0].body, programs.TestKind) {
			t.Errorf("the test sent %+v", got)
		}
		other := b.In(b.Found(t, "moonrise"), access.Owner)
		_, _, err := h.programs.Endpoint(ctx, other, one, 1)
		is(t, err, fault.NotFound, "", "another clinic looks")
		is(t, h.programs.Test(ctx, other, one), fault.NotFound, "", "another clinic tries")
		_, err = h.programs.Rotate(ctx, other, one, 1)
		is(t, err, fault.NotFound, "", "another clinic rotates")
		is(t, h.programs.Remove(ctx, other, one, 1), fault.NotFound, "", "another clinic removes")
	})
}

func TestTwoSecretsSignForADay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "webhooks-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		first, one := h.endpoint(programs.PatientCreated)
		e, _ := h.look(one)
		second, err := h.programs.Rotate(ctx, h.owner, one, e.Version)
		if err != nil || second == first {
			t.Fatal(err)
		}
		send := func() request {
			t.Helper()
			p := id.New(b.Clock.Now())
			h.tell(programs.PatientCreated, p, p)
			got := h.work()
			if len(got) != 1 {
				t.Fatalf("%d requests", len(got))
			}
			return got[0]
		}
		if r := send(); !r.signed(first) || !r.signed(second) {
			t.Error("one of the two secrets does not sign")
		}
		h.Clock.Move(24*time.Hour + time.Second)
		if r := send(); r.signed(first) || !r.signed(second) {
			t.Error("after a day the earlier secret still signs, or the present one does not")
		}
		h.do(func(tx *store.Tx) error { _, err := programs.Keeper{}.Due(tx); return err })
		h.do(func(tx *store.Tx) error {
			var n int
			err := tx.Row(`SELECT COUNT(*) FROM webhook_endpoint WHERE clinic_id = $1 AND old_secret IS NOT NULL`).Scan(&n)
			if n != 0 {
				t.Error("the earlier secret stays")
			}
			return err
		})
	})
}

func TestWhatFailsComesAgainAndThenStops(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "webhooks-again")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		secret, one := h.endpoint(programs.InvoicePaid)
		h.answers(500)
		h.tell(programs.InvoicePaid, id.New(b.Clock.Now()), id.Zero)
		first := h.work()
		if len(first) != 1 || len(h.work()) != 0 {
			t.Fatal("not one attempt")
		}
		h.Clock.Move(6 * time.Second)
		second := h.work()
		if len(second) != 1 || second[0].head.Get("webhook-id") != first[0].head.Get("webhook-id") || second[0].body != first[0].body || !second[0].signed(secret) {
			t.Fatalf("again: %+v", second)
		}
		h.answers(503, "Retry-After", "3600") // the receiver says when
		h.Clock.Move(6 * time.Minute)
		h.work()
		h.Clock.Move(40 * time.Minute)
		if got := h.work(); len(got) != 0 {
			t.Error("the receiver asked for an hour")
		}
		h.answers(204)
		h.Clock.Move(25 * time.Minute)
		if got := h.work(); len(got) != 1 {
			t.Error("not sent after the hour")
		}
		if e, list := h.look(one); list[0].State != programs.Delivered || list[0].Attempts != 4 || e.FailingSince != 0 {
			t.Errorf("%+v %+v", e, list)
		}
		// Given up after the schedule; the address is switched off after five days of failures alone, and its owners are told once.
		h.answers(500)
		h.tell(programs.InvoicePaid, id.New(b.Clock.Now()), id.Zero)
		attempts := 0
		for range 80 {
			attempts += len(h.work())
			h.Clock.Move(2 * time.Hour)
		}
		if _, list := h.look(one); attempts != 10 || list[0].State != programs.Failed {
			t.Errorf("%d attempts, %+v", attempts, list[0])
		}
		h.tell(programs.InvoicePaid, id.New(b.Clock.Now()), id.Zero)
		h.work()
		e, list := h.look(one)
		if e.State != programs.Off || e.Reason != programs.Failing || list[0].State != programs.Missed {
			t.Errorf("after five days: %+v %+v", e, list[0])
		}
		var told []string
		for range 2 {
			if err := h.programs.TellOwners(ctx, h.As(access.System), func(_, what string) error { told = append(told, what); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if fmt.Sprint(told) != "[webhooks]" {
			t.Errorf("told %v", told)
		}
		// What happened meanwhile is sent when the owner says so, under the ids that it had.
		h.answers(204)
		h.tell(programs.InvoicePaid, id.New(b.Clock.Now()), id.Zero)
		if got := h.work(); len(got) != 0 {
			t.Error("told while it is off")
		}
		_, err := h.programs.Replay(ctx, h.owner, one, id.Zero, 0, clock.At(b.Clock.Now())+1)
		is(t, err, fault.Conflict, "fault.webhook_off", "a replay while off")
		if err := h.programs.Switch(ctx, h.owner, one, e.Version, true); err != nil {
			t.Fatal(err)
		}
		n, err := h.programs.Replay(ctx, h.owner, one, id.Zero, clock.At(b.Clock.Now().Add(-time.Minute)), clock.At(b.Clock.Now())+1)
		if err != nil || n != 2 {
			t.Fatalf("replayed %d, %v", n, err)
		}
		h.Clock.Move(time.Second)
		if got := h.work(); len(got) != 2 {
			t.Errorf("replayed: %d", len(got))
		}
		n, err = h.programs.Replay(ctx, h.owner, one, list[len(list)-1].ID, 0, 0)
		if got := h.work(); err != nil || n != 1 || len(got) != 1 || got[0].head.Get("webhook-id") != first[0].head.Get("webhook-id") {
			t.Errorf("one again: %d, %v", n, err)
		}
		h.answers(410)
		h.tell(programs.InvoicePaid, id.New(b.Clock.Now()), id.Zero)
		h.work()
		if e, _ := h.look(one); e.State != programs.Off || e.Reason != programs.Gone {
			t.Errorf("after 410: %+v", e)
		}
	})
}

func TestAHostileReceiverHarmsNobody(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "webhooks-guarded")
	h := open(t, rig.New(t, store.SQLite, store.Options{}))
	_, one := h.endpoint(programs.PatientCreated)
	h.wait = 300 * time.Millisecond
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		status int
		reason string
	}{
		"leads into the network": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		}, 302, ""},
		"never answers": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
			}
		}, 0, "timeout"},
		"answers without an end": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			for range 10 << 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, 500, ""},
		"breaks off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "network"},
	} {
		h.mu.Lock()
		h.answer = c.answer
		h.mu.Unlock()
		p := id.New(h.Clock.Now())
		h.tell(programs.PatientCreated, p, p)
		begun := time.Now()
		got := h.work()
		_, list := h.look(one)
		if len(got) != 1 || list[0].Answer != c.status || list[0].Reason != c.reason || list[0].State != programs.Planned || time.Since(begun) > 2500*time.Millisecond {
			t.Errorf("%s: %d requests, %+v, in %s", name, len(got), list[0], time.Since(begun))
		}
		h.Clock.Move(time.Hour)
		h.answers(204)
		h.work()
		h.Clock.Move(time.Minute)
	}
	ctx := context.Background()
	for _, bad := range []string{"", "http://hooks.sunrise.example/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://hooks.sunrise.example:22/", "https://u:p@hooks.sunrise.example/", "https://hooks.sunrise.example/#x", "ftp://hooks.sunrise.example/", "https:hooks", "https://" + strings.Repeat("a", 600) + ".example/"} {
		_, _, err := h.programs.AddEndpoint(ctx, h.owner, programs.EndpointDraft{URL: bad, Events: programs.PatientCreated})
		is(t, err, fault.Invalid, "", bad)
	}
	for range 4 {
		h.endpoint(programs.PatientCreated)
	}
	_, _, err := h.programs.AddEndpoint(ctx, h.owner, programs.EndpointDraft{URL: "https://hooks.sunrise.example/", Events: programs.PatientCreated})
	is(t, err, fault.Conflict, "fault.too_many_webhooks", "a sixth address")
}

// TestAClinicThatTellsNobodyIsNotAskedAllDay: where the clinic chose that nothing leaves, what waits stays as it is, and is looked at again after a while and not at
// once, over and over; when it may leave again it is told.
func TestAClinicThatTellsNobodyIsNotAskedAllDay(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		_, one := h.endpoint(programs.PatientCreated)
		p := id.New(b.Clock.Now())
		h.tell(programs.PatientCreated, p, p)
		h.barred = "nobody"
		if got := h.work(); len(got) != 0 {
			t.Errorf("%d were told though nothing may leave", len(got))
		}
		h.do(func(tx *store.Tx) error {
			at, err := programs.NextDue(&tx.View)
			if at.Sub(tx.Now()) < time.Minute || at.Sub(tx.Now()) > time.Hour {
				t.Errorf("the next look is after %s", at.Sub(tx.Now()))
			}
			return err
		})
		due, err := h.programs.Waiting(context.Background(), h.As(access.System))
		if err != nil || len(due) != 0 {
			t.Errorf("%d addresses are worked on at once: %v", len(due), err)
		}
		if _, list := h.look(one); len(list) != 1 || list[0].State != programs.Planned || list[0].Attempts != 0 {
			t.Errorf("%+v", list)
		}
		h.barred = ""
		h.Clock.Move(time.Hour)
		if got := h.work(); len(got) != 1 {
			t.Errorf("%d were told when it was allowed again", len(got))
		}
	})
}

// TestWhatWaitsAtAnAddressThatIsOffIsNotDue: what was announced in the very moment in which the address was switched off keeps nobody busy.
func TestWhatWaitsAtAnAddressThatIsOffIsNotDue(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		_, one := h.endpoint(programs.PatientCreated)
		e, _ := h.look(one)
		if err := h.programs.Switch(context.Background(), h.owner, one, e.Version, false); err != nil {
			t.Fatal(err)
		}
		p := id.New(b.Clock.Now())
		h.tell(programs.PatientCreated, p, p)
		h.do(func(tx *store.Tx) error { // read as on before it was off
			_, err := tx.Exec(`UPDATE webhook_delivery SET state = 'planned' WHERE clinic_id = $1`)
			return err
		})
		h.do(func(tx *store.Tx) error {
			at, err := programs.NextDue(&tx.View)
			if at != 0 {
				t.Errorf("due at %s", at.Time())
			}
			return err
		})
	})
}

func TestARestoredHouseTellsNothingTwice(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "webhooks-held")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		_, one := h.endpoint(programs.PatientCreated | programs.AppointmentBooked)
		p, q := id.New(b.Clock.Now()), id.New(b.Clock.Now())
		h.tell(programs.PatientCreated, p, p)
		h.tell(programs.AppointmentBooked, id.New(b.Clock.Now()), q)
		h.do(func(tx *store.Tx) error {
			n, err := programs.AfterRestore(tx)
			if n != 2 {
				t.Errorf("%d uncertain", n)
			}
			return err
		})
		h.Clock.Move(time.Hour)
		if got := h.work(); len(got) != 0 {
			t.Errorf("%d were told after the restore", len(got))
		}
		_, list := h.look(one)
		if list[0].State != programs.Uncertain || list[1].State != programs.Uncertain {
			t.Errorf("%+v", list)
		}
		if _, err := h.programs.Replay(ctx, h.owner, one, list[0].ID, 0, 0); err != nil {
			t.Fatal(err)
		}
		if got := h.work(); len(got) != 1 {
			t.Errorf("%d after the owner's word", len(got))
		}
		// An erased person goes from what was told and from what waits.
		h.tell(programs.PatientCreated, p, p)
		h.do(func(tx *store.Tx) error {
			found, err := programs.Keeper{}.Collect(&tx.View, p)
			if len(found["webhook_delivery"]) != 2 {
				t.Errorf("copied out: %v", found)
			}
			return err
		})
		h.do(func(tx *store.Tx) error { return programs.Keeper{}.Erase(tx, p) })
		if got := h.work(); len(got) != 0 {
			t.Error("an erased person is told of")
		}
		if _, list := h.look(one); len(list) != 1 || list[0].Patient != q {
			t.Errorf("%+v", list)
		}
		// Removing the address removes everything of it; tellings go after a month by themselves.
		h.tell(programs.PatientCreated, q, q)
		h.Clock.Move(31 * 24 * time.Hour)
		h.do(func(tx *store.Tx) error { _, err := programs.Keeper{}.Due(tx); return err })
		e, list := h.look(one)
		if len(list) != 0 {
			t.Errorf("%d tellings after a month", len(list))
		}
		h.tell(programs.PatientCreated, q, q)
		if err := h.programs.Remove(ctx, h.owner, one, e.Version); err != nil {
			t.Fatal(err)
		}
		if got := h.work(); len(got) != 0 {
			t.Error("told after it was removed")
		}
	})
}
