package web_test

import (
	"net/http"
	"testing"

	"almirah/internal/promise"
)

// TestAFormWithACardWritesNothing: a form that holds the number of a card comes back without it, and nothing of it was saved. Every other
// form of the house is tried by app.TestNoCardNumberIsTaken.
func TestAFormWithACardWritesNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "no-card-numbers")
	o := openOffice(t)
	form := []string{"name", "Ravi Teak", "phone", "98765 43211", "address", "7 Lake Road 4111 1111 1111 1111", "language", "en"}
	wants(t, o.owner.send("/app/patients/new", form...), http.StatusUnprocessableEntity, "number of a payment card", "Ravi Teak", "7 Lake Road", "!4111")
	wants(t, o.owner.get("/app/patients"), http.StatusOK, "No patients yet", "!Ravi Teak")
	form[5] = "7 Lake Road"
	wants(t, o.owner.send("/app/patients/new", form...), http.StatusSeeOther)
	wants(t, o.owner.get("/app/patients"), http.StatusOK, "Ravi Teak")
}
