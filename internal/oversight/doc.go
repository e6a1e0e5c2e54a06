// Package oversight is a clinic's own look at its audit log: finding entries, signing off days that were looked through, what a few rules
// notice by themselves, and to whom the newest head of the log is mailed. The log itself is store's and audit's; nothing here can change it.
//
// Promises kept here: what the log shows can be looked through and signed off, by whom and when (N1: review.go); unusual looks at patients'
// records are listed with their reason until somebody other than the one who looked has explained them (N1: rules.go, finding.go); an owner
// gets the newest head of the log by mail each day, outside the reach of whoever runs the installation (M14: mail.go).
package oversight
