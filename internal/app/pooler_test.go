package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/promise"
	"almirah/internal/rig/pg"
	"almirah/internal/store"
)

// TestBehindAPooler: the whole walk of a booking through a pgbouncer in transaction mode that has four connections for everybody: data, keys and queue. Nothing in it may count on meeting
// the same connection again.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "upgrade-unseen")
	owned := ownedDatabase(t)
	h := openHouse(t, store.Postgres, Options{}, map[string]string{"ALMIRAH_DATABASE_URL": pg.Pooled(t, pg.Small(t, owned)), "ALMIRAH_KEYSTORE_URL": pg.Pooled(t, pg.Database(t))})
	ctx := t.Context()
	if err := h.Start(ctx); err != nil {
		t.Fatal(err)
	}
	slots := h.slotsOf(t, "any")
	var all sync.WaitGroup
	for client := range 12 {
		all.Go(func() {
			for turn := range 3 {
				n := client*3 + turn
				s := slots[n*5%len(slots)]
				key := fmt.Sprintf("pooled-%d", n)
				body := h.bookingBody(s["starts_at"], fmt.Sprintf("Pool %d", n), fmt.Sprintf("pool%d@example.org", n))
				first := h.api(t, "POST", "/bookings", key, body)
				if first.status == http.StatusConflict {
					continue
				}
				if again := h.api(t, "POST", "/bookings", key, body); first.status != http.StatusCreated || again.raw != first.raw {
					t.Errorf("booking: %d %s, and again %d %s", first.status, first.raw, again.status, again.raw)
					continue
				}
				res, err := http.Get(first.body["manage_url"].(string))
				if err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("her own page: %v %v", res, err)
					continue
				}
				res.Body.Close()
			}
		})
	}
	all.Wait()
	for range 100 { // the queue works through the pooler too: confirmations leave
		if len(h.Outbox.List()) >= 20 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := len(h.Outbox.List()); n < 20 {
		t.Errorf("%d confirmations went out", n)
	}
	if _, err := h.DB.VerifyAudit(ctx, accounts.Operator(), nil); err != nil {
		t.Error(err)
	}
	res, err := http.Get(h.Server.URL + "/readyz")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("ready: %v %v", res, err)
	}
	res.Body.Close()

	// An upgrade holds a lock of its session, which a pooler would lose: it is refused there, and nothing is changed.
	db, err := store.Open(ctx, pg.Pooled(t, owned), nil, clock.NewFake(morning), silent(), store.Options{Readers: 1, Writers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	newer := fstest.MapFS{"postgres/99001_newer.sql": &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE newer (a BIGINT);\n")}}
	if _, _, err := db.Migrate(ctx, newer); err == nil || !strings.Contains(err.Error(), "ALMIRAH_DATABASE_OWNER_URL") {
		t.Errorf("an upgrade through a pooler: %v", err)
	}
	if schema, err := db.Schema(ctx); err != nil || schema["newer"] != nil {
		t.Errorf("the upgrade was done: %v", err)
	}
	// The small role is told the same, wherever it comes from.
	small, err := store.Open(ctx, h.Config.DatabaseURL, nil, clock.NewFake(morning), silent(), store.Options{Readers: 1, Writers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = small.Close() }()
	if _, _, err := small.Migrate(ctx, newer); err == nil || !strings.Contains(err.Error(), "ALMIRAH_DATABASE_OWNER_URL") {
		t.Errorf("an upgrade by the small role: %v", err)
	}
}
