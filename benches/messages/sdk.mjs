// Twilio's own Node.js client, fifty calls at once, as many messages as it is told to send.
import twilio from 'twilio';
import { side } from './machine.mjs';

const [fake, account, token, from, body] = process.argv.slice(2);
const client = twilio(account, token);
client.api.baseUrl = fake;
process.on('message', async (count) => {
  await side(count, 50, (n) => client.messages.create({ to: `+9053${String(n).padStart(8, '0')}`, from, body }));
  process.send('sent');
});
console.log('ready');
