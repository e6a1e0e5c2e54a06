package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/pg"
	"almirah/internal/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func operator() access.Caller {
	return access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.Operator, access.Running)
}

// alone opens a doorway without a vault.
func aloneAt(t *testing.T, address string) (*store.DB, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	db, err := store.Open(ctx, address, nil, clock.NewFake(rig.Start), nil, store.Options{Readers: 2, Writers: 2})
	if err == nil {
		t.Cleanup(func() { _ = db.Close() })
	}
	return db, err
}

func code(err error) string {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

// TestTheSmallRoleDoesItsWorkOnly: under the role of a deployment, a clinic's work is done; whatever a thief of its password would try with SQL of her own is refused, or
// shows her the rows of the clinic that she names and of no other.
func TestTheSmallRoleDoesItsWorkOnly(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "database-roles")
	b := rig.New(t, store.Postgres, store.Options{})
	other := b.Found(t, "moonrise")
	for _, clinic := range []id.ID{b.Clinic, other} {
		err := b.DB.Change(t.Context(), b.In(clinic, access.Owner), access.ScheduleSettings, addOne("feast", true, nil))
		if err != nil {
			t.Fatal(err)
		}
	}
	if r, err := b.DB.Role(t.Context()); err != nil || r.Small() || len(r.Above) > 0 || !slices.Contains(r.More, "it owns the tables") {
		t.Errorf("the owner is seen as %+v (%v)", r, err)
	}
	b.URL = pg.Small(t, b.URL)
	small := b.Open(t, store.Options{})
	if r, err := small.Role(t.Context()); err != nil || !r.Small() {
		t.Errorf("the small role is seen as %+v (%v)", r, err)
	}
	if err := small.Fenced(t.Context()); err != nil {
		t.Error(err)
	}
	// Its work: an upgrade finds nothing to do, rows are written, and the log grows.
	if from, to, err := small.Migrate(t.Context(), nil); err != nil || from != to {
		t.Errorf("from %d to %d: %v", from, to, err)
	}
	b.DB = small
	if err := small.Change(t.Context(), b.As(access.Owner), access.ScheduleSettings, addOne("fast", true, nil)); err != nil {
		t.Fatal(err)
	}
	if n := closures(t, b, b.Clinic); n != 2 {
		t.Errorf("%d closures", n)
	}
	if n, err := small.Sequence(t.Context(), b.As(access.Operator)); err != nil || n == 0 {
		t.Errorf("%d entries got a place: %v", n, err)
	}

	conn, err := pgx.Connect(t.Context(), b.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	owner := strings.TrimSuffix(conn.Config().User, "_app")
	for _, text := range []string{
		`CREATE TABLE mine (a BIGINT)`, `CREATE TEMPORARY TABLE patient (a BIGINT)`, `CREATE SCHEMA mine`, `CREATE FUNCTION f() RETURNS INT LANGUAGE sql AS 'SELECT 1'`, `CREATE ROLE x`, `CREATE DATABASE x`, `CREATE EXTENSION pgcrypto`,
		`ALTER TABLE patient DISABLE ROW LEVEL SECURITY`, `ALTER TABLE patient NO FORCE ROW LEVEL SECURITY`, `DROP POLICY clinic ON patient`, `DROP TABLE patient`, `TRUNCATE closure`, `ALTER TABLE audit_leaf DISABLE TRIGGER ALL`,
		`UPDATE audit_leaf SET action = 'x'`, `DELETE FROM audit_leaf`, `DELETE FROM audit_tree`, `UPDATE goose_db_version SET version_id = 1`, `SET session_replication_role = replica`,
		`SELECT * FROM pg_authid`, `SELECT pg_read_file('/etc/passwd')`, `SELECT lo_import('/etc/passwd')`, `COPY closure TO PROGRAM 'cat'`, `COPY closure TO '/tmp/x'`,
		`SET ROLE ` + owner, `SET ROLE postgres`, `SET SESSION AUTHORIZATION postgres`, `ALTER ROLE CURRENT_USER SUPERUSER`, `ALTER ROLE CURRENT_USER BYPASSRLS`, `GRANT ` + owner + ` TO CURRENT_USER`, `ALTER SYSTEM SET fsync = off`,
	} {
		if _, err := conn.Exec(t.Context(), text); code(err) != "42501" {
			t.Errorf("%s: %v", text, err)
		}
	}
	seen := func(text string) (n int) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), text).Scan(&n); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		return n
	}
	if n := seen(`SELECT COUNT(*) FROM closure`); n != 0 {
		t.Errorf("without a clinic, %d rows are seen", n)
	}
	if _, err := conn.Exec(t.Context(), `SET row_security = off`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SELECT COUNT(*) FROM closure`); code(err) != "42501" {
		t.Errorf("with row security off: %v", err)
	}
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`RESET row_security; SET almirah.clinic = '\x%x'`, other[:])); err != nil {
		t.Fatal(err)
	}
	if n := seen(`SELECT COUNT(*) FROM closure`); n != 1 {
		t.Errorf("in the other clinic %d rows are seen, it has 1", n)
	}
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`INSERT INTO closure (clinic_id, id, starts_at, ends_at, name, created_at) VALUES ('\x%x', '\x00', 1, 2, 'x', 1)`, b.Clinic[:])); code(err) != "42501" {
		t.Errorf("a row of another clinic than the one that is named: %v", err)
	}
}

// TestNoHouseUnderARoleThatSeesAll: a superuser, a role that bypasses row-level security, one that may become such a role, and a table without its fence.
func TestNoHouseUnderARoleThatSeesAll(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "database-roles")
	b := rig.New(t, store.Postgres, store.Options{})
	u, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := url.Parse(pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	admin.Path = u.Path
	name := strings.Trim(u.Path, "/")
	conn, err := pgx.Connect(t.Context(), admin.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	db, err := aloneAt(t, admin.String())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Fenced(t.Context()); err == nil || !strings.Contains(err.Error(), "superuser") {
		t.Errorf("a superuser: %v", err)
	}
	small := pg.Small(t, b.URL)
	ours, err := aloneAt(t, small)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ does, undoes, says string }{
		{`ALTER ROLE ` + name + `_app BYPASSRLS`, `ALTER ROLE ` + name + `_app NOBYPASSRLS`, "bypasses"},
		{`CREATE ROLE ` + name + `_read BYPASSRLS; GRANT ` + name + `_read TO ` + name + `_app`, `REVOKE ` + name + `_read FROM ` + name + `_app`, "member"},
		{`ALTER TABLE patient NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE patient FORCE ROW LEVEL SECURITY`, "patient"},
		{`ALTER TABLE claims DISABLE ROW LEVEL SECURITY`, `ALTER TABLE claims ENABLE ROW LEVEL SECURITY`, "claims"},
	} {
		if _, err := conn.Exec(t.Context(), c.does); err != nil {
			t.Fatal(err)
		}
		if err := ours.Fenced(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("after %s: %v", c.does, err)
		}
		if _, err := conn.Exec(t.Context(), c.undoes); err != nil {
			t.Fatal(err)
		}
	}
	if err := ours.Fenced(t.Context()); err != nil {
		t.Error(err)
	}
	// What else a role may do is no reason not to serve, and is told.
	for does, says := range map[string]string{`ALTER ROLE ` + name + `_app CREATEROLE CREATEDB REPLICATION`: "roles databases copy", `GRANT pg_read_all_data TO ` + name + `_app`: "everything", `GRANT UPDATE ON audit_leaf TO ` + name + `_app`: "log", `GRANT CREATE ON SCHEMA public TO ` + name + `_app`: "tables"} {
		if _, err := conn.Exec(t.Context(), does); err != nil {
			t.Fatal(err)
		}
		r, err := ours.Role(t.Context())
		for _, word := range strings.Fields(says) {
			if err != nil || r.Small() || !strings.Contains(strings.Join(r.More, ","), word) {
				t.Errorf("after %s the role is seen as %+v (%v)", does, r, err)
			}
		}
	}
}

// TestTheWayToTheDatabase: with sslmode=verify-full nothing is said to a server that shows no certificate, another one, or another name; and the doorway tells how it is connected.
func TestTheWayToTheDatabase(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "database-way")
	s, plain := pg.Own(t, pg.Options{}), pg.Own(t, pg.Options{Plain: true, Settings: []string{"max_connections=20"}})
	password, elsewhere := s.Database("clinic"), plain.Database("clinic")
	roots := "sslrootcert=" + url.QueryEscape(s.Roots)
	for _, c := range []struct {
		name, address string
		in            bool // it is let in
		verified      bool
	}{
		{"all is right", s.Address("localhost", "clinic", password, "clinic", "sslmode=verify-full", roots), true, true},
		{"another name than the certificate's", s.Address("127.0.0.1", "clinic", password, "clinic", "sslmode=verify-full", roots), false, false},
		{"an authority that is not trusted", s.Address("localhost", "clinic", password, "clinic", "sslmode=verify-full"), false, false},
		{"a server without a certificate", plain.Address("localhost", "clinic", elsewhere, "clinic", "sslmode=verify-full", roots), false, false},
		{"plain, to a server that asks for more", s.Address("localhost", "clinic", password, "clinic", "sslmode=disable"), false, false},
		{"encrypted to anybody", s.Address("localhost", "clinic", password, "clinic", "sslmode=require"), true, false},
		{"encrypted if it suits", s.Address("localhost", "clinic", password, "clinic", "sslmode=prefer"), true, false},
		{"the authority, and any name", s.Address("127.0.0.1", "clinic", password, "clinic", "sslmode=verify-ca", roots), true, false},
		{"plain", plain.Address("localhost", "clinic", elsewhere, "clinic", "sslmode=disable"), true, false},
	} {
		db, err := aloneAt(t, c.address)
		if (err == nil) != c.in {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err != nil {
			if strings.Contains(err.Error(), password) {
				t.Errorf("%s: the error shows the password", c.name)
			}
			continue
		}
		w, err := db.Way(t.Context())
		if err != nil || w.Verified != c.verified || (w.Version == "") != (c.name == "plain") || w.Version != "" && w.Version < "TLS 1.2" {
			t.Errorf("%s: %+v (%v)", c.name, w, err)
		}
	}
}

// TestAnUnconfirmedCommitIsNotAcknowledged: a commit that waits for its standby can be cancelled on the server. PostgreSQL then keeps it on this one server, warns, and calls it done.
func TestAnUnconfirmedCommitIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "database-twice")
	s := pg.Own(t, pg.Options{Settings: []string{"synchronous_standby_names=nobody", "synchronous_commit=local"}})
	password := s.Database("clinic")
	address := s.Address("localhost", "clinic", password, "clinic", "sslmode=require")
	db, err := aloneAt(t, address)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Migrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if k, err := db.Keeping(t.Context()); err != nil || k.Twice() {
		t.Errorf("a server that waits for nobody is seen as %+v (%v)", k, err)
	}
	if err := db.PutMark(t.Context(), operator(), "backup", true, "first"); err != nil {
		t.Fatal(err)
	}
	s.Run("postgres", `ALTER ROLE clinic SET synchronous_commit = 'on'`)
	if db, err = aloneAt(t, address); err != nil {
		t.Fatal(err)
	}
	if k, err := db.Keeping(t.Context()); err != nil || !k.Twice() {
		t.Errorf("a server that waits for a standby is seen as %+v (%v)", k, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- db.PutMark(context.Background(), operator(), "backup", true, "second") }()
	conn, err := pgx.Connect(t.Context(), s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for end := time.Now().Add(4 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var n int
		if err := conn.QueryRow(t.Context(), `SELECT COUNT(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no commit waits for a standby")
		}
	}
	if err := <-ended; !errors.Is(err, store.ErrGone) {
		t.Errorf("a commit that no standby has was acknowledged: %v", err)
	}
	marks, err := db.Marks(t.Context())
	if err != nil || marks["backup"].Report != "second" {
		t.Errorf("the test proves nothing: the server did not keep the row: %+v (%v)", marks, err)
	}
}

