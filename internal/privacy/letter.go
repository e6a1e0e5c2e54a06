package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The letter to a carrier that takes no call, or could not be asked by one. It has one language, as certificates have: who reads it sits anywhere.

// Letter is what the clinic writes to a carrier.
type Letter struct {
	Carrier string     // its name among the carriers
	To      string     // as people know it
	Clinic  string     // whose name stands under it
	Senders []string   // by which the carrier knows the clinic's accounts
	Day     clock.Date // of the erasure, at the clinic
	Number  int        // of messages and files
	IDs     []string   // by which the carrier has them; left out on pages
}

// Text is the letter. Without IDs it says that they follow under it.
func (l Letter) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "To: %s\n\nOn %s we erased the data of a person at that person's request or because we no longer may keep it. You carried %d of this person's messages or files for us", l.To, l.Day, l.Number)
	if len(l.Senders) > 0 {
		fmt.Fprintf(&b, " (our sender: %s)", strings.Join(l.Senders, ", "))
	}
	b.WriteString(".\n\nPlease erase them, and your records of them, at your place and at whoever works for you. If you have to keep anything, tell us what, until when and by which law. Please confirm in writing.\n")
	switch {
	case len(l.IDs) == 0:
		b.WriteString("\nTheir numbers at your place stand under the letter in the file, as far as you told us any.\n")
	default:
		fmt.Fprintf(&b, "\nTheir numbers at your place:\n%s\n", strings.Join(l.IDs, "\n"))
		if n := l.Number - len(l.IDs); n > 0 {
			fmt.Fprintf(&b, "Of %d more you told us no number.\n", n)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", l.Clinic)
	return b.String()
}

// Letter opens the letter to one carrier with the ids in it, for whoever may open what is held. That it was opened is in the log. fault.NotFound when there is none to send.
func (s *Service) Letter(ctx context.Context, who access.Caller, erasure id.ID, carrier string) (out Letter, err error) {
	err = s.db.View(ctx, who, access.HeldOpen, func(_ context.Context, v *store.View) error {
		list, err := asksOf(v, sqlAskText, erasure, carrier)
		if err != nil {
			return err
		}
		of, err := erasures(v, sqlGet, erasure)
		if err != nil {
			return err
		}
		if len(list) == 0 || len(of) == 0 {
			return fault.Missing()
		}
		c, zone, err := clinicOf(v)
		if err != nil {
			return err
		}
		out = Letter{Carrier: carrier, Clinic: c.Name, Day: dayOf(of[0].At, zone), Number: len(list)}
		out.To = CarrierName(carrier)
		known := map[id.ID]bool{}
		for _, a := range list {
			text, err := v.Unseal(vault.ClinicData, tableAsk, columnWhat, a.ID, a.What)
			if err != nil && !errors.Is(err, vault.ErrForged) {
				return err
			}
			if err == nil && text != "" {
				out.IDs = append(out.IDs, text)
			}
			if known[a.Account] || a.Account.IsZero() {
				continue
			}
			known[a.Account] = true
			sender, err := messaging.SenderOf(v, a.Account)
			if err != nil {
				return err
			}
			if sender != "" {
				out.Senders = append(out.Senders, sender)
			}
		}
		v.Opened("erasure", erasure, id.Zero)
		return nil
	})
	return out, err
}

// LetterSent notes that a person says that the letter to a carrier was sent; the ids in it go. number is how many things the letter spoke of: more may have come since. fault.Conflict then, and
// when there is none to send.
func (s *Service) LetterSent(ctx context.Context, who access.Caller, erasure id.ID, carrier string, number int) error {
	return s.db.Change(ctx, who, access.HeldOpen, func(ctx context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "ask", Kind: "erasure", Subject: erasure, New: map[string]any{"answer": string(AskSent), "carrier": carrier, "number": number}})
		n, err := tx.Exec(sqlAskSent, erasure, carrier, tx.Now(), who.Actor())
		if err == nil && (n == 0 || int(n) != number) {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if err != nil {
			return err
		}
		return s.mirror(ctx, tx, erasure)
	})
}

// carriersKnown are carriers as people know them; others stand by their own name.
var carriersKnown = map[string]string{"twilio": "Twilio", "msg91": "MSG91", "whatsapp": "Meta (WhatsApp)", "ses": "Amazon SES", "smtp": "the mail server", "mail": "the mail server"}

// CarrierName is a carrier as certificates and letters name it.
func CarrierName(carrier string) string {
	if name := carriersKnown[carrier]; name != "" {
		return name
	}
	return carrier
}

// askedSays are the sentences of a certificate about what carriers were asked.
func askedSays(list []Asked) (out []string) {
	for _, a := range list {
		var parts []string
		for _, x := range []struct {
			state AskState
			text  string
		}{
			{AskDone, "were erased there when we asked"}, {AskAbsent, "were not there any more when we asked"}, {AskRefused, "it refused to erase"}, {AskTerms, "are erased there by its own terms, after %s days"},
			{AskSent, "it was asked by letter to erase"}, {AskLetter, "have to be asked for by letter, which the clinic sends"}, {AskDue, "are being asked for, without an answer yet"},
		} {
			n, code := 0, ""
			for _, l := range a.Lines {
				if l.State == x.state {
					n, code = n+l.Number, max(code, l.Code)
				}
			}
			if n == 0 {
				continue
			}
			if strings.Contains(x.text, "%s") {
				x.text = fmt.Sprintf(x.text, code)
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, x.text))
		}
		out = append(out, fmt.Sprintf("Copies at %s, %d messages and files: %s.", CarrierName(a.Carrier), a.In(), strings.Join(parts, "; ")))
	}
	return slices.Clip(out)
}
