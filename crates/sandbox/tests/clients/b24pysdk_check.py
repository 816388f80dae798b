"""b24pysdk, the vendor's own for Python, against the sandbox over HTTPS.

Arguments: the sandbox's base address, its HTTPS one (trusted by REQUESTS_CA_BUNDLE)."""

import sys
from contextlib import suppress

from b24pysdk import BitrixApp, BitrixToken, BitrixWebhook, Client
from b24pysdk.api.requesters.bitrix_oauth_requester import BitrixOAuthRequester
from b24pysdk.errors import BitrixAPIError, BitrixRequestError
from b24pysdk.errors.oauth import BitrixOAuthInvalidGrant, BitrixOauthWrongClient
from control import control

CONTACT = 3


def check_crm(base, token):
    client = Client(token)
    fields = client.crm.item.fields(entity_type_id=CONTACT).result["fields"]
    assert fields["lastName"]["upperName"] == "LAST_NAME", fields
    contact = {
        "name": "Ayşe",
        "comments": "A & B #1 +90",
        "fm": {"n0": {"typeId": "PHONE", "valueType": "WORK", "value": "+902121"}},
    }
    item = client.crm.item.add(entity_type_id=CONTACT, fields=contact).result["item"]
    phone = item["fm"][0]["id"]
    change = {
        "comments": "",
        "fm": {
            str(phone): {"typeId": "PHONE", "valueType": "HOME", "value": "+902122"},
            "n0": {"typeId": "EMAIL", "value": "ayse@example.com"},
        },
    }
    client.crm.item.update(entity_type_id=CONTACT, bitrix_id=item["id"], fields=change).result
    (record,) = control(base, "bitrix24/records/contact")
    assert record["fields"]["COMMENTS"] == "", record
    (row,) = record["multi"]["PHONE"]
    assert (row["ID"], row["VALUE"], row["VALUE_TYPE"]) == (str(phone), "+902122", "HOME"), row
    assert len(record["multi"]["EMAIL"]) == 1


def check_batch(base, token):
    commands = {
        "lead": ("crm.lead.add", {"fields": {"TITLE": "Şişli & Öğüt #1 +90"}}),
        "none": ("crm.lead.get", {"id": 999}),
        "again": ("crm.lead.get", {"id": "$result[lead]"}),
    }
    result = token.call_batch(commands, halt=False)["result"]
    assert result["result"]["again"]["TITLE"] == "Şişli & Öğüt #1 +90", result
    assert list(result["result_error"]) == ["none"], result
    titles = [lead["fields"]["TITLE"] for lead in control(base, "bitrix24/records/lead")]
    assert titles == ["Şişli & Öğüt #1 +90"], titles


def check_list_and_error(base, token):
    deals = [{"entity": "deal", "fields": {"TITLE": f"D{n}"}} for n in range(120)]
    control(base, "bitrix24/seed", {"records": deals})
    found = token.call_list("crm.deal.list", {"select": ["ID"]})["result"]
    assert [deal["ID"] for deal in found] == [str(n) for n in range(1, 121)], found
    try:
        token.call_method("crm.item.get", {"entityTypeId": 2, "id": 999})
    except BitrixAPIError as error:
        assert error.error.upper() == "NOT_FOUND", error
    else:
        raise AssertionError("an error did not surface")


def check_oauth(base, https):
    """An expired token is refreshed, and a renamed portal is followed, by the client itself."""
    BitrixOAuthRequester._OAUTH_TOKEN_URL = f"{https}/oauth/token/"
    host = https.removeprefix("https://")
    app = {"client_id": "app.1", "client_secret": "s", "redirect_uri": "http://127.0.0.1:9/"}
    control(base, "bitrix24/apps", app)
    pair = control(base, "bitrix24/tokens", {"client_id": "app.1", "expired": True})
    own = BitrixApp(client_id="app.1", client_secret="s")
    token = BitrixToken(
        domain=host,
        auth_token=pair["access_token"],
        refresh_token=pair["refresh_token"],
        bitrix_app=own,
    )
    assert token.call_method("profile")["result"]["ID"] == "1"
    assert token.refresh_token != pair["refresh_token"]
    control(base, "bitrix24/rename", {"to": https.replace("127.0.0.1", "localhost")})
    # It follows the 302, but drops the port, and there nobody listens.
    with suppress(BitrixRequestError):
        token.call_method("profile")
    assert token.domain.startswith("localhost"), token.domain

    stranger = BitrixApp(client_id="nobody", client_secret="s")
    refusals = ((own, BitrixOAuthInvalidGrant), (stranger, BitrixOauthWrongClient))
    for asking, expected in refusals:
        stale = BitrixToken(
            domain=host, auth_token="x", refresh_token=pair["refresh_token"], bitrix_app=asking
        )
        try:
            stale.refresh_oauth_token()
        except expected:
            continue
        raise AssertionError(f"no {expected.__name__}")


def main(base, https):
    control(base, "reset", {})
    token = BitrixWebhook(domain=https.removeprefix("https://"), webhook_token="1/abcdef")
    check_crm(base, token)
    check_batch(base, token)
    check_list_and_error(base, token)
    check_oauth(base, https)
    print("b24pysdk: ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
