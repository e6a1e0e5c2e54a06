package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"almirah/internal/clock"
)

// Prepare makes the tables of a key store on PostgreSQL, or brings them up to date, as their owner, whom ownerURL names; the role of storeURL, under which
// the program works, is given its rows and nothing else. It may be done again. On SQLite there is nothing to do.
func Prepare(ctx context.Context, ownerURL, storeURL string, clk clock.Clock) error {
	if !strings.HasPrefix(storeURL, "postgres") {
		return nil
	}
	small, err := pgx.ParseConfig(storeURL)
	if err != nil {
		return errors.New("vault: the address of the key store cannot be read: postgres://user:password@host/database is wanted")
	}
	store, err := openKeystore(ctx, ownerURL)
	if err != nil {
		return err
	}
	defer store.close()
	return store.change(ctx, func(tx *sql.Tx) error {
		if err := store.prepare(ctx, tx, clock.At(clk.Now())); err != nil {
			return err
		}
		var owner, place string
		if err := tx.QueryRowContext(ctx, "SELECT current_user, current_schema()").Scan(&owner, &place); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if owner == small.User {
			return nil
		}
		who, where := pgx.Identifier{small.User}.Sanitize(), pgx.Identifier{place}.Sanitize()
		for _, text := range []string{"GRANT USAGE ON SCHEMA " + where + " TO " + who, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + where + " TO " + who,
			"REVOKE INSERT, UPDATE, DELETE ON keystore_version FROM " + who} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return fmt.Errorf("vault: the role of the key store cannot be given its rows: %w", err)
			}
		}
		return nil
	})
}
