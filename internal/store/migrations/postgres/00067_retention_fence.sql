-- What a clinic keeps, and why, is that clinic's alone (promise A7). The role of the program may put a statutory copy away and throw it away, but not
-- read what stands in it: no page, interface or job can (decision 60).

-- +goose Up
SELECT almirah_fence('legal_hold'::regclass);
SELECT almirah_fence('retention_run'::regclass);
SELECT almirah_fence('retention_notice'::regclass);
SELECT almirah_fence('booking_count'::regclass);
SELECT almirah_fence('statutory_key'::regclass);
SELECT almirah_fence('statutory_copy'::regclass);
SELECT almirah_fence('closing'::regclass);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_roles() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    app text := current_database() || '_app';
    looks text := current_database() || '_read';
    may boolean := (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user);
    place text := current_schema();
    r text;
BEGIN
    PERFORM pg_advisory_xact_lock(4711, 6);
    FOREACH r IN ARRAY ARRAY[app, looks] LOOP
        IF may AND NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION', r);
        END IF;
    END LOOP;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = app) THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, app);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', place, app);
        EXECUTE format('REVOKE UPDATE, DELETE ON audit_leaf, audit_tree FROM %I', app);
        EXECUTE format('REVOKE SELECT, UPDATE ON statutory_copy FROM %I', app);
        EXECUTE format('GRANT SELECT (clinic_id, id, month, at) ON statutory_copy TO %I', app);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON goose_db_version FROM %I', app);
        IF to_regnamespace('jobs') IS NOT NULL THEN
            EXECUTE format('GRANT USAGE ON SCHEMA jobs TO %I', app);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO %I', app);
            EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA jobs TO %I', app);
        END IF;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = looks) THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, looks);
        -- How the house stands: no table of a clinic, nothing about a person.
        EXECUTE format('GRANT SELECT ON clinic_route, pulse, probe_result, restoration, backup_mark, audit_tree, audit_head, audit_key, goose_db_version TO %I', looks);
    END IF;
END $$;
-- +goose StatementEnd
SELECT almirah_roles();
-- What may never be removed goes with its clinic, once the clinic itself is on record as gone.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN IF EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id) THEN RETURN OLD; END IF; END IF; RAISE EXCEPTION '%', TG_ARGV[0]; END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_issued_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN IF EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id) THEN RETURN OLD; END IF; END IF;
    IF OLD.issued_at > 0 AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.id) THEN
        RAISE EXCEPTION 'an issued invoice is kept';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_issued_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE c bytea; i bytea;
BEGIN
    IF TG_OP = 'DELETE' THEN IF EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id) THEN RETURN OLD; END IF; END IF;
    IF TG_OP = 'INSERT' THEN c := NEW.clinic_id; i := NEW.invoice_id; ELSE c := OLD.clinic_id; i := OLD.invoice_id; END IF;
    IF EXISTS (SELECT 1 FROM invoice x WHERE x.clinic_id = c AND x.id = i AND x.issued_at > 0)
        AND NOT (TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = c AND g.invoice_id = i)) THEN
        RAISE EXCEPTION 'an issued invoice never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_agreement_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN IF EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id) THEN RETURN OLD; END IF; END IF; RAISE EXCEPTION 'what was signed is never changed or removed'; END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_issued_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.issued_at > 0 AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.id) THEN
        RAISE EXCEPTION 'an issued invoice is kept';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_issued_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE c bytea; i bytea;
BEGIN
    IF TG_OP = 'INSERT' THEN c := NEW.clinic_id; i := NEW.invoice_id; ELSE c := OLD.clinic_id; i := OLD.invoice_id; END IF;
    IF EXISTS (SELECT 1 FROM invoice x WHERE x.clinic_id = c AND x.id = i AND x.issued_at > 0)
        AND NOT (TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = c AND g.invoice_id = i)) THEN
        RAISE EXCEPTION 'an issued invoice never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_agreement_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'what was signed is never changed or removed'; END $$;
-- +goose StatementEnd
DROP POLICY clinic ON closing;
ALTER TABLE closing NO FORCE ROW LEVEL SECURITY;
ALTER TABLE closing DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON statutory_copy;
ALTER TABLE statutory_copy NO FORCE ROW LEVEL SECURITY;
ALTER TABLE statutory_copy DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON statutory_key;
ALTER TABLE statutory_key NO FORCE ROW LEVEL SECURITY;
ALTER TABLE statutory_key DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON booking_count;
ALTER TABLE booking_count NO FORCE ROW LEVEL SECURITY;
ALTER TABLE booking_count DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON retention_notice;
ALTER TABLE retention_notice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE retention_notice DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON retention_run;
ALTER TABLE retention_run NO FORCE ROW LEVEL SECURITY;
ALTER TABLE retention_run DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON legal_hold;
ALTER TABLE legal_hold NO FORCE ROW LEVEL SECURITY;
ALTER TABLE legal_hold DISABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_roles() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    app text := current_database() || '_app';
    looks text := current_database() || '_read';
    may boolean := (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user);
    place text := current_schema();
    r text;
BEGIN
    PERFORM pg_advisory_xact_lock(4711, 6);
    FOREACH r IN ARRAY ARRAY[app, looks] LOOP
        IF may AND NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION', r);
        END IF;
    END LOOP;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = app) THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, app);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', place, app);
        EXECUTE format('REVOKE UPDATE, DELETE ON audit_leaf, audit_tree FROM %I', app);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON goose_db_version FROM %I', app);
        IF to_regnamespace('jobs') IS NOT NULL THEN
            EXECUTE format('GRANT USAGE ON SCHEMA jobs TO %I', app);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO %I', app);
            EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA jobs TO %I', app);
        END IF;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = looks) THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, looks);
        EXECUTE format('GRANT SELECT ON clinic_route, pulse, probe_result, restoration, backup_mark, audit_tree, audit_head, audit_key, goose_db_version TO %I', looks);
    END IF;
END $$;
-- +goose StatementEnd
