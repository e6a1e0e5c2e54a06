package pg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrAbsent says that this machine has no PostgreSQL that could be started.
var ErrAbsent = errAbsent

// Serve starts the private server for a program that is no test, such as `make bench`. The address
// is of a role that may create databases and is neither superuser nor exempt from row-level
// security. stop ends the server and removes everything; so does the end of this process.
func Serve(ctx context.Context) (address string, stop func(), err error) {
	s, err := start("") // on a disk: what it costs to keep a row is what is measured
	if err != nil {
		return "", nil, err
	}
	stop = func() { _ = s.pipe.Close() }
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	name, secret := "almirah_"+token(), token()
	if err := birth(ctx, conn, name, secret, ""); err != nil {
		stop()
		return "", nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	u, err := url.Parse(s.admin)
	if err != nil {
		stop()
		return "", nil, errors.New("PostgreSQL: the server's own address cannot be read")
	}
	u.User, u.Path = url.UserPassword(name, secret), "/"+name
	return u.String(), stop, nil
}
