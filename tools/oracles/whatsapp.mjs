// Reads posts and questions as whatsapp-api-js does, and sends with it to another server.
// in:  { account: {token, secret, verify, number}, posts: [{signature, body}], questions: [{...query}], to: "http://...", send: "919876543210" }
// out: { posts: [{signed, tampered, news}], answers: [text or null], sent: [{kind, id}] }
import { WhatsAppAPI } from "whatsapp-api-js";
import {
  Text, Template, Language, BodyComponent, BodyParameter, PayloadComponent,
  Interactive, Body, ActionButtons, Button, ActionList, ListSection, Row,
} from "whatsapp-api-js/messages";

const chunks = [];
for await (const c of process.stdin) chunks.push(c);
const { account, posts = [], questions = [], to, send } = JSON.parse(Buffer.concat(chunks));

const api = () => new WhatsAppAPI({
  token: account.token, appSecret: account.secret, webhookVerifyToken: account.verify, v: "v23.0",
  ponyfill: { fetch: (url, o) => fetch(String(url).replace("https://graph.facebook.com", to), o) },
});

async function read({ signature, body }) {
  const out = {};
  out.signed = await api().verifyRequestSignature(body, signature);
  out.tampered = await api().verifyRequestSignature(body.replace(/.$/, " }"), signature);
  const one = api();
  one.on.message = ({ from, recipient, contact, message, phoneID }) => ({
    kind: "message", phoneID, from: from ?? "", user: recipient.bsuid ?? "", name: contact?.profile?.name ?? "", type: message.type, id: message.id,
    text: message.text?.body ?? message.button?.text ?? message.interactive?.button_reply?.title ?? message.interactive?.list_reply?.title ?? message.reaction?.emoji ?? "",
    payload: message.button?.payload ?? message.interactive?.button_reply?.id ?? message.interactive?.list_reply?.id ?? "",
    media: message[message.type]?.sha256 ? message[message.type].id : "",
    replyTo: message.context?.id ?? message.reaction?.message_id ?? "",
  });
  one.on.status = ({ recipient, phoneID, status, id, timestamp, pricing, error }) => ({
    kind: "status", phoneID, from: recipient.phone ?? "", user: recipient.bsuid ?? "", status, id, timestamp, billable: pricing?.billable ?? null, code: error?.code ?? 0,
  });
  try {
    out.news = (await one.post(JSON.parse(body), body, signature)) ?? null;
  } catch (e) {
    out.news = { kind: "error", type: e.constructor.name };
  }
  return out;
}

const out = { posts: [], answers: [], sent: [] };
for (const p of posts) out.posts.push(await read(p));
for (const q of questions) {
  try {
    out.answers.push(api().get(q));
  } catch {
    out.answers.push(null);
  }
}
if (to && send) {
  const messages = {
    text: [new Text("See you on Tuesday at ten.")],
    reply: [new Text("See you on Tuesday at ten."), "wamid.ABC="],
    template: [new Template("reminder", new Language("en"), new BodyComponent(new BodyParameter("Asha"), new BodyParameter("10:00")), new PayloadComponent("yes:1"), new PayloadComponent("no:1"))],
    "template by name": [new Template("named", new Language("pt_BR"), new BodyComponent(new BodyParameter("Asha", "name"), new BodyParameter("10:00", "when")))],
    buttons: [new Interactive(new ActionButtons(new Button("p1", "Answer 1"), new Button("p2", "Answer 2")), new Body("See you on Tuesday at ten."))],
    list: [new Interactive(new ActionList("Choose", new ListSection(undefined, ...["1", "2", "3", "4"].map((n) => new Row("p" + n, "Answer " + n)))), new Body("See you on Tuesday at ten."))],
  };
  for (const [kind, [message, context]] of Object.entries(messages)) {
    const r = await api().sendMessage(account.number, { phone: send }, message, context);
    out.sent.push({ kind, id: r.messages?.[0]?.id ?? "", error: r.error?.message ?? "" });
  }
  const byID = await api().sendMessage(account.number, { bsuid: "IN.1349" }, new Text("See you on Tuesday at ten."));
  out.sent.push({ kind: "by id", id: byID.messages?.[0]?.id ?? "", error: byID.error?.message ?? "" });
  const read = await api().markAsRead(account.number, "wamid.ABC=");
  out.sent.push({ kind: "mark read", id: read.success ? "success" : "", error: read.error?.message ?? "" });
}
console.log(JSON.stringify(out));
