//! What handlers share: the application, the limits and what the server hands in.

use crate::admission::{Admission, AdmissionConfig};
use crate::assets::Assets;
use app::App;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Limits and switches of the API.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// The address that people use, for example `https://weft.example.com`; its scheme decides about secure cookies.
    pub public_url: Option<String>,
    /// Bytes of a JSON body.
    pub body_bytes_max: usize,
    /// Bytes of a plugin that is uploaded.
    pub plugin_bytes_max: usize,
    /// A request that takes longer is ended. Live events are not: they last.
    pub request_timeout: Duration,
    /// Time between two signs of life in a stream of live events.
    pub ping: Duration,
    /// Streams of live events at once.
    pub streams_max: usize,
    pub admission: AdmissionConfig,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            public_url: None,
            body_bytes_max: 1 << 20,
            plugin_bytes_max: 32 << 20,
            request_timeout: Duration::from_secs(30),
            ping: Duration::from_secs(15),
            streams_max: 2000,
            admission: AdmissionConfig::default(),
        }
    }
}

impl ApiConfig {
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// `__Host-` binds the cookie to this host and to https, and browsers refuse it without.
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-weft" } else { "weft" }
    }
}

/// Renders the metrics as Prometheus text.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone)]
pub struct ApiState {
    pub app: Arc<App>,
    pub config: Arc<ApiConfig>,
    pub assets: Assets,
    pub metrics: RenderMetrics,
    /// Ends what lasts (live events) when the server stops.
    pub stop: CancellationToken,
    /// False while the server still prepares itself: requests are answered, and `/readyz` says to wait.
    pub ready: Arc<AtomicBool>,
    /// What `weft config show --origin` tells, for administrators.
    pub settings: Arc<[crate::schema::ServerSetting]>,
    pub(crate) streams: Arc<tokio::sync::Semaphore>,
    pub(crate) admission: Arc<Admission>,
}

impl ApiState {
    #[must_use]
    pub fn new(
        app: Arc<App>,
        config: ApiConfig,
        assets: Assets,
        metrics: RenderMetrics,
        stop: CancellationToken,
    ) -> Self {
        let streams = Arc::new(tokio::sync::Semaphore::new(config.streams_max));
        let background = Arc::clone(&app);
        let admission =
            Admission::new(config.admission.clone(), Box::new(move |waiting| background.requests_waiting(waiting)));
        let ready = Arc::new(AtomicBool::new(true));
        let settings = Arc::new([]);
        Self { app, config: Arc::new(config), assets, metrics, stop, ready, settings, streams, admission }
    }
}

impl std::fmt::Debug for ApiState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiState").field("config", &self.config).finish_non_exhaustive()
    }
}
