use std::path::PathBuf;

/// How the sandbox listens and which quotas it enforces.
///
/// The default quotas are the vendors' own:
/// <https://apidocs.bitrix24.com/limits.html>,
/// <https://developers.google.com/workspace/sheets/api/limits>,
/// <https://developers.google.com/workspace/calendar/api/guides/quota> and
/// <https://developers.google.com/workspace/gmail/api/reference/quota>.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// HTTPS on a second port, with the same state behind it.
    pub tls: Option<Tls>,
    /// An SMTP server on ports of its own.
    pub smtp: Option<Smtp>,
    /// Requests per second that leak out of Bitrix24's bucket.
    pub bitrix_rate: f64,
    /// Requests that Bitrix24's bucket holds before it answers 503.
    pub bitrix_burst: f64,
    /// Sheets reads per minute and project before Google answers 429.
    pub google_reads_per_minute: u32,
    /// The same for one person.
    pub google_reads_per_minute_per_user: u32,
    /// Sheets writes per minute and project before Google answers 429.
    pub google_writes_per_minute: u32,
    /// The same for one person.
    pub google_writes_per_minute_per_user: u32,
    /// Calendar calls per minute and project before Google answers 403.
    pub google_calendar_per_minute: u32,
    /// The same for one person.
    pub google_calendar_per_minute_per_user: u32,
    /// Gmail's quota units per minute and project before Google answers 403; sending takes a hundred.
    pub google_gmail_units_per_minute: u32,
    /// The same for one person.
    pub google_gmail_units_per_minute_per_user: u32,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            port: 0,
            tls: None,
            smtp: None,
            bitrix_rate: 2.0,
            bitrix_burst: 50.0,
            google_reads_per_minute: 300,
            google_reads_per_minute_per_user: 60,
            google_writes_per_minute: 300,
            google_writes_per_minute_per_user: 60,
            google_calendar_per_minute: 10_000,
            google_calendar_per_minute_per_user: 600,
            google_gmail_units_per_minute: 1_200_000,
            google_gmail_units_per_minute_per_user: 15_000,
        }
    }
}

/// HTTPS with a certificate that the sandbox makes for itself, for `localhost` and 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The file that is to hold the certificate (PEM), for clients to trust.
    pub certificate: PathBuf,
}

/// An SMTP server. With [`SandboxConfig::tls`] it takes credentials in private alone; without, as they come.
#[derive(Debug, Clone, Copy)]
pub struct Smtp {
    /// Port on 127.0.0.1, for STARTTLS; 0 takes any free one.
    pub port: u16,
    /// Port on 127.0.0.1 for TLS from the start; 0 takes any free one. Not used without a certificate.
    pub tls_port: u16,
}
