-- Least privilege (promise M6): the program works under a role that owns nothing, makes nothing and sees one clinic at a time. The roles are named
-- after the database: NAME_app for the program, NAME_read for the operator's looks. They are made here where the migration's role may make roles;
-- else a superuser makes them (almirah postgres roles), and the next upgrade gives them their rights.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION almirah_roles() RETURNS void LANGUAGE plpgsql AS $$
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
        -- How the house stands: no table of a clinic, nothing about a person.
        EXECUTE format('GRANT SELECT ON clinic_route, pulse, probe_result, restoration, backup_mark, audit_tree, audit_head, audit_key, goose_db_version TO %I', looks);
    END IF;
END $$;
-- +goose StatementEnd
SELECT almirah_roles();

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY ARRAY[current_database() || '_app', current_database() || '_read'] LOOP
        IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), r);
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), r);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd
DROP FUNCTION almirah_roles();
