package datamap

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/holdings"
	"almirah/internal/words"
)

// Party is an outside party as the record tells of it. What is in words of the program is said in the language of the page; what an operator entered
// stands as it was entered.
type Party struct {
	ID, Name, Purpose string
	Data              []string
	Region            string
	Safeguard         string    // how a transfer into another country is covered, and what else there is to say; may be empty
	All               bool      // it keeps encrypted copies of everything
	Contract          *Contract // nil: none is needed
	Why               string    // why this clinic gives it nothing; empty: it may get something
}

// Contract is what is on file about the contract with a party.
type Contract struct {
	Cover                  string     // how a transfer into another country is covered: its words are at vendor.safeguard.<cover>
	Signed, Ends, Reviewed clock.Date // empty: nothing is on file, or no end
	Confidential, BAA      bool
}

// said tells of the contract.
func (c Contract) said(t *words.Tongue) string {
	if c.Signed == "" {
		return t.Say("vendor.missing.contract")
	}
	parts := []string{t.Say("vendor.signed_on", "Day", t.Date(c.Signed))}
	if c.Ends != "" {
		parts = append(parts, t.Say("vendor.ends_on", "Day", t.Date(c.Ends)))
	}
	parts = append(parts, t.Say("vendor.safeguard."+c.Cover), t.Say("vendor.reviewed_on", "Day", t.Date(c.Reviewed)))
	if c.Confidential {
		parts = append(parts, t.Say("vendor.confidential"))
	} else {
		parts = append(parts, t.Say("vendor.missing.confidentiality"))
	}
	if c.BAA {
		parts = append(parts, t.Say("vendor.baa_there"))
	} else {
		parts = append(parts, t.Say("vendor.baa_not"))
	}
	return strings.Join(parts, "; ")
}

// lines are the whole map in sentences of one form, sorted: what is signed is the fingerprint of them, and what changed is the lines that differ.
func lines(rooms []Room, parties []Party) []string {
	var out []string
	for _, r := range rooms {
		for _, t := range r.Tables {
			for _, c := range t.Columns {
				out = append(out, columnLine(t, c))
			}
		}
	}
	for _, p := range parties {
		line := fmt.Sprintf("party %s: %s, %s; gets %s; in %s", p.ID, p.Name, p.Purpose, strings.Join(p.Data, ", "), p.Region)
		if p.Contract != nil {
			line += "; contract of " + string(p.Contract.Signed) + ", safeguard " + p.Contract.Cover
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func columnLine(t holdings.Table, c holdings.Column) string {
	line := fmt.Sprintf("column %s.%s: %s of %s", t.Name, c.Name, c.Class, c.Whose)
	if c.Purpose != "" {
		line += ", " + c.Purpose
	}
	if c.Keep != "" {
		line += "; kept " + c.Keep
	}
	if t.Life != "" {
		line += fmt.Sprintf("; lives as %s from %s", t.Life, t.From)
	}
	if len(c.Leaves) > 0 {
		line += "; goes to " + strings.Join(c.Leaves, ", ")
	}
	if c.Sealed {
		line += "; sealed"
	}
	return strings.Join(strings.Fields(line), " ")
}

func joined(lines []string) string { return strings.Join(lines, "\n") }

// Digest is the fingerprint of a text: the SHA-256 of its bytes, in hexadecimal.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Change is one line that came or went.
type Change struct {
	Line string
	Came bool // it went otherwise
}

// compare lists the lines that differ between two maps, in their order.
func compare(old, now string) []Change {
	was, is := strings.Split(old, "\n"), strings.Split(now, "\n")
	var out []Change
	for _, l := range was {
		if _, still := slices.BinarySearch(is, l); !still {
			out = append(out, Change{l, false})
		}
	}
	for _, l := range is {
		if _, before := slices.BinarySearch(was, l); !before {
			out = append(out, Change{l, true})
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return strings.Compare(a.Line, b.Line) })
	return out
}

// Dictionary is the data dictionary: one row for each column of each table, in English, as the declarations have it.
func Dictionary(rooms []Room) document.Sheet {
	var s document.Sheet
	s.Head("table", "column", "room", "activity", "belongs to", "holds", "about", "for", "kept", "life", "counted from", "goes to", "sealed", "why not", "kept by")
	type row struct {
		room string
		t    holdings.Table
	}
	var all []row
	for _, r := range rooms {
		for _, t := range r.Tables {
			all = append(all, row{r.Name, t})
		}
	}
	slices.SortFunc(all, func(a, b row) int { return strings.Compare(a.t.Name, b.t.Name) })
	for _, x := range all {
		columns := slices.Clone(x.t.Columns)
		slices.SortFunc(columns, func(a, b holdings.Column) int { return strings.Compare(a.Name, b.Name) })
		for _, c := range columns {
			sealed := "no"
			if c.Sealed {
				sealed = "yes"
			}
			var cells []document.Value
			for _, text := range []string{x.t.Name, c.Name, x.room, of(x.room), string(x.t.Scope), string(c.Class), string(c.Whose), c.Purpose, c.Keep, string(x.t.Life), string(x.t.From), strings.Join(c.Leaves, " "), sealed, c.Why, x.t.Keeper} {
				cells = append(cells, document.Words(text))
			}
			s.Row(cells...)
		}
	}
	return s
}
