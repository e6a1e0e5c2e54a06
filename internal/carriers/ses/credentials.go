package ses

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"almirah/internal/fault"
	"almirah/internal/messaging/letter"
)

// Credentials are a clinic's own account at Amazon, as they are kept sealed. The key should be
// allowed ses:SendEmail, ses:SendRawEmail (which Amazon asks for as well, because
// letters go out as they were written) and ses:GetAccount, and nothing else.
type Credentials struct {
	AccessKeyID      string   `json:"access_key_id"`
	SecretAccessKey  string   `json:"secret_access_key"`
	Region           string   `json:"region"`                      // such as "eu-central-1"
	ConfigurationSet string   `json:"configuration_set,omitempty"` // whose events go to the topics; without one only the identity's own notices come
	OpenSet          string   `json:"open_set,omitempty"`          // the configuration set for mails of which the clinic wants to know whether they were opened; no other mail goes through it
	TopicARNs        []string `json:"topic_arns,omitempty"`        // the only topics that are listened to
	From             string   `json:"from"`                        // a verified address, or one of a verified domain
}

var (
	accessKey = regexp.MustCompile(`^[A-Z0-9]{16,128}$`)
	secretKey = regexp.MustCompile(`^[A-Za-z0-9/+=]{30,128}$`)
	setName   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	topicARN  = regexp.MustCompile(`^arn:aws(?:-us-gov)?:sns:([a-z0-9-]{3,32}):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$`)
)

// readCredentials opens what a Connection carries. It fails when they are not whole.
func readCredentials(raw []byte) (Credentials, error) {
	var c Credentials
	if err := json.Unmarshal(raw, &c); err != nil {
		return Credentials{}, errCredentials
	}
	if err := c.Validate(); err != nil {
		return Credentials{}, errCredentials
	}
	return c, nil
}

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid; nil when
// all is well. It connects to nothing.
func (c Credentials) Validate() error {
	var wrong fault.Fields
	if !accessKey.MatchString(c.AccessKeyID) {
		wrong.Add("access_key_id", "field.ses.access_key_id.invalid")
	}
	if !secretKey.MatchString(c.SecretAccessKey) {
		wrong.Add("secret_access_key", "field.ses.secret_access_key.invalid")
	}
	if _, known := place(c.Region); !known {
		wrong.Add("region", "field.ses.region.invalid")
	}
	if c.ConfigurationSet != "" && !setName.MatchString(c.ConfigurationSet) {
		wrong.Add("configuration_set", "field.ses.configuration_set.invalid")
	}
	if c.OpenSet != "" && (!setName.MatchString(c.OpenSet) || c.OpenSet == c.ConfigurationSet) {
		wrong.Add("open_set", "field.ses.open_set.invalid")
	}
	if len(c.TopicARNs) > 10 {
		wrong.Add("topic_arns", "field.ses.topic_arns.many")
	}
	for _, arn := range c.TopicARNs {
		// SES tells a topic of its own region alone; another one could only be a slip.
		if m := topicARN.FindStringSubmatch(arn); m == nil || m[1] != c.Region {
			wrong.Add("topic_arns", "field.ses.topic_arns.invalid")
			break
		}
	}
	switch from, err := letter.ReadAddress(c.From); {
	case c.From == "":
		wrong.Add("from", "field.ses.from.required")
	case err != nil || from.UTF8:
		wrong.Add("from", "field.ses.from.invalid")
	}
	return wrong.Err()
}

// ValidateFor is Validate, and the region must lie where the connection says that its data lie:
// label is an AWS region ("eu-central-1") or a place of clinics.Regions ("EU", "GB", "IN", "US",
// "CA"). An empty label fits nowhere.
func (c Credentials) ValidateFor(label string) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if where, _ := place(c.Region); label == "" || label != c.Region && label != where {
		var wrong fault.Fields
		wrong.Add("region", "field.ses.region.elsewhere")
		return wrong.Err()
	}
	return nil
}

// Last4 is the end of the key's id, by which its owner recognises it; empty when there is none.
func (c Credentials) Last4() string {
	if len(c.AccessKeyID) < 16 {
		return ""
	}
	return c.AccessKeyID[len(c.AccessKeyID)-4:]
}

// String shows which account it is, without the keys.
func (c Credentials) String() string {
	return fmt.Sprintf("ses %s key=***%s set=%s topics=%d", c.Region, c.Last4(), c.ConfigurationSet, len(c.TopicARNs))
}

// GoString keeps %#v from showing the keys.
func (c Credentials) GoString() string { return c.String() }

// LogValue keeps a log from showing the keys.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// regions are those of AWS in which SES sends, with the place where each lies: an ISO country,
// or EU. Zurich and London lie in no Union.
const regions = "af-south-1 ZA, ap-northeast-1 JP, ap-northeast-2 KR, ap-northeast-3 JP, ap-south-1 IN, ap-south-2 IN, ap-southeast-1 SG, " +
	"ap-southeast-2 AU, ap-southeast-3 ID, ap-southeast-4 AU, ap-southeast-5 MY, ap-southeast-7 TH, ca-central-1 CA, ca-west-1 CA, eu-central-1 EU, " +
	"eu-central-2 CH, eu-north-1 EU, eu-south-1 EU, eu-south-2 EU, eu-west-1 EU, eu-west-2 GB, eu-west-3 EU, il-central-1 IL, me-central-1 AE, " +
	"me-south-1 BH, sa-east-1 BR, us-east-1 US, us-east-2 US, us-gov-east-1 US, us-gov-west-1 US, us-west-1 US, us-west-2 US"

// Regions lists the AWS regions that can be chosen, in alphabetical order.
func Regions() []string {
	var out []string
	for _, pair := range strings.Split(regions, ", ") {
		name, _, _ := strings.Cut(pair, " ")
		out = append(out, name)
	}
	return out
}

// place is where a region lies; false when AWS has no such region, or no SES in it.
func place(region string) (string, bool) {
	for _, pair := range strings.Split(regions, ", ") {
		if name, where, _ := strings.Cut(pair, " "); name == region {
			return where, true
		}
	}
	return "", false
}

// Hosts are the only hosts that an account of the region needs, as egress lists them: where
// messages are handed over, and where SNS keeps its certificates. Nil for an unknown region.
func Hosts(region string) []string {
	if !slices.Contains(Regions(), region) {
		return nil
	}
	return []string{"email." + region + ".amazonaws.com:443", snsHost(region) + ":443"}
}

func snsHost(region string) string { return "sns." + region + ".amazonaws.com" }
