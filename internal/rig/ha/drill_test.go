package ha_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/app"
	"almirah/internal/clock"
	"almirah/internal/rig/ha"
	"almirah/internal/store"
	"almirah/internal/vault"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"
)

// try is one question to a clinic: somebody wants a slot, or looks whether it is free.
type try struct {
	slot string
	key  string // who wants it; empty for a look
}

// told is the answer. A try whose answer never came is not told: it may have happened, or not.
type told struct{ booked, taken, free, unknown bool }

// model is one slot: free, or of whoever came first. The same key again is answered the same.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[string][]porcupine.Operation{}
		for _, o := range history {
			by[o.Input.(try).slot] = append(by[o.Input.(try).slot], o)
		}
		var out [][]porcupine.Operation
		for _, l := range by {
			out = append(out, l)
		}
		return out
	},
	Init: func() any { return "" },
	Step: func(state, in, out any) (bool, any) {
		holder, want, got := state.(string), in.(try), out.(told)
		switch {
		case want.key == "":
			return got.free == (holder == ""), holder
		case got.unknown && holder == "":
			return true, want.key // or never: then it is put behind everything else
		case got.unknown:
			return true, holder
		case got.booked:
			return holder == "" || holder == want.key, want.key
		}
		return got.taken && holder != "" && holder != want.key, holder
	},
	Equal:             func(a, b any) bool { return a == b },
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
}

type slot struct {
	StartsAt string `json:"starts_at"`
	EndsAt   string `json:"ends_at"`
	Provider string `json:"provider"`
}

type drill struct {
	t       *testing.T
	nodes   []string // addresses of the program's processes
	client  http.Client
	service string
	begun   time.Time

	turn  atomic.Int64
	mu    sync.Mutex
	ops   []porcupine.Operation
	acked map[string]string // booking by key
	at    []time.Time       // of each acknowledgement
	again int               // retries of requests that had no answer
}

// node is any process: no request is bound to the one that answered the last.
func (d *drill) node() string {
	return d.nodes[int(d.turn.Add(1))%len(d.nodes)] + "/api/v1/clinics/sunrise"
}

