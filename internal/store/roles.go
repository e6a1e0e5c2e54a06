package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Role is what the role under which this process reaches PostgreSQL may do.
type Role struct {
	Name  string
	Above []string // why row-level security would not bind it; a house does not serve under such a role
	More  []string // what it may do beyond its work; nothing for the small role
}

// roleOf reads what the role may do, each as one column: the words are in role.
const roleOf = `SELECT current_user, r.rolsuper, r.rolbypassrls,
	EXISTS (SELECT 1 FROM pg_roles p WHERE p.rolname <> current_user AND (p.rolsuper OR p.rolbypassrls) AND pg_has_role(p.oid, 'MEMBER')),
	EXISTS (SELECT 1 FROM pg_roles p WHERE p.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') AND pg_has_role(p.oid, 'MEMBER')),
	r.rolcreaterole, r.rolcreatedb, r.rolreplication,
	EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'MEMBER')),
	has_schema_privilege(current_schema(), 'CREATE') OR has_database_privilege(current_database(), 'CREATE'),
	has_database_privilege(current_database(), 'TEMP'),
	has_table_privilege('audit_leaf', 'UPDATE') OR has_table_privilege('audit_leaf', 'DELETE') OR has_table_privilege('audit_tree', 'DELETE') OR has_table_privilege('audit_leaf', 'TRUNCATE')
	FROM pg_roles r WHERE r.rolname = current_user`

// Role asks PostgreSQL what the role of this process may do. On SQLite it is empty: whoever can open the file can read it.
func (db *DB) Role(ctx context.Context) (Role, error) {
	var out Role
	if db.engine != Postgres {
		return out, nil
	}
	err := db.reading(ctx, func(c *sql.Conn) (err error) {
		out, err = role(ctx, c)
		return err
	})
	return out, err
}

func role(ctx context.Context, c *sql.Conn) (Role, error) {
	var r Role
	var super, bypass, climbs, predefined, roles, databases, replicates, owns, creates, temporary, audit bool
	err := c.QueryRowContext(ctx, roleOf).Scan(&r.Name, &super, &bypass, &climbs, &predefined, &roles, &databases, &replicates, &owns, &creates, &temporary, &audit)
	if err != nil {
		return r, err
	}
	say := func(yes bool, to *[]string, words string) {
		if yes {
			*to = append(*to, words)
		}
	}
	say(super, &r.Above, "it is a superuser")
	say(bypass, &r.Above, "it bypasses row-level security")
	say(climbs, &r.Above, "it is a member of a role that bypasses row-level security")
	say(predefined, &r.More, "it has a role that reads or writes everything")
	say(roles, &r.More, "it may make roles")
	say(databases, &r.More, "it may make databases")
	say(replicates, &r.More, "it may copy the server")
	say(owns, &r.More, "it owns the tables")
	say(creates, &r.More, "it may make tables")
	say(temporary, &r.More, "it may make temporary tables")
	say(audit, &r.More, "it may change the audit log")
	return r, nil
}

// Small says whether the role may do its work and nothing else.
func (r Role) Small() bool { return len(r.Above) == 0 && len(r.More) == 0 }

// why joins reasons for a sentence.
func why(reasons []string) string { return strings.Join(reasons, ", ") }

// Fenced fails where the fence between clinics would not hold: under a role that looks over it, or with a table that has none. SQLite has no such fence.
func (db *DB) Fenced(ctx context.Context) error {
	r, err := db.Role(ctx)
	if err != nil {
		return err
	}
	return db.FencedFor(ctx, r)
}

// FencedFor is Fenced for a role that was just read.
func (db *DB) FencedFor(ctx context.Context, r Role) error {
	if len(r.Above) > 0 {
		return fmt.Errorf("store: the role %s of ALMIRAH_DATABASE_URL sees over the fence between clinics (%s); make the roles that docs/postgresql.md describes, and use the small one", r.Name, why(r.Above))
	}
	open, err := db.Unfenced(ctx)
	if err == nil && len(open) > 0 {
		err = fmt.Errorf("store: these tables have no forced row-level security: %s; run `almirah migrate`, and find out who took it away", strings.Join(open, ", "))
	}
	return err
}

