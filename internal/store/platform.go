package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/vault"
)

// PlatformTables are the tables that belong to no clinic. The list is closed: a new one needs
// a reason in docs/decisions, because what is here is not fenced by clinic.
var PlatformTables = []string{
	"person", "membership", "session", "invitation", "one_time_link", "acceptance", "throttle",
	"clinic_route", "pulse", "outgoing_mail", "audit_pending", "audit_tree", "audit_head", "audit_key", "probe_result", "probe_spell",
	"authenticator", "recovery_code", "challenge", "known_device", "sign_in_event", "sign_in_rule",
	"standing", "subscription", "subscription_payment", "subscription_invoice", "subscription_series",
	"restoration", "backup_mark", "pace",
	"helper", "support_asked", "support_seat", "ticket", "ticket_line", "service_notice", "mail_choice", "ownership_transfer",
	"platform_incident", "platform_incident_clinic",
	"domain", "certificate",
	"duty_done", "canary_walk", "data_map",
	"vendor", "egress_use",
	"confidentiality", "confidentiality_text", "document_text", "told_once",
	"clinic_gone", "remainder", "retention_clock", "suspension",
	"custody", "custody_hold", "custody_part", "chore_tour",
}

// Platform reads and writes what belongs to no clinic, in one transaction. Its $1 is not
// bound to a clinic; its statements may touch PlatformTables only.
type Platform struct {
	tx   *Tx
	code access.Right
}

// Across is the passage to the platform's tables. Writes must be recorded like any other,
// in the platform's own audit chain (clinic zero).
func (db *DB) Across(ctx context.Context, who access.Caller, right access.Right, fn func(ctx context.Context, p *Platform) error) error {
	if err := db.admit(ctx, who, right, true); err != nil {
		return err
	}
	return db.again(ctx, func() error {
		write := right != access.PlatformRoute
		s, err := db.begin(ctx, id.Zero, write)
		if err != nil {
			return err
		}
		defer s.rollback()
		outside := access.Mint(id.Zero, who.Actor(), id.Zero, who.Session(), who.Role(), who.Purpose())
		p := &Platform{tx: &Tx{View: View{s: s, who: outside, right: right, now: clock.At(db.clock.Now())}}, code: right}
		defer p.tx.close()
		inside := context.WithValue(ctx, passage{}, true)
		p.tx.ctx, s.ctx = inside, inside
		if err := fn(inside, p); err != nil {
			return err
		}
		if why := reasonToWithhold(ctx); why != nil && p.tx.writes > 0 {
			return why
		}
		if p.tx.writes > 0 && len(p.tx.notes) == 0 && p.tx.chore == "" {
			return ErrUnaccounted
		}
		if err := p.tx.account(nil); err != nil {
			return err
		}
		if !write {
			return nil
		}
		return s.commit()
	})
}

// Context is the passage's context.
func (p *Platform) Context() context.Context { return p.tx.ctx }

// Now is the one moment of this transaction.
func (p *Platform) Now() clock.Instant { return p.tx.now }

// NewID makes an id at this transaction's moment.
func (p *Platform) NewID() id.ID { return p.tx.NewID() }

// Query runs a statement over platform tables.
func (p *Platform) Query(text string, args ...any) (*Rows, error) {
	if err := platformOnly(text); err != nil {
		return nil, err
	}
	return p.tx.s.query(text, args)
}

// Row is Query for at most one row.
func (p *Platform) Row(text string, args ...any) RowScanner {
	rows, err := p.Query(text, args...)
	return RowScanner{rows: rows, err: err}
}

// Exec runs a writing statement over platform tables and answers how many rows it touched.
func (p *Platform) Exec(text string, args ...any) (int64, error) {
	if err := platformOnly(text); err != nil {
		return 0, err
	}
	n, err := p.tx.s.exec(text, args)
	if err == nil && n > 0 {
		p.tx.writes++
	}
	return n, err
}

// later is Exec for a row that nothing else in this passage reads or counts.
func (p *Platform) later(text string, args ...any) error {
	if err := platformOnly(text); err != nil {
		return err
	}
	p.tx.writes++
	return p.tx.s.later(text, args)
}

