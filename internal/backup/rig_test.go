package backup

import (
	"context"
	"database/sql"
)

// ask reads one value from a server.
func ask(at, text string, into any) error {
	pool, err := sql.Open("pgx", at)
	if err != nil {
		return err
	}
	defer pool.Close()
	return pool.QueryRowContext(context.Background(), text).Scan(into)
}
