//! 25, portability: no statement has what a distributed engine lacks, every key begins with the organisation, and generated queries have the
//! same answers on both databases. The control puts each banned construct into a statement, and asks one database without one ticket.

use super::{Size, Verdict, block_on};
use domain::filter::Field;
use std::sync::Arc;
use store::conformance::data::{Dice, org, put_ticket};
use store::conformance::filters::{random_filter, random_ticket};
use store::{Sort, Store, TicketQuery};
use store_postgres::{PostgresConfig, PostgresStore, portable, testing};
use store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

const SEED: u64 = 2026;

/// # Errors
/// A store cannot be made.
pub fn check(size: Size) -> Result<Verdict, String> {
    block_on(run(size.pick(150, 2_000), size.pick(60, 300)))
}

async fn run(queries: usize, tickets: usize) -> Result<Verdict, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let sqlite = |name: &str| SqliteConfig {
        synchronous: Synchronous::Off,
        deadline_ms: 60_000,
        ..SqliteConfig::new(folder.path().join(name))
    };
    let failed = |error: store::StoreError| format!("a store cannot be made: {error:?}");
    let config = PostgresConfig { deadline_ms: 60_000, ..PostgresConfig::new(testing::empty_database()) };
    let right: Arc<dyn Store> = Arc::new(PostgresStore::open(config).await.map_err(failed)?);
    let left: Arc<dyn Store> = Arc::new(SqliteStore::open(sqlite("weft.db")).await.map_err(failed)?);
    let short: Arc<dyn Store> = Arc::new(SqliteStore::open(sqlite("short.db")).await.map_err(failed)?);
    let mut dice = Dice(SEED);
    for number in 0..tickets {
        let ticket = random_ticket(&mut dice, number);
        put_ticket(&*left, ticket.clone()).await;
        put_ticket(&*right, ticket.clone()).await;
        if number != tickets / 2 {
            put_ticket(&*short, ticket).await;
        }
    }
    let (mut differences, mut seen_by_control) = (Vec::new(), 0);
    for number in 0..queries {
        let query = query(&mut dice);
        let expected = answer(&*left, &query).await?;
        let found = answer(&*right, &query).await?;
        if found != expected {
            differences.push(format!("query {number} of seed {SEED}: {query:?}"));
        }
        seen_by_control += u32::from(answer(&*short, &query).await? != found);
    }
    for store in [&left, &right, &short] {
        store.close().await;
    }
    let statements = testing::statements();
    let banned: Vec<String> = statements
        .iter()
        .flat_map(|sql| portable::violations(sql).into_iter().map(move |why| format!("{why} in {sql}")))
        .collect();
    let guilty = portable::BANNED.iter().filter(|(words, _)| {
        let sql = format!("SELECT 1 FROM ticket WHERE org_id = $1 AND {words}");
        !portable::violations(&sql).is_empty()
    });
    let guilty = guilty.count();
    let wrong: Vec<&String> = banned.iter().chain(&differences).take(3).collect();
    Ok(Verdict {
        figure: format!(
            "{} statements parsed, {} with a banned construct or without the organisation; {} of {queries} queries differ{}",
            statements.len(),
            banned.len(),
            differences.len(),
            if wrong.is_empty() { String::new() } else { format!(": {wrong:?}") }
        ),
        limit: format!("0 banned, 0 of {queries} differ"),
        kept: banned.is_empty() && differences.is_empty() && statements.len() > 50,
        control: format!(
            "{guilty} of {} banned constructs found where they were put; a ticket too few was seen by {seen_by_control} queries",
            portable::BANNED.len()
        ),
        control_failed: guilty == portable::BANNED.len() && seen_by_control > 0,
    })
}

fn query(dice: &mut Dice) -> TicketQuery {
    const SORTS: [Sort; 4] = [Sort::OpenedAt, Sort::UpdatedAt, Sort::DueAt, Sort::Number];
    TicketQuery {
        filter: random_filter(dice, 3),
        sort: *dice.pick(&SORTS),
        descending: dice.one_in(2),
        after: None,
        limit: 1 + u32::try_from(dice.below(50)).unwrap_or(0),
    }
}

/// Two pages, the count, and the counts by state, as text.
async fn answer(store: &dyn Store, query: &TicketQuery) -> Result<String, String> {
    let failed = |error: store::StoreError| format!("{query:?} is not answered: {error:?}");
    let first = store.ticket_list(&org(), query).await.map_err(failed)?;
    let mut next = query.clone();
    next.after.clone_from(&first.next);
    let second = match first.next {
        Some(_) => Some(store.ticket_list(&org(), &next).await.map_err(failed)?),
        None => None,
    };
    let count = store.ticket_count(&org(), &query.filter).await.map_err(failed)?;
    let by_state = store.ticket_count_by(&org(), &query.filter, Field::State).await.map_err(failed)?;
    Ok(format!("{first:?} {second:?} {count} {by_state:?}"))
}