func (d *drill) get(path string, into any) error {
	res, err := d.client.Get(d.node() + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d", path, res.StatusCode)
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// book asks once; the error says that nobody knows what became of it.
func (d *drill) book(s slot, key string) (told, string, error) {
	body, _ := json.Marshal(map[string]any{"service": d.service, "provider": s.Provider, "starts_at": s.StartsAt,
		"patient": map[string]any{"name": "Drill " + key, "email": key + "@example.org", "birth_date": "1980-01-02"}, "consents": []string{"reminder"}})
	r, err := http.NewRequest(http.MethodPost, d.node()+"/bookings", bytes.NewReader(body))
	if err != nil {
		return told{}, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	res, err := d.client.Do(r)
	if err != nil {
		return told{}, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return told{}, "", err
	}
	switch res.StatusCode {
	case http.StatusCreated:
		var out struct{ ID string }
		err := json.Unmarshal(b, &out)
		return told{booked: true}, out.ID, err
	case http.StatusConflict:
		return told{taken: true}, "", nil
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		return told{}, "", fmt.Errorf("%d", res.StatusCode)
	}
	d.t.Errorf("a booking was answered with %d: %s", res.StatusCode, b)
	return told{unknown: true}, "", nil
}

// wants books a slot, and asks again with the same key until there is an answer.
func (d *drill) wants(client int, s slot, key string, stop <-chan struct{}) {
	call := time.Since(d.begun)
	for {
		got, booking, err := d.book(s, key)
		if err == nil {
			d.note(client, try{s.StartsAt + s.Provider, key}, got, call)
			if got.booked {
				d.keep(key, booking)
			}
			return
		}
		d.mu.Lock()
		d.again++
		d.mu.Unlock()
		select {
		case <-stop:
			d.note(client, try{s.StartsAt + s.Provider, key}, told{unknown: true}, call)
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (d *drill) note(client int, in try, out told, call time.Duration) {
	end := time.Since(d.begun)
	if out.unknown {
		end = 24 * time.Hour
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops = append(d.ops, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(call), Return: int64(end)})
}

func (d *drill) keep(key, booking string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acked[key] = booking
	d.at = append(d.at, time.Now())
}

// looks asks whether the slot is free.
func (d *drill) looks(client int, s slot) {
	call := time.Since(d.begun)
	var list struct{ Items []slot }
	if d.get(fmt.Sprintf("/slots?service=%s&provider=%s&from=%s&to=%s", d.service, s.Provider, s.StartsAt[:10], s.StartsAt[:10]), &list) != nil {
		return
	}
	free := false
	for _, x := range list.Items {
		free = free || x.StartsAt == s.StartsAt
	}
	d.note(client, try{slot: s.StartsAt + s.Provider}, told{free: free}, call)
}

// gap is the longest time without an acknowledgement between two moments.
func (d *drill) gap(from, to time.Time) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	var longest time.Duration
	last := from
	for _, at := range d.at {
		if at.Before(from) || at.After(to) {
			continue
		}
		longest, last = max(longest, at.Sub(last)), at
	}
	return longest
}

func (d *drill) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.at)
}

// TestThePrimaryIsKilledUnderLoad: two processes of the program take bookings on a PostgreSQL of three servers, as docs/postgresql.md sets it up, while the server that
// leads is killed three times. Nothing that was acknowledged is lost, nothing is booked twice, and what everybody was told could have happened one after the other. A
// server that comes back by itself, and takes itself for the one that leads, is used by nobody.
func TestThePrimaryIsKilledUnderLoad(t *testing.T) {
	t.Parallel()
	if os.Getenv("ALMIRAH_SOAK") != "1" {
		t.Log("only a soak starts three servers: make drill-ha")
		return
	}
	ctx := context.Background()
	c := ha.Start(t)
	t.Logf("soak: the servers stand; node %d leads", c.Leader())

	// The roles are made by what the program prints, run as the handbook says.
	dir := t.TempDir()
	set := map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_PUBLIC_LIMIT": "0", "ALMIRAH_CANARY_HOUR": "off",
		"ALMIRAH_DATABASE_URL": c.Address("almirah_app", "almirah", 0), "ALMIRAH_DATABASE_OWNER_URL": c.Address("almirah_owner", "almirah", 0)}
	get := func(name string) string { return set[name] }
	var said, errs bytes.Buffer
	if err := app.Command(ctx, []string{"postgres", "roles"}, get, &said, &errs); err != nil {
		t.Fatal(err)
	}
	super, err := pgx.Connect(ctx, c.One(c.Leader(), "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := super.Exec(ctx, "CREATE DATABASE almirah"); err != nil {
		t.Fatal(err)
	}
	_ = super.Close(ctx)
	psql := exec.Command("psql", "-X", "-q", c.One(c.Leader(), "almirah"))
	psql.Stdin = &said
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}

	for node := range ha.Nodes { // a server that does not know the database yet would end the search for the one that leads
		c.Knows(node, "almirah_keys")
	}
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateRootKey(set["ALMIRAH_KEYS"]); err != nil {
		t.Fatal(err)
	}
	if err := app.Command(ctx, []string{"migrate"}, get, &said, &errs); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	delete(set, "ALMIRAH_DATABASE_OWNER_URL") // the program that serves does not know the owner
	d := &drill{t: t, client: http.Client{Timeout: 10 * time.Second}, begun: time.Now(), acked: map[string]string{}}
	var houses []*app.House
	for n := range 2 {
		houses = append(houses, d.open(c, set, n))
	}
	if r, err := houses[0].DB.Role(ctx); err != nil || !r.Small() {
		t.Fatalf("the program's role: %+v %v", r, err)
	}

	var services struct{ Items []struct{ ID string } }
	if err := d.get("/services", &services); err != nil {
		t.Fatal(err)
	}
	d.service = services.Items[0].ID
	slots := d.slots()
	t.Logf("soak: %d slots", len(slots))
	before := d.appointments(c)

	stop, loading := make(chan struct{}), sync.WaitGroup{}
	const clients = 8
	var next atomic.Int64
	for client := range clients {
		loading.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(400 * time.Millisecond):
				}
				n := int(next.Add(1))
				s := slots[(n/2)%len(slots)] // two want each
				d.wants(client, s, fmt.Sprintf("drill-%d", n), stop)
				if n%3 == 0 {
					d.looks(client+clients, s)
				}
			}
		})
	}
	await := func(n int, what string) {
		t.Helper()
		from := d.count()
		for end := time.Now().Add(90 * time.Second); d.count() < from+n; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %d bookings within 90 s, %d were wanted\n%s", what, d.count()-from, n, c.Log("patroni0.log"))
			}
		}
	}
	await(20, "before anything happens")
	for round := range 3 {
		leader := c.Leader()
		killed := time.Now()
		c.Kill(leader)
		await(20, fmt.Sprintf("after kill %d", round+1))
		t.Logf("soak: kill %d: node %d was killed; no booking was acknowledged for %.1f s; node %d leads now", round+1, leader, d.gap(killed, time.Now()).Seconds(), c.Leader())
		if round == 1 {
			d.astray(c, set, leader)
			await(5, "beside a server that went astray")
		}
		c.Return(leader)
		c.Whole(2 * time.Minute)
		await(10, "when it was whole again")
	}
	close(stop)
	loading.Wait()

	d.verify(c, houses[0], before)
}

