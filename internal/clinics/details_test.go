package clinics_test

import (
	"context"
	"encoding/json"
	"testing"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// details opens what the clinic's last entry of the action says beyond its leaf.
func details(t *testing.T, b *rig.Base, who access.Caller, action string) (old, is string) {
	t.Helper()
	var d struct{ Old, New json.RawMessage }
	err := b.DB.View(context.Background(), who, access.AuditRead, func(_ context.Context, v *store.View) error {
		var leaf, owner id.ID
		var sealed []byte
		err := v.Row(`SELECT l.id, d.owner_id, d.sealed FROM audit_leaf l JOIN audit_detail d ON d.clinic_id = l.clinic_id AND d.leaf_id = l.id
			WHERE l.clinic_id = $1 AND l.action = $2 ORDER BY l.id DESC LIMIT 1`, action).Scan(&leaf, &owner, &sealed)
		if err != nil {
			return err
		}
		plain, err := v.Unseal(owner, "audit_detail", "sealed", leaf, sealed)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(plain)[audit.SaltSize:], &d)
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(d.Old), string(d.New)
}
