// Command serve starts a private PostgreSQL, runs the program that its arguments name with
// ALMIRAH_BENCH_POSTGRES set to the server's address, and ends the server with it. Without
// PostgreSQL on this machine the program runs all the same, and measures SQLite alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"almirah/internal/rig/pg"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("name the program to run, such as: serve bin/almirah bench")
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, os.Environ()
	address, stop, err := pg.Serve(ctx)
	switch {
	case errors.Is(err, pg.ErrAbsent):
		fmt.Fprintf(os.Stderr, "PostgreSQL: %v; `make deps` installs it on Debian\n", err)
	case err != nil:
		return err
	default:
		defer stop()
		cmd.Env = append(cmd.Env, "ALMIRAH_BENCH_POSTGRES="+address)
	}
	return cmd.Run()
}
