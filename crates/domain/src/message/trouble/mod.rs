//! Why a message was not sent or did not arrive, whoever the provider is.

mod text;

use serde::{Deserialize, Serialize};

use super::phone_fault::PhoneFault;
use crate::email::EmailFault;

/// Why a message was not sent or did not arrive. Each has a stable [`Trouble::code`], a
/// [`Trouble::text`] for the person, and what helps: its [`Trouble::remedy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trouble {
    /// The recipient's number does not exist.
    RecipientInvalid,
    /// The recipient's number is a landline's, which takes no messages.
    RecipientLandline,
    /// There is no recipient.
    RecipientMissing,
    /// The network knows no such subscriber.
    UnknownNumber,
    /// The recipient is not on WhatsApp.
    #[serde(rename = "whatsapp_inactive")]
    WhatsAppInactive,
    /// WhatsApp keeps this kind of message from the recipient.
    #[serde(rename = "whatsapp_withheld")]
    WhatsAppWithheld,
    /// The text is no number that a message can go to; why.
    BadNumber(PhoneFault),
    /// The text is no address that an e-mail can go to; why.
    BadAddress(EmailFault),
    /// There is no such mailbox, or it takes nothing.
    Bounced,
    /// The recipient has called a message spam.
    Complained,
    /// The mailbox is full, or its server took nothing for too long.
    MailboxBusy,
    /// The recipient has asked for no more messages.
    OptedOut,
    /// The recipient has blocked the sender.
    RecipientBlocked,
    /// The provider refuses the credentials.
    CredentialsRefused,
    /// The provider has no such account.
    AccountMissing,
    /// The company has no usable settings for the channel.
    #[serde(rename = "integration_not_configured")]
    NotConfigured,
    /// The provider has suspended the account.
    AccountSuspended,
    /// A trial account may write to verified numbers only.
    TrialRecipient,
    /// The sender is for tests, and the recipient has not joined them.
    NotJoined,
    /// The account may not send to the recipient's country.
    CountryNotEnabled,
    /// The recipient cannot be reached from the sender.
    RouteMissing,
    /// No sender is chosen.
    SenderMissing,
    /// The sender's number or name does not exist.
    SenderInvalid,
    /// The sender is not the account's, or not for this destination.
    SenderNotOurs,
    /// The sender's domain is not verified at the provider.
    DomainUnverified,
    /// The sender is not registered where the recipient's country asks for it.
    SenderUnregistered,
    /// The pool of senders is missing, or none in it can send this.
    ServiceEmpty,
    /// The sender is not registered with WhatsApp.
    #[serde(rename = "whatsapp_sender_unknown")]
    WhatsAppSenderUnknown,
    /// WhatsApp has locked the business account, or does not accept its rights.
    #[serde(rename = "whatsapp_account_locked")]
    WhatsAppAccountLocked,
    /// The provider took it for fraud at the account's cost.
    FraudBlocked,
    /// WhatsApp takes free text only for a day after the recipient has written.
    WindowClosed,
    /// The template is not approved.
    TemplateNotApproved,
    /// There is no such template.
    TemplateInvalid,
    /// The template does not exist in the language.
    TemplateLanguage,
    /// The template's variables are not filled rightly.
    TemplateVariables,
    /// There is nothing in the message.
    ContentEmpty,
    /// The text is too long.
    ContentTooLong,
    /// The e-mail with its files is larger than the provider takes.
    EmailTooLarge,
    /// The provider does not take the content.
    ContentRefused,
    /// A file is too large, of the wrong kind or not to be had.
    MediaRefused,
    /// The content is against the channel's policy.
    PolicyRefused,
    /// The carrier blocked or filtered it.
    BlockedByCarrier,
    /// The time to send or the validity is out of the provider's range.
    TimeRefused,
    /// Too many messages at once.
    RateLimited,
    /// The sender has too much waiting already.
    SenderQueueFull,
    /// Two numbers answer each other without end.
    LoopStopped,
    /// The day's quota at the carrier or provider is spent.
    DailyCap,
    /// The company's own limit does not allow it.
    DailyLimitReached,
    /// The company's own cap on segments does not allow it.
    CostCapReached,
    /// It is not known whether it went; nothing was repeated.
    OutcomeUnknown,
    /// The telephone is off or out of reach.
    Unreachable,
    /// The carrier's network is congested.
    CarrierBusy,
    /// It was not delivered within its validity.
    Expired,
    /// The provider does not answer as it should; it certainly did not send.
    ProviderDown,
    /// It failed and no known reason was given.
    Unexplained,
}

