package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Version is the version of the program, set when a release is built.
var Version = "dev"

type verb struct {
	name, words string
	run         func(*console, context.Context, []string) error
}

// console is what a verb has to work with.
type console struct {
	get      func(string) string
	out, err io.Writer
	time     clock.Clock // nil: the machine's
}

func (c *console) clock() clock.Clock {
	if c.time == nil {
		return clock.System{}
	}
	return c.time
}

func (c *console) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

func verbs() []verb {
	return slices.Concat([]verb{
		{"setup", "make the root key, print the escrow sheet and the first owner's link, test the mail (--again: another link)", (*console).setup},
		{"serve", "serve pages and API (--demo: with the demo clinic and an outbox instead of mail)", (*console).serve},
		{"demo", "load the demo clinic into the data folder", (*console).demo},
		{"helper", "who helps clinics: list, add NAME EMAIL support|operator, end EMAIL", (*console).helper},
		{"migrate", "bring the schema up to this version; a snapshot is taken first", (*console).migrate},
		{"postgres roles", "print what a superuser of PostgreSQL runs once, so that the program works under a small role", (*console).postgresRoles},
		{"promises", "check every promise now (--json); ends 1 when one is broken", (*console).promises},
	}, ledgerVerbs(), keyVerbs(), retentionVerbs(), canaryVerbs(), datamapVerbs(), custodyVerbs(), []verb{
		{"factors reset", "take away the second factors of somebody who lost them (EMAIL); she sets up new ones at her next sign-in", (*console).resetFactors},
		{"backup key", "make the key of the backups, for paper; the server is told the public half only", (*console).backupKey},
		{"backup list", "list the backups of every place", (*console).backups},
		{"backup", "make a backup now, fetch it back and look it over", (*console).backup},
		{"restore", "restore FILE|latest --key FILE [--force] [--at TIME --into FOLDER]: bring a backup back, held", (*console).restore},
		{"release", "after a restore: let messages, refunds and charges leave again", (*console).release},
		{"export", "write the signed archive of a whole clinic: --clinic SLUG --out FILE; prints the canonical hash last", (*console).export},
		{"import", "bring a clinic in from an archive: --in FILE --trust FINGERPRINT [--slug NAME]; prints the canonical hash last", (*console).importClinic},
		{"drill", "restore the newest backup in a place of its own and compare it (--key FILE: with the key from paper)", (*console).drill},
		{"incident drill", "play a stolen sign-in on invented data, in a place of its own: whom it touched, letters, clocks", (*console).incidentDrill},
		{"verify-certificate", "check a certificate of erasure, without database, keys or network (FILE [--key KEY]): ends 1 and says what is wrong with it", (*console).verifyCertificate},
		{"request-log", "print a sealed day of the log of requests: FILE --key FILE", (*console).requestLog},
		{"doctor", "look at settings, keys, database and mail, and say what is wrong", (*console).doctor},
		{"bench", "measure operations beside a bare limit program (--engine sqlite|postgres, --only 1,8, --quick, --large, --profile FOLDER, --json)", (*console).bench},
		{"config", "print the settings, secrets masked", (*console).config},
		{"version", "print the version (--licences: the licence of the fonts that it carries)", (*console).version},
	})
}

// Command runs one verb of the command line. Its error is what went wrong, for a person.
func Command(ctx context.Context, args []string, get func(string) string, out, errs io.Writer) error {
	c := &console{get: get, out: out, err: errs}
	line := strings.Join(args, " ")
	for _, v := range verbs() {
		if line == v.name || strings.HasPrefix(line, v.name+" ") {
			return c.do(ctx, v, args[len(strings.Fields(v.name)):])
		}
	}
	c.say("almirah: a clinic platform whose privacy policy is its specification\n")
	for _, v := range verbs() {
		c.say("  almirah %-14s %s", v.name, v.words)
	}
	c.say("\nSettings come from the environment; `almirah config` prints them.")
	if line != "" && args[0] != "help" && !asksHelp(args) {
		return fmt.Errorf("there is no verb %q", args[0])
	}
	return nil
}

// option is how one begins; with a single dash too, as other programs write them: -dry-run must not run as if it were not there.
var option = regexp.MustCompile(`^--?[A-Za-z][A-Za-z-]*`)

func asksHelp(args []string) bool {
	return slices.Contains(args, "--help") || slices.Contains(args, "-h")
}

