package prescriptions

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/store"
)

// The kinds of lists.
const (
	ListDrugs    = "drugs"
	ListWarnings = "warnings"
)

// ListName is one import, as the settings page lists it.
type ListName struct {
	Number  int64 // 0 is the house's own
	Title   string
	Lines   int
	AddedAt clock.Instant
	Demo    bool // the house's own, which is a demonstration and not for care
	Broken  bool // it cannot be read, or is no longer what was imported
}

// lists are the two lists and the clinic's own brands as they are now. A list that cannot be read is nil, and its name says so; it is no
// error: who writes a sheet must see it, not an error page.
type lists struct {
	drugs       *DrugList
	warnings    *WarningList
	aliases     map[string]string // brand to the key of its generic
	drugName    ListName
	warningName ListName
}

func (s *Service) lists(v *store.View) (l lists, err error) {
	if l.drugs, l.drugName, err = list(v, ListDrugs, starterDrugs, func(raw []byte) (*DrugList, error) { return remembered(&s.parsed, &s.parsed.drugs, raw, ParseDrugs) }); err != nil {
		return l, err
	}
	if l.warnings, l.warningName, err = list(v, ListWarnings, starterWarnings, func(raw []byte) (*WarningList, error) {
		return remembered(&s.parsed, &s.parsed.warnings, raw, ParseWarnings)
	}); err != nil {
		return l, err
	}
	l.aliases, err = aliases(v)
	return l, err
}

// list reads the newest import of the kind; the house's own where nothing was imported. Its hash is worked out anew each time: what was
// changed since is not used.
func list[L any](v *store.View, kind string, starter []byte, parse func([]byte) (*L, error)) (*L, ListName, error) {
	n := ListName{Demo: true}
	var hash, body []byte
	err := v.Row(sqlListLatest, kind).Scan(&n.Number, &n.Title, &hash, &n.Lines, &body, &n.AddedAt)
	switch {
	case errors.Is(err, store.ErrNoRows):
		body = starter
	case err != nil:
		return nil, n, err
	default:
		if n.Demo = false; !bytes.Equal(hash, fingerprint(body)) {
			n.Broken = true
			return nil, n, nil
		}
	}
	out, err := parse(body)
	if err != nil {
		n.Broken = true
		return nil, n, nil
	}
	return out, n, nil
}

func aliases(v *store.View) (map[string]string, error) {
	rows, err := v.Query(sqlAliasList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var alias, generic string
		if err := rows.Scan(&alias, &generic); err != nil {
			return nil, err
		}
		out[alias] = matchKey(generic)
	}
	return out, rows.Err()
}

// Found is what the search for a drug answers.
type Found struct {
	Sets    []Set // favourites whose letters are exactly those that were typed
	Choices []Choice
	Broken  bool // the list of drugs cannot be read
}

// Search finds drugs, and favourites, by the first letters. An empty question finds nothing.
func (s *Service) Search(ctx context.Context, who access.Caller, letters string) (Found, error) {
	var out Found
	err := s.db.View(ctx, who, access.RxWrite, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModulePrescriptions); err != nil {
			return err
		}
		l, err := s.lists(v)
		if err != nil {
			return err
		}
		sets, err := sets(v)
		if err != nil {
			return err
		}
		out = Found{Broken: l.drugs == nil}
		for _, x := range sets {
			if matchKey(x.Letters) == matchKey(letters) {
				out.Sets = append(out.Sets, x)
			}
		}
		if l.drugs != nil {
			out.Choices = l.drugs.Search(letters, l.aliases)
		}
		return nil
	})
	return out, err
}

// Lists is what the settings page of drugs shows.
type Lists struct {
	Drugs, Warnings ListName   // those in use
	DrugsAt         []ListName // imports, the newest first
	WarningsAt      []ListName
	Aliases         []Alias
	Generics        int // generics on the list in use
	Pairs           int // pairs of the list of warnings in use
	Setting         Setting
}

// Alias is a brand that the clinic calls a generic by.
type Alias struct{ Brand, Generic string }

// Setting is how sheets are printed and shared.
type Setting struct {
	Days    int    // after which a link ends, 1 to 90
	Paper   string // "A5" or "A4"
	Version int64  // 0 before it was saved for the first time
}

const mostNames = 10

// Settings reads the settings page of drugs.
func (s *Service) Settings(ctx context.Context, who access.Caller) (Lists, error) {
	var out Lists
	err := s.db.View(ctx, who, access.RxSettings, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModulePrescriptions); err != nil {
			return err
		}
		l, err := s.lists(v)
		if err != nil {
			return err
		}
		out = Lists{Drugs: l.drugName, Warnings: l.warningName}
		if l.drugs != nil {
			out.Generics = len(l.drugs.Drugs)
			out.Drugs.Lines = len(l.drugs.Drugs)
		}
		if l.warnings != nil {
			out.Pairs = len(l.warnings.Rules)
			out.Warnings.Lines = len(l.warnings.Rules)
		}
		if out.DrugsAt, err = listNames(v, ListDrugs); err != nil {
			return err
		}
		if out.WarningsAt, err = listNames(v, ListWarnings); err != nil {
			return err
		}
		rows, err := v.Query(sqlAliasList)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a Alias
			if err := rows.Scan(&a.Brand, &a.Generic); err != nil {
				return err
			}
			out.Aliases = append(out.Aliases, a)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		out.Setting, err = setting(v)
		return err
	})
	return out, err
}

