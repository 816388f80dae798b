// @2bad/bitrix, which sends all as a GET query, against the sandbox.
// Argument: the sandbox's base address.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { controlOf } from './control.mjs';

const { Bitrix } = createRequire(import.meta.url)('@2bad/bitrix');
const [base] = process.argv.slice(2);
const control = controlOf(base);
await control('reset', {});
const portal = Bitrix(`${base}/bitrix24/rest/1/abcdef`);

const { result: fields } = await portal.call('crm.contact.fields', {});
assert.equal(fields.PHONE.type, 'crm_multifield');
const { result: id } = await portal.contacts.create({
  NAME: 'Ayşe', COMMENTS: 'A & B #1 +90', PHONE: [{ VALUE: '+902121', VALUE_TYPE: 'WORK' }],
});
const { result: read } = await portal.contacts.get(String(id));
assert.equal(read.COMMENTS, 'A & B #1 +90');
const [phone] = read.PHONE;
await portal.contacts.update(String(id), { COMMENTS: '', PHONE: [{ ID: phone.ID, VALUE: '+902122' }] });
const [contact] = await control('bitrix24/records/contact');
assert.equal(contact.fields.COMMENTS, '');
assert.deepEqual(contact.multi.PHONE.map((row) => [row.ID, row.VALUE]), [[phone.ID, '+902122']]);

const records = Array.from({ length: 120 }, (_, n) => ({ entity: 'deal', fields: { TITLE: `D${n}` } }));
await control('bitrix24/seed', { records });
const { result: deals } = await portal.deals.list({ select: ['ID'] });
assert.deepEqual(deals.map((deal) => deal.ID), records.map((_, n) => String(n + 1)));

const batch = portal.batch({
  lead: { method: 'crm.lead.add', params: { fields: { TITLE: 'Şişli & Öğüt #1 +90' } } },
  none: { method: 'crm.lead.get', params: { id: 999 } },
});
await assert.rejects(batch, /errors in 1 commands/);
assert.equal((await control('bitrix24/records/lead'))[0].fields.TITLE, 'Şişli & Öğüt #1 +90');
await assert.rejects(portal.leads.get('999'), /400/);
console.log('@2bad/bitrix: ok');
