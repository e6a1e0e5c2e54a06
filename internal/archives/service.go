package archives

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Packing makes resources of a standard out of opened rows: FHIR, which is a door's matter and handed in by app.
type Packing interface {
	// Kinds are the resources that it makes, each out of the rows of one table and, where With is not empty, of the rows of another one that belong
	// to them by the column By.
	Kinds() []Kind
	// Pack makes the resources of one row; With are the rows that belong to it. None is an answer, too.
	Pack(kind Kind, row Row, with []Row, house Surroundings) ([]any, error)
}

// Kind is one kind of resource.
type Kind struct {
	Type  string // "Patient"
	Table string // whose rows it is made of
	With  string // another table, whose rows stand in the order of this one's ids
	By    string // the column of With that names the row
}

// Row is an opened row: string for text, ids and opened fields, int64, bool; what is empty or cannot be opened is not there.
type Row map[string]any

// Text is the text of a column; empty where it holds none.
func (r Row) Text(name string) string { s, _ := r[name].(string); return s }

// Number is the number of a column; 0 where it holds none.
func (r Row) Number(name string) int64 { n, _ := r[name].(int64); return n }

// Flag is the flag of a column.
func (r Row) Flag(name string) bool { y, _ := r[name].(bool); return y }

// Surroundings are what resources of a clinic have in common.
type Surroundings struct {
	Clinic   clinics.Clinic
	Services map[string]string // name by id
	Names    map[string]string // of practitioners, by id
}

// Options are what app hands in.
type Options struct {
	Clinics  *clinics.Service
	Accounts *accounts.Service
	Book     *words.Book
	Holdings []holdings.Table                                             // what every room declared
	Keepers  []Keeping                                                    // how every room copies out what it holds of a patient
	Packing  Packing                                                      // nil: no resources of a standard
	Operator access.Caller                                                // opens clinics that arrive
	Worker   func(clinic id.ID) access.Caller                             // does a clinic's own work
	Head     func(context.Context) (string, error)                        // the newest head of the house's log; nil for none
	Folder   string                                                       // where archives wait, sealed, until they are fetched; empty: none is made for pages
	Undo     func(ctx context.Context, tx *store.Tx, patient id.ID) error // deletes somebody whom a list made, and her key, in the Change that saw that nobody has touched her
	Undone   func(ctx context.Context)                                    // is told that some were deleted; nil: nobody is
	Planned  func(clinic id.ID)                                           // is told that there is work (an archive, a list); it must not wait. Nil: the next chore finds it
	Due      func(ctx context.Context, clinic id.ID) error                // plans what the clinic has due by now, and sends none of it; nil: nothing is due
	Release  string                                                       // the program's version
}

// Keeping is what of a room's keeper an archive needs.
type Keeping interface {
	Name() string
	Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error)
}

// Service are the verbs for the doors and the console.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options

	mu    sync.Mutex
	known map[string]store.TableForm
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service { return &Service{db: db, log: log, o: o} }

func (s *Service) plan(ctx context.Context) (plan, error) {
	forms, err := s.forms(ctx)
	if err != nil {
		return plan{}, err
	}
	return makePlan(s.o.Holdings, forms)
}

func (s *Service) staff(ctx context.Context, clinic id.ID) ([]accounts.Arriving, error) {
	return s.o.Accounts.StaffOf(ctx, s.o.Operator, clinic)
}

// Hash is the canonical hash of the caller's clinic as it stands now. say may be nil.
func (s *Service) Hash(ctx context.Context, who access.Caller, say Say) (string, error) {
	p, err := s.plan(ctx)
	if err != nil {
		return "", err
	}
	var out string
	err = s.db.Whole(ctx, who, access.ClinicExport, func(_ context.Context, v *store.View) error {
		list, err := count(v, p, &telling{say: say, now: s.db.Clock().Now}, "check")
		out = Canonical(list)
		return err
	})
	return out, err
}

func sorted(byName map[string]Counted) []Counted {
	out := make([]Counted, 0, len(byName))
	for _, c := range byName {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Counted) int { return strings.Compare(a.Table, b.Table) })
	return out
}

// forms are the real tables, read once: they do not change while the program runs.
func (s *Service) forms(ctx context.Context) (map[string]store.TableForm, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		var err error
		if s.known, err = s.db.Forms(ctx); err != nil {
			return nil, err
		}
	}
	return s.known, nil
}

func (s *Service) isClinic(table string) bool {
	return slices.ContainsFunc(s.o.Holdings, func(t holdings.Table) bool { return t.Name == table && t.Scope == holdings.Clinic })
}
