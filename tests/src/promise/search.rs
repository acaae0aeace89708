//! 19, search: words are found among a million tickets in the time of a blink, by whoever may see them and nobody else, and every total is
//! what a plain count says.
//!
//! Tickets have 40 words each, as often as words are in a language (Zipf). An agent who may see most of them and a requester who may see
//! some ask over HTTP for common, medium, rare and two words. Totals are held against counts that were made while the tickets were made, by
//! the rights in plain Rust. Then the server is started again, over its index as it is and over a damaged one. Controls: the same index asked
//! without rights, to be filtered afterwards, gives totals that tell of hidden tickets; and the database alone takes too long.

use super::load::settings;
use super::{Size, Verdict, block_on};
use crate::binary::{Client, Server, free_address, path};
use crate::cluster::{incident, pause};
use app::{App, PersonChange, SpaceChange};
use domain::filter::Filter;
use domain::ticket::AccessList;
use domain::{PersonId, PluginId, Role, SpaceId};
use search::{Folder, Index, Reading};
use serde_json::Value;
use server::open::{Durability, open, operator};
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::conformance::data::{Dice, ticket};
use store::{Changeset, Write};
use tokio::process::Command;
use tokio::time::Instant;

const P95_MS_MAX: f64 = 30.0;
const FRESH_MAX: Duration = Duration::from_secs(2);
/// A first index of a million tickets takes a minute or two; the database answers meanwhile.
const BUILT_MAX: Duration = Duration::from_secs(400);
const WORDS: usize = 40;
const VOCABULARY: usize = 50_000;
const BATCH: usize = 2_000;
const SEED: u64 = 19;
/// Questions of each class.
const QUESTIONS: usize = 8;
/// Is in a title of a hidden ticket only.
const SECRET: &str = "zanzibaq";
/// Another form of a word of a title, which only the index knows.
const FORM: (&str, &str) = ("Häuser", "haus");

/// Who asks, by login.
const ASKERS: [&str; 2] = ["agent", "erin"];
const CLASSES: [&str; 4] = ["common", "medium", "rare", "two words"];

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(run(size))
}

/// A word by its rank. All have the same length, so that none begins another, and an end that no language takes for one.
fn word(rank: usize) -> String {
    const LETTERS: [char; 16] = ['b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v'];
    let letters = (0..4).rev().map(|place| LETTERS[(rank >> (4 * place)) & 15]);
    letters.chain(['a', 'q']).collect()
}

/// What is asked for, and how many tickets each asker, and somebody who sees everything, would count.
struct Question {
    class: usize,
    ranks: Vec<usize>,
    text: String,
    expected: [u64; ASKERS.len()],
    everywhere: u64,
}

fn questions() -> Vec<Question> {
    let mut all = Vec::new();
    for number in 0..QUESTIONS {
        let (common, medium, rare) = (8 + number, 350 + 11 * number, 2_500 + 501 * number);
        for (class, ranks) in [vec![common], vec![medium], vec![rare], vec![common, medium]].into_iter().enumerate() {
            let text = ranks.iter().map(|rank| word(*rank)).collect::<Vec<_>>().join(" ");
            all.push(Question { class, ranks, text, expected: [0; ASKERS.len()], everywhere: 0 });
        }
    }
    all
}

/// A database with tickets in it, and tokens of those who ask.
struct Site {
    folder: tempfile::TempDir,
    tokens: Vec<String>,
    questions: Vec<Question>,
}

