package messaging_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestDeliveryEventsAreDeletedAfter180Days: then the steps of a message's way and the provider's id of it are gone; what became of
// it stays with its row.
func TestDeliveryEventsAreDeletedAfter180Days(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "delivery-events-180")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		a := x.books("Asha Rao", asha, "", 50*time.Hour)
		x.wishes(a.Patient, messaging.WhatsApp)
		x.tick()
		m := x.whatsapp.all()[0]
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.StateNews, ProviderID: "wamid." + asha + "." + m.ID.String(), Reached: messaging.ReachedDelivered, Pricing: []byte(`{"category":"utility","billable":true}`)})
		look := func() messaging.Opened {
			t.Helper()
			o, err := x.messages.One(t.Context(), x.owner, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		expire := func() {
			x.do(access.Work, x.system, func(tx *store.Tx) error { _, err := messaging.Keeper{}.Due(tx); return err })
		}
		b.Clock.Move(180*24*time.Hour - time.Minute)
		expire()
		if o := look(); len(o.Steps) < 4 || !strings.HasPrefix(o.ProviderID, "wamid.") || !strings.Contains(o.Pricing, "utility") {
			t.Fatalf("before the day: %d steps, %q, %q", len(o.Steps), o.ProviderID, o.Pricing)
		}
		b.Clock.Move(24 * time.Hour) // the last day counts whole
		expire()
		if o, err := x.messages.One(t.Context(), x.owner, m.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("after it: %d steps, %q, %q, %v", len(o.Steps), o.ProviderID, o.Pricing, err)
		}
	})
}

// TestOpenedOnlyWhereTheClinicTurnedItOn: what a provider tells of opening is not kept, and no carrier is asked for it, unless the
// clinic turned it on; the mail then says so.
func TestOpenedOnlyWhereTheClinicTurnedItOn(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "opened-if-enabled")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		mail := func(name, address string, after time.Duration) messaging.Outgoing {
			t.Helper()
			x.books(name, "", address, after)
			x.tick()
			all := x.mail.all()
			m := all[len(all)-1]
			x.hears(messaging.Email, messaging.Event{Kind: messaging.StateNews, Message: m.ID, Reached: messaging.ReachedOpened})
			return m
		}
		reached := func(m messaging.Outgoing) messaging.Reached {
			t.Helper()
			o, err := x.messages.One(t.Context(), x.owner, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			return o.Reached
		}
		m := mail("Asha Rao", "asha@example.org", 50*time.Hour)
		if m.Opens || strings.Contains(m.Text, "is told when you open") || reached(m) != messaging.ReachedDelivered {
			t.Errorf("nobody turned it on: %v, %s\n%s", m.Opens, reached(m), m.Text)
		}
		if err := x.messages.SaveSetting(t.Context(), x.owner, messaging.Setting{Content: messaging.ContentNone, Opens: true, Version: 1}); err != nil {
			t.Fatal(err)
		}
		m = mail("Ravi Rao", "ravi@example.org", 52*time.Hour)
		if !m.Opens || !strings.Contains(m.Text, "is told when you open") || !strings.Contains(m.HTML, "is told when you open") || reached(m) != messaging.ReachedOpened {
			t.Errorf("it is turned on: %v, %s\n%s", m.Opens, reached(m), m.Text)
		}
	})
}

// TestTheCopyHoldsTheWholeConversation: the copy of what is held of a patient has every line and every file of her conversation,
// the oldest first, however many a page shows of them.
func TestTheCopyHoldsTheWholeConversation(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-copy-at-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		const lines, files = 201, 401
		x := talking(t, b)
		x.keeps(messaging.ContentFull, 0)
		a := x.books("Asha Rao", asha, "", 50*time.Hour)
		var news []messaging.Event
		left := files
		for n := range lines {
			e := messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha}, Text: fmt.Sprint("line ", n), At: clock.At(b.Clock.Now()).Add(time.Duration(n-lines) * time.Minute)}
			for range min(20, left) { // a file of which the provider tells the name only: there is nothing to fetch
				e.Media = append(e.Media, messaging.Media{ContentType: "image/jpeg", FileName: fmt.Sprint("file ", files-left)})
				left--
			}
			news = append(news, e)
		}
		for part := range slices.Chunk(news, 100) {
			x.hears(messaging.WhatsApp, part...)
		}
		x.tick()
		var got map[string][]map[string]string
		err := b.DB.View(t.Context(), x.owner, access.MessageRead, func(_ context.Context, v *store.View) (err error) {
			got, err = messaging.Keeper{}.Collect(v, a.Patient)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var said, named []string
		for _, l := range got["post"] {
			said = append(said, l["text"])
		}
		for _, f := range got["attached"] {
			named = append(named, f["name"])
		}
		for what, c := range map[string]struct {
			got  []string
			most int
		}{"line": {said, lines}, "file": {named, files}} {
			if len(c.got) != c.most || c.got[0] != what+" 0" {
				t.Errorf("the copy has %d of %d: %ss, from %q", len(c.got), c.most, what, c.got[:min(1, len(c.got))])
				continue
			}
			slices.Sort(c.got)
			if n := len(slices.Compact(c.got)); n != c.most {
				t.Errorf("%d different %ss of %d", n, what, c.most)
			}
		}
		if !slices.IsSortedFunc(got["post"], func(a, b map[string]string) int { return strings.Compare(a["at"], b["at"]) }) {
			t.Error("the lines are not in the order in which they were said")
		}
	})
}
