// Package smtp is a real mail server for tests: TLS, STARTTLS, sign-in, complete messages
// with their parts, and misbehaviour on demand. It listens on loopback, so a sender in
// another process can use it by its address and the file with its authority.
package smtp
