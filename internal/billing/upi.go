package billing

import (
	"net/url"
	"strings"

	"almirah/internal/money"
)

// UPILink is what a UPI code says: to whom, how much, and the number of the invoice, by which the clinic finds the payment again. There is nothing in it about who pays or what for. It is empty
// where the clinic has no UPI address, the money is not rupees, or nothing is due. (NPCI, UPI Linking Specifications, version 1.6: pa, pn, am, cu, tr, tn.)
func UPILink(set Setting, clinic string, d Document) string {
	due := d.Due()
	if d.State == Draft {
		due = d.Total
	}
	if set.UPIID == "" || d.Currency != "INR" || due <= 0 {
		return ""
	}
	name := set.UPIName
	if name == "" {
		name = clinic
	}
	q := "upi://pay?pa=" + strings.ReplaceAll(url.QueryEscape(set.UPIID), "%40", "@") + "&pn=" + escape(name) + "&am=" + money.Plain(money.Of(due, d.Currency)) + "&cu=INR"
	if d.Label != "" {
		ref := strings.ReplaceAll(d.Label, "/", "-")
		q += "&tr=" + escape(ref) + "&tn=" + escape("Bill "+d.Label)
	}
	return q
}

// escape writes spaces as %20: apps that read such a link do not know the plus sign of forms.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
