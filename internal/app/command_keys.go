package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// keyVerbs are what is done with keys at the console of the machine. There is no page for it: whoever could do it from a page could do it from stolen sessions.
func keyVerbs() []verb {
	return []verb{
		{"keys status", "how old the keys of each level are, and what hangs on older ones", (*console).keysStatus},
		{"keys rotate", "rotate [clinics|root]: replace keys now, while everything goes on; clinics: every clinic's key; root: the root key, with a new sheet", (*console).keysRotate},
		{"keys move", "move file|vault|kms: have another keeper wrap the root key", (*console).keysMove},
		{"keys sheet", "print the escrow sheet of the root key", (*console).keysSheet},
		{"keys check", "check --sheet FILE: is the typed escrow sheet right? It names the line with a slip", (*console).keysCheck},
		{"keys drill", "drill --sheet FILE --key FILE: do both sheets, typed, open the newest backup? Nothing of what serves is touched", (*console).keysDrill},
	}
}

// noted writes into the audit log of the deployment that somebody at the console did something with keys.
func (h *House) noted(ctx context.Context, action string) error {
	return h.DB.Across(ctx, accounts.Operator(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: action, Kind: "deployment", Subject: vault.ClinicData})
		return nil
	})
}

func (c *console) keysStatus(ctx context.Context, _ []string) error {
	return c.with(ctx, false, func(h *House) error {
		s, err := h.Vault.Standing(ctx)
		if err != nil {
			return err
		}
		now := h.Clock.Now()
		since := func(at clock.Instant) string {
			if at == 0 {
				return "never"
			}
			return fmt.Sprintf("%s UTC (%s ago)", at.Time().Format(time.DateTime), spanOf(now.Sub(at.Time())))
		}
		keeper := "a plain file, " + h.Config.Keys
		if s.Keeper != "" {
			keeper = s.Keeper + ", which answers"
		}
		c.say("key store     %s", h.Vault.Fingerprint())
		c.say("root key      made or first seen %s; kept by %s", since(s.RootAt), keeper)
		c.say("epoch key     %d, made %s; %d epoch keys exist", s.Epoch, since(s.EpochAt), s.Epochs)
		c.say("clinic keys   %d, the oldest made %s; %d hang on an older epoch, %d have a successor and still exist", s.Clinics, since(s.ClinicAt), s.ClinicsOld, s.Retired)
		c.say("people's keys %d; %d wrapped by a clinic key that has a successor", s.People, s.PeopleOld)
		c.say("last turn     %s", since(s.TurnAt))
		sheet := since(s.SheetAt)
		if s.SheetAt != 0 && !s.SheetFits {
			sheet += ", but it was the sheet of an earlier root key: print the present one (almirah keys sheet)"
		}
		c.say("sheet tried   %s; it opened a backup: %s", sheet, since(s.DrillAt))
		switch {
		case s.Erased == 0:
			c.say("erased        nobody")
		case s.Waiting > 0:
			c.say("erased        %d; the keys above %d of them are replaced by the next turn. Gone everywhere by %s UTC", s.Erased, s.Waiting, goneBy(s).Format(time.DateTime))
		default:
			c.say("erased        %d; every key above them is destroyed. Gone from the copies of the key store too by %s UTC", s.Erased, goneBy(s).Format(time.DateTime))
		}
		if s.Unfinished {
			c.say("\nA turn is under way or was broken off. It goes on within the hour, or now: almirah keys rotate")
		}
		return nil
	})
}

func (c *console) keysRotate(ctx context.Context, args []string) error {
	what := plain(args)
	return c.with(ctx, false, func(h *House) error {
		switch what {
		case "root":
			if err := h.noted(ctx, "rotate-root-key"); err != nil {
				return err
			}
			if err := h.Vault.RotateRootKey(ctx); err != nil {
				return err
			}
			sheet, err := h.Vault.EscrowSheet(ctx)
			if err != nil {
				return err
			}
			c.say("The root key was replaced in %s.\n\n%s", h.Config.Keys, sheet)
			c.say("Other hosts of this installation go on running; copy the file to them before they start again.\nKeep the old sheet until the copies of the key store from before are gone, two days; then destroy it.")
			return nil
		case "", "clinics":
			if err := h.noted(ctx, "rotate-keys"); err != nil {
				return err
			}
			done, err := h.Vault.Turn(ctx, what == "clinics", func(t vault.Turned) {
				c.say("epoch %d: %d clinics moved, %d of them with a new key; %d people's keys wrapped anew", t.Epoch, t.Clinics, t.Fresh, t.People)
			})
			if err != nil {
				return err
			}
			c.say("Done. %d old epoch keys were destroyed.", done.Ended)
			return nil
		}
		return errors.New("say almirah keys rotate, keys rotate clinics, or keys rotate root")
	})
}

