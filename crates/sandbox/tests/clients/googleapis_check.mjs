// Google's own Node.js client, unmodified, against the sandbox.
// Argument: the sandbox's base address.
import assert from 'node:assert/strict';
import { google } from 'googleapis';
import { controlOf } from './control.mjs';

const base = process.argv[2];
const control = controlOf(base);
const rootUrl = `${base}/google/`;
const redirectUri = 'http://127.0.0.1:9/callback';
const scope = [
  'openid',
  'email',
  'https://www.googleapis.com/auth/spreadsheets',
  'https://www.googleapis.com/auth/drive.metadata.readonly',
  'https://www.googleapis.com/auth/calendar.events',
  'https://www.googleapis.com/auth/gmail.modify',
];

/** Opens the consent page and presses "Allow", as a person would. */
async function consent(url) {
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /demo@example\.com/);
  const form = new URL(url).searchParams;
  form.append('decision', 'allow');
  for (const one of scope) form.append('grant', one);
  const answer = await fetch(`${base}/google/o/oauth2/v2/auth`, { method: 'POST', body: form, redirect: 'manual' });
  assert.equal(answer.status, 302);
  return new URL(answer.headers.get('location')).searchParams;
}

await control('reset', {});
await control('google/spreadsheets', {
  id: 'sheet-1',
  title: 'Müşteri adayları',
  tabs: [{ gid: 7, title: 'Tab adı', values: [['Ad', 'Tutar'], ['Ayşe', 12.5], ['', '']] }],
});

const auth = new google.auth.OAuth2({
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-secret',
  redirectUri,
  endpoints: {
    oauth2AuthBaseUrl: `${rootUrl}o/oauth2/v2/auth`,
    oauth2TokenUrl: `${rootUrl}token`,
    oauth2RevokeUrl: `${rootUrl}revoke`,
    tokenInfoUrl: `${rootUrl}tokeninfo`,
  },
});
const { codeVerifier, codeChallenge } = await auth.generateCodeVerifierAsync();
const url = auth.generateAuthUrl({
  access_type: 'offline',
  prompt: 'consent',
  scope,
  state: 'st/ate',
  code_challenge: codeChallenge,
  code_challenge_method: 'S256',
});
const callback = await consent(url);
assert.equal(callback.get('state'), 'st/ate');
const { tokens } = await auth.getToken({ code: callback.get('code'), codeVerifier });
assert.ok(tokens.refresh_token && tokens.expiry_date > Date.now());
assert.ok(tokens.scope.includes('userinfo.email'));
auth.setCredentials(tokens);

const { data: user } = await google.oauth2({ version: 'v2', auth }).userinfo.get({}, { rootUrl });
assert.equal(user.email, 'demo@example.com');
assert.equal((await auth.getTokenInfo(tokens.access_token)).email, 'demo@example.com');

const drive = google.drive({ version: 'v3', auth, rootUrl });
const { data: list } = await drive.files.list({
  q: "mimeType='application/vnd.google-apps.spreadsheet' and trashed=false",
  fields: 'nextPageToken,files(id,name,capabilities(canEdit))',
});
assert.deepEqual(list, { files: [{ id: 'sheet-1', name: 'Müşteri adayları', capabilities: { canEdit: true } }] });

const sheets = google.sheets({ version: 'v4', auth, rootUrl });
const spreadsheetId = 'sheet-1';
const { data: about } = await sheets.spreadsheets.get({ spreadsheetId, fields: 'sheets.properties(sheetId,title)' });
assert.deepEqual(about.sheets, [{ properties: { sheetId: 7, title: 'Tab adı' } }]);

const read = async () => {
  const { data } = await sheets.spreadsheets.values.get({
    spreadsheetId,
    range: "'Tab adı'!A1:C3",
    valueRenderOption: 'UNFORMATTED_VALUE',
  });
  return data.values;
};
assert.deepEqual(await read(), [['Ad', 'Tutar'], ['Ayşe', 12.5]]);

await sheets.spreadsheets.values.update({
  spreadsheetId,
  range: "'Tab adı'!A3:C3",
  valueInputOption: 'RAW',
  requestBody: { values: [['=1+1', null, '✅ Senkronize']] },
});
assert.deepEqual((await read())[2], ['=1+1', '', '✅ Senkronize']);

await sheets.spreadsheets.values.batchUpdate({
  spreadsheetId,
  requestBody: { valueInputOption: 'RAW', data: [{ range: "'Tab adı'!B3", values: [[7]] }] },
});
assert.equal((await read())[2][1], 7);

await sheets.spreadsheets.batchUpdate({
  spreadsheetId,
  requestBody: {
    requests: [
      {
        updateDimensionProperties: {
          range: { sheetId: 7, dimension: 'COLUMNS', startIndex: 2, endIndex: 3 },
          properties: { hiddenByUser: true },
          fields: 'hiddenByUser',
        },
      },
    ],
  },
});
assert.deepEqual((await control('google/spreadsheets/sheet-1')).tabs[0].hidden_columns, [2]);

