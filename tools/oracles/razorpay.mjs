// Razorpay's own npm package: check = whether it accepts what was signed for it; sign = the signature that it expects, found
// with its own function (it compares and never shows one, so the candidate is made with Node's crypto and must be accepted).
import { readFileSync } from "node:fs";
import { createHmac } from "node:crypto";
import Razorpay from "razorpay";

const fits = (c) => {
  try { return Razorpay.validateWebhookSignature(c.Body, c.Signature, c.Secret); } catch { return false; }
};
const { sign = [], check = [] } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  signed: sign.map((c) => {
    const signature = createHmac("sha256", c.Secret).update(c.Body).digest("hex");
    return fits({ ...c, Signature: signature }) ? signature : "";
  }),
  checked: check.map(fits),
}));
