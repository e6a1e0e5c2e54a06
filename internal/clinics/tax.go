package clinics

import (
	"regexp"
	"strings"
)

// gstinForm is state, PAN, number of the registration, Z, check character.
var gstinForm = regexp.MustCompile(`^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]$`)

const gstinDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// meantAsGSTIN finds what somebody wrote as a GSTIN: fifteen letters and digits that begin with a state, or what stands
// behind the word GSTIN.
var meantAsGSTIN = regexp.MustCompile(`(?i)\bGSTIN?\b[\s:.#-]*(?:NO\b[\s:.#-]*)?([0-9A-Z]+)|\b([0-9]{2}[0-9A-Z]{13})\b`)

// gstinsRight says whether everything in the text that is meant as a GSTIN is one: a mistyped number on every invoice of a
// year is expensive, and the check character finds it while it is typed.
func gstinsRight(text string) bool {
	for _, m := range meantAsGSTIN.FindAllStringSubmatch(text, -1) {
		if !IsGSTIN(strings.ToUpper(m[1] + m[2])) {
			return false
		}
	}
	return true
}

// IsGSTIN says whether the text is a GSTIN with the right check character.
func IsGSTIN(s string) bool {
	if !gstinForm.MatchString(s) {
		return false
	}
	sum := 0
	for i := range 14 {
		v := strings.IndexByte(gstinDigits, s[i]) * (1 + i%2)
		sum += v/36 + v%36
	}
	return s[14] == gstinDigits[(36-sum%36)%36]
}
