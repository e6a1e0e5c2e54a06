package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/carriers/email"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig/pg"
	"almirah/internal/rig/smtp"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The sender is a process of its own here, and it is killed with -9: at the steps round the
// hand-over, at a statement in the middle of a transaction, or at any moment.

const (
	killChild = "ALMIRAH_TEST_SENDER" // set in the child: the folder of its House
	killStep  = "ALMIRAH_TEST_STEP"   // where it kills itself; empty for never
)

func TestMain(m *testing.M) {
	_ = os.Setenv("ALMIRAH_CANARY_HOUR", "off") // a night that falls into the tests begins no walk in the houses that they start
	if os.Getenv(killChild) != "" {
		sender()
		return
	}
	if os.Getenv(nodeChild) != "" {
		serving()
	}
	if os.Getenv(verbChild) != "" {
		runVerb()
	}
	os.Exit(m.Run())
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// later is the machine's clock, turned on: what a dead sender left is looked after at once.
type later struct {
	clock.System
	by time.Duration
}

func (l later) Now() time.Time { return l.System.Now().Add(l.by) }

func die() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }

// deadly dies at one step of the hand-over.
type deadly struct {
	messaging.Carrier
	step string
}

func (d deadly) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if d.step == "taken" {
		die()
	}
	r := d.Carrier.Send(ctx, m, func() error {
		if d.step == "before-handing" {
			die()
		}
		err := handOver()
		if d.step == "before-dot" {
			die()
		}
		return err
	})
	if d.step == "after-reply" {
		die()
	}
	return r
}

// sender is the child: a House that sends until it is killed or told to end.
func sender() {
	c, err := FromEnv(os.Getenv)
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	step := os.Getenv(killStep)
	var o Options
	o.Wrap = func(x messaging.Carrier) messaging.Carrier { return deadly{x, step} }
	if n, err := strconv.Atoi(step); err == nil {
		var left atomic.Int64
		left.Store(int64(n))
		o.Store.Watch = func(string, []any) {
			if left.Add(-1) == 0 {
				die()
			}
		}
	}
	var clk clock.Clock = clock.System{}
	if step == "" {
		clk = later{by: 10 * time.Minute}
	}
	h, err := Open(context.Background(), c, clk, silent(), o)
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	if err := h.Start(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // the parent closes it
	if err := h.Close(); err != nil {
		fmt.Println(err)
	}
}

type killRig struct {
	house   *House
	env     []string
	server  *smtp.Server
	clinic  id.ID
	service scheduling.Service
	slots   []scheduling.Slot
}

func newKillRig(t *testing.T, engine store.Engine) *killRig {
	t.Helper()
	dir := t.TempDir()
	k := &killRig{server: smtp.Start(t, smtp.Options{})}
	set := map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_SMTP_HOST": k.server.Host(),
		"ALMIRAH_SMTP_PORT": strconv.Itoa(k.server.Port()), "ALMIRAH_SMTP_TLS": email.NoTLS, "ALMIRAH_SMTP_FROM": "clinic@example.org"}
	if engine == store.Postgres {
		set["ALMIRAH_DATABASE_URL"] = pg.Small(t, ownedDatabase(t))
		set["ALMIRAH_KEYSTORE_URL"] = "sqlite://" + filepath.Join(dir, "keys", "keystore.db")
	}
	for name, v := range set {
		k.env = append(k.env, name+"="+v)
	}
	c, err := FromEnv(func(name string) string { return set[name] })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(c.Keys), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateRootKey(c.Keys); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if k.house, err = Open(ctx, c, clock.System{}, silent(), Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.house.Close() })
	owner, clinic, err := k.house.demoClinic(ctx)
	if err != nil {
		t.Fatal(err)
	}
	practice, err := k.house.demoPractice(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	k.clinic, k.service = clinic.ID, practice.services[0]
	k.more(t, clinic, 3)
	return k
}

func (k *killRig) more(t *testing.T, c clinics.Clinic, from int) {
	t.Helper()
	day := clock.Today(k.house.Clock, c.Location()).AddDays(from)
	free, err := k.house.Desk.FreeTimes(context.Background(), accounts.Public(k.clinic), k.service.ID, id.Zero, day, day.AddDays(40))
	if err != nil || len(free.Slots) == 0 {
		t.Fatalf("no free times: %v", err)
	}
	k.slots = free.Slots
}

