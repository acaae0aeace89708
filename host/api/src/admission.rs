//! Who is served now, who waits for a moment, and who is told to come back: decided before the body of a request is read.
//!
//! A node does a certain number of requests well at once. Those beyond it wait in three lanes: people at the screens first, then whoever
//! has not shown yet who they are (a sign-in), then integrations. A request whose turn would come too late is refused at once, with the
//! time after which it is worth coming back. Each secret has a share of its own besides, so that one script is told to slow down before
//! it costs its neighbours anything. What is behind the lanes, the jobs of this node, is told when requests wait.
//!
//! It must not know what a request is about: routes, tickets and rights are none of its business.

use crate::problem::ApiError;
use crate::state::ApiState;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Limits of what runs and what waits.
#[derive(Debug, Clone)]
pub struct AdmissionConfig {
    /// Off, everybody is served at once, as long as it lasts.
    pub is_on: bool,
    /// Requests that run at once, at most. How many really do is found out.
    pub in_flight_max: usize,
    /// When more than a quarter of the requests takes longer than this, fewer run at once.
    pub served_target: Duration,
    /// Requests that wait in one lane.
    pub waiting_max: usize,
    /// A request that would wait longer for its turn is refused.
    pub wait_max: Duration,
    /// Requests of one token or session that run or wait.
    pub caller_open_max: usize,
    /// Requests of one token or session in a second; no limit when it is 0.
    pub caller_per_second_max: u32,
}

impl Default for AdmissionConfig {
    fn default() -> Self {
        Self {
            is_on: true,
            in_flight_max: 128,
            served_target: Duration::from_millis(500),
            waiting_max: 256,
            wait_max: Duration::from_millis(750),
            caller_open_max: 128,
            caller_per_second_max: 500,
        }
    }
}

/// Who asks, in the order in which they are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    People,
    Strangers,
    Integrations,
}

const LANES: [Lane; 3] = [Lane::People, Lane::Strangers, Lane::Integrations];

impl Lane {
    fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Strangers => "strangers",
            Self::Integrations => "integrations",
        }
    }

    /// How long it waits for its turn: people twice as long, so that a moment in which nothing moves turns nobody away.
    fn patience(self, wait_max: Duration) -> Duration {
        if self == Self::People { wait_max * 2 } else { wait_max }
    }

    /// How many of the places a lane may take. An eighth is kept free of integrations, so that people seldom wait for one to end;
    /// strangers can cost no more than a quarter, whatever they pretend to be.
    fn share(self, places: usize) -> usize {
        match self {
            Self::People => places,
            Self::Strangers => (places / 4).max(1),
            Self::Integrations => (places - (places / 8).max(1)).max(1),
        }
    }
}

/// A secret that somebody came with, as it is remembered.
type Key = [u8; 16];

/// Fewer than an eighth of the places are never offered: what is slow by nature must not strangle the rest.
const PLACES_SHARE_MIN: usize = 8;
const PLACES_MIN: usize = 4;
/// Secrets that are remembered. When there are more, those that nobody uses are forgotten; they are strangers for one request then.
const CALLERS_MAX: usize = 20_000;
const RETRY_SECONDS_MAX: u32 = 30;

/// Told how many requests wait, whenever that changes.
pub(crate) type Background = Box<dyn Fn(usize) + Send + Sync>;

pub(crate) struct Admission {
    config: AdmissionConfig,
    background: Background,
    state: Mutex<Lanes>,
}

#[derive(Debug)]
struct Lanes {
    /// Places that are offered; a fraction, because it grows by fractions.
    places: f64,
    in_flight: [usize; 3],
    waiting: [VecDeque<Waiter>; 3],
    next_number: u64,
    /// How long a request takes, smoothed, in seconds.
    served: f64,
    round: Round,
    callers: HashMap<Key, Caller>,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    reply: oneshot::Sender<Place>,
}

/// What was seen since the number of places was looked at.
#[derive(Debug, Default)]
struct Round {
    ended: usize,
    slow: usize,
    was_full: bool,
}

/// Somebody who has shown who they are.
#[derive(Debug)]
struct Caller {
    lane: Lane,
    open: usize,
    /// Requests that they may make before the next second is over.
    credit: f64,
    at: Instant,
}

