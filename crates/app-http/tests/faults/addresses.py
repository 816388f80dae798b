"""Portals whose addresses lead into our own network, against `kopru serve` as everybody runs it.

Runs in a network namespace of its own, where one address of loopback counts as public and every other one is a
trap: by names that resolve to it, by names that say something else the second time, by redirects, and by what a
portal's own server says. Usage, by `scripts/test-addresses`: addresses.py KOPRU_BINARY
"""

import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from services import Service, Vendors, call

# Once the anycast address of 6to4 relays (RFC 7526): nobody's any more, and neither private nor documentation.
PUBLIC = "192.88.99.1"
TRAPS = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"]
# Where the public address has something that is not for everybody.
PORT = 8443
PORTAL, FIELDS = "/api/v1/companies/acme/integrations/bitrix24", "/api/v1/sheet-sync/fields?entity="
NAMES = {
    "loop.portal.test": ["127.0.0.1"],
    "private.portal.test": ["10.0.0.1"],
    "metadata.portal.test": ["169.254.169.254"],
    "loop6.portal.test": ["::1"],
    "private6.portal.test": ["fd00::1"],
    "mapped.portal.test": ["::ffff:10.0.0.1"],
    "all.portal.test": TRAPS,
}
TARGETS = [*(f"[{trap}]" if ":" in trap else trap for trap in TRAPS), *NAMES, "0x7f.1", "[::ffff:10.0.0.1]", "localhost"]
TARGETS += [f"{PUBLIC}:{PORT}", f"public.portal.test:{PORT}"]


def shell(*command):
    subprocess.run(command, check=True, capture_output=True)


def build(folder):
    """The network: addresses, where names are asked for, and a certificate that is trusted."""
    shell("ip", "link", "set", "lo", "up")
    for address in [PUBLIC, *TRAPS[1:3]]:
        shell("ip", "address", "add", f"{address}/32", "dev", "lo")
    shell("ip", "address", "add", "fd00::1/128", "dev", "lo")
    for name, text in [("resolv.conf", "nameserver 127.0.0.1\n"), ("nsswitch.conf", "hosts: files dns\n")]:
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
        shell("mount", "--bind", f"{folder}/{name}", f"/etc/{name}")
    names = ",".join(f"DNS:{name}" for name in ["*.portal.test", "localhost"]) + "," + ",".join(f"IP:{ip}" for ip in TRAPS)
    shell("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
          "-subj", "/CN=test", "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE",
          "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem")


class Resolver:
    """Answers for `NAMES`, for `turn`, whose names change their addresses with every question, and else with `PUBLIC`."""

    def __init__(self):
        self.turns = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def turn(self, name, *addresses):
        """One address for each question to come; the last one for all after it."""
        self.turns[name] = list(addresses)

    def addresses(self, name, kind):
        if name not in self.turns:
            return NAMES.get(name, [PUBLIC])
        turns = self.turns[name]
        return [turns.pop(0) if kind == socket.AF_INET and len(turns) > 1 else turns[0]]

    def serve(self):
        while True:
            question, caller = self.socket.recvfrom(512)
            end, labels = 12, []
            while length := question[end]:
                labels.append(question[end + 1 : end + 1 + length].decode())
                end += 1 + length
            asked = question[12 : end + 5]
            kind = {1: socket.AF_INET, 28: socket.AF_INET6}.get(struct.unpack("!H", asked[-4:-2])[0])
            found = [] if kind is None else self.addresses(".".join(labels), kind)
            records = [socket.inet_pton(kind, one) for one in found if (":" in one) == (kind == socket.AF_INET6)]
            head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, len(records), 0, 0)
            # Good for no time at all: whoever wants to know asks again.
            answers = [b"\xc0\x0c" + asked[-4:] + struct.pack("!IH", 0, len(record)) + record for record in records]
            self.socket.sendto(head + asked + b"".join(answers), caller)


