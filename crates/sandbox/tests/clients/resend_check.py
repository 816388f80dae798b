"""Resend's own Python client, unmodified, against the sandbox.

Argument: the sandbox's base address."""

import base64
import json
import queue
import sys
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer

import resend
from control import control
from resend.exceptions import ResendError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PLAIN = {
    "from": "Örnek A.Ş. <satis@example.com>",
    "to": ["delivered@resend.dev"],
    "subject": "Teklifiniz hazır",
    "text": "Merhaba",
}


class Hooks:
    """A server whose webhooks the client's own verifier has to accept."""

    def __init__(self):
        told = self.told = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                names = ("id", "timestamp", "signature")
                headers = {name: self.headers[f"svix-{name}"] for name in names}
                try:
                    options = {"payload": body, "headers": headers, "webhook_secret": SECRET}
                    resend.Webhooks.verify(options)
                    told.put(json.loads(body))
                except ValueError as error:
                    told.put(error)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        event = self.told.get(timeout=10)
        assert isinstance(event, dict), event
        return event


def refused(code, kind, call):
    try:
        call()
    except ResendError as error:
        assert (int(error.code), error.error_type) == (code, kind), (error.code, error.error_type, error)
        return error
    raise AssertionError(f"{kind} did not surface")


def main(base, _https):
    resend.api_url, resend.api_key = f"{base}/resend", "re_sandbox"
    control(base, "reset", {})
    settings = {"sent_ms": 20, "delivered_ms": 20, "complained_ms": 20, "rate": None}
    control(base, "resend/settings", settings)
    hooks = Hooks()
    control(base, "resend/webhooks", {"url": hooks.address, "secrets": [SECRET]})

    letter = {
        **PLAIN,
        "html": "<p>Merhaba</p>",
        "cc": ["Ayşe <ayse@example.com>"],
        "bcc": "c@example.com",
        "reply_to": "yanit@example.com",
        "tags": [{"name": "kayit", "value": "deal-42"}],
        "attachments": [
            {"filename": "a.bin", "content": list(b"\x00\xff")},
            {"filename": "b.txt", "content": base64.b64encode(b"b").decode()},
        ],
    }
    key = {"idempotency_key": "k1"}
    sent = resend.Emails.send(letter, key)
    assert [hooks.next()["type"] for _ in range(2)] == ["email.sent", "email.delivered"]
    email = resend.Emails.get(sent["id"])
    assert (email["last_event"], email["cc"]) == ("delivered", letter["cc"]), email
    files = [file["size"] for file in control(base, "mail")[0]["attachments"]]
    assert files == [2, 1], files
    assert resend.Emails.send(letter, key)["id"] == sent["id"]
    other = {**letter, "subject": "Başka"}
    refused(409, "invalid_idempotent_request", lambda: resend.Emails.send(other, key))

    complained = resend.Emails.send({**PLAIN, "to": "complained@resend.dev"})
    events = [hooks.next() for _ in range(3)]
    assert events[-1]["type"] == "email.complained" and events[-1]["data"]["email_id"] == complained["id"]

    at = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    planned = resend.Emails.send({**PLAIN, "scheduled_at": at})
    assert resend.Emails.update({"id": planned["id"], "scheduled_at": "in 2 hours"})["id"] == planned["id"]
    assert resend.Emails.cancel(planned["id"])["id"] == planned["id"]
    assert resend.Emails.get(planned["id"])["last_event"] == "canceled"

    bad = {**PLAIN, "to": "nobody"}
    some = resend.Batch.send([PLAIN, bad], {"batch_validation": "permissive"})
    assert len(some["data"]) == 1 and some["errors"][0]["index"] == 1, some
    refused(422, "validation_error", lambda: resend.Batch.send([PLAIN, bad]))
    assert [domain["name"] for domain in resend.Domains.list()["data"]] == ["example.com"]
    assert resend.Emails.list({"limit": 2})["has_more"] is True

    refused(422, "missing_required_field", lambda: resend.Emails.send({**PLAIN, "to": []}))
    refused(403, "validation_error", lambda: resend.Emails.send({**PLAIN, "from": "a@b.example"}))
    control(base, "faults", {"vendor": "resend", "kind": "error", "code": "monthly_quota_exceeded"})
    refused(429, "monthly_quota_exceeded", lambda: resend.Emails.send(PLAIN))
    control(base, "faults", {"vendor": "resend", "kind": "error", "code": "rate_limit_exceeded"})
    limited = refused(429, "rate_limit_exceeded", lambda: resend.Emails.send(PLAIN))
    assert {name.lower(): value for name, value in limited.headers.items()}["retry-after"] == "1"
    control(base, "faults", {"vendor": "resend", "kind": "html"})
    refused(502, "application_error", lambda: resend.Emails.send(PLAIN))
    resend.api_key = "re_wrong"
    refused(403, "invalid_api_key", lambda: resend.Emails.send(PLAIN))
    hooks.server.shutdown()
    print("resend (Python): ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