/// Admits a request, or answers in its place. Only what is below `/api/v1` is counted: signs of life, metrics and the files of the screens
/// cost next to nothing, and are needed most when there is too much to do.
pub(crate) async fn admit(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> std::result::Result<Response, ApiError> {
    let path = request.uri().path();
    if !state.admission.config.is_on || !path.starts_with("/api/v1/") || path == "/api/v1/openapi.json" {
        return Ok(next.run(request).await);
    }
    let secret = crate::extract::secret(request.headers(), &state.config).map(|(secret, _)| key(&secret));
    let open = state.admission.open(secret)?;
    let place = state.admission.place(open.lane).await?;
    let response = next.run(request).await;
    drop((place, open));
    Ok(response)
}

fn key(secret: &str) -> Key {
    let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    std::array::from_fn(|place| hash[place])
}

/// Where a secret came from, as far as it decides about the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Cookie,
    Token,
}

impl Admission {
    pub(crate) fn new(config: AdmissionConfig, background: Background) -> Arc<Self> {
        let places = number(config.in_flight_max.max(1));
        let state = Mutex::new(Lanes {
            // In the middle: neither a rush after the start nor a slow one.
            places: (places / 2.0).max(1.0),
            in_flight: [0; 3],
            waiting: Default::default(),
            next_number: 0,
            served: 0.0,
            round: Round::default(),
            callers: HashMap::new(),
        });
        Arc::new(Self { config, background, state })
    }

    /// Remember that a secret is right: its next request goes into its lane.
    pub(crate) fn know(&self, secret: &str, by: By) {
        let lane = match by {
            By::Cookie => Lane::People,
            By::Token => Lane::Integrations,
        };
        let mut lanes = self.lock();
        if lanes.callers.len() >= CALLERS_MAX {
            lanes.callers.retain(|_, caller| caller.open > 0);
        }
        let credit = f64::from(self.config.caller_per_second_max);
        lanes.callers.entry(key(secret)).or_insert_with(|| Caller { lane, open: 0, credit, at: Instant::now() });
    }

    /// A secret that is not right, or not any more, belongs to a stranger.
    pub(crate) fn forget(&self, secret: &str) {
        self.lock().callers.remove(&key(secret));
    }

    /// Count a request of a caller against their own share.
    fn open(self: &Arc<Self>, key: Option<Key>) -> std::result::Result<Open, ApiError> {
        let mut lanes = self.lock();
        let Some((key, caller)) = key.and_then(|key| Some((key, lanes.callers.get_mut(&key)?))) else {
            return Ok(Open { admission: Arc::clone(self), lane: Lane::Strangers, key: None });
        };
        let lane = caller.lane;
        if caller.open >= self.config.caller_open_max {
            return Err(self.too_many(lane, "caller-open", 1));
        }
        if let Some(seconds) = caller.spend(f64::from(self.config.caller_per_second_max)) {
            return Err(self.too_many(lane, "caller-rate", seconds));
        }
        caller.open += 1;
        Ok(Open { admission: Arc::clone(self), lane, key: Some(key) })
    }

    /// A place to run, at once or after a moment.
    async fn place(self: &Arc<Self>, lane: Lane) -> std::result::Result<Place, ApiError> {
        let began = Instant::now();
        let (number, answer) = {
            let mut lanes = self.lock();
            let is_ahead = LANES.iter().take_while(|other| **other != lane).chain([&lane]);
            let ahead: usize = is_ahead.map(|other| lanes.waiting[*other as usize].len()).sum();
            if ahead == 0 && lanes.has_room(lane) {
                return Ok(self.take(&mut lanes, lane, began));
            }
            lanes.round.was_full = true;
            let wait = lanes.expected_wait(ahead);
            if lanes.waiting[lane as usize].len() >= self.config.waiting_max {
                return Err(self.shed(lane, "queue", wait));
            }
            // For people it is not guessed: somebody at a screen rather waits in vain than is turned away without need.
            if lane != Lane::People && wait > self.config.wait_max {
                return Err(self.shed(lane, "wait", wait));
            }
            let (reply, answer) = oneshot::channel();
            let number = lanes.next_number;
            lanes.next_number += 1;
            lanes.waiting[lane as usize].push_back(Waiter { number, reply });
            self.tell(&lanes);
            (number, answer)
        };
        let _leave = Leave { admission: self, lane, number };
        match tokio::time::timeout_at(began + lane.patience(self.config.wait_max), answer).await {
            Ok(Ok(place)) => {
                metrics::histogram!("weft_admission_wait_seconds", "lane" => lane.name())
                    .record(began.elapsed().as_secs_f64());
                Ok(place)
            }
            Ok(Err(_)) | Err(_) => Err(self.shed(lane, "wait", lane.patience(self.config.wait_max))),
        }
    }