// open starts a process of the program: here two of them share this one, and nothing else.
func (d *drill) open(c *ha.Cluster, set map[string]string, first int) *app.House {
	d.t.Helper()
	mine := map[string]string{}
	for k, v := range set {
		mine[k] = v
	}
	mine["ALMIRAH_DATABASE_URL"] = c.Address("almirah_app", "almirah", first)
	cfg, err := app.FromEnv(func(name string) string { return mine[name] })
	if err != nil {
		d.t.Fatal(err)
	}
	cfg.Demo = true
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	d.t.Cleanup(srv.Close)
	cfg.PublicURL = srv.URL
	h, err := app.Open(context.Background(), cfg, clock.System{}, slog.New(slog.NewTextHandler(io.Discard, nil)), app.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = h.Close() })
	if err := h.LoadDemo(context.Background(), func(string, ...any) {}); err != nil {
		d.t.Fatal(err)
	}
	if err := h.Start(context.Background()); err != nil {
		d.t.Fatal(err)
	}
	handler = h.Handler()
	d.nodes = append(d.nodes, srv.URL)
	return h
}

// slots are free times that do not overlap.
func (d *drill) slots() []slot {
	d.t.Helper()
	var out []slot
	busy := map[string]string{} // by provider: until when
	from := time.Now().UTC().AddDate(0, 0, 2)
	for week := range 5 {
		var list struct{ Items []slot }
		a, b := from.AddDate(0, 0, 7*week).Format(time.DateOnly), from.AddDate(0, 0, 7*week+6).Format(time.DateOnly)
		if err := d.get("/slots?service="+d.service+"&provider=any&from="+a+"&to="+b, &list); err != nil {
			d.t.Fatal(err)
		}
		for _, s := range list.Items {
			if s.StartsAt >= busy[s.Provider] {
				out, busy[s.Provider] = append(out, s), s.EndsAt
			}
		}
	}
	if len(out) < 100 {
		d.t.Fatalf("only %d slots are free", len(out))
	}
	return out
}

func (d *drill) appointments(c *ha.Cluster) (n int) {
	d.t.Helper()
	d.ask(c, `SELECT COUNT(*) FROM appointment`, &n)
	return n
}

func (d *drill) ask(c *ha.Cluster, text string, into any, args ...any) {
	d.t.Helper()
	conn, err := pgx.Connect(context.Background(), c.Address("postgres", "almirah", 0))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(context.Background(), text, args...).Scan(into); err != nil {
		d.t.Fatal(err)
	}
}