impl Site {
    async fn prepare(tickets: usize) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let settings = settings(&folder.path().join("weft.db"), "");
        let app = open(&settings, false, Durability::None).await.map_err(|error| error.to_string())?;
        let failed = |error: app::AppError| format!("the database cannot be prepared: {error}");
        let admin = operator();
        for (id, confidential) in [("it", false), ("hr", true)] {
            let space = SpaceChange { id: id.into(), title: id.to_uppercase(), confidential, calendar: None };
            app.space_put(&admin, space).await.map_err(failed)?;
        }
        let plugin = bundle::plugin("incident").ok_or("there is no practice `incident`")?;
        app.plugin_install(&admin, plugin.bytes.to_vec()).await.map_err(failed)?;
        app.plugin_enable(&admin, &PluginId::from("incident")).await.map_err(failed)?;
        let mut tokens = Vec::new();
        for (login, role) in [("agent", Role::Agent), ("erin", Role::Requester)] {
            let id = PersonId::from(login);
            let change =
                PersonChange { login: Some(login.into()), name: Some(login.into()), ..PersonChange::default() };
            app.person_put(&admin, Some(&id), change).await.map_err(failed)?;
            app.roles_put(&admin, &id, vec![(SpaceId::from("it"), role)]).await.map_err(failed)?;
            let actor = app.actor_by_login(login).await.map_err(failed)?;
            tokens.push(app.token_create(&actor, "search", 1).await.map_err(failed)?.token);
        }
        let questions = fill(&app, tickets).await?;
        app.store().close().await;
        Ok(Self { folder, tokens, questions })
    }

    fn index(&self) -> PathBuf {
        self.folder.path().join("weft.search")
    }

    async fn serve(&self, index: &Path) -> Server {
        let address = free_address();
        let mut command = Command::new(path());
        command.arg("serve").arg("--store-path").arg(self.folder.path().join("weft.db"));
        command.arg("--http-listen").arg(&address).arg("--search-folder").arg(index);
        command.arg("--overload-caller-per-second-max").arg("0");
        let cache = path().with_file_name("weft-components");
        command.env("WEFT_PLUGINS_CACHE_DIR", cache).env("RUST_LOG", "error");
        Server::start(command, address).await
    }

    async fn clients(&self, server: &Server) -> Result<Vec<Client>, String> {
        let mut all = Vec::new();
        for token in &self.tokens {
            let client = Client::connect(&server.address).await;
            let mut client = client.map_err(|error| format!("the server cannot be reached: {error}"))?;
            client.headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
            all.push(client);
        }
        Ok(all)
    }

    /// A server whose index answers, and how long that took.
    async fn indexed(&self) -> Result<(Server, Vec<Client>, Duration), String> {
        let started = Instant::now();
        let server = self.serve(&self.index()).await;
        let mut clients = self.clients(&server).await?;
        while !search(&mut clients[0], FORM.1).await?.1.iter().any(|title| title == FORM.0) {
            if started.elapsed() > BUILT_MAX {
                return Err(format!("there is no index after {BUILT_MAX:?}"));
            }
            pause(Duration::from_millis(50)).await;
        }
        Ok((server, clients, started.elapsed()))
    }

    /// What each asker asks: what they would not find is answered with other words, which is another question.
    fn asked(&self) -> impl Iterator<Item = (usize, &Question)> {
        let all = self.questions.iter().flat_map(|question| (0..ASKERS.len()).map(move |who| (who, question)));
        all.filter(|(who, question)| question.expected[*who] > 0)
    }

    /// Answers that are not what the plain count says.
    async fn wrong(&self, clients: &mut [Client]) -> Result<Vec<String>, String> {
        let mut wrong = Vec::new();
        for (who, question) in self.asked() {
            let (total, shown) = search(&mut clients[who], &question.text).await?;
            let expected = question.expected[who];
            if total != expected || shown.len() as u64 != expected.min(8) {
                wrong.push(format!("{} finds {total} of {expected} for {}", ASKERS[who], question.text));
            }
        }
        for client in clients {
            if search(client, SECRET).await?.1.iter().any(|title| title == SECRET) {
                wrong.push("what is hidden was found".to_owned());
            }
        }
        Ok(wrong)
    }

    /// Milliseconds that 95 of 100 questions of each class take.
    async fn times(&self, clients: &mut [Client], rounds: usize) -> Result<[f64; CLASSES.len()], String> {
        let mut times: [Vec<f64>; CLASSES.len()] = Default::default();
        for _ in 0..rounds {
            for (who, question) in self.asked() {
                let started = Instant::now();
                search(&mut clients[who], &question.text).await?;
                times[question.class].push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
        Ok(times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times.get(times.len().saturating_sub(1) * 95 / 100).copied().unwrap_or_default()
        }))
    }
}

