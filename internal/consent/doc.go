// Package consent holds what patients were told and what they agreed to: notices by purpose,
// version and language, consents and withdrawals, and restrictions.
//
// Promises kept here:
//   - Data serve the purposes of one closed list (I3). There is none for advertising, so nothing can
//     be done for it (D10).
//   - Consent is asked for one purpose at a time, is never given beforehand, and is recorded with the
//     notice that was shown: its version and language (I4). What a patient did not choose is no consent.
//   - A withdrawal is one choice, as giving is, and is accepted from whoever may give; it is announced,
//     so that what was planned stays unsent.
//   - For a child a guardian consents, and the record says which (I5). Nothing is asked of a child
//     beyond her care.
//   - Nothing is overwritten: the latest row of a purpose and channel counts, the others are the history.
//   - A restriction stops every use but looking after the patient by the clinic itself (S4).
package consent
