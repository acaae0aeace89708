//! Random operations on a store, from a seed. The same seed asks every store the same; what each answers is text to compare.

use domain::change::IdempotencyKey;
use domain::filter::Filter;
use domain::job::JobState;
use domain::ticket::{AccessList, Visibility};
use domain::{Attachment, CiRelation, Clock, ClockState, Comment, Group, Link, PersonId, Ticket, TicketId};
use serde_json::json;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use store::conformance::data::{Dice, at, changes, delivery, event, job, object, org, person, record};
use store::conformance::filters::{FIELDS, SORTS, WORDS, random_filter, random_ticket};
use store::{
    Changeset, CommitError, Committed, Expect, InstalledPlugin, JobDone, NewJob, Node, Notification, Noun, QueryRead,
    QueryScope, Release, Session, SessionKind, Store, StoreError, TicketQuery, Write,
};

const NOUNS: [Noun; 10] = [
    Noun::Ticket,
    Noun::Record,
    Noun::Ci,
    Noun::Person,
    Noun::Group,
    Noun::Space,
    Noun::Calendar,
    Noun::CiClass,
    Noun::Plugin,
    Noun::CiRelations,
];

/// One store under test, and what it remembers from one operation to a later one.
pub struct World {
    pub store: Arc<dyn Store>,
    claims: Vec<JobDone>,
    reads: Vec<QueryRead>,
    now: i64,
}

