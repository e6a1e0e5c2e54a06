// Package app builds the house out of its rooms: it opens them in order from one Config, hands
// carriers to messaging, a courier to accounts and work to jobs, serves, and closes again. main
// and the end-to-end tests use the same Open, so what is tested is what runs.
package app
