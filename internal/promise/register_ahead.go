package promise

// ahead: what the page must not claim, because it is not built, and what people rather than programs keep.
var ahead = []Sentence{
	{ID: "requests", Text: "Patients ask through their own page for a copy, a correction, a deletion or an end of use, and get an answer within 30 days, free of charge.", Sources: []string{"J1", "J2", "J3", "J4", "J6", "J7", "J8", "J9", "J10", "J11", "J12", "J13", "H8"}, Kind: NotYet},
	{ID: "erasure-through-backups", Text: "A deletion reaches the backups too, and a certificate says when the last one that held the data has gone.", Sources: []string{"J5", "K7", "K9", "K10", "O3"}, Kind: NotYet},
	{ID: "young-accounts-deleted", Text: "When the data of somebody below the age of consent was taken without a guardian, it is deleted on discovery, within a stated time.", Sources: []string{"I6", "K11"}, Kind: NotYet},
	{ID: "retention", Text: "Each kind of data has a stated life, and is deleted or reduced to counts when it ends.", Sources: []string{"K1", "K2", "K5", "K6", "K8", "T7"}, Kind: NotYet},
	{ID: "account-closing", Text: "A clinic that leaves has 90 days to come back; then its keys are destroyed.", Sources: []string{"A12", "A17", "K1"}, Kind: NotYet},
	{ID: "export", Text: "A clinic takes all its data along, and a patient a copy of hers, in open formats.", Sources: []string{"L1", "L2", "L3"}, Kind: NotYet},
	{ID: "own-host-names", Text: "A clinic's pages can be served under a host name of its own.", Sources: []string{"A8"}, Kind: NotYet},
	{ID: "policy-changes", Text: "Earlier versions of this policy stay readable, changes are announced beforehand, and none takes a right away from somebody who has not agreed.", Sources: []string{"I3", "I10", "R1", "R2", "R3", "R4"}, Kind: NotYet},
	{ID: "regional-rights", Text: "The page says which rights the law of your region gives, and to which authority you can complain.", Sources: []string{"I11", "R10", "R11", "R12"}, Kind: NotYet},
	{ID: "authorities", Text: "A demand by an authority is checked by two people, answered with as little as the law asks, and kept on record.", Sources: []string{"I7"}, Kind: NotYet},
	{ID: "people-trained", Text: "The few people who can reach the servers need to, are trained for it and are bound to keep silent.", Sources: []string{"M11"}, Kind: Human},
	{ID: "practice-reviewed", Text: "How data is collected, stored and used is reviewed regularly, and so is every change of the program.", Sources: []string{"M15", "S4"}, Kind: Human},
	{ID: "no-perfect-safety", Text: "No system is perfectly safe. Messages that have left are also in the hands of the services that carried them.", Sources: []string{"T6"}, Kind: Human},
}
