// Package razorpay is a stand-in for Razorpay's interface on this machine: it keeps payment links, orders, payments, refunds
// and disputes, refuses what Razorpay refuses, posts signed reports full of what Razorpay tells about people and cards, and
// can misbehave on demand. The tests of internal/gateways/razorpay hold it beside Razorpay's documented samples and beside
// the npm package razorpay. Tests and the demo only.
package razorpay
