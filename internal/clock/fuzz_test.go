package clock

import "testing"

// FuzzDates reads days and times of day as anybody types them: what is taken is written again as it was.
func FuzzDates(f *testing.F) {
	for _, s := range []string{"2026-11-28", "2024-02-29", "2023-02-29", "0000-00-00", "9999-12-31", "24:00", "23:59", "7:05", "-1:00", "2026-11-28T00:00:00Z", "٢٠٢٦-١١-٢٨"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if d, err := ParseDate(typed); err == nil {
			if again, err := ParseDate(string(d)); err != nil || again != d || len(d) != 10 {
				t.Errorf("%q becomes %q, and that %q: %v", typed, d, again, err)
			}
		}
		if m, err := ParseMinute(typed); err == nil && (m < 0 || m > 48*60) {
			t.Errorf("%q becomes %d", typed, m)
		}
	})
}
