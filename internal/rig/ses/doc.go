// Package ses is Amazon SES (version 2) and the part of SNS that tells about messages, for tests:
// it checks the signature of every request, keeps messages, signs what it posts with a
// certificate of its own authority, and misbehaves on demand. It listens on loopback.
//
// It was held beside others' readings of the same formats: npm sns-validator for what it signs,
// npm aws-ses-v2-local for what it is sent.
package ses
