//! What can go wrong with a use case, as people and programs are told.

use kopru_domain::Language;
use kopru_domain::calendar::DraftFault;
use kopru_domain::message::{TemplateFault, Trouble};
use kopru_ports::calendar::{CalendarError, CalendarErrorKind};
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::host::HostError;
use kopru_ports::messages::SendError;
use kopru_ports::oauth::OAuthErrorKind;
use kopru_ports::seal::SealErrorKind;
use kopru_ports::spreadsheets::{SheetsError, SheetsErrorKind};
use kopru_ports::{PortError, StoreError, StoreErrorKind};

/// A use case's failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no such thing in this company.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// The caller gave something unusable.
    #[error("invalid: {0:?}")]
    Invalid(Problem),
    /// A signature or key is wrong.
    #[error("not authentic")]
    NotAuthentic,
    /// The caller has no right to this.
    #[error("not allowed")]
    NotAllowed,
    /// The person has not connected the Google account yet.
    #[error("the account is not connected")]
    NotConnected,
    /// The operator has not given a setting; its name.
    #[error("not set: {0}")]
    NotSet(&'static str),
    /// The person did not grant all that is needed.
    #[error("scopes are missing: {0:?}")]
    ScopesMissing(Vec<String>),
    /// The person is connected with another account; its address.
    #[error("connected with another account")]
    OtherAccount(String),
    /// A message cannot go.
    #[error("the message cannot go: {0:?}")]
    Message(Trouble),
    /// A text is no sound template, or a variable of it has no value; the field that holds it.
    #[error("{0}: {1}")]
    Template(&'static str, TemplateFault),
    /// Another request has the idempotency key.
    #[error("the idempotency key is taken")]
    KeyTaken,
    /// A setting of a vendor is missing or has a value that it cannot have; its name.
    #[error("a setting cannot be used: {0}")]
    BadSetting(String),
    /// The vendor does not answer.
    #[error("the vendor does not answer")]
    VendorAway,
    /// The machine gives no random numbers.
    #[error("no randomness")]
    NoRandomness,
    /// The CRM.
    #[error(transparent)]
    Crm(#[from] CrmError),
    /// The spreadsheets.
    #[error(transparent)]
    Sheets(#[from] SheetsError),
    /// The host's tokens.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The vendor of messages.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A record makes no event.
    #[error(transparent)]
    Draft(#[from] DraftFault),
    /// The calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The consent.
    #[error(transparent)]
    OAuth(#[from] PortError<OAuthErrorKind>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sealing.
    #[error(transparent)]
    Seal(#[from] PortError<SealErrorKind>),
}

/// What is wrong with a caller's request. Each has a stable code and a text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The tab's first row has no headers.
    NoHeaders,
    /// Two mapped columns have the same header.
    DuplicateHeaders,
    /// No column could be mapped.
    NothingMapped,
    /// The spreadsheet has no such tab.
    NoSuchTab,
    /// A mapped field is not in the portal.
    NoSuchField,
    /// The company syncs this tab with this entity already.
    AlreadySynced,
    /// The event is about another sheet than its address.
    OtherSheet,
    /// The event cannot be read; its field at fault.
    BadEvent(&'static str),
    /// A value that the field cannot have.
    BadValue(&'static str),
    /// The portal's address is not an inbound webhook's.
    BadPortalAddress,
    /// The portal does not know the webhook's secret.
    BadPortalSecret,
    /// The address is not the one of an app's portal.
    BadPortalApp,
    /// The portal's address leads into a private network.
    PrivatePortal,
    /// The portal or the server of an app is in a private network.
    PrivatePortalApp,
    /// Not the origin of a page.
    BadOrigin,
    /// The return address is not allowed.
    BadReturnAddress,
    /// The code stands for no consent of the caller's.
    ConsentOver,
    /// The rows' ids were deleted from the sheet.
    RowIdsGone,
    /// The vendor does not accept the credentials.
    CredentialsRefused,
    /// The message is on its way or settled.
    TooLate,
    /// The message is on its way, has arrived, or can never go.
    NotToRepeat,
    /// What became of the message is being looked up.
    InDoubt,
}

impl Problem {
    /// A stable name for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoHeaders => "no_headers",
            Self::DuplicateHeaders => "duplicate_headers",
            Self::NothingMapped => "nothing_mapped",
            Self::NoSuchTab => "no_such_tab",
            Self::NoSuchField => "no_such_field",
            Self::AlreadySynced => "already_synced",
            Self::OtherSheet => "other_sheet",
            Self::BadEvent(_) => "bad_event",
            Self::BadValue(_) => "bad_value",
            Self::BadPortalAddress => "bad_portal_address",
            Self::BadPortalSecret => "bad_portal_secret",
            Self::BadPortalApp => "bad_portal_app",
            Self::PrivatePortal | Self::PrivatePortalApp => "private_portal",
            Self::BadOrigin => "bad_origin",
            Self::BadReturnAddress => "bad_return_address",
            Self::ConsentOver => "consent_over",
            Self::RowIdsGone => "row_ids_gone",
            Self::CredentialsRefused => "credentials_refused",
            Self::TooLate => "too_late",
            Self::NotToRepeat => "not_to_repeat",
            Self::InDoubt => "in_doubt",
        }
    }

    /// As a use case's failure.
    pub(crate) fn refused(self) -> EngineError {
        EngineError::Invalid(self)
    }

    /// The field of the request at fault.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::NoHeaders | Self::NoSuchTab | Self::RowIdsGone => "gid",
            Self::DuplicateHeaders | Self::NothingMapped | Self::NoSuchField => "mapping",
            Self::AlreadySynced => "spreadsheet",
            Self::OtherSheet => "sheet_id",
            Self::BadEvent(field) | Self::BadValue(field) => field,
            Self::BadPortalAddress | Self::BadPortalSecret | Self::PrivatePortal => "webhook",
            Self::BadPortalApp | Self::PrivatePortalApp => "portal",
            Self::BadOrigin => "origins",
            Self::BadReturnAddress => "return_to",
            Self::ConsentOver => "code",
            Self::CredentialsRefused => "settings",
            Self::TooLate | Self::NotToRepeat | Self::InDoubt => "id",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        let (tr, en) = match self {
            Self::NoHeaders => (
                "İlk satırda başlık yok; sütun başlıklarını yazın.",
                "The first row has no headers; write column headers.",
            ),
            Self::DuplicateHeaders => (
                "Aynı başlık iki sütunda var; birinin adını değiştirin.",
                "Two columns have the same header; rename one.",
            ),
            Self::NothingMapped => (
                "Hiçbir sütun eşlenemedi; başlıklar ilk satırda olmalı. Öyleyse en az bir sütunu elle eşleyin.",
                "No column could be mapped; the headers have to be in the first row. If they are, map at least one column by hand.",
            ),
            Self::NoSuchTab => (
                "E-tabloda böyle bir sekme yok; sekmeyi yeniden seçin.",
                "The spreadsheet has no such tab; choose the tab again.",
            ),
            Self::NoSuchField => (
                "Eşlenen alan portalda yok; alanı listeden seçin.",
                "A mapped field is not in the portal; choose it from the list.",
            ),
            Self::AlreadySynced => ("Bu sekme zaten eşitleniyor.", "This tab is synced already."),
            Self::OtherSheet => (
                "Olay başka bir e-tabloya ait; betiği bu tabloya yeniden kurun.",
                "The event is about another sheet; install the script in this sheet anew.",
            ),
            Self::BadValue(_) => (
                "Bu alan bu değeri alamaz; belgelere göre düzeltin.",
                "The field cannot have this value; correct it as documented.",
            ),
            Self::BadEvent(_) => (
                "Olay okunamadı; gövdeyi belgelere göre düzeltin.",
                "The event cannot be read; correct the body as documented.",
            ),
            Self::BadPortalAddress => (
                "Bitrix24 gelen webhook adresi değil; https://portal/rest/1/anahtar/ biçiminde yapıştırın.",
                "Not the address of a Bitrix24 inbound webhook; paste it as https://portal/rest/1/secret/.",
            ),
            Self::BadPortalSecret => (
                "Portal bu webhook'u tanımıyor; adresi Bitrix24'ten yeniden kopyalayın veya yeni bir webhook oluşturun.",
                "The portal does not know this webhook; copy its address from Bitrix24 again, or make a new webhook.",
            ),
            Self::BadPortalApp => (
                "Portal adresi okunamadı; firma.bitrix24.com biçiminde yazın.",
                "The portal's address cannot be read; write it as firm.bitrix24.com.",
            ),
            Self::PrivatePortal | Self::PrivatePortalApp => (
                "Bu adres özel bir ağda ya da 443 dışında bir portta; internetten erişilen adresi port yazmadan verin. Kendi ağınızdaki veya başka porttaki bir portal için sunucuda KOPRU_PRIVATE_PORTALS=true ayarlayın.",
                "This address is a private one or at another port than 443; give the address that the internet reaches, without a port. For a portal in your own network or at another port set KOPRU_PRIVATE_PORTALS=true on the server.",
            ),
            Self::RowIdsGone => (
                "Köprü ID sütunu silinmiş; geri alın. Onsuz her satır yeniden kaydedilirdi.",
                "The column Köprü ID was deleted; undo that. Without it every row would be created again.",
            ),
            Self::BadOrigin => (
                "Sayfa kaynağı değil; yol olmadan https://crm.firma.com biçiminde yazın, en çok 50 tane.",
                "Not a page's origin; write it as https://crm.firm.com without a path, 50 at the most.",
            ),
            Self::CredentialsRefused => (
                "Sağlayıcı bu bilgileri kabul etmiyor; panelinden yeniden kopyalayın.",
                "The provider does not accept these credentials; copy them again from its console.",
            ),
            Self::TooLate => (
                "Mesaj yola çıktı veya sonuçlandı; artık iptal edilemez.",
                "The message is on its way or settled; it cannot be cancelled any more.",
            ),
            Self::NotToRepeat => (
                "Mesaj yolda, ulaştı ya da bu haliyle hiç gönderilemez; yeni bir mesaj gönderin.",
                "The message is on its way, has arrived, or can never go as it is; send a new one.",
            ),
            Self::InDoubt => (
                "Mesajın gidip gitmediği sağlayıcıda araştırılıyor; iki dakika sonra yeniden deneyin.",
                "It is being looked up at the provider whether the message went; try again in two minutes.",
            ),
            Self::ConsentOver => (
                "Bu kod geçersiz, kullanılmış, süresi dolmuş ya da başka bir oturumda başlatılmış; bağlamayı bu oturumda yeniden başlatın.",
                "This code is unknown, used, too old, or was begun by another session; begin the consent anew with this one.",
            ),
            Self::BadReturnAddress => (
                "Dönüş adresine izin verilmiyor; / ile başlayan bir yol ya da şirketin kaynaklarından birindeki bir sayfayı verin.",
                "The return address is not allowed; give a path that begins with /, or a page of one of the company's origins.",
            ),
        };
        match language {
            Language::Tr => tr,
            Language::En => en,
        }
    }
}

impl EngineError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Invalid(problem) => problem.code(),
            Self::NotAuthentic => "not_authentic",
            Self::NotAllowed => "forbidden",
            Self::NotConnected => "not_connected",
            Self::NotSet(_) => "not_set",
            Self::ScopesMissing(_) => "scopes_missing",
            Self::OtherAccount(_) => "other_account",
            Self::Crm(error) => crm_code(error.kind),
            Self::Sheets(error) => sheets_code(error.kind),
            Self::Host(_) | Self::VendorAway => "provider_unavailable",
            Self::OAuth(error) => oauth_code(error.kind),
            Self::Store(error) if error.kind == StoreErrorKind::Conflict => "conflict",
            Self::Store(_) => "store_unavailable",
            Self::Message(trouble) => trouble.code(),
            Self::Template(_, fault) => fault.code(),
            Self::Draft(fault) => fault.code(),
            Self::Calendar(error) => calendar_code(error.kind),
            Self::Send(error) => error.kind.code(),
            Self::KeyTaken => "idempotency_key_taken",
            Self::BadSetting(_) => "bad_setting",
            Self::NoRandomness | Self::Seal(_) => "internal",
        }
    }

    /// The field of the request at fault.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let field = match self {
            Self::Invalid(problem) => problem.field(),
            Self::Template(field, _) => field,
            Self::BadSetting(field) => field,
            Self::Message(Trouble::BadNumber(_) | Trouble::BadAddress(_)) => "to",
            Self::Message(Trouble::SenderMissing) => "from",
            Self::KeyTaken => "Idempotency-Key",
            Self::Draft(fault) => return Some(fault.field()),
            _ => return None,
        };
        Some(field.to_owned())
    }

    /// What to do about it, for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match (self, language) {
            (Self::Invalid(problem), _) => problem.text(language).to_owned(),
            (Self::Message(trouble), _) => trouble.text(language).to_owned(),
            (Self::Template(_, fault), _) => fault.text(language),
            (Self::Draft(fault), _) => fault.text(language),
            (Self::Send(error), _) => error.kind.text(language).to_owned(),
            (Self::BadSetting(field), Language::Tr) => {
                format!("{field} ayarı eksik veya kullanılamaz; belgelere göre düzeltin.")
            }
            (Self::BadSetting(field), Language::En) => {
                format!("The setting {field} is missing or cannot be used; correct it as documented.")
            }
            (Self::NotSet(setting), Language::Tr) => {
                format!("Sunucuda {setting} ayarlanmamış; yöneticiye bildirin.")
            }
            (Self::NotSet(setting), Language::En) => format!("{setting} is not set on the server; tell its operator."),
            (_, Language::Tr) => self.texts().0.to_owned(),
            (_, Language::En) => self.texts().1.to_owned(),
        }
    }

    fn texts(&self) -> (&'static str, &'static str) {
        match self.code() {
            "not_found" => ("Bulunamadı; adresi kontrol edin.", "Not found; check the address."),
            "not_authentic" => ("Anahtar veya imza geçersiz.", "The key or the signature is not valid."),
            "forbidden" => ("Bu anahtarın veya oturumun buna yetkisi yok.", "This key or session may not do this."),
            "not_connected" => (
                "Google hesabı bağlı değil; önce hesabı bağlayın.",
                "The Google account is not connected; connect it first.",
            ),
            "portal_not_connected" => (
                "Bitrix24 portalı bağlı değil; önce portalı bağlayın.",
                "The Bitrix24 portal is not connected; connect it first.",
            ),
            "portal_reconnect_required" => (
                "Portal bağlantıyı artık kabul etmiyor; Bitrix24'te yeni bir webhook oluşturup bağlayın veya uygulamaya yeniden izin verin.",
                "The portal does not accept the connection any more; connect a new webhook, or give the app's consent anew.",
            ),
            "portal_scope_missing" => (
                "Portal bağlantısının izinleri eksik; Bitrix24'te webhook'a veya uygulamaya crm ve user izinlerini verin.",
                "The portal's connection lacks permissions; give the webhook or the app crm and user in Bitrix24.",
            ),
            "reconnect_required" => (
                "Google bağlantısı sona ermiş; hesabı yeniden bağlayın.",
                "The Google connection has ended; connect the account again.",
            ),
            "scopes_missing" => (
                "Gerekli izinlerin hepsi verilmedi; yeniden bağlanıp tüm kutuları işaretleyin.",
                "Not all permissions were granted; connect again and tick all boxes.",
            ),
            "other_account" => (
                "Başka bir hesap seçildi; bağlı hesabı seçin ya da önce bağlantıyı kesin.",
                "Another account was chosen; choose the connected one, or disconnect first.",
            ),
            "not_allowed" => (
                "Bağlanan hesabın buna yetkisi yok; yetki isteyin.",
                "The connected account has no right to this; ask for it.",
            ),
            "rate_limited" => (
                "Sağlayıcı ara istiyor; biraz sonra yeniden deneyin.",
                "The provider asks for a pause; try again shortly.",
            ),
            "provider_unavailable" => (
                "Sağlayıcı yanıt vermiyor; biraz sonra yeniden deneyin.",
                "The provider does not answer; try again shortly.",
            ),
            "provider_refused" => ("Sağlayıcı isteği reddetti.", "The provider refused the request."),
            "provider_not_found" => {
                ("Kayıt, dosya veya sekme artık yok; yeniden seçin.", "The record, file or tab is gone; choose again.")
            }
            "portal_closed" => {
                ("Portalın planı veya durumu buna izin vermiyor.", "The portal's plan or state does not allow this.")
            }
            "consent_failed" => {
                ("Bağlantı tamamlanamadı; yeniden deneyin.", "The connection could not be completed; try again.")
            }
            "misconfigured" => (
                "Sunucu ayarları eksik; yöneticiye bildirin.",
                "The server's settings are incomplete; tell its operator.",
            ),
            "idempotency_key_taken" => (
                "Bu Idempotency-Key başka bir istekle kullanılmış; yeni bir istek için yeni bir anahtar verin.",
                "This Idempotency-Key belongs to another request; give a new one to a new request.",
            ),
            "event_not_found" => (
                "Takvimde böyle bir etkinlik yok; listeyi yenileyin.",
                "The calendar has no such event; reload the list.",
            ),
            "event_deleted" => (
                "Bu etkinlik takvimden silinmiş; geri getirmek için bring_back: true ile yeniden ekleyin.",
                "This event was deleted from the calendar; add it again with bring_back: true to bring it back.",
            ),
            "conflict" => (
                "Bu zaten var veya bu arada değişti; sayfayı yenileyin.",
                "It exists already or has changed meanwhile; reload.",
            ),
            _ => ("Şu anda yapılamadı; biraz sonra yeniden deneyin.", "It could not be done now; try again shortly."),
        }
    }
}

