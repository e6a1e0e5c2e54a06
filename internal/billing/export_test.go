package billing

import (
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// IssueForTest issues a draft inside a Change that the test then breaks off.
func IssueForTest(tx *store.Tx, one id.ID, version int64) error {
	c, set, err := start(&tx.View)
	if err == nil {
		_, err = issueDraft(tx, c, set, one, version)
	}
	return err
}

// TakeForTest takes money inside a Change that the test holds open.
func TakeForTest(tx *store.Tx, invoice id.ID, p Pay) error {
	_, err := takeFor(tx, invoice, p)
	return err
}

// CloseForTest closes a day inside a Change that the test holds open.
func CloseForTest(tx *store.Tx, day clock.Date, counted []Counted) error {
	return closeDay(tx, day, counted)
}
