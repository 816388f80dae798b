// An OAuth server not written here, on a free port of loopback; says its address. Whoever is named as `login_hint` is
// signed in and agrees to all that is asked. `/_control/expire` and `/_control/withdraw` end what such a person gave.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(base, {
  clients: [
    {
      client_id: 'our client',
      client_secret: 's3cret/+%',
      redirect_uris: ['http://127.0.0.1:9/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  scopes: ['openid', 'offline_access', 'email', 'files'],
  claims: { openid: ['sub'], email: ['email'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com` }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  interactions: { url: (_, interaction) => `/agree/${interaction.uid}` },
  cookies: { keys: ['of a test'] },
});

const given = { expire: [], withdraw: [] };
provider.on('access_token.saved', (token) => given.expire.push(token));
provider.on('grant.saved', (grant) => given.withdraw.push(grant));

async function agree(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

async function end(what, person) {
  await Promise.all(given[what].filter((one) => one.accountId === person).map((one) => one.destroy()));
}

const serve = provider.callback();
server.on('request', async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, base);
  if (pathname.startsWith('/agree/')) return agree(request, response);
  if (!pathname.startsWith('/_control/')) return serve(request, response);
  await end(pathname.split('/').pop(), searchParams.get('person'));
  return response.end();
});
console.log(base);
