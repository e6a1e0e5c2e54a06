package archives

import (
	"errors"
	"fmt"
	"slices"

	"almirah/internal/clock"
	"almirah/internal/holdings"
	"almirah/internal/store"
)

// Left is something of a clinic that no archive carries, and why. Column is empty for the whole table.
type Left struct {
	Table  string `json:"table"`
	Column string `json:"column,omitempty"`
	Why    string `json:"why"`
}

const (
	whyIndex   = "an index under keys of this house; it is made anew where the clinic arrives"
	whyLink    = "what opens a patient's page is a secret; patients get new links"
	whyQueue   = "work of this house that is under way for a moment"
	whySecret  = "a secret of this house or of a provider; it is never written into a file"
	whyProgram = "an address that is told of things and the secrets of programs; they are connected anew"
	whyLog     = "the log of this house; it lies in the archive to be read, and every house keeps its own"
	whyAccount = "an account at a provider arrives without its secret and revoked, so that nothing leaves twice"
	whyHere    = "says how this house reaches the clinic"
)

// left is what no archive carries. Everything else that a room declared as a clinic's is carried.
var left = []Left{
	{Table: "patient_token", Why: whyIndex}, {Table: "patient_gate", Why: whyIndex}, {Table: "peer_bucket", Why: whyIndex},
	{Table: "patient_link", Why: whyLink}, {Table: "prescription_link", Why: whyLink},
	{Table: "event", Why: whyQueue}, {Table: "gateway_work", Why: whyQueue}, {Table: "audit_seen", Why: whyQueue},
	{Table: "idempotency", Why: "answers to repeated requests, kept for two days"},
	{Table: "audit_leaf", Why: whyLog}, {Table: "audit_detail", Why: whyLog},
	{Table: "api_token", Why: whyProgram}, {Table: "webhook_endpoint", Why: whyProgram}, {Table: "webhook_delivery", Why: whyProgram},
	{Table: "statutory_copy", Why: "what a law wants kept for a while under keys of this house, which no verb opens; it ends here on its day"},
	{Table: "statutory_key", Why: "names the keys of this house for what a law wants kept for a while, which stays here; where the clinic arrives it gets its own"},
	{Table: "support_grant", Why: "what people of this house were let see; the clinic's log tells it"},
	{Table: "erasure_ask", Why: "what carriers were asked with accounts of this house, which arrive without their secrets"},
	{Table: "arrival", Why: whyHere}, {Table: "export_run", Why: whyHere}, {Table: "list_import", Why: whyHere}, {Table: "list_line", Why: whyHere},
	{Table: "clinic", Column: "slug", Why: whyHere}, {Table: "clinic", Column: "host", Why: whyHere}, {Table: "clinic", Column: "held", Why: whyHere}, {Table: "clinic", Column: "canary", Why: whyHere},
	{Table: "message", Column: "provider_id", Why: whyIndex},
	{Table: "channel", Column: "state", Why: whyAccount}, {Table: "channel", Column: "reason", Why: whyAccount}, {Table: "channel", Column: "state_at", Why: whyAccount},
	{Table: "gateway_account", Column: "state", Why: whyAccount}, {Table: "gateway_account", Column: "reason", Why: whyAccount}, {Table: "gateway_account", Column: "state_at", Why: whyAccount},
}

// log are the tables that are written out to be read but are not brought in.
var logTables = []string{"audit_leaf", "audit_detail"}

// instead is what stands in columns that are left out, where the table asks for something.
func instead(table string, now clock.Instant) store.Record {
	switch table {
	case "channel", "gateway_account":
		return store.Record{"state": "revoked", "reason": "moved", "state_at": int64(now)}
	}
	return nil
}

// late are columns that are set when everything else is there: an issued invoice takes no lines any more, and a clinic that turned a module off
// still has its rows.
var late = map[string][]string{"invoice": {"issued_at"}, "clinic": {"modules", "status"}}

// after says which tables come after others though no key links them: a closed day takes no payment any more, and a clinic with patients no version of its policy that asked nobody.
var after = map[string][]string{"day_close": {"payment", "refund"}, "invoice_gone": {"invoice"}, "patient": {"policy_version"}}

// few are tables with large rows, of which fewer are read at once.
var few = map[string]int{"file_piece": 8, "attached": 4, "code_list": 1, "drug_list": 1, "clinic": 1}

// heldTable is where what a law wants kept of erased people lies, sealed under keys that open to whoever asks for each by name.
const heldTable = "held_part"

// pageRows is how many rows of other tables are read at once.
const pageRows = 400

// carried is one table as an archive carries it.
type carried struct {
	form    store.TableForm            // with the columns that are carried
	whole   store.TableForm            // with all
	sealed  map[string]bool            // columns that the vault seals
	through *store.Link                // the link through which the patient is found, where the table does not name her
	whose   map[string]holdings.Column // as they were declared
	arrived bool                       // it is read as it arrived, to be compared: what a law holds opens whatever the day is by now
}

