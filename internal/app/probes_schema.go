package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Live looks at the tables themselves: what has no place, and what asks before it takes a row.

// clinical are parts of column names with room for health data, official those of fields that must not exist. What begins with "=" is a whole word of a
// name, between underscores: a voice is a biometric, an invoice is not.
var (
	clinical = []string{"diagnos", "icd", "symptom", "prescription", "allerg", "lab_", "vital", "medication"}
	official = []string{"aadhaar", "aadhar", "abha", "passport_no", "ssn", "social_security", "national_id", "government", "pan_no", "voter", "fingerprint", "biometric", "iris", "face_", "=voice", "=voiceprint", "=dna", "=retina"}
)

// bears says whether a column's name has the part.
func bears(column, part string) bool {
	if word, whole := strings.CutPrefix(part, "="); whole {
		return slices.Contains(strings.Split(column, "_"), word)
	}
	return strings.Contains(column, part)
}

func (p probe) noColumn(ctx context.Context, parts []string) (int, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for table, columns := range schema {
		for _, c := range columns {
			n++
			for _, part := range parts {
				if bears(c, part) {
					return 0, fmt.Errorf("there is a column %s.%s", table, c)
				}
			}
		}
	}
	return n, nil
}

// tablesAsk looks for tables with room for a diagnosis or a medical record that take rows from a clinic which turned no module on.
func (p probe) tablesAsk(ctx context.Context) (string, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return "", err
	}
	asking, err := p.DB.AskingModules(ctx)
	if err != nil {
		return "", err
	}
	for table, columns := range schema {
		if !slices.Contains(columns, "clinic_id") || slices.Contains(asking, table) {
			continue
		}
		for _, c := range columns {
			if slices.ContainsFunc(clinical, func(part string) bool { return bears(c, part) }) {
				return "", fmt.Errorf("the column %s.%s has room for health data, and the table does not ask whether the clinic turned the module on", table, c)
			}
		}
	}
	return fmt.Sprintf("%d of %d tables take rows only where the clinic turned their module on; no other has room for a diagnosis or a medical record", len(asking), len(schema)), nil
}

func (p probe) noGovernmentID(ctx context.Context) (string, error) {
	n, err := p.noColumn(ctx, official)
	return fmt.Sprintf("none of %d columns is for a government number or a biometric", n), err
}

func (p probe) declared(ctx context.Context) (string, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d tables, every column declared", len(schema)), onTheMap(schema)
}
