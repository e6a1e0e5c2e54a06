//go:build unix

package app

import "golang.org/x/sys/unix"

// diskOf says how large the disk under a folder is, and how much of it is free for us.
func diskOf(folder string) (size, free uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	block := uint64(s.Bsize) //nolint:unconvert // its type differs by system
	return s.Blocks * block, s.Bavail * block, nil
}
