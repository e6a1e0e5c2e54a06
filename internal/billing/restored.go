package billing

import (
	"almirah/internal/store"
)

// AfterRestore has the books of every account compared with its gateway's as soon as calls may be made again: what was paid or given back
// between the backup and its restore is then booked, or listed for a person. Refunds that were under way are looked for at the gateway before they are asked for
// (give), so none goes twice. Nothing is charged by itself.
func AfterRestore(tx *store.Tx) error {
	accounts, err := gatewayAccounts(&tx.View)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.State == AccountRevoked {
			continue
		}
		if err := due(tx, workCheck, a.ID, tx.Now()); err != nil {
			return err
		}
	}
	return nil
}