func (c *console) keysMove(ctx context.Context, args []string) error {
	to := plain(args)
	return c.with(ctx, false, func(h *House) error {
		keepers, err := h.Config.Keeping.keepers(h.Gate, h.Clock)
		if err != nil {
			return err
		}
		var target vault.Keeper
		switch to {
		case "file":
		case "vault", "kms":
			for _, k := range keepers {
				if len(k.Name()) > len(to) && k.Name()[:len(to)+1] == to+":" {
					target = k
				}
			}
			if target == nil {
				return fmt.Errorf("this program was not told how to reach it: set ALMIRAH_%s_* (docs/keys.md)", map[string]string{"vault": "VAULT", "kms": "KMS"}[to])
			}
		default:
			return errors.New("say where to: almirah keys move file, vault or kms")
		}
		if err := h.noted(ctx, "move-root-key"); err != nil {
			return err
		}
		if err := h.Vault.MoveRootKey(ctx, target); err != nil {
			return err
		}
		if target == nil {
			c.say("The root key lies in %s, in plain. Nobody else has to be asked for it.", h.Config.Keys)
			return nil
		}
		c.say("%s wraps the root key from now on; %s opens nothing without it. Copy the file to every host of this installation.", target.Name(), h.Config.Keys)
		c.say("Copies of the old file open everything as before: destroy them, or make a new root key now (almirah keys rotate root).")
		return nil
	})
}

func (c *console) keysSheet(ctx context.Context, _ []string) error {
	return c.with(ctx, false, func(h *House) error {
		if err := h.noted(ctx, "print-escrow-sheet"); err != nil {
			return err
		}
		sheet, err := h.Vault.EscrowSheet(ctx)
		if err == nil {
			c.say("%s", sheet)
		}
		return err
	})
}

// typedSheet reads what was typed from an escrow sheet.
func typedSheet(args []string) (string, error) {
	file := after(args, "--sheet")
	if file == "" {
		return "", errNoSheet
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("the sheet's file cannot be read: %w", err)
	}
	return string(text), nil
}

func (c *console) keysCheck(ctx context.Context, args []string) error {
	typed, err := typedSheet(args)
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(h *House) error {
		if err := h.Vault.TakeSheet(ctx, typed, false); err != nil {
			return err
		}
		c.say("The sheet is right: its key opens the key store %s.\nDestroy the typed file now.", h.Vault.Fingerprint())
		return nil
	})
}

func (c *console) keysDrill(ctx context.Context, args []string) error {
	typed, err := typedSheet(args)
	if err != nil {
		return err
	}
	key, err := typedKey(args)
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(h *House) error {
		// The slip of a pen is told before a backup is fetched.
		if err := h.Vault.TakeSheet(ctx, typed, false); err != nil {
			return err
		}
		if err := os.MkdirAll(h.Config.Saves.Scratch, 0o700); err != nil {
			return err
		}
		dir, err := os.MkdirTemp(h.Config.Saves.Scratch, "sheet-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		root := filepath.Join(dir, "root.key")
		if err := os.WriteFile(root, []byte(typed), 0o600); err != nil {
			return err
		}
		r, err := h.Backups.DrillBy(ctx, "latest", key, root, c.say)
		if err != nil {
			return err
		}
		if err := h.Vault.TakeSheet(ctx, typed, true); err != nil {
			return err
		}
		c.say("%s %s\nBoth sheets are right. Destroy the typed files now.", r.Backup, sentence(r))
		return nil
	})
}