// Must is Exec for exactly one row; otherwise fault.NotFound.
func (p *Platform) Must(text string, args ...any) error {
	n, err := p.Exec(text, args...)
	if err == nil && n != 1 {
		return fault.Missing()
	}
	return err
}

// Record names the subject of what this passage writes.
func (p *Platform) Record(n audit.Note) { p.tx.Record(n) }

// Housekeeping says why rows are written that concern no subject.
func (p *Platform) Housekeeping(reason string) { p.tx.Housekeeping(reason) }

// Ring seals and opens under the platform's own keys; people who sign in are its subjects.
func (p *Platform) Ring() (*vault.Ring, error) { return p.tx.Ring() }

// Seal seals a text of a person for its cell.
func (p *Platform) Seal(subject id.ID, table, column string, row id.ID, text string) ([]byte, error) {
	return p.tx.Seal(subject, table, column, row, text)
}

// Unseal opens what Seal sealed.
func (p *Platform) Unseal(subject id.ID, table, column string, row id.ID, sealed []byte) (string, error) {
	return p.tx.Unseal(subject, table, column, row, sealed)
}

// Load fetches the keys of many people at once.
func (p *Platform) Load(people []id.ID) error { return p.tx.Load(people) }

// NewSubject makes and commits the key of a new person.
func (p *Platform) NewSubject(person id.ID) error {
	return p.tx.s.db.vault.AddSubjects(p.tx.ctx, id.Zero, person)
}

// platformOnly refuses a statement that names a clinic's table: a cheap fence in front of the
// tested one (archtest reads every statement).
func platformOnly(text string) error {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !(r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	for i, w := range words {
		if i == 0 || words[i-1] != "from" && words[i-1] != "into" && words[i-1] != "join" && words[i-1] != "update" {
			continue
		}
		if w == "set" || w == "select" {
			continue
		}
		ok := false
		for _, t := range PlatformTables {
			ok = ok || t == w
		}
		if !ok {
			return fmt.Errorf("store: %s: %s is no platform table", firstWords(text), w)
		}
	}
	return nil
}

// FoundClinic makes the clinic's keys and its first row of every platform table in one go, and
// runs fn in the new clinic's own passage. It is how a clinic comes into being: the keys are
// committed before the first row that needs them.
func (db *DB) FoundClinic(ctx context.Context, who access.Caller, clinic id.ID, fn func(ctx context.Context, tx *Tx) error) error {
	if !who.May(access.PlatformOpen) {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	if ctx.Value(passage{}) != nil {
		return ErrNested
	}
	if err := db.vault.OpenClinic(ctx, clinic); err != nil {
		return err
	}
	founder := access.Mint(clinic, who.Actor(), id.Zero, who.Session(), access.Owner, access.Running)
	return db.Change(ctx, founder, access.ClinicSettings, fn)
}

// Unfenced lists the clinic tables that PostgreSQL does not fence by row-level security, forced
// on their owner too. It is empty on SQLite, which has no such thing.
func (db *DB) Unfenced(ctx context.Context) ([]string, error) {
	if db.engine != Postgres {
		return nil, nil
	}
	var out []string
	err := db.reading(ctx, func(c *sql.Conn) error {
		rows, err := c.QueryContext(ctx, `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
			WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attname = 'clinic_id' AND NOT a.attisdropped
			AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t string
			if err := rows.Scan(&t); err != nil {
				return err
			}
			if !slices.Contains(PlatformTables, t) {
				out = append(out, t)
			}
		}
		return rows.Err()
	})
	return out, err
}

// AskingModules lists the tables that take a row only from a clinic that turned the table's module on, as the engine has them.
func (db *DB) AskingModules(ctx context.Context) ([]string, error) {
	text := `SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name = tbl_name || '_module' ORDER BY tbl_name`
	if db.engine == Postgres {
		text = `SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'module_on' AND t.tgenabled <> 'D'
			AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname`
	}
	var out []string
	err := db.reading(ctx, func(c *sql.Conn) error {
		rows, err := c.QueryContext(ctx, text)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t string
			if err := rows.Scan(&t); err != nil {
				return err
			}
			out = append(out, t)
		}
		return rows.Err()
	})
	return out, err
}
