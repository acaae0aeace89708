//! The words that are in use in titles and names, to correct a slip of the pen with; not those of restricted tickets and of confidential
//! spaces, which could be told from what is suggested instead of them. Kept in memory, learned from the newest tickets when
//! somebody looks for a word that is nowhere, and brought up to date at most once a second: what is spelled right is always found by the
//! database, this only helps with the rest.

use crate::app::App;
use crate::error::Result;
use domain::RecordScope;
use domain::filter::{Field, Filter};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use store::{Cursor, RecordSearch, Sort, TicketQuery};

/// Tickets whose titles are learned when nothing is known yet, and how many at most when something is.
const TICKETS_MAX: usize = 20_000;
const PAGE: u32 = 200;
/// Different words that are remembered.
const WORDS_MAX: usize = 100_000;
const FRESH: SignedDuration = SignedDuration::from_secs(1);
/// Words of a question that are corrected, other spellings of each, and combinations that are tried.
const CORRECTED_MAX: usize = 4;
const SPELLINGS_MAX: usize = 3;
const TRIES_MAX: usize = 3;
/// Shorter words are too easily taken for each other.
const LETTERS_MIN: usize = 4;
/// Words of a title that say what it is about.
const TELLING_MAX: usize = 4;

#[derive(Debug, Default)]
pub struct Vocabulary(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By length, with how often each was met.
    words: BTreeMap<usize, BTreeMap<String, u32>>,
    count: usize,
    learned_at: Option<Timestamp>,
    /// The newest change of a ticket that was learned.
    newest: Option<Timestamp>,
}

impl Vocabulary {
    fn learn(&self, text: &str) {
        let mut known = self.0.lock().expect("nothing panics while it holds this lock");
        for word in split(text) {
            let length = word.chars().count();
            if known.count >= WORDS_MAX {
                return;
            }
            let met = known.words.entry(length).or_default().entry(word).or_default();
            *met += 1;
            if *met == 1 {
                known.count += 1;
            }
        }
    }

    /// Other ways to write a question with the words that are in use, the likeliest first.
    pub(crate) fn corrections(&self, text: &str) -> Vec<String> {
        let known = self.0.lock().expect("nothing panics while it holds this lock");
        let words: Vec<String> = split(text).collect();
        let mut options: Vec<Vec<String>> = vec![Vec::new()];
        let mut corrected = 0;
        for word in words {
            let near = if corrected < CORRECTED_MAX { known.near(&word) } else { Vec::new() };
            corrected += usize::from(!near.is_empty());
            let choices = if near.is_empty() { vec![word] } else { near };
            options = options
                .into_iter()
                .flat_map(|begun| {
                    choices.iter().map(move |choice| begun.iter().cloned().chain([choice.clone()]).collect())
                })
                .take(TRIES_MAX)
                .collect();
        }
        let given: Vec<String> = split(text).collect();
        options.into_iter().filter(|words| *words != given).map(|words| words.join(" ")).collect()
    }
}

impl Known {
    /// The word itself if it is in use, else those that differ by one slip, or by two in a long word; the usual ones first.
    fn near(&self, word: &str) -> Vec<String> {
        let length = word.chars().count();
        if length < LETTERS_MIN || self.words.get(&length).is_some_and(|words| words.contains_key(word)) {
            return Vec::new();
        }
        let slips = if length >= 8 { 2 } else { 1 };
        let mut found: Vec<(usize, std::cmp::Reverse<u32>, &String)> = Vec::new();
        for (_, words) in self.words.range(length.saturating_sub(slips)..=length + slips) {
            for (other, met) in words {
                if let Some(distance) = distance(word, other, slips) {
                    found.push((distance, std::cmp::Reverse(*met), other));
                }
            }
        }
        found.sort();
        found.into_iter().take(SPELLINGS_MAX).map(|(_, _, word)| word.clone()).collect()
    }
}

