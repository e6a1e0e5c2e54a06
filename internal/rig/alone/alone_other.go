//go:build !linux

package alone

import (
	"context"
	"io"
)

// Run needs Linux; everywhere else it answers ErrNotHere.
func Run(_ context.Context, _ string, _, _ []string, _ io.Writer) ([]Call, error) {
	return nil, ErrNotHere
}

// Inside is the second half of Run, which only Linux has.
func Inside() {}
