// Accepts and sends in a second, and the CPU time of each: Köprü, notifyd and Twilio's own client, against the same fake,
// in turns. JSON on the standard output, a table for people on the other one.
// Arguments: the binaries of Köprü and notifyd, then messages to send and rounds.
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { contenders } from './contenders.mjs';
import { ask, side, sleep, start, stop } from './machine.mjs';

const [binary, notifyd, messages = '5000', rounds = '3'] = process.argv.slice(2);
const [MESSAGES, ROUNDS] = [Number(messages), Number(rounds)];
const SINGLE = 2000;
const AT_ONCE = 8;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const fakeProcess = start(process.execPath, [here('fake.mjs')]);
const fake = await fakeProcess.first();
const setting = { binary, notifyd, fake, server: process.env.KOPRU_TEST_DATABASE_URL, sdk: here('sdk.mjs') };
const taken = async () => (await ask('GET', `${fake}/taken`)).taken;

/** How fast `work` does so many messages, and what CPU time each took, what follows it at once included. */
async function measured(service, count, work) {
  const [before, began] = [service.used(), performance.now()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  await sleep(1000);
  const after = service.used();
  const each = (part) => ((after[part] - before[part]) * 1000) / count;
  return { per_second: count / seconds, service_ms: each('service'), database_ms: each('database') };
}

async function sent(service) {
  const wanted = await taken() + MESSAGES;
  await service.many(MESSAGES, false);
  while (await taken() < wanted) await sleep(20);
}

async function round(open) {
  const service = await open(setting);
  const found = {};
  try {
    if (service.one) {
      found.accept_one = await measured(service, SINGLE, () => side(SINGLE, AT_ONCE, (n) => service.one(n, true)));
      found.accept_many = await measured(service, 10_000, () => service.many(10_000, true));
    }
    found.send = await measured(service, MESSAGES, () => sent(service));
  } finally {
    await service.close();
  }
  return found;
}

const all = Object.fromEntries(contenders.map(([name]) => [name, []]));
const load = loadavg();
try {
  for (let done = 0; done < ROUNDS; done += 1) {
    for (const [name, open] of contenders) {
      all[name].push(await round(open));
      console.error(`round ${done + 1}, ${name}: ${Math.round(all[name].at(-1).send.per_second)} sends/s`);
    }
  }
} finally {
  await stop(fakeProcess.child);
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rounded = (value) => Number(value.toPrecision(3));
const summary = (found, measure) => Object.fromEntries(['per_second', 'service_ms', 'database_ms']
  .map((part) => [part, rounded(median(found.map((round) => round[measure][part])))]));
const results = Object.fromEntries(Object.entries(all).map(([name, found]) =>
  [name, Object.fromEntries(Object.keys(found[0]).map((measure) => [measure, summary(found, measure)]))]));
const machine = { cpu: cpus()[0].model, cores: cpus().length, kernel: release(), load_before: load };
console.log(JSON.stringify({ date: new Date().toISOString(), machine, messages: MESSAGES, rounds: ROUNDS, results }, null, 2));

const cell = (value) => (value ? `${value.per_second} | ${value.service_ms} + ${value.database_ms}` : '– | –');
console.error('| | accepts/s, one a request | CPU ms | accepts/s, 10,000 a request | CPU ms | sends/s | CPU ms |');
console.error('| --- | --- | --- | --- | --- | --- | --- |');
for (const [name, { accept_one, accept_many, send }] of Object.entries(results)) {
  console.error(`| ${name} | ${[accept_one, accept_many, send].map(cell).join(' | ')} |`);
}
