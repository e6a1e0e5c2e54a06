package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/holdings"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// Looking at all rows, as the two-clinic sweep, the matrix of roles and the deletion need it.

// columnsOf are the columns of a table, in the order in which rows reads them.
func (h *opened) columnsOf(t testing.TB, table string) []string {
	t.Helper()
	for _, x := range Holdings() {
		if x.Name == table {
			var out []string
			for _, c := range x.Columns {
				out = append(out, c.Name)
			}
			slices.Sort(out)
			return out
		}
	}
	t.Fatalf("no table %s", table)
	return nil
}

// rows are all rows of a clinic, by table, read through the clinic's own view.
func (h *opened) rows(t testing.TB, who access.Caller) map[string][][]any {
	t.Helper()
	out := map[string][][]any{}
	err := h.DB.View(t.Context(), who, access.ClinicRead, func(_ context.Context, v *store.View) error {
		for _, table := range Holdings() {
			if table.Scope != holdings.Clinic {
				continue
			}
			columns := h.columnsOf(t, table.Name)
			found, err := v.Query("SELECT " + strings.Join(columns, ", ") + " FROM " + table.Name + " WHERE clinic_id = $1 ORDER BY " + strings.Join(columns, ", "))
			if err != nil {
				return fmt.Errorf("%s: %w", table.Name, err)
			}
			if out[table.Name], err = readRows(found, len(columns)); err != nil {
				return fmt.Errorf("%s: %w", table.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readRows(found *store.Rows, n int) ([][]any, error) {
	defer found.Close()
	out := [][]any{}
	for found.Next() {
		row, into := make([]any, n), make([]any, n)
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, found.Err()
}

// platformRows are the rows of the platform's tables that say something about clinics and people.
func (h *opened) platformRows(t testing.TB) map[string][][]any {
	t.Helper()
	out := map[string][][]any{}
	err := h.DB.Across(t.Context(), jobs.Platform(), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		for _, table := range []string{"person", "membership", "invitation", "one_time_link", "acceptance", "clinic_route", "outgoing_mail"} {
			columns := h.columnsOf(t, table)
			found, err := p.Query("SELECT " + strings.Join(columns, ", ") + " FROM " + table + " ORDER BY " + strings.Join(columns, ", "))
			if err != nil {
				return err
			}
			if out[table], err = readRows(found, len(columns)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func asText(x any) string {
	switch x := x.(type) {
	case []byte:
		return string(x)
	case string:
		return x
	}
	return fmt.Sprint(x)
}

func rowText(row []any) string {
	h := sha256.New()
	for _, x := range row {
		s := asText(x)
		fmt.Fprintf(h, "%d:%s;", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
