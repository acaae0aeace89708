//! 20, impact: what falls with a CI is told at once, among a million CIs and three million relations, from memory that is never older than
//! the question, and is what the database finds.
//!
//! The company has data centres of racks, hosts, machines and programs; one building hosts everything. Ids are as long as real ones, in no
//! order, and one machine in fifty belongs to a space that who asks may not see. Controls: a host that is not told of changes goes on
//! giving the old answer; answers to the opposite question are not what the database finds; and the database alone takes too long.

use super::{Size, Verdict, block_on};
use crate::world::World;
use app::App;
use domain::ci::Direction;
use domain::{Actor, Ci, CiId, CiRelation, Object, OrgId};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::conformance::data::Dice;
use store::{Changeset, Write};
use store_sqlite::testing::Walker;
use tokio::time::Instant;

const HOST_MS_MAX: f64 = 2.0;
const RACK_MS_MAX: f64 = 25.0;
const WHOLE_MS_MAX: f64 = 500.0;
const VISIBLE_MS_MAX: f64 = 200.0;
const BYTES_MAX: usize = 100_000_000;
const SAMPLES: usize = 200;
/// CIs that an answer names; it counts all.
const NAMED: usize = 100;
const BATCH: usize = 2_000;
const SEED: u64 = 20;

/// Machines on a host, programs on a machine.
const MACHINES: usize = 10;
const PROGRAMS: usize = 22;

/// How large the company is.
#[derive(Debug, Clone, Copy)]
struct Estate {
    racks: usize,
    /// On a rack.
    hosts: usize,
}

impl Estate {
    fn rack(self) -> usize {
        1 + self.hosts * (1 + MACHINES * (1 + PROGRAMS))
    }

    fn cis(self) -> usize {
        1 + self.racks * self.rack()
    }
}

/// Made relations, and where the interesting CIs are.
struct Made {
    cis: usize,
    relations: usize,
    building: CiId,
    racks: Vec<CiId>,
    hosts: Vec<CiId>,
    programs: Vec<CiId>,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(run(size))
}

/// An id as long as a real one; numbers that follow one another are far apart.
fn id(number: usize) -> CiId {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    CiId(format!("{:08x}-{:04x}-7000-8000-{number:012x}", mixed >> 32, (mixed >> 16) & 0xffff))
}

/// Writes on their way into the store.
struct Filling<'a> {
    world: &'a World,
    writes: Vec<Write>,
    cis: usize,
    relations: usize,
}

impl Filling<'_> {
    fn ci(&mut self, class: &str, space: &str) -> CiId {
        let id = id(self.cis);
        self.writes.push(Write::Ci(Box::new(Ci {
            id: id.clone(),
            name: format!("{class} {}", self.cis),
            class: class.to_owned(),
            space: space.into(),
            attributes: Object::new(),
            version: 1,
        })));
        self.cis += 1;
        id
    }

    fn relate(&mut self, from: &CiId, relation_type: &str, to: &CiId) {
        self.writes.push(Write::RelateCis(CiRelation {
            from: from.clone(),
            relation_type: relation_type.to_owned(),
            to: to.clone(),
        }));
        self.relations += 1;
    }

    async fn flush(&mut self, least: usize) -> Result<(), String> {
        if self.writes.len() < least {
            return Ok(());
        }
        let mut set = Changeset::new(self.world.app.config.org.clone(), self.world.app.now());
        set.writes = std::mem::take(&mut self.writes);
        self.world
            .app
            .store()
            .commit(set)
            .await
            .map(drop)
            .map_err(|error| format!("the company cannot be kept: {error}"))
    }
}

