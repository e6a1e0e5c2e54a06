// Package insight holds a clinic's figures: counts of its days in which nobody is named, the reports that are made of them, and what the clinic
// chose to have counted of its own use of the program and of its public page.
//
// Promises kept here: what is shown is a sum of groups of at least five, whatever period, practitioner or step is asked for, so that
// no difference of two reports speaks of fewer (P6, I12: carry.go). Whoever objected, or stopped every use of her data, is not counted, and
// leaves what was counted before (P4: count.go, work.go). The kept counts equal what a count of the appointments gives (P1, B10: work.go). The use
// of the program and visits of the public page are counted only where the owner switched it on, without person, address or
// cookie, and never for a browser that asks not to be followed (P2, P3, P5: usage.go).
package insight
