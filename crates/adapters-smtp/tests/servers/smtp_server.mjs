// npm's smtp-server on loopback: STARTTLS and XOAUTH2 alone, and the endpoint that gives its access tokens. The first
// token is refused, as one that has ended before its time. What arrives is kept in FOLDER by its id.
// Usage: node smtp_server.mjs FOLDER CERTIFICATE KEY
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { SMTPServer } from "smtp-server";

const [folder, certificate, key] = process.argv.slice(2);
let given = 0;

const tokens = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const form = new URLSearchParams(body);
    const valid = form.get("grant_type") === "refresh_token" && form.get("refresh_token") === "r3fresh of ours";
    const answer = valid
      ? { access_token: `t0ken-${++given}`, token_type: "Bearer", expires_in: 3600 }
      : { error: "invalid_grant" };
    response.writeHead(valid ? 200 : 400, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
});

const server = new SMTPServer({
  key: readFileSync(key),
  cert: readFileSync(certificate),
  authMethods: ["XOAUTH2"],
  onAuth({ username, accessToken }, _session, done) {
    const valid = username === "satis@example.com" && /^t0ken-\d+$/.test(accessToken) && accessToken !== "t0ken-1";
    done(null, valid ? { user: username } : { data: { status: "401", schemes: "bearer", scope: "mail" } });
  },
  onRcptTo({ address }, _session, done) {
    if (!address.startsWith("refused@")) return done();
    done(Object.assign(new Error(`<${address}>: nobody here`), { responseCode: 550 }));
  },
  onData(stream, { envelope }, done) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      const raw = Buffer.concat(chunks);
      const name = /^Message-ID: *<([^@>]+)@/im.exec(raw.toString("latin1"))[1];
      const to = envelope.rcptTo.map(({ address }) => `${address}\n`).sort();
      writeFileSync(`${folder}/${name}.to`, to.join(""));
      writeFileSync(`${folder}/${name}.eml`, raw);
      done();
    });
  },
});

tokens.listen(0, "127.0.0.1", () => {
  server.listen(0, "127.0.0.1", () => {
    console.log(server.server.address().port, tokens.address().port);
  });
});
