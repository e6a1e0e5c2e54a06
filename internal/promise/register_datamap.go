package promise

// mapped: the map of the data, and the people who look at it.
var mapped = []Sentence{
	{
		ID:       "data-map-true",
		Text:     "A map says what is held about whom, what for, how long, who gets it and what protects it. It is made from the program itself. A house whose database holds a column, or a view, that the map does not know does not start; one in which such a column appears while it runs calls this sentence broken.",
		Sources:  []string{"M15", "I13", "K5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/datamap/activity.go", "internal/datamap/record.go", "store.DB.Schema", "holdings.Check"},
		ProvedBy: []string{"app.TestTheMapIsTheDatabase", "datamap.TestEveryRoomIsOnTheMap", "store.TestTheSchemaIsReadWhole"},
		Probe:    "data-map-true",
		Twins: []Twin{
			{
				Name: "a house that starts over a column that nobody knows",
				File: "internal/app/house.go", Old: "if err := onTheMap(schema); err != nil {", New: "if err := onTheMap(schema); err != nil && ctx == nil {",
				Red: []string{"app.TestTheMapIsTheDatabase"},
			},
			{
				Name: "a look that sees tables only on SQLite",
				File: "internal/store/migrate.go", Old: "WHERE m.type IN ('table', 'view') AND", New: "WHERE m.type IN ('table') AND",
				Red: []string{"store.TestTheSchemaIsReadWhole"},
			},
			{
				Name: "a look that sees tables only on PostgreSQL",
				File: "internal/store/migrate.go", Old: "AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND", New: "AND c.relkind IN ('r', 'p') AND",
				Red: []string{"store.TestTheSchemaIsReadWhole"},
			},
			{
				Name: "a room that belongs nowhere",
				File: "internal/datamap/activity.go", Old: "if n > 1 || n == 0 && slices.ContainsFunc(r.Tables, holdings.Table.Personal) {", New: "if n > 1 {",
				Red: []string{"datamap.TestEveryRoomIsOnTheMap"},
			},
		},
	},
	{
		ID:       "data-map-signed",
		Text:     "Once a year somebody who runs the installation reads the map, compares it with what really happens, and signs. What she read is kept word for word, so that every change since then can be shown. When the year is over, this sentence is called broken.",
		Sources:  []string{"M15", "S7"},
		Kind:     Enforced,
		KeptBy:   []string{"datamap.Service.Sign", "datamap.Service.Standing", "internal/oversight/duty.go"},
		ProvedBy: []string{"datamap.TestTheMapIsSigned"},
		Probe:    "data-map-signed",
		Twins: []Twin{
			{
				Name: "a signature under a map that nobody read",
				File: "internal/datamap/service.go", Old: "case digest != now:", New: "case digest == \"\":",
				Red: []string{"datamap.TestTheMapIsSigned"},
			},
			{
				Name: "a signed map that is not kept",
				File: "internal/datamap/service.go", Old: "p.Exec(sqlMapKeep, now, text, p.Now())", New: "p.Exec(sqlMapKeep, now, text+\" \", p.Now())",
				Red: []string{"datamap.TestTheMapIsSigned"},
			},
			{
				Name: "a signed map that can be changed",
				File: "internal/store/migrations/sqlite/00079_data_map_kept.sql", Old: "CREATE TRIGGER data_map_no_update BEFORE UPDATE ON data_map\nBEGIN SELECT RAISE(ABORT, 'a signed map of the data is never changed'); END;", New: "CREATE TRIGGER data_map_no_update BEFORE UPDATE ON data_map\nBEGIN SELECT 1; END;",
				Red: []string{"datamap.TestTheMapIsSigned"},
			},
		},
	},
	{
		ID:       "data-map-own",
		Text:     "Each clinic can read, print and take along the record of its own processing at any time: who answers, for what, about whom, which data, on which ground, who outside gets it, how long it lives here and what protects it.",
		Sources:  []string{"M15", "R1"},
		Kind:     Enforced,
		KeptBy:   []string{"datamap.Source.Controller", "internal/app/datamap.go", "internal/web/datamap.go"},
		ProvedBy: []string{"app.TestTheRecordOfAClinic", "datamap.TestTheRecordHasItsForm"},
		Probe:    "data-map-own",
		Twins: []Twin{
			{
				Name: "a record with the usual times instead of the clinic’s own",
				File: "internal/app/datamap.go", Old: "func(c law.Class) law.Span { return k.life[c] })", New: "func(c law.Class) law.Span { return law.LifeOf(k.clinic.Jurisdiction, c).Usual })",
				Red: []string{"app.TestTheRecordOfAClinic"},
			},
			{
				Name: "a record that leaves out who gets the data",
				File: "internal/datamap/record.go", Old: "if p.All || slices.Contains(goes, p.ID) {", New: "if p.All {",
				Red: []string{"datamap.TestTheRecordHasItsForm"},
			},
			{
				Name: "a record that does not say that it is about health",
				File: "internal/datamap/record.go", Old: "l.Health = l.Health || n > 0 && class == holdings.Care && whose == holdings.Patient", New: "l.Health = l.Health || n < 0",
				Red: []string{"datamap.TestTheRecordHasItsForm"},
			},
		},
	},
}
