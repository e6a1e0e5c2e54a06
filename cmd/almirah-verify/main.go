// Command almirah-verify checks an exported audit log. It is a program of its own, without database, pages or keys.
package main

import (
	"fmt"
	"os"

	"almirah/internal/audit/verifier"
)

func main() {
	if err := verifier.Command(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "almirah-verify:", err)
		os.Exit(1)
	}
}