fn crm_code(kind: CrmErrorKind) -> &'static str {
    match kind {
        CrmErrorKind::NotConnected => "portal_not_connected",
        CrmErrorKind::Credentials => "portal_reconnect_required",
        CrmErrorKind::NotAllowed => "not_allowed",
        CrmErrorKind::NotFound => "provider_not_found",
        CrmErrorKind::ScopeMissing => "portal_scope_missing",
        CrmErrorKind::PortalClosed | CrmErrorKind::NotOffered => "portal_closed",
        CrmErrorKind::RateLimited => "rate_limited",
        CrmErrorKind::InvalidValue => "provider_refused",
        _ => "provider_unavailable",
    }
}

fn calendar_code(kind: CalendarErrorKind) -> &'static str {
    match kind {
        CalendarErrorKind::NotConnected => "not_connected",
        CalendarErrorKind::ReconnectRequired => "reconnect_required",
        CalendarErrorKind::ScopeMissing => "scopes_missing",
        CalendarErrorKind::NotAllowed => "not_allowed",
        CalendarErrorKind::NotFound => "event_not_found",
        CalendarErrorKind::Deleted => "event_deleted",
        CalendarErrorKind::Conflict | CalendarErrorKind::AlreadyExists => "conflict",
        CalendarErrorKind::Invalid => "provider_refused",
        CalendarErrorKind::RateLimited => "rate_limited",
        _ => "provider_unavailable",
    }
}

fn sheets_code(kind: SheetsErrorKind) -> &'static str {
    match kind {
        SheetsErrorKind::ReconnectRequired => "reconnect_required",
        SheetsErrorKind::NotAllowed => "not_allowed",
        SheetsErrorKind::NotFound => "provider_not_found",
        SheetsErrorKind::Invalid => "provider_refused",
        SheetsErrorKind::RateLimited => "rate_limited",
        _ => "provider_unavailable",
    }
}

fn oauth_code(kind: OAuthErrorKind) -> &'static str {
    match kind {
        OAuthErrorKind::InvalidGrant => "consent_failed",
        OAuthErrorKind::Misconfigured => "misconfigured",
        _ => "provider_unavailable",
    }
}
