package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/requests"
	"almirah/internal/words"
)

// CopyPage is a copy of somebody's data to read: the pages "own-copy" and "request-copy". Everything of the copy stands on it: what people read as they read it,
// and apart from that the numbers by which the program knows an entry.
type CopyPage struct {
	Shell
	Token, ID, Patient string
	Made               time.Time
	Parts              []CopyPart
}

// CopyPart is what one table holds of her.
type CopyPart struct {
	Words   string
	Rows    [][]CopyCell
	Numbers []CopyCell // by which the program knows the entries
}

// CopyCell is one value.
type CopyCell struct{ Name, Value string }

func (s *Site) copyPage(v *Visit, sh Shell, c requests.Copy) *CopyPage {
	p := &CopyPage{Shell: sh, Token: v.PathValue("token"), ID: v.PathValue("id"), Patient: c.Name, Made: c.Made}
	at, other := map[string]int{}, v.Tongue.Say("request.table.other")
	for _, table := range c.Order() {
		said := tableWords(v, table)
		i, there := at[said]
		if !there {
			i = len(p.Parts)
			at[said] = i
			p.Parts = append(p.Parts, CopyPart{Words: said})
		}
		for _, row := range c.Tables[table] {
			var cells []CopyCell
			for _, name := range requests.Columns(row) {
				if _, err := id.Parse(row[name]); err == nil {
					p.Parts[i].Numbers = append(p.Parts[i].Numbers, CopyCell{copyField(v, name), row[name]})
					continue
				}
				cells = append(cells, CopyCell{copyField(v, name), copySaid(v, table, name, row[name])})
			}
			if len(cells) > 0 {
				p.Parts[i].Rows = append(p.Parts[i].Rows, cells)
			}
		}
	}
	slices.SortStableFunc(p.Parts, func(a, b CopyPart) int { // what has no name of its own comes last
		if (a.Words == other) == (b.Words == other) {
			return 0
		} else if a.Words == other {
			return 1
		}
		return -1
	})
	return p
}

// copyField names a column of a copy; one that has no word yet keeps its own name.
func copyField(v *Visit, name string) string {
	if key := "copy.field." + name; v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return auditField(v, name)
}

// copyWords are the columns that hold one word of a list, and with what its key begins.
var copyWords = map[string]string{
	"appointment.status": "state.", "appointment.door": "copy.door.", "patient.source": "copy.door.", "booking_log.status": "state.", "booking_log.role": "role.", "booking_log.action": "audit.act.", "data_request.kind": "request.kind.", "data_request.state": "request.state.",
	"data_request.outcome": "request.outcome.", "data_request.ground": "request.ground.", "data_request.asker": "request.asker.", "data_request.door": "request.door.", "data_request.law": "jurisdiction.", "data_statement.about": "request.about.",
	"message.kind": "message.kind.", "message.state": "message.state.", "message.purpose": "consent.purpose.", "message_event.state": "message.state.", "looked.role": "role.", "looked.purpose": "request.purpose.", "looked.done": "audit.act.",
	"looked.what": "audit.kind.", "invoice.state": "bill.state.", "gateway_payment.state": "pay.state.", "gateway_return.state": "pay.state.", "health.kind": "audit.kind.",
}

// copySaid is a value of a column as people read it.
func copySaid(v *Visit, table, name, raw string) string {
	if strings.HasSuffix(name, "_base64") {
		return v.Tongue.Say("copy.is_file")
	}
	if key, ok := copyWords[table+"."+name]; ok && v.Tongue.Has(key+raw) {
		return v.Tongue.Say(key + raw)
	}
	return copyValue(v, raw)
}

// copyValue is a value as people read it: moments and days as on every other page, texts without the marks of a program, a language by its name.
func copyValue(v *Visit, raw string) string {
	if t, err := time.Parse(time.RFC3339Nano, raw); err == nil {
		return v.Tongue.DateTime(t.In(v.Clinic.Location()))
	}
	if _, err := time.Parse(time.DateOnly, raw); err == nil {
		return v.Tongue.Date(clock.Date(raw))
	}
	for _, l := range words.Languages() {
		if raw == l.Code {
			return l.Name
		}
	}
	if raw == "yes" || raw == "no" {
		return v.Tongue.Say("form." + raw)
	}
	if strings.HasPrefix(raw, `"`) || strings.HasPrefix(raw, "{") || strings.HasPrefix(raw, "[") {
		var x any
		if json.Unmarshal([]byte(raw), &x) == nil {
			return copyText(v, x)
		}
	}
	return raw
}

// copyText says what stands in a field of several parts, line by line.
func copyText(v *Visit, x any) string {
	switch x := x.(type) {
	case string:
		return x
	case []any:
		var out []string
		for _, y := range x {
			out = append(out, copyText(v, y))
		}
		return strings.Join(out, "\n")
	case map[string]any:
		var out []string
		for _, name := range slices.Sorted(maps.Keys(x)) {
			out = append(out, copyField(v, name)+v.Tongue.Say("page.colon")+" "+copyText(v, x[name]))
		}
		return strings.Join(out, "\n")
	case nil:
		return ""
	}
	return fmt.Sprint(x)
}
