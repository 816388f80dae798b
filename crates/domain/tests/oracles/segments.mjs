// Twilio's own count of segments: JSON lines with a text in, JSON lines with the count out.
import { createInterface } from 'node:readline'
import calculator from 'sms-segments-calculator'

const BITS = { 'GSM-7': 7, 'UCS-2': 16 }
const NAMES = { 'GSM-7': 'gsm7', 'UCS-2': 'ucs2' }

for await (const line of createInterface({ input: process.stdin })) {
  const message = new calculator.SegmentedMessage(JSON.parse(line).text)
  const { encodingName, messageSize, segmentsCount } = message
  console.log(JSON.stringify({ encoding: NAMES[encodingName], units: messageSize / BITS[encodingName], count: segmentsCount }))
}
