package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"almirah/internal/archives"
)

// takenWhole looks whether the archive of a clinic would carry every table of the real database, or says why not.
func (p probe) takenWhole(ctx context.Context) (string, error) {
	// What no room declared is no part of the plan: it would be left out without a word.
	schema, err := p.DB.Schema(ctx)
	if err == nil {
		err = onTheMap(schema)
	}
	if err != nil {
		return "", err
	}
	forms, err := p.DB.Forms(ctx)
	if err != nil {
		return "", err
	}
	tables, left, err := archives.Plan(Holdings(), forms)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d tables are taken along; %d tables and columns are left out, each with its reason", len(tables), len(left)), nil
}

// takenOnce looks whether an archive waits longer than its day.
func (p probe) takenOnce(context.Context) (string, error) {
	list, err := os.ReadDir(filepath.Join(p.Config.Data, "exports"))
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	for _, e := range list {
		info, err := e.Info()
		if err == nil && p.Clock.Now().Sub(info.ModTime()) > archives.Waits+2*time.Hour {
			return "", fmt.Errorf("an archive has waited for %s", p.Clock.Now().Sub(info.ModTime()).Round(time.Hour))
		}
	}
	return fmt.Sprintf("%d archives wait, none longer than a day", len(list)), nil
}