async fn fill(world: &World, estate: Estate) -> Result<Made, String> {
    let mut filling = Filling { world, writes: Vec::new(), cis: 0, relations: 0 };
    let mut dice = Dice(SEED);
    let building = filling.ci("building", "it");
    let (mut racks, mut hosts, mut programs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..estate.racks {
        let rack = filling.ci("rack", "it");
        filling.relate(&building, "hosts", &rack);
        for _ in 0..estate.hosts {
            let host = filling.ci("server", "it");
            filling.relate(&rack, "hosts", &host);
            let mut near: Vec<CiId> = Vec::new();
            for machine in 0..MACHINES {
                let machine = filling.ci("machine", if (hosts.len() + machine) % 50 == 7 { "hr" } else { "it" });
                filling.relate(&machine, "runs-on", &host);
                for _ in 0..PROGRAMS {
                    let program = filling.ci("program", "it");
                    filling.relate(&program, "runs-on", &machine);
                    // Programs of one host need each other, in circles too; some cables mean nothing for impact.
                    for relation_type in ["depends-on", "provides"] {
                        if let Some(other) = near.get(dice.below(near.len().max(1))) {
                            filling.relate(&program, relation_type, other);
                        }
                    }
                    if dice.one_in(20)
                        && let Some(far) = programs.get(dice.below(programs.len().max(1)))
                    {
                        filling.relate(&program, "connected-to", far);
                    }
                    near.push(program);
                }
                filling.flush(BATCH).await?;
            }
            programs.extend(near.into_iter().step_by(40));
            hosts.push(host);
        }
        racks.push(rack);
    }
    filling.flush(1).await?;
    Ok(Made { cis: filling.cis, relations: filling.relations, building, racks, hosts, programs })
}

/// Milliseconds that questions about some CIs took, the slowest of 95 %; and CIs in the largest answer.
async fn ask(app: &App, actor: &Actor, cis: &[CiId], rounds: usize) -> Result<(f64, u64), String> {
    let (mut times, mut largest) = (Vec::new(), 0);
    for round in 0..rounds {
        let started = Instant::now();
        let view = app.ci_impact(actor, &cis[round * 7919 % cis.len()], Direction::Down, NAMED).await;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        let view = view.map_err(|error| format!("no answer about impact: {error}"))?;
        largest = largest.max(view.total + view.hidden);
    }
    Ok((p95(&mut times), largest))
}

fn p95(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len().saturating_sub(1) * 95 / 100).copied().unwrap_or_default()
}

/// Make a whole rack depend on one program and take it back, as a person does: the longest until the answer tells of it, and whether a
/// host that heard nothing of it still says something else by then.
async fn changes(world: &World, deaf: &App, made: &Made, rack: u64, rounds: usize) -> Result<(f64, bool), String> {
    let actor = world.actor("ada").await;
    let (mut longest, mut deaf_is_wrong) = (0.0_f64, false);
    for round in 0..rounds {
        let far = &made.programs[round * 31 % made.programs.len()];
        let data = json!({ "from": made.racks[round % made.racks.len()], "type": "depends-on", "to": far });
        for (kind, expected) in [("relate-cis", true), ("unrelate-cis", false)] {
            let effects = json!([{ "kind": kind, "data": data }]);
            world.submit("ada", None, effects).await.map_err(|error| format!("a change is refused: {error:?}"))?;
            let started = Instant::now();
            let until = started + Duration::from_secs(5);
            // Everything on a rack falls with a program that the rack depends on; otherwise programs of one host do.
            let told = async |app: &App| {
                let view = app.ci_impact(&actor, far, Direction::Down, 1).await;
                let has = view.map(|view| view.total + view.hidden >= rack / 2);
                has.map_err(|error| format!("no answer about impact: {error}"))
            };
            while told(&*world.app).await? != expected && Instant::now() < until {}
            longest = longest.max(started.elapsed().as_secs_f64() * 1e3);
            deaf_is_wrong |= told(deaf).await? != expected;
        }
    }
    Ok((longest, deaf_is_wrong))
}

