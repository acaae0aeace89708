//! Numbers: leased in blocks, never given twice.

use super::Harness;
use super::data::org;
use futures_util::future::join_all;
use std::collections::BTreeSet;

type Made = Box<dyn Harness>;

pub async fn leases_every_number_once(made: Made) {
    let store = made.store();
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        let org = org();
        let leases = join_all((0..32).map(|number| store.number_lease(&org, "incident", 1 + number % 5))).await;
        for (number, first) in (0..).zip(leases) {
            let first = first.unwrap();
            for given in first..=first + i64::from(number % 5_u32) {
                assert!(given > 0 && seen.insert(given), "{given} was given twice");
            }
        }
    }
    assert_eq!(store.number_lease(&org(), "change", 10).await.unwrap(), 1);
}

pub async fn keeps_numbers_above_a_floor(made: Made) {
    let store = made.store();
    store.number_floor(&org(), "incident", 500).await.unwrap();
    assert_eq!(store.number_lease(&org(), "incident", 10).await.unwrap(), 501);
    store.number_floor(&org(), "incident", 100).await.unwrap();
    assert_eq!(store.number_lease(&org(), "incident", 1).await.unwrap(), 511);
}
