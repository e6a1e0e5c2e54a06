package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/backup"
	"almirah/internal/egress"

	"filippo.io/age"
)

// plain is the first word that is neither a flag nor stands behind one of those that take a word.
func plain(args []string, taking ...string) string {
	for i, a := range args {
		behind := false
		for _, f := range taking {
			behind = behind || i > 0 && args[i-1] == f
		}
		if !behind && !strings.HasPrefix(a, "--") {
			return a
		}
	}
	return ""
}

func (c *console) backupKey(_ context.Context, _ []string) error {
	recipient, secret, err := backup.NewKey()
	if err != nil {
		return err
	}
	c.say("%s\nSet this on the server, and nothing else of the above:\n\n  ALMIRAH_BACKUP_RECIPIENT=%s\n", backup.Sheet(recipient, secret, c.clock().Now().Format("2 January 2006")), recipient)
	return nil
}

func (c *console) backup(ctx context.Context, _ []string) error {
	return c.with(ctx, false, func(h *House) error {
		m, err := h.Backups.Run(ctx, c.say)
		if err != nil {
			return err
		}
		c.say("%s was made and %s", m.Name, sentence(m.Checked))
		if !m.Complete() {
			c.say("It lies in one place only: set ALMIRAH_BACKUP_SECOND.")
		}
		return nil
	})
}

func (c *console) backups(ctx context.Context, _ []string) error {
	return c.with(ctx, false, func(h *House) error {
		first, second, err := h.Config.Saves.places(h.Gate, h.Clock)
		if err != nil {
			return err
		}
		for _, p := range []backup.Place{first, second} {
			if p == nil {
				continue
			}
			list, err := backup.Backups(ctx, p)
			if err != nil {
				return err
			}
			c.say("%s", p.Name())
			for _, m := range list {
				c.say("  %s  taken %s, %d bytes, %d rows, goes %s", m.Name, m.TakenAt.Format(time.DateTime), m.Data.Size, m.Rows(), m.ExpiresAt.Format(time.DateTime))
			}
		}
		return nil
	})
}

// typedKey reads the private keys from the files that the flag names, each time that it stands there.
func typedKey(args []string) (age.Identity, error) {
	var texts []string
	for i, a := range args {
		if a != "--key" || i+1 == len(args) {
			continue
		}
		text, err := os.ReadFile(args[i+1])
		if err != nil {
			return nil, fmt.Errorf("the key's file cannot be read: %w", err)
		}
		texts = append(texts, string(text))
	}
	if len(texts) == 0 {
		return nil, errNoKey
	}
	return backup.ParseKeys(texts...)
}

func (c *console) drill(ctx context.Context, args []string) error {
	return c.with(ctx, false, func(h *House) error {
		if after(args, "--key") == "" {
			c.say("Without --key, a new backup is made and looked over by a passing key. The key from paper is not tried.")
			m, err := h.Backups.Run(ctx, c.say)
			if err == nil {
				c.say("%s %s", m.Name, sentence(m.Checked))
			}
			return err
		}
		key, err := typedKey(args)
		if err != nil {
			return err
		}
		which := plain(args, "--key")
		if which == "" {
			which = "latest"
		}
		r, err := h.Backups.Drill(ctx, which, key, c.say)
		if err != nil {
			return err
		}
		c.say("%s %s", r.Backup, sentence(r))
		return nil
	})
}

func (c *console) restore(ctx context.Context, args []string) error {
	cfg, log, err := c.configured(false)
	if err != nil {
		return err
	}
	roots, err := cfg.Keeping.roots()
	if err != nil {
		return err
	}
	gate := egress.New(processors(cfg), log, egress.WithAuthorities(vaultProcessor, roots))
	o, err := cfg.restoring(gate)
	if err != nil {
		return err
	}
	if o.Key, err = typedKey(args); err != nil {
		return err
	}
	o.Clock, o.Log, o.Say, o.Force, o.Into = c.clock(), log, c.say, has(args, "--force"), after(args, "--into")
	if at := after(args, "--at"); at != "" {
		if o.At, err = time.Parse(time.RFC3339, at); err != nil {
			return errors.New("--at: write a moment such as 2026-11-28T14:30:00Z")
		}
	}
	if which := plain(args, "--key", "--into", "--at"); which != "" && which != "latest" {
		o.Which = which
		if _, err := os.Stat(which); err == nil {
			var p backup.Place
			if p, o.Which, err = backup.FileAt(which); err != nil {
				return err
			}
			o.From = append([]backup.Place{p}, o.From...)
		}
	}
	r, err := o.Run(ctx)
	if err != nil {
		return err
	}
	c.say("\n%s came back: %d rows, in %s.", r.Backup.Name, r.Rows, r.Took.Round(time.Millisecond))
	if r.Server != "" {
		c.say("The PostgreSQL server lies in %s. Start PostgreSQL on it, point ALMIRAH_DATABASE_URL there, and start Almirah.", r.Server)
	} else if err := c.settled(ctx); err != nil {
		return err
	}
	c.say("\nNothing is sent, paid back or charged until you let it. Make sure that the old server is off, look at what is uncertain, then run:\n\n  almirah release")
	return nil
}

// settled opens the house once, so that it is known before anything is served what fell due since the backup. The audit log goes on
// from where the backup stood because somebody at the console said so: a row in the database must never be enough, or whoever can
// write there could roll the log back. It is an entry of the log, and whoever keeps a later head sees it.
func (c *console) settled(ctx context.Context) error {
	return c.with(ctx, false, func(h *House) error {
		if err := h.Settle(ctx, c.say); err != nil {
			return err
		}
		return h.DB.AcceptHistory(ctx, accounts.Operator())
	})
}

func (c *console) release(ctx context.Context, _ []string) error {
	return c.with(ctx, false, func(h *House) error {
		if err := h.Settle(ctx, c.say); err != nil {
			return err
		}
		if !h.Held() {
			c.say("Nothing is held.")
			return nil
		}
		// On PostgreSQL the server that came back was started by hand, and this is the first word of the console about it.
		if err := h.DB.AcceptHistory(ctx, accounts.Operator()); err != nil {
			return err
		}
		if err := h.Release(ctx, accounts.Operator()); err != nil {
			return err
		}
		c.say("Messages, refunds and charges may leave again. Processes that run notice within a second or two.")
		return nil
	})
}