/// Put tickets into the store, and count on the way what each question has to find.
async fn fill(app: &App, tickets: usize) -> Result<Vec<Question>, String> {
    let mut questions = questions();
    let mut dice = Dice(SEED);
    let mut writes = Vec::new();
    for number in 0..tickets {
        // As in a language: the word of rank n is as often as 1/n.
        let ranks: Vec<usize> = (0..WORDS)
            .map(|_| {
                #[expect(clippy::cast_precision_loss, reason = "a share of a million")]
                let share = dice.below(1_000_000) as f64 / 1e6;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the vocabulary")]
                let rank = (VOCABULARY as f64).powf(share) as usize;
                rank
            })
            .collect();
        let mut one = ticket(&format!("{:08x}-{number:08x}", (number as u64).wrapping_mul(0x9e37_79b9) & 0xffff_ffff));
        // The letters of no kind: new tickets are numbered from one on.
        one.number = format!("OLD{number:07}");
        one.title = ranks.iter().map(|rank| word(*rank)).collect::<Vec<_>>().join(" ");
        one.space = if number % 20 == 7 { "hr".into() } else { "it".into() };
        one.restricted = number % 100 == 33;
        one.requester = (number % 50 < 2).then(|| "erin".into());
        one.updated_at = app.now();
        if number == 0 {
            one.title = FORM.0.to_owned();
        } else if number == 7 + 20 || number == 33 {
            one.title = SECRET.to_owned();
        }
        let id = one.id.clone();
        let is_plain = ![0, 27, 33].contains(&number);
        let sees = [one.space.as_str() == "it" && !one.restricted, one.requester.is_some()];
        for question in questions.iter_mut().filter(|_| is_plain) {
            if question.ranks.iter().all(|rank| ranks.contains(rank)) {
                question.everywhere += 1;
                for (expected, sees) in question.expected.iter_mut().zip(sees) {
                    *expected += u64::from(sees);
                }
            }
        }
        let is_restricted = one.restricted;
        writes.push(Write::Ticket(Box::new(one)));
        if is_restricted {
            let access = AccessList { people: vec!["hana".into()], groups: Vec::new() };
            writes.push(Write::Access { ticket: id, access });
        }
        if writes.len() >= BATCH || number + 1 == tickets {
            let mut set = Changeset::new(app.config.org.clone(), app.now());
            set.writes = std::mem::take(&mut writes);
            app.store().commit(set).await.map_err(|error| format!("tickets cannot be kept: {error}"))?;
        }
    }
    Ok(questions)
}

/// How many tickets there are with these words and no others, and the titles that are shown.
async fn search(client: &mut Client, text: &str) -> Result<(u64, Vec<String>), String> {
    let path = format!("/api/v1/search?text={}", text.replace(' ', "+"));
    let reply = client.request("GET", &path, &[], None).await.map_err(|error| format!("no answer: {error}"))?;
    let answer: Value = serde_json::from_slice(&reply.2).unwrap_or_default();
    let (Some(total), Some(shown)) = (answer["tickets_total"].as_u64(), answer["tickets"].as_array()) else {
        return Err(format!("{path}: {} {answer}", reply.0));
    };
    if !answer["corrected"].is_null() {
        return Ok((0, Vec::new()));
    }
    let titles = shown.iter().filter_map(|ticket| ticket["title"].as_str().map(str::to_owned));
    Ok((total, titles.collect()))
}

/// The longest from a commit until the ticket is found, over some new ones.
async fn freshness(client: &mut Client, rounds: usize) -> Result<Duration, String> {
    let mut longest = Duration::ZERO;
    for round in 0..rounds {
        // Ranks beyond the vocabulary: nobody else says these words.
        let text = word(60_000 + round);
        let body = incident(&text).to_string();
        let reply = client.request("POST", "/api/v1/tickets", &[], Some(body.as_bytes())).await;
        let reply = reply.map_err(|error| format!("no answer: {error}"))?;
        if reply.0 != 201 {
            return Err(format!("a ticket is refused: {} {}", reply.0, String::from_utf8_lossy(&reply.2)));
        }
        let started = Instant::now();
        while !search(client, &text).await?.1.contains(&text) && started.elapsed() < FRESH_MAX * 2 {}
        longest = longest.max(started.elapsed());
    }
    Ok(longest)
}

/// Change a byte in the middle of every file that holds words.
fn damage(index: &Path) -> Result<usize, String> {
    let failed = |error: std::io::Error| format!("the index cannot be damaged: {error}");
    let mut damaged = 0;
    for file in std::fs::read_dir(index.join("0/index")).map_err(failed)? {
        let file = file.map_err(failed)?.path();
        if file.extension().is_some_and(|end| end == "idx" || end == "term") {
            let mut bytes = std::fs::read(&file).map_err(failed)?;
            let middle = bytes.len() / 2;
            // What was not kept when the server was killed may have left an empty one.
            let Some(byte) = bytes.get_mut(middle) else { continue };
            *byte ^= 0x55;
            std::fs::write(&file, bytes).map_err(failed)?;
            damaged += 1;
        }
    }
    Ok(damaged)
}

