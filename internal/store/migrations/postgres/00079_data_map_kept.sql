-- A map that somebody signed is never changed or removed, and no signature under a review is.

-- +goose Up
CREATE TRIGGER data_map_never BEFORE UPDATE OR DELETE ON data_map FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
CREATE TRIGGER duty_done_never BEFORE UPDATE ON duty_done FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();

-- +goose Down
DROP TRIGGER duty_done_never ON duty_done;
DROP TRIGGER data_map_never ON data_map;
