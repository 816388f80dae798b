"""Thousands of recipients in one call, `kopru serve` killed in the middle; the simulated vendor lives on.

Each recipient has a result, nobody got two, and only what was on the wire at a kill may be unknown.
Usage: bulk.py KOPRU_BINARY [RECIPIENTS] [KILLS] [SEED]
"""

import collections
import random
import sys
import tempfile
import time

from services import Service, Vendors

ACCOUNT, SENDER = "AC00000000000000000000000000000001", "+15005550006"
SMS = "/api/integrations/sms/send"
CALLS = 10


def connect(service, vendors):
    settings = {"account_sid": ACCOUNT, "auth_token": "sandbox-token", "from_sms": SENDER, "messages_per_second": 1000}
    service.call("PUT", "/api/v1/companies/acme/integrations/twilio", settings)
    vendors.control("POST", "twilio/settings", {"sent_ms": 10, "delivered_ms": 10})


def recipients(count, first=0):
    return [{"to": f"+9053{n // 10000000:01}{n % 10000000:07}", "variables": {"no": str(n)}} for n in range(first, first + count)]


def accept(service, count, first):
    began = time.monotonic()
    answer = service.call("POST", SMS, {"recipients": recipients(count, first), "message": "Siparişiniz {{no}} hazır."})
    assert len(answer["messages"]) == count
    return answer["batch"], time.monotonic() - began


def messages_of(service, batch):
    found, cursor = [], ""
    while True:
        page = service.call("GET", f"/api/integrations/messages?batch={batch}&limit=200{cursor}")
        found += page["items"]
        if not page["cursor"]:
            return found
        cursor = f"&cursor={page['cursor']}"


def is_open(message):
    return message["status"] == "queued" and not message["provider_id"]


def until_told(service, batch):
    end = time.time() + 300
    while time.time() < end:
        waiting = service.call("GET", f"/api/integrations/messages?batch={batch}&status=queued&limit=200")["items"]
        if not any(map(is_open, waiting)):
            found = messages_of(service, batch)
            if not any(map(is_open, found)):
                return found
        time.sleep(0.5)
    raise AssertionError("messages still wait")


def faults_of(found, reached, count):
    faults = [] if len(found) == count else [f"{len(found)} results for {count} recipients"]
    for message in found:
        times = reached[message["to"]]
        if times > 1 or (times == 0 and message["status"] != "unknown"):
            faults.append(f"{message['to']}: {message['status']}, came {times} times")
    return faults


def main():
    binary = sys.argv[1]
    count, kills = (int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((2, 10000), (3, 3)))
    chance = random.Random(sys.argv[4] if len(sys.argv) > 4 else "kopru")
    with tempfile.TemporaryDirectory() as folder:
        vendors = Vendors(binary)
        service = Service(binary, f"sqlite://{folder}/kopru.db", vendors.base)
        service.env |= {"KOPRU_TWILIO_URL": f"{vendors.base}/twilio", "KOPRU_MESSAGE_TIMEOUT": "2"}
        try:
            service.start()
            connect(service, vendors)
            batch, first = accept(service, count, 0)
            for _ in range(kills):
                time.sleep(chance.uniform(0.3, 2.0))
                service.kill()
                service.start()
            found = until_told(service, batch)
            reached = collections.Counter(message["to"] for message in vendors.control("GET", "twilio/messages"))
            faults = faults_of(found, reached, count)
            # How long a call takes while nothing else is done: the last ones are not waited for.
            took = sorted([first] + [accept(service, count, count * (n + 1))[1] for n in range(CALLS)])
        finally:
            if service.process and service.process.poll() is None:
                service.kill()
            vendors.stop()
    states = collections.Counter(message["status"] for message in found)
    print(f"{count} recipients, {kills} kills: {dict(states)}; {len(faults)} faults")
    print(f"accepted in {took[len(took) // 2]:.2f} s (median of {len(took)} calls), {took[int(len(took) * 0.95)]:.2f} s (p95)")
    print("\n".join(faults[:20]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
