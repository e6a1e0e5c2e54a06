package archives

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/words"
)

// FormPerson names the form of a patient's copy.
const FormPerson = "almirah copy 1"

// aside are collections that a room's keeper gives and that are not handed to the patient: what the clinic wrote about its own staff or is told to its own
// programs, which names other people or is not about her.
var aside = []string{"oversight_finding", "webhook_delivery", "support_grant", "encounter_aside"}

// Person writes everything that the clinic keeps of one patient: a page to read in her language, her resources of FHIR in one bundle, sheets, and her
// files. Every room's keeper says what is hers, so that a room that is added later is in it by itself. who is staff with the right, or the patient
// herself by her own link. It is an entry of the audit log. fault.NotFound when there is no such patient.
func (s *Service) Person(ctx context.Context, who access.Caller, patient id.ID, w io.Writer) (Made, error) {
	right, act := access.PatientExport, access.PatientExport
	if who.Role() == access.Patient {
		if who.Patient() != patient {
			return Made{}, fault.Missing()
		}
		right, act = access.OwnRead, access.OwnChange
	}
	err := s.db.Change(ctx, who, act, func(_ context.Context, tx *store.Tx) error {
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "export", Kind: "patient", Subject: patient, Patient: patient})
		return nil
	})
	if err != nil {
		return Made{}, err
	}
	var made Made
	err = s.through(ctx, who.Clinic(), w, func(w io.Writer) (err error) {
		made, err = s.person(ctx, who, right, patient, w)
		return err
	})
	return made, err
}

// person writes the copy, in one passage.
func (s *Service) person(ctx context.Context, who access.Caller, right access.Right, patient id.ID, w io.Writer) (Made, error) {
	p, err := s.plan(ctx)
	if err != nil {
		return Made{}, err
	}
	signer, key, err := s.db.Vault().LogSigner()
	if err != nil {
		return Made{}, err
	}
	b := &binder{zip: zip.NewWriter(w), at: s.db.Clock().Now().UTC().Truncate(2 * time.Second)}
	m := Manifest{Form: FormPerson, MadeAt: s.db.Clock().Now().UTC().Format(time.RFC3339), Key: key}
	err = s.db.Whole(ctx, who, right, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		m.Clinic = About{ID: c.ID.String(), Slug: c.Slug, Name: c.Name}
		her, err := patients.Find(v, patient)
		if err != nil {
			return err
		}
		copied, err := s.collect(v, patient)
		if err != nil {
			return err
		}
		x := &reading{s: s, v: v, b: b, plan: p, clinic: c, tell: &telling{now: s.db.Clock().Now}, patient: patient}
		if err := s.page(b, c, her, copied); err != nil {
			return err
		}
		if err := personSheets(b, copied); err != nil {
			return err
		}
		if err := x.bundle(patient); err != nil {
			return err
		}
		return x.files()
	})
	if err != nil {
		return Made{}, err
	}
	m.Members = b.members
	m.Canonical = Canonical(nil)
	if err := b.finish(m, signer); err != nil {
		return Made{}, err
	}
	return Made{Clinic: who.Clinic(), Fingerprint: Fingerprint(key), Members: len(b.members)}, nil
}

// collection is what one room keeps of her under one name.
type collection struct {
	name   string
	fields []string
	rows   []map[string]string
}

// collect asks every room's keeper for what is hers.
func (s *Service) collect(v *store.View, patient id.ID) ([]collection, error) {
	all := map[string][]map[string]string{}
	for _, k := range s.o.Keepers {
		got, err := k.Collect(v, patient)
		if err != nil {
			return nil, fmt.Errorf("archives: what %s keeps of her: %w", k.Name(), err)
		}
		for name, rows := range got {
			if !slices.Contains(aside, name) {
				all[name] = append(all[name], rows...)
			}
		}
	}
	var out []collection
	for name, rows := range all {
		if len(rows) == 0 {
			continue
		}
		c := collection{name: name, rows: rows}
		for _, r := range rows {
			for f, text := range r {
				if text != "" && !slices.Contains(c.fields, f) {
					c.fields = append(c.fields, f)
				}
			}
		}
		slices.SortFunc(c.fields, func(a, b string) int { return fieldPlace(a) - fieldPlace(b) + strings.Compare(a, b) })
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b collection) int {
		if d := place(sections, a.name) - place(sections, b.name); d != 0 {
			return d
		}
		return strings.Compare(a.name, b.name)
	})
	return out, nil
}

