// Pictures of the sandbox's phone, mailboxes and calendar, with what the service sent and added.
// Arguments: the service's binary, the folder of the pictures.
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { open } from './service.mjs';

const [binary, folder] = process.argv.slice(2);
const { vendors, call, control, close, sender } = await open(binary);

/** At the vendors it is a working day, ten o'clock in Istanbul; there, minutes pass. */
const { now_ms } = await control('GET', 'clock');
const morning = new Date(now_ms);
do { morning.setUTCDate(morning.getUTCDate() + 1); } while ([0, 6].includes(morning.getUTCDay()));
morning.setUTCHours(7, 0, 0, 0);
await control('POST', 'clock', { advance_seconds: (morning - now_ms) / 1000 });
const pass = (minutes) => control('POST', 'clock', { advance_seconds: minutes * 60 });
async function send(channel, to, message, more = {}) {
  const { messages: [{ id }] } = await call('POST', `/api/integrations/${channel}/send`, { to, message, ...more });
  for (;;) {
    const { status } = await call('GET', `/api/integrations/messages/${id}`);
    if (['delivered', 'read', 'undelivered', 'skipped'].includes(status)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
}
const writes = (from, body) =>
  control('POST', 'twilio/inbound', { from, to: from.startsWith('whatsapp:') ? `whatsapp:${sender}` : sender, body });

const [ayse, can, elif, mert, zeynep] = [1, 2, 3, 4, 5].map((n) => `+90532000${n}${n}${n}${n}`);

async function messages() {
  await control('POST', 'twilio/numbers', { [mert]: { status: 'undelivered', error_code: 30003 } });
  await send('sms', mert, 'Sayın Mert Misal, faturanızın son ödeme günü yarın.');
  await pass(7);
  await send('sms', zeynep, 'Kasım kampanyamız başladı. Çıkmak için DUR yazın.');
  await writes(zeynep, 'DUR');
  await pass(12);
  await writes(`whatsapp:${elif}`, 'Merhaba, teklif hazır mı?');
  await pass(3);
  await send('whatsapp', elif, 'Merhaba Elif Hanım, teklifiniz hazır: 48.500 ₺. Cuma gününe kadar geçerli.', { media: ['https://ornek.example/teklif-2041.pdf'] });
  await pass(2);
  await writes(`whatsapp:${elif}`, 'Teşekkürler, inceleyip döneceğim 👍');
  await pass(21);
  await send('sms', can, 'Siparişiniz yola çıktı. Takip: https://ornek.example/k/7291');
  await pass(4);
  await send('sms', ayse, 'Sayın Ayşe Örnek, yarın saat 14.30 randevunuzu hatırlatırız. Değiştirmek isterseniz bu mesajı yanıtlayın.');
  await pass(2);
  await writes(ayse, 'Saat 16.00 olabilir mi?');
  await pass(5);
  await send('sms', ayse, 'Elbette, randevunuz 16.00’ya alındı. Görüşmek üzere.');
  await pass(1);
  await writes(ayse, 'Çok teşekkürler');
}

/** The first working day so many days after that one, as 2026-12-31. */
function day(distance) {
  const date = new Date(morning.getTime() + distance * 86_400_000);
  while ([0, 6].includes(date.getUTCDay())) date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString().slice(0, 10);
}
const record = (record_type, fields, more = {}) => call('POST', '/api/integrations/calendar/add', { record_type, record: fields, ...more });

async function events() {
  const ornek = { companyTitle: 'Örnek Ltd. Şti.', contactName: 'Ayşe Işık', contactPhone: '+90 532 000 11 11', contactEmail: 'ayse@ornek.example' };
  await record('deal', { id: 12, title: 'Yıllık bakım', opportunity: 125000, currencyId: 'TRY', closedate: day(9), url: 'https://crm.example/deal/12', ...ornek });
  await record('deal', { id: 15, title: 'Depo otomasyonu', opportunity: 480000, currencyId: 'TRY', closedate: day(2) });
  await record('quote', { id: 2041, title: 'Etiket yazıcıları', validUntil: day(4), total: 48500, currency: 'TRY' });
  await record('invoice', { id: 310, title: 'Kasım hizmet bedeli', dueDate: day(1), amount: 18750, currency: 'TRY' });
  await record('invoice', { id: 311, title: 'Kurulum', dueDate: day(15), amount: 9200, currency: 'TRY' });
  await record('task', { id: 7, title: 'Sözleşmeyi gönder', deadline: `${day(1)}T17:00:00+03:00` });
  await record('task', { id: 8, title: 'Referansları ara', deadline: day(10) });
  await record('meeting', { id: 5, title: 'Ürün tanıtımı', startTime: `${day(3)}T10:00:00+03:00`, endTime: `${day(3)}T11:00:00+03:00` });
  const own = { title: 'Yıl sonu değerlendirmesi', start_time: day(16), end_time: day(18) };
  await call('POST', '/api/integrations/calendar/add', own);
  const meeting = await record('meeting', { id: 6, title: 'Yenileme görüşmesi', startTime: `${day(0)}T15:00:00+03:00`, endTime: `${day(0)}T16:00:00+03:00`, url: 'https://crm.example/meeting/6', ...ornek }, {
    meet: true, notify: true, location: 'Levent ofisi', attendees: [{ email: 'ayse@ornek.example', name: 'Ayşe Işık' }], reminders: [{ method: 'popup', minutes: 30 }],
  });
  return meeting.id;
}

async function emails() {
  const mail = async (to, subject, html, more = {}) => {
    const { messages: [{ id }] } = await call('POST', '/api/integrations/email/send', { to, subject, html, ...more });
    while (!(await call('GET', `/api/integrations/messages/${id}`)).provider_id) await new Promise((done) => setTimeout(done, 50));
    await pass(9);
  };
  const file = (name, kind, text) => ({ name, kind, content: Buffer.from(text).toString('base64') });
  await mail('Can Deneme <can@ornek.example>', 'Siparişiniz yola çıktı', '<p>Merhaba Can Bey,</p><p>Siparişiniz bugün kargoya verildi.</p>');
  await mail('Elif Misal <elif@ornek.example>', 'Yıllık bakım sözleşmesi', '<p>Merhaba Elif Hanım,</p><p>Sözleşme taslağı ektedir.</p>', { attachments: [file('sözleşme.pdf', 'application/pdf', 'Yıllık bakım sözleşmesi')] });
  await mail('Ayşe Örnek <ayse@ornek.example>', 'Teklifiniz hazır 🎉', '<h2>Sayın Ayşe Örnek,</h2><p>Görüştüğümüz etiket yazıcıları için teklifimiz <b>48.500 ₺</b>. Cuma gününe kadar geçerlidir.</p><p>İyi çalışmalar dileriz.</p>', { cc: ['mert@ornek.example'], attachments: [file('teklif-2041.pdf', 'application/pdf', 'Etiket yazıcıları: 48.500 TL')] });
}

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
try {
  await messages();
  const meeting = await events();
  await emails();
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
  const context = await browser.newContext({ locale: 'tr-TR', timezoneId: 'Europe/Istanbul', colorScheme: 'light', reducedMotion: 'reduce', deviceScaleFactor: 1.5 });
  const page = await context.newPage();
  /** The pages listen to the sandbox without an end, so it is an element that is waited for. */
  const picture = async (name, path, shown, width, height, { fullPage = false, click } = {}) => {
    await page.setViewportSize({ width, height });
    await page.goto(`${vendors}${path}`, { waitUntil: 'domcontentloaded' });
    if (click) await page.click(click);
    await page.waitForSelector(shown);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
  };
  await picture('phone-sms', `/twilio/phone?lang=tr&with=${encodeURIComponent(ayse)}`, '.bubble', 860, 760);
  await picture('phone-whatsapp', `/twilio/phone?lang=tr&with=${encodeURIComponent(`whatsapp:${elif}`)}`, '.bubble', 860, 760);
  await picture('mail', '/mail?lang=tr', '#letter iframe', 1280, 760, { click: '#list button' });
  await picture('calendar', '/google/calendar?lang=tr', '.chip', 1280, 860, { fullPage: true });
  await picture('calendar-event', `/google/calendar?lang=tr&event=${meeting}`, 'dialog[open]', 1280, 860);
  await browser.close();
} finally {
  await close();
}