/// Questions whose total, filtered afterwards, would tell of tickets that the agent may not see.
fn leaks(site: &Site) -> Result<usize, String> {
    let opened = Folder::take(&site.index()).and_then(Index::open);
    let (index, known) = opened.map_err(|error| format!("the index cannot be read: {error}"))?;
    if known.is_none() {
        return Err("the index that the server left is not one".to_owned());
    }
    let mut leaks = 0;
    for question in &site.questions {
        let hits = index.find(&Filter::True, &question.text, Reading::Exact, 8).map_err(|error| error.to_string())?;
        let total = hits.ok_or("the index does not answer")?.total;
        if total != question.everywhere {
            return Err(format!("{total} of {} tickets are in the index for {}", question.everywhere, question.text));
        }
        leaks += usize::from(total != question.expected[0]);
    }
    Ok(leaks)
}

fn told(times: [f64; CLASSES.len()]) -> String {
    let one = CLASSES.iter().zip(times).map(|(class, time)| format!("{class} {time:.1} ms"));
    one.collect::<Vec<_>>().join(", ")
}

async fn run(size: Size) -> Result<Verdict, String> {
    let tickets = size.pick(8_000, 1_000_000);
    // A small one runs beside other tests, in a build that is not optimised.
    let slack = size.pick(10.0, 1.0);
    let site = Site::prepare(tickets).await?;

    let (server, mut clients, built) = site.indexed().await?;
    let mut wrong = site.wrong(&mut clients).await?;
    let times = site.times(&mut clients, size.pick(1, 20)).await?;
    let fresh = freshness(&mut clients[0], size.pick(3, 20)).await?;
    let (agent, hits) = (&site.questions[0], search(&mut clients[0], &site.questions[0].text).await?.0);
    server.stop().await;

    let leaks = leaks(&site)?;
    let (server, mut clients, again) = site.indexed().await?;
    wrong.extend(site.wrong(&mut clients).await?);
    server.kill().await;
    let damaged = damage(&site.index())?;
    let (server, mut clients, anew) = site.indexed().await?;
    wrong.extend(site.wrong(&mut clients).await?);
    server.stop().await;

    let server = site.serve(Path::new("off")).await;
    let mut clients = site.clients(&server).await?;
    let alone = site.times(&mut clients, 1).await?;
    server.stop().await;

    let slowest = times.into_iter().fold(0.0, f64::max);
    let alone_slowest = alone.into_iter().fold(0.0, f64::max);
    // Among few tickets the database is quick enough too.
    let database_fails = size == Size::Quick || alone_slowest > P95_MS_MAX;
    let shown: Vec<&str> = wrong.iter().take(3).map(String::as_str).collect();
    Ok(Verdict {
        figure: format!(
            "{tickets} tickets of {WORDS} words ({hits} of {} with `{}` for the agent), index there after {:.1} s, {:.1} s after a restart, {:.1} s after {damaged} files were damaged; p95 over HTTP: {}; a new ticket is found after at most {:.0} ms; {} wrong of {} answers{}{}",
            agent.everywhere,
            agent.text,
            built.as_secs_f64(),
            again.as_secs_f64(),
            anew.as_secs_f64(),
            told(times),
            fresh.as_secs_f64() * 1e3,
            wrong.len(),
            3 * (site.asked().count() + ASKERS.len()),
            if shown.is_empty() { "" } else { ": " },
            shown.join("; "),
        ),
        limit: format!("p95 {:.0} ms, {FRESH_MAX:?}, none wrong, nothing hidden", P95_MS_MAX * slack),
        kept: slowest <= P95_MS_MAX * slack && fresh <= FRESH_MAX && wrong.is_empty() && damaged > 0,
        control: format!(
            "filtered afterwards, {leaks} of {} totals tell of hidden tickets; the database alone: {}",
            site.questions.len(),
            told(alone)
        ),
        control_failed: leaks > 0 && database_fails,
    })
}