class Trap:
    """Listens where nobody may call, and remembers who did."""

    def __init__(self):
        self.caught = []
        for address, port in [*((trap, 443) for trap in TRAPS), (PUBLIC, PORT)]:
            listener = socket.create_server((address, port), family=family(address))
            threading.Thread(target=self.serve, args=[listener], daemon=True).start()

    def serve(self, listener):
        while True:
            stream, _ = listener.accept()
            self.caught.append(listener.getsockname()[0])
            stream.close()


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Portal(BaseHTTPRequestHandler):
    """A public portal: the simulated one, or one that sends calls on to where its name says."""

    moves, sent_on, vendors = {}, set(), ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        host = self.headers["Host"]
        if target := self.moves.get(host):
            self.sent_on.add(host)
        if self.path == "/oauth/token/":
            return self.answer(200, json.dumps({
                "access_token": "a", "refresh_token": "r", "expires_in": 3600, "member_id": "m",
                "client_endpoint": f"https://{target}/rest/", "server_endpoint": f"https://{target}/rest/",
            }))
        if self.path == "/rest/user.current":
            return self.answer(200, json.dumps({"result": {"ID": "1", "EMAIL": "a@example.com"}}))
        if target:
            return self.answer(302, "", f"https://{target}{self.path}")
        self.answer(200, json.dumps(call("POST", f"{self.vendors}/bitrix24{self.path}", json.loads(body or "{}"))))

    def answer(self, status, text, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def open_portal(folder, vendors):
    Portal.vendors = vendors
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    server = ThreadingHTTPServer((PUBLIC, 443), Portal)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def asked(service, method, path, body=None):
    """The problem's code; `ok` where there is none."""
    try:
        service.call(method, path, body, redirects=False)
    except AssertionError as refused:
        return json.loads(str(refused)[str(refused).index("{") :])["code"]
    return "ok"


def connect(service, name):
    return asked(service, "PUT", PORTAL, {"webhook": f"https://{name}/rest/1/abcdef/"})


class Checks:
    """What has to happen, and that nothing was caught meanwhile."""

    def __init__(self, trap):
        self.trap, self.faults, self.count = trap, [], 0

    def that(self, what, found, expected):
        self.count += 1
        if found != expected:
            self.faults.append(f"{what}: {found}, not {expected}")
        if self.trap.caught:
            self.faults.append(f"{what}: {self.trap.caught} was called")
            self.trap.caught.clear()


def names(service, checks):
    for target in TARGETS:
        checks.that(f"a webhook at {target}", connect(service, target), "private_portal")
        app = {"portal": f"https://{target}", "client_id": "app.1", "client_secret": "s"}
        checks.that(f"an app at {target}", asked(service, "PUT", PORTAL, app), "private_portal")
        app = {**app, "portal": "https://public.portal.test", "server": f"https://{target}"}
        checks.that(f"an app's server at {target}", asked(service, "PUT", PORTAL, app), "private_portal")


def redirects(service, checks):
    for number, target in enumerate(TARGETS):
        name = f"moves{number}.portal.test"
        Portal.moves[name] = target
        checks.that(f"a redirect to {target}", connect(service, name), "provider_unavailable")
    checks.that("portals that were asked", Portal.sent_on, set(Portal.moves))


def rebinding(service, resolver, checks):
    """Public when it is looked at, private when it is called; and private a day after it was connected."""
    for target in TRAPS:
        resolver.turn("rebinds.portal.test", PUBLIC, target)
        told = connect(service, "rebinds.portal.test")
        checks.that(f"a name that turns to {target}", told, "provider_unavailable")
    resolver.turn("later.portal.test", PUBLIC)
    checks.that("a portal that is public", connect(service, "later.portal.test"), "ok")
    checks.that("its fields", asked(service, "GET", f"{FIELDS}lead"), "ok")
    for target in TRAPS:
        resolver.turn("later.portal.test", target)
        told = asked(service, "GET", f"{FIELDS}contact")
        checks.that(f"fields of a portal that went to {target}", told, "provider_unavailable")
    resolver.turn("later.portal.test", PUBLIC)
    checks.that("the fields when it is back", asked(service, "GET", f"{FIELDS}contact"), "ok")


def told_by_the_server(service, checks):
    """Where an app's portal is, its own server says."""
    service.call("DELETE", PORTAL)
    for number, target in enumerate(TARGETS):
        name = f"app{number}.portal.test"
        Portal.moves[name] = target
        app = {"portal": f"https://{name}", "client_id": "app.1", "client_secret": "s", "server": f"https://{name}"}
        checks.that(f"an app at {name}", asked(service, "PUT", PORTAL, app), "ok")
        page = service.call("POST", f"{PORTAL}/consent")["url"]
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query))["state"]
        try:
            service.call("GET", f"/api/integrations/oauth/bitrix24/callback?code=c&state={state}", redirects=False)
        except AssertionError:
            pass
        told = asked(service, "GET", f"{FIELDS}deal")
        checks.that(f"an app whose server names {target}", told, "provider_unavailable")
    checks.that("servers that were asked", Portal.sent_on, set(Portal.moves))


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        resolver, trap, vendors = Resolver(), Trap(), Vendors(binary)
        os.environ["SSL_CERT_FILE"] = f"{folder}/cert.pem"
        service = Service(binary, f"sqlite://{folder}/kopru.db", "http://127.0.0.1:9")
        checks = Checks(trap)
        try:
            open_portal(folder, vendors.base)
            # What is allowed is called, so the traps catch whoever calls.
            service.start()
            connect(service, "private.portal.test")
            service.kill()
            caught, trap.caught = trap.caught, []
            checks.that("with private portals allowed", caught, ["10.0.0.1"])
            del service.env["KOPRU_PRIVATE_PORTALS"]
            service.start()
            names(service, checks)
            redirects(service, checks)
            rebinding(service, resolver, checks)
            told_by_the_server(service, checks)
        finally:
            service.kill()
            vendors.stop()
    print(f"{checks.count} addresses: {len(checks.faults)} faults")
    print("\n".join(checks.faults[:20]))
    sys.exit(1 if checks.faults else 0)


if __name__ == "__main__":
    main()
