// Tells Köprü which rows people change. In the sheet: Extensions → Apps Script, paste this, fill in the three values,
// run install() once and agree. One copy for each tab that is synced.
//
// Köprü'ye hangi satırların değiştiğini bildirir. Tabloda: Uzantılar → Apps Komut Dosyası, bunu yapıştırın, üç değeri
// doldurun, install() işlevini bir kez çalıştırıp izin verin. Eşitlenen her sekme için bir kopya.

const WEBHOOK_URL = 'https://…/api/v1/sheet-sync/webhook?key=…'; // webhook_url of the new configuration
const WEBHOOK_SECRET = 'whsec_…'; // its webhook_secret
const GID = 0; // the tab: #gid=… in the address

function install() {
  ScriptApp.getProjectTriggers().forEach((trigger) => ScriptApp.deleteTrigger(trigger));
  const sheet = SpreadsheetApp.getActive();
  // A simple onEdit may not call other servers; installed triggers may, for whoever edits.
  ScriptApp.newTrigger('onRowsEdited').forSpreadsheet(sheet).onEdit().create();
  ScriptApp.newTrigger('onRowsMoved').forSpreadsheet(sheet).onChange().create();
}

function onRowsEdited(event) {
  if (event.range.getSheet().getSheetId() === GID) {
    tell({ event: 'rows_changed', rows: [event.range.getRow(), event.range.getLastRow()] });
  }
}

// Inserted and deleted rows come without a place: the whole tab is looked at.
function onRowsMoved(event) {
  if (['INSERT_ROW', 'REMOVE_ROW'].includes(event.changeType)) tell({ event: 'rows_changed' });
}

function tell(what) {
  const body = JSON.stringify({ sheet_id: SpreadsheetApp.getActive().getId(), gid: GID, ...what });
  const id = 'msg_' + Utilities.getUuid();
  for (let pause = 1000; pause <= 16000; pause *= 4) {
    if (post(id, body) < 300) return;
    Utilities.sleep(pause);
  }
}

// Signed as https://www.standardwebhooks.com says; a repetition keeps its id and is signed anew.
function post(id, body) {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const key = Utilities.base64Decode(WEBHOOK_SECRET.replace('whsec_', ''));
  const signed = Utilities.newBlob(`${id}.${timestamp}.${body}`).getBytes();
  const signature = 'v1,' + Utilities.base64Encode(Utilities.computeHmacSha256Signature(signed, key));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  const options = { method: 'post', contentType: 'application/json', payload: body, headers, muteHttpExceptions: true };
  try {
    return UrlFetchApp.fetch(WEBHOOK_URL, options).getResponseCode();
  } catch (unreachable) {
    return 599;
  }
}
