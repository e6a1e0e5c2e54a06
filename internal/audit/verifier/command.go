package verifier

import (
	"flag"
	"fmt"
	"io"
	"os"
)

// Command checks the file that the arguments name: [--key KEY] [--head "SIZE HASH"] FILE. It writes what it found, and fails when the file
// is bad or cannot be read.
func Command(args []string, out io.Writer) error {
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	set.SetOutput(out)
	var known Known
	set.StringVar(&known.Key, "key", "", "the public key that the log must be signed with")
	set.StringVar(&known.Head, "head", "", "a head that was kept, \"SIZE HASH\"; the file must hold every entry")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 {
		return fmt.Errorf("name one exported file: [--key KEY] [--head \"SIZE HASH\"] FILE")
	}
	f, err := os.Open(set.Arg(0))
	if err != nil {
		return err
	}
	defer f.Close()
	rep, err := Check(f, known)
	if err != nil {
		return err
	}
	what := "each with its proof; the log holds more, of others or of other times"
	if rep.Complete {
		what = "every one of the log"
	}
	_, err = fmt.Fprintf(out, "%d entries are those that were signed over (%s)\nhead  %s\nkey   %s\n", rep.Entries, what, rep.Head, rep.Key)
	if err == nil && known.Key == "" {
		_, err = fmt.Fprintln(out, "Compare the key with the one that you know (--key); a file can bring any.")
	}
	return err
}
