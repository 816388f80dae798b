//! The suites: each function is one clause of a port's contract, and panics when it does not hold.

#![expect(clippy::missing_panics_doc, reason = "every clause panics when it does not hold")]

pub mod access_tokens;
pub mod clock;
pub mod configs;
pub mod consents;
pub mod crm;
pub mod crm_catalog;
pub mod crm_writer;
pub mod delivery;
pub mod gate;
pub mod identity;
pub mod integrations;
pub mod limits;
pub mod oauth_provider;
pub mod portal_connections;
pub mod sealed_texts;
pub mod sealer;
pub mod spreadsheets;
pub mod sync;
pub mod tokens;
pub mod trouble;
pub mod unique_ids;

/// Runs the clauses of the storage ports against a store: of all of them, or of those that are named.
/// `$open` is an expression that gives a future of `Some` `Arc` of a fresh, empty store that implements them,
/// or of `None` where its server is missing: then it has to say that the test is skipped. The clauses of
/// `sync` and `configs` also need [`kopru_ports::identity::IdentityStore`] and each other.
#[macro_export]
macro_rules! storage_suite {
    ($open:expr) => {
        $crate::storage_suite!($open; delivery, limits, sync, configs, identity, integrations, tokens, consents, sealed_texts);
    };
    ($open:expr; $($port:ident),+ $(,)?) => {
        $($crate::port_suite!($open, $port);)+
    };
}

/// One port's clauses.
#[doc(hidden)]
#[macro_export]
macro_rules! port_suite {
    ($open:expr, delivery) => {
        $crate::clauses!($open, delivery: [
            work_is_leased_claimed_and_finished,
            a_lane_has_one_holder,
            with_a_stale_lease_nothing_is_recorded,
            work_made_due_meanwhile_is_due_again,
            wishes_for_the_same_work_are_gathered,
            a_pause_blocks_its_own_key_only,
            an_open_attempt_holds_its_key_until_its_deadline,
            parked_work_waits_for_the_next_wish,
            urgent_work_goes_first_and_a_claim_is_of_one_kind,
            a_claim_takes_its_urgency_and_leaves_what_others_have_in_hand,
            companies_take_turns,
            a_lane_given_back_stands_behind_those_that_wait,
            a_late_attempt_is_opened_again,
            follow_ups_come_with_the_turn_or_not_at_all,
            an_idle_store_knows_when_to_look_again,
        ]);
    };
    ($open:expr, sealed_texts) => {
        $crate::clauses!($open, sealed_texts: [
            all_that_a_company_has_sealed_is_listed_with_its_place,
            a_text_is_replaced_unless_another_one_stands_there,
        ]);
    };
    ($open:expr, limits) => {
        $crate::clauses!($open, limits: [
            a_pass_spends_from_all_its_limits_or_from_none,
            what_is_kept_is_for_people,
            a_vendors_refusal_holds_its_scope,
            what_a_call_cost_more_or_less_is_made_good,
        ]);
    };
    ($open:expr, sync) => {
        $crate::clauses!($open, sync: [
            an_event_is_stored_once,
            a_row_that_says_nothing_new_stays_as_it_is,
            a_row_that_changed_while_it_was_written_stays_pending,
            statuses_are_due_until_they_are_shown,
            a_finished_scan_ends_the_statuses_of_rows_that_are_gone,
            the_history_is_paged_from_its_end,
            a_scan_begun_anew_is_not_set_back,
            a_deleted_configuration_leaves_nothing,
            replay_forgets_refusals,
            companies_do_not_see_each_other,
        ]);
    };
    ($open:expr, configs) => {
        $crate::clauses!($open, configs: [
            configurations_are_unique_and_found_by_their_webhook_key,
        ]);
    };
    ($open:expr, identity) => {
        $crate::clauses!($open, identity: [
            a_key_is_found_by_its_hash_until_it_is_revoked,
            the_first_vault_probe_is_kept,
        ]);
    };
    ($open:expr, integrations) => {
        $crate::clauses!($open, integrations: [
            settings_are_replaced_and_forgotten,
            companies_settings_are_kept_apart,
        ]);
    };
    ($open:expr, tokens) => {
        $crate::clauses!($open, tokens: [
            a_token_is_saved_against_its_version,
            one_caller_refreshes_at_a_time,
            a_status_touches_neither_tokens_nor_version,
            peoples_connections_are_kept_apart,
        ]);
    };
    ($open:expr, consents) => {
        $crate::clauses!($open, consents: [
            a_consent_is_taken_once_and_in_time,
        ]);
    };
}

/// One test for each clause; one that is skipped is an ignored test with its reason. A skip of what is no clause
/// does not compile.
#[doc(hidden)]
#[macro_export]
macro_rules! clauses {
    ($open:expr, $suite:ident: [$($clause:ident),* $(,)?]) => {
        $crate::clauses!($open, $suite: [$($clause),*], skip: []);
    };
    ($open:expr, $suite:ident: [$($clause:ident),* $(,)?], skip: [$($skipped:ident = $reason:literal),* $(,)?]) => {
        mod $suite {
            #[allow(unused_imports, reason = "an expression of full paths needs none")]
            use super::*;
            $crate::clauses!(@tests ($) $open, $suite, [$($clause)*], [$($skipped = $reason)*]);
        }
    };
    (@tests ($dollar:tt) $open:expr, $suite:ident, [$($clause:ident)*], [$($skipped:ident = $reason:literal)*]) => {
        macro_rules! unless_skipped {
            $(($skipped) => {};)*
            ($dollar clause:ident) => { $crate::clauses!(@test [] $open, $suite, $dollar clause); };
        }
        $(unless_skipped!($clause);)*
        $($crate::clauses!(@test [#[ignore = $reason]] $open, $suite, $skipped);)*
    };
    (@test [$($attribute:tt)*] $open:expr, $suite:ident, $clause:ident) => {
        #[tokio::test]
        $($attribute)*
        async fn $clause() {
            if let Some(world) = $open.await {
                $crate::suites::$suite::$clause(world).await;
            }
        }
    };
}
