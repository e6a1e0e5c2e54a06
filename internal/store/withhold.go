package store

import "context"

type withheld struct{}

// Withhold makes a context in which nothing is written: every Change, and every Across that wrote something, ends with why and is rolled
// back. A door uses it when it has found something that must not be kept (the number of a payment card), and still lets the page behind
// it answer with the form as it was filled in.
func Withhold(ctx context.Context, why error) context.Context {
	return context.WithValue(ctx, withheld{}, why)
}

// Withheld is why nothing may be written in the context; nil when it may. What has effects outside the database (destroying a key) asks it first.
func Withheld(ctx context.Context) error { return reasonToWithhold(ctx) }

func reasonToWithhold(ctx context.Context) error {
	why, _ := ctx.Value(withheld{}).(error)
	return why
}
