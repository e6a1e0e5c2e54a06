-- +goose Up
SELECT almirah_fence('arrival'::regclass);
SELECT almirah_fence('export_run'::regclass);
SELECT almirah_fence('list_import'::regclass);
SELECT almirah_fence('list_line'::regclass);

-- +goose Down
SELECT 1;
