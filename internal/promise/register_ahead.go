package promise

// ahead: what the page must not claim, because it is not built, and what people rather than programs keep.
var ahead = []Sentence{
	{ID: "people-trained", Text: "The few people who can reach the servers need to, are trained for it and are bound to keep silent.", Sources: []string{"M11"}, Kind: Human},
	{ID: "vendors-chosen", Text: "Before a company is put on the list of sub-processors it is looked at how it protects data, and again every year.", Sources: []string{"S7"}, Kind: Human},
	{ID: "practice-reviewed", Text: "How data is collected, stored and used is reviewed regularly, and so is every change of the program.", Sources: []string{"M15", "S4"}, Kind: Human},
	{ID: "no-perfect-safety", Text: "No system is perfectly safe. Messages that have left are also in the hands of the services that carried them.", Sources: []string{"T6"}, Kind: Human},
}