// TestAServerFromBeforeTheFailoverIsNotAsked: of two servers that both say that they lead, the one of the newer timeline is used, in whatever order the address names them, also by a process that starts
// when both are there; and connections that ended are made anew without anybody noticing.
func TestAServerFromBeforeTheFailoverIsNotAsked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "database-twice")
	before, after := pg.Own(t, pg.Options{Plain: true}), pg.Own(t, pg.Options{Plain: true, Later: true})
	for _, s := range []*pg.Private{before, after} {
		s.Database("clinic")
		s.Run("clinic", `ALTER ROLE clinic PASSWORD 'one'`)
	}
	after.Run("clinic", `CREATE TABLE newest (a BIGINT)`, `GRANT SELECT ON newest TO clinic`)
	for _, order := range [][2]*pg.Private{{before, after}, {after, before}} {
		address := fmt.Sprintf("postgres://clinic:one@127.0.0.1:%d,127.0.0.1:%d/clinic?sslmode=disable&connect_timeout=5", order[0].Port, order[1].Port)
		db, err := aloneAt(t, address)
		if err != nil {
			t.Fatal(err)
		}
		look := func(when string) {
			t.Helper()
			schema, err := db.Schema(t.Context())
			if err != nil || schema["newest"] == nil {
				t.Errorf("%s, the server from before the failover was asked (%v)", when, err)
			}
		}
		look("at the start")
		if _, _, err := db.Migrate(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := db.PutMark(t.Context(), operator(), "backup", true, "x"); err != nil {
			t.Fatal(err)
		}
		after.Run("postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clinic'`)
		for range 4 {
			if _, err := db.Marks(t.Context()); err != nil {
				t.Errorf("reading after the connections ended: %v", err)
			}
			if err := db.PutMark(t.Context(), operator(), "backup", true, "x"); err != nil {
				t.Errorf("writing after the connections ended: %v", err)
			}
		}
		look("after that")
	}
}