// sections are the collections in the order in which a person reads them, with a title in every language at copy.section.<name>. Others follow under
// their own name.
var sections = []string{"patient", "guardian", "consent", "appointment", "booking_log", "encounter", "amendment", "health", "file", "intake_answer", "prescription", "prescription_end", "prescription_share",
	"invoice", "invoice_line", "payment", "refund", "payment_request", "gateway_payment", "gateway_return", "message", "message_event", "thread", "post", "attached", "correspondent", "wish", "feedback", "incident_patient", "export_run"}

// fields have a title in every language at copy.field.<name>, in this order; others stand under their own name.
var fields = []string{"name", "birth_date", "sex", "phone", "email", "address", "notes", "relation", "language", "day", "starts_at", "ends_at", "at", "given", "status", "state", "kind", "purpose", "channel", "body", "text", "words", "note", "amount", "total", "paid", "currency", "reason"}

func place(list []string, name string) int {
	if i := slices.Index(list, name); i >= 0 {
		return i
	}
	return len(list)
}

func fieldPlace(name string) int { return 10 * place(fields, name) }

// pageWords are the words of the page to read.
type pageWords struct {
	Lang, Dir, Title, Lead, Clinic, Made, Foot string
	Parts                                      []pagePart
}

type pagePart struct {
	Title string
	Rows  [][]pageCell
}

type pageCell struct{ Name, Text string }

// The page holds no script and loads nothing. Its style stands in it: it is opened from a folder, where no policy of a server speaks.
var personPage = template.Must(template.New("record").Parse(`<!doctype html>
<html lang="{{.Lang}}" dir="{{.Dir}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>{{.Title}}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}h1{line-height:1.2}h2{margin-top:2.5rem;border-bottom:2px solid #ccc}dl{display:grid;grid-template-columns:minmax(7rem,30%) 1fr;gap:.2rem 1rem;margin:1rem 0;padding:.8rem;border:1px solid #ddd;border-radius:.4rem}dt{color:#555}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}footer{margin-top:3rem;color:#555}@media print{dl{break-inside:avoid}}</style></head>
<body><h1>{{.Title}}</h1><p>{{.Lead}}</p><p><b>{{.Clinic}}</b>, <time>{{.Made}}</time></p>
{{range .Parts}}<h2>{{.Title}}</h2>
{{range .Rows}}<dl>{{range .}}<dt>{{.Name}}</dt><dd dir="auto">{{.Text}}</dd>{{end}}</dl>
{{end}}{{end}}<footer><p>{{.Foot}}</p></footer></body></html>
`))

// page writes the page to read, in the patient's language.
func (s *Service) page(b *binder, c clinics.Clinic, her patients.Patient, list []collection) error {
	lang := her.Language
	if lang == "" && len(c.Languages) > 0 {
		lang = c.Languages[0]
	}
	t := s.o.Book.Tongue(lang)
	now := s.db.Clock().Now().In(c.Location())
	p := pageWords{Lang: t.Lang(), Dir: t.Dir(), Title: t.Say("copy.title", "Name", her.Name), Lead: t.Say("copy.lead"), Clinic: c.Name, Made: t.DateTime(now), Foot: t.Say("copy.foot")}
	for _, col := range list {
		part := pagePart{Title: title(t, "copy.section.", sections, col.name)}
		for _, r := range col.rows {
			var row []pageCell
			for _, f := range col.fields {
				if text := r[f]; text != "" && !technical(f) {
					row = append(row, pageCell{title(t, "copy.field.", fields, f), text})
				}
			}
			if len(row) > 0 {
				part.Rows = append(part.Rows, row)
			}
		}
		if len(part.Rows) > 0 {
			p.Parts = append(p.Parts, part)
		}
	}
	return b.add("record.html", true, func(w io.Writer) error { return personPage.Execute(w, p) })
}

