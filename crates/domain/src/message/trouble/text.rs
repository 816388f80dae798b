//! What a person reads of a trouble, and should do about it.

use super::Trouble;
use crate::reason::Language;

impl Trouble {
    /// The trouble in a person's language, with what to do about it.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one table, in which no trouble can be forgotten")]
    pub fn text(self, language: Language) -> &'static str {
        language.of(match self {
            Self::BadNumber(fault) => return fault.text(language),
            Self::BadAddress(fault) => return fault.text(language),
            Self::Bounced => {
                ("Bu adres e-posta almıyor; adresi düzeltin.", "This address takes no e-mail; correct it.")
            }
            Self::Complained => (
                "Alıcı bir e-postayı spam olarak bildirdi; kendisi yeniden isteyene kadar ona yazmayın.",
                "The recipient called an e-mail spam; do not write to them until they ask for it again.",
            ),
            Self::MailboxBusy => (
                "Alıcının posta kutusu dolu veya sunucusu yanıt vermiyor; daha sonra yeniden deneyin.",
                "The recipient's mailbox is full or its server does not answer; retry later.",
            ),
            Self::DomainUnverified => (
                "Gönderen adresinin alan adı sağlayıcıda doğrulanmamış; DNS kayıtlarını ekleyip doğrulayın.",
                "The sender's domain is not verified at the provider; add its DNS records and verify it.",
            ),
            Self::EmailTooLarge => (
                "E-posta ekleriyle birlikte fazla büyük; ekleri küçültün veya bağlantı gönderin.",
                "The e-mail is too large with its files; make them smaller or send a link.",
            ),
            Self::RecipientInvalid => (
                "Alıcının numarası veya adresi geçersiz; düzeltin.",
                "The recipient's number or address is not valid; correct it.",
            ),
            Self::RecipientLandline => (
                "Alıcının numarası sabit hat, mesaj alamaz; cep numarasını yazın.",
                "The recipient's number is a landline and takes no messages; write a mobile number.",
            ),
            Self::RecipientMissing => (
                "Mesajın alıcısı yok; telefon numarasını yazın.",
                "The message has no recipient; write the phone number.",
            ),
            Self::UnknownNumber => (
                "Operatör bu numarayı tanımıyor; numarayı kontrol edin.",
                "The network does not know this number; check it.",
            ),
            Self::WhatsAppInactive => (
                "Bu numara WhatsApp'ta yok; SMS gönderin veya numarayı düzeltin.",
                "This number is not on WhatsApp; send an SMS or correct the number.",
            ),
            Self::WhatsAppWithheld => (
                "WhatsApp bu kişiye bu tür mesaj iletmiyor; SMS gönderin.",
                "WhatsApp does not pass on this kind of message to this person; send an SMS.",
            ),
            Self::OptedOut => (
                "Alıcı mesaj istemiyor; kendisi yeniden isteyene kadar ona mesaj gönderilmez.",
                "The recipient has opted out; no message is sent until they ask for it again.",
            ),
            Self::RecipientBlocked => (
                "Alıcı bu göndereni engellemiş; başka bir yoldan ulaşın.",
                "The recipient has blocked this sender; reach them in another way.",
            ),
            Self::CredentialsRefused => (
                "Mesaj sağlayıcısı kimlik bilgilerini kabul etmiyor; bağlantıyı yenileyin.",
                "The messaging provider refuses the credentials; connect it again.",
            ),
            Self::AccountMissing => (
                "Mesaj sağlayıcısında böyle bir hesap yok; bağlantıyı yenileyin.",
                "The messaging provider has no such account; connect it again.",
            ),
            Self::NotConfigured => (
                "Mesaj gönderimi kurulmamış; önce sağlayıcıyı bağlayın.",
                "Messaging is not set up; connect a provider first.",
            ),
            Self::AccountSuspended => (
                "Mesaj hesabı askıya alınmış; sağlayıcının panelinden açtırın.",
                "The messaging account is suspended; have it reopened in the provider's console.",
            ),
            Self::TrialRecipient => (
                "Deneme hesabı doğrulanmamış numaraya göndermez; numarayı doğrulayın veya hesabı yükseltin.",
                "A trial account sends to verified numbers only; verify the number or upgrade the account.",
            ),
            Self::NotJoined => (
                "Alıcı, deneme numarasına katılmamış; katılmasını isteyin veya asıl göndericiyi seçin.",
                "The recipient has not joined the test sender; ask them to join or choose a real sender.",
            ),
            Self::CountryNotEnabled => (
                "Alıcının ülkesine gönderim kapalı; sağlayıcının panelinden o ülkeyi açın.",
                "Sending to the recipient's country is off; enable the country in the provider's console.",
            ),
            Self::RouteMissing => (
                "Bu göndericiden alıcıya ulaşılamıyor; başka bir gönderici seçin.",
                "The recipient cannot be reached from this sender; choose another sender.",
            ),
            Self::SenderMissing => (
                "Gönderen seçilmemiş; ayarlardan bir gönderici seçin.",
                "No sender is chosen; choose one in the settings.",
            ),
            Self::SenderInvalid => (
                "Gönderen numara veya ad geçersiz; ayarlardan düzeltin.",
                "The sender's number or name is not valid; correct it in the settings.",
            ),
            Self::SenderNotOurs => (
                "Gönderici bu hesaba ait değil veya bu ülkeye gönderemiyor; başka bir gönderici seçin.",
                "The sender is not this account's or cannot send there; choose another sender.",
            ),
            Self::SenderUnregistered => (
                "Gönderici kayıtlı değil; sağlayıcının panelinden kaydını tamamlayın.",
                "The sender is not registered; complete its registration in the provider's console.",
            ),
            Self::ServiceEmpty => (
                "Gönderici havuzu yok veya içinde uygun gönderici yok; havuza bir gönderici ekleyin.",
                "The pool of senders is missing or has none that can send this; add a sender to it.",
            ),
            Self::WhatsAppSenderUnknown => (
                "Gönderen numara WhatsApp'a kayıtlı değil; sağlayıcının panelinden kaydedin.",
                "The sender is not registered with WhatsApp; register it in the provider's console.",
            ),
            Self::WhatsAppAccountLocked => (
                "WhatsApp işletme hesabı kilitli veya yetkisiz; Meta işletme ayarlarından düzeltin.",
                "The WhatsApp business account is locked or lacks rights; settle it in Meta's business settings.",
            ),
            Self::FraudBlocked => (
                "Sağlayıcı dolandırıcılık şüphesiyle durdurdu; sağlayıcının panelinden bu ülkeye izin verin.",
                "The provider stopped it as likely fraud; allow the destination in the provider's console.",
            ),
            Self::WindowClosed => (
                "Alıcı son 24 saatte yazmadı; serbest metin yerine onaylı bir şablon seçin.",
                "The recipient wrote nothing in the last 24 hours; choose an approved template in place of free text.",
            ),
            Self::TemplateNotApproved => (
                "Şablon onaylanmamış; onaylı bir şablon seçin.",
                "The template is not approved; choose an approved one.",
            ),
            Self::TemplateInvalid => {
                ("Şablon bulunamadı; başka bir şablon seçin.", "The template is not found; choose another one.")
            }
            Self::TemplateLanguage => (
                "Şablonun bu dilde metni yok; başka bir dil veya şablon seçin.",
                "The template has no text in this language; choose another language or template.",
            ),
            Self::TemplateVariables => (
                "Şablonun değişkenleri eksik veya hatalı; tümünü doldurun.",
                "The template's variables are missing or wrong; fill in all of them.",
            ),
            Self::ContentEmpty => ("Mesaj boş; bir metin yazın.", "The message is empty; write a text."),
            Self::ContentTooLong => ("Mesaj fazla uzun; kısaltın.", "The message is too long; shorten it."),
            Self::ContentRefused => (
                "Sağlayıcı mesajın içeriğini kabul etmedi; metni değiştirin.",
                "The provider did not take the message's content; change the text.",
            ),
            Self::MediaRefused => (
                "Ekteki dosya kabul edilmedi; adresini, türünü ve boyutunu kontrol edin.",
                "The file was not accepted; check its address, kind and size.",
            ),
            Self::PolicyRefused => (
                "Mesaj WhatsApp kurallarına aykırı bulundu; metni değiştirin.",
                "The message is against WhatsApp's policy; change the text.",
            ),
            Self::BlockedByCarrier => (
                "Operatör mesajı engelledi; aynı metni yeniden göndermeyin, metni değiştirin.",
                "The carrier blocked the message; do not send the same text again, change it.",
            ),
            Self::TimeRefused => (
                "Gönderim zamanı veya geçerlilik süresi sınırların dışında; zamanı değiştirin.",
                "The time to send or the validity is out of range; change the time.",
            ),
            Self::RateLimited => (
                "Çok hızlı gönderiliyor; biraz bekleyip yeniden deneyin.",
                "Messages are sent too fast; wait a little and retry.",
            ),
            Self::SenderQueueFull => (
                "Göndericinin sırası dolu; sıra boşalınca yeniden deneyin.",
                "The sender's queue is full; retry when it has emptied.",
            ),
            Self::LoopStopped => (
                "İki numara birbirine durmadan yanıt veriyor; otomatik yanıtı kapatıp bekleyin.",
                "Two numbers keep answering each other; turn the automatic answer off and wait.",
            ),
            Self::DailyCap => (
                "Sağlayıcının günlük sınırı doldu; yarın yeniden deneyin veya sınırı yükseltin.",
                "The provider's daily cap is reached; retry tomorrow or raise the cap.",
            ),
            Self::DailyLimitReached => (
                "Şirketin günlük mesaj sınırı buna izin vermiyor; ayarlardan sınırı yükseltin.",
                "The company's daily message limit does not allow it; raise it in the settings.",
            ),
            Self::CostCapReached => (
                "Şirketin günlük SMS parçası sınırı buna izin vermiyor; mesajı kısaltın veya sınırı yükseltin.",
                "The company's daily cap on SMS segments does not allow it; shorten the text or raise the cap.",
            ),
            Self::OutcomeUnknown => (
                "Mesaj gitmiş olabilir; yeniden göndermeden önce alıcıya ulaşıp ulaşmadığını kontrol edin.",
                "The message may have been sent; check whether it arrived before sending again.",
            ),
            Self::Unreachable => (
                "Alıcının telefonu kapalı veya kapsama dışında; daha sonra yeniden deneyin.",
                "The recipient's phone is off or out of reach; retry later.",
            ),
            Self::CarrierBusy => (
                "Operatörün hattı yoğun; daha sonra yeniden deneyin.",
                "The carrier's network is congested; retry later.",
            ),
            Self::Expired => (
                "Mesaj geçerlilik süresi içinde ulaşmadı; hâlâ gerekliyse yeniden gönderin.",
                "The message did not arrive within its validity; send it again if it is still needed.",
            ),
            Self::ProviderDown => (
                "Mesaj sağlayıcısı şu an çalışmıyor; daha sonra yeniden deneyin.",
                "The messaging provider is down at present; retry later.",
            ),
            Self::Unexplained => (
                "Mesaj bilinmeyen bir nedenle ulaşmadı; gerekirse daha sonra yeniden gönderin.",
                "The message did not arrive for a reason that is not known; send it again later if needed.",
            ),
        })
    }
}
