package promise

import "slices"

// Register is the policy in the order in which its page is read.
var Register = slices.Concat(access, booking, patients, messages, talk, followups, care, prescriptions, protection, record, ahead)
