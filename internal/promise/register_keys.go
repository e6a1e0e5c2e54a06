package promise

// keys: how the keys are replaced, what becomes of those that were destroyed, and who keeps the one above all.
var keys = []Sentence{
	{
		ID:       "keys-replaced",
		Text:     "Encryption keys do not live for ever: the key above all clinics’ keys is replaced every night and the old one destroyed, and a clinic’s own key after ninety days at the latest. Nothing stands still meanwhile.",
		Sources:  []string{"M2", "M14"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Vault.Turn", "vault.Vault.RotateRootKey", "internal/app/keys.go"},
		ProvedBy: []string{"vault.TestTurnUnderLoad", "vault.TestTurnBrokenOff", "vault.TestTurnKilled", "vault.TestATurnIsOvertaken", "vault.TestRootKeyChangeBrokenOff", "vault.TestClinicKeyReplacedElsewhere", "app.TestKeysTurnUnderLoad"},
		Probe:    "keys-replaced",
		Twins: []Twin{
			{
				Name: "an old epoch is never destroyed",
				File: "internal/vault/turn.go", Old: "`DELETE FROM epoch_key WHERE epoch < $1 AND NOT", New: "`DELETE FROM epoch_key WHERE epoch < $1 AND epoch < 0 AND NOT",
				Red: []string{"vault.TestTurnUnderLoad", "vault.TestTurnBrokenOff", "vault.TestErasedForGood", "vault.TestATurnIsOvertaken", "vault.TestARetentionKey", "vault.TestClinicKeyReplacedElsewhere", "vault.TestMovingBetweenKeepers", "vault.TestRootKeyChangeBrokenOff", "vault.TestTurnKilled"},
			},
			{
				Name: "a clinic's old key goes before its people have moved",
				File: "internal/vault/turn.go", Old: "for _, do := range []func() error{t.people, t.clinics, t.people, t.end} {", New: "for _, do := range []func() error{t.clinics, func() error {\n\t\treturn t.change(func(tx *sql.Tx) error {\n\t\t\t_, err := tx.Exec(\"DELETE FROM retired_key\")\n\t\t\treturn err\n\t\t})\n\t}, t.people, t.end} {",
				Red: []string{"vault.TestTurnUnderLoad", "vault.TestTurnBrokenOff", "vault.TestErasedForGood", "vault.TestATurnIsOvertaken", "vault.TestARetentionKey", "vault.TestClinicKeyReplacedElsewhere", "vault.TestMovingBetweenKeepers", "vault.TestRootKeyChangeBrokenOff", "vault.TestTurnKilled"},
			},
			{
				Name: "a turn that is overtaken gives up",
				File: "internal/vault/turn.go", Old: "if err = t.move(); !errors.Is(err, errUnknownEpoch) {", New: "if err = t.move(); err == nil || err != nil {",
				Red: []string{"vault.TestATurnIsOvertaken"},
			},
			{
				Name: "a process that runs does not look again for keys",
				File: "internal/vault/ring.go", Old: "if len(late) == 0 || again == looks {", New: "if len(late) == 0 || again >= 0 && looks > 0 {",
				Red: []string{"vault.TestTurnUnderLoad", "vault.TestClinicKeyReplacedElsewhere", "vault.TestTurnKilled"},
			},
			{
				Name: "a broken-off change of the root key is not completed",
				File: "internal/vault/vault.go", Old: "if errors.Is(err, ErrRootKeyMismatch) && v.adopt(ctx) == nil {", New: "if errors.Is(err, ErrRootKeyMismatch) && false {",
				Red: []string{"vault.TestRootKeyChangeBrokenOff", "vault.TestTurnKilled"},
			},
		},
	},
	{
		ID:       "erased-for-good",
		Text:     "After somebody is erased, every key that could ever have opened her destroyed key is replaced in the following night and destroyed too, and copies of the key store are deleted after two days. Then not even old copies of the keys on our machines bring her record back.",
		Sources:  []string{"K4", "J5", "O3"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Vault.Turn", "backup.Room.Expire"},
		ProvedBy: []string{"vault.TestErasedForGood", "app.TestNoKeyOfTheErasedOpens", "app.TestNoKeyOnAKeyServerOpens"},
		Probe:    "erased-for-good",
		Twins: []Twin{{
			Name: "the clinic's key stays after an erasure",
			File: "internal/vault/turn.go", Old: "return madeAt, erased > 0 ||", New: "return madeAt, erased < 0 ||",
			Red: []string{"vault.TestErasedForGood"},
		}},
	},
	{
		ID:       "keeper-asked",
		Applies:  "where the operator lets HashiCorp Vault or AWS KMS keep the root key",
		Text:     "Where a key service keeps the key above all others, the files on our machines open nothing without it. When it does not answer for longer than a stated time, no record opens until it does.",
		Sources:  []string{"M2", "M14"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Vault.Hear", "internal/vault/transit.go", "internal/vault/kms.go"},
		ProvedBy: []string{"vault.TestAKeeperThatIsAway", "vault.TestMovingBetweenKeepers", "app.TestKeeperAwayIsSaid", "app.TestKeysDrill"},
		Probe:    "keeper-asked",
		Twins: []Twin{
			{
				Name: "fields open for ever without the keeper",
				File: "internal/vault/keeper.go", Old: "if !v.kept.Load() || v.away() <= v.grace {", New: "if !v.kept.Load() || v.away() >= 0 {",
				Red: []string{"vault.TestAKeeperThatIsAway"},
			},
			{
				Name: "the root key lies open beside the wrapped one",
				File: "internal/vault/keeper.go", Old: "base64.StdEncoding.EncodeToString(wrapped) + \"\\n\"), nil", New: "base64.StdEncoding.EncodeToString(wrapped) + \"\\n\" + base64.StdEncoding.EncodeToString(root) + \"\\n\"), nil",
				Red: []string{"vault.TestMovingBetweenKeepers", "vault.TestAKeeperThatIsAway"},
			},
		},
	},
	{
		ID:       "keys-on-paper",
		Text:     "The key above all others is on paper, locked away. Whether that paper is right and opens the newest backup can be tried at any time; a slip in typing is told by its line.",
		Sources:  []string{"O1", "M14"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Vault.TakeSheet", "vault.ParseEscrow", "internal/app/command_keys.go"},
		ProvedBy: []string{"vault.TestTheSheetIsTried", "vault.TestEscrowSlips", "app.TestKeysDrill"},
		Probe:    "keys-on-paper",
		Twins: []Twin{{
			Name: "any whole sheet is taken for right",
			File: "internal/vault/standing.go", Old: "if err := fits(root, keys); errors.Is(err, ErrRootKeyMismatch) {", New: "if err := fits(root, nil); errors.Is(err, ErrRootKeyMismatch) {\n\t\t\t_ = keys",
			Red: []string{"vault.TestTheSheetIsTried", "app.TestKeysDrill"},
		}},
	},
}
