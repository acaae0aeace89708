//! Counting votes: the arithmetic that approval rules share, and the words in which they give their reasons.
//!
//! Who counts is here once for all rules: only those who were asked, each once, with the last answer that they gave. An abstention
//! is an answer, never an approval. What is enough is up to each rule.

use super::{Answer, Request, Verdict, Vote};
use crate::Host;

/// Names in one reason; more are counted.
const NAMES_MAX: usize = 5;

/// The votes on a request, one for each person who was asked.
///
/// ```
/// use weft_sdk::approval::{Answer, Request, Tally, Verdict, Vote};
/// use weft_sdk::fake::FakeHost;
///
/// let host = FakeHost::new();
/// let request = Request::of(&["ana", "bo", "cy"]);
/// let votes = [Vote::new("ana", Answer::Approve, 1), Vote::new("eve", Answer::Reject, 2)];
/// let tally = Tally::of(&host, &request, &votes);
/// assert_eq!((tally.asked(), tally.approvals(), tally.rejections(), tally.open().len()), (3, 1, 0, 2));
/// assert_eq!(tally.at_least(1, "1 approval"), Verdict::Approved("ana approved; 1 approval was needed".into()));
/// ```
#[derive(Debug, Clone)]
pub struct Tally {
    /// By the order in which they were asked: id, name, answer.
    seats: Vec<Seat>,
}

#[derive(Debug, Clone)]
struct Seat {
    person: String,
    name: String,
    vote: Option<Cast>,
}

#[derive(Debug, Clone)]
struct Cast {
    vote: Vote,
    /// `Ana`, or `Ana for Bo`.
    who: String,
}

impl Tally {
    /// Counts the votes of those who were asked; a vote of anybody else is none.
    #[must_use]
    pub fn of(host: &impl Host, request: &Request, votes: &[Vote]) -> Self {
        Self::among(host, &request.approvers, votes)
    }

    /// The same for some of them, as in one step of several.
    #[must_use]
    pub fn among(host: &impl Host, people: &[String], votes: &[Vote]) -> Self {
        let mut seats: Vec<Seat> = Vec::new();
        for person in people {
            if seats.iter().any(|seat| seat.person == *person) {
                continue;
            }
            // The last answer counts; of two at one instant the later in the list.
            let vote = votes.iter().filter(|vote| vote.person == *person).max_by_key(|vote| vote.at);
            let name = name(host, person);
            let cast = |vote: &Vote| {
                let who = match &vote.delegate {
                    Some(delegate) if delegate != person => format!("{} for {name}", self::name(host, delegate)),
                    _ => name.clone(),
                };
                Cast { vote: vote.clone(), who }
            };
            let vote = vote.map(cast);
            seats.push(Seat { person: person.clone(), name, vote });
        }
        Self { seats }
    }

    #[must_use]
    pub fn asked(&self) -> usize {
        self.seats.len()
    }

    fn casts(&self, answer: Answer) -> impl Iterator<Item = &Cast> {
        self.seats.iter().filter_map(|seat| seat.vote.as_ref()).filter(move |cast| cast.vote.answer == answer)
    }

    #[must_use]
    pub fn approvals(&self) -> usize {
        self.casts(Answer::Approve).count()
    }

    #[must_use]
    pub fn rejections(&self) -> usize {
        self.casts(Answer::Reject).count()
    }

    #[must_use]
    pub fn abstentions(&self) -> usize {
        self.casts(Answer::Abstain).count()
    }

    /// Ids of those who have not answered.
    #[must_use]
    pub fn open(&self) -> Vec<String> {
        self.seats.iter().filter(|seat| seat.vote.is_none()).map(|seat| seat.person.clone()).collect()
    }

    /// How a person answered.
    #[must_use]
    pub fn answer(&self, person: &str) -> Option<Answer> {
        self.seats.iter().find(|seat| seat.person == person)?.vote.as_ref().map(|cast| cast.vote.answer)
    }

    /// The first who approved or rejected; of two at one instant, the one who was asked first.
    #[must_use]
    pub fn first(&self) -> Option<&Vote> {
        self.first_cast().map(|cast| &cast.vote)
    }

