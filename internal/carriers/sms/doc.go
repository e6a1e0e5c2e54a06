// Package sms carries text messages over a clinic's own account at Twilio or MSG91, and reads
// what the two send back. One message is one request over a connection of its own.
//
// Promises kept here: a clinic's credentials serve this clinic's own messages and nothing else
// (A9), and never stand in a log, an error or an address; a message that may have been handed
// over is never called anything but handed over or uncertain, so that nobody gets it twice;
// what claims to come from a provider is believed only when a live secret of the connection
// fits; somebody who stopped with the provider is reported as having stopped.
package sms