func listNames(v *store.View, kind string) ([]ListName, error) {
	rows, err := v.Query(sqlListNames, kind, mostNames)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ListName
	for rows.Next() {
		var n ListName
		if err := rows.Scan(&n.Number, &n.Title, &n.Lines, &n.AddedAt); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Import takes a list over as the newest of its kind, under a title such as "Formulary 2026-11". What is wrong with it is a fault of the
// fields "list" and "title"; nothing is changed then. It answers how many lines it has.
func (s *Service) Import(ctx context.Context, who access.Caller, kind, title string, raw []byte) (int, error) {
	lines, err := readable(kind, raw)
	var f fault.Fields
	if title = oneLine(title); title == "" {
		f.Add("title", "field.required")
	} else if utf8.RuneCountInString(title) > MaxName || strings.ContainsFunc(title, unsafe) {
		f.AddWith("title", "field.text.too_long", map[string]any{"Max": MaxName})
	}
	if bad := new(fault.Fault); errors.As(err, &bad) {
		for _, x := range bad.Fields {
			f.AddWith(x.Name, x.Key, x.Args)
		}
	} else if err != nil {
		return 0, err
	}
	if err := f.Err(); err != nil {
		return 0, err
	}
	return lines, s.db.Change(ctx, who, access.RxSettings, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		names, err := listNames(&tx.View, kind)
		if err != nil {
			return err
		}
		number := int64(1)
		if len(names) > 0 {
			number = names[0].Number + 1
		}
		n, err := tx.Exec(sqlListAdd, kind, number, title, fingerprint(raw), lines, raw, tx.Now(), tx.Caller().Actor())
		if err == nil && n == 0 {
			return stale()
		}
		tx.Record(audit.Note{Action: "import", Kind: kind + "-list", Subject: tx.Clinic(), New: map[string]any{"title": title, "number": number, "lines": lines}})
		return err
	})
}

func readable(kind string, raw []byte) (lines int, err error) {
	switch kind {
	case ListDrugs:
		l, err := ParseDrugs(raw)
		if err != nil {
			return 0, err
		}
		return len(l.Drugs), nil
	case ListWarnings:
		l, err := ParseWarnings(raw)
		if err != nil {
			return 0, err
		}
		return len(l.Rules), nil
	}
	return 0, fault.Missing()
}

// SaveAlias calls a generic of the list by a brand; an empty generic takes the brand away. Wrong fields are "brand" and "generic".
func (s *Service) SaveAlias(ctx context.Context, who access.Caller, a Alias) error {
	a.Brand, a.Generic = oneLine(a.Brand), oneLine(a.Generic)
	return s.db.Change(ctx, who, access.RxSettings, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		if a.Generic == "" {
			tx.Record(audit.Note{Action: "remove", Kind: "drug-alias", Subject: tx.Clinic(), Old: a.Brand})
			_, err := tx.Exec(sqlAliasDrop, a.Brand)
			return err
		}
		l, err := s.lists(&tx.View)
		if err != nil {
			return err
		}
		var f fault.Fields
		if a.Brand == "" {
			f.Add("brand", "field.required")
		} else if utf8.RuneCountInString(a.Brand) > 60 || strings.ContainsFunc(a.Brand, unsafe) {
			f.AddWith("brand", "field.text.too_long", map[string]any{"Max": 60})
		}
		if l.drugs == nil {
			f.Add("generic", "rx.unchecked.drugs")
		} else if d, ok := l.drugs.Find(a.Generic, ""); ok {
			a.Generic = d.Generic
		} else {
			f.Add("generic", "field.rx.generic")
		}
		if err := f.Err(); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "add", Kind: "drug-alias", Subject: tx.Clinic(), New: a})
		_, err = tx.Exec(sqlAliasAdd, a.Brand, a.Generic)
		return err
	})
}

// standardSetting is the setting of a clinic that saved none.
var standardSetting = Setting{Days: 7, Paper: "A5"}

func setting(v *store.View) (Setting, error) {
	x := standardSetting
	err := v.Row(sqlPaperGet).Scan(&x.Days, &x.Paper, &x.Version)
	if errors.Is(err, store.ErrNoRows) {
		return standardSetting, nil
	}
	return x, err
}

// SaveSetting changes how sheets are printed and shared. Wrong fields are "days" and "paper".
func (s *Service) SaveSetting(ctx context.Context, who access.Caller, x Setting) error {
	var f fault.Fields
	if x.Days < 1 || x.Days > 90 {
		f.Add("days", "field.rx.link_days")
	}
	if x.Paper != "A5" && x.Paper != "A4" {
		f.Add("paper", "field.required")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.RxSettings, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		old, err := setting(&tx.View)
		if err != nil {
			return err
		}
		var n int64
		if x.Version == 0 {
			n, err = tx.Exec(sqlPaperAdd, x.Days, x.Paper)
		} else {
			n, err = tx.Exec(sqlPaperSet, x.Version, x.Days, x.Paper)
		}
		if err == nil && n == 0 {
			return stale()
		}
		tx.Record(audit.Note{Action: "change", Kind: "prescription-setting", Subject: tx.Clinic(), Old: old, New: x})
		return err
	})
}
