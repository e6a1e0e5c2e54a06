// Package requests is what people ask of a clinic about their own data: to see it, to take it along, to have it corrected, deleted or left
// alone, to complain, and to name somebody who acts when they cannot. It holds each request with its clock and its answer, the
// person's own statement beside data that she contests, and whom she nominated.
//
// Promises kept here:
//   - Each request is answered within thirty days or what the law gives, whichever is sooner; the clock stands still only while nobody knows who
//     asks, and the owners are told at half of it, at four fifths, and when it has run out, which opens an incident (clock.go, work.go).
//   - Nobody is asked for money: there is no column for a fee, and no room that bills or schedules can read who asked (J9, H8, S6).
//   - A link goes only to an address on file, and the answer to whoever asks for one is the same whoever exists (public.go).
//   - A refusal has one of a few grounds and a sentence, and its letter names the authority (request.go, letter.go).
//   - What can be instant is: a copy, a restriction, an address that was proved, a nomination, a statement (own.go, copy.go).
//   - She sees who looked at her record: every view, change, message and export, by role (looked.go).
//   - Data of a child for whom nobody speaks is deleted a fortnight after it was found (young.go).
package requests
