package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"almirah/internal/store"
)

// Live looks at how the house reaches PostgreSQL.

// noServer is the evidence where there is no server of a database.
const noServer = "the data is in a file of this machine, which one system user can read"

func (p probe) databaseRole(ctx context.Context) (string, error) {
	if p.DB.Engine() != store.Postgres {
		return noServer, nil
	}
	if err := p.DB.Fenced(ctx); err != nil {
		return "", err
	}
	r, err := p.DB.Role(ctx)
	if err != nil {
		return "", err
	}
	if !r.Small() {
		return "", fmt.Errorf("the role %s may do more than its work: %s", r.Name, strings.Join(r.More, ", "))
	}
	return "the role " + r.Name + " owns nothing, makes nothing and is bound by the fence of every clinic table", nil
}

func (p probe) databaseWay(ctx context.Context) (string, error) {
	w, err := p.DB.Way(ctx)
	if err != nil || p.DB.Engine() != store.Postgres {
		return noServer, err
	}
	return closedWay(w)
}

// closedWay says how the way to a server is closed, or what is open about it.
func closedWay(w store.Way) (string, error) {
	switch {
	case w.Verified:
		return w.Version + ", with the server's certificate and its name verified", nil
	case w.Local:
		return "the database is reached on this machine", nil
	case w.Version != "":
		return "", errors.New("the way to the database is encrypted, and the server need not show who it is")
	}
	return "", errors.New("the way to the database is not encrypted")
}

func (p probe) databaseTwice(ctx context.Context) (string, error) {
	if !p.Config.Standby {
		return "this deployment does not say that it has a second database server", nil
	}
	k, err := p.DB.Keeping(ctx)
	if err != nil {
		return "", err
	}
	if !k.Twice() {
		return "", fmt.Errorf("a commit waits for no other server (synchronous_commit %s, standbys %q)", k.Waits, k.For)
	}
	return "each commit waits for a standby: " + k.For, nil
}
