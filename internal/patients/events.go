package patients

// What this room announces. Subjects are patients; a list that is taken over announces nothing.
const (
	EventCreated = "patient.created" // somebody was entered
	EventChanged = "patient.changed" // something of her details was changed by hand
)
