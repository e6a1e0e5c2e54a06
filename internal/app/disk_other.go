//go:build !unix

package app

import "errors"

// diskOf is not known here.
func diskOf(string) (size, free uint64, err error) {
	return 0, 0, errors.New("the size of the disk is not known on this system")
}