    fn first_cast(&self) -> Option<&Cast> {
        let decisive = self.seats.iter().filter_map(|seat| seat.vote.as_ref());
        decisive.filter(|cast| cast.vote.answer != Answer::Abstain).min_by_key(|cast| cast.vote.at)
    }

    /// Who gave this answer, for people: `Ana, Bo for Cy and 2 more`.
    #[must_use]
    pub fn names(&self, answer: Answer) -> String {
        enumerated(self.casts(answer).map(with_comment).collect())
    }

    /// Whom it still waits for, for people.
    #[must_use]
    pub fn open_names(&self) -> String {
        enumerated(self.seats.iter().filter(|seat| seat.vote.is_none()).map(|seat| seat.name.clone()).collect())
    }

    /// Not decided yet: everybody who has not answered is still needed.
    #[must_use]
    pub fn pending(&self, reason: impl Into<String>) -> Verdict {
        Verdict::Pending { needed: self.open(), reason: reason.into() }
    }

    /// The first answer decides.
    #[must_use]
    pub fn first_response(&self) -> Verdict {
        match self.first_cast() {
            Some(cast) if cast.vote.answer == Answer::Approve => {
                Verdict::Approved(format!("{} answered first and approved", with_comment(cast)))
            }
            Some(cast) => Verdict::Rejected(format!("{} answered first and rejected", with_comment(cast))),
            None if self.seats.is_empty() => nobody(),
            None if self.open().is_empty() => Verdict::Rejected("everybody abstained, so nobody approved".to_owned()),
            None => self.pending(format!("waits for the first answer of {}", self.open_names())),
        }
    }

    /// Approved with so many approvals, rejected as soon as they cannot come any more. `rule` is what was needed, for people, for
    /// example `2 of 3 approvals`.
    #[must_use]
    pub fn at_least(&self, required: usize, rule: &str) -> Verdict {
        let (approvals, open) = (self.approvals(), self.open().len());
        if self.seats.is_empty() {
            return nobody();
        }
        if required > self.seats.len() {
            let asked = people(self.seats.len());
            return Verdict::Rejected(format!("it can never be approved: {rule} needed, and only {asked} asked"));
        }
        if approvals >= required {
            let (who, verb) = (self.names(Answer::Approve), was_were(required));
            return Verdict::Approved(format!("{who} approved; {rule} {verb} needed"));
        }
        if approvals + open >= required {
            let missing = required - approvals;
            return self.pending(format!("{missing} more of {} needed ({rule})", self.open_names()));
        }
        let mut against = Vec::new();
        for (answer, verb) in [(Answer::Reject, "rejected"), (Answer::Abstain, "abstained")] {
            if self.casts(answer).next().is_some() {
                against.push(format!("{} {verb}", self.names(answer)));
            }
        }
        Verdict::Rejected(format!("{}; {rule} {} needed", against.join(" and "), was_were(required)))
    }
}

fn with_comment(cast: &Cast) -> String {
    match cast.vote.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty()) {
        Some(comment) => format!("{} (“{comment}”)", cast.who),
        None => cast.who.clone(),
    }
}

fn nobody() -> Verdict {
    Verdict::Rejected("it can never be approved: nobody was asked".to_owned())
}

fn people(count: usize) -> String {
    if count == 1 { "1 person was".to_owned() } else { format!("{count} people were") }
}

fn was_were(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

fn enumerated(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    if more > 0 {
        return format!("{} and {more} more", names.join(", "));
    }
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(""),
    }
}

/// A person by name; by id when the name is not to be had, because a verdict does not wait for that.
fn name(host: &impl Host, id: &str) -> String {
    host.person(id).ok().flatten().map_or_else(|| id.to_owned(), |person| person.name)
}

