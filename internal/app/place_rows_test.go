package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"almirah/internal/access"
	"almirah/internal/holdings"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// sortedColumns are the columns of every declared table by its name, in the order in which rows reads them. They are asked for after each of
// thousands of requests, so they are made once.
var sortedColumns = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for _, x := range Holdings() {
		for _, c := range x.Columns {
			out[x.Name] = append(out[x.Name], c.Name)
		}
		slices.Sort(out[x.Name])
	}
	return out
})

// tablesOfClinics are the declared tables of clinics.
var tablesOfClinics = sync.OnceValue(func() (out []holdings.Table) {
	for _, x := range Holdings() {
		// The house's own role cannot read the one on PostgreSQL; of the other a row is marked when a download ends, which may be after its answer was read.
		if x.Scope == holdings.Clinic && x.Name != "statutory_copy" && x.Name != "export_run" {
			out = append(out, x)
		}
	}
	return out
})

func columnsOf(t testing.TB, table string) []string {
	t.Helper()
	out, ok := sortedColumns()[table]
	if !ok {
		t.Fatalf("no table %s", table)
	}
	return out
}

// rows are all rows of a clinic, by table, read through the clinic's own view.
func (h *opened) rows(t testing.TB, who access.Caller) map[string][][]any {
	t.Helper()
	out := map[string][][]any{}
	err := h.DB.View(t.Context(), who, access.ClinicRead, func(_ context.Context, v *store.View) error {
		for _, table := range tablesOfClinics() {
			columns := columnsOf(t, table.Name)
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
		for _, table := range []string{"person", "membership", "session", "invitation", "one_time_link", "acceptance", "clinic_route", "outgoing_mail", "authenticator", "recovery_code", "sign_in_rule"} {
			columns := columnsOf(t, table)
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

// routesMux knows every route. It is asked thousands of times, so it is made once.
var routesMux = sync.OnceValue(func() *http.ServeMux {
	mux := http.NewServeMux()
	for _, p := range allRoutes() {
		mux.HandleFunc(p, func(http.ResponseWriter, *http.Request) {})
	}
	return mux
})

// patternOf is the route that an address leads to; empty for none.
func patternOf(method, address string) string {
	r, err := http.NewRequest(method, address, nil)
	if err != nil {
		return ""
	}
	_, pattern := routesMux().Handler(r)
	return pattern
}
