package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"time"

	"almirah/internal/privacy"
)

// verifyCertificate checks a certificate of erasure. It needs nothing but the file; --key names the key, or its fingerprint, that has to have signed it.
func (c *console) verifyCertificate(_ context.Context, args []string) error {
	var file, key string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--key" && i+1 < len(args):
			i++
			key = args[i]
		case file == "":
			file = args[i]
		default:
			return errors.New("name one FILE, and the key or its fingerprint behind --key")
		}
	}
	if file == "" {
		return errors.New("name the FILE of the certificate")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	x, err := privacy.Read(text)
	if err != nil {
		return err
	}
	if key != "" && key != x.Fingerprint && key != x.Key {
		signer, _ := base64.StdEncoding.DecodeString(x.Key)
		return fmt.Errorf("%w: it was signed by another key, %s", privacy.ErrCertificate, privacy.Fingerprint(signer))
	}
	c.say("genuine       certificate %d of the erasure %s, by %s", x.Number, x.ID, x.Clinic)
	c.say("erased        %s", x.ErasedAt.Format(time.RFC1123))
	c.say("issued        %s", x.IssuedAt.Format(time.RFC1123))
	for _, h := range x.Held {
		c.say("held by law   until %s: %s (%d)", h.Until, h.What, h.Number)
	}
	for _, s := range x.Says {
		c.say("it says       %s", s)
	}
	if key == "" {
		c.say("signed by     %s", x.Fingerprint)
		c.say("              compare this with the fingerprint at /trust/erasure-key of the clinic's address; without that, anybody could have signed it")
	}
	return nil
}
