package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"almirah/internal/clinics"
	"almirah/internal/document"
	"almirah/internal/id"
	"almirah/internal/prescriptions"
	"almirah/internal/store"
)

// Live checks of prescriptions: what was found out before a sheet was signed, and what its paper says.

// rechecked looks back at the newest sheets of this week.
func (p probe) rechecked(ctx context.Context, see func(prescriptions.Looked) error) (n prescriptions.Looked, err error) {
	err = p.each(ctx, func(v *store.View, _ id.ID) error {
		l, err := p.Scripts.Recheck(v, p.ago(week), mostOpened)
		n.Sheets, n.Remote = n.Sheets+l.Sheets, n.Remote+l.Remote
		if err == nil {
			err = see(l)
		}
		return err
	})
	return n, err
}

func (p probe) warned(ctx context.Context) (string, error) {
	n, err := p.rechecked(ctx, func(l prescriptions.Looked) error {
		if l.Unasked+l.Unwarned > 0 {
			return fmt.Errorf("%d warnings were overridden without a reason, and %d stand on no sheet that should bear them", l.Unasked, l.Unwarned)
		}
		return nil
	})
	return fmt.Sprintf("looked at %d signed prescriptions: every warning of them is on record, with the reason for which it was overridden", n.Sheets), err
}

func (p probe) controlled(ctx context.Context) (string, error) {
	n, err := p.rechecked(ctx, func(l prescriptions.Looked) error {
		if l.Distant > 0 {
			return fmt.Errorf("%d restricted drugs were prescribed to patients who were seen by video or telephone", l.Distant)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	marked := 0
	err = p.each(ctx, func(v *store.View, _ id.ID) error {
		if c, err := clinics.Get(v); err != nil || !c.Has(clinics.ModulePrescriptions) {
			return err
		}
		n, unmarked, err := p.Scripts.Unmarked(v)
		if err == nil && len(unmarked) > 0 {
			err = fmt.Errorf("%s is restricted, and nothing marks it", unmarked[0])
		}
		marked += n
		return err
	})
	return fmt.Sprintf("%d restricted drugs of the lists are marked, and none stands on the %d prescriptions from a distance", marked, n.Remote), err
}

// paper prints a made-up sheet in each language and reads it back.
func (p probe) paper(context.Context) (string, error) {
	langs := []string{"en", "hi", "ta", "ar"}
	for _, lang := range langs {
		page := p.madeUp(lang)
		pdf, err := p.Scripts.Paper(page, nil)
		if err != nil {
			return "", err
		}
		if err := saysAll(page, pdf); err != nil {
			return "", fmt.Errorf("a prescription in %s: %w", lang, err)
		}
	}
	return fmt.Sprintf("a made-up prescription says in %d languages what stands on it, and its letters can be copied", len(langs)), nil
}

// madeUp is a signed sheet of nobody.
func (p probe) madeUp(lang string) prescriptions.Page {
	t := p.Book.Tongue(lang)
	var out prescriptions.Page
	out.Language, out.State = lang, prescriptions.Signed
	out.Rows = []prescriptions.Row{{Generic: "Paracetamol", Strength: "500 mg", Form: "tablet", Dose: "1-0-1", Days: 3}, {Generic: "Cetirizine", Strength: "10 mg", Form: "tablet", Dose: "0-0-1", Days: 5}}
	out.Sheet = prescriptions.Sheet{Clinic: []string{"Probe Clinic"}, Signer: "Dr Probe", Qualified: "MBBS", Registration: "PRB-20417", Patient: "Nobody", Day: "2026-01-02", Code: strings.Repeat("A", 43), Checking: prescriptions.Checking{State: prescriptions.Checked}}
	for _, r := range out.Rows {
		out.Sheet.Instructions, out.Sheet.Quantities = append(out.Sheet.Instructions, prescriptions.Instruction(t, r)), append(out.Sheet.Quantities, prescriptions.QuantityWords(t, r))
	}
	out.SignedAt = p.ago(0)
	return out
}

// saysAll looks for what the law asks for on the paper: number, qualification, generic names, and each word of how to take them.
func saysAll(page prescriptions.Page, pdf []byte) error {
	copied, err := document.Copied(pdf)
	if err != nil {
		return err
	}
	letters := unspaced(copied)
	turned := []rune(letters)
	slices.Reverse(turned)
	want := []string{page.Sheet.Registration, page.Sheet.Qualified}
	for _, r := range page.Rows {
		want = append(want, strings.ToUpper(r.Generic))
	}
	for _, x := range want {
		if !strings.Contains(strings.ToUpper(letters), strings.ToUpper(unspaced(x))) {
			return errors.New("what the law asks for does not stand on the paper")
		}
	}
	for _, how := range page.Sheet.Instructions {
		for _, word := range strings.FieldsFunc(how, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
			if !strings.Contains(letters, word) && !strings.Contains(string(turned), word) {
				return errors.New("how to take a drug cannot be copied as it stands there")
			}
		}
	}
	return nil
}

// unspaced is a text without blanks and marks of direction.
func unspaced(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}
