package app

import (
	"net/url"
	"regexp"
	"strings"

	"almirah/internal/carriers/email"
	"almirah/internal/carriers/ses"
	"almirah/internal/carriers/sms"
	"almirah/internal/carriers/whatsapp"
	"almirah/internal/egress"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/gateways/stripe"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Outside are the companies at which clinics may connect accounts of their own. An empty address:
// the company is not offered, and cannot be reached.
type Outside struct {
	Twilio          string // ALMIRAH_TWILIO_URL: where Twilio's interface is
	TwilioWhere     string // ALMIRAH_TWILIO_REGION: where it keeps what it is given, for the sub-processor list
	MSG91           string // ALMIRAH_MSG91_URL
	MSG91Where      string // ALMIRAH_MSG91_REGION
	WhatsApp        string // ALMIRAH_WHATSAPP_URL
	WhatsAppWhere   string // ALMIRAH_WHATSAPP_REGION
	WhatsAppVersion string // ALMIRAH_WHATSAPP_VERSION: of Meta's interface; empty for the one that the carrier was written for
	SES             bool   // ALMIRAH_SES
	SESURL          string // ALMIRAH_SES_URL: a stand-in for Amazon SES in every region; empty: Amazon's own
	Razorpay        string // ALMIRAH_RAZORPAY_URL
	RazorpayWhere   string // ALMIRAH_RAZORPAY_REGION
	Stripe          string // ALMIRAH_STRIPE_URL
	StripeWhere     string // ALMIRAH_STRIPE_REGION
}

var graphVersion = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// metaURL is where WhatsApp's interface is.
const metaURL = "https://graph.facebook.com"

// outside reads the settings of the companies.
func (c *Config) outside(or func(string, string) string, wrong func(string, string)) {
	at := func(name, company, own string) string {
		v := or(name, "")
		switch v {
		case "":
			return ""
		case "on":
			return own
		}
		if u, err := url.Parse(v); err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http") && strings.Trim(u.Path, "/") == "" {
			return strings.TrimRight(v, "/")
		}
		wrong(name, "write on, or the https:// address of a stand-in for "+company+"’s interface")
		return ""
	}
	c.Twilio, c.TwilioWhere = at("ALMIRAH_TWILIO_URL", "Twilio", sms.TwilioURL), or("ALMIRAH_TWILIO_REGION", "United States")
	c.MSG91, c.MSG91Where = at("ALMIRAH_MSG91_URL", "MSG91", sms.MSG91URL), or("ALMIRAH_MSG91_REGION", "India")
	c.WhatsApp, c.WhatsAppWhere = at("ALMIRAH_WHATSAPP_URL", "Meta", metaURL), or("ALMIRAH_WHATSAPP_REGION", "United States")
	if c.WhatsAppVersion = or("ALMIRAH_WHATSAPP_VERSION", ""); c.WhatsAppVersion != "" && !graphVersion.MatchString(c.WhatsAppVersion) {
		wrong("ALMIRAH_WHATSAPP_VERSION", "write a version of Meta’s interface, such as v23.0")
	}
	c.Razorpay, c.RazorpayWhere = at("ALMIRAH_RAZORPAY_URL", "Razorpay", razorpay.URL), or("ALMIRAH_RAZORPAY_REGION", "India")
	c.Stripe, c.StripeWhere = at("ALMIRAH_STRIPE_URL", "Stripe", stripe.URL), or("ALMIRAH_STRIPE_REGION", "United States")
	switch or("ALMIRAH_SES", "") {
	case "":
	case "on":
		c.SES = true
	default:
		wrong("ALMIRAH_SES", "write on, or leave it out")
	}
	switch u := at("ALMIRAH_SES_URL", "Amazon SES", ""); {
	case u != "" && !c.SES:
		wrong("ALMIRAH_SES_URL", "it counts only with ALMIRAH_SES=on")
	default:
		c.SESURL = u
	}
}

