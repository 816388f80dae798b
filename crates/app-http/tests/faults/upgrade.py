"""A rolling upgrade: an older version works, a newer one starts beside it and brings the schema up to date, both work on
the same sheet under load, the older one is ended.

At the end sheet and CRM have to be equal, with one record for each row, and the older one must have met nothing in the
schema that it does not know. Usage: upgrade.py OLD_BINARY NEW_BINARY DATABASE_URL [SECONDS]
"""

import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from instances import Edits
from services import ROWS, Service, Vendors, configure, connect, faults_of, settle, tell

# What PostgreSQL says of statements that its tables do not fit.
MISFITS = re.compile(r"column|relation|cached plan|constraint|migration|policy|permission|schema", re.IGNORECASE)


def turns(old, new, vendors, config, seconds):
    """The sheet's script tells now the one, now the other; each answers its own callers. Who held lanes."""
    end, holders = time.time() + seconds, set()
    while time.time() < end:
        for instance in (new, old):
            tell(vendors, instance, config)
            instance.call("GET", f"/api/v1/sheet-sync/configs/{config['id']}/history")
            for _ in range(5):
                holders |= held(old.env["DATABASE_URL"])
                time.sleep(0.2)
    return holders


def held(database):
    query = "SELECT holder FROM kopru.lane WHERE lease_until > now() AND holder IS NOT NULL"
    told = subprocess.run(["psql", database, "-tAc", query], check=True, capture_output=True, text=True)
    return set(told.stdout.split())


def main():
    old_binary, new_binary, database = sys.argv[1:4]
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 20
    vendors = Vendors(new_binary)
    with tempfile.TemporaryFile("w+") as log:
        old = Service(old_binary, database, vendors.base)
        old.log, old.env["RUST_LOG"] = log, "warn"
        new = old.beside()
        new.binary, new.log = new_binary, None
        edits = None
        try:
            old.start()
            connect(old, vendors)
            config = configure(old, vendors)
            edits = Edits(vendors, random.Random("kopru"), (0.02, 0.2))
            # Some work is under way when the schema changes.
            time.sleep(2)
            new.start()
            holders = turns(old, new, vendors, config, seconds)
            tell(vendors, new, config)
            old.signal(signal.SIGTERM)
            ended = old.process.wait(timeout=30)
            time.sleep(2)
            edits.stop()
            settle(new, vendors, config)
            found = faults_of(vendors.cells(), vendors.control("GET", "bitrix24/records/lead"))
        finally:
            if edits:
                edits.stop()
            for instance in (old, new):
                if instance.process and instance.process.poll() is None:
                    instance.kill()
            vendors.stop()
        log.seek(0)
        said = log.read().splitlines()
    found += [f"the older one said: {line}" for line in said if MISFITS.search(line)]
    if len(holders) != 2:
        found.append(f"lanes were held by {len(holders)}")
    if ended:
        found.append(f"the older one ended with {ended}")
    print(f"{edits.count} edits, {ROWS} rows, {len(said)} warnings of the older one: {len(found)} faults")
    print("\n".join(found[:20]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
