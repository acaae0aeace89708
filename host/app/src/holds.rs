//! What may not go: records of certain kinds hold people, tickets and spaces while they are in certain states. Which kinds, states and
//! fields is data of the plugin that defines the kind (ADR 17); nothing here knows why.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::filter::{Field, Filter, Set};
use domain::kind::HoldRule;
use domain::{KindId, PersonId, Record, RecordScope};
use store::QueryRead;
use store::changeset::QueryScope;

/// Records of one page.
const PAGE: u32 = 200;
/// Records of one kind in one state. With more, nothing goes until somebody has looked at them.
const HOLDS_MAX: usize = 10_000;

/// One thing that keeps others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What people call it.
    pub number: String,
    pub people: Vec<String>,
    pub tickets: Vec<String>,
    pub spaces: Vec<String>,
}

/// Everything that is held now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds(pub Vec<Hold>);

impl Hold {
    fn of(record: &Record, rule: &HoldRule) -> Self {
        let list = |field: &Option<String>| {
            let value = field.as_ref().and_then(|field| record.fields.get(field)).and_then(|value| value.as_array());
            value.into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
        };
        Self {
            number: record.number.clone(),
            people: list(&rule.people),
            tickets: list(&rule.tickets),
            spaces: list(&rule.spaces),
        }
    }

    /// Its tickets: those that it names, those of its spaces, and those in which its people have a part.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let mut any = Vec::new();
        if !self.tickets.is_empty() {
            any.extend([Field::Id, Field::Number].map(|field| Filter::In(field, self.tickets.clone())));
        }
        if !self.spaces.is_empty() {
            any.push(Filter::In(Field::Space, self.spaces.clone()));
        }
        if !self.people.is_empty() {
            let columns = [Field::Requester, Field::OpenedBy, Field::Assignee];
            any.extend(columns.map(|field| Filter::In(field, self.people.clone())));
            any.extend([Set::Watchers, Set::AccessPeople].map(|set| Filter::Any(set, self.people.clone())));
        }
        if any.is_empty() { Filter::False } else { Filter::Or(any) }
    }
}

impl Holds {
    /// The tickets that any of them holds.
    #[must_use]
    pub fn filter(&self) -> Filter {
        // One condition for all of them: databases limit how deep conditions may be, and lists may be as long as they are.
        let all = |list: fn(&Hold) -> &Vec<String>| self.0.iter().flat_map(list).cloned().collect();
        Hold {
            number: String::new(),
            people: all(|hold| &hold.people),
            tickets: all(|hold| &hold.tickets),
            spaces: all(|hold| &hold.spaces),
        }
        .filter()
    }

    /// Numbers of those that hold a person.
    #[must_use]
    pub fn of_person(&self, person: &PersonId) -> Vec<&str> {
        let holds = self.0.iter().filter(|hold| hold.people.contains(&person.0));
        holds.map(|hold| hold.number.as_str()).collect()
    }
}

impl App {
    /// What is held now, and what was asked for it: whoever lets something go has the commit ask again.
    ///
    /// # Errors
    /// The store cannot be read, or there are more holds than anybody can mean: then nothing may go.
    pub(crate) async fn holds_now(&self) -> Result<(Holds, Vec<QueryRead>)> {
        let registry = self.registry();
        let (mut holds, mut reads) = (Vec::new(), Vec::new());
        for kind in registry.kinds.iter() {
            let Some(rule) = &kind.hold else { continue };
            for state in &rule.states {
                let scope = QueryScope::Records { kind: kind.id.clone(), state: Some(state.clone()) };
                let mut read = QueryRead { scope, digest: String::new() };
                read.digest = self.store.ticket_digest(self.org(), &read).await?;
                reads.push(read);
                let records = self.holding(&kind.id, state).await?;
                holds.extend(records.iter().map(|record| Hold::of(record, rule)));
            }
        }
        Ok((Holds(holds), reads))
    }

    /// What is held now.
    ///
    /// # Errors
    /// The store cannot be read, or there are more holds than anybody can mean.
    pub async fn holds(&self) -> Result<Holds> {
        Ok(self.holds_now().await?.0)
    }

    async fn holding(&self, kind: &KindId, state: &str) -> Result<Vec<Record>> {
        let mut all: Vec<Record> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .store
                .record_list(self.org(), kind, Some(state), &RecordScope::everything(), after.as_deref(), PAGE)
                .await?;
            let last = page.items.last().map(|record| record.id.0.clone());
            all.extend(page.items);
            if all.len() > HOLDS_MAX {
                let message = format!("more than {HOLDS_MAX} records `{kind}` hold something; release what is over");
                return Err(AppError::invalid("", "too-many-holds", message));
            }
            match (page.next, last) {
                (Some(_), Some(id)) => after = Some(id),
                _ => return Ok(all),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(people: &[&str], tickets: &[&str], spaces: &[&str]) -> Hold {
        let own = |list: &[&str]| list.iter().map(|&id| id.to_owned()).collect();
        Hold { number: "LH1".to_owned(), people: own(people), tickets: own(tickets), spaces: own(spaces) }
    }

    #[test]
    fn esm_04_a_hold_that_names_nothing_holds_nothing() {
        assert_eq!(hold(&[], &[], &[]).filter(), Filter::False);
        assert_eq!(Holds(vec![hold(&[], &[], &[])]).filter(), Filter::False);
        assert_eq!(Holds::default().of_person(&"erin".into()), Vec::<&str>::new());
    }

    #[test]
    fn esm_04_a_space_a_ticket_or_a_person_is_held() {
        assert_eq!(hold(&[], &[], &["hr"]).filter(), Filter::Or(vec![Filter::eq(Field::Space, "hr")]));
        let Filter::Or(any) = hold(&["erin"], &["HR1"], &[]).filter() else { panic!("any of them") };
        assert!(any.contains(&Filter::eq(Field::Number, "HR1")) && any.contains(&Filter::eq(Field::Requester, "erin")));
        assert!(any.contains(&Filter::Any(Set::Watchers, vec!["erin".to_owned()])));
        assert_eq!(Holds(vec![hold(&["erin"], &[], &[])]).of_person(&"erin".into()), ["LH1"]);
    }
}
