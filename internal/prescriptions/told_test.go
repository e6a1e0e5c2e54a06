package prescriptions_test

import (
	"testing"

	"almirah/internal/fault"
	"almirah/internal/prescriptions"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// TestWhatSheIsAllergicToIsFoundByItsBox: an allergy is told by a brand or with a strength, too.
func TestWhatSheIsAllergicToIsFoundByItsBox(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-warned")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		list := "generic,form,strengths,classes,brands\nIbuprofen,tablet,400 mg,nsaid,\nCefixime,tablet,200 mg,cephalosporin,\nAmoxicillin,capsule,500 mg,penicillin,\nAmoxicillin + clavulanic acid,tablet,625 mg,penicillin,Augmented;Augmented Duo\n"
		if _, err := r.scripts.Import(background, r.owner, prescriptions.ListDrugs, "Drugs 1", []byte(list)); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			told, rx string
			warned   bool
		}{
			{"Amoxicillin", "Amoxicillin", true}, {"Amoxicillin 500", "Amoxicillin", true}, {"Tab. amoxicillin 500 mg", "Amoxicillin", true}, {"Augmented Duo 625", "Amoxicillin", true}, {"augmented", "Amoxicillin + clavulanic acid", true},
			{"Augmented Duo", "Ibuprofen", false}, {"Augmentedly", "Amoxicillin", false}, {"Peanuts", "Amoxicillin", false}, {"Ibuprofen 400", "Amoxicillin", false},
		} {
			r.do(func(tx *store.Tx) error { return visits.AddAllergy(tx, r.patient, visits.Allergy{Substance: c.told}) })
			p, err := r.scripts.Save(background, r.doctor, r.draft(c.rx), r.signer)
			if err != nil {
				t.Fatal(err)
			}
			got := p.Checking.Warnings
			if warned := len(got) == 1 && got[0].Kind == prescriptions.WarnAllergy && got[0].B == c.told && got[0].NeedsReason(); warned != c.warned || !c.warned && len(got) != 0 {
				t.Errorf("allergic to %q, and gets %s: %+v", c.told, c.rx, got)
			}
			r.do(func(tx *store.Tx) error {
				_, err := tx.Exec(`DELETE FROM health WHERE clinic_id = $1`)
				return err
			})
		}
	})
}

// TestWhatSheSaysSheTakesIsCompared: people tell a medicine by its box, with its strength, or by a brand. What the list does not know is
// said, so that silence about it is no answer.
func TestWhatSheSaysSheTakesIsCompared(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-warned")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		list := "generic,form,strengths,classes,brands\nIbuprofen,tablet,400 mg,nsaid,\nWarfarin,tablet,5 mg,anticoagulant,Warf;Warf Forte\nIron,tablet,100 mg,iron,\nIron sucrose,injection,20 mg/ml,iron,\nAmoxicillin,capsule,500 mg,penicillin,\nAmoxicillin + clavulanic acid,tablet,625 mg,penicillin,\n"
		if _, err := r.scripts.Import(background, r.owner, prescriptions.ListDrugs, "Drugs 1", []byte(list)); err != nil {
			t.Fatal(err)
		}
		if err := r.scripts.SaveAlias(background, r.owner, prescriptions.Alias{Brand: "Thinner 5", Generic: "Warfarin"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			told, rx string
			kind, b  string // of the one warning; none where kind is empty
		}{
			{"Warfarin", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"Warfarin 5 mg", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"WARFARIN, half at night", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"warfarin5mg", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"Tab. Warfarin 5 mg", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"Warf 5", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"Warf forte", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"thinner 5 once a day", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"Iron and warfarin", "Ibuprofen", prescriptions.WarnInteraction, "Warfarin"},
			{"Amoxicillin + clavulanic acid 625 mg", "Amoxicillin", prescriptions.WarnDuplicate, "Amoxicillin + clavulanic acid"},
			{"nsaid for her knees", "Warfarin", prescriptions.WarnInteraction, "nsaid"},
			{"Warfarinum", "Ibuprofen", prescriptions.WarnUnknown, ""},
			{"thinner 50", "Ibuprofen", prescriptions.WarnUnknown, ""},
			{"Ashwagandha", "Ibuprofen", prescriptions.WarnUnknown, ""},
			{"Ibuprofen 400", "Ibuprofen", "", ""}, // it goes on
			{"Iron sucrose", "Ibuprofen", "", ""},
		} {
			var told string
			r.do(func(tx *store.Tx) error {
				if err := visits.AddMedicine(tx, r.patient, visits.Medicine{Name: c.told}); err != nil {
					return err
				}
				about, err := visits.AboutPatient(&tx.View, r.patient)
				if err == nil {
					told = about.Medicines[0].Name
				}
				return err
			})
			d := r.draft(c.rx)
			p, err := r.scripts.Save(background, r.doctor, d, r.signer)
			if err != nil || told != c.told {
				t.Fatalf("%q, %v", told, err)
			}
			got := p.Checking.Warnings
			switch {
			case c.kind == "":
				if len(got) != 0 {
					t.Errorf("%s and %s: %+v", c.rx, c.told, got)
				}
			case len(got) != 1 || got[0].Kind != c.kind || got[0].B != c.b:
				t.Errorf("%s and %s: %+v", c.rx, c.told, got)
			case c.kind == prescriptions.WarnUnknown && (got[0].A != c.told || !got[0].Told || got[0].NeedsReason()):
				t.Errorf("%s is said to be %+v", c.told, got[0])
			case c.kind == prescriptions.WarnInteraction && got[0].Severity == prescriptions.Severe:
				d.Version, d.Rows = p.Version, p.Rows
				_, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
				wants(t, err, fault.Invalid, "reason-1")
			}
			r.do(func(tx *store.Tx) error {
				_, err := tx.Exec(`DELETE FROM health WHERE clinic_id = $1`)
				return err
			})
		}
	})
}