// masked lists the settings of the companies; an address of theirs is no secret, and has no password.
func (o Outside) masked() []string {
	on := ""
	if o.SES {
		on = "on"
	}
	return []string{
		"ALMIRAH_TWILIO_URL=" + o.Twilio, "ALMIRAH_TWILIO_REGION=" + o.TwilioWhere,
		"ALMIRAH_MSG91_URL=" + o.MSG91, "ALMIRAH_MSG91_REGION=" + o.MSG91Where,
		"ALMIRAH_WHATSAPP_URL=" + o.WhatsApp, "ALMIRAH_WHATSAPP_REGION=" + o.WhatsAppWhere, "ALMIRAH_WHATSAPP_VERSION=" + o.WhatsAppVersion,
		"ALMIRAH_RAZORPAY_URL=" + o.Razorpay, "ALMIRAH_RAZORPAY_REGION=" + o.RazorpayWhere, "ALMIRAH_STRIPE_URL=" + o.Stripe, "ALMIRAH_STRIPE_REGION=" + o.StripeWhere,
		"ALMIRAH_SES=" + on, "ALMIRAH_SES_URL=" + o.SESURL,
	}
}

// The processors by which the carriers go out.
const (
	mailProcessor     = "smtp"
	twilioProcessor   = "twilio"
	msg91Processor    = "msg91"
	whatsAppProcessor = "whatsapp"
	sesProcessor      = "ses"
	razorpayProcessor = "razorpay"
	stripeProcessor   = "stripe"
	programsProcessor = "clinic-programs"
)

// processors is the sub-processor list, which is the egress allow-list: what is not here cannot
// be reached (promise: only listed parties).
func processors(c Config) []egress.Processor {
	var out []egress.Processor
	if c.Mail.Host != "" {
		out = append(out, mailServer(c))
	}
	// A company with an account of the clinic's own; at is where its interface is.
	own := func(p egress.Processor, at string) {
		if u, err := url.Parse(at); at != "" && err == nil {
			p.Local = u.Scheme == "http"
			p.Hosts = append([]string{hostOf(u)}, p.Hosts...)
		}
		if len(p.Hosts) > 0 {
			out = append(out, p)
		}
	}
	var twilioFiles []string
	if c.Twilio == sms.TwilioURL { // what people send by MMS lies elsewhere; a stand-in keeps its own
		for _, h := range sms.MediaHosts() {
			twilioFiles = append(twilioFiles, h+":443")
		}
	}
	own(egress.Processor{ID: twilioProcessor, Hosts: twilioFiles, Name: "Twilio", Purpose: "carries SMS for clinics that connected an account of their own there",
		Categories: []string{"phone number", "text of the message"}, Patients: true, Region: c.TwilioWhere, Adapter: "sms"}, c.Twilio)
	own(egress.Processor{ID: msg91Processor, Name: "MSG91 (Walkover Web Solutions)", Purpose: "carries SMS in India for clinics that connected an account of their own there",
		Categories: []string{"phone number", "text of the message"}, Patients: true, Region: c.MSG91Where, Adapter: "sms"}, c.MSG91)
	meta := egress.Processor{ID: whatsAppProcessor, Name: "Meta (WhatsApp)", Purpose: "carries WhatsApp messages for clinics that connected an account of their own there",
		Categories: []string{"phone number", "text of the message"}, Patients: true, Region: c.WhatsAppWhere, Adapter: "whatsapp"}
	if c.WhatsApp == metaURL { // pictures and documents lie elsewhere; a stand-in keeps its own
		meta.Hosts = mediaHosts()
	}
	own(meta, c.WhatsApp)
	// What the payer types on the gateway's own page reaches the gateway and never this program.
	asked := []string{"amount and number of a bill", "name of the clinic"}
	own(egress.Processor{ID: razorpayProcessor, Name: "Razorpay", Purpose: "takes payments for clinics that connected an account of their own there", Categories: asked, Patients: true, Region: c.RazorpayWhere, Adapter: "razorpay",
		Notes: "what a payer types on Razorpay’s own page goes to Razorpay alone"}, c.Razorpay)
	own(egress.Processor{ID: stripeProcessor, Name: "Stripe", Purpose: "takes payments for clinics that connected an account of their own there", Categories: asked, Patients: true, Region: c.StripeWhere, Adapter: "stripe",
		Notes: "what a payer types on Stripe’s own page goes to Stripe alone"}, c.Stripe)
	amazon := egress.Processor{ID: sesProcessor, Name: "Amazon Web Services (SES)", Purpose: "carries e-mail for clinics that connected an account of their own there",
		Categories: []string{"e-mail address", "name", "subject and text of the message"}, Patients: true, Region: "the region of AWS that the clinic chooses", Adapter: "ses"}
	if c.SES && c.SESURL == "" {
		for _, region := range ses.Regions() {
			amazon.Hosts = append(amazon.Hosts, ses.Hosts(region)...)
		}
	}
	own(amazon, c.SESURL)
	if p, at, on := c.Plans.processor(); on {
		own(p, at)
	}
	if p, at, on := c.Saves.processor(); on {
		own(p, at)
	}
	if p, on := c.Certifying.processor(); on {
		out = append(out, p)
	}
	out = append(out, c.Keeping.processors()...)
	if c.Invented {
		out = append(out, inventedParties()...)
	}
	for i := range out {
		out[i].Place = law.PlaceOf(out[i].Region)
	}
	return append(out, egress.Processor{ID: programsProcessor, Name: "A clinic’s own programs", Purpose: "are told that something happened, at addresses that the clinic’s owner entered",
		Categories: []string{"ids of appointments, patients and invoices", "what happened, and when"}, Region: "where the clinic runs them", Adapter: "webhooks", Chosen: true,
		Notes: "no name, no contact, nothing about health; each clinic names its hosts on its own policy page"})
}