const calendar = google.calendar({ version: 'v3', auth, rootUrl });
const time = (dateTime) => ({ dateTime, timeZone: 'Europe/Istanbul' });
const event = {
  id: 'kopru0001',
  summary: 'Toplantı: Örnek A.Ş.',
  start: time('2026-12-01T10:00:00'),
  end: time('2026-12-01T11:00:00'),
  attendees: [{ email: 'ayse@example.com' }],
  conferenceData: { createRequest: { requestId: 'r1', conferenceSolutionKey: { type: 'hangoutsMeet' } } },
};
const insert = () => calendar.events.insert({ calendarId: 'primary', conferenceDataVersion: 1, requestBody: event });
const { data: made } = await insert();
assert.equal(made.start.dateTime, '2026-12-01T10:00:00+03:00');
const one = { calendarId: 'primary', eventId: event.id };
assert.match((await calendar.events.get(one)).data.hangoutLink, /^https:\/\/meet\.google\.com\//);
const { data: span } = await calendar.events.list({
  calendarId: 'primary',
  timeMin: '2026-12-01T00:00:00Z',
  timeMax: '2026-12-02T00:00:00Z',
  singleEvents: true,
  orderBy: 'startTime',
});
assert.deepEqual(span.items.map(({ id }) => id), [event.id]);
const { data: patched } = await calendar.events.patch({ ...one, sendUpdates: 'all', requestBody: { summary: 'Başka' } });
assert.equal(patched.summary, 'Başka');
assert.equal(patched.hangoutLink, (await calendar.events.get(one)).data.hangoutLink);
const stale = calendar.events.patch({ ...one, requestBody: { summary: 'x' } }, { headers: { 'If-Match': made.etag } });
await assert.rejects(stale, { status: 412 });
await assert.rejects(insert(), { status: 409 });
assert.equal((await calendar.events.delete(one)).status, 204);
await assert.rejects(calendar.events.delete(one), { status: 410 });
await assert.rejects(insert(), { status: 409 });
assert.equal((await calendar.events.get(one)).data.status, 'cancelled');
await assert.rejects(calendar.events.get({ ...one, eventId: 'nobody' }), { status: 404 });
const { notices } = await control('google/calendars/demo@example.com');
assert.deepEqual(notices, [{ event: event.id, kind: 'update', to: ['ayse@example.com'] }]);

const gmail = google.gmail({ version: 'v1', auth, rootUrl });
const lines = (id) => ['From: demo@example.com', 'To: ayse@example.com', 'Bcc: gizli@example.com', `Message-ID: <${id}@example.com>`, 'Subject: =?utf-8?Q?Teklifiniz_haz=C4=B1r?=', '', 'Merhaba', ''];
const mime = (id) => lines(id).join('\r\n');
const raw = Buffer.from(mime('raw')).toString('base64url');
const { data: first } = await gmail.users.messages.send({ userId: 'me', requestBody: { raw } });
const media = { mimeType: 'message/rfc822', body: mime('media') };
// Uploads go to the address that the call itself is given.
const { data: second } = await gmail.users.messages.send({ userId: 'me', media }, { rootUrl });
const { data: third } = await gmail.users.messages.send({ userId: 'me', requestBody: {}, media: { ...media, body: mime('both') } }, { rootUrl });
for (const [id, sent] of [['raw', first], ['media', second], ['both', third]]) {
  const { data: found } = await gmail.users.messages.list({ userId: 'me', q: `rfc822msgid:${id}@example.com` });
  assert.deepEqual(found.messages.map((message) => message.id), [sent.id], id);
  const { data: whole } = await gmail.users.messages.get({ userId: 'me', id: sent.id, format: 'raw' });
  assert.equal(Buffer.from(whole.raw, 'base64url').toString(), mime(id));
}
const { data: draft } = await gmail.users.drafts.create({ userId: 'me', requestBody: { message: { raw } } });
assert.equal((await control('mail')).at(-1).status, 'draft');
const { data: posted } = await gmail.users.drafts.send({ userId: 'me', requestBody: { id: draft.id } });
assert.deepEqual(posted.labelIds, ['SENT']);
await assert.rejects(gmail.users.drafts.get({ userId: 'me', id: draft.id }), { status: 404 });
await control('faults', { vendor: 'google', matching: '/messages/send', kind: 'error', status: 429, code: 'rateLimitExceeded' });
// Sending is not repeated by the client.
await assert.rejects(gmail.users.messages.send({ userId: 'me', requestBody: { raw } }), { status: 429 });

// An expired token is refreshed by the client itself.
await control('google/expire', {});
auth.setCredentials({ refresh_token: tokens.refresh_token, access_token: tokens.access_token, expiry_date: 1 });
assert.equal((await read()).length, 3);
assert.notEqual(auth.credentials.access_token, tokens.access_token);

await auth.revokeToken(tokens.refresh_token);
auth.setCredentials({ refresh_token: tokens.refresh_token });
await assert.rejects(read(), /invalid_grant/);
console.log('googleapis: ok');
