//! What a person sees in the browser: static pages in Turkish and English.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use kopru_domain::Language;
use kopru_engine::EngineError;

use super::problem::language;

/// Where a person goes who connected the company's portal.
pub const PORTAL_CONNECTED: &str = "/integrations/bitrix24";
/// Where a person goes who connected a calendar.
pub const CALENDAR_CONNECTED: &str = "/integrations/google-calendar";

/// Where a person goes who connected a company's mailbox.
pub const MAILBOX_CONNECTED: &str = "/integrations/mailbox";

const FRAME: &str = include_str!("page.html");

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The service itself.
    Home,
    /// The consent ended well.
    Connected,
    /// The consent to the company's portal ended well.
    PortalConnected,
    /// The consent to a person's calendar ended well.
    CalendarConnected,
    /// The consent to a company's mailbox ended well.
    MailboxConnected,
    /// The person agreed, and the page that began it goes on.
    Agreed,
    /// The person did not agree.
    Cancelled,
    /// The consent is unknown, used or too old.
    Expired,
    /// Boxes were left unticked.
    ScopesMissing,
    /// The person's organisation does not allow the app.
    AdministratorFirst,
    /// The person is connected with another account.
    OtherAccount,
    /// A link to the console, before it is used.
    SignIn,
    /// One that is unknown, used or too old.
    LinkUsed,
    /// The console was left.
    SignedOut,
    /// Whether to end e-mails.
    Unsubscribe,
    /// They have ended.
    Unsubscribed,
    /// The address is of no e-mail.
    NotUnsubscribed,
    /// Anything else.
    Failed,
}

impl From<&EngineError> for Page {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::NotAuthentic => Self::Expired,
            EngineError::ScopesMissing(_) => Self::ScopesMissing,
            EngineError::OtherAccount(_) => Self::OtherAccount,
            _ => Self::Failed,
        }
    }
}

