// Microsoft's own Node.js clients, unmodified, against the sandbox: MSAL for tokens, Graph's for mail.
// Arguments: the sandbox's base address, and its HTTPS address, which alone these clients take.
import assert from 'node:assert/strict';
import { ConfidentialClientApplication, CryptoProvider } from '@azure/msal-node';
import { Client, GraphError } from '@microsoft/microsoft-graph-client';
import { controlOf } from './control.mjs';

const [base, https] = process.argv.slice(2);
const control = controlOf(base);
const authority = `${https}/microsoft/common`;
const redirectUri = 'http://127.0.0.1:9/callback';
const scopes = ['User.Read', 'Mail.Send', 'Mail.ReadWrite'].map((name) => `https://graph.microsoft.com/${name}`);
await control('reset', {});

const msal = new ConfidentialClientApplication({
  auth: { clientId: 'sandbox-client', clientSecret: 'sandbox-secret', authority, knownAuthorities: [new URL(https).host] },
});
const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
const pkce = { codeChallenge: challenge, codeChallengeMethod: 'S256' };
const url = await msal.getAuthCodeUrl({ scopes, redirectUri, state: 'st/ate', ...pkce });

/** Opens the page and presses "Allow", as a person would. */
async function consent(address) {
  const page = await fetch(address);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /demo@example\.com/);
  const form = new URL(address).searchParams;
  form.append('decision', 'allow');
  const answer = await fetch(new URL(address).href.split('?')[0], { method: 'POST', body: form, redirect: 'manual' });
  assert.equal(answer.status, 302);
  return new URL(answer.headers.get('location')).searchParams;
}

const callback = await consent(url);
assert.equal(callback.get('state'), 'st/ate');
const tokens = await msal.acquireTokenByCode({ code: callback.get('code'), scopes, redirectUri, codeVerifier: verifier });
assert.equal(tokens.account.username, 'demo@example.com');
assert.ok(tokens.expiresOn > new Date());
// MSAL keeps the refresh token to itself, and uses it here.
const fresh = await msal.acquireTokenSilent({ account: tokens.account, scopes, forceRefresh: true });
assert.notEqual(fresh.accessToken, tokens.accessToken);
const again = msal.acquireTokenByCode({ code: callback.get('code'), scopes, redirectUri, codeVerifier: verifier });
await assert.rejects(again, (error) => error.errorCode === 'invalid_grant' && error.message.includes('AADSTS54005'));
await control('microsoft/refuse', { error: 'interaction_required' });
const refused = msal.acquireTokenSilent({ account: tokens.account, scopes, forceRefresh: true });
await assert.rejects(refused, (error) => error.name === 'InteractionRequiredAuthError');

const granted = await control('microsoft/tokens', {});
const graph = Client.init({
  baseUrl: `${https}/microsoft`,
  customHosts: new Set([new URL(https).hostname]),
  authProvider: (done) => done(null, granted.access_token),
});
assert.equal((await graph.api('/me').get()).mail, 'demo@example.com');
const recipient = (address) => ({ emailAddress: { address } });
const message = {
  subject: 'Teklifiniz hazır',
  body: { contentType: 'HTML', content: '<p>Merhaba</p>' },
  toRecipients: [recipient('ayse@example.com')],
  bccRecipients: [recipient('gizli@example.com')],
  attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'teklif ğüş.pdf', contentType: 'application/pdf', contentBytes: 'UERG' }],
};
await graph.api('/me/sendMail').post({ message });
const [filed] = await control('mail');
assert.deepEqual(filed.reached, ['ayse@example.com', 'gizli@example.com']);
assert.equal(filed.attachments[0].filename, 'teklif ğüş.pdf');

const immutable = ['Prefer', 'IdType="ImmutableId"'];
const draft = await graph.api('/me/messages').header(...immutable).post(message);
assert.equal(draft.isDraft, true);
await graph.api(`/me/messages/${draft.id}/send`).post({});
assert.equal((await graph.api(`/me/messages/${draft.id}`).header(...immutable).get()).isDraft, false);
const { value } = await graph.api('/me/mailFolders/sentitems/messages').filter(`internetMessageId eq '${draft.internetMessageId}'`).select('subject').get();
assert.deepEqual(value.map(({ subject }) => subject), ['Teklifiniz hazır']);

const mime = 'From: demo@example.com\r\nTo: ayse@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: x\r\n\r\nMerhaba\r\n';
await graph.api('/me/sendMail').header('Content-Type', 'text/plain').post(Buffer.from(mime).toString('base64'));
assert.equal((await control('mail')).at(-1).message_id, '<1@example.com>');

const refusal = (status, code) => (error) => {
  assert.ok(error instanceof GraphError, error);
  assert.deepEqual([error.statusCode, error.code], [status, code]);
  return true;
};
await assert.rejects(graph.api('/me/messages/nobody').get(), refusal(404, 'ErrorItemNotFound'));
await assert.rejects(graph.api('/me/sendMail').post({ message: { ...message, toRecipients: [], ccRecipients: [], bccRecipients: [] } }), refusal(400, 'ErrorInvalidRecipients'));
// The client itself waits as long as it is told, and asks again.
await control('faults', { vendor: 'microsoft', matching: '/v1.0/me', kind: 'error', status: 429, code: 'ApplicationThrottled' });
assert.equal((await graph.api('/me').get()).mail, 'demo@example.com');
await control('microsoft/expire', {});
await assert.rejects(graph.api('/me').get(), refusal(401, 'InvalidAuthenticationToken'));
console.log('msal-node, microsoft-graph-client: ok');