/// `percent` of `count`, rounded half up: 2.49 is 2 and 2.5 is 3. Exact to the sixth decimal of the percentage, so that no share
/// is lost between two binary fractions.
///
/// ```
/// use weft_sdk::approval::rounded_half_up;
///
/// assert_eq!((rounded_half_up(24.9, 10), rounded_half_up(25.0, 10)), (2, 3));
/// ```
#[must_use]
pub fn rounded_half_up(percent: f64, count: usize) -> usize {
    const SCALE: f64 = 1_000_000.0;
    let millionths = (percent.clamp(0.0, 100.0) * SCALE).round() as u128;
    let hundred = 100 * SCALE as u128;
    ((2 * millionths * count as u128 + hundred) / (2 * hundred)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Person, fake::FakeHost};

    fn tally(votes: &[Vote]) -> Tally {
        let host = FakeHost::new().with_person(Person { name: "Ana Alva".into(), ..Person::new("ana") });
        Tally::of(&host, &Request::of(&["ana", "bo", "cy", "bo"]), votes)
    }

    #[test]
    fn only_those_asked_count_once_with_their_last_answer() {
        let votes = [
            Vote::new("bo", Answer::Reject, 5),
            Vote::new("bo", Answer::Approve, 2),
            Vote::new("eve", Answer::Approve, 1),
            Vote::new("cy", Answer::Abstain, 3),
        ];

        let tally = tally(&votes);

        assert_eq!((tally.asked(), tally.approvals(), tally.rejections(), tally.abstentions()), (3, 0, 1, 1));
        assert_eq!(tally.open(), ["ana"]);
        assert_eq!((tally.answer("bo"), tally.answer("eve")), (Some(Answer::Reject), None));
        assert_eq!(tally.first().map(|vote| vote.person.as_str()), Some("bo"), "an abstention decides nothing");
    }

    #[test]
    fn a_reason_names_people_delegates_and_comments() {
        let said = Vote { comment: Some("within budget".into()), ..Vote::new("bo", Answer::Approve, 1).by("ana") };
        let all = tally(&[said, Vote::new("ana", Answer::Approve, 2)]);
        assert_eq!(all.names(Answer::Approve), "Ana Alva and Ana Alva for bo (“within budget”)");
        assert_eq!(all.open_names(), "cy");

        let people: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
        let votes: Vec<Vote> = people.iter().map(|person| Vote::new(person, Answer::Reject, 1)).collect();
        let many = Tally::among(&FakeHost::new(), &people, &votes);
        assert_eq!(many.names(Answer::Reject), "p0, p1, p2, p3, p4 and 3 more");
    }

    #[test]
    fn enough_not_yet_and_never() {
        let (yes, no) = (|who| Vote::new(who, Answer::Approve, 1), |who| Vote::new(who, Answer::Reject, 1));
        let check = |votes: &[Vote], required: usize, expected: &str| {
            assert_eq!(format!("{:?}", tally(votes).at_least(required, "2 of 3 approvals")), expected);
        };

        check(&[yes("bo"), yes("cy")], 2, "Approved(\"bo and cy approved; 2 of 3 approvals were needed\")");
        check(
            &[no("bo")],
            2,
            "Pending { needed: [\"ana\", \"cy\"], reason: \"2 more of Ana Alva and cy needed (2 of 3 approvals)\" }",
        );
        check(
            &[no("bo"), Vote::new("cy", Answer::Abstain, 2)],
            2,
            "Rejected(\"bo rejected and cy abstained; 2 of 3 approvals were needed\")",
        );
        check(&[], 4, "Rejected(\"it can never be approved: 2 of 3 approvals needed, and only 3 people were asked\")");
        let nobody = Tally::of(&FakeHost::new(), &Request::of(&[]), &[]).at_least(0, "none");
        assert_eq!(nobody, Verdict::Rejected("it can never be approved: nobody was asked".into()));
    }

    #[test]
    fn shares_are_rounded_half_up() {
        for (percent, count, expected) in [
            (24.9, 10, 2),
            (25.0, 10, 3),
            (50.0, 5, 3),
            (33.3, 3, 1),
            (10.0, 3, 0),
            (100.0, 7, 7),
            (250.0, 7, 7),
            (-1.0, 7, 0),
        ] {
            assert_eq!(rounded_half_up(percent, count), expected, "{percent} % of {count}");
        }
    }
}
