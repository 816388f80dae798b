"""google-api-python-client, as Google publishes it, against the sandbox.

Argument: the sandbox's base address."""

import base64
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage

from control import control
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

SCOPES = [
    f"https://www.googleapis.com/auth/{scope}"
    for scope in ("spreadsheets", "drive.metadata.readonly", "calendar.events", "gmail.modify")
]
SHEET = "sheet-1"


def main(base, _https):
    control(base, "reset", {})
    values = [["Ad", "Tutar", "Tarih"], ["Ayşe", 12.5, {"date": 45657}]]
    tab = {"gid": 7, "title": "Tab adı", "values": values}
    control(base, "google/spreadsheets", {"id": SHEET, "title": "Adaylar", "tabs": [tab]})
    tokens = control(base, "google/tokens", {"scopes": SCOPES})
    credentials = Credentials(
        None,
        refresh_token=tokens["refresh_token"],
        token_uri=f"{base}/google/token",
        client_id="sandbox-client",
        client_secret="sandbox-secret",
        scopes=SCOPES,
    )

    def service(name, version, path):
        options = {"api_endpoint": f"{base}/google{path}"}
        return build(name, version, credentials=credentials, client_options=options)

    drive = service("drive", "v3", "/drive/v3/")
    files = drive.files().list(q="trashed=false", fields="files(id,name)").execute()
    assert files == {"files": [{"id": SHEET, "name": "Adaylar"}]}, files
    assert set(credentials.granted_scopes) == set(SCOPES)

    sheets = service("sheets", "v4", "").spreadsheets()

    def read(option):
        request = sheets.values().get(
            spreadsheetId=SHEET, range="'Tab adı'!A2:C2", valueRenderOption=option
        )
        return request.execute()["values"]

    assert read("UNFORMATTED_VALUE") == [["Ayşe", 12.5, 45657]], read("UNFORMATTED_VALUE")
    assert read("FORMATTED_VALUE") == [["Ayşe", "12,5", "31.12.2024"]], read("FORMATTED_VALUE")

    typed = [{"stringValue": "=1+1"}, {"numberValue": 7.25}, {"boolValue": True}]
    update = {
        "start": {"sheetId": 7, "rowIndex": 2, "columnIndex": 0},
        "rows": [{"values": [{"userEnteredValue": value} for value in typed]}],
        "fields": "userEnteredValue",
    }
    sheets.batchUpdate(spreadsheetId=SHEET, body={"requests": [{"updateCells": update}]}).execute()
    cells = control(base, f"google/spreadsheets/{SHEET}")["tabs"][0]["cells"]
    assert cells[2] == ["=1+1", 7.25, True], cells

    calendar = service("calendar", "v3", "/calendar/v3/").events()
    time = {"dateTime": "2026-12-01T10:00:00", "timeZone": "Europe/Istanbul"}
    key = {"type": "hangoutsMeet"}
    event = {
        "id": "kopru0001",
        "summary": "Toplantı: Örnek A.Ş.",
        "start": time,
        "end": dict(time, dateTime="2026-12-01T11:00:00"),
        "attendees": [{"email": "ayse@example.com"}],
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 30}]},
        "conferenceData": {
            "createRequest": {"requestId": "r1", "conferenceSolutionKey": key}
        },
    }
    at = {"calendarId": "primary", "eventId": event["id"]}

    def insert():
        return calendar.insert(
            calendarId="primary", body=event, conferenceDataVersion=1, sendUpdates="all"
        )

    made = insert().execute()
    assert made["start"]["dateTime"] == "2026-12-01T10:00:00+03:00", made["start"]
    assert calendar.get(**at).execute()["hangoutLink"].startswith("https://meet.google.com/")
    span = {"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2026-12-02T00:00:00Z"}
    listed = calendar.list(calendarId="primary", singleEvents=True, orderBy="startTime", **span)
    assert [item["id"] for item in listed.execute()["items"]] == [event["id"]]
    day = {"date": "2026-12-05", "dateTime": None, "timeZone": None}
    days = {"start": day, "end": dict(day, date="2026-12-06")}
    patched = calendar.patch(body=days, **at).execute()
    assert patched["start"] == {"date": "2026-12-05"} and patched["attendees"], patched
    calendar.patch(body={"summary": "başka"}, **at).execute()
    stale = calendar.update(body=patched, **at)
    stale.headers["If-Match"] = patched["etag"]

    def fails(request, status, text):
        try:
            request.execute()
        except HttpError as error:
            assert error.status_code == status and text in error.reason, error
        else:
            raise AssertionError("an error did not surface")

    fails(stale, 412, "Precondition Failed")
    fails(insert(), 409, "The requested identifier already exists.")
    assert calendar.delete(sendUpdates="all", **at).execute() == ""
    fails(calendar.delete(**at), 410, "Resource has been deleted")
    fails(insert(), 409, "The requested identifier already exists.")
    assert calendar.get(**at).execute()["status"] == "cancelled"
    kinds = [one["kind"] for one in control(base, "google/calendars/demo@example.com")["notices"]]
    assert kinds == ["invitation", "cancellation"], kinds

    gmail = service("gmail", "v1", "").users()
    letter = EmailMessage()
    letter["From"], letter["To"] = "Örnek A.Ş. <demo@example.com>", "Ayşe <ayse@example.com>"
    letter["Bcc"], letter["Subject"] = "gizli@example.com", "Teklifiniz hazır"
    letter["Message-ID"] = "<kopru-1@example.com>"
    letter.set_content("Merhaba Ayşe")
    letter.add_attachment(b"PDF", "application", "pdf", filename="teklif ğüş.pdf")
    raw = base64.urlsafe_b64encode(letter.as_bytes(policy=policy.SMTP)).decode()
    sent = gmail.messages().send(userId="me", body={"raw": raw}).execute()
    assert sent["labelIds"] == ["SENT"], sent
    found = gmail.messages().list(userId="me", q="rfc822msgid:kopru-1@example.com").execute()
    assert found["messages"] == [{"id": sent["id"], "threadId": sent["threadId"]}], found
    assert "messages" not in gmail.messages().list(userId="me", q="rfc822msgid:x@y").execute()
    one = {"userId": "me", "id": sent["id"]}
    back = gmail.messages().get(**one, format="raw").execute()["raw"]
    back = message_from_bytes(base64.urlsafe_b64decode(back), policy=policy.default)
    assert back["Subject"] == "Teklifiniz hazır" and back["Bcc"] == "gizli@example.com"
    told = gmail.messages().get(**one, format="metadata", metadataHeaders=["Subject"]).execute()
    assert told["payload"]["headers"] == [{"name": "Subject", "value": "Teklifiniz hazır"}], told
    (filed,) = control(base, "mail")
    assert filed["reached"] == ["ayse@example.com", "gizli@example.com"], filed
    assert filed["attachments"][0]["filename"] == "teklif ğüş.pdf", filed
    draft = gmail.drafts().create(userId="me", body={"message": {"raw": raw}}).execute()
    assert draft["message"]["labelIds"] == ["DRAFT"], draft
    posted = gmail.drafts().send(userId="me", body={"id": draft["id"]}).execute()
    assert posted["id"] != draft["message"]["id"]
    fails(gmail.drafts().get(userId="me", id=draft["id"]), 404, "Requested entity was not found.")
    fails(gmail.messages().send(userId="me", body={}), 400, "'raw' RFC822 payload")
    fails(gmail.messages().send(userId="b@example.com", body={"raw": raw}), 403, "Delegation denied")

    failures = (
        (sheets.get(spreadsheetId="nobody"), 404, "Requested entity was not found."),
        (drive.files().list(q="nonsense"), 400, "Invalid Value"),
    )
    for failure in failures:
        fails(*failure)

    control(base, "google/revoke_user", {})
    try:
        drive.files().list().execute()
    except RefreshError as error:
        assert "invalid_grant" in str(error), error
    else:
        raise AssertionError("a revoked grant still works")
    print("google-api-python-client: ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
