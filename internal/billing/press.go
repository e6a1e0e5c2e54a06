package billing

import (
	"fmt"
	"reflect"
	"slices"

	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/store"
)

// A second press: a double click, a page that is sent again, two buttons of one form. The page chose an id, or a key; what stands by it is answered, and nothing is written twice.

const sqlPaymentPressed = `SELECT ` + paymentColumns + ` FROM payment WHERE clinic_id = $1 AND external_id = $2 AND source IN ('desk:cash', 'desk:upi', 'desk:card', 'desk:bank') ORDER BY id LIMIT 1`

// errAgain has the doorway make the Change once more: what another press wrote meanwhile then stands at its beginning.
var errAgain = fmt.Errorf("billing: %w: the same press was first", store.ErrRetry)

// twice is why a Change that only held the till names no subject.
const twice = "the same press as before: nothing is written"

// again is what a press is answered whose money was booked before.
func (p Payment) again() Outcome {
	return Outcome{Payment: p.ID, Repeated: true, Invoice: p.Invoice, Applied: p.Applied, Advance: p.Advance}
}

// pressed finds what the desk took by the same form, by whichever method: cash, and UPI at once after, is one payment. fault.NotFound when it took nothing.
func pressed(v *store.View, key string) (Payment, error) {
	if key == "" {
		return Payment{}, fault.Missing()
	}
	return scanPayment(v.Row(sqlPaymentPressed, key))
}

// before is what the same page wrote of a new invoice already. It is done when it stands as this press would have it: issued, or a draft. A draft that nobody touched since is answered
// undone: it is written over. The zero Document when there is none; fault.Conflict when it says something else.
func before(v *store.View, c clinics.Clinic, set Setting, w InvoiceDraft, issued bool) (Document, bool, error) {
	if w.ID.IsZero() {
		return Document{}, false, nil
	}
	d, err := whole(v, w.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		return Document{}, false, nil
	case err != nil:
		return d, false, err
	case d.Kind == Bill && issued == (d.State != Draft) && alike(c, set, d, w):
		return d, true, nil
	case d.Kind == Bill && d.State == Draft && d.Version == 1 && d.Patient == w.Patient:
		return d, false, nil
	}
	return d, false, fault.New(fault.Conflict, "fault.changed_meanwhile")
}

// alike says whether a document says what a draft says.
func alike(c clinics.Clinic, set Setting, d Document, w InvoiceDraft) bool {
	var f fault.Fields
	w.Lines = slices.Clone(w.Lines)
	w.check(c, set, &f)
	was := d.Draft()
	was.ID = w.ID
	if w.Address == "" { // her own
		was.Address = ""
	}
	return f.Err() == nil && reflect.DeepEqual(was, w)
}