// do runs a verb. Whoever asks how it is used gets its line of the help, and an option that the line does not name is refused: many verbs cannot be taken back, and
// one that is misspelt (--dryrun) would run as if it had not been written.
func (c *console) do(ctx context.Context, v verb, args []string) error {
	if asksHelp(args) {
		for _, x := range verbs() {
			if x.name == v.name || strings.HasPrefix(x.name, v.name+" ") {
				c.say("  almirah %-14s %s", x.name, x.words)
			}
		}
		return nil
	}
	known := options(v.words)
	for _, a := range args {
		if o := option.FindString(a); o != "" && !slices.Contains(known, o) {
			return fmt.Errorf("almirah %s has no option %s; nothing was done (almirah %[1]s --help names those that it has)", v.name, o)
		}
	}
	return v.run(c, ctx, args)
}

// options are those that a line of the help names.
func options(words string) (out []string) {
	for _, w := range strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(" ()[],;:", r) }) {
		if o := option.FindString(w); o != "" {
			out = append(out, o)
		}
	}
	return out
}

func (c *console) configured(demo bool) (Config, *slog.Logger, error) {
	level := slog.LevelInfo
	if l := c.get("ALMIRAH_LOG"); l != "" {
		if err := level.UnmarshalText([]byte(l)); err != nil {
			return Config{}, nil, errors.New("ALMIRAH_LOG: write debug, info, warn or error")
		}
	} else if demo {
		level = slog.LevelWarn
	}
	cfg, err := FromEnv(c.get)
	cfg.Demo, cfg.Invented = demo, demo
	return cfg, slog.New(slog.NewJSONHandler(c.err, &slog.HandlerOptions{Level: level})), err
}

func (c *console) house(ctx context.Context, demo bool) (*House, error) {
	cfg, log, err := c.configured(demo)
	if err != nil {
		return nil, err
	}
	if demo {
		// The demo's key lies beside, not in, the data folder. A real deployment makes its key by setup.
		if err := os.MkdirAll(filepath.Dir(cfg.Keys), 0o700); err != nil {
			return nil, err
		}
		if _, err := vault.CreateRootKey(cfg.Keys); err != nil {
			return nil, err
		}
		if err := cfg.demoBackups(); err != nil {
			return nil, err
		}
	}
	debug.SetGCPercent(collectAt)
	return Open(ctx, cfg, c.clock(), log, Options{})
}

func (c *console) with(ctx context.Context, demo bool, do func(h *House) error) error {
	h, err := c.house(ctx, demo)
	if err != nil {
		return err
	}
	return errors.Join(do(h), h.Close())
}

func has(args []string, flag string) bool {
	for _, a := range args {
		if a == flag {
			return true
		}
	}
	return false
}

func (c *console) serve(ctx context.Context, args []string) error {
	demo := has(args, "--demo")
	return c.with(ctx, demo, func(h *House) error {
		if demo {
			if err := h.LoadDemo(ctx, c.say); err != nil {
				return err
			}
		}
		return h.Run(ctx, func(addr net.Addr) {
			c.say("Almirah serves %s", h.Config.PublicURL)
			if demo {
				c.say("  public booking   %s/c/%s", h.Config.PublicURL, demoSlug)
				c.say("  sign in          http://localhost:%s/sign-in   (use this address: it has a name)", port(addr))
				for _, p := range demoLogins(true) {
					c.say("    %-30s %s   (%s)", p.Email, p.Password, p.Role)
				}
				c.say("    The owner and the manager show a second factor too; the page shows the code of their invented app.")
				c.say("  outbox           http://localhost:%s/app/outbox", port(addr))
			}
		})
	})
}

func (c *console) demo(ctx context.Context, _ []string) error {
	return c.with(ctx, true, func(h *House) error { return h.LoadDemo(ctx, c.say) })
}

// resetFactors is for the owner who lost phone and recovery codes and has no colleague to help her. Whoever runs the deployment makes sure first
// that it is she who asks; she is told by mail.
func (c *console) resetFactors(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("say whose: almirah factors reset EMAIL")
	}
	return c.with(ctx, false, func(h *House) error {
		if err := h.Accounts.OperatorResetFactors(ctx, args[0]); err != nil {
			if fault.Is(err, fault.NotFound) {
				return errors.New("nobody signs in with this address")
			}
			return err
		}
		c.say("Done. Her sessions have ended, and she sets up a new second factor when she signs in.")
		return nil
	})
}