// book makes one appointment whose confirmation is due at once, and says which it is.
func (k *killRig) book(t *testing.T, n int) id.ID {
	t.Helper()
	slot := k.slots[n]
	r, err := k.house.Desk.Book(context.Background(), accounts.Public(k.clinic), scheduling.Booking{Service: k.service.ID, StartsAt: slot.StartsAt, Language: "en",
		Patient:  patients.Draft{Name: "Kill Marigold", Email: fmt.Sprintf("kill%d@example.org", n), BirthDate: "1980-02-03"},
		Consents: []consent.Choice{{Purpose: consent.Reminder, Given: true}}})
	if err != nil {
		t.Fatalf("booking %d: %v", n, err)
	}
	return r.Appointment.ID
}

// run starts the child and answers when it is dead, or ends it after a time.
func (k *killRig) run(t *testing.T, step string, limit time.Duration, done func() bool) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), k.env...), killChild+"=1", killStep+"="+step)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dead := make(chan error, 1)
	go func() { dead <- cmd.Wait() }()
	deadline := time.After(limit)
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-dead:
			return true
		case <-deadline:
			_ = cmd.Process.Kill()
			<-dead
			return true
		case <-tick.C:
			if done != nil && done() {
				_ = in.Close()
				<-dead
				return false
			}
		}
	}
}

type fate struct {
	state    string
	attempts int64
	message  id.ID
}

const sqlFates = `SELECT id, state, attempts FROM message WHERE clinic_id = $1 AND appointment_id = $2`

func (k *killRig) fates(t *testing.T, appointment id.ID) (out []fate) {
	t.Helper()
	p := probe{House: k.house, clinics: []id.ID{k.clinic}}
	err := p.each(context.Background(), func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlFates, appointment)
		if err != nil {
			return err
		}
		defer rows.Close()
		out = nil
		for rows.Next() {
			var f fate
			if err := rows.Scan(&f.message, &f.state, &f.attempts); err != nil {
				return err
			}
			out = append(out, f)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func settled(list []fate) bool {
	if len(list) == 0 {
		return false
	}
	for _, f := range list {
		switch messaging.State(f.state) {
		case messaging.Planned, messaging.Sending, messaging.HandingOver:
			return false
		}
	}
	return true
}

// TestKilledSenderNeverSendsTwice: each (appointment, occurrence, rule, channel) is delivered
// exactly once at a real SMTP server, or is an uncertain row, and that only when the sender died
// between the record of the hand-over and the recorded reply.
func TestKilledSenderNeverSendsTwice(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminder-once")
	rounds := map[store.Engine]int{store.SQLite: 7, store.Postgres: 5}
	if os.Getenv("ALMIRAH_SOAK") != "" {
		rounds = map[store.Engine]int{store.SQLite: 200, store.Postgres: 200}
	}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			k := newKillRig(t, engine)
			count := map[string]int{}
			for n := range rounds[engine] {
				step, limit := killPlan(n)
				appointment := k.book(t, n)
				k.run(t, step, limit, func() bool { return settled(k.fates(t, appointment)) })
				k.run(t, "", 40*time.Second, func() bool { return settled(k.fates(t, appointment)) })
				k.check(t, n, step, appointment, count)
			}
			t.Logf("soak: %d kills on %s: %v", rounds[engine], engine, count)
		})
	}
}

// killPlan spreads the kills over the steps of the hand-over, the statements of the sender's
// transactions, and moments that the parent chooses.
func killPlan(n int) (step string, limit time.Duration) {
	steps := []string{"taken", "before-handing", "before-dot", "after-reply"}
	switch {
	case n%7 < 4:
		return steps[n%7], 20 * time.Second
	case n%7 < 6:
		return strconv.Itoa(1 + rand.IntN(90)), 20 * time.Second
	}
	return "moment", time.Duration(200+rand.IntN(1500)) * time.Millisecond
}

func (k *killRig) check(t *testing.T, n int, step string, appointment id.ID, count map[string]int) {
	t.Helper()
	list := k.fates(t, appointment)
	if len(list) != 1 {
		t.Fatalf("round %d (%s): %d messages for one confirmation: %v", n, step, len(list), list)
	}
	to := fmt.Sprintf("kill%d@example.org", n)
	delivered := 0
	for _, m := range k.server.Messages() {
		for _, x := range m.To {
			if x == to {
				delivered++
			}
		}
	}
	f := list[0]
	count[f.state]++
	switch messaging.State(f.state) {
	case messaging.Sent:
		if delivered != 1 {
			t.Fatalf("round %d (%s): recorded as sent, delivered %d times", n, step, delivered)
		}
	case messaging.Unsure:
		if delivered > 1 {
			t.Fatalf("round %d (%s): uncertain, delivered %d times", n, step, delivered)
		}
		if step == "taken" || step == "before-handing" {
			t.Fatalf("round %d: uncertain although the sender died before the hand-over (%s)", n, step)
		}
	default:
		t.Fatalf("round %d (%s): the message ended as %s (delivered %d)", n, step, f.state, delivered)
	}
}
