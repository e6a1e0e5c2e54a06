package app

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"almirah/internal/accounts"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/store"
)

// said is a word about a patient that stands somewhere in the clinic's tables.
type said struct{ table, column, text string }

// notHers are columns about a patient whose words are not in her copy, each with the reason. Whatever column is added is looked for by itself.
var notHers = map[string]string{
	"oversight_finding.words": "what the clinic wrote about its own staff",
	"message.passport":        "why a message was sent, in the house's own words; the copy says it in hers",
	"message.provider_sealed": "a provider's own id of a message",
	"payment_request.url":     "opened a page of the gateway while it could be paid",
	"gateway_return.reason":   "of the clinic's staff to the gateway",
	"support_grant.reason":    "what support wrote to the clinic",
	"encounter_aside.note":    "the other half of a note that was written twice at once, for its writer",
	"attached.about":          "a provider's address of a file; the file is in the copy",
	"attached.theirs":         "a provider's own id of a file",
	"post.theirs":             "a provider's own id of a message",
}

// wordsOfPatients reads, out of the archive of a whole clinic, every word that any table holds about a patient, by patient: whose a row is stands in it, or in the row that it hangs on.
func wordsOfPatients(t testing.TB, whole []byte, forms map[string]store.TableForm) map[string][]said {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]map[string]json.RawMessage{}
	for _, f := range z.File {
		name, native := strings.CutPrefix(f.Name, "native/")
		if !native {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var row map[string]json.RawMessage
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				t.Fatal(err)
			}
			rows[strings.TrimSuffix(name, ".ndjson")] = append(rows[strings.TrimSuffix(name, ".ndjson")], row)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	text := func(raw json.RawMessage) (s string) { _ = json.Unmarshal(raw, &s); return s }
	owners := map[string]map[string]string{} // by table and id
	for more := true; more; {                // a row may hang on one that hangs on another
		more = false
		for table, list := range rows {
			if owners[table] == nil {
				owners[table] = map[string]string{}
			}
			for _, row := range list {
				one := text(row["id"])
				if one == "" || owners[table][one] != "" {
					continue
				}
				if who := ownerOfRow(table, row, forms, owners, text); who != "" {
					owners[table][one], more = who, true
				}
			}
		}
	}
	out := map[string][]said{}
	for _, d := range Holdings() {
		if d.Scope != holdings.Clinic {
			continue
		}
		for _, c := range d.Columns {
			if c.Whose != holdings.Patient || notHers[d.Name+"."+c.Name] != "" || !c.Sealed {
				continue
			}
			for _, row := range rows[d.Name] {
				who := ownerOfRow(d.Name, row, forms, owners, text)
				var cell struct{ T string }
				if who == "" || json.Unmarshal(row[c.Name], &cell) != nil {
					continue
				}
				for _, w := range leaves(cell.T) {
					if _, err := time.Parse(time.RFC3339, w); err == nil { // a moment is nobody's word
						continue
					}
					out[who] = append(out[who], said{d.Name, c.Name, w})
				}
			}
		}
	}
	return out
}

// ownerOfRow is whose a row is; empty for nobody's.
func ownerOfRow(table string, row map[string]json.RawMessage, forms map[string]store.TableForm, owners map[string]map[string]string, text func(json.RawMessage) string) string {
	if table == "patient" {
		return text(row["id"])
	}
	if who := text(row["patient_id"]); who != "" {
		return who
	}
	for _, l := range forms[table].Links {
		if len(l.From) == 1 && l.Table != "patient" {
			if who := owners[l.Table][text(row[l.From[0]])]; who != "" {
				return who
			}
		}
	}
	return ""
}

// leaves are the words of a text, line by line; of one that has a form of its own, the words in it.
func leaves(s string) (out []string) {
	var x any
	if json.Unmarshal([]byte(s), &x) == nil {
		switch x := x.(type) {
		case map[string]any:
			for _, y := range x {
				out = append(out, leavesOf(y)...)
			}
			return out
		case []any:
			return leavesOf(x)
		}
	}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("\n\r\"\\<>&'\u2028", r) }) {
		if part = strings.TrimSpace(part); len(part) >= 6 && strings.ContainsFunc(part, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			out = append(out, part)
		}
	}
	return out
}

func leavesOf(x any) (out []string) {
	switch x := x.(type) {
	case string:
		return leaves(x)
	case []any:
		for _, y := range x {
			out = append(out, leavesOf(y)...)
		}
	case map[string]any:
		for _, y := range x {
			out = append(out, leavesOf(y)...)
		}
	}
	return out
}

