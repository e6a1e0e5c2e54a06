package vendors

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
	return []holdings.Table{
		{Name: "vendor", Scope: holdings.Platform, Columns: append(plain("party", "signed_on", "ends_on", "safeguard", "confidential", "baa", "reviewed_on", "changed_at", "version"),
			holdings.Column{Name: "note", Class: holdings.Business, Whose: holdings.Nobody, Purpose: "to know where the contract lies", Keep: "while the party is used"},
			holdings.Column{Name: "changed_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who wrote the record of a contract", Keep: "while the party is used"})},
		{Name: "egress_use", Scope: holdings.Platform, Columns: plain("party", "day", "calls", "failed", "refused", "sent", "received")},
	}
}
