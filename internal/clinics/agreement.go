package clinics

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"slices"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
)

// The agreements that a clinic signs with whoever runs the installation (promises A15, A16, D8). A text has no number of a version that
// somebody could forget to change: its version is the SHA-256 of its bytes, so a changed comma is another version.

//go:embed agreements
var agreementFiles embed.FS

// The kinds of agreements.
const (
	AgreementTerms           = "terms"           // terms of service
	AgreementBAA             = "baa"             // Business Associate Agreement: under US law, before the first patient
	AgreementConfidentiality = "confidentiality" // what staff promise; shown, not signed here
)

// signed are the kinds that a clinic signs.
var signed = []string{AgreementTerms, AgreementBAA}

// AgreementText is one text as it was published.
type AgreementText struct {
	Kind    string
	Version string // SHA-256 of the text, in hexadecimal
	Text    string // English; "# " is the title, "## " a heading, an empty line divides paragraphs
}

// Title is the text's first line.
func (t AgreementText) Title() string {
	first, _, _ := strings.Cut(t.Text, "\n")
	return strings.TrimPrefix(first, "# ")
}

// CurrentText is the text of the kind as it stands now; false for a kind that there is not.
func CurrentText(kind string) (AgreementText, bool) {
	if kind != AgreementTerms && kind != AgreementBAA && kind != AgreementConfidentiality {
		return AgreementText{}, false
	}
	raw, err := agreementFiles.ReadFile("agreements/" + kind + ".md")
	if err != nil {
		return AgreementText{}, false
	}
	return AgreementText{Kind: kind, Version: TextVersion(string(raw)), Text: string(raw)}, true
}

// TextVersion is the version of a text: the SHA-256 of its bytes, in hexadecimal.
func TextVersion(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Signed is one agreement that was signed. Its text is the one that was signed, whatever the current one says.
type Signed struct {
	ID       id.ID
	Text     AgreementText
	Signer   string // the name as she typed it; empty when it cannot be read any more
	Capacity string // as what she signed, as she typed it
	Person   id.ID  // the account that was signed in
	At       clock.Instant
}

// Needs are the agreements that the clinic signs, in the order of its account page: under US law the one about health data comes first.
func (c Clinic) Needs() []string {
	if !law.HIPAA(c.Jurisdiction) {
		return []string{AgreementTerms}
	}
	return []string{AgreementBAA, AgreementTerms}
}

// MayHoldPatients says whether the clinic may enter a patient at all: under US law only after it signed the Business Associate
// Agreement, because a name with an appointment is protected health information already (promises A16, D8). A later text does not
// stop a clinic that signed an earlier one.
func (c Clinic) MayHoldPatients() bool { return !law.HIPAA(c.Jurisdiction) || c.baa != "" }

// signs says whether the clinic signs agreements of the kind here.
func (c Clinic) signs(kind string) bool {
	return slices.Contains(signed, kind) && slices.Contains(c.Needs(), kind)
}
