// Package holdings says whose data stands in which column, of what class, for what purpose, how long, how it leaves the house, and
// which keeper copies it out, erases and expires it. Every room declares its own tables; Check compares them with the real schema
// when the program starts and in a test, so that no table can escape export, erasure or expiry (promises I13, K5). It is pure: it
// reads no database.
package holdings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/law"
)

// Scope says whom a table belongs to.
type Scope string

// The scopes.
const (
	Clinic   Scope = "clinic"   // one clinic's rows beside another's; the doorway binds the clinic
	Platform Scope = "platform" // belongs to no clinic; reached by store.Across only
	System   Scope = "system"   // of a library (job queue, migrations); may hold no personal column
)

// Class says what kind of thing a column holds.
type Class string

// The classes.
const (
	Secret   Class = "secret"   // would open something: a password hash, a wrapped key, a credential
	Identity Class = "identity" // who somebody is: name, date of birth
	Contact  Class = "contact"  // how somebody is reached: phone, e-mail, address
	Care     Class = "care"     // something about somebody's health or treatment
	Message  Class = "message"  // what was written to or by somebody
	Security Class = "security" // kept to protect: address of a device, token hash, search bucket, audit
	Business Class = "business" // the clinic's own affairs: name, tax numbers, prices
	Plain    Class = "plain"    // ids, moments, states, counts
)

// Whose says whom a column is about.
type Whose string

// The people.
const (
	Patient  Whose = "patient"
	Staff    Whose = "staff"
	OfClinic Whose = "clinic"
	Nobody   Whose = "nobody"
)

// Column is one column of a table.
type Column struct {
	Name    string
	Class   Class
	Whose   Whose
	Purpose string   // what it is kept for, in plain words
	Keep    string   // how long, in words of the retention clause: "while the patient is with the clinic"
	Leaves  []string // processors of the sub-processor list that may receive it; empty for none
	Sealed  bool     // encrypted by the vault before it reaches the database
	Why     string   // for a secret or personal column that is not sealed: why not
}

// Table is one table that a room owns.
type Table struct {
	Name    string
	Scope   Scope
	Columns []Column
	Keeper  string // the room whose keeper collects, erases and expires it; empty only without personal columns

	// Life is the class of its rows, from which their life follows, and From what it is counted from; both empty only without personal columns.
	Life law.Class
	From Trigger
}

// Trigger is from what the life of a row is counted.
type Trigger string

// The triggers. Their words are at retention.from.<trigger>.
const (
	Made    Trigger = "made"    // it was made
	Visit   Trigger = "visit"   // the last visit that it belongs to
	Ended   Trigger = "ended"   // it ended, was settled, closed, used or replaced
	Issued  Trigger = "issued"  // the invoice was issued
	Seen    Trigger = "seen"    // it was of use last
	Leaving Trigger = "leaving" // the patient, the person or the clinic leaves
)

// Triggers are all triggers, in the order of pages.
func Triggers() []Trigger { return []Trigger{Made, Visit, Ended, Issued, Seen, Leaving} }

// Personal says whether the column tells something about a person.
func (c Column) Personal() bool {
	return (c.Whose == Patient || c.Whose == Staff) && c.Class != Plain
}

// To is the column as one that the parties may receive, by their ids in the sub-processor list.
func (c Column) To(parties ...string) Column {
	c.Leaves = append(slices.Clone(c.Leaves), parties...)
	return c
}

// mustSeal says whether the column may stand open only with a reason.
func (c Column) mustSeal() bool {
	switch c.Class {
	case Secret, Identity, Contact, Care, Message:
		return true
	}
	return false
}

// Personal says whether a column of the table tells something about a person.
func (t Table) Personal() bool { return slices.ContainsFunc(t.Columns, Column.Personal) }

