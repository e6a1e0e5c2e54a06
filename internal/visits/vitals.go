package visits

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/fault"
)

// What is measured at a visit. Values are kept in one unit each, whatever the clinic's country types: thousandths of °C, of kg (grams),
// of m (millimetres) and of mmol/L; beats, breaths, mmHg and per cent as they are.

// Measure is one thing that is measured.
type Measure string

// The measures.
const (
	Systolic    Measure = "systolic"
	Diastolic   Measure = "diastolic"
	Pulse       Measure = "pulse"
	Temperature Measure = "temperature"
	Oxygen      Measure = "oxygen"
	Breaths     Measure = "breaths"
	Weight      Measure = "weight"
	Height      Measure = "height"
	Glucose     Measure = "glucose"
	BodyMass    Measure = "bmi" // computed, in thousandths of kg/m²
)

// Measures are those that can be typed, in the order of the page.
func Measures() []Measure {
	return []Measure{Systolic, Diastolic, Pulse, Temperature, Oxygen, Breaths, Weight, Height, Glucose}
}

// Vitals are the measured values, each in the unit in which it is kept.
type Vitals map[Measure]int64

// bounds are what can be at all, and what is usual for an adult at rest (zero: nothing is said).
type bounds struct{ least, most, low, high int64 }

var limits = map[Measure]bounds{
	Systolic:    {40, 300, 90, 139},
	Diastolic:   {20, 200, 60, 89},
	Pulse:       {20, 300, 50, 100},
	Temperature: {25_000, 45_000, 35_500, 37_900},
	Oxygen:      {40, 100, 95, 100},
	Breaths:     {4, 90, 12, 20},
	Weight:      {300, 400_000, 0, 0},
	Height:      {200, 2_600, 0, 0},
	Glucose:     {500, 85_000, 3_900, 11_000},
	BodyMass:    {0, 0, 18_500, 24_900},
}

// Unit is how a clinic's country types and reads a measure.
type Unit struct {
	Name     string // "mmHg", "°C", "lb"
	Decimals int
	scale    float64 // kept = typed * scale + shift
	shift    float64
}

// UnitOf is the unit of a measure in a country (ISO 3166).
func UnitOf(m Measure, country string) Unit {
	us := country == "US" || country == "LR" || country == "MM"
	switch m {
	case Systolic, Diastolic:
		return Unit{Name: "mmHg", scale: 1}
	case Pulse, Breaths:
		return Unit{Name: "/min", scale: 1}
	case Oxygen:
		return Unit{Name: "%", scale: 1}
	case Temperature:
		if us {
			return Unit{Name: "°F", Decimals: 1, scale: 5000.0 / 9, shift: -32 * 5000.0 / 9}
		}
		return Unit{Name: "°C", Decimals: 1, scale: 1000}
	case Weight:
		if us {
			return Unit{Name: "lb", Decimals: 1, scale: 453.59237}
		}
		return Unit{Name: "kg", Decimals: 1, scale: 1000}
	case Height:
		if us {
			return Unit{Name: "in", Decimals: 1, scale: 25.4}
		}
		return Unit{Name: "cm", Decimals: 1, scale: 10}
	case Glucose:
		if slices.Contains([]string{"GB", "IE", "CA", "AU", "NZ", "ZA", "SE", "NO", "DK", "FI", "NL", "CH", "SG", "MY", "CN"}, country) {
			return Unit{Name: "mmol/L", Decimals: 1, scale: 1000}
		}
		return Unit{Name: "mg/dL", scale: 1000 / 18.0156}
	case BodyMass:
		return Unit{Name: "kg/m²", Decimals: 1, scale: 1000}
	}
	return Unit{scale: 1}
}

// Show writes a kept value in the unit, with a point for the decimals.
func (u Unit) Show(kept int64) string {
	text := strconv.FormatFloat((float64(kept)-u.shift)/u.scale, 'f', u.Decimals, 64)
	if u.Decimals > 0 {
		text = strings.TrimSuffix(text, ".0")
	}
	return text
}

// parse reads what was typed; a comma counts as a point.
func (u Unit) parse(text string) (int64, bool) {
	x, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
	if err != nil || math.IsNaN(x) || math.Abs(x) > 1e6 {
		return 0, false
	}
	return int64(math.Round(x*u.scale + u.shift)), true
}

// Typed are values as a form holds them, by measure.
type Typed map[Measure]string

// Read turns what was typed in a clinic's country into values. What cannot be (a pulse of 700) is refused under its field, so
// that a slip of the finger is seen at once; the sentence names the bounds in the same unit.
func (t Typed) Read(country string) (Vitals, error) {
	var f fault.Fields
	out := Vitals{}
	for _, m := range Measures() {
		text := strings.TrimSpace(t[m])
		if text == "" {
			continue
		}
		u, b := UnitOf(m, country), limits[m]
		kept, ok := u.parse(text)
		if !ok || kept < b.least || kept > b.most {
			f.AddWith(string(m), "field.vitals.range", map[string]any{"Least": u.Show(b.least), "Most": u.Show(b.most), "Unit": u.Name})
			continue
		}
		out[m] = kept
	}
	sys, one := out[Systolic]
	dia, two := out[Diastolic]
	switch {
	case one != two && !f.Has(string(Systolic)) && !f.Has(string(Diastolic)):
		f.Add(string(Diastolic), "field.vitals.both")
	case one && two && dia >= sys:
		f.Add(string(Diastolic), "field.vitals.order")
	}
	return out, f.Err()
}

// BMI is the body mass index in thousandths of kg/m²; false without weight and height, and below one metre, where it says nothing.
func (v Vitals) BMI() (int64, bool) {
	w, h := v[Weight], v[Height]
	if w == 0 || h < 1000 {
		return 0, false
	}
	return int64(math.Round(float64(w) * 1e6 / float64(h*h))), true
}

// Unusual says in a word whether a value is "low" or "high" for an adult at rest; empty when it is not, and for a child, whose
// usual values change from year to year.
func Unusual(m Measure, kept int64, adult bool) string {
	b := limits[m]
	switch {
	case !adult || b.low == 0:
		return ""
	case kept < b.low:
		return "low"
	case kept > b.high:
		return "high"
	}
	return ""
}
