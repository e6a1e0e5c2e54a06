package app

import (
	"testing"

	"almirah/internal/messaging"
	"almirah/internal/store"
)

// TestOnlyLettersStandBesideTicks: of the chores only the letters of accounts, for which somebody waits, stand in line with the clinics' ticks.
func TestOnlyLettersStandBesideTicks(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	letters := false
	for _, c := range h.chores([]messaging.Carrier{postbox{}}) {
		letters = letters || c.Name == "account-mail"
		if c.Soon != (c.Name == "account-mail") {
			t.Errorf("%s stands beside the ticks: %v", c.Name, c.Soon)
		}
	}
	if !letters {
		t.Error("nobody sends the letters of accounts")
	}
}
