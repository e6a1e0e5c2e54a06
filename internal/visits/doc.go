// Package visits holds what happens between check-in and check-out: one encounter an appointment, with its note, its measurements and its
// diagnoses; amendments after it was signed; what is known of a patient (allergies, conditions, medicines); files; the clinic's templates
// and code lists. It exists only where the clinic turned clinical records on.
//
// Promises kept here: no clinical record stands where the clinic did not ask for them (A18, D6: every verb asks clinics.Must, and so
// does a trigger of each table). A signed visit is never rewritten; what is added later says who, when and why (D4: sign.go, and a
// trigger). Nothing that somebody wrote is lost when two write at once (D3: write.go keeps both texts). Files are opened by content, cleaned of what
// they tell about their maker, sealed under the patient's key and never shown inside our pages (D4: file.go).
package visits
