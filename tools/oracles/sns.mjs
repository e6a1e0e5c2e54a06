// Reads {bodies: {name: envelope}, certificate}: what npm sns-validator says about each envelope
// when the certificate lies at its address. Nothing is fetched: https.get answers from here.
import https from 'node:https';
import { createRequire } from 'node:module';
import { EventEmitter } from 'node:events';
import { text } from 'node:stream/consumers';

const { bodies, certificate } = JSON.parse(await text(process.stdin));
https.get = (_url, answer) => {
  const res = new EventEmitter();
  res.statusCode = 200;
  answer(res);
  setImmediate(() => { res.emit('data', Buffer.from(certificate)); res.emit('end'); });
  return new EventEmitter();
};
const Validator = createRequire(import.meta.url)('sns-validator');
const said = {};
for (const [name, body] of Object.entries(bodies)) {
  said[name] = await new Promise((done) => new Validator().validate(body, (err) => done({ ok: !err, why: err ? err.message : '' })));
}
console.log(JSON.stringify(said));