/// What helps: how a screen groups troubles, and what it offers to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Correct the recipient, or write to another one.
    FixRecipient,
    /// Leave the recipient alone.
    OptedOut,
    /// Connect the provider again.
    Reconnect,
    /// Change the settings, here or at the provider.
    SetUp,
    /// Choose an approved template.
    TemplateRequired,
    /// Change the message.
    ChangeContent,
    /// Send more slowly.
    SlowDown,
    /// Wait for the next day, or raise the limit.
    Quota,
    /// Look whether it arrived before sending again.
    MaybeSent,
    /// Send again later.
    TryLater,
}

impl Trouble {
    /// A stable name for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RecipientInvalid => "recipient_invalid",
            Self::RecipientLandline => "recipient_landline",
            Self::RecipientMissing => "recipient_missing",
            Self::UnknownNumber => "unknown_number",
            Self::WhatsAppInactive => "whatsapp_inactive",
            Self::WhatsAppWithheld => "whatsapp_withheld",
            Self::BadNumber(fault) => fault.code(),
            Self::BadAddress(fault) => fault.code(),
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::MailboxBusy => "mailbox_busy",
            Self::OptedOut => "opted_out",
            Self::RecipientBlocked => "recipient_blocked",
            Self::CredentialsRefused => "credentials_refused",
            Self::AccountMissing => "account_missing",
            Self::NotConfigured => "integration_not_configured",
            Self::AccountSuspended => "account_suspended",
            Self::TrialRecipient => "trial_recipient",
            Self::NotJoined => "not_joined",
            Self::CountryNotEnabled => "country_not_enabled",
            Self::RouteMissing => "route_missing",
            Self::SenderMissing => "sender_missing",
            Self::SenderInvalid => "sender_invalid",
            Self::SenderNotOurs => "sender_not_ours",
            Self::DomainUnverified => "domain_unverified",
            Self::SenderUnregistered => "sender_unregistered",
            Self::ServiceEmpty => "service_empty",
            Self::WhatsAppSenderUnknown => "whatsapp_sender_unknown",
            Self::WhatsAppAccountLocked => "whatsapp_account_locked",
            Self::FraudBlocked => "fraud_blocked",
            Self::WindowClosed => "window_closed",
            Self::TemplateNotApproved => "template_not_approved",
            Self::TemplateInvalid => "template_invalid",
            Self::TemplateLanguage => "template_language",
            Self::TemplateVariables => "template_variables",
            Self::ContentEmpty => "content_empty",
            Self::ContentTooLong => "content_too_long",
            Self::EmailTooLarge => "email_too_large",
            Self::ContentRefused => "content_refused",
            Self::MediaRefused => "media_refused",
            Self::PolicyRefused => "policy_refused",
            Self::BlockedByCarrier => "blocked_by_carrier",
            Self::TimeRefused => "time_refused",
            Self::RateLimited => "rate_limited",
            Self::SenderQueueFull => "sender_queue_full",
            Self::LoopStopped => "loop_stopped",
            Self::DailyCap => "daily_cap",
            Self::DailyLimitReached => "daily_limit_reached",
            Self::CostCapReached => "cost_cap_reached",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Unreachable => "unreachable",
            Self::CarrierBusy => "carrier_busy",
            Self::Expired => "expired",
            Self::ProviderDown => "provider_down",
            Self::Unexplained => "unexplained",
        }
    }

    /// Whether it is the account's, and so every message's until people have put it right.
    #[must_use]
    pub fn is_the_accounts(self) -> bool {
        matches!(
            self,
            Self::CredentialsRefused
                | Self::AccountMissing
                | Self::NotConfigured
                | Self::AccountSuspended
                | Self::WhatsAppAccountLocked
        )
    }

    /// What helps.
    #[must_use]
    pub fn remedy(self) -> Remedy {
        match self {
            Self::RecipientInvalid
            | Self::RecipientLandline
            | Self::RecipientMissing
            | Self::UnknownNumber
            | Self::WhatsAppInactive
            | Self::WhatsAppWithheld
            | Self::BadNumber(_)
            | Self::BadAddress(_)
            | Self::Bounced => Remedy::FixRecipient,
            Self::OptedOut | Self::RecipientBlocked | Self::Complained => Remedy::OptedOut,
            Self::CredentialsRefused | Self::AccountMissing => Remedy::Reconnect,
            Self::NotConfigured
            | Self::AccountSuspended
            | Self::TrialRecipient
            | Self::NotJoined
            | Self::CountryNotEnabled
            | Self::RouteMissing
            | Self::SenderMissing
            | Self::SenderInvalid
            | Self::SenderNotOurs
            | Self::DomainUnverified
            | Self::SenderUnregistered
            | Self::ServiceEmpty
            | Self::WhatsAppSenderUnknown
            | Self::WhatsAppAccountLocked
            | Self::FraudBlocked => Remedy::SetUp,
            Self::WindowClosed | Self::TemplateNotApproved | Self::TemplateInvalid | Self::TemplateLanguage => {
                Remedy::TemplateRequired
            }
            Self::TemplateVariables
            | Self::ContentEmpty
            | Self::ContentTooLong
            | Self::EmailTooLarge
            | Self::ContentRefused
            | Self::MediaRefused
            | Self::PolicyRefused
            | Self::BlockedByCarrier
            | Self::TimeRefused => Remedy::ChangeContent,
            Self::RateLimited | Self::SenderQueueFull | Self::LoopStopped => Remedy::SlowDown,
            Self::DailyCap | Self::DailyLimitReached | Self::CostCapReached => Remedy::Quota,
            Self::OutcomeUnknown => Remedy::MaybeSent,
            Self::Unreachable
            | Self::CarrierBusy
            | Self::MailboxBusy
            | Self::Expired
            | Self::ProviderDown
            | Self::Unexplained => Remedy::TryLater,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::reason::Language;

    /// What is stored and what programs compare: a name may be added, never changed.
    const CODES: &str = "
        recipient_invalid recipient_landline recipient_missing unknown_number whatsapp_inactive
        whatsapp_withheld opted_out recipient_blocked credentials_refused account_missing
        integration_not_configured account_suspended trial_recipient not_joined country_not_enabled
        route_missing sender_missing sender_invalid sender_not_ours sender_unregistered
        service_empty whatsapp_sender_unknown whatsapp_account_locked fraud_blocked window_closed
        template_not_approved template_invalid template_language template_variables content_empty
        content_too_long content_refused media_refused policy_refused blocked_by_carrier
        time_refused rate_limited sender_queue_full loop_stopped daily_cap daily_limit_reached
        cost_cap_reached outcome_unknown unreachable carrier_busy expired provider_down unexplained
        bounced complained mailbox_busy domain_unverified email_too_large";

    #[test]
    fn a_trouble_is_stored_by_its_code_and_told_in_both_languages() {
        for code in CODES.split_whitespace() {
            let trouble: Trouble = serde_json::from_value(code.into()).unwrap();
            assert_eq!(trouble.code(), code);
            let (tr, en) = (trouble.text(Language::Tr), trouble.text(Language::En));
            assert!(tr.contains(';') && en.contains(';'), "{code} does not say what to do: {tr} {en}");
        }
    }

    #[test]
    fn a_bad_number_tells_its_own_fault() {
        let bad = Trouble::BadNumber(PhoneFault::Letters);
        assert_eq!(serde_json::to_string(&bad).unwrap(), r#"{"bad_number":"letters"}"#);
        assert_eq!(serde_json::from_str::<Trouble>(r#"{"bad_number":"letters"}"#).unwrap(), bad);
        assert_eq!((bad.code(), bad.text(Language::En)), ("phone_letters", PhoneFault::Letters.text(Language::En)));
    }

    #[test]
    fn a_bad_address_tells_its_own_fault() {
        let bad = Trouble::BadAddress(EmailFault::NoAt);
        assert_eq!(serde_json::to_string(&bad).unwrap(), r#"{"bad_address":"no_at"}"#);
        assert_eq!((bad.code(), bad.text(Language::En)), ("email_no_at", EmailFault::NoAt.text(Language::En)));
    }

    #[rstest]
    #[case(Trouble::BadNumber(PhoneFault::TooShort), Remedy::FixRecipient)]
    #[case(Trouble::OptedOut, Remedy::OptedOut)]
    #[case(Trouble::CredentialsRefused, Remedy::Reconnect)]
    #[case(Trouble::NotConfigured, Remedy::SetUp)]
    #[case(Trouble::WindowClosed, Remedy::TemplateRequired)]
    #[case(Trouble::BlockedByCarrier, Remedy::ChangeContent)]
    #[case(Trouble::RateLimited, Remedy::SlowDown)]
    #[case(Trouble::DailyCap, Remedy::Quota)]
    #[case(Trouble::OutcomeUnknown, Remedy::MaybeSent)]
    #[case(Trouble::ProviderDown, Remedy::TryLater)]
    fn what_helps(#[case] trouble: Trouble, #[case] remedy: Remedy) {
        assert_eq!(trouble.remedy(), remedy);
    }
}