// astray starts the killed server by hand. It acknowledges nothing, because it waits for a standby that follows another; and a process of the program that begins
// now, with this server first in its address, does not use it.
func (d *drill) astray(c *ha.Cluster, set map[string]string, node int) {
	d.t.Helper()
	ctx := context.Background()
	stop := c.Astray(node)
	defer stop()
	conn, err := pgx.Connect(ctx, c.One(node, "almirah"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close(ctx)
	waiting, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := conn.Exec(waiting, `CREATE TABLE written_astray (n BIGINT)`); err == nil {
		d.t.Error("a server that went astray acknowledged a write")
	}
	u, err := url.Parse(c.Address("almirah_app", "almirah", node))
	if err != nil {
		d.t.Fatal(err)
	}
	db, err := store.Open(ctx, u.String(), nil, clock.System{}, slog.New(slog.NewTextHandler(io.Discard, nil)), store.Options{Readers: 2, Writers: 2})
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	w, err := db.Watch(ctx, accounts.Operator())
	if err != nil || w.Version == 0 {
		d.t.Errorf("beside the server that went astray: %v", err)
	}
	schema, err := db.Schema(ctx)
	if err != nil || schema["written_astray"] != nil {
		d.t.Errorf("a process that begins now uses the server that went astray: %v", err)
	}
	d.t.Log("soak: the killed server was started by hand: it acknowledged nothing, and nobody used it")
}

// verify looks at everything that anybody was told.
func (d *drill) verify(c *ha.Cluster, h *app.House, before int) {
	t := d.t
	t.Helper()
	ctx := context.Background()
	unknown, taken := 0, 0
	for _, o := range d.ops {
		switch out := o.Output.(told); {
		case out.unknown:
			unknown++
		case out.taken:
			taken++
		}
	}
	seen, lost := map[string]bool{}, 0
	for key, booking := range d.acked {
		if seen[booking] {
			t.Errorf("two keys were told of one booking")
		}
		seen[booking] = true
		var n int
		d.ask(c, `SELECT COUNT(*) FROM appointment WHERE id = decode(replace($1, '-', ''), 'hex') AND status <> 'cancelled'`, &n, booking)
		if n != 1 {
			lost++
			t.Errorf("the acknowledged booking of %s is there %d times", key, n)
		}
	}
	after := d.appointments(c)
	if made := after - before; made < len(d.acked) || made > len(d.acked)+unknown {
		t.Errorf("%d appointments were made, %d were acknowledged and %d had no answer", made, len(d.acked), unknown)
	}
	var double int
	d.ask(c, `SELECT COUNT(*) FROM appointment a JOIN appointment b ON a.clinic_id = b.clinic_id AND a.provider_id = b.provider_id AND a.id < b.id
		AND a.claims_from < b.claims_to AND b.claims_from < a.claims_to WHERE a.status <> 'cancelled' AND b.status <> 'cancelled' AND a.lane = b.lane`, &double)
	if double > 0 {
		t.Errorf("%d pairs of appointments overlap", double)
	}
	// Every key once more: the same booking, and none new.
	n := 0
	for key, booking := range d.acked {
		if n++; n%5 != 0 {
			continue
		}
		for _, o := range d.ops {
			if in := o.Input.(try); in.key == key {
				i := strings.LastIndex(in.slot, "+") + 6
				got, again, err := d.book(slot{StartsAt: in.slot[:i], Provider: in.slot[i:]}, key)
				if err != nil || !got.booked || again != booking {
					t.Errorf("the key %s again: %+v %v, and not the same booking", key, got, err)
				}
			}
		}
	}
	if again := d.appointments(c); again != after {
		t.Errorf("asking again with the same keys made %d appointments", again-after)
	}
	if _, err := h.DB.VerifyAudit(ctx, accounts.Operator(), nil); err != nil {
		t.Errorf("the audit log: %v", err)
	}
	switch got := porcupine.CheckOperationsTimeout(model, d.ops, 2*time.Minute); got {
	case porcupine.Ok:
	default:
		t.Errorf("the history of %d operations is not linearizable: %s", len(d.ops), got)
	}
	t.Logf("soak: %d bookings acknowledged, %d lost, %d refused because the time was taken, %d without an answer, %d requests asked again, %d overlaps; %d operations are linearizable",
		len(d.acked), lost, taken, unknown, d.again, double, len(d.ops))
}

// TestTheHistoryCanBeFoundWrong: what the drill asks of porcupine is refused for a history that cannot have happened.
func TestTheHistoryCanBeFoundWrong(t *testing.T) {
	t.Parallel()
	op := func(key string, out told, from, to int64) porcupine.Operation {
		return porcupine.Operation{Input: try{"ten o'clock", key}, Output: out, Call: from, Return: to}
	}
	booked, taken, never := told{booked: true}, told{taken: true}, told{unknown: true}
	const ever = int64(24 * time.Hour)
	for _, c := range []struct {
		name    string
		history []porcupine.Operation
		right   bool
	}{
		{"one is first", []porcupine.Operation{op("a", booked, 0, 5), op("b", taken, 1, 6)}, true},
		{"asked again with the same key", []porcupine.Operation{op("a", booked, 0, 5), op("a", booked, 6, 7)}, true},
		{"no answer, and it happened", []porcupine.Operation{op("a", never, 0, ever), op("b", taken, 3, 4)}, true},
		{"no answer, and it did not happen", []porcupine.Operation{op("a", never, 0, ever), op("b", booked, 3, 4)}, true},
		{"booked twice", []porcupine.Operation{op("a", booked, 0, 5), op("b", booked, 6, 7)}, false},
		{"an acknowledged booking is lost", []porcupine.Operation{op("a", booked, 0, 5), op("", told{free: true}, 6, 7)}, false},
		{"refused though nobody has it", []porcupine.Operation{op("a", taken, 0, 5), op("", told{free: true}, 6, 7)}, false},
		{"read before it was written", []porcupine.Operation{op("", told{}, 0, 1), op("a", booked, 2, 5)}, false},
	} {
		if got := porcupine.CheckOperations(model, c.history); got != c.right {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
