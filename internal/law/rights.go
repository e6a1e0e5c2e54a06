package law

// Right is something that the law of a place gives to whoever the data is about. Its words are at right.<key>.
type Right struct {
	Key    string
	Source string // where it stands
}

// rights are what each place gives. A right that the house gives to everybody (to see, correct and delete, free of charge) stands here where its law gives it.
var rights = map[string][]Right{
	India: {
		{"know", "DPDP Act 2023, section 11"}, {"correct", "DPDP Act 2023, section 12(2)"}, {"delete", "DPDP Act 2023, section 12(3)"}, {"withdraw", "DPDP Act 2023, section 6(4)"},
		{"nominate", "DPDP Act 2023, section 14"}, {"grievance", "DPDP Act 2023, section 13"}, {"record", "Indian Medical Council Regulations 2002, 1.3.2"},
	},
	EU: {
		{"know", "GDPR, articles 13 to 15"}, {"copy", "GDPR, article 15(3)"}, {"correct", "GDPR, article 16"}, {"delete", "GDPR, article 17"}, {"restrict", "GDPR, article 18"}, {"portable", "GDPR, article 20"},
		{"object", "GDPR, article 21"}, {"no-machine", "GDPR, article 22"}, {"withdraw", "GDPR, article 7(3)"}, {"complain", "GDPR, article 77"},
	},
	Britain: {
		{"know", "UK GDPR, articles 13 to 15"}, {"copy", "UK GDPR, article 15(3)"}, {"correct", "UK GDPR, article 16"}, {"delete", "UK GDPR, article 17"}, {"restrict", "UK GDPR, article 18"}, {"portable", "UK GDPR, article 20"},
		{"object", "UK GDPR, article 21"}, {"no-machine", "UK GDPR, articles 22A to 22D"}, {"withdraw", "UK GDPR, article 7(3)"}, {"complain", "UK GDPR, article 77"},
	},
	US: {
		{"copy", "45 CFR 164.524"}, {"correct", "45 CFR 164.526"}, {"accounting", "45 CFR 164.528"}, {"ask-restrict", "45 CFR 164.522(a)"}, {"other-way", "45 CFR 164.522(b)"},
		{"paper", "45 CFR 164.520"}, {"no-revenge", "45 CFR 164.530(g)"}, {"complain", "45 CFR 160.306"},
	},
	California: {
		{"know", "California Civil Code 1798.110"}, {"copy", "45 CFR 164.524; California Health and Safety Code 123110"}, {"correct", "45 CFR 164.526; California Civil Code 1798.106"}, {"delete", "California Civil Code 1798.105"},
		{"no-sale", "California Civil Code 1798.120"}, {"limit", "California Civil Code 1798.121"}, {"equal", "California Civil Code 1798.125"}, {"accounting", "45 CFR 164.528"}, {"complain", "45 CFR 160.306; California Civil Code 1798.199.45"},
	},
	Canada: {
		{"know", "PIPEDA, schedule 1, 4.9"}, {"copy", "PIPEDA, schedule 1, 4.9.4"}, {"accuracy", "PIPEDA, schedule 1, 4.9.5 and 4.9.6"}, {"withdraw", "PIPEDA, schedule 1, 4.3.8"}, {"challenge", "PIPEDA, schedule 1, 4.10"}, {"complain", "PIPEDA, section 11"},
	},
	Elsewhere: {
		{"know", "the law of your country; the house gives it in any case"}, {"copy", "as above"}, {"correct", "as above"}, {"delete", "as above"}, {"withdraw", "as above"}, {"complain", "the law of your country"},
	},
}

// Rights are what the law of the place gives to whoever the data is about, in the order of the page.
func Rights(place string) []Right { return row(rights, place) }
