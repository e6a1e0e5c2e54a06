package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The writer of acts and of the tree is a process of its own here, and it is killed with -9: at a statement, or at any moment.

const (
	killedURL    = "ALMIRAH_TEST_WRITER"
	killedDir    = "ALMIRAH_TEST_WRITER_DIR"
	killedClinic = "ALMIRAH_TEST_WRITER_CLINIC"
	killedAt     = "ALMIRAH_TEST_WRITER_AT" // the statement at which it kills itself; 0 for never
)

func TestMain(m *testing.M) {
	if os.Getenv(killedURL) != "" {
		if err := writer(); err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		return
	}
	os.Exit(m.Run())
}

// writer acts and gives entries their place, over and over, until it is killed.
func writer() error {
	ctx, dir := context.Background(), os.Getenv(killedDir)
	clinic, err := id.Parse(os.Getenv(killedClinic))
	if err != nil {
		return err
	}
	v, err := vault.Open(ctx, vault.Config{RootKeyFile: filepath.Join(dir, "root.key"), StoreURL: "sqlite://" + filepath.Join(dir, "keystore.db")}, clock.System{})
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(os.Getenv(killedAt))
	if err != nil {
		return err
	}
	var left atomic.Int64
	left.Store(int64(n))
	die := func(string, []any) {
		if left.Add(-1) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	db, err := store.Open(ctx, os.Getenv(killedURL), v, clock.System{}, slog.New(slog.NewTextHandler(io.Discard, nil)), store.Options{Watch: die, Readers: 2, Writers: 2})
	if err != nil {
		return err
	}
	owner := access.Mint(clinic, id.Zero, id.Zero, id.Zero, access.Owner, access.Running)
	op := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.Operator, access.Running)
	fmt.Println("acting")
	for range 1000 {
		for range 2 {
			if err := db.Change(ctx, owner, access.ScheduleSettings, addOne("killed", true, nil)); err != nil {
				return err
			}
		}
		if _, err := db.Sequence(ctx, op); err != nil {
			return err
		}
	}
	return nil
}

// TestKilledAtAnyStep: whatever the moment, an act and its entry are both there or neither is, and the log goes on and verifies.
func TestKilledAtAnyStep(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-whole-or-nothing")
	steps := map[store.Engine][]int{store.SQLite: {1, 3, 5, 13}, store.Postgres: {2, 6, 13}}
	random := 1
	if os.Getenv("ALMIRAH_SOAK") == "1" {
		var all []int
		for n := 1; n <= 40; n++ {
			all = append(all, n)
		}
		steps, random = map[store.Engine][]int{store.SQLite: all, store.Postgres: all}, 25
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		db := everything(t, b)
		for _, n := range steps[b.Engine] {
			killWriter(t, b, n, 0)
			whole(t, b, db, fmt.Sprintf("killed at statement %d", n))
		}
		for i := range random {
			killWriter(t, b, 0, time.Duration(5+i*17%90)*time.Millisecond)
			whole(t, b, db, "killed at any moment")
		}
		var acts int
		if err := db.QueryRow(`SELECT COUNT(*) FROM closure`).Scan(&acts); err != nil || acts < 1 {
			t.Errorf("only %d acts happened: %v", acts, err)
		}
	})
}

func killWriter(t *testing.T, b *rig.Base, statement int, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), killedURL+"="+b.URL, killedDir+"="+b.Dir, killedClinic+"="+b.Clinic.String(), killedAt+"="+strconv.Itoa(statement))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 200)
	n, _ := out.Read(said)
	if after > 0 {
		time.Sleep(after)
		_ = cmd.Process.Kill()
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done:
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		t.Fatal("the writer does not die")
	}
	if err == nil || cmd.ProcessState.ExitCode() == 2 {
		t.Fatalf("the writer was not killed: %v, %q", err, said[:n])
	}
}

// whole looks at what is left: each act has one entry with its details and its place or its place in the queue, and each entry its act.
func whole(t *testing.T, b *rig.Base, db *sql.DB, when string) {
	t.Helper()
	for why, text := range map[string]string{
		"acts without an entry":   `SELECT COUNT(*) FROM closure c WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.clinic_id = c.clinic_id AND l.subject_id = c.id)`,
		"entries without an act":  `SELECT COUNT(*) FROM audit_leaf l WHERE l.kind = 'closure' AND NOT EXISTS (SELECT 1 FROM closure c WHERE c.clinic_id = l.clinic_id AND c.id = l.subject_id)`,
		"entries without details": `SELECT COUNT(*) FROM audit_leaf l WHERE NOT EXISTS (SELECT 1 FROM audit_detail d WHERE d.leaf_id = l.id)`,
		"entries without a place": `SELECT COUNT(*) FROM audit_leaf l WHERE (SELECT COUNT(*) FROM audit_tree t WHERE t.leaf_id = l.id) + (SELECT COUNT(*) FROM audit_pending p WHERE p.leaf_id = l.id) <> 1`,
	} {
		var n int
		if err := db.QueryRow(text).Scan(&n); err != nil || n > 0 {
			t.Errorf("%s: %d %s (%v)", when, n, why, err)
		}
	}
	ctx, op := context.Background(), b.As(access.Operator)
	for {
		n, err := b.DB.Sequence(ctx, op)
		if err != nil {
			t.Fatalf("%s: the log does not go on: %v", when, err)
		}
		if n == 0 {
			break
		}
	}
	if _, err := b.DB.VerifyAudit(ctx, op, nil); err != nil {
		t.Errorf("%s: %v", when, err)
	}
}