/// How many of some answers are what the database finds, to the question itself and to the opposite one; and the slowest 95 % of the
/// database about racks.
async fn compare(world: &World, made: &Made, samples: usize) -> Result<(usize, usize, f64), String> {
    let org: &OrgId = &world.app.config.org;
    let mut walker = Walker::open(&world.folder.path().join("weft.db")).await;
    let mut dice = Dice(SEED);
    let (mut equal, mut opposite, mut times) = (0, 0, Vec::new());
    for number in 0..samples {
        let (ci, direction) = match number {
            0 => (made.building.clone(), Direction::Down),
            _ if number % 10 == 1 => (made.racks[number % made.racks.len()].clone(), Direction::Down),
            _ if number % 2 == 0 => (id(dice.below(made.cis)), Direction::Up),
            _ => (id(dice.below(made.cis)), Direction::Down),
        };
        let started = Instant::now();
        let found: BTreeSet<CiId> = walker.reach(org, &ci, direction).await.into_iter().collect();
        if made.racks.contains(&ci) {
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let failed = |error: app::AppError| format!("no answer about impact: {error}");
        let told = world.app.impact_ids(&ci, direction).await.map_err(failed)?;
        let other = if direction == Direction::Up { Direction::Down } else { Direction::Up };
        let wrong = world.app.impact_ids(&ci, other).await.map_err(failed)?;
        equal += usize::from(told.len() == found.len() && told.into_iter().collect::<BTreeSet<_>>() == found);
        opposite += usize::from(wrong.into_iter().collect::<BTreeSet<_>>() == found);
    }
    Ok((equal, opposite, p95(&mut times)))
}

async fn run(size: Size) -> Result<Verdict, String> {
    // A small one has few, beside other tests, in a build that is not optimised.
    let estate = size.pick(Estate { racks: 3, hosts: 4 }, Estate { racks: 60, hosts: 72 });
    let slack = size.pick(20.0, 1.0);
    let samples = size.pick(60, SAMPLES);
    let world = World::bare().await;
    let made = fill(&world, estate).await?;
    if made.cis != estate.cis() {
        return Err(format!("the company has {} CIs instead of {}", made.cis, estate.cis()));
    }
    let failed = |error: app::AppError| format!("the graph cannot be read: {error}");
    let started = Instant::now();
    let bytes = world.app.impact_prepare().await.map_err(failed)?;
    let read_s = started.elapsed().as_secs_f64();
    let deaf: Arc<App> = world.twin().await;
    deaf.impact_prepare().await.map_err(failed)?;

    let ada = world.actor("ada").await;
    let (host_ms, host) = ask(&world.app, &ada, &made.hosts, size.pick(100, 1_000)).await?;
    let (rack_ms, rack) = ask(&world.app, &ada, &made.racks, size.pick(40, 200)).await?;
    let (whole_ms, whole) = ask(&world.app, &ada, std::slice::from_ref(&made.building), size.pick(5, 20)).await?;
    let (equal, opposite, database_ms) = compare(&world, &made, samples).await?;
    let (visible_ms, deaf_is_wrong) = changes(&world, &deaf, &made, rack, size.pick(3, 20)).await?;

    let in_time = host_ms <= HOST_MS_MAX * slack
        && rack_ms <= RACK_MS_MAX * slack
        && whole_ms <= WHOLE_MS_MAX * slack
        && visible_ms <= VISIBLE_MS_MAX * slack;
    // In a small company the database is quick enough too.
    let database_fails = size == Size::Quick || database_ms > RACK_MS_MAX;
    Ok(Verdict {
        figure: format!(
            "{} CIs, {} relations in {:.0} MB, read in {read_s:.1} s; p95 of a host ({host} CIs) {host_ms:.2} ms, a rack ({rack}) {rack_ms:.2} ms, everything ({whole}) {whole_ms:.0} ms; a change is told after at most {visible_ms:.0} ms; {equal} of {samples} answers are the database's",
            made.cis,
            made.relations,
            bytes as f64 / 1e6,
        ),
        limit: format!(
            "{:.0} ms, {:.0} ms, {:.0} ms, {:.0} ms, {:.0} MB, all answers",
            HOST_MS_MAX * slack,
            RACK_MS_MAX * slack,
            WHOLE_MS_MAX * slack,
            VISIBLE_MS_MAX * slack,
            BYTES_MAX as f64 / 1e6
        ),
        kept: in_time && bytes <= BYTES_MAX && equal == samples,
        control: format!(
            "a host that is not told of changes is {}; {opposite} of {samples} answers to the opposite question are the database's; the database alone needs {database_ms:.1} ms for a rack (p95)",
            if deaf_is_wrong { "wrong" } else { "right" }
        ),
        control_failed: deaf_is_wrong && opposite < samples && database_fails,
    })
}