impl Page {
    /// Title and text; the texts are HTML of ours.
    fn texts(self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::Tr => self.turkish(),
            Language::En => self.english(),
        }
    }

    fn turkish(self) -> (&'static str, &'static str) {
        match self {
            Self::Home => ("Köprü", "Köprü çalışıyor. Arayüzün açıklaması: <a href=\"/docs\">/docs</a>."),
            Self::Connected => (
                "Google hesabınız bağlandı",
                "Bu pencereyi kapatıp CRM'inize dönebilirsiniz; şimdi eşitlenecek tabloyu seçin.",
            ),
            Self::CalendarConnected => ("Google Takviminiz bağlandı", "Bu pencereyi kapatıp CRM'inize dönebilirsiniz."),
            Self::MailboxConnected => (
                "Posta kutunuz bağlandı",
                "Şirketinizin e-postaları artık bu adresten de gidebilir. Bu pencereyi kapatıp CRM'inize dönebilirsiniz.",
            ),
            Self::PortalConnected => ("Bitrix24 portalınız bağlandı", "Bu pencereyi kapatıp CRM'inize dönebilirsiniz."),
            Self::Agreed => (
                "İzniniz alındı",
                "Bağlantı, onu başlattığınız sayfada tamamlanıyor. Bu pencereyi kapatıp CRM'inize dönün.",
            ),
            Self::Cancelled => (
                "Bağlantı kurulmadı",
                "İzin vermediğiniz için hiçbir şey bağlanmadı. Bağlamak isterseniz CRM'inize dönüp yeniden başlatın.",
            ),
            Self::Expired => (
                "Bu bağlantı artık geçerli değil",
                "Onay sayfası 10 dakika ve yalnızca bir kez geçerlidir. CRM'inize dönüp yeniden başlatın.",
            ),
            Self::ScopesMissing => (
                "İzinler eksik",
                "Gerekli izinlerin hepsi verilmedi. CRM'inize dönüp yeniden başlatın ve Google'ın sayfasında tüm kutuları işaretleyin.",
            ),
            Self::AdministratorFirst => (
                "Kuruluşunuz izin vermiyor",
                "Kuruluşunuzun yöneticisi bu uygulamaya izin vermeli. Yöneticinizden Köprü'yü güvenilir uygulamalara eklemesini isteyin, sonra CRM'inizden yeniden başlatın.",
            ),
            Self::OtherAccount => (
                "Başka bir Google hesabı seçildi",
                "Bağlantınız daha önce seçtiğiniz hesapla çalışıyor. CRM'inizden yeniden başlatıp o hesabı seçin; hesabı değiştirmek istiyorsanız önce bağlantıyı kesin.",
            ),
            Self::SignIn => (
                "Konsola giriş",
                "<form method=\"post\"><button>Giriş yap</button></form> Bu bağlantı beş dakika ve yalnızca bir kez geçerlidir.",
            ),
            Self::LinkUsed => (
                "Bu bağlantı artık geçerli değil",
                "Giriş bağlantısı beş dakika ve yalnızca bir kez geçerlidir. CRM'inizden yeni bir bağlantı açın.",
            ),
            Self::SignedOut => ("Çıkış yapıldı", "Yeniden girmek için CRM'inizden yeni bir bağlantı açın."),
            Self::Unsubscribe => (
                "E-posta aboneliğinden çıkış",
                "<form method=\"post\"><button>Aboneliği sonlandır</button></form> Bu göndericiden artık e-posta almazsınız.",
            ),
            Self::Unsubscribed => ("Abonelikten çıktınız", "Bu göndericiden artık e-posta almayacaksınız."),
            Self::NotUnsubscribed => (
                "Bu bağlantı geçerli değil",
                "E-postadaki bağlantıyı eksiksiz açın ya da e-postayı yanıtlayıp göndericiye yazın.",
            ),
            Self::Failed => {
                ("Bağlantı tamamlanamadı", "Biraz sonra CRM'inizden yeniden başlatın. Sürerse yöneticinize bildirin.")
            }
        }
    }

    fn english(self) -> (&'static str, &'static str) {
        match self {
            Self::Home => ("Köprü", "Köprü is running. Its interface is described at <a href=\"/docs\">/docs</a>."),
            Self::Connected => (
                "Your Google account is connected",
                "You can close this window and go back to your CRM; choose the sheet to be synced next.",
            ),
            Self::CalendarConnected => {
                ("Your Google Calendar is connected", "You can close this window and go back to your CRM.")
            }
            Self::MailboxConnected => (
                "Your mailbox is connected",
                "Your company's e-mails can go from this address too. You can close this window and go back to your CRM.",
            ),
            Self::PortalConnected => {
                ("Your Bitrix24 portal is connected", "You can close this window and go back to your CRM.")
            }
            Self::Agreed => (
                "You have agreed",
                "The connection is completed on the page where you began it. Close this window and go back to your CRM.",
            ),
            Self::Cancelled => (
                "Not connected",
                "You did not agree, so nothing was connected. To connect, go back to your CRM and begin again.",
            ),
            Self::Expired => (
                "This link is not valid any more",
                "A consent is good for 10 minutes, and once. Go back to your CRM and begin again.",
            ),
            Self::ScopesMissing => (
                "Permissions are missing",
                "Not all permissions were granted. Go back to your CRM, begin again, and tick all boxes on Google's page.",
            ),
            Self::AdministratorFirst => (
                "Your organisation does not allow it",
                "Your organisation's administrator has to allow this app. Ask for Köprü to be made a trusted app, then begin again from your CRM.",
            ),
            Self::OtherAccount => (
                "Another Google account was chosen",
                "Your connection works with the account that you chose before. Begin again from your CRM and choose that one; to change it, disconnect first.",
            ),
            Self::SignIn => (
                "Sign in to the console",
                "<form method=\"post\"><button>Sign in</button></form> This link is good for five minutes, and once.",
            ),
            Self::LinkUsed => (
                "This link is not valid any more",
                "A link to sign in is good for five minutes, and once. Open a new one from your CRM.",
            ),
            Self::SignedOut => ("You are signed out", "To sign in again, open a new link from your CRM."),
            Self::Unsubscribe => (
                "Unsubscribe",
                "<form method=\"post\"><button>Unsubscribe</button></form> You will get no more e-mails from this sender.",
            ),
            Self::Unsubscribed => ("You are unsubscribed", "You will get no more e-mails from this sender."),
            Self::NotUnsubscribed => (
                "This link is not valid",
                "Open the whole link of the e-mail, or answer the e-mail and tell its sender.",
            ),
            Self::Failed => (
                "The connection could not be completed",
                "Begin again from your CRM in a while. If it goes on, tell your administrator.",
            ),
        }
    }

    /// The page in the reader's language.
    pub fn show(self, status: StatusCode, language: Language) -> Response {
        self.show_with(status, language, "")
    }

    /// The page with a script of ours.
    pub fn show_with(self, status: StatusCode, language: Language, script: &str) -> Response {
        let (title, text) = self.texts(language);
        let code = if language == Language::Tr { "tr" } else { "en" };
        let page =
            FRAME.replace("{lang}", code).replace("{title}", title).replace("{text}", text).replace("{script}", script);
        (status, Html(page)).into_response()
    }
}

/// The pages that have addresses of their own.
pub fn router() -> Router {
    let page = |page: Page| get(async move |headers: HeaderMap| page.show(StatusCode::OK, language(&headers)));
    Router::new()
        .route("/", page(Page::Home))
        .route("/sheet-sync", page(Page::Connected))
        .route(PORTAL_CONNECTED, page(Page::PortalConnected))
        .route(CALENDAR_CONNECTED, page(Page::CalendarConnected))
        .route(MAILBOX_CONNECTED, page(Page::MailboxConnected))
}
