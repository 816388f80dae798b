// The simulated vendors and the service of one company, connected to both of them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ACCOUNT = 'AC00000000000000000000000000000001';
const SENDER = '+15005550006';
const CALENDAR = '/api/integrations/oauth/google-calendar/authorize';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts the program and waits for a line that begins so. */
async function start(binary, args, env, beginning) {
  const child = spawn(binary, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((ready, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith(beginning) && ready());
    child.once('exit', (code) => failed(new Error(`${args[0]} ended with ${code}`)));
  });
  return child;
}

async function ask(method, url, headers, body) {
  const text = body && JSON.stringify(body);
  const answer = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, body: text, redirect: 'manual' });
  if (answer.status >= 400) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.headers.get('location') ?? JSON.parse((await answer.text()) || 'null');
}

export async function open(binary) {
  const [port, vendorsPort] = [await freePort(), await freePort()];
  const [base, vendors] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${vendorsPort}`];
  const folder = mkdtempSync(join(tmpdir(), 'kopru-pictures-'));
  const env = {
    DATABASE_URL: `sqlite://${folder}/kopru.db`, KOPRU_PORT: String(port), KOPRU_PUBLIC_URL: base, RUST_LOG: 'error',
    KOPRU_VAULT_KEYS: execFileSync(binary, ['vault', 'generate-key'], { encoding: 'utf8' }).trim(),
    GOOGLE_CLIENT_ID: 'sandbox-client', GOOGLE_CLIENT_SECRET: 'sandbox-secret',
    KOPRU_GOOGLE_URL: `${vendors}/google`, KOPRU_TWILIO_URL: `${vendors}/twilio`, KOPRU_RESEND_URL: `${vendors}/resend`,
  };
  const run = (...args) => execFileSync(binary, args, { env: { ...process.env, ...env }, encoding: 'utf8' }).trim();
  run('company', 'add', 'acme');
  const headers = { authorization: `Bearer ${run('api-key', 'create', '--company', 'acme')}`, 'kopru-user': 'ayse' };
  const children = [
    await start(binary, ['sandbox', '--port', String(vendorsPort)], env, 'control'),
    await start(binary, ['serve'], env, 'listening'),
  ];
  const call = (method, path, body) => ask(method, `${base}${path}`, headers, body);
  const control = (method, path, body) => ask(method, `${vendors}/_control/${path}`, {}, body);

  const settings = { account_sid: ACCOUNT, auth_token: 'sandbox-token', from_sms: SENDER, from_whatsapp: SENDER, messages_per_second: 100 };
  await call('PUT', '/api/v1/companies/acme/integrations/twilio', settings);
  await call('PUT', '/api/v1/companies/acme/integrations/resend', { api_key: 're_sandbox', from: 'Örnek A.Ş. <satis@example.com>' });
  await control('POST', 'twilio/webhook', { url: `${base}/hooks/twilio/acme` });
  await control('POST', 'twilio/settings', { sent_ms: 20, delivered_ms: 20, read_ms: 20 });
  const page = await call('GET', CALENDAR);
  const form = new URL(page).searchParams;
  form.get('scope').split(' ').forEach((scope) => form.append('grant', scope));
  form.set('decision', 'allow');
  const agreed = await fetch(page, { method: 'POST', body: form, redirect: 'manual' });
  await ask('GET', agreed.headers.get('location'), {});

  const close = async () => {
    for (const child of children) {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    }
    rmSync(folder, { recursive: true });
  };
  return { vendors, call, control, close, sender: SENDER };
}
