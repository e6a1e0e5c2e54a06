package vault

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/rig/pg"
)

// TestTheSmallRoleOfTheKeyStore: the owner makes the tables; the program's role works with the keys and can make, change and take away no table.
func TestTheSmallRoleOfTheKeyStore(t *testing.T) {
	t.Parallel()
	own := pg.Database(t)
	u, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Trim(u.Path, "/")
	admin, err := pgx.Connect(t.Context(), pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	if _, err := admin.Exec(t.Context(), "CREATE ROLE "+name+"_app LOGIN PASSWORD 'x'"); err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name+"_app", "x")
	small, root := u.String(), rootFile(t)
	if _, err := Open(t.Context(), Config{RootKeyFile: root, StoreURL: small}, clock.NewFake(noon)); err == nil {
		t.Fatal("the small role made the tables")
	}
	for range 2 { // an upgrade that finds nothing to do does no harm
		if err := Prepare(t.Context(), own, small, clock.NewFake(noon)); err != nil {
			t.Fatal(err)
		}
	}
	v := opening(t, Config{RootKeyFile: root, StoreURL: small})
	clinic, patient := id.New(noon), id.New(noon)
	if err := v.OpenClinic(t.Context(), clinic); err != nil {
		t.Fatal(err)
	}
	if err := v.AddSubjects(t.Context(), clinic, patient); err != nil {
		t.Fatal(err)
	}
	if err := v.Check(t.Context()); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"CREATE TABLE mine (a BIGINT)", "DROP TABLE patient_key", "TRUNCATE shred_journal", "ALTER TABLE patient_key ADD COLUMN a BIGINT", "UPDATE keystore_version SET version = 0"} {
		if _, err := v.store.write.ExecContext(t.Context(), text); pgCode(err) != "42501" {
			t.Errorf("%s: %v", text, err)
		}
	}
}
