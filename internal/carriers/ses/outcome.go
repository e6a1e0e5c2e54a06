package ses

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"almirah/internal/carriers/handover"
	"almirah/internal/messaging"
)

// outcome reads why a call did not end well. What SES says counts, whether or not the whole body
// had left; where nobody says anything, it counts whether the body may have.
func outcome(err error, handed bool) messaging.Receipt {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil && answer.HTTPStatusCode() != 0 {
		return answered(answer, err)
	}
	why := messaging.Receipt{Outcome: messaging.Later, Code: handover.Trouble(err, handed)}
	if handed {
		why.Outcome = messaging.Uncertain
	}
	return why
}

// answered turns an answer of SES that is no success into an outcome.
func answered(answer *smithyhttp.ResponseError, err error) messaging.Receipt {
	status := answer.HTTPStatusCode()
	said, text := "", ""
	var api smithy.APIError
	if errors.As(err, &api) {
		said, text = code(api.ErrorCode()), api.ErrorMessage()
	}
	if said == "" || said == "UnknownError" {
		said = "http-" + strconv.Itoa(status)
	}
	r := messaging.Receipt{Code: said}
	switch kind := strings.TrimSuffix(said, "Exception"); {
	case status < 400: // a success that cannot be read, or a redirect, which SES does not send
		r.Outcome = messaging.Uncertain
		if status < 300 {
			r.Code = "unreadable"
		}
	case notNow(kind) || status == http.StatusTooManyRequests || status == http.StatusTooEarly:
		r.Outcome, r.Wait = messaging.Later, wait(kind, answer.Response.Header.Get("Retry-After"))
	case status == http.StatusRequestTimeout || status >= 500: // it may have been taken all the same
		r.Outcome = messaging.Uncertain
	case account(kind) || status == http.StatusUnauthorized || status == http.StatusForbidden:
		r.Outcome = messaging.Broken
	case kind == "MessageRejected" && strings.Contains(strings.ToLower(text), "not verified"):
		// the sender is not verified, or the account is still in Amazon's sandbox: no message of this account gets anywhere
		r.Outcome, r.Code = messaging.Broken, "not-verified"
	default:
		r.Outcome = messaging.Refused
	}
	return r
}

// notNow lists the errors that say that nothing was taken and that it may be tried again.
func notNow(kind string) bool {
	switch kind {
	case "TooManyRequests", "LimitExceeded", "Throttling", "Throttled", "RequestThrottled", "RequestLimitExceeded", "BandwidthLimitExceeded",
		"PriorRequestNotComplete", "SlowDown", "ServiceUnavailable", "ConcurrentModification":
		return true
	}
	return false
}

// account lists the errors that no message of this account would be spared.
func account(kind string) bool {
	switch kind {
	case "MailFromDomainNotVerified", "AccountSuspended", "SendingPaused", "AccountSendingPaused", "ConfigurationSetSendingPaused",
		"ConfigurationSetDoesNotExist", "NotFound", "UnrecognizedClient", "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidSignature",
		"SignatureDoesNotMatch", "IncompleteSignature", "ExpiredToken", "RequestExpired", "RequestTimeTooSkewed", "MissingAuthenticationToken",
		"AccessDenied", "NotAuthorized", "OptInRequired":
		return true
	}
	return false
}

// wait is how long SES wants to be left alone: what it says, at most an hour; else ten seconds
// for its pace and an hour for the day's quota.
func wait(kind, after string) time.Duration {
	if n, err := strconv.Atoi(after); err == nil && n > 0 {
		return min(time.Duration(n)*time.Second, time.Hour)
	}
	if kind == "LimitExceeded" {
		return time.Hour
	}
	return 10 * time.Second
}
