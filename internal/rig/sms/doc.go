// Package sms plays Twilio and MSG91 for tests: real HTTP on loopback, messages that are kept,
// people who stop, callbacks that are signed, and misbehaviour on demand. It shares no code with
// the carriers, so that a misreading of a format has to be made twice to go unseen. Twilio's part
// is held against Twilio's own npm package and its OpenAPI description.
package sms