// onlyHers holds a copy of one patient against what stands in all tables: every word about her is in it, and no word that stands about one other person alone. common are words of the clinic's own,
// such as the names of its services.
func onlyHers(t *testing.T, what, copied, her string, all map[string][]said, common string, but ...string) {
	t.Helper()
	hers, whose := map[string]bool{}, map[string][]string{}
	missing := map[string]string{}
	for who, list := range all {
		for _, s := range list {
			if who == her {
				hers[s.text] = true
				if !strings.Contains(copied, s.text) && !slices.Contains(but, s.table+"."+s.column) {
					missing[s.table+"."+s.column] = s.text
				}
			} else if !slices.Contains(whose[s.text], who) {
				whose[s.text] = append(whose[s.text], who)
			}
		}
	}
	for column, text := range missing {
		t.Errorf("%s lacks what %s holds of her: %q", what, column, text)
	}
	found := map[string]string{}
	for who, list := range all {
		for _, s := range list {
			if who != her && !hers[s.text] && len(whose[s.text]) == 1 && len(s.text) >= 9 && (strings.ContainsFunc(s.text, unicode.IsLetter) || s.text[0] == '+') && strings.Contains(copied, s.text) && !strings.Contains(common, s.text) {
				found[s.table+"."+s.column] = s.text
			}
		}
	}
	for column, text := range found {
		t.Errorf("%s holds what %s says of somebody else: %q", what, column, text)
	}
	if len(hers) < 3 {
		t.Errorf("only %d words are about her", len(hers))
	}
}

// ownCopy is what a patient gets who asks for her data by her own link.
func ownCopy(t *testing.T, h *House, clinic, patient id.ID) string {
	t.Helper()
	own, err := h.Requests.Own(context.Background(), accounts.ForPatient(clinic, patient, id.New(h.Clock.Now())))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(own); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// clinicsOwn are words of the clinic's own that stand in patients' rows too.
func clinicsOwn(t *testing.T, whole []byte) (out string) {
	t.Helper()
	for _, table := range []string{"service", "provider", "prescription_set", "template", "intake_text", "canned", "billing_setting", "clinic"} {
		out += member(t, whole, "native/"+table+".ndjson")
	}
	return out
}

// unsaid are sealed columns about a patient in which no word of hers is looked for in her copies, each with the reason.
var unsaid = map[string]string{
	"patient_link.shown":       "what somebody typed who may not have been she, masked, for the page after it",
	"audit_detail.sealed":      "old and new values of what is in the copy; who looked is in it",
	"encounter.vitals":         "numbers; the note beside them is looked for",
	"invoice_hold.particulars": "of who was erased, and asks for nothing any more",
	"erasure_ask.what":         "a provider's own id, of who was erased",
	"statutory_copy.body":      "no page opens it",
	"heard.event":              "a provider's report, until it was dealt with",
	"contact_proof.code":       "digits that open an address",
	"data_request.contact":     "of somebody of whom nobody knows yet who she is",
	"link_asked.contact":       "of somebody of whom nobody knows yet who she is",
	"list_line.cells":          "lines of a list that was not brought in yet; they are nobody's then",
}

// asFiles are columns that hold files: they are in her archive, and her own copy names them.
var asFiles = []string{"file_piece.bytes", "attached.body"}

// copiesAreTheirs holds the copies of every patient, in both forms, against what all tables say, in a house where every column about a patient was filled: whatever column is added is filled and looked
// for, or stands in a list with its reason.
func (h *opened) copiesAreTheirs(t *testing.T) {
	t.Helper()
	forms, err := h.DB.Forms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := exported(t, h.House, h.Clinic.Slug)
	words, common := wordsOfPatients(t, whole, forms), clinicsOwn(t, whole)
	have := map[string]bool{}
	for who, list := range words {
		columns := map[string]bool{}
		for _, s := range list {
			have[s.table+"."+s.column], columns[s.table+"."+s.column] = true, true
		}
		one, err := id.Parse(who)
		if err != nil {
			t.Fatal(err)
		}
		if len(columns) < 4 { // little is known of her
			continue
		}
		var b bytes.Buffer
		if _, err := h.Archives.Person(t.Context(), h.Owner, one, &b); err != nil {
			t.Fatal(err)
		}
		onlyHers(t, "her archive", unpacked(t, b.Bytes()), who, words, common)
		onlyHers(t, "her own copy", ownCopy(t, h.House, h.Clinic.ID, one), who, words, common, asFiles...)
	}
	for _, d := range Holdings() {
		for _, c := range d.Columns {
			name := d.Name + "." + c.Name
			if d.Scope != holdings.Clinic || c.Whose != holdings.Patient || !c.Sealed || notHers[name] != "" {
				continue
			}
			switch {
			case have[name] && unsaid[name] != "":
				t.Errorf("something is said in %s: take it out of unsaid", name)
			case !have[name] && unsaid[name] == "":
				t.Errorf("%s is about a patient, and nothing is said in it: fill it, or say in unsaid where copies are held against it", name)
			}
		}
	}
}
