//! Creating tickets.

use crate::wave::{By, Wave, Working};
use domain::effect::CreateTicket;
use domain::ticket::{AccessList, TicketBundle};
use domain::{Effect, Kind, Object, PersonId, Ticket, TicketId};
use std::collections::BTreeSet;

/// Characters of a title.
const TITLE_MAX: usize = 300;

impl Wave<'_> {
    pub(crate) fn create_ticket(
        &mut self,
        create: &CreateTicket,
        by: &By,
        number: Option<String>,
        pointer: &str,
    ) -> Option<TicketId> {
        let Some(kind) = self.kinds.get(&create.kind).filter(|kind| kind.noun == domain::kind::Noun::Ticket) else {
            let known: Vec<_> =
                self.kinds.iter().filter(|k| k.noun == domain::kind::Noun::Ticket).map(|k| k.id.0.as_str()).collect();
            let message = format!("there is no kind of ticket `{}`; there is {}", create.kind, known.join(", "));
            self.problem(&format!("{pointer}/kind"), "unknown-kind", message);
            return None;
        };
        let fields = self.initial_fields(kind, &create.fields, by, pointer);
        self.check_title(&create.title, &format!("{pointer}/title"));
        let initial = match &create.imported {
            None => kind.initial(),
            Some(imported) => match kind.state(&imported.state) {
                Some(state) if self.is_import() => state,
                _ => {
                    self.problem(
                        &format!("{pointer}/imported"),
                        "bad-import",
                        "only an import may give number and state, and the state must exist",
                    );
                    return None;
                }
            },
        };
        let id = TicketId(self.ids.next_id());
        let opened_at = create.imported.as_ref().map_or(self.now, |imported| imported.opened_at);
        let requester = create.requester.clone().or_else(|| by.person.clone().map(PersonId));
        let ticket = Ticket {
            id: id.clone(),
            number: create
                .imported
                .as_ref()
                .map_or_else(|| number.unwrap_or_default(), |imported| imported.number.clone()),
            kind: kind.id.clone(),
            space: create.space.clone(),
            state: initial.id.clone(),
            category: initial.category,
            title: create.title.trim().to_owned(),
            requester,
            opened_by: by.person.clone().map(PersonId),
            group: create.group.clone(),
            assignee: create.assignee.clone(),
            parent: create.parent.clone(),
            restricted: create.restricted,
            version: 0,
            opened_at,
            updated_at: self.now,
            resolved_at: (initial.category == domain::kind::StateCategory::Resolved).then_some(self.now),
            closed_at: matches!(
                initial.category,
                domain::kind::StateCategory::Closed | domain::kind::StateCategory::Cancelled
            )
            .then_some(self.now),
            due_at: None,
            fields,
        };
        if let Some(parent) = &create.parent
            && !self.tickets.contains_key(parent)
        {
            self.problem(&format!("{pointer}/parent"), "unknown-ticket", format!("there is no ticket `{parent}`"));
        }
        self.tickets.insert(id.clone(), new_working(ticket, Effect::CreateTicket(Box::new(create.clone()))));
        Some(id)
    }

    fn initial_fields(&mut self, kind: &Kind, given: &Object, by: &By, pointer: &str) -> Object {
        for (name, value) in given {
            self.check_field_write(kind, name, value, by, true, &format!("{pointer}/fields/{name}"));
        }
        let mut fields = kind.defaults();
        fields.extend(
            given.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())),
        );
        if !self.is_import() {
            for (name, rule) in &kind.fields {
                if rule.required && rule.applies(&fields) && !fields.contains_key(name) {
                    self.problem(
                        &format!("{pointer}/fields/{name}"),
                        "required",
                        format!("`{}` is needed", rule.title),
                    );
                }
            }
        }
        fields
    }

    pub(crate) fn check_title(&mut self, title: &str, pointer: &str) {
        let length = title.trim().chars().count();
        if length == 0 || length > TITLE_MAX {
            self.problem(
                pointer,
                "bad-title",
                format!("a title has 1 to {TITLE_MAX} characters, this one has {length}"),
            );
        }
    }
}

fn new_working(ticket: Ticket, effect: Effect) -> Working {
    Working {
        before: None,
        after: TicketBundle {
            ticket,
            clocks: Vec::new(),
            watchers: Vec::new(),
            access: AccessList::default(),
            links: Vec::new(),
            flows: Vec::new(),
        },
        comments: Vec::new(),
        attachments: Vec::new(),
        effects: vec![effect],
        transitions: Vec::new(),
        changed_clocks: BTreeSet::new(),
        is_noted: false,
    }
}
