//! Calendars by key, parsed once.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::calendar::Calendar;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// Calendars and their versions.
type ByKey = HashMap<String, (Arc<Calendar>, u32)>;

#[derive(Debug, Default)]
pub struct CalendarCache {
    calendars: RwLock<ByKey>,
}

impl CalendarCache {
    pub(crate) fn get(&self, key: &str) -> Option<(Arc<Calendar>, u32)> {
        self.calendars.read().expect("nothing panics while it holds this lock").get(key).cloned()
    }

    #[must_use]
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> =
            self.calendars.read().expect("nothing panics while it holds this lock").keys().cloned().collect();
        keys.sort();
        keys
    }
}

impl App {
    pub(crate) async fn reload_calendars(&self) -> Result<()> {
        let _one_at_a_time = self.reloading.lock().await;
        let mut calendars = HashMap::new();
        for (key, definition, version) in self.store.calendar_list(self.org()).await? {
            match Calendar::from_json(&definition) {
                Ok(calendar) => {
                    calendars.insert(key, (Arc::new(calendar), version));
                }
                // It was checked when it was saved; a newer version may see it differently.
                Err(problems) => tracing::error!(calendar = key, ?problems, "calendar cannot be read any more"),
            }
        }
        *self.calendars.calendars.write().expect("nothing panics while it holds this lock") = calendars;
        Ok(())
    }

    /// A calendar by key.
    ///
    /// # Errors
    /// There is none.
    pub fn calendar(&self, key: &str) -> Result<Arc<Calendar>> {
        self.calendars.get(key).map(|(calendar, _)| calendar).ok_or_else(|| AppError::not_found("calendar", key))
    }
}
