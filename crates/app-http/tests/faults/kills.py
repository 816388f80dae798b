"""Kills `kopru serve` again and again while a sheet is imported and edited; the simulated vendors live on.

At the end sheet and CRM have to be equal, with one record for each row, counted at the vendors.
Usage: kills.py KOPRU_BINARY [KILLS] [SEED]
"""

import random
import sys
import tempfile
import time

from services import EDITS, ROWS, Service, Vendors, an_edit, configure, connect, faults_of, settle


# Where a kill strikes: at any moment, before a call reaches the portal, after its effect and before its
# record, and around the write-back into the sheet.
PHASES = [
    None,
    {"vendor": "bitrix24", "matching": "batch", "kind": "hang_before"},
    {"vendor": "bitrix24", "matching": "batch", "kind": "hang_after"},
    {"vendor": "google", "matching": ":batchUpdate", "kind": "hang_before"},
    {"vendor": "google", "matching": ":batchUpdate", "kind": "hang_after"},
]


def strike(service, vendors, phase, chance):
    """Lets the service run into `phase` and kills it there; the wait for a fault has an end."""
    if phase is None:
        time.sleep(chance.uniform(0.02, 0.5))
        hit = True
    else:
        vendors.control("POST", "faults", {**phase, "times": 1, "ms": 60000})
        end = time.time() + 8
        while not (hit := vendors.control("GET", "faults")[0]["times"] == 0) and time.time() < end:
            time.sleep(0.02)
    service.kill()
    vendors.control("DELETE", "faults")
    return hit


def main():
    binary, kills = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    chance = random.Random(sys.argv[3] if len(sys.argv) > 3 else "kopru")
    with tempfile.TemporaryDirectory() as folder:
        vendors = Vendors(binary)
        service = Service(binary, f"sqlite://{folder}/kopru.db", vendors.base)
        try:
            service.start()
            connect(service, vendors)
            config = configure(service, vendors)
            struck, edits = {}, 0
            for number in range(kills):
                for _ in range(-(-EDITS // kills)):
                    an_edit(vendors, chance, edits)
                    edits += 1
                phase = PHASES[number % len(PHASES)]
                name = "anywhere" if phase is None else f"{phase['matching']} {phase['kind']}"
                hit = strike(service, vendors, phase, chance)
                struck.setdefault(name, []).append(hit)
                service.start()
            settle(service, vendors, config)
            found = faults_of(vendors.cells(), vendors.control("GET", "bitrix24/records/lead"))
            stats = vendors.control("GET", "bitrix24/stats")
        finally:
            if service.process and service.process.poll() is None:
                service.kill()
            vendors.stop()
    for name, hits in struck.items():
        print(f"kills, {name}: {len(hits)}, in the phase itself: {sum(hits)}")
    print(f"{kills} kills, {edits} edits, {ROWS} rows, {stats['requests']} requests: {len(found)} faults")
    print("\n".join(found[:20]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