// Check compares what the rooms declared with the real schema (table name to column names). Its error lists everything that is
// wrong, one line each, and what to do about it; nil when nothing is.
func Check(declared []Table, real map[string][]string) error {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }

	byName := map[string]Table{}
	for _, t := range declared {
		if _, twice := byName[t.Name]; twice {
			say("table %s is declared twice: keep the declaration of the room that owns it", t.Name)
		}
		byName[t.Name] = t
		out = append(out, t.faults()...)
	}
	for name, columns := range real {
		t, ok := byName[name]
		if !ok {
			say("table %s is in the database but no room declared it: add it to holdings.go of the room that owns it, with whose data it holds, what for, how long, and its keeper", name)
			continue
		}
		for _, c := range columns {
			if !slices.ContainsFunc(t.Columns, func(d Column) bool { return d.Name == c }) {
				say("column %s.%s is in the database but not declared: add it to the table's entry in holdings.go (class, whose, purpose, keep, sealed)", name, c)
			}
		}
		for _, d := range t.Columns {
			if !slices.Contains(columns, d.Name) {
				say("column %s.%s is declared but not in the database: write the migration, or take it out of holdings.go", name, d.Name)
			}
		}
	}
	for name := range byName {
		if _, ok := real[name]; !ok {
			say("table %s is declared but not in the database: write the migration, or take it out of holdings.go", name)
		}
	}
	if len(out) == 0 {
		return nil
	}
	slices.Sort(out)
	return errors.New("holdings:\n  " + strings.Join(slices.Compact(out), "\n  "))
}

// faults is what is wrong with the declaration by itself.
func (t Table) faults() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if !slices.Contains([]Scope{Clinic, Platform, System}, t.Scope) {
		say("table %s: scope %q is none of clinic, platform, system", t.Name, t.Scope)
	}
	if t.Personal() && t.Keeper == "" {
		say("table %s holds personal columns but names no keeper: name the room whose keeper.go collects, erases and expires its rows", t.Name)
	}
	if (t.Personal() || t.Keeper != "") && !slices.Contains(law.Classes(), t.Life) {
		say("table %s has a keeper but no class of life (%q): say in Life which row of internal/law it lives by", t.Name, t.Life)
	}
	if (t.Personal() || t.Keeper != "") && !slices.Contains(Triggers(), t.From) {
		say("table %s has a keeper, and its life is counted from nothing (%q): say in From from what", t.Name, t.From)
	}
	if t.Personal() && t.Scope == System {
		say("table %s belongs to a library but holds a personal column: nothing erases there; keep ids only", t.Name)
	}
	seen := map[string]bool{}
	for _, c := range t.Columns {
		at := t.Name + "." + c.Name
		if seen[c.Name] {
			say("column %s is declared twice: take one away", at)
		}
		seen[c.Name] = true
		if !slices.Contains([]Class{Secret, Identity, Contact, Care, Message, Security, Business, Plain}, c.Class) {
			say("column %s: class %q is none of secret, identity, contact, care, message, security, business, plain", at, c.Class)
		}
		if !slices.Contains([]Whose{Patient, Staff, OfClinic, Nobody}, c.Whose) {
			say("column %s: whose %q is none of patient, staff, clinic, nobody", at, c.Whose)
		}
		if c.Personal() && (c.Purpose == "" || c.Keep == "") {
			say("column %s is about a person: say in Purpose what it is kept for and in Keep how long", at)
		}
		if c.mustSeal() && !c.Sealed && c.Why == "" {
			say("column %s (%s) is not sealed: seal it with Ring.Seal and set Sealed, or say in Why it must stand open", at, c.Class)
		}
		if c.Sealed && c.Why != "" {
			say("column %s is sealed and explains why it is not: take one away", at)
		}
		if len(c.Leaves) > 0 && c.Purpose == "" {
			say("column %s leaves the house: say in Purpose what for", at)
		}
	}
	return out
}

// Keepers compares the keepers that tables name with those that the program was built with. It is nil when every table's keeper is there.
func Keepers(declared []Table, keepers []string) error {
	var out []string
	for _, t := range declared {
		if t.Keeper != "" && !slices.Contains(keepers, t.Keeper) {
			out = append(out, fmt.Sprintf("table %s names the keeper %s, but app hands privacy no such keeper: write its keeper.go and hand it over", t.Name, t.Keeper))
		}
	}
	if len(out) == 0 {
		return nil
	}
	slices.Sort(out)
	return errors.New("holdings:\n  " + strings.Join(out, "\n  "))
}
