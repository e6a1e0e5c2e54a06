// Stripe's own npm package: sign = the header that it would send, check = whether it accepts what was signed for it.
import { readFileSync } from "node:fs";
import Stripe from "stripe";

const stripe = new Stripe("sk_test_nobody");
const { sign = [], check = [] } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  signed: sign.map((c) => stripe.webhooks.generateTestHeaderString({ payload: c.Body, secret: c.Secret, timestamp: c.At })),
  checked: check.map((c) => {
    try {
      stripe.webhooks.constructEvent(c.Body, c.Signature, c.Secret, 300, undefined, c.At * 1000);
      return true;
    } catch { return false; }
  }),
}));
