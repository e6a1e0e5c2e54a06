package web

import (
	"reflect"
	"testing"
)

// TestCostFields: what a provider gave is shown as it came, by name; what is no object is left out.
func TestCostFields(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]CostField{
		"":            nil,
		"null":        nil,
		"[1]":         nil,
		"{\"price\":": nil,
		`{"price_unit":"USD","price":-0.00750,"billable":true,"none":null}`: {{"billable", "true"}, {"price", "-0.00750"}, {"price_unit", "USD"}},
	} {
		if got := costOf(raw); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v", raw, got)
		}
	}
}
