package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/jobs"
)

// Live checks of what is promised about the audit log's outside.

const sqlProbeExamined = `SELECT COUNT(*) FROM oversight_state WHERE clinic_id = $1 AND examined < $2`

// signedHead fetches the checkpoint as a stranger would and checks its signature and that it continues an older head.
func (p probe) signedHead(ctx context.Context) (string, error) {
	_, key, err := p.Vault.LogSigner()
	if err != nil {
		return "", err
	}
	got, err := p.ask(ctx, http.MethodGet, "/trust/checkpoint", nil)
	if err != nil {
		return "", err
	}
	if got.status == http.StatusNotFound {
		return "no entry has its place yet", nil
	}
	h, err := audit.ReadCheckpoint(got.body.Bytes(), key)
	if err != nil {
		return "", err
	}
	mine, err := p.Vault.SignedHead()
	if err != nil || mine == nil {
		return "", errors.Join(errors.New("the newest checkpoint is not kept beside the key"), err)
	}
	kept, err := audit.ReadCheckpoint(mine, key)
	if err != nil {
		return "", err
	}
	// A newer one may have been signed in between.
	if kept.Size > h.Size {
		h, kept = kept, h
	}
	if err := p.continued(ctx, kept, h); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d entries stand under a signed head", h.Size), nil
}

func (p probe) continued(ctx context.Context, older, newer audit.Head) error {
	proof, err := p.DB.Growth(ctx, jobs.Platform(), older.Size, newer.Size)
	if err != nil {
		return err
	}
	return audit.CheckGrowth(proof, older, newer)
}

// browserWitness asks what an owner's browser asks: the key, the checkpoint, and a proof from the first entry on.
func (p probe) browserWitness(ctx context.Context) (string, error) {
	head, err := p.DB.Head(ctx, jobs.Platform())
	if err != nil || head.Size < 2 {
		return "there is nothing to compare yet", err
	}
	for _, path := range []string{"/trust/key", "/trust/checkpoint", fmt.Sprintf("/trust/consistency?from=%d&to=%d", head.Size/2, head.Size)} {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil || got.status != http.StatusOK || len(got.header.Values("Set-Cookie")) > 0 {
			return "", errors.Join(fmt.Errorf("%s answers %d", path, got.status), err)
		}
	}
	proof, err := p.DB.Growth(ctx, jobs.Platform(), head.Size/2, head.Size)
	if err == nil && len(proof) == 0 {
		err = errors.New("the proof is empty")
	}
	return fmt.Sprintf("a proof of %d hashes of %d bytes is given", len(proof), tlog.HashSize), err
}

// lookedThrough says that the days that are over were examined; a house that was not running catches up a week an hour.
func (p probe) lookedThrough(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeExamined, "logs of clinics have not been examined for more than a week", clock.DateOf(p.Clock.Now()).AddDays(-9))
}

// notStuck says how long the oldest entry has waited for its place.
func (p probe) notStuck(ctx context.Context) (string, error) {
	if err := jobs.Sequence(ctx, p.DB); err != nil { // whoever is first places them
		return "", err
	}
	some, since, err := p.DB.Waits(ctx, jobs.Platform())
	if err == nil && since > time.Minute {
		err = fmt.Errorf("entries have been waiting for %s", since.Round(time.Second))
	}
	if !some {
		return "no entry waits", err
	}
	return fmt.Sprintf("the oldest entry has waited for %s", since.Round(time.Millisecond)), err
}
