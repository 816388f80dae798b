//! The sandbox over the wire, checked against what the vendors document.

#[cfg(test)]
mod bitrix_batch;
#[cfg(test)]
mod bitrix_crm;
#[cfg(test)]
mod bitrix_events;
#[cfg(test)]
mod bitrix_limits;
#[cfg(test)]
mod bitrix_oauth;
#[cfg(test)]
mod bitrix_traps_batch;
#[cfg(test)]
mod bitrix_traps_errors;
#[cfg(test)]
mod bitrix_traps_multifields;
#[cfg(test)]
mod bitrix_traps_values;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod google_calendar;
#[cfg(test)]
mod google_gmail;
#[cfg(test)]
mod google_oauth;
#[cfg(test)]
mod google_quotas;
#[cfg(test)]
mod google_sheets;
#[cfg(test)]
mod microsoft_mail;
#[cfg(test)]
mod microsoft_oauth;
#[cfg(test)]
mod microsoft_support;
#[cfg(test)]
mod resend_emails;
#[cfg(test)]
mod resend_life;
#[cfg(test)]
mod resend_support;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod smtp_support;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trigger;
#[cfg(test)]
mod twilio_inbound;
#[cfg(test)]
mod twilio_life;
#[cfg(test)]
mod twilio_messages;
#[cfg(test)]
mod twilio_support;
