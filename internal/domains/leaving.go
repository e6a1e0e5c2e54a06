package domains

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

// ForgetClinic frees the host name of a clinic that goes. Its certificate ends by itself.
func ForgetClinic(p *store.Platform, clinic id.ID) error {
	_, err := p.Exec(sqlDomainRemove, clinic)
	return err
}
