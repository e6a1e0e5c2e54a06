package datamap

import "almirah/internal/holdings"

// Holdings are the tables of this room, column by column: maps that somebody signed, word for word. Nothing in them is about anybody.
func Holdings() []holdings.Table {
	var columns []holdings.Column
	for _, n := range []string{"digest", "text", "kept_at"} {
		columns = append(columns, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
	}
	return []holdings.Table{{Name: "data_map", Scope: holdings.Platform, Columns: columns}}
}
