-- Tables of a module take no row while the clinic has the module off (promises A18, D6): SELECT almirah_module('table', 'module').

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION almirah_module_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,' || TG_ARGV[0] || ',%') THEN
        RAISE EXCEPTION 'the module % is off', TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION almirah_module(t regclass, module text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER module_on BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION almirah_module_on(%L)', t, module);
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION almirah_module(regclass, text);
DROP FUNCTION almirah_module_on();
