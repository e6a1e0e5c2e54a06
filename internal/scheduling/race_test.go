package scheduling_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// crowd is how many ask for one time in the same moment.
const crowd = 200

// rounds is how often each race is run, and for how long at most: a few times in the small form,
// 1,000 times in the soak. ALMIRAH_ROUNDS says another number.
func rounds(t testing.TB) (n int, share time.Duration) {
	if s := os.Getenv("ALMIRAH_ROUNDS"); s != "" {
		v, err := strconv.Atoi(s)
		if err != nil || v < 1 {
			t.Fatalf("ALMIRAH_ROUNDS=%q: a number above zero is wanted", s)
		}
		return v, 24 * time.Hour
	}
	if soaking() {
		return 1000, 7 * time.Minute
	}
	return 6, 1500 * time.Millisecond
}

func soaking() bool { return os.Getenv("ALMIRAH_SOAK") == "1" }

// progress is the file in which a soaked race notes how far it came, so that the next soak of the
// same program goes on there. It is empty outside a soak.
func progress(t testing.TB) string {
	if !soaking() {
		return ""
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "out", "soak", "races")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, fmt.Sprintf("%.6x-%s", sha256.Sum256(program), strings.ReplaceAll(t.Name(), "/", "-")))
}

// tally is how a crowd fared.
type tally struct {
	Won, Conflict int
	Other         []string // errors that no loser may see
}

func (a *tally) add(b tally) {
	a.Won, a.Conflict = a.Won+b.Won, a.Conflict+b.Conflict
	a.Other = append(a.Other, b.Other...)
}

// rush lets n people act in the same moment and counts how they fared.
func rush(n int, act func(i int) error) tally {
	var out tally
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			err := act(i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				out.Won++
			case fault.Is(err, fault.Conflict):
				out.Conflict++
			default:
				out.Other = append(out.Other, err.Error())
			}
		})
	}
	close(start)
	wg.Wait()
	return out
}

// slotOf is the time of a round: half hours of days that the public may book, from tomorrow on.
func slotOf(p *practice.Practice, round int) clock.Instant {
	return p.At(1, "00:00").Add(time.Duration(round) * 30 * time.Minute)
}