// technical says that a field is an id, which a sheet holds and a reader does not need.
func technical(name string) bool { return name == "id" || strings.HasSuffix(name, "_id") }

func title(t *words.Tongue, prefix string, list []string, name string) string {
	if slices.Contains(list, name) {
		return t.Say(prefix + name)
	}
	return strings.ReplaceAll(name, "_", " ")
}

// personSheets writes a sheet of every collection.
func personSheets(b *binder, list []collection) error {
	for _, c := range list {
		var s document.Sheet
		s.Head(c.fields...)
		for _, r := range c.rows {
			var row []document.Value
			for _, f := range c.fields {
				row = append(row, document.Words(r[f]))
			}
			s.Row(row...)
		}
		if err := b.add("csv/"+c.name+".csv", true, func(w io.Writer) error { _, err := w.Write(s.CSV()); return err }); err != nil {
			return err
		}
	}
	return nil
}

// bundle writes her resources in one bundle: hers, and of the practitioners those whom she saw.
func (x *reading) bundle(patient id.ID) error {
	if x.s.o.Packing == nil {
		return nil
	}
	around, err := x.around()
	if err != nil {
		return err
	}
	return x.b.add("fhir/bundle.json", true, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, `{"resourceType":"Bundle","id":%q,"type":"collection","timestamp":%q,"entry":[`, patient.String(), x.v.Now().Time().UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		first := true
		put := func(list []any) error {
			for _, one := range list {
				text, err := json.Marshal(map[string]any{"resource": one})
				if err != nil {
					return err
				}
				if !first {
					text = append([]byte(",\n"), text...)
				}
				first = false
				if _, err := w.Write(text); err != nil {
					return err
				}
			}
			return nil
		}
		seen := map[string]bool{}
		for _, k := range x.s.o.Packing.Kinds() {
			c, ok := x.table(k.Table)
			if !ok || !ofPatients(c) {
				continue
			}
			err := eachOf(x.v, c, patient, &x.gone, func(rec store.Record, l line) error {
				r := opened(l)
				if p := r.Text("provider_id"); p != "" {
					seen[p] = true
				}
				var with []Row
				if k.With != "" {
					var err error
					if with, err = x.belonging(k, rec, patient); err != nil {
						return err
					}
				}
				list, err := x.s.o.Packing.Pack(k, r, with, around)
				if err != nil {
					return err
				}
				return put(list)
			})
			if err != nil {
				return err
			}
		}
		if err := x.theirHouse(put, seen, around); err != nil {
			return err
		}
		_, err := io.WriteString(w, "]}\n")
		return err
	})
}

func ofPatients(c carried) bool {
	return c.form.Name == "patient" || hasField(c.form, "patient_id") || c.through != nil
}

// belonging are the rows of the second table that belong to a row of hers.
func (x *reading) belonging(k Kind, rec store.Record, patient id.ID) ([]Row, error) {
	other, ok := x.table(k.With)
	if !ok {
		return nil, nil
	}
	var out []Row
	own, _ := asID(rec["id"])
	err := eachOf(x.v, other, patient, &x.gone, func(r store.Record, l line) error {
		if one, _ := asID(r[k.By]); one == own {
			out = append(out, opened(l))
		}
		return nil
	})
	return out, err
}

// theirHouse writes the clinic and the practitioners whom she saw.
func (x *reading) theirHouse(put func([]any) error, seen map[string]bool, around Surroundings) error {
	for _, k := range x.s.o.Packing.Kinds() {
		c, ok := x.table(k.Table)
		if !ok || k.Table != "clinic" && k.Table != "provider" {
			continue
		}
		err := each(x.v, c, &x.gone, func(_ store.Record, l line) error {
			r := opened(l)
			if k.Table == "provider" && !seen[r.Text("id")] {
				return nil
			}
			list, err := x.s.o.Packing.Pack(k, r, nil, around)
			if err != nil {
				return err
			}
			return put(list)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
