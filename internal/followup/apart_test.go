package followup

import (
	"reflect"
	"testing"

	"almirah/internal/id"
	"almirah/internal/promise"
)

// TestSmallGroupsStayTogether: fewer than five reminded patients of a practitioner are never told apart, nor by subtraction.
func TestSmallGroupsStayTogether(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminders-measured")
	for _, c := range []struct{ groups, want []int }{
		{nil, nil},
		{[]int{4}, nil},
		{[]int{5}, []int{5}},
		{[]int{3, 3}, nil},
		{[]int{9, 5}, []int{9, 5}},
		{[]int{9, 3, 2}, []int{9, 5}},
		{[]int{9, 8, 1}, []int{9, 9}}, // the total less nine would be one
		{[]int{9, 1}, nil},
		{[]int{20, 9, 8, 4, 4, 4}, []int{20, 9, 8, 12}},
	} {
		var by []Share
		for i, n := range c.groups {
			by = append(by, Share{id.ID{byte(i + 1)}, Success{Reminded: n, Came: n}})
		}
		var got []int
		for i, x := range apart(by) {
			got = append(got, x.Reminded)
			if x.Came != x.Reminded || x.Reminded < LeastGroup {
				t.Errorf("%v: %+v", c.groups, x)
			}
			if i < len(c.want)-1 && x.Provider.IsZero() {
				t.Errorf("%v: the rest does not stand last", c.groups)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v become %v, not %v", c.groups, got, c.want)
		}
	}
}
