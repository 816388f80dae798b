//! Where a message is on its way.

use serde::{Deserialize, Serialize};

use crate::reason::Language;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// It waits for its time.
    Scheduled,
    /// It waits its turn, here or at the provider.
    Queued,
    /// The provider has passed it on.
    Sent,
    /// It is on the recipient's telephone.
    Delivered,
    /// The recipient has opened it.
    Read,
    /// It was sent and did not arrive.
    Undelivered,
    /// It was certainly not sent. One that may have gone is [`Self::Unknown`], however often it was tried.
    Failed,
    /// It was called back before it was sent.
    Canceled,
    /// It was never handed to the provider, for a reason that is told with it.
    Skipped,
    /// It is not known whether the provider took it.
    Unknown,
}

impl MessageStatus {
    /// The status after the provider reported `told`. Reports come late, twice and in any order: the one
    /// that says most of the message's fate wins, so that none can take back what another one has proved.
    #[must_use]
    pub fn advance(self, told: Self) -> Self {
        if told.rank() > self.rank() { told } else { self }
    }

    /// How much a status says of the fate. What stopped a message ends the steps up to `Sent`; that it
    /// was delivered after all is the stronger proof.
    fn rank(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Skipped => 1,
            Self::Scheduled => 2,
            Self::Queued => 3,
            Self::Sent => 4,
            Self::Canceled => 5,
            Self::Failed => 6,
            Self::Undelivered => 7,
            Self::Delivered => 8,
            Self::Read => 9,
        }
    }

    /// Whether it waits to be handed to the provider.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Scheduled | Self::Queued)
    }

    /// Whether nothing is awaited any more; a delivered message may still be read.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Scheduled | Self::Queued | Self::Sent | Self::Unknown => false,
            Self::Delivered | Self::Read | Self::Undelivered | Self::Failed | Self::Canceled | Self::Skipped => true,
        }
    }

    /// The status in a person's language.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Scheduled => ("Zamanlandı", "Scheduled"),
            Self::Queued => ("Sırada", "Queued"),
            Self::Sent => ("Gönderildi", "Sent"),
            Self::Delivered => ("Ulaştı", "Delivered"),
            Self::Read => ("Okundu", "Read"),
            Self::Undelivered => ("Ulaşmadı", "Not delivered"),
            Self::Failed => ("Gönderilemedi", "Failed"),
            Self::Canceled => ("İptal edildi", "Canceled"),
            Self::Skipped => ("Atlandı", "Skipped"),
            Self::Unknown => ("Belirsiz", "Unknown"),
        })
    }
}

#[cfg(test)]
mod tests {
    use MessageStatus::{Canceled, Delivered, Failed, Queued, Read, Scheduled, Sent, Skipped, Undelivered, Unknown};
    use proptest::prelude::*;
    use proptest::sample::select;
    use rstest::rstest;

    use super::*;

    const ALL: [MessageStatus; 10] =
        [Scheduled, Queued, Sent, Delivered, Read, Undelivered, Failed, Canceled, Skipped, Unknown];

    fn after(start: MessageStatus, told: &[MessageStatus]) -> MessageStatus {
        told.iter().fold(start, |status, told| status.advance(*told))
    }

    #[rstest]
    #[case(Queued, Sent, Sent)]
    #[case(Delivered, Sent, Delivered)]
    #[case(Read, Delivered, Read)]
    #[case(Sent, Undelivered, Undelivered)]
    #[case(Undelivered, Sent, Undelivered)]
    #[case(Failed, Queued, Failed)]
    #[case(Canceled, Scheduled, Canceled)]
    #[case(Failed, Delivered, Delivered)]
    #[case(Delivered, Failed, Delivered)]
    #[case(Undelivered, Read, Read)]
    #[case(Unknown, Queued, Queued)]
    #[case(Unknown, Failed, Failed)]
    #[case(Sent, Unknown, Sent)]
    fn a_report_moves_a_message_forward_only(
        #[case] status: MessageStatus,
        #[case] told: MessageStatus,
        #[case] expected: MessageStatus,
    ) {
        assert_eq!(status.advance(told), expected);
    }

    #[test]
    fn what_the_provider_says_of_a_lost_answer_is_believed() {
        for told in ALL {
            assert_eq!(Unknown.advance(told), told);
        }
    }

    proptest! {
        #[test]
        fn the_order_of_reports_and_their_repetition_change_nothing(
            start in select(ALL.to_vec()),
            (told, shuffled) in prop::collection::vec(select(ALL.to_vec()), 0..8)
                .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        ) {
            let end = after(start, &told);
            prop_assert_eq!(after(start, &shuffled), end);
            prop_assert_eq!(after(end, &told), end);
        }

        #[test]
        fn what_arrived_stays_so(told in prop::collection::vec(select(ALL.to_vec()), 0..8)) {
            prop_assert!(matches!(after(Delivered, &told), Delivered | Read));
            prop_assert!(after(Undelivered, &told).is_final());
        }
    }
}
