//! What can go wrong with a use case, as people and programs are told.

use kopru_domain::Language;
use kopru_ports::crm::{CrmError, CrmErrorKind};
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
    /// The machine gives no random numbers.
    #[error("no randomness")]
    NoRandomness,
    /// The CRM.
    #[error(transparent)]
    Crm(#[from] CrmError),
    /// The spreadsheets.
    #[error(transparent)]
    Sheets(#[from] SheetsError),
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
    /// The return address is not allowed.
    BadReturnAddress,
    /// The rows' ids were deleted from the sheet.
    RowIdsGone,
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
            Self::BadReturnAddress => "bad_return_address",
            Self::RowIdsGone => "row_ids_gone",
        }
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
            Self::BadReturnAddress => "return_to",
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
                "Bu adres özel bir ağda; internetten erişilen adresi verin. Kendi ağınızdaki bir portal için sunucuda KOPRU_PRIVATE_PORTALS=true ayarlayın.",
                "This address is a private one; give the address that the internet reaches. For a portal in your own network set KOPRU_PRIVATE_PORTALS=true on the server.",
            ),
            Self::RowIdsGone => (
                "Köprü ID sütunu silinmiş; geri alın. Onsuz her satır yeniden kaydedilirdi.",
                "The column Köprü ID was deleted; undo that. Without it every row would be created again.",
            ),
            Self::BadReturnAddress => (
                "Dönüş adresine izin verilmiyor; / ile başlayan bir yol verin.",
                "The return address is not allowed; give a path that begins with /.",
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
            Self::NotConnected => "not_connected",
            Self::NotSet(_) => "not_set",
            Self::ScopesMissing(_) => "scopes_missing",
            Self::OtherAccount(_) => "other_account",
            Self::Crm(error) => crm_code(error.kind),
            Self::Sheets(error) => sheets_code(error.kind),
            Self::OAuth(error) => oauth_code(error.kind),
            Self::Store(error) if error.kind == StoreErrorKind::Conflict => "conflict",
            Self::Store(_) => "store_unavailable",
            Self::NoRandomness | Self::Seal(_) => "internal",
        }
    }

    /// What to do about it, for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match (self, language) {
            (Self::Invalid(problem), _) => problem.text(language).to_owned(),
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
        CrmErrorKind::PortalClosed => "portal_closed",
        CrmErrorKind::RateLimited => "rate_limited",
        CrmErrorKind::InvalidValue => "provider_refused",
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