func (c carried) page() int {
	if n := few[c.form.Name]; n > 0 {
		return n
	}
	return pageRows
}

// plan is which tables of a clinic are carried, those first on which others stand, and everything that is not, with its reason. The log's tables
// stand in a list of their own.
type plan struct {
	tables, log []carried
	left        []Left
}

// makePlan holds the declarations against the real tables. It fails where a table would be lost in silence.
func makePlan(declared []holdings.Table, forms map[string]store.TableForm) (plan, error) {
	var out plan
	var faults []error
	byName := map[string]carried{}
	for _, d := range declared {
		if d.Scope != holdings.Clinic {
			continue
		}
		form, there := forms[d.Name]
		if !there {
			faults = append(faults, fmt.Errorf("table %s is declared and not there", d.Name))
			continue
		}
		c := carried{whole: form, form: store.TableForm{Name: form.Name, Key: form.Key, Links: form.Links}, sealed: map[string]bool{}, whose: map[string]holdings.Column{}}
		for _, col := range d.Columns {
			c.whose[col.Name] = col
			c.sealed[col.Name] = col.Sealed
		}
		if why := leftWhole(d.Name); why != "" {
			out.left = append(out.left, Left{Table: d.Name, Why: why})
			if slices.Contains(logTables, d.Name) {
				c.form.Fields = slices.DeleteFunc(slices.Clone(form.Fields), func(f store.Field) bool { return f.Name == "clinic_id" })
				out.log = append(out.log, c)
			}
			continue
		}
		for _, f := range form.Fields {
			why := leftColumn(d.Name, f.Name)
			if c.whose[f.Name].Class == holdings.Secret {
				why = whySecret
			}
			switch {
			case f.Name == "clinic_id":
			case why == "":
				c.form.Fields = append(c.form.Fields, f)
			case slices.Contains(form.Key, f.Name):
				faults = append(faults, fmt.Errorf("column %s.%s is part of the key and left out: leave the whole table out, in archives/carry.go", d.Name, f.Name))
			case c.whose[f.Name].Class == holdings.Secret && !f.Null:
				faults = append(faults, fmt.Errorf("column %s.%s is a secret and may not be empty: leave the whole table out, with its reason, in archives/carry.go", d.Name, f.Name))
			default:
				out.left = append(out.left, Left{Table: d.Name, Column: f.Name, Why: why})
			}
		}
		byName[d.Name] = c
	}
	for name, c := range byName {
		_, own := c.form.Field("patient_id")
		for i, l := range c.form.Links {
			if _, ok := byName[l.Table]; !ok {
				faults = append(faults, fmt.Errorf("table %s stands on %s, which no archive carries: leave it out too, in archives/carry.go", name, l.Table))
			}
			if _, theirs := forms[l.Table].Field("patient_id"); theirs && !own && c.through == nil && l.Table != name {
				c.through = &c.form.Links[i]
			}
		}
		byName[name] = c
	}
	if err := errors.Join(faults...); err != nil {
		return plan{}, fmt.Errorf("archives: %w", err)
	}
	var err error
	out.tables, err = inOrder(byName)
	return out, err
}

func leftWhole(table string) string {
	for _, l := range left {
		if l.Table == table && l.Column == "" {
			return l.Why
		}
	}
	return ""
}

func leftColumn(table, column string) string {
	for _, l := range left {
		if l.Table == table && l.Column == column {
			return l.Why
		}
	}
	return ""
}

// inOrder puts tables behind those on which they stand; the clinic itself comes first.
func inOrder(byName map[string]carried) ([]carried, error) {
	names := make([]string, 0, len(byName))
	for n := range byName {
		if n != "clinic" {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	out := []carried{byName["clinic"]}
	done := map[string]bool{"clinic": true}
	for len(names) > 0 {
		before := len(names)
		names = slices.DeleteFunc(names, func(n string) bool {
			c := byName[n]
			for _, l := range c.form.Links {
				if l.Table != n && !done[l.Table] {
					return false
				}
			}
			if _, hers := c.form.Field("patient_id"); (hers || c.through != nil) && !done["patient"] { // her key comes before what it seals
				if _, there := byName["patient"]; there && n != "patient" {
					return false
				}
			}
			for _, a := range after[n] {
				if _, there := byName[a]; there && !done[a] {
					return false
				}
			}
			out, done[n] = append(out, c), true
			return true
		})
		if len(names) == before {
			return nil, fmt.Errorf("archives: the tables %v stand on each other in a ring", names)
		}
	}
	return out, nil
}

// Plan is what a clinic's archive carries, as table names in their order, and what it leaves out and why. It fails where a declared table would be
// lost without a reason.
func Plan(declared []holdings.Table, forms map[string]store.TableForm) (tables []string, out []Left, err error) {
	p, err := makePlan(declared, forms)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range p.tables {
		tables = append(tables, c.form.Name)
	}
	return tables, p.left, nil
}
