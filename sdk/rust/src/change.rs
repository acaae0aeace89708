//! What a guard is asked about: a ticket before and after, and what was asked for.

use crate::{Clock, Context, Effect, Effects, Rejection, Ticket, Value, Visibility};

/// A change that has not been committed.
///
/// ```
/// use weft_sdk::{Change, Ticket};
///
/// let before = Ticket::new("T1", "incident").with("impact", 3);
/// let change = Change::of(&before, before.clone().with("impact", 1).in_state("resolved"));
/// assert!(change.changed("impact") && !change.changed("urgency"));
/// assert!(change.entered("resolved") && change.left("new") && !change.is_create());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub context: Context,
    /// Absent when the ticket is being created.
    pub before: Option<Ticket>,
    /// The ticket as it will be, with the effects so far applied.
    pub after: Ticket,
    /// What was asked for, and what earlier guards added.
    pub effects: Vec<Effect>,
    /// The clocks of the ticket as they were before.
    pub clocks: Vec<Clock>,
}

impl Change {
    /// For tests: an agent changes `before` to `after`.
    #[must_use]
    pub fn of(before: &Ticket, after: Ticket) -> Self {
        Self { before: Some(before.clone()), ..Self::creating(after) }
    }

    /// For tests: an agent creates a ticket.
    #[must_use]
    pub fn creating(ticket: Ticket) -> Self {
        let context = Context::of_person("agent", &["requester", "agent"]);
        Self { context, before: None, after: ticket, effects: Vec::new(), clocks: Vec::new() }
    }

    /// The same with what the command asked for.
    #[must_use]
    pub fn asking(mut self, effects: Effects) -> Self {
        self.effects = effects.into();
        self
    }

    /// The same, decided in another context.
    #[must_use]
    pub fn within(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    #[must_use]
    pub fn is_create(&self) -> bool {
        self.before.is_none()
    }

    /// Nothing happened to the ticket: something that `[revisit]` of the manifest names has changed.
    #[must_use]
    pub fn is_revisit(&self) -> bool {
        self.effects.is_empty() && self.before.as_ref() == Some(&self.after)
    }

    /// A value is another than before; when creating, there is one. Names are those of [`Ticket::value`].
    #[must_use]
    pub fn changed(&self, name: &str) -> bool {
        self.before.as_ref().map_or(Value::Null, |ticket| ticket.value(name)) != self.after.value(name)
    }

    /// The ticket comes into this state, or starts in it.
    #[must_use]
    pub fn entered(&self, state: &str) -> bool {
        self.after.state == state && self.state_before() != Some(state)
    }

    /// The ticket was in this state and is not any more.
    #[must_use]
    pub fn left(&self, state: &str) -> bool {
        self.after.state != state && self.state_before() == Some(state)
    }

    /// It was in this state and still is.
    #[must_use]
    pub fn stayed(&self, state: &str) -> bool {
        self.after.state == state && self.state_before() == Some(state)
    }

    #[must_use]
    pub fn state_before(&self) -> Option<&str> {
        self.before.as_ref().map(|ticket| ticket.state.as_str())
    }

    /// A flow moves the ticket: a person brings it into none but these states.
    pub fn moved_by_flow_but(&self, states: &[&str], refused: &mut Rejection) {
        let to = self.after.state.as_str();
        if self.context.is_person() && self.entered(to) && !self.is_create() && !states.contains(&to) {
            refused.add("/state", "by-flow", format!("its flow brings it to `{to}`: complete the tasks of the flow"));
        }
    }

    /// What others check and approve is not changed underneath: these fields stay as they are once the ticket has left its first states.
    pub fn fixed_after(&self, first: &[&str], fields: &[&str], refused: &mut Rejection) {
        let begun = self.state_before().is_some_and(|state| !first.contains(&state));
        for field in fields.iter().filter(|field| begun && self.changed(field)) {
            let message =
                format!("`{field}` is what is being checked and approved: withdraw this one, and open another");
            refused.add(format!("/fields/{field}"), "fixed", message);
        }
    }

    /// The effects of one kind that were asked for on this ticket, for example `link`.
    pub fn command_effects<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Effect> {
        self.effects.iter().filter(move |effect| {
            effect.kind == kind && effect.text("ticket").is_none_or(|ticket| ticket == self.after.id)
        })
    }

    /// The texts that the actor adds for everyone who sees the ticket, or for agents only.
    pub fn comments(&self, visibility: Visibility) -> impl Iterator<Item = &str> {
        self.command_effects("comment")
            .filter(move |effect| effect.text("visibility") == Some(visibility.as_str()))
            .filter_map(|effect| effect.text("body"))
            .filter(|body| !body.trim().is_empty())
    }

    /// The person the ticket is for says something.
    #[must_use]
    pub fn requester_says(&self) -> Option<&str> {
        let requester = self.context.is_person() && self.after.requester.as_deref() == Some(&self.context.actor);
        self.comments(Visibility::Public).next().filter(|_| requester)
    }
}