func (c *console) setup(ctx context.Context, args []string) error {
	cfg, _, err := c.configured(false)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Keys), 0o700); err != nil {
		return err
	}
	made, err := vault.CreateRootKey(cfg.Keys)
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(h *House) error {
		if made {
			c.say("A root key was made: %s\nKeep this file out of the data folder and out of its backups.\n", cfg.Keys)
		}
		sheet, err := h.Vault.EscrowSheet(ctx)
		if err != nil {
			return err
		}
		c.say("%s", sheet)
		token, err := h.Accounts.FirstOwnerLink(ctx, has(args, "--again"))
		if err != nil {
			c.say("The first owner has been here already; `almirah setup --again` makes another link.")
		} else {
			c.say("The first owner's link (works once, for a day):\n\n  %s/setup?token=%s\n", cfg.PublicURL, url.QueryEscape(token))
		}
		return c.tryMail(ctx, h)
	})
}

func (c *console) tryMail(ctx context.Context, h *House) error {
	if h.Mail == nil {
		c.say("Mail: not configured, so no message can leave. Set ALMIRAH_SMTP_HOST and its sisters (see docs/settings.md).")
		return nil
	}
	if err := h.Mail.Probe(ctx); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	c.say("Mail: %s answers and lets us in.", h.Config.Mail.Host)
	return nil
}

func (c *console) migrate(ctx context.Context, _ []string) error {
	return c.with(ctx, false, func(h *House) error {
		if h.DB.Engine() == store.Postgres && h.Config.OwnerURL == "" { // one role for everything: what the small roles need is given to them all the same
			if r, err := h.DB.Role(ctx); err != nil {
				return err
			} else if !r.Small() {
				if err := h.upgrade(ctx, h.DB, h.Config.DatabaseURL); err != nil {
					return err
				}
			}
		}
		c.say("The schema is up to date.")
		return nil
	})
}

func (c *console) config(_ context.Context, _ []string) error {
	cfg, _, err := c.configured(false)
	for _, l := range cfg.Masked() {
		c.say("%s", l)
	}
	return err
}

func (c *console) version(_ context.Context, args []string) error {
	c.say("almirah %s", Version)
	if !has(args, "--licences") {
		return nil
	}
	text, err := document.FontLicence()
	if err != nil {
		return err
	}
	c.say("\nPapers are written in these fonts, which this program carries unchanged:\n\n%s", text)
	return nil
}

// doctor looks at everything a deployment stands on and says what is wrong.
func (c *console) doctor(ctx context.Context, _ []string) error {
	cfg, _, err := c.configured(false)
	if err != nil {
		return err
	}
	c.say("settings: readable")
	return c.with(ctx, false, func(h *House) error {
		c.say("keys: the root key %s fits the key store (%s)", cfg.Keys, h.Vault.Fingerprint())
		words, _, err := h.keyWords(ctx)
		if err != nil {
			return err
		}
		c.say("keys: %s", words)
		c.say("database: %s, schema up to date, every column declared", h.DB.Engine())
		if err := h.Vault.Check(ctx); err != nil {
			return err
		}
		c.say("sealing: a field was sealed and opened")
		c.say("backups: %s", h.backupDoctor(ctx))
		if cfg.Certifying.On {
			for _, line := range cfg.certified(ctx, h.certificates()) {
				c.say("certificate: %s", line)
			}
		}
		return c.tryMail(ctx, h)
	})
}

type promiseOut struct {
	ID        string   `json:"id"`
	Sentence  string   `json:"sentence"`
	Sources   []string `json:"sources"`
	Status    string   `json:"status"`
	Evidence  string   `json:"evidence"`
	CheckedAt string   `json:"checked_at"`
	since     string
}

func (c *console) promises(ctx context.Context, args []string) error {
	return c.with(ctx, false, func(h *House) error {
		if err := h.Probe(ctx); err != nil {
			return err
		}
		broken := 0
		out := []promiseOut{}
		for _, k := range h.Promises(ctx) {
			p := promiseOut{ID: k.ID, Sentence: k.Text, Sources: k.Sources, Status: k.Status, Evidence: k.Evidence}
			if !k.CheckedAt.IsZero() {
				p.CheckedAt, p.since = k.CheckedAt.UTC().Format("2006-01-02T15:04:05Z"), k.Since.UTC().Format("2006-01-02T15:04:05Z")
			}
			if k.Status == "broken" {
				broken++
			}
			out = append(out, p)
		}
		if has(args, "--json") {
			e := json.NewEncoder(c.out)
			e.SetIndent("", "  ")
			if err := e.Encode(out); err != nil {
				return err
			}
		} else {
			for _, p := range out {
				c.say("%-14s %-32s %s", p.Status, p.ID, p.Sentence)
				if p.Status == "broken" {
					c.say("%-14s %-32s since %s: %s", "", "", p.since, p.Evidence)
				}
			}
		}
		if broken > 0 {
			return fmt.Errorf("%d promises are broken", broken)
		}
		return nil
	})
}
