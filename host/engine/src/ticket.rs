//! Effects on a ticket that exists: fields, lifecycle, assignment, comments, links, watchers, access, timers.

use crate::decision::{JobPlan, Notice, timer_key};
use crate::wave::{By, Wave};
use domain::effect::{self, Patch};
use domain::kind::StateCategory;
use domain::ticket::{AccessList, Visibility};
use domain::{AttachmentId, Comment, CommentId, Effect, Kind, Link, PersonId, TicketId, job};
use serde_json::{Value, json};

/// Bytes of a comment.
const COMMENT_MAX: usize = 64 * 1024;
/// People watching a ticket.
const WATCHERS_MAX: usize = 200;
/// People who may see a restricted ticket by name, when they are added one by one.
const ACCESS_MAX: usize = 500;

impl Wave<'_> {
    pub(crate) fn apply_to_ticket(&mut self, id: &TicketId, effect: &Effect, by: &By, pointer: &str) {
        let before = self.problems.len();
        match effect {
            Effect::SetField(set) => self.set_field(id, set, by, pointer),
            Effect::Transition(transition) => self.transition(id, &transition.to, by, pointer),
            Effect::Assign(assign) => self.assign(id, assign),
            Effect::Comment(comment) => self.comment(id, comment, by, pointer),
            Effect::Link(link) => self.link(id, link, by, true, pointer),
            Effect::Unlink(link) => self.link(id, link, by, false, pointer),
            Effect::SetParent(parent) => self.set_parent(id, parent.parent.as_ref(), pointer),
            Effect::Watch(watch) => self.watch(id, watch, by, pointer),
            Effect::SetAccess(access) => self.set_access(id, access, by),
            Effect::ChangeAccess(change) => self.change_access(id, change, by, pointer),
            Effect::Attach(attach) => self.attach(id, attach, by),
            Effect::StartClock(clock) => self.start_clock(id, clock, by, pointer),
            Effect::PauseClock(clock) => self.pause_clock(id, clock, by, pointer),
            Effect::StopClock(clock) => self.stop_clock(id, clock, by, pointer),
            Effect::Schedule(schedule) => self.schedule(id, schedule, by, pointer),
            Effect::Unschedule(unschedule) => self.unschedule(id, unschedule, by, pointer),
            Effect::CreateTicket(_)
            | Effect::Notify(_)
            | Effect::Call(_)
            | Effect::Mail(_)
            | Effect::StartFlow(_)
            | Effect::SendMessage(_)
            | Effect::UpsertRecord(_)
            | Effect::UpsertCi(_)
            | Effect::RelateCis(_)
            | Effect::UnrelateCis(_) => unreachable!("`apply` handles what is not about one ticket"),
        }
        if self.problems.len() == before {
            let working = self.tickets.get_mut(id).expect("`apply` checked that it is there");
            working.effects.push(effect.clone());
        }
    }

    fn set_field(&mut self, id: &TicketId, set: &effect::SetField, by: &By, pointer: &str) {
        let Some(kind) = self.kind_of(id) else { return self.no_kind(id, pointer) };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match set.field.as_str() {
            "title" => {
                let title = text(&set.value).unwrap_or_default();
                self.check_title(&title, pointer);
                self.after(id).title = title.trim().to_owned();
            }
            "requester" => self.after(id).requester = text(&set.value).map(PersonId),
            "restricted" => match set.value.as_bool() {
                Some(restricted) => self.after(id).restricted = restricted,
                None => self.problem(pointer, "wrong-type", "`restricted` is true or false"),
            },
            name => {
                self.check_field_write(kind, name, &set.value, by, false, pointer);
                let fields = &mut self.after(id).fields;
                if set.value.is_null() {
                    fields.remove(name);
                } else {
                    fields.insert(name.to_owned(), set.value.clone());
                }
            }
        }
    }

    /// Whether this actor may give a field this value.
    pub(crate) fn check_field_write(
        &mut self,
        kind: &Kind,
        name: &str,
        value: &Value,
        by: &By,
        creating: bool,
        pointer: &str,
    ) {
        if value.is_null() {
            match kind.field(name) {
                None => self.problems.extend(self.kinds.check_field(&kind.id, name, value, pointer)),
                Some(rule) if rule.required && !creating => {
                    self.problem(pointer, "required", format!("`{}` cannot be removed", rule.title));
                }
                Some(_) => {}
            }
        } else {
            self.problems.extend(self.kinds.check_field(&kind.id, name, value, pointer));
        }
        let Some(rule) = kind.field(name) else { return };
        let owner = by.plugin.as_ref() == Some(&kind.plugin);
        let allowed = owner || self.is_import() || rule.write.iter().any(|role| by.roles.contains(role));
        if !allowed {
            let who = if rule.write.is_empty() {
                "only the practice itself sets it".to_owned()
            } else {
                let roles: Vec<_> = rule.write.iter().map(|role| role.as_str()).collect();
                format!("it is set by {}", roles.join(" or "))
            };
            self.problem(pointer, "field-not-yours", format!("you may not set `{name}`: {who}"));
        }
    }

    fn transition(&mut self, id: &TicketId, to: &str, by: &By, pointer: &str) {
        let Some(kind) = self.kind_of(id) else { return self.no_kind(id, pointer) };
        let from = self.tickets[id].after.ticket.state.clone();
        if from == to {
            return;
        }
        let Some(state) = kind.state(to) else {
            let states: Vec<_> = kind.states.iter().map(|state| state.id.as_str()).collect();
            return self.problem(
                pointer,
                "unknown-state",
                format!("`{}` has no state `{to}`; it has {}", kind.id, states.join(", ")),
            );
        };
        if !self.is_import() {
            let owner = by.plugin.as_ref() == Some(&kind.plugin);
            match kind.transition(&from, to) {
                None => {
                    let legal: Vec<_> = kind.legal_from(&from).iter().map(|rule| rule.to.as_str()).collect();
                    let message = if legal.is_empty() {
                        format!("a {} cannot leave `{from}`", kind.title.to_lowercase())
                    } else {
                        format!(
                            "a {} cannot go from `{from}` to `{to}`; from `{from}` it can go to {}",
                            kind.title.to_lowercase(),
                            legal.join(", ")
                        )
                    };
                    return self.problem(pointer, "illegal-transition", message);
                }
                Some(rule) if !owner && !rule.roles.iter().any(|role| by.roles.contains(role)) => {
                    let roles: Vec<_> = rule.roles.iter().map(|role| role.as_str()).collect();
                    let who = if roles.is_empty() { "the practice itself".to_owned() } else { roles.join(" or ") };
                    return self.problem(pointer, "transition-not-yours", format!("`{}` is done by {who}", rule.title));
                }
                Some(rule) => {
                    let comments = self.tickets[id].comments.len();
                    let rule = rule.clone();
                    self.tickets.get_mut(id).expect("checked above").transitions.push((rule, comments));
                }
            }
        }
        let (now, category) = (self.now, state.category);
        let ticket = self.after(id);
        to.clone_into(&mut ticket.state);
        ticket.category = category;
        match category {
            StateCategory::Resolved => ticket.resolved_at = Some(now),
            StateCategory::Closed | StateCategory::Cancelled => ticket.closed_at = Some(now),
            StateCategory::New | StateCategory::Active | StateCategory::Paused => {
                ticket.resolved_at = None;
                ticket.closed_at = None;
            }
        }
    }

    /// What the transitions that were taken ask for: checked on the whole, so that the order of effects does not matter.
    pub(crate) fn check_transitions(&mut self, id: &TicketId) {
        let Some(kind) = self.kind_of(id) else { return };
        let working = &self.tickets[id];
        let mut problems = Vec::new();
        for (rule, _) in &working.transitions {
            for name in &rule.required {
                let value = working.after.ticket.fields.get(name);
                let missing = value
                    .is_none_or(|value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()));
                let asked = kind.field(name).is_none_or(|rule| rule.applies(&working.after.ticket.fields));
                if missing && asked {
                    let title = kind.field(name).map_or(name.as_str(), |field| field.title.as_str());
                    problems.push((format!("/fields/{name}"), "required", format!("`{}` needs `{title}`", rule.title)));
                }
            }
            if rule.comment && working.comments.is_empty() {
                problems.push(("/comment".to_owned(), "required", format!("`{}` needs a comment", rule.title)));
            }
        }
        for (pointer, code, message) in problems {
            self.problem(&pointer, code, message);
        }
    }

    fn assign(&mut self, id: &TicketId, assign: &effect::Assign) {
        let ticket = self.after(id);
        match &assign.group {
            Patch::Keep => {}
            Patch::Clear => ticket.group = None,
            Patch::Set(group) => ticket.group = Some(group.clone()),
        }
        match &assign.assignee {
            Patch::Keep => {}
            Patch::Clear => ticket.assignee = None,
            Patch::Set(person) => ticket.assignee = Some(person.clone()),
        }
    }

    fn comment(&mut self, id: &TicketId, add: &effect::AddComment, by: &By, pointer: &str) {
        if add.body.trim().is_empty() || add.body.len() > COMMENT_MAX {
            let message = format!("a comment has 1 to {COMMENT_MAX} bytes, this one has {}", add.body.len());
            return self.problem(&format!("{pointer}/body"), "bad-comment", message);
        }
        let ticket = &self.tickets[id].after.ticket;
        let by_requester =
            by.person.as_ref().is_some_and(|person| ticket.requester.as_ref().is_some_and(|r| r.0 == *person));
        let by_agent = by.roles.contains(&domain::Role::Agent) && !by_requester;
        let comment = Comment {
            id: CommentId(self.ids.next_id()),
            ticket: id.clone(),
            visibility: add.visibility,
            author: by.actor.clone(),
            at: self.now,
            body: add.body.clone(),
        };
        let visibility = match add.visibility {
            Visibility::Public => "public",
            Visibility::Internal => "internal",
        };
        let data = json!({
            "comment": comment.id,
            "visibility": visibility,
            "author": by.actor,
            "by-requester": by_requester,
            "by-agent": by_agent,
        });
        self.tickets.get_mut(id).expect("checked by `apply`").comments.push(comment);
        self.ticket_event(id, by, "comment.added", data);
    }

    fn link(&mut self, id: &TicketId, change: &effect::LinkChange, by: &By, add: bool, pointer: &str) {
        if change.other == *id {
            return self.problem(pointer, "self-link", "a ticket cannot be linked to itself");
        }
        if !self.tickets.contains_key(&change.other) {
            return self.problem(pointer, "unknown-ticket", format!("there is no ticket `{}`", change.other));
        }
        if change.link_type.is_empty() || change.link_type.len() > 40 {
            return self.problem(
                pointer,
                "bad-link-type",
                "a link type has 1 to 40 characters, for example `caused-by`",
            );
        }
        let link = Link { from: id.clone(), link_type: change.link_type.clone(), to: change.other.clone() };
        let links = &mut self.tickets.get_mut(id).expect("checked by `apply`").after.links;
        let known = links.contains(&link);
        if known == add {
            return;
        }
        let data = json!({ "type": link.link_type, "other": link.to });
        if add {
            links.push(link.clone());
            self.out.links_added.push(link);
            self.ticket_event(id, by, "ticket.linked", data);
        } else {
            links.retain(|other| *other != link);
            self.out.links_removed.push(link);
            self.ticket_event(id, by, "ticket.unlinked", data);
        }
    }

    fn set_parent(&mut self, id: &TicketId, parent: Option<&TicketId>, pointer: &str) {
        let mut next = parent.cloned();
        let mut steps = 0;
        while let Some(ancestor) = next {
            if ancestor == *id {
                return self.problem(pointer, "parent-cycle", "a ticket cannot be its own ancestor");
            }
            let Some(working) = self.tickets.get(&ancestor) else {
                return self.problem(pointer, "unknown-ticket", format!("there is no ticket `{ancestor}`"));
            };
            next = working.after.ticket.parent.clone();
            steps += 1;
            if steps > 20 {
                return self.problem(pointer, "parent-depth", "a chain of parents has at most 20 tickets");
            }
        }
        self.after(id).parent = parent.cloned();
    }

    fn watch(&mut self, id: &TicketId, watch: &effect::Watch, by: &By, pointer: &str) {
        let watchers = &mut self.tickets.get_mut(id).expect("checked by `apply`").after.watchers;
        let mut added = Vec::new();
        let mut removed = Vec::new();
        for person in &watch.add {
            if !watchers.contains(person) {
                watchers.push(person.clone());
                added.push(person.clone());
            }
        }
        for person in &watch.remove {
            if watchers.contains(person) {
                watchers.retain(|other| other != person);
                removed.push(person.clone());
            }
        }
        if watchers.len() > WATCHERS_MAX {
            return self.problem(pointer, "too-many-watchers", format!("a ticket has at most {WATCHERS_MAX} watchers"));
        }
        if !added.is_empty() || !removed.is_empty() {
            self.ticket_event(id, by, "ticket.watched", json!({ "added": added, "removed": removed }));
        }
        self.out.watchers_added.extend(added.into_iter().map(|person| (id.clone(), person)));
        self.out.watchers_removed.extend(removed.into_iter().map(|person| (id.clone(), person)));
    }

    fn set_access(&mut self, id: &TicketId, set: &effect::SetAccess, by: &By) {
        let access = AccessList { people: set.people.clone(), groups: set.groups.clone() };
        self.tickets.get_mut(id).expect("checked by `apply`").after.access = access.clone();
        let mut data = json!(access);
        if let Some(because) = &set.because {
            data["because"] = json!(because);
        }
        self.ticket_event(id, by, "ticket.access-set", data);
        self.out.access.retain(|(ticket, _)| ticket != id);
        self.out.access.push((id.clone(), access));
    }

    fn change_access(&mut self, id: &TicketId, change: &effect::ChangeAccess, by: &By, pointer: &str) {
        let known = &self.tickets.get(id).expect("checked by `apply`").after.access;
        let mut people = known.people.clone();
        people.retain(|person| !change.remove.contains(person));
        for person in &change.add {
            if !people.contains(person) {
                people.push(person.clone());
            }
        }
        if people.len() > ACCESS_MAX {
            let message = format!("at most {ACCESS_MAX} people are named for a ticket; name a group");
            return self.problem(pointer, "too-many-people", message);
        }
        if people != known.people {
            let set = effect::SetAccess { ticket: None, people, groups: known.groups.clone(), because: None };
            self.set_access(id, &set, by);
        }
    }

    fn attach(&mut self, id: &TicketId, attach: &effect::Attach, by: &By) {
        let attachment = domain::Attachment {
            id: AttachmentId(self.ids.next_id()),
            ticket: id.clone(),
            name: attach.name.clone(),
            media_type: attach.media_type.clone(),
            size: attach.size,
            digest: attach.digest.clone(),
            author: by.actor.clone(),
            at: self.now,
        };
        let data = json!({ "attachment": attachment.id, "name": attachment.name, "size": attachment.size, "digest": attachment.digest });
        self.tickets.get_mut(id).expect("checked by `apply`").attachments.push(attachment);
        self.ticket_event(id, by, "attachment.added", data);
    }

    fn schedule(&mut self, id: &TicketId, schedule: &effect::Schedule, by: &By, pointer: &str) {
        let Some(plugin) = by.plugin.clone() else { return self.plugins_only(pointer, "schedule") };
        // What was imported happened elsewhere and long ago: a timer of that time must not act on it now.
        if self.is_import() {
            return;
        }
        self.out.jobs.push(JobPlan {
            unique_key: timer_key(&plugin, id, &schedule.key),
            order_key: format!("{plugin}/ticket:{id}"),
            due_at: schedule.at,
            work: job::Work::Timer {
                plugin,
                ticket: id.clone(),
                key: schedule.key.clone(),
                data: schedule.data.clone(),
                cause: self.cause.clone(),
            },
        });
    }

    fn unschedule(&mut self, id: &TicketId, unschedule: &effect::Unschedule, by: &By, pointer: &str) {
        let Some(plugin) = by.plugin.clone() else { return self.plugins_only(pointer, "unschedule") };
        let key = timer_key(&plugin, id, &unschedule.key);
        self.out.jobs.retain(|job| job.unique_key != key);
        self.out.jobs_cancelled.push(key);
    }

    pub(crate) fn notify(&mut self, notify: &effect::Notify, target: Option<&TicketId>, by: &By, pointer: &str) {
        if notify.people.is_empty() && notify.groups.is_empty() {
            return self.problem(pointer, "nobody", "a notification names at least one person or group");
        }
        self.out.notices.push(Notice {
            from: by.actor.clone(),
            ticket: target.cloned(),
            people: notify.people.clone(),
            groups: notify.groups.clone(),
            subject: notify.subject.clone(),
            body: notify.body.clone(),
        });
    }

    pub(crate) fn after(&mut self, id: &TicketId) -> &mut domain::Ticket {
        &mut self.tickets.get_mut(id).expect("checked by `apply`").after.ticket
    }

    pub(crate) fn plugins_only(&mut self, pointer: &str, name: &str) {
        self.problem(pointer, "plugins-only", format!("`{name}` is for plugins"));
    }

    fn no_kind(&mut self, id: &TicketId, pointer: &str) {
        let kind = self.tickets[id].after.ticket.kind.clone();
        self.problem(
            pointer,
            "kind-unavailable",
            format!("the plugin that defines `{kind}` is not enabled; an administrator can enable it"),
        );
    }
}
