// Who is measured. Each opens a service of its own that takes messages one at a time (`one`), many at a time (`many`,
// in one request), for now or for `later`, and tells what CPU time it and its database used.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, call, cpu, freePort, postgresCpu, postmasterOf, psql, sleep, start, stop } from './machine.mjs';

const ACCOUNT = `AC${'1'.padStart(32, '0')}`;
const TOKEN = 'bench-token';
const SENDER = '+15005550006';
const TEXT = "Sayın müşterimiz, yarınki randevunuz 14.30'dadır. Değiştirmek için bizi arayın.";
const number = (n) => `+9053${String(n).padStart(8, '0')}`;
const range = (count, of) => Array.from({ length: count }, (_, n) => of(n));
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

let databases = 0;
/** A database of its own on the server, which ends with the bench; what the server used. */
function database(server) {
  const name = `bench_${process.pid}_${databases += 1}`;
  psql(server, `CREATE DATABASE ${name}`);
  const postmaster = postmasterOf(server);
  const url = server.replace(/\/[^/]*$/, `/${name}`);
  return { url, used: () => postgresCpu(postmaster), drop: () => {} };
}

function file() {
  const folder = mkdtempSync(join(tmpdir(), 'kopru-bench-'));
  return { url: `sqlite://${folder}/kopru.db`, used: () => 0, drop: () => rmSync(folder, { recursive: true }) };
}

async function kopru(store, { binary, fake }) {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const key = execFileSync(binary, ['vault', 'generate-key'], { encoding: 'utf8' }).trim();
  const env = {
    DATABASE_URL: store.url, KOPRU_VAULT_KEYS: key, KOPRU_PORT: String(port), KOPRU_PUBLIC_URL: base,
    KOPRU_TWILIO_URL: fake, KOPRU_REQUESTS_PER_MINUTE: '1000000000', RUST_LOG: 'error',
  };
  const run = (...args) => execFileSync(binary, args, { env: { ...process.env, ...env }, encoding: 'utf8' }).trim();
  run('company', 'add', 'acme');
  const headers = { authorization: `Bearer ${run('api-key', 'create', '--company', 'acme')}` };
  const { child, first } = start(binary, ['serve'], env);
  await first();
  const settings = { account_sid: ACCOUNT, auth_token: TOKEN, from_sms: SENDER, messages_per_second: 1000 };
  await ask('PUT', `${base}/api/v1/companies/acme/integrations/twilio`, headers, settings);
  const send = (to, later) => ask('POST', `${base}/api/integrations/sms/send`, headers, { ...to, message: TEXT, ...(later && { send_at: tomorrow() }) });
  return {
    one: (n, later) => send({ to: number(n) }, later),
    many: (count, later) => send({ recipients: range(count, number) }, later),
    used: () => ({ service: cpu(child.pid), database: store.used() }),
    close: async () => { await stop(child); store.drop(); },
  };
}

/** notifyd's Twilio address is compiled in, so nothing of that channel is let go; `channel` is one that can be sent on. */
async function notifyd(channel, { server, notifyd: binary, fake }) {
  const store = database(server);
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  // Its own benchmark's settings, and no pace.
  const { child } = start(binary, [], {
    DATABASE_URL: store.url, PORT: String(port), JWT_SECRET: TOKEN, ADMIN_API_KEY: TOKEN, RUST_LOG: 'notifyd=warn',
    DATABASE_MAX_CONNECTIONS: '20', WORKER_BATCH_SIZE: '500', WORKER_POLL_INTERVAL_MS: '100',
    SMS_PROVIDER: 'twilio', SMS_FROM: SENDER, TWILIO_ACCOUNT_SID: ACCOUNT, TWILIO_AUTH_TOKEN: TOKEN,
    TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_BASE: fake, TELEGRAM_RATE_PER_SEC: '0',
    EMAIL_PROVIDER: 'resend', RESEND_API_KEY: TOKEN, RESEND_API_BASE: fake, EMAIL_RATE_PER_SEC: '0',
  });
  while ((await call('GET', `${base}/v1/health`).catch(() => ({}))).status !== 200) await sleep(100);
  const project = { id: 'bench', name: 'Bench', channels: ['sms', 'telegram', 'email'], rate_limit_per_min: 100_000_000 };
  const made = await ask('POST', `${base}/v1/admin/projects`, { 'x-api-key': TOKEN }, project);
  psql(store.url, `INSERT INTO subscribers (id, project_id, phone, email, data)
    SELECT 's' || n, 'bench', '+9053' || lpad(n::text, 8, '0'), 's' || n || '@ornek.example', jsonb_build_object('telegram_chat_id', n)
    FROM generate_series(0, 9999) n`);
  const headers = { 'x-api-key': made.project.api_key };
  const body = (later) => ({ channel: later ? 'sms' : channel, subject: 'Randevu', body: TEXT, ...(later && { scheduled_at: tomorrow() }) });
  const send = (path, to, later) => ask('POST', `${base}/v1/${path}`, headers, { ...to, ...body(later) });
  return {
    one: (n, later) => send('send', { to: number(n) }, later),
    many: (count, later) => send('batch', { subscribers: range(count, (n) => `s${n}`) }, later),
    used: () => ({ service: cpu(child.pid), database: store.used() }),
    close: async () => { await stop(child); store.drop(); },
  };
}

/** Accepts nothing: a message is sent, or it is not. */
async function sdk({ sdk: script, fake }) {
  const { child, first } = start(process.execPath, [script, fake, ACCOUNT, TOKEN, SENDER, TEXT], {}, 'ipc');
  await first();
  return {
    many: (count) => new Promise((done) => { child.once('message', done); child.send(count); }),
    used: () => ({ service: cpu(child.pid), database: 0 }),
    close: () => stop(child),
  };
}

export const contenders = [
  ['Köprü, PostgreSQL', (setting) => kopru(database(setting.server), setting)],
  ['Köprü, SQLite', (setting) => kopru(file(), setting)],
  ['notifyd, one call a message', (setting) => notifyd('telegram', setting)],
  ['notifyd, e-mails by the hundred', (setting) => notifyd('email', setting)],
  ['npm twilio', sdk],
];
