package scheduling

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"almirah/internal/clock"
)

// The short way of reading hours must never read anything else than the decoder does.
func TestHoursAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var w Weekly
		for d := range w {
			if rapid.Bool().Draw(t, "off") {
				continue
			}
			w[d] = []Interval{}
			for range rapid.IntRange(0, 4).Draw(t, "intervals") {
				w[d] = append(w[d], Interval{clock.Minute(rapid.IntRange(0, 1440).Draw(t, "from")), clock.Minute(rapid.IntRange(0, 1440).Draw(t, "to"))})
			}
		}
		text := encodeWeekly(w)
		got, ok := readWeekly(text)
		if !ok || !reflect.DeepEqual(got, w) {
			t.Fatalf("%s was read as %v (%v)", text, got, ok)
		}
		// One changed byte: either it is refused, or the decoder agrees.
		b := []byte(text)
		b[rapid.IntRange(0, len(b)-1).Draw(t, "place")] = byte(rapid.IntRange(' ', '~').Draw(t, "byte"))
		var want Weekly
		err := json.Unmarshal(b, &want)
		if got, ok := readWeekly(string(b)); ok && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%s was read as %v, the decoder says %v (%v)", b, got, want, err)
		}
	})
	for _, other := range []string{"", "[]", "[[],[],[]]", `[null,null,null,null,null,null,null]x`, `[[{"From":540,"To":}],null,null,null,null,null,null]`} {
		if _, ok := readWeekly(other); ok {
			t.Errorf("%q was read", other)
		}
	}
}
