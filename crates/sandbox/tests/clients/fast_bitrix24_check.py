"""fast_bitrix24, as its authors publish it, against the sandbox.

Argument: the sandbox's base address."""

import sys

from control import control
from fast_bitrix24 import Bitrix

LEADS = 120


def main(base, _https):
    control(base, "reset", {})
    records = [
        {"entity": "lead", "fields": {"TITLE": f"Lead {n}", "OPPORTUNITY": n}}
        for n in range(LEADS)
    ]
    control(base, "bitrix24/seed", {"records": records})
    portal = Bitrix(f"{base}/bitrix24/rest/1/abcdef/", verbose=False)

    leads = portal.get_all("crm.lead.list", {"select": ["ID", "TITLE", "OPPORTUNITY"]})
    amounts = {lead["TITLE"]: lead["OPPORTUNITY"] for lead in leads}
    assert amounts == {f"Lead {n}": f"{n}.00" for n in range(LEADS)}, amounts

    updates = [
        {"ID": lead["ID"], "fields": {"TITLE": "Şişli & Öğüt #1 +90"}} for lead in leads
    ]
    results = portal.call("crm.lead.update", updates)
    assert list(results) == [True] * LEADS, results
    changed = control(base, "bitrix24/records/lead")
    titles = {record["fields"]["TITLE"] for record in changed}
    assert titles == {"Şişli & Öğüt #1 +90"}, titles
    assert all(len(record["changes"]) == 1 for record in changed)

    stats = control(base, "bitrix24/stats")
    assert stats["by_method"]["crm.lead.update"] == LEADS, stats
    assert stats["requests"] < 20, "the updates went as batches"

    item = portal.call("crm.item.get", {"entityTypeId": 1, "id": 2})
    item = item.get("item", item)
    assert item["opportunity"] == 1, item

    try:
        portal.call("crm.lead.update", [{"ID": 999999, "fields": {"TITLE": "x"}}])
    except Exception as error:
        assert "Not found" in str(error), error
    else:
        raise AssertionError("an error within a batch did not surface")
    print("fast_bitrix24: ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
