package promise

// duties: what people have to look at again and again.
var duties = []Sentence{
	{
		ID:       "reviews-on-time",
		Text:     "What people rather than programs have to look at again and again, such as the map of the data, the outside services, the risks and who may sign in, has a day by which it is due. When one is late, this sentence is called broken.",
		Sources:  []string{"M15", "S7", "M16", "I9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/oversight/duty.go", "oversight.Service.SignDuty"},
		ProvedBy: []string{"oversight.TestReviewsHaveADay"},
		Twins: []Twin{
			{
				Name: "a late review is called in time",
				File: "internal/oversight/duty.go", Old: "s.Late, s.Soon = today > s.Due,", New: "s.Late, s.Soon = today > s.Due.AddDays(400),",
				Red: []string{"oversight.TestReviewsHaveADay"},
			},
			{
				Name: "a signature counts for every review",
				File: "internal/oversight/duty.go", Old: "return x.Kind == d.Kind", New: "return x.Kind != \"\"",
				Red: []string{"oversight.TestReviewsHaveADay"},
			},
		},
		Probe: "reviews-on-time",
	},
}