// race runs one round after another and checks each: exactly want winners, every loser a Conflict.
func race(t *testing.T, p *practice.Practice, what string, round func(n int) (got tally, want, asked int)) {
	t.Helper()
	n, share := rounds(t)
	begun, first, note := time.Now(), 0, progress(t)
	if note != "" {
		if b, err := os.ReadFile(note); err == nil {
			first, _ = strconv.Atoi(string(b))
		}
	}
	done := first
	for done < n && (done < first+2 || time.Since(begun) < share) {
		got, want, asked := round(done)
		if len(got.Other) > 0 {
			t.Fatalf("%s, round %d: %d losers were told something else than a conflict, such as: %s", what, done, len(got.Other), got.Other[0])
		}
		if got.Won != want || got.Conflict != asked-want {
			t.Fatalf("%s, round %d: %d won and %d were refused of %d; %d must win", what, done, got.Won, got.Conflict, asked, want)
		}
		if done++; n <= 50 || done%25 == 0 || done == n {
			p.Agree(t)
			if note != "" {
				if err := os.WriteFile(note, []byte(strconv.Itoa(done)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if done%100 == 0 {
			t.Logf("soak: %s on %s: %d of %d rounds", what, p.Engine, done, n)
		}
	}
	p.Agree(t)
	switch {
	case done == n:
	case note != "":
		t.Fatalf("soak: %s on %s: %d of %d rounds passed; soak again to go on from there", what, p.Engine, done, n)
	default:
		t.Logf("%s on %s: %d rounds in the time it may take", what, p.Engine, done)
	}
}

// booker is a caller for a crowd: the public, or the public and the desk by turns.
func booker(p *practice.Practice, i int, mixed bool) access.Caller {
	if mixed && i%2 == 1 {
		return p.As(access.FrontDesk)
	}
	return p.Public()
}

func TestOneTimeOnePatient(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "one-time-one-patient")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 1, practice.Hours(0, 24))
		got := rush(crowd, func(i int) error {
			_, err := p.Desk.Book(context.Background(), booker(p, i, true), p.Booking(p.Providers[0], slotOf(p, 0), i))
			return err
		})
		if got.Won != 1 || got.Conflict != crowd-1 {
			t.Fatalf("%d won, %d were refused, the others: %v", got.Won, got.Conflict, got.Other)
		}
		p.Agree(t)
		if n := p.Count(t, `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1`); n != "1" {
			t.Fatalf("%s appointments", n)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1`); n != "1" {
			t.Fatalf("%s people were entered: something half-done remains", n)
		}
	})
}

func TestRaceOneProvider(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 1, practice.Hours(0, 24))
		race(t, p, "one provider", func(n int) (tally, int, int) {
			return rush(crowd, func(i int) error {
				_, err := p.Desk.Book(context.Background(), p.Public(), p.Booking(p.Providers[0], slotOf(p, n), n*crowd+i))
				return err
			}), 1, crowd
		})
	})
}

func TestRaceAnyProvider(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 3, practice.Hours(0, 24))
		race(t, p, "any provider", func(n int) (tally, int, int) {
			return rush(crowd, func(i int) error {
				_, err := p.Desk.Book(context.Background(), p.Public(), p.Booking(id.Zero, slotOf(p, n), n*crowd+i))
				return err
			}), len(p.Providers), crowd
		})
	})
}

func TestRacePublicAndStaffMixed(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 1, practice.Hours(0, 24))
		race(t, p, "public and staff mixed", func(n int) (tally, int, int) {
			return rush(crowd, func(i int) error {
				want := p.Booking(p.Providers[0], slotOf(p, n), n*crowd+i)
				if i%3 == 0 { // a third asks for any provider, a third brings a key
					want.Provider = id.Zero
				} else if i%3 == 1 {
					want.Key = fmt.Sprintf("round %d person %d", n, i)
				}
				_, err := p.Desk.Book(context.Background(), booker(p, i, true), want)
				return err
			}), 1, crowd
		})
	})
}

// movers books a crowd on the days behind those of the rounds, with two providers by turns.
func movers(t *testing.T, p *practice.Practice) []scheduling.Appointment {
	t.Helper()
	out := make([]scheduling.Appointment, crowd)
	got := rush(crowd, func(i int) error {
		at := p.At(40, "00:00").Add(time.Duration(i/2) * 30 * time.Minute)
		r, err := p.Desk.Book(context.Background(), p.As(access.FrontDesk), p.Booking(p.Providers[i%2], at, i))
		out[i] = r.Appointment
		return err
	})
	if got.Won != crowd {
		t.Fatalf("a crowd with a time each: %+v", got)
	}
	return out
}

// moves is a race of appointments into one time.
func moves(t *testing.T, p *practice.Practice, what string, who func(a scheduling.Appointment) access.Caller) {
	t.Helper()
	list := movers(t, p)
	race(t, p, what, func(n int) (tally, int, int) {
		at := slotOf(p, n)
		return rush(crowd, func(i int) error {
			moved, err := p.Desk.Move(context.Background(), who(list[i]), list[i].ID, scheduling.Move{Provider: p.Providers[n%2], StartsAt: at, Version: list[i].Version})
			if err == nil {
				list[i] = moved // its own element: nobody else looks at it
			}
			return err
		}), 1, crowd
	})
}

func TestRaceRescheduleInto(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 2, practice.Hours(0, 24))
		moves(t, p, "reschedule-into", func(a scheduling.Appointment) access.Caller {
			return accounts.ForPatient(p.Clinic, a.Patient, a.ID)
		})
	})
}

func TestRaceStaffMove(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 2, practice.Hours(0, 24))
		moves(t, p, "staff move", func(scheduling.Appointment) access.Caller { return p.As(access.FrontDesk) })
	})
}

func TestRaceDailyCapLessOne(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 0, practice.Hours(0, 24))
		const limit, days = 3, 50
		var service, provider id.ID
		race(t, p, "at the daily cap less one", func(n int) (tally, int, int) {
			if provider.IsZero() || n%days == 0 { // the public may book 60 days ahead: then another provider comes
				provider = p.Provider(t, scheduling.Provider{Name: "Dr. Full", Online: true, Weekly: practice.Hours(0, 24), DailyCap: limit}).ID
				service = p.Offer(t, scheduling.Service{Name: "Short visit", Minutes: 15, Online: true, Providers: []id.ID{provider}}).ID
			}
			day := 1 + n%days
			ask := func(slot, person int) error {
				one := p.Booking(provider, p.At(day, "00:00").Add(time.Duration(slot)*15*time.Minute), person)
				one.Service = service
				_, err := p.Desk.Book(context.Background(), booker(p, person, true), one)
				return err
			}
			for i := range limit - 1 {
				if err := ask(i, n*1000+i); err != nil {
					t.Fatal(err)
				}
			}
			// 90 different free times, of which the cap leaves one to be had.
			return rush(crowd, func(i int) error { return ask(limit+i%90, n*1000+limit+i) }), 1, crowd
		})
	})
}

// TestRaceAgainstLeave: leave is entered while a crowd books that time. Either the leave is told
// of the appointment in its way, or nobody was booked.
func TestRaceAgainstLeave(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 1, practice.Hours(0, 24))
		seen, unseen := 0, 0
		race(t, p, "against leave", func(n int) (tally, int, int) {
			at := slotOf(p, n)
			var told []scheduling.Appointment
			var failed error
			got := rush(crowd+1, func(i int) error {
				// Everybody comes within a few moments: whoever enters leave is among the first in some rounds.
				if i < crowd {
					time.Sleep(3*time.Millisecond + rand.N(10*time.Millisecond))
					_, err := p.Desk.Book(context.Background(), booker(p, i, true), p.Booking(p.Providers[0], at, n*crowd+i))
					return err
				}
				time.Sleep(rand.N(8 * time.Millisecond))
				told, failed = p.Desk.AddLeave(context.Background(), p.As(access.Owner), scheduling.Leave{Provider: p.Providers[0], From: at, To: at.Add(30 * time.Minute)})
				return failed
			})
			if failed != nil {
				t.Fatal(failed)
			}
			if len(told) > 0 {
				seen++
			} else {
				unseen++
			}
			// The leave itself is no loser. Beside it there is the one who was booked, if it was told of her.
			return got, 1 + len(told), crowd + 1
		})
		t.Logf("leave came second %d times and first %d times", seen, unseen)
	})
}

// TestRaceOverbookAndCancel: staff book over an appointment while it is cancelled and others ask
// for its time. Whatever comes first, no hole is left beside the one who was booked over it.
func TestRaceOverbookAndCancel(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 1, practice.Hours(0, 24))
		desk := p.As(access.FrontDesk)
		n, share := rounds(t)
		begun := time.Now()
		for round := range 5 * n {
			at := slotOf(p, round)
			first := p.Booked(t, desk, p.Booking(p.Providers[0], at, 3*round)).Appointment
			got := rush(8, func(i int) error {
				time.Sleep(rand.N(4 * time.Millisecond))
				var err error
				switch i {
				case 0:
					_, err = p.Desk.Cancel(context.Background(), desk, first.ID, first.Version)
				case 1, 2:
					over := p.Booking(p.Providers[0], at.Add(time.Duration(i-1)*15*time.Minute), 3*round+i)
					over.Overbook = "an emergency"
					_, err = p.Desk.Book(context.Background(), desk, over)
				default:
					_, err = p.Desk.Book(context.Background(), desk, p.Booking(p.Providers[0], at, 1_000_000+8*round+i))
				}
				return err
			})
			if len(got.Other) > 0 || got.Won < 3 || got.Won > 4 {
				t.Fatalf("round %d: %+v", round, got)
			}
			p.Agree(t)
			p.Change(t, func(tx *store.Tx) error { // the next round begins beside it with free time
				for _, text := range []string{`DELETE FROM claims WHERE clinic_id = $1`, `UPDATE appointment SET status = 'cancelled' WHERE clinic_id = $1 AND starts_at >= $2`} {
					args := []any{at}
					if strings.HasPrefix(text, "DELETE") {
						args = nil
					}
					if _, err := tx.Exec(text, args...); err != nil {
						return err
					}
				}
				return nil
			})
			if round > 0 && time.Since(begun) > share {
				break
			}
		}
	})
}

// TestRaceClosuresAndMoves crosses everything that takes several locks: closures of the whole
// clinic and moves between two providers in both directions. Nothing may wait for itself.
func TestRaceClosuresAndMoves(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 3, practice.Hours(0, 24))
		const people = 24
		list := make([]scheduling.Appointment, people)
		for i := range list {
			list[i] = p.Booked(t, p.As(access.FrontDesk), p.Booking(p.Providers[i%3], p.At(2, "00:00").Add(time.Duration(i)*30*time.Minute), i)).Appointment
		}
		n, share := rounds(t)
		begun := time.Now()
		for round := range n {
			got := rush(people+6, func(i int) error {
				if i >= people {
					far := p.At(300+round, "00:00")
					_, err := p.Desk.AddClosure(context.Background(), p.As(access.Owner), scheduling.Closure{From: far, To: far.Add(time.Hour), Name: "Holiday"})
					return err
				}
				a := list[i]
				to := scheduling.Move{Provider: p.Providers[(i+1+round)%3], StartsAt: a.StartsAt, Version: a.Version}
				moved, err := p.Desk.Move(context.Background(), p.As(access.FrontDesk), a.ID, to)
				if err == nil {
					list[i] = moved
				}
				return err
			})
			if len(got.Other) > 0 || got.Conflict > 0 {
				t.Fatalf("round %d: %+v", round, got)
			}
			p.Agree(t)
			if time.Since(begun) > share {
				break
			}
		}
	})
}

// orders is what the second process is told when it starts.
type orders struct {
	URL, Dir                  string
	Clinic, Provider, Service id.ID
}

const ordersName = "ALMIRAH_RACE_ORDERS"

func TestMain(m *testing.M) {
	if text := os.Getenv(ordersName); text != "" {
		if err := secondProcess(text, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// secondProcess serves the same database as another program would: for each line (a moment) it
// lets half a crowd book that time, and answers with its tally.
func secondProcess(text string, in io.Reader, out io.Writer) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx := context.Background()
	clk := clock.NewFake(rig.Start)
	keys, err := vault.Open(ctx, vault.Config{RootKeyFile: filepath.Join(o.Dir, "root.key"), StoreURL: "sqlite://" + filepath.Join(o.Dir, "keystore.db")}, clk)
	if err != nil {
		return err
	}
	defer keys.Close()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	db, err := store.Open(ctx, o.URL, keys, clk, log, store.Options{Readers: 4, Writers: 6})
	if err != nil {
		return err
	}
	defer db.Close()
	desk := scheduling.New(db, log)
	fmt.Fprintln(out, "ready")
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		at, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			return err
		}
		got := rush(crowd/2, func(i int) error {
			_, err := desk.Book(ctx, accounts.Public(o.Clinic), scheduling.Booking{Service: o.Service, Provider: o.Provider, StartsAt: clock.Instant(at),
				Patient: practice.Person(int(at/60e6)*1000 + i), Language: "en"})
			return err
		})
		b, err := json.Marshal(got)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, string(b))
	}
	return lines.Err()
}

func TestRaceTwoProcesses(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "several-servers")
	p := practice.OpenWith(t, rig.New(t, store.Postgres, store.Options{}), 1, practice.Hours(0, 24))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o, err := json.Marshal(orders{URL: p.URL, Dir: p.Dir, Clinic: p.Clinic, Provider: p.Providers[0], Service: p.Service})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	other := exec.CommandContext(ctx, self)
	other.Env = append(os.Environ(), ordersName+"="+string(o))
	other.Stderr = os.Stderr
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	if !said.Scan() || said.Text() != "ready" {
		t.Fatalf("the second process says %q (%v)", said.Text(), said.Err())
	}
	ours, theirs := 0, 0
	race(t, p, "two processes", func(n int) (tally, int, int) {
		at := slotOf(p, n)
		fmt.Fprintln(in, int64(at))
		time.Sleep(rand.N(4 * time.Millisecond))
		got := rush(crowd/2, func(i int) error {
			_, err := p.Desk.Book(context.Background(), booker(p, i, true), p.Booking(p.Providers[0], at, n*crowd+i))
			return err
		})
		ours += got.Won
		if !said.Scan() {
			t.Fatalf("the second process fell silent: %v", said.Err())
		}
		var also tally
		if err := json.Unmarshal(said.Bytes(), &also); err != nil {
			t.Fatal(err)
		}
		theirs += also.Won
		got.add(also)
		return got, 1, crowd
	})
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("this process won %d rounds, the other %d", ours, theirs)
}
