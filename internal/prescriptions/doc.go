// Package prescriptions holds what a practitioner prescribes: the sheet while it is written, the signed sheet that nobody changes any
// more, the list of drugs, the warnings that are looked up before signing, links to a sheet for the patient, and what anybody may
// verify about one. It exists only where the clinic turned prescriptions on.
//
// Promises kept here: each verb asks for the module first (A18, D6), and so does a trigger of each table. Nothing but a practitioner
// with a registration number signs, and what stood on the sheet, the signer's number and qualification too, stays as it was (A4, E1, E2:
// sign.go, and a trigger). A warning is overridden with a reason only, which is kept; a list that cannot be read is said to be so on the
// sheet itself, never passed off as "no warnings" (warning.go, list.go). A link shows one sheet, ends, and can be taken back
// (share.go). Whoever has the code of a paper learns that it is genuine, when and by whom it was signed, and nothing else (verify.go).
package prescriptions
