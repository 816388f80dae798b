"""Twilio's own Python client, unmodified, against the sandbox.

Argument: the sandbox's base address."""

import queue
import sys
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

from control import control
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "sandbox-token"
SERVICE = "MG00000000000000000000000000000001"
TEMPLATE = "HX00000000000000000000000000000001"
SENDER = "+15005550006"
PERSON = "+905551234567"


def connect(base, *credentials):
    client = Client(*credentials)
    client.api.base_url = f"{base}/twilio"
    return client


class Hooks:
    """A server whose callbacks the client's own validator has to accept."""

    def __init__(self):
        told = self.told = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                fields = dict(parse_qsl(body, keep_blank_values=True))
                url = f"http://{self.headers['host']}{self.path}"
                signature = self.headers["x-twilio-signature"]
                told.put((RequestValidator(TOKEN).validate(url, fields, signature), fields))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        is_valid, fields = self.told.get(timeout=10)
        assert is_valid, fields
        return fields


def refused(status, code, call):
    try:
        call()
    except TwilioRestException as error:
        assert (error.status, error.code) == (status, code), error
        assert error.msg, error
    else:
        raise AssertionError(f"{code} did not surface")


def main(base, _https):
    control(base, "reset", {})
    control(base, "twilio/settings", {"sent_ms": 20, "delivered_ms": 20, "read_ms": 20})
    content = {"body": "Merhaba {{1}}, teklifiniz hazır.", "approved": True}
    control(base, "twilio/contents", {"contents": {TEMPLATE: content}})
    client = connect(base, ACCOUNT, TOKEN)
    messages, hooks = client.messages, Hooks()

    callback = f"{hooks.address}/status?mid=42"
    sms = messages.create(to=PERSON, from_=SENDER, body="Merhaba", status_callback=callback)
    assert (sms.status, sms.num_segments, sms.price) == ("queued", "1", None), sms
    assert abs(sms.date_created - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert [hooks.next()["MessageStatus"] for _ in range(2)] == ["sent", "delivered"]
    delivered = messages(sms.sid).fetch()
    assert delivered.status == "delivered" and delivered.date_sent <= delivered.date_updated

    whatsapp = messages.create(
        to=f"whatsapp:{PERSON}",
        from_=f"whatsapp:{SENDER}",
        content_sid=TEMPLATE,
        content_variables='{"1": "Ayşe"}',
        status_callback=callback,
    )
    assert whatsapp.body == "Merhaba Ayşe, teklifiniz hazır.", whatsapp.body
    statuses = [hooks.next()["MessageStatus"] for _ in range(3)]
    assert statuses == ["sent", "delivered", "read"], statuses

    pooled = messages.create(to=PERSON, messaging_service_sid=SERVICE, body="x")
    assert (pooled.status, pooled.from_, pooled.num_segments) == ("accepted", None, "0")

    urls = ["https://example.com/1.png", "https://example.com/2.pdf"]
    media = messages.create(to=PERSON, from_=SENDER, media_url=urls)
    kinds = [file.content_type for file in messages(media.sid).media.list()]
    assert (media.num_media, kinds) == ("2", ["image/png", "application/pdf"]), kinds

    send_at = datetime.now(timezone.utc) + timedelta(hours=1)
    planned = messages.create(
        to=PERSON,
        messaging_service_sid=SERVICE,
        body="x",
        schedule_type="fixed",
        send_at=send_at,
    )
    assert planned.status == "scheduled"
    assert messages(planned.sid).update(status="canceled").status == "canceled"

    sids = [message.sid for message in messages.list(to=PERSON, page_size=2)]
    assert sids == [planned.sid, media.sid, pooled.sid, sms.sid], sids
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    assert messages.list(date_sent_after=tomorrow) == []

    def send(to, other=messages):
        return other.create(to=to, from_=SENDER, body="x")

    refused(400, 21211, lambda: send("0555 123 45 67"))
    refused(400, 21610, lambda: send("+15005550004"))
    refused(404, 20404, lambda: messages("SM" + "0" * 32).fetch())
    refused(401, 20003, lambda: send(PERSON, connect(base, ACCOUNT, "wrong").messages))
    control(base, "faults", {"vendor": "twilio", "kind": "error", "status": 429, "code": "20429"})
    refused(429, 20429, lambda: send(PERSON))

    key = connect(base, "SK00000000000000000000000000000001", "sandbox-secret", ACCOUNT)
    assert send(PERSON, key.messages).account_sid == ACCOUNT

    control(base, "twilio/webhook", {"url": f"{hooks.address}/in"})
    control(base, "twilio/inbound", {"from": PERSON, "to": SENDER, "body": "Evet & ğüş"})
    assert hooks.next()["Body"] == "Evet & ğüş"
    hooks.server.shutdown()
    print("twilio (Python): ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
