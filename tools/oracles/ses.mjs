// Reads one recorded request {Method, Path, Header, Body}, plays it to npm aws-ses-v2-local and
// prints what that has then: {status, emails}.
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

const { Method, Path, Header, Body } = JSON.parse(await text(process.stdin));
const said = console.log;
console.log = () => {}; // the server talks
const server = await createRequire(import.meta.url)('aws-ses-v2-local').default({ host: '127.0.0.1', port: 0 });
const at = `http://127.0.0.1:${server.address().port}`;
const headers = {};
for (const [name, values] of Object.entries(Header)) {
  if (!['Host', 'Content-Length', 'Connection', 'Accept-Encoding'].includes(name)) headers[name] = values.join(', ');
}
const res = await fetch(at + Path, { method: Method, headers, body: Body });
await res.text();
const store = await (await fetch(`${at}/store`)).json();
said(JSON.stringify({ status: res.status, emails: store.emails }));
process.exit(0);
