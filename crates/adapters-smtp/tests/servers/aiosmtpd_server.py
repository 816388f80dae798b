"""PyPI's aiosmtpd on loopback: with a certificate a submission server (STARTTLS, then AUTH PLAIN or LOGIN), without one
where a relay leaves what it has taken. What arrives is kept in FOLDER by its id, but for what relays write before it.
Usage: aiosmtpd_server.py FOLDER [CERTIFICATE KEY]"""

import asyncio
import pathlib
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

ACCOUNT = (b"satis@example.com", b"p4ssword of ours")


def authenticate(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=(data.login, data.password) == ACCOUNT, handled=False)


class Handler:
    def __init__(self, folder):
        self.folder = folder

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("refused@"):
            return f"550 5.1.1 <{address}>: nobody here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server, _session, envelope):
        raw = re.sub(rb"\A(Received: [^\r]*\r\n([ \t][^\r]*\r\n)*)+", b"", envelope.original_content)
        name = re.search(rb"^Message-ID: *<([^@>]+)@", raw, re.MULTILINE | re.IGNORECASE)[1].decode()
        (self.folder / f"{name}.to").write_text("".join(f"{to}\n" for to in sorted(envelope.rcpt_tos)))
        (self.folder / f"{name}.eml").write_bytes(raw)
        return "250 2.0.0 kept"


async def main(folder, *certificate):
    options = {"hostname": "localhost"}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        options |= {"tls_context": context, "require_starttls": True}
        options |= {"authenticator": authenticate, "auth_required": True}
    handler = Handler(pathlib.Path(folder))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop, **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
