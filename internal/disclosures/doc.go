// Package disclosures holds what of a patient's data is given to somebody outside who is no processor of the clinic: an authority that demands
// it, a court, a health office, or whoever has to know so that somebody is not hurt. Promises kept here:
//
//   - Two people: one writes the demand down, another of those who lead the clinic decides, never the same; the database refuses it otherwise.
//   - The least that is asked for: the parts of the record are named one by one, and the file holds no other.
//   - She is told as soon as it is given, unless the law forbids it until a day that is written down; then she is told after that day, by itself.
//   - Nothing is given in bulk: a demand is about one patient.
package disclosures
