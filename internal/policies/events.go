package policies

// EventAnswered says that a patient agreed to a version, or took that back: the subject is the patient, the number the version. What rooms to the right
// keep of her follows the terms that she is under from then on.
const EventAnswered = "policy.answered"