impl World {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, claims: Vec::new(), reads: Vec::new(), now: 0 }
    }

    /// Do one thing. The dice of every world show the same.
    pub async fn step(&mut self, dice: &mut Dice) -> String {
        self.now += i64::try_from(dice.below(4)).unwrap_or(0);
        match dice.below(20) {
            0..=7 => self.commit(dice).await,
            8 | 9 => self.lists(dice).await,
            10 | 11 => self.tickets(dice).await,
            12..=15 => self.jobs(dice).await,
            16 => self.nouns(dice).await,
            17 => self.journal(dice).await,
            18 => self.remember(dice).await,
            _ => self.others(dice).await,
        }
    }

    async fn commit(&mut self, dice: &mut Dice) -> String {
        let mut changeset = Changeset { at: at(self.now), ..changes() };
        for _ in 0..dice.below(4) {
            let write = self.write(dice);
            changeset.writes.push(write);
        }
        for _ in 0..dice.below(3) {
            let kind = pick(dice, &["a.created", "a.changed"]);
            changeset.events.push(event(pick(dice, &WORDS), kind));
        }
        for _ in 0..dice.below(3) {
            let unique_key = dice.one_in(3).then(|| pick(dice, &WORDS).to_owned());
            let event = (!changeset.events.is_empty()).then_some(0);
            let due = self.now + i64::try_from(dice.below(9)).unwrap_or(0);
            let id = format!("{}-{}", pick(dice, &WORDS), dice.below(3));
            let base = match event {
                Some(event) => delivery(&id, pick(dice, &WORDS), due, event),
                None => job(&id, pick(dice, &WORDS), due),
            };
            changeset.jobs.push(NewJob { unique_key, ..base });
        }
        // Two jobs with one id or one key in the same changeset: the later one wins, in both. Two events with one subject chain.
        if dice.one_in(3) {
            let noun = *dice.pick(&NOUNS);
            let id = id(dice);
            changeset.expects.push(Expect { noun, id, version: u32::try_from(dice.below(3)).unwrap_or(0) });
        }
        if dice.one_in(3) && !self.reads.is_empty() {
            changeset.reads.push(dice.pick(&self.reads).clone());
        }
        if dice.one_in(3) && !self.claims.is_empty() {
            let place = dice.below(self.claims.len());
            changeset.job_done = Some(self.claims[place].clone());
        }
        if dice.one_in(4) {
            let key = IdempotencyKey {
                scope: "s".to_owned(),
                key: format!("k{}", dice.below(30)),
                fingerprint: format!("{}", dice.below(2)),
            };
            changeset.answer = Some((key, json!({ "now": self.now, "text": "ü \u{0} \u{1f980}" })));
        }
        commit_text(self.store.commit(changeset).await)
    }

    fn write(&self, dice: &mut Dice) -> Write {
        let version = u32::try_from(1 + dice.below(3)).unwrap_or(1);
        let one = id(dice);
        let other = id(dice);
        match dice.below(23) {
            0..=4 => {
                let number = dice.below(30);
                let base = random_ticket(dice, number);
                let number = if dice.one_in(9) { "INC-t1".to_owned() } else { base.number.clone() };
                Write::Ticket(Box::new(Ticket { number, version, ..base }))
            }
            5 => Write::Comment(Comment {
                id: one.as_str().into(),
                ticket: other.as_str().into(),
                visibility: *dice.pick(&[Visibility::Internal, Visibility::Public]),
                author: "ana".to_owned(),
                at: at(self.now),
                body: "it's \"ü\" \u{1f980}".to_owned(),
            }),
            6 => Write::Attachment(Attachment {
                id: one.as_str().into(),
                ticket: other.as_str().into(),
                name: "x".to_owned(),
                media_type: "image/png".to_owned(),
                size: dice.roll() >> 2,
                digest: "d".to_owned(),
                author: "ana".to_owned(),
                at: at(self.now),
            }),
            7 => Write::Link(link(&one, &other)),
            8 => Write::Unlink(link(&one, &other)),
            9 => Write::Watch { ticket: one.as_str().into(), person: pick(dice, &WORDS).into() },
            10 => Write::Unwatch { ticket: one.as_str().into(), person: pick(dice, &WORDS).into() },
            11 => Write::Access {
                ticket: one.as_str().into(),
                access: AccessList {
                    people: (0..dice.below(4)).map(|_| PersonId::from(pick(dice, &WORDS))).collect(),
                    groups: (0..dice.below(3)).map(|_| pick(dice, &WORDS).into()).collect(),
                },
            },
            12 => Write::Clock(Box::new(clock(&one, dice, self.now))),
            13 => Write::Record(Box::new(domain::Record {
                version,
                number: format!("KB-{}", dice.below(12)),
                state: pick(dice, &["draft", "published"]).to_owned(),
                fields: object(json!({ "\u{0}": [1, 1.0, "1"] })),
                ..record(&one)
            })),
            14 => Write::Ci(Box::new(domain::Ci {
                id: one.as_str().into(),
                name: format!("Web-{other} Ä"),
                class: pick(dice, &["server", "app"]).to_owned(),
                space: pick(dice, &["it", "hr"]).into(),
                attributes: object(json!({ "cpu": 4 })),
                version,
            })),
            15 => Write::RelateCis(relation(&one, &other)),
            16 => Write::UnrelateCis(relation(&one, &other)),
            17 => Write::Person(Box::new(domain::Person {
                version,
                login: format!("login{}", dice.below(15)),
                name: format!("{} {one}", pick(dice, &["Zoë", "anna", "Öz", "_b", "B"])),
                active: !dice.one_in(4),
                ..person(pick(dice, &WORDS))
            })),
            18 => Write::Group(Group {
                id: pick(dice, &WORDS).into(),
                title: "Board".to_owned(),
                space: "it".into(),
                members: (0..dice.below(4)).map(|_| pick(dice, &WORDS).into()).collect(),
                active: dice.one_in(2),
                version,
            }),
            19 => Write::Calendar { key: one, definition: json!({ "zone": "Europe/Vienna" }), version },
            20 if dice.one_in(2) => Write::RemovePlugin(one.as_str().into()),
            20 => Write::Plugin(Box::new(InstalledPlugin {
                id: one.as_str().into(),
                digest: "d".into(),
                version: "1.0.0".to_owned(),
                enabled: true,
                grants: Vec::new(),
                settings: object(json!({})),
                installed_at: at(self.now),
                row_version: version,
            })),
            21 if dice.one_in(2) => Write::NotificationRead { id: one, person: pick(dice, &WORDS).into() },
            21 => Write::Notification(Notification {
                id: one,
                person: pick(dice, &WORDS).into(),
                ticket: dice.one_in(2).then(|| "t1".into()),
                at: at(self.now),
                subject: "s".to_owned(),
                body: "b".to_owned(),
                read: false,
            }),
            _ => Write::CancelJob { unique_key: pick(dice, &WORDS).to_owned() },
        }
    }

    async fn remember(&mut self, dice: &mut Dice) -> String {
        let scope = match dice.below(4) {
            0 => QueryScope::Tickets(query(dice)),
            1 => QueryScope::TicketCount(random_filter(dice, 2)),
            2 => QueryScope::Records { kind: "article".into(), state: dice.one_in(2).then(|| "draft".to_owned()) },
            _ => QueryScope::Members(pick(dice, &WORDS).into()),
        };
        let read = QueryRead { scope, digest: String::new() };
        let digest = self.store.ticket_digest(&org(), &read).await;
        let said = text(&digest);
        if let Ok(digest) = digest {
            self.reads.push(QueryRead { digest, ..read });
            let old = self.reads.len().saturating_sub(6);
            self.reads.drain(..old);
        }
        said
    }

    async fn lists(&mut self, dice: &mut Dice) -> String {
        let mut query = query(dice);
        let mut said = String::new();
        for _ in 0..5 {
            let page = self.store.ticket_list(&org(), &query).await;
            said += &text(&page);
            match page.ok().and_then(|page| page.next) {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        said
    }

    async fn tickets(&mut self, dice: &mut Dice) -> String {
        let filter = random_filter(dice, 3);
        let one = if dice.one_in(4) { format!("INC-{}", id(dice)) } else { id(dice) };
        let ticket_id = TicketId::from(one.as_str());
        [
            text(&self.store.ticket_count(&org(), &filter).await),
            text(&self.store.ticket_count_by(&org(), &filter, *dice.pick(&FIELDS)).await),
            text(&self.store.ticket_load(&org(), &one).await),
            text(&self.store.comment_list(&org(), &ticket_id).await),
            text(&self.store.attachment_list(&org(), &ticket_id).await),
        ]
        .join("\n")
    }

    async fn jobs(&mut self, dice: &mut Dice) -> String {
        let store = Arc::clone(&self.store);
        match dice.below(8) {
            0..=2 => {
                let limit = u32::try_from(dice.below(4)).unwrap_or(0);
                let claimed = store.job_claim(&org(), at(self.now), at(self.now + 5), "w", limit).await;
                for one in claimed.iter().flatten() {
                    self.claims.push(JobDone { id: one.job.id.clone(), fence: one.fence });
                }
                let old = self.claims.len().saturating_sub(8);
                self.claims.drain(..old);
                text(&claimed)
            }
            3 if !self.claims.is_empty() => {
                let claim = dice.pick(&self.claims).clone();
                let error = "e".to_owned();
                let release = match dice.below(3) {
                    0 => Release::Retry { due_at: at(self.now + 2), error },
                    1 => Release::Hold { error },
                    _ => Release::Bury { error },
                };
                text(&store.job_release(&org(), &claim.id, claim.fence, release).await)
            }
            4 => text(&store.job_heartbeat(&org(), &self.claims, at(self.now + 6)).await),
            5 => text(&store.job_unhold(&org(), &"incident".into()).await),
            6 => {
                text(&store.job_retry(&org(), &format!("{}-0", pick(dice, &WORDS)).as_str().into(), at(self.now)).await)
            }
            _ => {
                let state = *dice.pick(&[JobState::Ready, JobState::Held, JobState::Dead]);
                [
                    text(&store.job_next_due(&org()).await),
                    text(&store.job_counts(&org()).await),
                    text(&store.job_list(&org(), state, 20).await),
                ]
                .join("\n")
            }
        }
    }

    async fn nouns(&mut self, dice: &mut Dice) -> String {
        let (store, org) = (&self.store, org());
        let spaces = ["it".to_owned()];
        let spaces = dice.one_in(2).then_some(&spaces[..]);
        let shown = domain::ShownRecords {
            kind: "article".into(),
            spaces: vec!["hr".to_owned()],
            states: vec!["draft".to_owned(), "published".to_owned()],
            when: Vec::new(),
            fields: Vec::new(),
        };
        let scope = domain::RecordScope { spaces: spaces.map(<[String]>::to_vec), shown: vec![shown] };
        let word = pick(dice, &WORDS);
        let after = id(dice);
        let after = dice.one_in(2).then_some(after.as_str());
        [
            text(
                &store
                    .person_list(&org, pick(dice, &["", "Ö", "login1", "_"]), dice.one_in(2).then_some(word), 3)
                    .await,
            ),
            text(&store.person_by_login(&org, "login3").await),
            text(&store.group_list(&org).await),
            text(&store.groups_of(&org, &word.into()).await),
            text(&store.members(&org, &word.into()).await),
            text(&store.ci_list(&org, spaces, "web", dice.one_in(3).then_some("app"), after, 3).await),
            text(&store.ci_relations(&org, &"t1".into()).await),
            sorted(&store.ci_relation_page(&org, None, 10_000).await),
            sorted(&store.ci_places(&org, None, 10_000).await),
            text(&store.record_list(&org, &"article".into(), None, &scope, after, 3).await),
            text(&store.record_get(&org, "KB-1").await),
            text(&store.calendar_list(&org).await),
            text(&store.plugin_list(&org).await),
            text(&store.notification_list(&org, &word.into(), 5).await),
            text(&store.ci_class_list(&org).await),
            text(&store.space_list(&org).await),
            text(&store.roles_of(&org, &word.into()).await),
        ]
        .join("\n")
    }

    async fn journal(&mut self, dice: &mut Dice) -> String {
        let (store, org) = (&self.store, org());
        let after = i64::try_from(dice.below(50)).unwrap_or(0);
        [
            text(&store.event_list(&org, after, 5).await),
            text(&store.event_history(&org, "ticket", pick(dice, &WORDS), 0, 50).await),
            text(&store.event_wait(&org, after, 2, Duration::ZERO).await),
            text(&store.event_get(&org, after).await),
            text(&store.event_head(&org).await),
            text(&store.verify_journal(&org).await),
        ]
        .join("\n")
    }

    async fn others(&mut self, dice: &mut Dice) -> String {
        let (store, org) = (&self.store, org());
        let session = Session {
            token_hash: format!("h{}", dice.below(5)),
            person: pick(dice, &WORDS).into(),
            kind: SessionKind::Token,
            name: "n".to_owned(),
            created_at: at(self.now),
            expires_at: at(self.now + 9),
        };
        let node = Node {
            id: format!("n{}", dice.below(3)),
            name: "n".to_owned(),
            version: "1".to_owned(),
            started_at: at(0),
            seen_at: at(self.now),
            lease_until: at(self.now + 9),
        };
        let key = format!("k{}", dice.below(30));
        let count = u32::try_from(dice.below(5)).unwrap_or(0);
        let floor = i64::try_from(dice.below(60)).unwrap_or(0);
        [
            text(&store.session_put(&org, &session).await),
            text(&store.session_list(&org, &session.person).await),
            text(&store.session_get(&org, "h1").await),
            text(&store.session_delete(&org, "h2").await),
            text(&store.session_delete_all(&org, &"ana".into()).await),
            text(&store.node_beat(&org, &node).await),
            text(&store.node_list(&org).await),
            text(&store.answer_get(&org, "s", &key).await),
            text(&store.number_lease(&org, "incident", count).await),
            text(&store.number_floor(&org, "incident", floor).await),
            text(&store.blob_put(&org, "d", &[0, 255]).await),
            text(&store.blob_get(&org, pick(dice, &["d", "e"])).await),
            text(&store.password_get(&org, &"ana".into()).await),
            text(&store.component_get(&org, &"d".into()).await),
        ]
        .join("\n")
    }
}

fn pick(dice: &mut Dice, from: &[&'static str]) -> &'static str {
    from[dice.below(from.len())]
}

fn id(dice: &mut Dice) -> String {
    format!("t{}", dice.below(12))
}

fn link(from: &str, to: &str) -> Link {
    Link { from: from.into(), link_type: "relates-to".to_owned(), to: to.into() }
}

fn relation(from: &str, to: &str) -> CiRelation {
    CiRelation { from: from.into(), relation_type: "runs-on".to_owned(), to: to.into() }
}

fn clock(ticket: &str, dice: &mut Dice, now: i64) -> Clock {
    Clock {
        ticket: ticket.into(),
        name: pick(dice, &["response", "resolution", "Ä"]).to_owned(),
        plugin: "sla".into(),
        title: "Resolution".to_owned(),
        state: ClockState::Running,
        started_at: at(now),
        due_at: dice.one_in(2).then(|| at(now + 9)),
        stopped_at: None,
        breached_at: None,
        reason: "4 h \"of\" business time".to_owned(),
        data: json!({ "left": [1, 1.0, "\u{0}", null] }),
    }
}

fn query(dice: &mut Dice) -> TicketQuery {
    let filter = if dice.one_in(3) { Filter::True } else { random_filter(dice, 3) };
    let limit = u32::try_from(dice.below(9)).unwrap_or(1);
    TicketQuery { filter, sort: *dice.pick(&SORTS), descending: dice.one_in(2), after: None, limit }
}

/// What was answered; of a failure of the database only that it failed.
fn text<T: Debug>(result: &Result<T, StoreError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(StoreError::Database(_)) => "the database failed".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

/// Of a list that has no order.
fn sorted<T: Debug>(result: &Result<Vec<T>, StoreError>) -> String {
    let mut items: Vec<String> = result.iter().flatten().map(|item| format!("{item:?}")).collect();
    items.sort();
    items.join("\n")
}

fn commit_text(result: Result<Committed, CommitError>) -> String {
    match result {
        Err(CommitError::Store(error)) => text(&Err::<(), _>(error)),
        other => format!("{other:?}"),
    }
}
