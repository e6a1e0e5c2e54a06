package app

import "net/http"

// receiver reaches one address that a clinic's owner entered. The demonstration has one of its own that is nowhere else.
func (h *House) receiver(target string) *http.Client {
	if h.Config.Demo && target == demoReceiverHost+":443" {
		return &http.Client{Transport: h.receiving}
	}
	return h.Gate.ReceiverClient(programsProcessor, target)
}
