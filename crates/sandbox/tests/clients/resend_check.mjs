// Resend's own Node.js client, unmodified, against the sandbox.
// Argument: the sandbox's base address.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Resend } from 'resend';
import { controlOf } from './control.mjs';

const base = process.argv[2];
const control = controlOf(base);
const connect = (key) => new Resend(key, { baseUrl: `${base}/resend` });
const resend = connect('re_sandbox');
const from = 'Örnek A.Ş. <satis@example.com>';
const to = 'delivered@resend.dev';
const subject = 'Teklifiniz hazır';

/** A server whose webhooks the client's own verifier has to accept, with each of two secrets. */
async function listen() {
  const told = [];
  const server = createServer(async (request, response) => {
    const payload = Buffer.concat(await request.toArray()).toString();
    const { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature } = request.headers;
    const verify = (webhookSecret) => resend.webhooks.verify({ payload, headers: { id, timestamp, signature }, webhookSecret });
    for (const secret of secrets) assert.deepEqual(verify(secret), JSON.parse(payload));
    assert.throws(() => verify(`whsec_${Buffer.from('another').toString('base64')}`));
    told.push(verify(secrets[0]));
    response.writeHead(204).end();
    server.emit('told');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const until = async (count) => {
    while (told.length < count) await once(server, 'told');
    return told;
  };
  return { url: `http://127.0.0.1:${server.address().port}/hook`, until, close: () => server.close() };
}

const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', `whsec_${Buffer.from('yeni').toString('base64')}`];
await control('reset', {});
await control('resend/settings', { sent_ms: 20, delivered_ms: 20, complained_ms: 20, rate: null });
const hooks = await listen();
await control('resend/webhooks', { url: hooks.url, secrets });

/** What has to be there, or the test ends with what was answered instead. */
function made({ data, error }) {
  assert.equal(error, null, JSON.stringify(error));
  return data;
}
function refused({ data, error }, statusCode, name) {
  assert.equal(data, null);
  assert.deepEqual([error.statusCode, error.name], [statusCode, name], JSON.stringify(error));
  assert.ok(error.message);
}

const letter = {
  from,
  to: [to, 'Ayşe <ayse@example.com>'],
  cc: 'c@example.com',
  bcc: ['d@example.com'],
  replyTo: 'yanit@example.com',
  subject,
  html: '<p>Merhaba <b>Ayşe</b></p>',
  text: 'Merhaba Ayşe',
  headers: { 'X-Kayit': '42' },
  tags: [{ name: 'kayit', value: 'deal-42' }],
  attachments: [
    { filename: 'teklif ğüş.pdf', content: Buffer.from('PDF'), contentType: 'application/pdf' },
    { filename: 'not.txt', content: Buffer.from('Not').toString('base64') },
  ],
};
const key = { idempotencyKey: 'deal-42/1' };
const { id } = made(await resend.emails.send(letter, key));
const told = await hooks.until(2);
assert.deepEqual(told.map(({ type }) => type), ['email.sent', 'email.delivered']);
assert.deepEqual([told[0].data.email_id, told[0].data.tags], [id, { kayit: 'deal-42' }]);
const email = made(await resend.emails.get(id));
assert.deepEqual([email.last_event, email.subject, email.html], ['delivered', subject, letter.html]);
assert.deepEqual([email.to, email.from], [letter.to, from]);
const [filed] = await control('mail');
assert.deepEqual(filed.attachments.map(({ filename, size }) => [filename, size]), [['teklif ğüş.pdf', 3], ['not.txt', 3]]);
assert.equal(await (await fetch(`${base}${filed.attachments[1].url}`)).text(), 'Not');

assert.equal(made(await resend.emails.send(letter, key)).id, id);
refused(await resend.emails.send({ ...letter, subject: 'Başka' }, key), 409, 'invalid_idempotent_request');
assert.equal((await control('resend/emails')).length, 1);

const later = { from, to, subject, text: 'x', scheduledAt: new Date(Date.now() + 3_600_000).toISOString() };
const planned = made(await resend.emails.send(later));
assert.equal((await hooks.until(3)).at(-1).type, 'email.scheduled');
const scheduledAt = new Date(Date.now() + 7_200_000).toISOString();
assert.equal(made(await resend.emails.update({ id: planned.id, scheduledAt })).id, planned.id);
assert.equal(made(await resend.emails.cancel(planned.id)).object, 'email');
assert.equal(made(await resend.emails.get(planned.id)).last_event, 'canceled');
refused(await resend.emails.cancel(planned.id), 422, 'validation_error');

const bounced = made(await resend.emails.send({ from, to: 'bounced+1@resend.dev', subject, text: 'x' }));
const bounce = (await hooks.until(5)).at(-1);
assert.deepEqual([bounce.type, bounce.data.email_id, bounce.data.bounce.type], ['email.bounced', bounced.id, 'Permanent']);

const plain = { from, to, subject, text: 'x' };
const batch = [plain, { ...plain, to: 'nobody' }, plain];
refused(await resend.batch.send(batch), 422, 'validation_error');
const some = made(await resend.batch.send(batch, { batchValidation: 'permissive', idempotencyKey: 'b1' }));
assert.deepEqual([some.data.length, some.errors.map(({ index }) => index)], [2, [1]]);
assert.equal(made(await resend.batch.send(Array(100).fill(plain))).data.length, 100);
refused(await resend.batch.send(Array(101).fill(plain)), 422, 'validation_error');

assert.deepEqual(made(await resend.domains.list()).data.map(({ name, status }) => [name, status]), [['example.com', 'verified']]);
refused(await resend.emails.send({ ...plain, from: 'a@elsewhere.example' }), 403, 'validation_error');
refused(await resend.emails.send({ from, to, text: 'x' }), 422, 'missing_required_field');
refused(await resend.emails.get('00000000-0000-4000-8000-000000000000'), 404, 'not_found');
refused(await connect('re_wrong').emails.send(plain), 403, 'invalid_api_key');
await control('resend/keys', { re_sandbox: 'full', re_sending: 'sending' });
made(await connect('re_sending').emails.send(plain));
refused(await connect('re_sending').domains.list(), 401, 'restricted_api_key');

await control('resend/settings', { rate: 1 });
await control('clock', { scale: 0, advance_seconds: 1 });
assert.equal((await resend.emails.send(plain)).headers['ratelimit-remaining'], '0');
const limited = await resend.emails.send(plain);
refused(limited, 429, 'rate_limit_exceeded');
assert.equal(limited.headers['retry-after'], '1');
await control('resend/settings', { rate: null, daily_quota: 0 });
refused(await resend.emails.send(plain), 429, 'daily_quota_exceeded');
await control('resend/settings', { daily_quota: null });
await control('faults', { vendor: 'resend', kind: 'error', code: 'application_error' });
refused(await resend.emails.send(plain), 500, 'application_error');

// The answer is lost, and the same key brings it back.
const count = (await control('resend/emails')).length;
await control('faults', { vendor: 'resend', kind: 'reset_after' });
const again = { idempotencyKey: 'lost' };
assert.equal((await resend.emails.send(plain, again)).error.statusCode, null);
made(await resend.emails.send(plain, again));
assert.equal((await control('resend/emails')).length, count + 1);
hooks.close();
console.log('resend (Node.js): ok');
