package web

// auditTerms are the families of words in which the pages say a value that is a word of the program: by the kind of record and the name of the value, else
// by the name alone. What a family does not hold is shown as it was recorded.
var auditTerms = map[string]string{
	"role": "role.", "roles": "role.", "channel": "channel.", "purpose": "consent.purpose.", "purposes": "consent.purpose.", "class": "retention.class.",
	"modules": "module.", "jurisdiction": "jurisdiction.", "region": "region.", "scopes": "token.scope.", "events": "webhook.event.", "provider": "channel.provider.",
	"appointment status": "state.", "appointment door": "copy.door.", "policy door": "copy.door.", "patient source": "patient.source.", "patient door": "patient.source.",
	"message state": "message.state.", "message kind": "message.kind.", "message reason": "message.reason.", "template state": "text.state.", "template kind": "message.kind.",
	"channel state": "channel.state.", "channel value": "channel.state.", "gateway_account provider": "gateway.provider.", "gateway_difference kind": "decide.kind.",
	"payment method": "bill.method.", "payment gateway": "gateway.provider.", "webhook state": "webhook.state.", "webhook value": "webhook.state.",
	"data-request kind": "request.kind.", "data-request door": "request.door.", "data-request asker": "request.asker.", "data-request proof": "request.proof.",
	"data-request outcome": "request.outcome.", "data-request ground": "request.ground.",
	"disclosure ground": "disclosure.ground.", "disclosure parts": "disclosure.part.", "suspension ground": "suspension.ground.", "clinic ground": "suspension.ground.", "suspension value": "suspension.state.",
	"incident rule": "incident.rule.", "incident duty": "incident.duty.", "finding rule": "noticed.rule.", "duty kind": "duty.", "encounter part": "visit.part.", "grant state": "grant.state.", "grant scopes": "support.scope.", "membership value": "role.", "membership role": "role.",
}

// auditTerm says a word of the program as the pages do.
func auditTerm(v *Visit, kind, key, word string) string {
	if key == "language" {
		return languageName(word)
	}
	for _, family := range []string{auditTerms[kind+" "+key], auditTerms[key]} {
		if family != "" && v.Tongue.Has(family+word) {
			return v.Tongue.Say(family + word)
		}
	}
	return word
}
