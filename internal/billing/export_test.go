package billing

import (
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