// ungranted asks whether a role of the database lacks a right that almirah_roles() gives it.
const ungranted = `SELECT EXISTS (SELECT 1 FROM pg_roles r, pg_class c WHERE r.rolname = current_database() || '_app' AND c.relkind = 'r'
		AND (c.relnamespace = current_schema()::regnamespace OR c.relnamespace = to_regnamespace('jobs')) AND pg_has_role(c.relowner, 'MEMBER')
		AND NOT has_table_privilege(r.oid, c.oid, 'INSERT') AND c.relname <> 'goose_db_version')
	OR EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = current_database() || '_read' AND NOT has_table_privilege(r.oid, 'pulse', 'SELECT'))`

// Grant gives the small roles of this database what their work needs, where they exist (or may be made) and lack it. Only the owner of the
// tables can; it does nothing for anybody else, and on SQLite.
func (db *DB) Grant(ctx context.Context) error {
	if db.engine != Postgres {
		return nil
	}
	conn, err := db.raw[0].Conn(ctx)
	if err != nil {
		return classify(err)
	}
	defer conn.Close()
	var lacks bool
	if err := conn.QueryRowContext(ctx, ungranted).Scan(&lacks); err != nil || !lacks {
		return classify(err)
	}
	if _, err := conn.ExecContext(ctx, `SELECT almirah_roles()`); err != nil {
		return fmt.Errorf("store: the small roles cannot be given their rights: %w", classify(err))
	}
	return nil
}

// RolesText is what a superuser runs once, by psql and connected to the database, so that the roles of docs/postgresql.md exist: owner is who owns
// the tables. It may be run again. It holds no password: psql's \password sets them without showing them to the server's log.
func RolesText(database, owner string) string {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	literal := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say(`\set ON_ERROR_STOP on`)
	for _, r := range []struct{ name, attributes string }{
		{owner, "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION"},
		{database + "_app", "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"},
		{database + "_read", "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"},
		{database + "_backup", "LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB REPLICATION"},
	} {
		say(`SELECT 'CREATE ROLE %s' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s) \gexec`, quote(r.name), literal(r.name))
		say(`ALTER ROLE %s %s;`, quote(r.name), r.attributes)
	}
	for _, d := range []string{database, database + "_keys"} {
		say(`SELECT 'CREATE DATABASE %s OWNER %s' WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = %s) \gexec`, quote(d), quote(owner), literal(d))
		say(`REVOKE ALL ON DATABASE %s FROM PUBLIC;`, quote(d))
		say(`GRANT CONNECT ON DATABASE %s TO %s, %s;`, quote(d), quote(owner), quote(database+"_app"))
		say(`GRANT CREATE, TEMPORARY ON DATABASE %s TO %s;`, quote(d), quote(owner))
	}
	say(`GRANT CONNECT ON DATABASE %s TO %s, %s;`, quote(database), quote(database+"_read"), quote(database+"_backup"))
	say(`GRANT pg_monitor TO %s;`, quote(database+"_read"))
	say(`GRANT pg_read_all_data TO %s;`, quote(database+"_backup"))
	for _, d := range []string{database + "_keys", database} { // the second stays the one that is connected
		say(`\connect %s`, quote(d))
		say(`REVOKE CREATE ON SCHEMA public FROM PUBLIC;`)
		say(`GRANT USAGE, CREATE ON SCHEMA public TO %s;`, quote(owner))
	}
	say(`GRANT EXECUTE ON FUNCTION pg_control_system() TO %s;`, quote(database+"_backup"))
	say(`-- Now their passwords: \password %s, \password %s, \password %s, \password %s`, owner, database+"_app", database+"_read", database+"_backup")
	say(`-- then, as the owner: almirah migrate`)
	return b.String()
}
