package consent

// EventWithdrawn says that a patient took a consent back, or stopped every use. Its subject is the patient.
const EventWithdrawn = "consent.withdrawn"
