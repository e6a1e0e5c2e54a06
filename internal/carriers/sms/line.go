package sms

import (
	"context"
	"net/url"

	"github.com/nyaruka/phonenumbers"

	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// Source is how a Line is known, in words that may be shown beside it.
type Source string

// The sources. The second is right only for people who never took their number to another
// network, so it must never be shown without its name.
const (
	AskedToday         Source = "asked at Twilio"
	OriginalAllocation Source = "original allocation, may have moved"
)

// Line is what is known about a phone number.
type Line struct {
	Valid   bool
	Kind    string // mobile, landline, fixedVoip, nonFixedVoip, tollFree ...; empty when not known
	Carrier string // the network's name; empty when not known
	MCC     string // mobile country code
	MNC     string // mobile network code
	Source  Source
}

// Lookup asks Twilio about a number, for money, with the connection's own account. It fails
// with the faults of Test; with "fault.sms.number" for what is no E.164 number. A number that is
// not in use is no failure: Valid is false.
func (t *Twilio) Lookup(ctx context.Context, conn messaging.Connection, number contact.Phone) (Line, error) {
	if !e164.MatchString(string(number)) {
		return Line{}, fault.New(fault.Invalid, "fault.sms.number")
	}
	c, err := read[TwilioCredentials](conn.Credentials)
	if err != nil {
		return Line{}, fault.New(fault.Invalid, "fault.sms.credentials").With("Code", "credentials").Because(err)
	}
	if err := c.check(conn.Sender); err != nil {
		return Line{}, err
	}
	var a struct {
		Valid bool `json:"valid"`
		Line  *struct {
			MCC     *string `json:"mobile_country_code"`
			MNC     *string `json:"mobile_network_code"`
			Carrier *string `json:"carrier_name"`
			Kind    *string `json:"type"`
		} `json:"line_type_intelligence"`
	}
	// The number stands in the path because Twilio's interface has it there; nothing of ours writes the address down.
	if err := t.get(ctx, t.lookup+"/v2/PhoneNumbers/"+url.PathEscape(string(number))+"?Fields=line_type_intelligence", c, &a); err != nil {
		return Line{}, err
	}
	out := Line{Valid: a.Valid, Source: AskedToday}
	if l := a.Line; l != nil {
		out.Kind, out.Carrier, out.MCC, out.MNC = said(l.Kind), said(l.Carrier), said(l.MCC), said(l.MNC)
	}
	return out, nil
}

func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// AllocatedLine is what the numbering plans say about a number: to which network its range was
// once given. It asks nobody and costs nothing. Valid is false for what is no number.
func AllocatedLine(number contact.Phone, language string) Line {
	out := Line{Source: OriginalAllocation}
	n, err := phonenumbers.Parse(string(number), "ZZ")
	if err != nil {
		return out
	}
	out.Valid = phonenumbers.IsValidNumber(n)
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE:
		out.Kind = "mobile"
	case phonenumbers.FIXED_LINE:
		out.Kind = "landline"
	case phonenumbers.TOLL_FREE:
		out.Kind = "tollFree"
	case phonenumbers.VOIP:
		out.Kind = "nonFixedVoip"
	}
	out.Carrier, _ = phonenumbers.GetCarrierForNumber(n, orElse(language, "en"))
	return out
}
