package scheduling

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

// Practitioner reads one provider, retired or not, for rooms to the right: who signs, and with which registration number.
// fault.NotFound when there is none.
func Practitioner(v *store.View, one id.ID) (Provider, error) { return provider(v, one) }
