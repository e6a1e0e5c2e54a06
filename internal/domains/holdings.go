package domains

import "almirah/internal/holdings"

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	host := holdings.Column{Name: "host", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to find the public page by the clinic's own name", Keep: "while the clinic wants it"}
	return []holdings.Table{
		{Name: "domain", Scope: holdings.Platform, Columns: append([]holdings.Column{host}, plain("clinic_id", "proof", "claimed_at", "proven_at", "checked_at", "failing_at", "due_at", "problem", "found", "version")...)},
		{Name: "certificate", Scope: holdings.Platform, Columns: append(plain("name", "kept_at", "ends_at"),
			holdings.Column{Name: "sealed", Class: holdings.Secret, Whose: holdings.OfClinic, Purpose: "to answer by HTTPS: certificates with their keys", Keep: "until a week after its end", Sealed: true})},
	}
}