    fn take(self: &Arc<Self>, lanes: &mut Lanes, lane: Lane, now: Instant) -> Place {
        lanes.in_flight[lane as usize] += 1;
        metrics::counter!("weft_admission_admitted_total", "lane" => lane.name()).increment(1);
        Place { admission: Some(Arc::clone(self)), lane, began: now }
    }

    /// A request has ended: learn from it, and give its place to who waits.
    fn ended(self: &Arc<Self>, lane: Lane, took: Duration) {
        let mut lanes = self.lock();
        lanes.in_flight[lane as usize] -= 1;
        lanes.learn(took, &self.config);
        let now = Instant::now();
        while let Some(next) = lanes.next() {
            let Some(waiter) = lanes.waiting[next as usize].pop_front() else { break };
            let place = self.take(&mut lanes, next, now);
            if let Err(mut unwanted) = waiter.reply.send(place) {
                // Whoever waited went away. The place is not given back by its end, which would need this lock.
                unwanted.admission = None;
                lanes.in_flight[next as usize] -= 1;
            }
        }
        self.tell(&lanes);
    }

    fn tell(&self, lanes: &Lanes) {
        for lane in LANES {
            metrics::gauge!("weft_admission_waiting", "lane" => lane.name())
                .set(number(lanes.waiting[lane as usize].len()));
        }
        metrics::gauge!("weft_admission_in_flight").set(number(lanes.in_flight.iter().sum()));
        metrics::gauge!("weft_admission_places").set(lanes.places.floor());
        (self.background)(lanes.waiting.iter().map(VecDeque::len).sum());
    }

    fn shed(&self, lane: Lane, reason: &'static str, wait: Duration) -> ApiError {
        metrics::counter!("weft_admission_shed_total", "lane" => lane.name(), "reason" => reason).increment(1);
        let detail = "There is more to do than this node manages in time. Nothing was done of this; come back after `Retry-After` seconds.";
        let busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy", detail);
        ApiError { retry_after: Some(seconds(wait.as_secs_f64())), ..busy }
    }

    fn too_many(&self, lane: Lane, reason: &'static str, seconds: u32) -> ApiError {
        metrics::counter!("weft_admission_shed_total", "lane" => lane.name(), "reason" => reason).increment(1);
        let detail = format!(
            "This token or session asks more than its share: {} requests a second, {} at a time. Nothing was done of this; come back after `Retry-After` seconds.",
            self.config.caller_per_second_max, self.config.caller_open_max
        );
        let much = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many requests", detail);
        ApiError { retry_after: Some(seconds), ..much }
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}

impl Lanes {
    fn has_room(&self, lane: Lane) -> bool {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between one and a setting")]
        let places = self.places as usize;
        self.in_flight.iter().sum::<usize>() < places && self.in_flight[lane as usize] < lane.share(places)
    }

    /// The lane whose turn it is.
    fn next(&self) -> Option<Lane> {
        LANES.into_iter().find(|lane| !self.waiting[*lane as usize].is_empty() && self.has_room(*lane))
    }

    /// How long the next in line will wait, when `ahead` others wait before it: as many end in a second as there are places for,
    /// divided by how long each takes.
    fn expected_wait(&self, ahead: usize) -> Duration {
        Duration::from_secs_f64((number(ahead + 1) * self.served / self.places).min(f64::from(RETRY_SECONDS_MAX)))
    }

