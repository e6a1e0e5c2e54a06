package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/audit/verifier"
	"almirah/internal/egress"
	"almirah/internal/jobs"
)

// The verbs of the audit log. `audit check` and `audit witness` need no database and no keys: they run on another computer.

func ledgerVerbs() []verb {
	return []verb{
		{"audit verify", "compute the audit tree again, naming the first bad entry (--head \"SIZE HASH\", --witness FILE: compare with what was kept)", (*console).auditVerify},
		{"audit export", "write the whole log to a file that almirah-verify checks (--out FILE)", (*console).auditExport},
		{"audit check", "check an exported file, without database and keys (--key KEY, --head \"SIZE HASH\", FILE)", (*console).auditCheck},
		{"audit witness", "keep the newest checkpoint of another installation and refuse a rewritten one (--url URL --state FILE, --key KEY, --every 10m, --local)", (*console).auditWitness},
		{"audit key", "print the public key that the audit log is signed with", (*console).auditKey},
		{"audit accept", "let the log go on by another key (--key), or after a backup was put back (--restored)", (*console).auditAccept},
	}
}

func (c *console) auditVerify(ctx context.Context, args []string) error {
	kept, err := keptHeads(args, readWitness)
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(h *House) error {
		who := accounts.Operator()
		if err := jobs.Sequence(ctx, h.DB); err != nil {
			fmt.Fprintln(c.err, "Entries could not get their place, so that only the older ones are looked at:", err)
		}
		head, err := h.DB.Head(ctx, who)
		if err != nil {
			return err
		}
		said := h.Clock.Now()
		r, err := h.DB.VerifyAudit(ctx, who, kept, func(n int64) {
			if now := h.Clock.Now(); now.Sub(said) > time.Second {
				said = now
				fmt.Fprintf(c.err, "%d of %d entries\n", n, head.Size)
			}
		})
		if err != nil {
			return err
		}
		c.say("%d entries, %d heads confirmed; the head is\n%s", r.Entries, r.Heads, r.Head)
		return nil
	})
}

func value(args []string, flag string) string {
	for i, a := range args {
		if a == flag && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

func (c *console) auditExport(ctx context.Context, args []string) error {
	out := value(args, "--out")
	if out == "" {
		return errors.New("say where to: --out FILE")
	}
	return c.with(ctx, false, func(h *House) error {
		if err := jobs.Sequence(ctx, h.DB); err != nil {
			return err
		}
		f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		last, n, err := h.exportAll(ctx, func(line any) error { return e.Encode(line) })
		if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
			return err
		}
		c.say("%d entries are in %s; the head is\n%s\nCheck it anywhere: almirah-verify %s", n, out, last.Head, out)
		return nil
	})
}

func (c *console) auditCheck(_ context.Context, args []string) error {
	return verifier.Command(args, c.out)
}

func (c *console) auditKey(ctx context.Context, _ []string) error {
	return c.with(ctx, false, func(h *House) error {
		_, key, err := h.Vault.LogSigner()
		if err == nil {
			c.say("%s", key)
		}
		return err
	})
}

func (c *console) auditAccept(ctx context.Context, args []string) error {
	if has(args, "--key") == has(args, "--restored") {
		return errors.New("say what to accept: --key (this host's key, where the earlier one was lost) or --restored (a backup that was put back on purpose)")
	}
	return c.with(ctx, false, func(h *House) error {
		if has(args, "--restored") {
			if err := h.DB.AcceptHistory(ctx, accounts.Operator()); err != nil {
				return err
			}
			c.say("The log goes on from what the database holds now. Whoever keeps a newer checkpoint will see that it is not continued: tell them why.")
			return jobs.Sequence(ctx, h.DB)
		}
		key, err := h.DB.AcceptKey(ctx, accounts.Operator())
		if err != nil {
			return err
		}
		c.say("The log is signed with this key from now on; tell everybody who keeps a checkpoint:\n%s", key)
		return jobs.Sequence(ctx, h.DB)
	})
}

// growth is the answer of /trust/consistency.
type growth struct {
	From  int64          `json:"from"`
	To    int64          `json:"to"`
	Proof tlog.TreeProof `json:"proof"`
}

func readWitness(file string) (audit.Witness, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return audit.Witness{}, err
	}
	return audit.ParseWitness(string(text))
}

