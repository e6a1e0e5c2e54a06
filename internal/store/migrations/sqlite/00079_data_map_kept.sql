-- A map that somebody signed is never changed or removed, no signature under a review, and no text that somebody agreed to.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER data_map_no_update BEFORE UPDATE ON data_map
BEGIN SELECT RAISE(ABORT, 'a signed map of the data is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER data_map_no_delete BEFORE DELETE ON data_map
BEGIN SELECT RAISE(ABORT, 'a signed map of the data is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER duty_done_no_update BEFORE UPDATE ON duty_done
BEGIN SELECT RAISE(ABORT, 'a signature is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER document_text_no_update BEFORE UPDATE ON document_text
BEGIN SELECT RAISE(ABORT, 'what somebody agreed to is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER document_text_no_delete BEFORE DELETE ON document_text
BEGIN SELECT RAISE(ABORT, 'what somebody agreed to is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER notice_text_no_update BEFORE UPDATE ON notice_text
BEGIN SELECT RAISE(ABORT, 'what a patient was shown is never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER notice_text_no_update;
DROP TRIGGER document_text_no_delete;
DROP TRIGGER document_text_no_update;
DROP TRIGGER duty_done_no_update;
DROP TRIGGER data_map_no_delete;
DROP TRIGGER data_map_no_update;
