// Package demo is a stand-in for a payment gateway that the demo serves itself: its page says plainly that no money moves. Everything of
// ours goes the way that it goes with Razorpay and Stripe: the page is asked for, the report is signed and comes by the webhook, the browser's return is
// not believed. It is there in the demo only.
package demo