    /// More places as long as requests are answered soon, fewer when they are not: more at once than a machine can do makes nothing
    /// faster, and everybody slow. Looked at when about as many requests have ended as run at once.
    fn learn(&mut self, took: Duration, config: &AdmissionConfig) {
        let target = config.served_target.as_secs_f64();
        // One request that lasts half a minute says nothing about the others.
        self.served += (took.as_secs_f64().min(2.0 * target) - self.served) / 16.0;
        let round = &mut self.round;
        round.ended += 1;
        round.slow += usize::from(took > config.served_target);
        if number(round.ended) < self.places {
            return;
        }
        let most = config.in_flight_max.max(1);
        let least = (most / PLACES_SHARE_MIN).max(PLACES_MIN).min(most);
        if round.slow * 4 > round.ended {
            self.places = (self.places * 0.8).max(number(least));
        } else if round.was_full {
            self.places = (self.places * 1.05 + 0.5).min(number(most));
        }
        self.round = Round::default();
    }
}

impl Caller {
    /// Spend one request of this second; if there is none left, the seconds until there is.
    fn spend(&mut self, per_second: f64) -> Option<u32> {
        if per_second <= 0.0 {
            return None;
        }
        let now = Instant::now();
        self.credit = (self.credit + now.duration_since(self.at).as_secs_f64() * per_second).min(per_second.max(1.0));
        self.at = now;
        if self.credit < 1.0 {
            return Some(seconds((1.0 - self.credit) / per_second));
        }
        self.credit -= 1.0;
        None
    }
}

/// A request that a caller has open, until it ends in whatever way.
struct Open {
    admission: Arc<Admission>,
    lane: Lane,
    key: Option<Key>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        if let Some(caller) = self.admission.lock().callers.get_mut(&key) {
            caller.open = caller.open.saturating_sub(1);
        }
    }
}

/// A place to run, given back when it is dropped.
#[derive(Debug)]
struct Place {
    /// Nobody when it was given back already.
    admission: Option<Arc<Admission>>,
    lane: Lane,
    began: Instant,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            admission.ended(self.lane, self.began.elapsed());
        }
    }
}

/// Takes a request out of its queue when it stops waiting, for whatever reason.
struct Leave<'a> {
    admission: &'a Arc<Admission>,
    lane: Lane,
    number: u64,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut lanes = self.admission.lock();
        let queue = &mut lanes.waiting[self.lane as usize];
        if let Ok(place) = queue.binary_search_by_key(&self.number, |waiter| waiter.number) {
            queue.remove(place);
            self.admission.tell(&lanes);
        }
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("config", &self.config).finish_non_exhaustive()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
fn number(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to seconds that a person waits")]
fn seconds(wait: f64) -> u32 {
    wait.ceil().clamp(1.0, f64::from(RETRY_SECONDS_MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(places: f64) -> Lanes {
        Lanes {
            places,
            in_flight: [0; 3],
            waiting: Default::default(),
            next_number: 0,
            served: 0.0,
            round: Round::default(),
            callers: HashMap::new(),
        }
    }

    /// Places after so many requests that all took so long.
    fn after(requests: usize, took_ms: u64, was_full: bool) -> f64 {
        let (mut lanes, config) = (lanes(64.0), AdmissionConfig::default());
        for _ in 0..requests {
            lanes.round.was_full = was_full;
            lanes.learn(Duration::from_millis(took_ms), &config);
        }
        lanes.places
    }

    #[test]
    fn places_follow_how_long_requests_take() {
        assert!((after(64, 600, true) - 51.2).abs() < 0.1, "a fifth fewer after a slow round");
        assert!((after(20_000, 600, true) - 16.0).abs() < 0.1, "never fewer than an eighth of the most");
        assert!(after(64, 10, true) > 64.0, "more when they are quick and somebody waited");
        assert!((after(20_000, 10, true) - 128.0).abs() < 0.1, "never more than the most");
        assert!((after(20_000, 10, false) - 64.0).abs() < 0.1, "a quiet time teaches nothing");
    }

    #[test]
    fn every_lane_has_its_share() {
        let mut lanes = lanes(16.0);
        let room = |lanes: &Lanes| LANES.map(|lane| lanes.has_room(lane));
        assert_eq!(room(&lanes), [true, true, true]);
        lanes.in_flight = [0, 0, 14];
        assert_eq!(room(&lanes), [true, true, false], "an eighth is kept free of integrations");
        lanes.in_flight = [0, 4, 0];
        assert_eq!(room(&lanes), [true, false, true], "strangers get a quarter");
        lanes.in_flight = [16, 0, 0];
        assert_eq!(room(&lanes), [false, false, false]);
    }

    #[test]
    fn a_caller_has_so_many_requests_a_second() {
        let mut caller = Caller { lane: Lane::Integrations, open: 0, credit: 1.0, at: Instant::now() };

        assert_eq!(caller.spend(0.01), None);
        assert_eq!(caller.spend(0.01), Some(RETRY_SECONDS_MAX), "the next one in a hundred seconds; told at most 30");
        assert_eq!(caller.spend(0.0), None, "no limit when it is 0");
    }
}