// auditWitness keeps the newest checkpoint of an installation that somebody else runs. It goes out through egress, like everything of ours.
func (c *console) auditWitness(ctx context.Context, args []string) error {
	at, file, key := value(args, "--url"), value(args, "--state"), value(args, "--key")
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || file == "" {
		return errors.New("say which installation and where to keep its checkpoint: --url https://clinic.example.org --state FILE")
	}
	var every time.Duration
	if s := value(args, "--every"); s != "" {
		if every, err = time.ParseDuration(s); err != nil || every < time.Second {
			return errors.New("--every is a span of at least a second, such as 10m")
		}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	_, log, _ := c.configured(false)
	gate := egress.New([]egress.Processor{{ID: "witnessed", Name: u.Hostname(), Purpose: "its audit log is watched from here", Categories: []string{"nothing: its checkpoint is read"}, Region: "its own",
		Hosts: []string{u.Hostname() + ":" + port}, Local: has(args, "--local")}}, log)
	w := watching{do: gate.HTTPClient("witnessed").Do, base: strings.TrimSuffix(at, "/"), file: file, key: key, say: c.say}
	for {
		err := w.look(ctx)
		if every == 0 || errors.Is(err, audit.ErrRewritten) {
			return err
		}
		if err != nil {
			fmt.Fprintln(c.err, "almirah:", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

type watching struct {
	do              func(*http.Request) (*http.Response, error)
	base, file, key string
	say             func(format string, args ...any)
}

// look asks once. What it was shown is kept only when it continues what was kept before; a checkpoint that does not is kept beside it, as a proof.
func (w watching) look(ctx context.Context) error {
	mine, err := readWitness(w.file)
	if err != nil {
		return err
	}
	if mine.Key == "" {
		if mine.Key = w.key; mine.Key == "" {
			b, err := w.get(ctx, "/trust/key")
			if err != nil {
				return err
			}
			mine.Key = strings.TrimSpace(string(b))
			w.say("This is the first look, and the key is the one that the other side names. Compare it with the one on the owner's page:\n%s", mine.Key)
		}
	} else if w.key != "" && w.key != mine.Key {
		return fmt.Errorf("%w: the state file knows the key %s", audit.ErrCheckpoint, mine.Key)
	}
	head, err := mine.Head()
	if err != nil {
		return err
	}
	shown, err := w.get(ctx, "/trust/checkpoint")
	if err != nil {
		return err
	}
	newest, err := audit.ReadCheckpoint(shown, mine.Key)
	if err != nil {
		return err
	}
	var g growth
	if head.Size > 0 && newest.Size > head.Size {
		b, err := w.get(ctx, fmt.Sprintf("/trust/consistency?from=%d&to=%d", head.Size, newest.Size))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &g); err != nil {
			return errors.New("the proof of the other side cannot be read")
		}
	}
	if err := mine.See(shown, g.Proof); err != nil {
		if errors.Is(err, audit.ErrRewritten) {
			proof := w.file + ".rewritten"
			if werr := os.WriteFile(proof, shown, 0o600); werr == nil {
				err = fmt.Errorf("%w\n%s and %s, both signed, prove it", err, w.file, proof)
			}
		}
		return err
	}
	if err := replaceFile(w.file, mine.String()); err != nil {
		return err
	}
	w.say("%s", newest)
	return nil
}

// replaceFile puts a whole new file in place, or leaves the old one.
func replaceFile(path, text string) error {
	draft := path + ".new"
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(draft, path)
}

// longestAnswer is how many bytes of an answer are read.
const longestAnswer = 64 << 10

func (w watching) get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := w.do(r)
	if err != nil {
		return nil, fmt.Errorf("the other side does not answer: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, longestAnswer))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the other side answers %s to %s", res.Status, path)
	}
	return b, err
}
