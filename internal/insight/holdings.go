package insight

import "almirah/internal/holdings"

// Holdings are the tables of this room, column by column. They hold counts: nobody is in them, and nothing leads back to anybody.
func Holdings() []holdings.Table {
	table := func(name string, columns ...string) holdings.Table {
		t := holdings.Table{Name: name, Scope: holdings.Clinic}
		for _, c := range append([]string{"clinic_id"}, columns...) {
			t.Columns = append(t.Columns, holdings.Column{Name: c, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return t
	}
	return []holdings.Table{
		table("insight_setting", "features", "visitors", "children", "changed_at", "version"),
		table("insight_progress", "counted_to", "looked_at"),
		table("insight_day", "day", "provider_id", "attended", "missed", "cancelled", "unmarked", "claimed_minutes", "offered_minutes", "soon", "soon_minutes", "late", "late_minutes",
			"told_both", "told_delivered", "told_confirmed", "told_only"),
		table("insight_source", "day", "door", "booked"),
		table("insight_money", "day", "kind", "part", "currency", "cases", "amount"),
		table("feature_day", "day", "feature", "opened", "slow", "millis"),
		table("visitor_day", "day", "page", "device", "seen"),
	}
}
