//! A table that is cheap to copy: a snapshot shares every row, and only what is written afterwards is copied.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::ops::RangeBounds;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Table<K, V>(Arc<BTreeMap<K, Arc<V>>>);

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|row| &**row)
    }

    pub(crate) fn put(&mut self, key: K, row: V) -> Option<Arc<V>> {
        Arc::make_mut(&mut self.0).insert(key, Arc::new(row))
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        // A key that is not there must not copy the table.
        if self.0.contains_key(key) { Arc::make_mut(&mut self.0).remove(key) } else { None }
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.0.values().map(|row| &**row)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, row)| (key, &**row))
    }

    pub(crate) fn range(&self, range: impl RangeBounds<K>) -> Range<'_, K, Arc<V>> {
        self.0.range(range)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        if self.0.iter().any(|(key, row)| !keep(key, row)) {
            Arc::make_mut(&mut self.0).retain(|key, row| keep(key, row));
        }
    }

    /// Change one row.
    pub(crate) fn update<Q: Ord + ?Sized, R>(&mut self, key: &Q, change: impl FnOnce(&mut V) -> R) -> Option<R>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        if !self.0.contains_key(key) {
            return None;
        }
        Arc::make_mut(&mut self.0).get_mut(key).map(|row| change(Arc::make_mut(row)))
    }
}
