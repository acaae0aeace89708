//! Notifications by mail: what the product tells a person goes to their address too, unless they do not want that.

use super::plan::{self, About};
use crate::app::App;
use domain::event::{Cause, Origin};
use domain::outbox::{Content, Mail, MailPurpose};
use domain::schedule::RetryPolicy;
use domain::{Actor, Person, PersonId, SpaceId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use store::{Changeset, Notification, Write};

/// The attribute of a person that is `false` when they want no notifications by mail.
const PREFERENCE: &str = "notify_by_mail";
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// People whose last hour is remembered.
const REMEMBERED_MAX: usize = 50_000;

/// Put a mail beside every notification of a changeset.
pub(crate) fn add_notifications(app: &App, set: &mut Changeset) {
    // History is stated, not lived through again.
    let is_history = set.events.first().is_some_and(|event| event.cause.origin == Origin::Import);
    if !app.config.mail.notify || is_history {
        return;
    }
    let told: Vec<Notification> = set
        .writes
        .iter()
        .filter_map(|write| match write {
            Write::Notification(one) => Some(one.clone()),
            _ => None,
        })
        .collect();
    for one in told {
        let own = || Cause {
            command: one.id.clone(),
            correlation: one.id.clone(),
            depth: 0,
            origin: Origin::Timer,
            chain: Vec::new(),
        };
        let cause = set.events.first().map_or_else(own, |event| event.cause.clone());
        let mail = Mail {
            purpose: MailPurpose::Notification,
            person: Some(one.person),
            to_name: None,
            to: String::new(),
            subject: one.subject,
            text: one.body,
        };
        let about = About {
            key: format!("notification:{}", one.id),
            policy: RetryPolicy::default(),
            plugin: None,
            ticket: one.ticket.as_ref(),
            space: SpaceId::from(Actor::PLATFORM),
            step: None,
        };
        plan::put(app, &cause, about, Content::Mail { mail: Box::new(mail) }, 0, set);
    }
}

/// What a person prefers, when they said something.
pub(super) fn wants_notifications(person: &Person) -> bool {
    person.attributes.get(PREFERENCE).and_then(serde_json::Value::as_bool).unwrap_or(true)
}

/// Counts what each person was sent in the last hour, so that no loop of rules fills a mailbox. Each node counts for itself.
#[derive(Debug, Default)]
pub struct FloodGuard {
    recent: Mutex<HashMap<PersonId, VecDeque<Timestamp>>>,
}

impl FloodGuard {
    /// True if this mail is one too many within an hour.
    pub(super) fn trips(&self, person: &PersonId, now: Timestamp, max: u32) -> bool {
        let mut recent = self.recent.lock().expect("nothing panics while it holds this lock");
        if recent.len() > REMEMBERED_MAX {
            recent.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) < HOUR));
        }
        let times = recent.entry(person.clone()).or_default();
        while times.front().is_some_and(|first| now.duration_since(*first) >= HOUR) {
            times.pop_front();
        }
        if times.len() >= max as usize {
            return true;
        }
        times.push_back(now);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_stopped_and_over_after_an_hour() {
        let guard = FloodGuard::default();
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let ana = PersonId::from("ana");
        assert!(!guard.trips(&ana, at(0), 2));
        assert!(!guard.trips(&ana, at(30), 2));
        assert!(guard.trips(&ana, at(59), 2));
        assert!(!guard.trips(&PersonId::from("ben"), at(59), 2), "others are not concerned");
        assert!(!guard.trips(&ana, at(60), 2), "the first one is an hour ago");
        assert!(guard.trips(&ana, at(61), 2));
    }
}
