// Processes, their CPU time, and requests over kept connections.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Starts a program, with more channels where they are named; its process, and a wait for its first line. */
export function start(program, args, env = {}, ...channels) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit', ...channels] });
  const first = once(createInterface({ input: child.stdout }), 'line').then(([line]) => line);
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`${program} ended with ${code}`); });
  ended.catch(() => {});
  return { child, first: () => Promise.race([first, ended]) };
}

export async function stop(child) {
  if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
/** One call; its status and JSON. */
export function call(method, url, headers = {}, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((done, failed) => {
    const asked = request(url, { method, agent, headers: { 'content-type': 'application/json', ...headers } }, async (reply) => {
      const told = Buffer.concat(await reply.toArray()).toString();
      done({ status: reply.statusCode, json: /^[[{]/.test(told) ? JSON.parse(told) : told });
    });
    asked.on('error', failed);
    asked.end(text);
  });
}

/** The same, where anything but a success ends the bench. */
export async function ask(method, url, headers, body) {
  const { status, json } = await call(method, url, headers, body);
  if (status >= 300) throw new Error(`${method} ${url}: ${status} ${JSON.stringify(json).slice(0, 300)}`);
  return json;
}

/** Does `count` things, so many at once. */
export async function side(count, atOnce, work) {
  let next = 0;
  const one = async () => { while (next < count) await work(next++); };
  await Promise.all(Array.from({ length: atOnce }, one));
}

const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));
/** Of a process: its parent, and the seconds of CPU that it used and that its ended children used. */
function stat(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ');
  const seconds = (from) => (Number(fields[from]) + Number(fields[from + 1])) / TICKS;
  return { parent: Number(fields[1]), own: seconds(11), children: seconds(13) };
}

export const cpu = (pid) => stat(pid).own;

/** PostgreSQL's CPU time: the postmaster's, its children's, and what those that ended used. */
export function postgresCpu(postmaster) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try { return [{ pid: Number(pid), ...stat(pid) }]; } catch { return []; }
  });
  const main = all.find(({ pid }) => pid === postmaster);
  const backends = all.filter(({ parent }) => parent === postmaster);
  return main.own + main.children + backends.reduce((sum, { own }) => sum + own, 0);
}

export const psql = (database, text) => execFileSync('psql', [database, '-qAtc', text], { encoding: 'utf8' }).trim();
export const postmasterOf = (database) => Number(psql(database, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"));
