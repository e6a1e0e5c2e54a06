// Package incidents is what a clinic, and the platform, do when something went wrong with data: it is noticed, looked into, stopped, told to
// those whom it touched and to those whom the law names, learnt from, and kept in a register.
//
// Promises kept here:
//   - What the rules notice becomes an incident, one for each cause however often it is noticed; any member of staff can report one (watch.go).
//   - Whom it touched is computed from the audit log: exactly the patients whose data the sign-in, or the person, saw, changed or took along,
//     and which kinds of data (people.go).
//   - The clocks of the law run from the moment at which it was noticed, and one that has run out is seen (duty.go).
//   - Each patient is told once, whatever she agreed to (notice.go); clinics are told by the platform where it went wrong at a processor (platform.go).
//   - The register stays for six years, the longest that a law asks, and its free texts are sealed (keeper.go).
package incidents
