package privacy

import (
	"context"
	"log/slog"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Options are what this room stands on.
type Options struct {
	Vault *vault.Vault
	Rooms []Room // in the order in which rows may go
	// Order says whether an order of two people forbids to erase the patient, and until when. nil: there are none.
	Order func(v *store.View, patient id.ID) (until clock.Date, held bool, err error)
	// Head is the newest head of the audit log; empty before the first. nil: none is written into certificates.
	Head func(ctx context.Context) (string, error)
	// Older says what is left from before the moment: the last day of the newest backup of the data (zero: there is none), and whether a copy of the key store is.
	Older func(ctx context.Context, before clock.Instant) (expires time.Time, keys bool, err error)
	// Spread has the list of destroyed keys copied to the places of the backups, and the key store as well when something was put beside the keys. nil: there are none.
	Spread func(ctx context.Context, held bool)
	// After is called when somebody of the clinic was erased: what still holds her outside the database goes then. An error is logged; she is erased all the same. nil: there is nothing.
	After func(ctx context.Context, clinic id.ID) error
	// Copies are what carriers outside keep of a patient, and Ask asks one of them to erase something. nil: nobody is asked.
	Copies func(v *store.View, patient id.ID) ([]messaging.Copy, error)
	Ask    func(ctx context.Context, who access.Caller, account id.ID, what string, file bool) (messaging.Forgotten, error)
	// Platform is the platform's own work, and Anyone whoever asks for what is public.
	Platform func() access.Caller
	Anyone   access.Caller
}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service { return &Service{db: db, log: log, o: o} }

// Erasure is one that happened.
type Erasure struct {
	ID       id.ID
	Patient  id.ID // what is left of her in the audit log: an id that leads nowhere
	By       id.ID // who did it; zero for our own work
	Reason   string
	At       clock.Instant
	FirstAt  clock.Instant // when certificate one was issued; 0 while something is left
	First    string
	SecondAt clock.Instant
	Second   string
	bridged  bool
	Holds    []Hold
	Carried  []Carried
	Asked    []Asked // by carrier; of one erasure alone, not in lists

	// Elsewhere says that the key was destroyed in another house, from which the clinic moved in: certificate two is that house's to give. Of one erasure alone.
	Elsewhere bool
}

// Open is how many holds have not ended.
func (e Erasure) Open() (n int) {
	for _, h := range e.Holds {
		if h.Ended == 0 {
			n++
		}
	}
	return n
}

const mostListed = 200

// List are the clinic's erasures, the newest first, without their certificates' texts.
func (s *Service) List(ctx context.Context, who access.Caller) (out []Erasure, err error) {
	err = s.db.View(ctx, who, access.ErasureRead, func(_ context.Context, v *store.View) error {
		out, err = erasures(v, sqlList, mostListed)
		for i := range out {
			if err == nil {
				err = fill(v, &out[i])
			}
		}
		return err
	})
	return out, err
}

// Get is one of them. fault.NotFound.
func (s *Service) Get(ctx context.Context, who access.Caller, one id.ID) (out Erasure, err error) {
	return s.get(ctx, who, access.ErasureRead, one)
}

// Public is what whoever has the address of an erasure sees: the certificates, and what is held until when. Nothing in it names anybody. fault.NotFound.
func (s *Service) Public(ctx context.Context, who access.Caller, one id.ID) (out Erasure, err error) {
	out, err = s.get(ctx, who, access.PublicRead, one)
	out.By = id.Zero
	return out, err
}

func (s *Service) get(ctx context.Context, who access.Caller, right access.Right, one id.ID) (out Erasure, err error) {
	err = s.db.View(ctx, who, right, func(ctx context.Context, v *store.View) error {
		list, err := erasures(v, sqlGet, one)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing()
		}
		out = list[0]
		if out.Asked, err = askedOf(v, one); err != nil {
			return err
		}
		ours, err := s.o.Vault.Gone(ctx, v.Clinic(), out.Patient)
		if err != nil {
			return err
		}
		out.Elsewhere = !ours && out.SecondAt == 0
		return fill(v, &out)
	})
	return out, err
}

// Notice is a hold that ends within two days, or ended in the last two.
type Notice struct {
	Erasure id.ID
	Hold
}

// Ahead are the holds whose end is two days off or less, for the pages of those who lead the clinic.
func (s *Service) Ahead(ctx context.Context, who access.Caller) (out []Notice, err error) {
	err = s.db.View(ctx, who, access.ErasureRead, func(_ context.Context, v *store.View) error {
		out, err = Noticed(v)
		return err
	})
	return out, err
}

// longestReason is how long a custodian's reason may be.
const longestReason = 500

// Opening is what a custodian asked to see.
type Opening struct {
	Hold
	Records []HeldRecord
}

// HeldRecord is one record as it was copied out.
type HeldRecord struct {
	Table string            `json:"table"`
	Day   clock.Date        `json:"day"`
	Body  map[string]string `json:"body"`
}

// OpenHeld opens what is held, for a custodian who says why; the opening and the reason stand in the audit log before anything is shown. fault.NotFound when there is no such hold, or it has
// ended; a field fault for reason.
func (s *Service) OpenHeld(ctx context.Context, who access.Caller, erasure, hold id.ID, reason string) (out Opening, err error) {
	if f := checkReason(reason); f != nil {
		return out, f
	}
	err = s.db.Change(ctx, who, access.HeldOpen, func(_ context.Context, tx *store.Tx) error {
		list, err := holdsOf(&tx.View, erasure)
		if err != nil {
			return err
		}
		for _, h := range list {
			if h.ID == hold && h.Sealed && h.Ended == 0 {
				out.Hold = h
			}
		}
		if out.Hold.ID.IsZero() {
			return fault.Missing()
		}
		tx.Record(audit.Note{Action: "open", Kind: "held-record", Subject: hold, New: map[string]string{"reason": reason, "erasure": erasure.String()}})
		of, err := erasures(&tx.View, sqlGet, erasure)
		if err != nil || len(of) == 0 {
			return err
		}
		beyond, err := s.ordered(&tx.View, of[0].Patient)
		if err != nil {
			return err
		}
		out.Records, err = unpack(&tx.View, hold, beyond)
		return err
	})
	return out, err
}

func checkReason(reason string) error {
	var f fault.Fields
	switch n := len([]rune(reason)); {
	case n == 0:
		f.Add("reason", "field.held_reason.needed")
	case n > longestReason:
		f.AddWith("reason", "field.care.long", map[string]any{"Most": longestReason})
	}
	return f.Err()
}

// ordered says whether an order of two people keeps what is about the patient.
func (s *Service) ordered(v *store.View, patient id.ID) (bool, error) {
	if s.o.Order == nil {
		return false, nil
	}
	_, yes, err := s.o.Order(v, patient)
	return yes, err
}

// clinicOf reads the clinic with its zone.
func clinicOf(v *store.View) (clinics.Clinic, *time.Location, error) {
	c, err := clinics.Get(v)
	return c, c.Location(), err
}