impl App {
    /// Bring the words in use up to date.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn learn_words(&self) -> Result<()> {
        let newest = {
            let mut known = self.words.0.lock().expect("nothing panics while it holds this lock");
            let now = self.now();
            if known.learned_at.is_some_and(|at| now.duration_since(at) < FRESH) {
                return Ok(());
            }
            known.learned_at = Some(now);
            known.newest
        };
        let spaces = self.store.space_list(self.org()).await?;
        let open = |confidential: bool| {
            let some = spaces.iter().filter(move |space| space.confidential == confidential);
            some.map(|space| space.id.0.clone()).collect::<Vec<String>>()
        };
        let hidden = Filter::Or(vec![Filter::eq(Field::Restricted, "true"), Filter::In(Field::Space, open(true))]);
        let filter = Filter::Not(Box::new(hidden));
        let spaces = Some(open(false));
        let mut after: Option<Cursor> = None;
        let mut first: Option<Timestamp> = None;
        for _ in 0..TICKETS_MAX / PAGE as usize {
            let query = TicketQuery {
                filter: filter.clone(),
                sort: Sort::UpdatedAt,
                descending: true,
                after: after.take(),
                limit: PAGE,
            };
            let page = self.store.ticket_list(self.org(), &query).await?;
            let fresh = page.items.iter().take_while(|ticket| newest.is_none_or(|newest| ticket.updated_at >= newest));
            let mut seen = 0;
            for ticket in fresh {
                first = first.max(Some(ticket.updated_at));
                self.words.learn(&ticket.title);
                seen += 1;
            }
            after = page.next;
            if seen < page.items.len() || after.is_none() {
                break;
            }
        }
        let scope = RecordScope { spaces: spaces.clone(), ..RecordScope::default() };
        let records = RecordSearch { text: String::new(), kinds: Vec::new(), scope, limit: PAGE };
        for record in self.store.record_search(self.org(), &records).await? {
            self.words.learn(&record.title);
        }
        for person in self.store.person_list(self.org(), "", None, PAGE).await?.items {
            self.words.learn(&person.name);
        }
        for ci in self.store.ci_list(self.org(), spaces.as_deref(), "", None, None, PAGE).await?.items {
            self.words.learn(&ci.name);
        }
        let mut known = self.words.0.lock().expect("nothing panics while it holds this lock");
        known.newest = known.newest.max(first);
        Ok(())
    }
}

fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The words of a title that say most about it: the longest ones.
pub(super) fn telling(title: &str) -> Vec<String> {
    let mut words: Vec<String> = split(title).filter(|word| word.chars().count() >= LETTERS_MIN).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words.truncate(TELLING_MAX);
    words
}

/// Letters to add, drop, change or swap to get from one word to the other; nothing when there are more than `max`.
fn distance(left: &str, right: &str, max: usize) -> Option<usize> {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, one) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in right.iter().enumerate() {
            let mut least = (last[j] + usize::from(one != other)).min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && *one == right[j - 1] && left[i - 1] == *other;
            if swapped {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        if row.iter().all(|cell| *cell > max) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(texts: &[&str]) -> Vocabulary {
        let words = Vocabulary::default();
        texts.iter().for_each(|text| words.learn(text));
        words
    }

    #[test]
    fn a_slip_of_the_pen_is_corrected() {
        let words = vocabulary(&["Printer on floor 2 is jammed", "Printer toner", "Übersicht"]);
        for (typed, meant) in [
            ("pritner", "printer"),
            ("prnter", "printer"),
            ("printter jamed", "printer jammed"),
            ("ubersicht", "übersicht"),
        ] {
            assert_eq!(words.corrections(typed).first().map(String::as_str), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_is_right_short_or_far_off_stays() {
        let words = vocabulary(&["Printer on floor 2 is jammed"]);
        for typed in ["printer", "flo", "zebra", "", "!!"] {
            assert_eq!(words.corrections(typed), Vec::<String>::new(), "{typed}");
        }
    }

    #[test]
    fn a_title_is_told_by_its_longest_words() {
        assert_eq!(telling("VPN to the datacenter drops after login login"), ["datacenter", "drops", "after", "login"]);
    }
}
