package accounts

// HoldHashes makes every comparison of a password of this process wait, until it is let go.
func (s *Service) HoldHashes() (letGo func()) {
	for range cap(s.hashes.seats) {
		s.hashes.seats <- struct{}{}
	}
	return func() {
		for range cap(s.hashes.seats) {
			<-s.hashes.seats
		}
	}
}
