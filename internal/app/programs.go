package app

import "net/http"

// receiver carries requests to one address that a clinic's owner entered. The demonstration has one of its own that is nowhere else.
func (h *House) receiver(target string) http.RoundTripper {
	if h.Config.Demo && target == demoReceiverHost+":443" {
		return h.receiving
	}
	return h.Gate.Receiver(programsProcessor, target)
}
