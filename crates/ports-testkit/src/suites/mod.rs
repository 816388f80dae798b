//! The suites: each function is one clause of a port's contract, and panics when it does not hold.

#![expect(clippy::missing_panics_doc, reason = "every clause panics when it does not hold")]

pub mod access_tokens;
pub mod audit;
pub mod calendar;
pub mod clock;
pub mod configs;
pub mod consents;
pub mod contacts;
pub mod crm;
pub mod crm_catalog;
pub mod crm_writer;
pub mod data;
pub mod delivery;
pub mod email_sender;
pub mod erasure;
pub mod gate;
pub mod host_tokens;
pub mod identity;
pub mod inbound;
pub mod integrations;
pub mod limits;
pub mod message_sender;
pub mod message_steps;
pub mod oauth_provider;
pub mod origins;
pub mod outbox;
pub mod portal_connections;
pub mod restore;
pub mod sealed_texts;
pub mod sealer;
pub mod sessions;
pub mod spreadsheets;
pub mod sync;
pub mod texts;
pub mod tokens;
pub mod trouble;
pub mod unique_ids;

/// Runs the clauses of the storage ports against a store: of all of them, or of those that are named.
/// `$open` is an expression that gives a future of `Some` `Arc` of a fresh, empty store that implements them,
/// or of `None` where its server is missing: then it has to say that the test is skipped. The clauses of
/// `sync` and `configs` also need [`kopru_ports::identity::IdentityStore`] and each other, and so do those of `outbox`,
/// `message_steps` and `contacts`, with `delivery`.
#[macro_export]
macro_rules! storage_suite {
    ($open:expr) => {
        $crate::storage_suite!($open; delivery, limits, sync, configs, identity, integrations, tokens, consents, sessions, origins, audit, data, erasure, sealed_texts, outbox, message_steps, contacts, texts, restore);
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
            what_waits_for_its_account_keeps_its_place,
            a_late_attempt_is_opened_again,
            a_turn_cannot_close_what_was_opened_again_meanwhile,
            follow_ups_come_with_the_turn_or_not_at_all,
            an_idle_store_knows_when_to_look_again,
        ]);
    };
    ($open:expr, origins) => {
        $crate::clauses!($open, origins: [
            origins_are_replaced_and_kept_apart,
        ]);
    };
    ($open:expr, audit) => {
        $crate::clauses!($open, audit: [
            entries_are_paged_from_the_newest,
        ]);
    };
    ($open:expr, data) => {
        $crate::clauses!($open, data: [
            what_is_old_is_deleted_bite_by_bite,
            sessions_and_consents_that_have_ended_are_deleted,
            messages_are_deleted_when_nothing_is_left_to_be_done_for_them,
            what_says_nothing_any_more_is_deleted,
            what_is_kept_is_listed,
        ]);
    };
    ($open:expr, erasure) => {
        $crate::clauses!($open, erasure: [
            a_person_is_erased_and_nobody_else,
            a_company_is_erased_and_no_other,
            an_erasure_goes_on_from_wherever_it_broke_off,
            with_an_erased_companys_lane_nothing_is_recorded,
        ]);
    };
    ($open:expr, outbox) => {
        $crate::clauses!($open, outbox: [
            a_request_is_known_by_its_key,
            of_requests_with_one_key_at_once_one_is_stored,
            a_request_comes_with_its_work_or_not_at_all,
            messages_are_listed_newest_first_by_what_is_asked,
            companies_messages_are_kept_apart,
            outgoing_messages_come_with_their_contacts,
            caps_are_counted_once_for_each_message,
            caps_hold_for_all_that_count_at_once,
        ]);
    };
    ($open:expr, message_steps) => {
        $crate::clauses!($open, message_steps: [
            a_turn_moves_its_messages_forward,
            an_opt_out_that_the_vendor_knows_is_learnt,
            reports_come_in_any_order,
            a_report_finds_its_message_by_either_id,
            what_waits_here_is_cancelled,
            what_may_have_gone_is_not_cancelled,
            a_sender_that_has_frozen_a_message_sees_whether_it_was_cancelled,
        ]);
    };
    ($open:expr, contacts) => {
        $crate::clauses!($open, contacts: [
            people_end_and_take_up_messages_by_a_word,
            a_repeated_message_changes_nothing,
            opt_outs_are_listed_by_channel_and_address,
            what_is_known_beside_messages_is_listed,
        ]);
    };
    ($open:expr, texts) => {
        $crate::clauses!($open, texts: [
            templates_are_kept_under_their_names,
            a_policy_is_the_default_until_it_is_set,
        ]);
    };
    ($open:expr, restore) => {
        $crate::clauses!($open, restore: [
            nothing_is_noticed_where_nothing_was_restored,
            configurations_are_held_until_their_tabs_were_read,
            what_waits_to_be_sent_is_in_doubt,
            leases_of_before_record_nothing,
            sessions_and_consents_end,
        ]);
    };
    ($open:expr, sessions) => {
        $crate::clauses!($open, sessions: [
            a_session_is_found_until_it_expires,
            a_session_is_ended_once,
            sessions_end_with_their_key,
        ]);
    };
    ($open:expr, sealed_texts) => {
        $crate::clauses!($open, sealed_texts: [
            all_that_a_company_has_sealed_is_listed_with_its_place,
            a_text_is_replaced_unless_another_one_stands_there,
            the_first_vault_probe_is_kept,
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
            all_rows_are_paged_by_their_ids,
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
