package sms

import (
	"strings"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

var _ messaging.Register = (*MSG91)(nil)

// Registered looks at the id of a flow, which stands for one text of the telecom operators' register. fault.Invalid
// over "name".
func (s *MSG91) Registered(name string) error {
	var wrong fault.Fields
	if !flowID.MatchString(strings.TrimSpace(name)) {
		wrong.Add("name", "field.msg91.flow.invalid")
	}
	return wrong.Err()
}

// Longest is MaxVariable.
func (s *MSG91) Longest() int { return MaxVariable }
