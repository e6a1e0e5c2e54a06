package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"almirah/internal/backup"
)

// demoBackups gives the demo backups where nobody set any up: to two folders beside its data, by a key whose two halves lie beside its root key. A real deployment
// has its private half on paper.
func (c *Config) demoBackups() error {
	if len(c.Saves.Recipients) > 0 {
		return nil
	}
	file := filepath.Join(filepath.Dir(c.Keys), "demo-backup.key")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		recipient, secret, made := backup.NewKey()
		if made != nil {
			return made
		}
		text = []byte("# " + recipient + "\n" + secret + "\n")
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return err
	}
	key, err := backup.ParseKey(string(text))
	if err != nil {
		return err
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return err
	}
	c.Saves.Recipients, c.Saves.Region = []string{key.Recipient().String()}, "this machine"
	c.Saves.First, c.Saves.Second = filepath.Join(data, "backups", "first"), filepath.Join(data, "backups", "second")
	c.Saves.Scratch = filepath.Join(strings.TrimSuffix(data, "/"), "scratch")
	return nil
}
