package vault

import (
	"os"
	program "os/exec"
	"strings"
	"syscall"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/promise"
)

// killedAt is set in the process that TestTurnKilled starts: the step at which it kills itself, the root key's file and the key store.
const killedAt = "ALMIRAH_TEST_KILLED_AT"

// TestTurningChild is the other process of TestTurnKilled; by itself it does nothing.
func TestTurningChild(t *testing.T) {
	t.Parallel()
	at := strings.Split(os.Getenv(killedAt), "|")
	if len(at) != 3 {
		return
	}
	v, err := Open(t.Context(), Config{RootKeyFile: at[1], StoreURL: at[2]}, clock.NewFake(noon))
	if err != nil {
		t.Fatal(err)
	}
	v.people = 5
	v.step = func(what string) error {
		if what == at[0] {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
	if strings.HasPrefix(at[0], "root") {
		err = v.RotateRootKey(t.Context())
	} else {
		_, err = v.Turn(t.Context(), true, nil)
	}
	t.Fatalf("lived on: %v", err)
}

// TestTurnKilled: a process is killed, as by kill -9, at each step of a turn and of a change of the root key. What runs beside it goes on, and what starts afterwards opens everything and completes it.
func TestTurnKilled(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-replaced")
	steps := []string{"clinics moved", "clinic key dropped", "root key changed"}
	if os.Getenv("ALMIRAH_SOAK") != "" {
		steps = []string{"epoch begun", "clinics moved", "people moved", "clinic key dropped", "epoch ended", "root key written", "root key changed"}
	}
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		running := opening(t, cfg)
		clinic, people := clinicOf(t, running, 12)
		sealed := sealingAll(t, running, clinic, people)
		for _, step := range steps {
			child := program.Command(os.Args[0], "-test.run=^TestTurningChild$", "-test.count=1")
			child.Env = append(os.Environ(), killedAt+"="+step+"|"+cfg.RootKeyFile+"|"+at)
			out, err := child.CombinedOutput()
			if child.ProcessState == nil || child.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("%s: %v\n%s", step, err, out)
			}
			for _, v := range []*Vault{running, opening(t, cfg)} {
				r := ringOf(t, v, clinic)
				for _, p := range people {
					opens(t, r, nameOf(p), sealed[p], "Asha "+p.String())
				}
			}
			again := opening(t, cfg)
			if step == "root key written" {
				if err := again.RotateRootKey(t.Context()); err != nil {
					t.Fatalf("%s: %v", step, err)
				}
			}
			if _, err := again.Turn(t.Context(), false, nil); err != nil {
				t.Fatalf("%s: %v", step, err)
			}
			onlyCurrent(t, cfg, clinic, sealed)
		}
	})
}
