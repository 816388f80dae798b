// @bitrix24/b24jssdk, the vendor's own for JavaScript, against the sandbox.
// Arguments: the sandbox's base address, its HTTPS one (trusted by NODE_EXTRA_CA_CERTS).
import assert from 'node:assert/strict';
import { B24Hook, B24OAuth, ParamsFactory } from '@bitrix24/b24jssdk';
import { controlOf } from './control.mjs';

const [base, https] = process.argv.slice(2);
const control = controlOf(base);
await control('reset', {});

const restrictionParams = { ...ParamsFactory.getDefault(), retryOnNetworkError: false };
const portal = B24Hook.fromWebhookUrl(`${https}/rest/1/abcdef/`, { restrictionParams });
const call = async (client, method, params) => {
  const answer = await client.actions.v2.call.make({ method, params, requestId: method });
  assert.ok(answer.isSuccess, answer.getErrorMessages().join('; '));
  return answer.getData().result;
};

const { fields } = await call(portal, 'crm.item.fields', { entityTypeId: 3 });
assert.equal(fields.lastName.upperName, 'LAST_NAME');
const fm = { n0: { typeId: 'PHONE', valueType: 'WORK', value: '+902121' } };
const { item } = await call(portal, 'crm.item.add', {
  entityTypeId: 3,
  fields: { name: 'Ayşe', comments: 'A & B #1 +90', fm },
});
const [phone] = item.fm;
await call(portal, 'crm.contact.update', {
  id: item.id,
  fields: { COMMENTS: '', PHONE: [{ ID: phone.id, VALUE: '+902122', VALUE_TYPE: 'HOME' }] },
});
const [contact] = await control('bitrix24/records/contact');
assert.equal(contact.fields.COMMENTS, '');
assert.deepEqual(contact.multi.PHONE.map((row) => [row.ID, row.VALUE]), [[String(phone.id), '+902122']]);

const batch = await portal.actions.v2.batch.make({
  calls: {
    lead: { method: 'crm.lead.add', params: { fields: { TITLE: 'Şişli & Öğüt #1 +90' } } },
    // It takes the empty code of the old methods' errors for a success.
    none: { method: 'crm.item.get', params: { entityTypeId: 1, id: 999 } },
  },
  options: { isHaltOnError: false, returnAjaxResult: true, requestId: 'batch' },
});
const { lead, none } = batch.getData();
assert.deepEqual([lead.isSuccess, none.isSuccess], [true, false]);
assert.match(none.getErrorMessages().join(), /Item not found/);
assert.equal((await control('bitrix24/records/lead'))[0].fields.TITLE, 'Şişli & Öğüt #1 +90');

const records = Array.from({ length: 120 }, (_, n) => ({ entity: 'deal', fields: { TITLE: `D${n}` } }));
await control('bitrix24/seed', { records });
const list = await portal.actions.v2.callList.make({
  method: 'crm.item.list',
  params: { entityTypeId: 2, select: ['id'] },
  idKey: 'id',
  customKeyForResult: 'items',
  requestId: 'list',
});
assert.deepEqual(list.getData().map((deal) => deal.id), records.map((_, n) => n + 1));

await assert.rejects(call(portal, 'crm.item.get', { entityTypeId: 2, id: 999 }), { code: 'NOT_FOUND' });

// An expired token is refreshed by the client itself.
await control('bitrix24/apps', { client_id: 'app.1', client_secret: 's', redirect_uri: 'http://127.0.0.1:9/' });
const pair = await control('bitrix24/tokens', { client_id: 'app.1', expired: true });
const endpoint = `${base}/rest/`;
const now = Math.floor(Date.now() / 1000);
const app = new B24OAuth(
  {
    applicationToken: 'at', userId: 1, memberId: 'm1', accessToken: pair.access_token, refreshToken: pair.refresh_token,
    expires: now + 3600, expiresIn: 3600, scope: 'crm', domain: new URL(base).host, clientEndpoint: endpoint,
    serverEndpoint: endpoint, status: 'L', issuer: 'app',
  },
  { clientId: 'app.1', clientSecret: 's' },
);
assert.equal((await call(app, 'profile', {})).ID, '1');
assert.notEqual(app.auth.getAuthData().access_token, pair.access_token);
console.log('@bitrix24/b24jssdk: ok');
process.exit();
