package holdings

import (
	"strings"
	"testing"

	"almirah/internal/law"
	"almirah/internal/promise"
)

func good() []Table {
	return []Table{
		{Name: "patients", Scope: Clinic, Keeper: "patients", Life: law.People, From: Leaving, Columns: []Column{
			{Name: "id", Class: Plain, Whose: Nobody},
			{Name: "name", Class: Identity, Whose: Patient, Purpose: "to know who comes", Keep: "while the patient is with the clinic", Sealed: true},
			{Name: "phone_bucket", Class: Security, Whose: Patient, Purpose: "to find the patient by phone", Keep: "as long as the phone"},
		}},
		{Name: "goose_version", Scope: System, Columns: []Column{{Name: "version", Class: Plain, Whose: Nobody}}},
	}
}

func schema() map[string][]string {
	return map[string][]string{"patients": {"id", "name", "phone_bucket"}, "goose_version": {"version"}}
}

func TestWhatIsDeclaredIsWhatIsThere(t *testing.T) {
	t.Parallel()
	if err := Check(good(), schema()); err != nil {
		t.Fatalf("a whole declaration is refused: %v", err)
	}
}

func TestNothingIsHeldUndeclared(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "nothing-undeclared")
	promise.Proves(t, "retention")
	for name, c := range map[string]struct {
		spoil func(d []Table, real map[string][]string) []Table
		says  string
	}{
		"a table nobody declared": {func(d []Table, real map[string][]string) []Table { real["visits"] = []string{"id"}; return d },
			"table visits is in the database but no room declared it"},
		"a column nobody declared": {func(d []Table, real map[string][]string) []Table {
			real["patients"] = append(real["patients"], "mother")
			return d
		}, "column patients.mother is in the database but not declared"},
		"a declared column that is not there": {func(d []Table, real map[string][]string) []Table {
			real["patients"] = []string{"id", "name"}
			return d
		}, "column patients.phone_bucket is declared but not in the database"},
		"a declared table that is not there": {func(d []Table, real map[string][]string) []Table { delete(real, "goose_version"); return d },
			"table goose_version is declared but not in the database"},
		"an open name": {func(d []Table, _ map[string][]string) []Table { d[0].Columns[1].Sealed = false; return d },
			"column patients.name (identity) is not sealed"},
		"no keeper": {func(d []Table, _ map[string][]string) []Table { d[0].Keeper = ""; return d },
			"table patients holds personal columns but names no keeper"},
		"no class of life": {func(d []Table, _ map[string][]string) []Table { d[0].Life = ""; return d },
			"table patients has a keeper but no class of life"},
		"a life from nothing": {func(d []Table, _ map[string][]string) []Table { d[0].From = ""; return d },
			"table patients has a keeper, and its life is counted from nothing"},
		"no life": {func(d []Table, _ map[string][]string) []Table { d[0].Columns[2].Keep = ""; return d },
			"column patients.phone_bucket is about a person: say in Purpose what it is kept for and in Keep how long"},
		"a person in a library's table": {func(d []Table, _ map[string][]string) []Table { d[0].Scope = System; return d },
			"table patients belongs to a library but holds a personal column"},
		"twice":            {func(d []Table, _ map[string][]string) []Table { return append(d, d[0]) }, "table patients is declared twice"},
		"an unknown class": {func(d []Table, _ map[string][]string) []Table { d[0].Columns[0].Class = "misc"; return d }, `class "misc" is none of`},
		"nobody's":         {func(d []Table, _ map[string][]string) []Table { d[0].Columns[0].Whose = ""; return d }, `whose "" is none of`},
		"an unknown scope": {func(d []Table, _ map[string][]string) []Table { d[1].Scope = "mine"; return d }, `scope "mine" is none of`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, real := good(), schema()
			err := Check(c.spoil(d, real), real)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestAReasonOpensAColumn(t *testing.T) {
	t.Parallel()
	d := good()
	d[0].Columns[1].Sealed, d[0].Columns[1].Why = false, "is an argon2id hash"
	if err := Check(d, schema()); err != nil {
		t.Fatal(err)
	}
}

func TestEveryKeeperIsThere(t *testing.T) {
	t.Parallel()
	if err := Keepers(good(), []string{"patients"}); err != nil {
		t.Fatal(err)
	}
	if err := Keepers(good(), nil); err == nil || !strings.Contains(err.Error(), "table patients names the keeper patients") {
		t.Fatalf("a missing keeper: %v", err)
	}
}

func TestPageIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	d := good()
	d[0].Columns[1].Purpose = "to know | who comes"
	page := Page(d)
	if other := Page([]Table{d[1], d[0]}); other != page {
		t.Fatalf("two orders, two pages:\n%s\n%s", page, other)
	}
	for _, want := range []string{"### patients", `| name | identity | patient | to know \| who comes | while the patient is with the clinic | nobody | yes |`, "Plain: id.", "## Of no clinic\n\nNothing."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}
