"""`kopru serve` and the simulated vendors as processes, a sheet that is synced between them, and what is wrong at the end."""

import copy
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

ROWS, EDITS = 120, 300
HEADERS = ["Ad", "Soyad", "E-Posta", "Telefon", "Notlar"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(method, url, body=None, headers=None, redirects=True):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    opener = urllib.request.build_opener() if redirects else urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(request, timeout=20) as answer:
            text = answer.read().decode()
            return json.loads(text) if text.startswith(("{", "[")) else text
    except urllib.error.HTTPError as error:
        if error.code in (302, 303):
            return error.headers["Location"]
        raise AssertionError(f"{method} {url}: {error.code} {error.read().decode()}") from error


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Service:
    """`kopru serve`, which is killed and started again."""

    def __init__(self, binary, database, vendors):
        self.binary, self.port, self.process, self.log = binary, free_port(), None, None
        key = subprocess.run([binary, "vault", "generate-key"], check=True, capture_output=True, text=True).stdout.strip()
        self.env = {
            **os.environ,
            "DATABASE_URL": database,
            "KOPRU_VAULT_KEYS": key,
            "KOPRU_PORT": str(self.port),
            "KOPRU_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "GOOGLE_CLIENT_ID": "sandbox-client",
            "GOOGLE_CLIENT_SECRET": "sandbox-secret",
            "KOPRU_GOOGLE_URL": f"{vendors}/google",
            "KOPRU_PRIVATE_PORTALS": "true",
            "KOPRU_CRM_TIMEOUT": "2",
            "KOPRU_LEASE": "5",
            "RUST_LOG": "error,tower_http=off",
        }
        self.run("company", "add", "acme")
        self.key = self.run("api-key", "create", "--company", "acme").strip()

    def run(self, *args):
        return subprocess.run([self.binary, *args], env=self.env, check=True, capture_output=True, text=True).stdout

    def beside(self):
        """One more instance on the same database."""
        other = copy.copy(self)
        other.port, other.process = free_port(), None
        other.env = {**self.env, "KOPRU_PORT": str(other.port)}
        return other

    def start(self):
        command = [self.binary, "serve"]
        self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening"), f"serve did not start: {line!r}"

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def call(self, method, path, body=None, redirects=True):
        headers = {"Authorization": f"Bearer {self.key}", "Kopru-User": "ayse"}
        return call(method, f"http://127.0.0.1:{self.port}{path}", body, headers, redirects)


class Vendors:
    """`kopru sandbox`, by its control."""

    def __init__(self, binary):
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([binary, "sandbox", "--port", str(port)], stdout=subprocess.PIPE, text=True)
        while not self.process.stdout.readline().startswith("control"):
            assert self.process.poll() is None, "the sandbox did not start"

    def stop(self):
        os.kill(self.process.pid, signal.SIGTERM)

    def control(self, method, path, body=None):
        return call(method, f"{self.base}/_control/{path}", body)

    def edit(self, row, column, value):
        self.control("POST", "google/spreadsheets/s/edit", {"gid": 0, "row": row, "column": column, "value": value})

    def cells(self):
        return self.control("GET", "google/spreadsheets/s")["tabs"][0]["cells"]


def first_cells():
    rows = [[f"Ad{n}", f"Soyad{n}", f"kisi{n}@ornek.example", f"0532 000 {n // 100:02} {n % 100:02}", f"not {n}"] for n in range(ROWS)]
    return [HEADERS, *rows]


def connect(service, vendors):
    service.call("PUT", "/api/v1/companies/acme/integrations/bitrix24", {"webhook": f"{vendors.base}/bitrix24/rest/1/abcdef/"})
    page = service.call("GET", "/sheet-sync/oauth/authorize", redirects=False)
    asked = urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query)
    form = asked + [("grant", scope) for scope in dict(asked)["scope"].split()] + [("account", "demo@example.com"), ("decision", "allow")]
    request = urllib.request.Request(page, urllib.parse.urlencode(form).encode(), method="POST")
    try:
        urllib.request.build_opener(NoRedirect).open(request)
    except urllib.error.HTTPError as answer:
        back = answer.headers["Location"]
    call("GET", back, redirects=False)


def configure(service, vendors):
    sheet = {"id": "s", "title": "s", "locale": "tr_TR", "tabs": [{"gid": 0, "title": "t", "values": first_cells()}]}
    vendors.control("POST", "google/spreadsheets", sheet)
    created = service.call("POST", "/api/v1/sheet-sync/configs", {"spreadsheet": "s", "gid": 0, "entity": "lead", "quiet_ms": 0})
    tell(vendors, service, created)
    service.call("POST", f"/api/v1/sheet-sync/configs/{created['id']}/activate")
    return created


def tell(vendors, service, config):
    """The sheet's script tells this instance from now on."""
    path = config["webhook_url"].split("/", 3)[3]
    trigger = {"gid": 0, "url": f"http://127.0.0.1:{service.port}/{path}", "secret": config["webhook_secret"]}
    vendors.control("POST", "google/spreadsheets/s/trigger", trigger)


def an_edit(vendors, chance, number, first=0):
    """Another value in some cell of the rows from `first` on, told from all others by its number."""
    row, column = chance.randrange(first, ROWS) + 2, chance.randrange(5)
    phone = f"0533 {number % 1000:03} {number // 100000 % 100:02} {number // 1000 % 100:02}"
    value = [f"Ad-{number}", f"Soyad-{number}", f"yeni{number}@ornek.example", phone, f"not -{number}"][column]
    vendors.edit(row, column, value)


def settle(service, vendors, config):
    end = time.time() + 180
    while time.time() < end:
        # The posts first: what they brought is in the summary then.
        queued = sum(trigger["queued"] for trigger in vendors.control("GET", "google/triggers"))
        summary = service.call("GET", f"/api/v1/sheet-sync/configs/{config['id']}")["summary"]
        if not (summary["work"] or summary["events"] or queued) and (summary["scan"] or {}).get("finished"):
            return
        time.sleep(0.2)
    raise AssertionError(f"not settled: {summary}, queued {queued}")


def faults_of(cells, records):
    """All that is not as it has to be."""
    header, *rows = cells
    status, record = header.index("Köprü Durum"), header.index("Köprü Kayıt")
    found, owners = [], {}
    by_id = {str(entry["id"]): entry for entry in records}
    for number, row in enumerate((row for row in rows if any(row[:5])), 2):
        entry = by_id.get(str(row[record]) if len(row) > record else "")
        if entry is None:
            found.append(f"row {number}: no record")
            continue
        owners.setdefault(str(entry["id"]), []).append(number)
        fields, multi = entry["fields"], entry["multi"]
        digits = lambda text: "".join(c for c in text if c.isdigit())[-10:]
        wanted = [row[0], row[1], row[2], digits(row[3]), row[4]]
        phones = [digits(phone["VALUE"]) for phone in multi.get("PHONE", [])]
        mails = [mail["VALUE"] for mail in multi.get("EMAIL", [])]
        have = [fields.get("NAME"), fields.get("LAST_NAME"), " ".join(mails), " ".join(phones), fields.get("COMMENTS")]
        if wanted != [value or "" for value in have]:
            found.append(f"row {number}: the sheet says {wanted}, the CRM has {have}")
        if row[status] != "✅ Senkronize":
            found.append(f"row {number}: status {row[status]!r}")
    found += [f"record {id}: of rows {rows}" for id, rows in owners.items() if len(rows) > 1]
    found += [f"record {id}: of no row" for id in by_id if id not in owners]
    return found
