//! One search over tickets, people, CIs and records. What the caller may not see is not looked at: each part carries its condition into
//! the question, to the index of this node for tickets and records where there is one ([`kept`]), and to the store for everything else. Words with a
//! slip of the pen are tried as the words that are in use; see [`words`].

mod kept;
mod words;

pub(crate) use kept::SearchIndex;
pub(crate) use words::Vocabulary;

use crate::app::App;
use crate::error::Result;
use domain::filter::Filter;
use domain::{Actor, Ci, Person, Record, RecordScope, Ticket};
use search::{Reading, has_operators};
use store::{RecordSearch, Sort, TicketQuery};

/// Rows of each noun in one answer.
pub const HITS_MAX: u32 = 20;
/// Characters that are looked at.
const TEXT_MAX: usize = 200;

/// What was found, the best noun for the words first.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Found {
    pub tickets: Vec<Ticket>,
    /// How many tickets there are with these words, of which those are the best.
    pub tickets_total: u64,
    pub records: Vec<Record>,
    pub cis: Vec<Ci>,
    pub people: Vec<Person>,
    /// The words that were looked for instead, when those that were given are nowhere.
    pub corrected: Option<String>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.tickets.is_empty() && self.records.is_empty() && self.cis.is_empty() && self.people.is_empty()
    }
}

impl App {
    /// Look for words everywhere that the caller may look.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn search(&self, actor: &Actor, text: &str, limit: u32) -> Result<Found> {
        let text: String = text.chars().take(TEXT_MAX).collect();
        if text.trim().is_empty() {
            return Ok(Found::default());
        }
        let found = self.look_for(actor, &text, limit).await?;
        if !found.is_empty() || has_operators(&text) {
            return Ok(found);
        }
        self.learn_words().await?;
        // The correction is told only with something to show for it: it would give words away that only others may read.
        for corrected in self.words.corrections(&text) {
            let found = self.look_for(actor, &corrected, limit).await?;
            if !found.is_empty() {
                return Ok(Found { corrected: Some(corrected), ..found });
            }
        }
        // What the words in use do not hold, for example as it is older.
        let limit = limit.clamp(1, HITS_MAX);
        let near = self.indexed(actor, &text, Reading::Slips, limit).await?;
        let (tickets, tickets_total) = near.unwrap_or_default();
        let scope = self.record_scope(actor).await?;
        let records = self.indexed_records(&text, &scope, Reading::Slips, limit).await?.unwrap_or_default();
        Ok(Found { tickets, tickets_total, records, ..Found::default() })
    }

    /// The tickets with these words, and how many there are.
    async fn look_for_tickets(&self, actor: &Actor, text: &str, limit: u32) -> Result<(Vec<Ticket>, u64)> {
        match self.indexed(actor, text, Reading::Exact, limit).await? {
            None => self.look_for_rows(actor, text, limit).await,
            // Short words are not looked for within others: then there is nothing.
            Some((_, 0)) => Ok(self.indexed(actor, text, Reading::Within, limit).await?.unwrap_or_default()),
            Some(found) => Ok(found),
        }
    }

    /// The same from the store: words as they are, the newest first.
    async fn look_for_rows(&self, actor: &Actor, text: &str, limit: u32) -> Result<(Vec<Ticket>, u64)> {
        let filter = Filter::Text(text.to_owned());
        let query = TicketQuery { filter: filter.clone(), sort: Sort::UpdatedAt, descending: true, after: None, limit };
        let page = self.ticket_list(actor, query).await?;
        let total = match page.next {
            None => page.items.len() as u64,
            Some(_) => self.store.ticket_count(self.org(), &self.authz.ticket_filter(actor).and(filter)).await?,
        };
        Ok((page.items, total))
    }

    /// The records with these words in what may be read of them; without an index, in their titles and numbers.
    async fn look_for_records(&self, text: &str, scope: RecordScope, limit: u32) -> Result<Vec<Record>> {
        for reading in [Reading::Exact, Reading::Within] {
            match self.indexed_records(text, &scope, reading, limit).await? {
                Some(found) if found.is_empty() => {}
                Some(found) => return Ok(found),
                None if reading == Reading::Exact => {
                    let records = RecordSearch { text: text.to_owned(), kinds: Vec::new(), scope, limit };
                    let found = self.store.record_search(self.org(), &records).await?;
                    return Ok(found.into_iter().filter_map(|record| records.scope.view(record)).collect());
                }
                None => {}
            }
        }
        Ok(Vec::new())
    }

    async fn look_for(&self, actor: &Actor, text: &str, limit: u32) -> Result<Found> {
        let limit = limit.clamp(1, HITS_MAX);
        let (tickets, tickets_total) = self.look_for_tickets(actor, text, limit).await?;
        let scope = self.record_scope(actor).await?;
        let records = self.look_for_records(text, scope, limit).await?;
        let cis = self.ci_list(actor, text, None, None, limit).await?.items;
        let people = self.person_list(text, None, limit).await?.items;
        let people = people.into_iter().filter(|person| person.active).collect();
        Ok(Found { tickets, tickets_total, records, cis, people, corrected: None })
    }

    /// Tickets like this one that the caller may see: about the same CI, of the same person, or in the same words; newest first.
    ///
    /// # Errors
    /// There is no such ticket for the caller.
    pub async fn ticket_related(&self, actor: &Actor, id: &str, limit: u32) -> Result<Vec<(Ticket, Relation)>> {
        let ticket = self.ticket(actor, id).await?.ticket;
        let mut related: Vec<(Ticket, Relation)> = Vec::new();
        let ci = ticket.fields.get("ci").filter(|value| value.is_string()).cloned();
        let by_ci = ci.map(|ci| (Filter::FieldEquals("ci".to_owned(), ci), Relation::SameCi));
        let words = words::telling(&ticket.title);
        let pairs = words.iter().enumerate().flat_map(|(place, one)| {
            words.iter().skip(place + 1).map(move |other| Filter::Text(format!("{one} {other}")))
        });
        let by_words = (words.len() > 1).then(|| (Filter::Or(pairs.collect()), Relation::SameWords));
        let by_person = ticket
            .requester
            .as_ref()
            .map(|person| (Filter::eq(domain::filter::Field::Requester, person.0.clone()), Relation::SameRequester));
        for (filter, relation) in by_ci.into_iter().chain(by_words).chain(by_person) {
            let query =
                TicketQuery { filter, sort: Sort::UpdatedAt, descending: true, after: None, limit: limit.clamp(1, 20) };
            for other in self.ticket_list(actor, query).await?.items {
                if other.id != ticket.id && !related.iter().any(|(known, _)| known.id == other.id) {
                    related.push((other, relation));
                }
            }
        }
        related.truncate(limit as usize);
        Ok(related)
    }
}

/// Why a ticket is like another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    SameCi,
    SameWords,
    SameRequester,
}
