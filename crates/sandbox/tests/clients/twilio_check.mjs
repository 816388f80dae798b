// Twilio's own Node.js client, unmodified, against the sandbox.
// Argument: the sandbox's base address.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import twilio from 'twilio';
import { controlOf } from './control.mjs';

const base = process.argv[2];
const control = controlOf(base);
const account = 'AC00000000000000000000000000000001';
const token = 'sandbox-token';
const service = 'MG00000000000000000000000000000001';
const template = 'HX00000000000000000000000000000001';
const from = '+15005550006';
const to = '+905551234567';

function connect(...credentials) {
  const client = twilio(...credentials);
  client.api.baseUrl = `${base}/twilio`;
  return client;
}

/** A server whose callbacks the client's own validator has to accept. */
async function listen() {
  const told = [];
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const fields = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    const url = `${address}${request.url}`;
    assert.ok(twilio.validateRequest(token, request.headers['x-twilio-signature'], url, fields), JSON.stringify(fields));
    assert.ok(!twilio.validateRequest('another-token', request.headers['x-twilio-signature'], url, fields));
    told.push(fields);
    response.writeHead(204).end();
    server.emit('told');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${server.address().port}`;
  const until = async (count) => {
    while (told.length < count) await once(server, 'told');
    return told;
  };
  return { address, until, close: () => server.close() };
}

await control('reset', {});
await control('twilio/settings', { sent_ms: 20, delivered_ms: 20, read_ms: 20 });
const body = 'Merhaba {{1}}, teklifiniz hazır.';
await control('twilio/contents', { contents: { [template]: { body, approved: true } } });
const client = connect(account, token);
const hooks = await listen();

const sms = await client.messages.create({ to, from, body: 'Merhaba', statusCallback: `${hooks.address}/status?mid=4 2` });
assert.equal(sms.status, 'queued');
assert.equal(sms.numSegments, '1');
assert.equal(sms.price, null);
assert.ok(Math.abs(sms.dateCreated - Date.now()) < 60_000);
const told = await hooks.until(2);
assert.deepEqual(told.map((fields) => fields.MessageStatus), ['sent', 'delivered']);
assert.equal(told[0].MessageSid, sms.sid);
const delivered = await client.messages(sms.sid).fetch();
assert.equal(delivered.status, 'delivered');
assert.ok(delivered.dateSent instanceof Date && delivered.dateSent <= delivered.dateUpdated);

const long = await client.messages.create({ to, from, body: 'ş'.repeat(71) });
assert.equal(long.numSegments, '2');

const whatsapp = await client.messages.create({
  to: `whatsapp:${to}`,
  from: `whatsapp:${from}`,
  contentSid: template,
  contentVariables: JSON.stringify({ 1: 'Ayşe' }),
  statusCallback: `${hooks.address}/status`,
});
assert.equal(whatsapp.body, 'Merhaba Ayşe, teklifiniz hazır.');
assert.equal((await hooks.until(5)).at(-1).MessageStatus, 'read');

const pooled = await client.messages.create({ to, messagingServiceSid: service, body: 'x' });
assert.deepEqual([pooled.status, pooled.from, pooled.numSegments], ['accepted', null, '0']);

const mediaUrl = ['https://example.com/1.png', 'https://example.com/2.pdf'];
const media = await client.messages.create({ to, from, mediaUrl });
assert.ok(media.sid.startsWith('MM') && media.numMedia === '2');
const files = await client.messages(media.sid).media.list();
assert.deepEqual(files.map((file) => file.contentType), ['image/png', 'application/pdf']);

const sendAt = new Date(Date.now() + 3_600_000);
const planned = await client.messages.create({ to, messagingServiceSid: service, body: 'x', scheduleType: 'fixed', sendAt });
assert.equal(planned.status, 'scheduled');
assert.equal((await client.messages(planned.sid).update({ status: 'canceled' })).status, 'canceled');

const all = await client.messages.list({ to, pageSize: 2 });
assert.equal(all.length, 5);
assert.equal(all.at(-1).sid, sms.sid);
assert.equal((await client.messages.list({ to, limit: 1 }))[0].sid, planned.sid);
assert.equal((await client.messages.list({ dateSentAfter: new Date(Date.now() + 86_400_000) })).length, 0);

const refusal = (status, code) => (error) => {
  assert.ok(error instanceof twilio.RestException, error);
  assert.deepEqual([error.status, error.code], [status, code]);
  assert.equal(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
  return true;
};
await assert.rejects(client.messages.create({ to: '0555 123 45 67', from, body: 'x' }), refusal(400, 21211));
await assert.rejects(client.messages.create({ to: '+15005550004', from, body: 'x' }), refusal(400, 21610));
await assert.rejects(client.messages(planned.sid).update({ status: 'canceled' }), refusal(409, 30409));
await assert.rejects(client.messages('SM00000000000000000000000000000000').fetch(), refusal(404, 20404));
await assert.rejects(connect(account, 'wrong').messages.list(), refusal(401, 20003));
await control('faults', { vendor: 'twilio', kind: 'error', status: 429, code: '20429' });
await assert.rejects(client.messages.create({ to, from, body: 'x' }), refusal(429, 20429));

const key = connect('SK00000000000000000000000000000001', 'sandbox-secret', { accountSid: account });
assert.equal((await key.messages.create({ to, from, body: 'x' })).accountSid, account);

await control('twilio/webhook', { url: `${hooks.address}/in` });
await control('twilio/inbound', { from: to, to: from, body: 'STOP & dur ğüş' });
assert.equal((await hooks.until(6)).at(-1).Body, 'STOP & dur ğüş');

await client.messages(sms.sid).update({ body: '' });
assert.equal((await client.messages(sms.sid).fetch()).body, '');
assert.equal(await client.messages(sms.sid).remove(), true);
hooks.close();
console.log('twilio (Node.js): ok');
