//! The suite that every store passes: one set of cases, run on each implementation.
//!
//! A store's tests say `store::conformance_tests!(make)`, where `make` is an async function that gives a [`Harness`] around a new,
//! empty database. Each case is a test of its own and depends on no other.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "these are tests: a panic is a failed case")]

pub mod commits;
pub mod data;
pub mod filters;
pub mod flows;
pub mod insight;
pub mod jobs;
pub mod journal;
pub mod nouns;
pub mod numbers;
pub mod outbox;
pub mod reads;

use crate::Store;
use async_trait::async_trait;
use std::sync::Arc;

/// A database of its own for one case.
#[async_trait]
pub trait Harness: Send + Sync {
    fn store(&self) -> Arc<dyn Store>;
    /// Close the store and open another one on the same data.
    async fn reopen(&mut self);
    /// Change the data behind the store's back.
    async fn tamper(&self, sql: &'static str);
    /// From now on the database refuses every ticket with this title, although the store finds nothing wrong with it.
    async fn poison(&self, title: &str);
}

#[macro_export]
macro_rules! conformance_tests {
    ($make:path) => {
        $crate::conformance_tests! { @each $make:
            commits::keeps_everything_about_a_ticket,
            commits::writes_a_ticket_again,
            commits::refuses_a_version_that_is_not_there,
            commits::refuses_everything_when_one_check_fails,
            commits::lets_one_of_two_conflicting_commits_win,
            commits::answers_a_repeated_command,
            commits::carries_out_concurrent_duplicates_once,
            commits::refuses_a_taken_value,
            commits::frees_a_value_that_was_given_up,
            numbers::leases_every_number_once,
            numbers::keeps_numbers_above_a_floor,
            commits::spares_the_neighbours_of_a_poisoned_changeset,
            commits::keeps_everything_over_a_restart,
            commits::keeps_organisations_apart,
            commits::orders_writes_of_one_batch,
            commits::refuses_work_after_close,
            reads::notices_a_changed_list,
            reads::notices_a_changed_count,
            reads::notices_changed_records,
            reads::notices_changed_items,
            reads::notices_changed_members,
            reads::notices_changed_relations,
            reads::lets_one_of_two_write_skews_win,
            filters::agree_with_the_oracle,
            filters::treat_values_as_values,
            filters::visit_every_ticket_once_while_rows_change,
            filters::put_tickets_without_due_time_last,
            filters::count_by_value,
            filters::clamp_the_page,
            journal::chains_every_subject,
            journal::gives_history_and_positions,
            journal::tells_who_waits,
            journal::detects_an_edit,
            journal::detects_a_deletion,
            journal::detects_a_missing_tail,
            journal::detects_a_swap,
            jobs::run_in_order_of_their_key,
            jobs::carry_the_place_of_their_event,
            jobs::deliver_events_as_written,
            jobs::are_not_overtaken_by_a_retry,
            jobs::complete_only_with_the_current_fence,
            jobs::come_back_when_a_lease_ends,
            jobs::are_held_by_heartbeats,
            jobs::are_given_back_as_they_were,
            jobs::hold_back_what_comes_after,
            jobs::die_and_are_retried,
            jobs::replace_and_cancel_by_unique_key,
            jobs::give_up_a_key_within_a_changeset,
            jobs::are_claimed_once_by_eight_workers,
            jobs::say_when_the_next_is_due,
            jobs::survive_an_unreadable_neighbour,
            flows::keep_every_version_of_a_definition,
            flows::keep_instances_and_count_them,
            flows::list_the_tasks_of_a_person,
            flows::find_who_waits_and_what_came_early,
            flows::notice_a_new_receiver_a_new_message_and_a_new_instance,
            nouns::keep_people_groups_spaces_and_roles,
            nouns::list_people_by_page,
            nouns::keep_secrets_and_sessions,
            nouns::keep_cis_classes_and_relations,
            nouns::keep_records,
            nouns::show_records_to_readers,
            nouns::keep_calendars_plugins_and_components,
            nouns::keep_notifications_and_blobs,
            nouns::keep_nodes_while_they_beat,
            insight::search_the_journal_within_a_scope,
            insight::find_records_by_words,
            insight::give_facts_of_visible_tickets,
            outbox::keep_what_is_sent_until_it_is_sent,
            outbox::list_count_and_forget_what_was_sent,
        }
    };
    (@each $make:path: $($module:ident::$case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::$module::$case($make().await).await;
            }
        )*
    };
}