// mediaHosts are where Meta keeps pictures and documents.
func mediaHosts() []string { return []string{"lookaside.fbsbx.com:443"} }

// hostOf is host:port, as egress lists it.
func hostOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Host
	case u.Scheme == "http":
		return u.Host + ":80"
	}
	return u.Host + ":443"
}

func mailServer(c Config) egress.Processor {
	name := c.MailName
	if name == "" {
		name = c.Mail.Host
	}
	region := c.MailRegion
	if region == "" {
		region = "not stated"
	}
	return egress.Processor{ID: mailProcessor, Name: name, Purpose: "carries e-mail: confirmations, reminders, sign-in letters",
		Categories: []string{"e-mail address", "subject and text of the message"}, Patients: true, Region: region, Hosts: []string{c.Mail.Address()}, Adapter: "email", Local: c.Mail.TLS == email.NoTLS}
}

// offered are the providers at which a clinic can connect an account of its own, in the order of the page.
func (h *House) offered() []messaging.Provider {
	c, log := h.Config, h.Log
	var out []messaging.Provider
	if c.WhatsApp != "" {
		out = append(out, whatsapp.New(h.Gate.HTTPClient(whatsAppProcessor), h.Clock, log, whatsapp.Options{BaseURL: c.WhatsApp, Version: c.WhatsAppVersion, Pace: h.pace()}))
	}
	if c.Twilio != "" {
		out = append(out, sms.NewTwilio(h.Gate.HTTPClient(twilioProcessor), h.Clock, log, sms.TwilioOptions{BaseURL: c.Twilio}))
	}
	if c.MSG91 != "" {
		out = append(out, sms.NewMSG91(h.Gate.HTTPClient(msg91Processor), h.Clock, log, sms.MSG91Options{BaseURL: c.MSG91}))
	}
	if h.Mail != nil {
		out = append(out, email.NewAnswering(h.Mail, h.Clock))
	}
	if c.SES {
		out = append(out, ses.New(h.Gate.HTTPClient(sesProcessor), h.Clock, log, ses.Options{BaseURL: func(string) string { return c.SESURL }}))
	}
	return out
}

// pace is how several processes on one PostgreSQL keep the limits of providers together; nil where one process is alone.
func (h *House) pace() messaging.Pace {
	if s := h.sharedPace(); s != nil {
		return s
	}
	return nil
}

func (h *House) sharedPace() *messaging.SharedPace {
	if h.DB.Engine() != store.Postgres {
		return nil
	}
	return messaging.NewSharedPace(h.DB, jobs.Platform())
}

// measured counts what a text costs as an SMS: rooms do not know carriers.
func measured(text string) messaging.Length {
	n := sms.Count(text)
	return messaging.Length{Parts: n.Parts, Encoding: string(n.Encoding), Left: n.Left}
}
