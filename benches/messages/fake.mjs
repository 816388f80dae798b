// A vendor that takes every send at once and counts it: Twilio's messages, and the two of notifyd's vendors whose
// address can be set. `GET /taken` tells how many. Prints its address.
import { createServer } from 'node:http';

let taken = 0;
const sid = () => `SM${String(taken).padStart(32, '0')}`;
const answers = [
  [/\/Messages\.json$/, () => [201, { sid: sid(), status: 'queued', direction: 'outbound-api', num_segments: '1', error_code: null }]],
  [/\/sendMessage$/, () => [200, { ok: true, result: { message_id: taken } }]],
  [/\/emails\/batch$/, (body) => {
    const data = JSON.parse(body).map((_, index) => ({ id: `${taken}-${index}` }));
    taken += data.length - 1;
    return [200, { data }];
  }],
];

const server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
  const { pathname } = new URL(request.url, 'http://fake');
  const body = Buffer.concat(await request.toArray()).toString();
  const answer = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (request.method === 'GET') return answer(200, pathname === '/taken' ? { taken } : { messages: [] });
  const known = answers.find(([path]) => path.test(pathname));
  if (!known) return answer(404, { code: 20404, message: pathname });
  taken += 1;
  return answer(...known[1](body));
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
