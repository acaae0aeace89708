//! The server: listen, answer, stop in order.

use crate::config::{Overload, Settings};
use crate::failure::Failure;
use crate::listen::Connections;
use crate::out;
use api::{AdmissionConfig, ApiConfig, ApiState, Asset, Assets};
use app::App;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const CONDENSE_EVERY: Duration = Duration::from_secs(5);

/// What is done while requests are already answered, before jobs run.
pub(crate) type Preparation = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Answer requests and run jobs until a signal comes; then finish what runs and close the store.
pub(crate) async fn serve(
    app: Arc<App>,
    settings: &Settings,
    listener: TcpListener,
    prepare: Preparation,
) -> Result<(), Failure> {
    let stop = CancellationToken::new();
    let state = state(&app, settings, stop.clone())?;
    let ready = Arc::clone(&state.ready);
    ready.store(false, Ordering::Release);
    let router = api::router(state);
    let stopping = stop.clone();
    let connections = Connections {
        max: settings.http.connections_max,
        idle_max: Duration::from_secs(settings.http.idle_seconds_max),
    };
    let server = tokio::spawn(connections.serve(listener, router, stopping));
    let working = tokio::select! {
        prepared = prepare => {
            prepared?;
            ready.store(true, Ordering::Release);
            let policy = crate::command::retention::policy(&settings.retention);
            tokio::spawn(Arc::clone(&app).retain(policy, stop.clone()));
            if let Some(folder) = crate::open::search_folder(settings) {
                // It may be closed in the middle of anything: what it had not written it reads again.
                tokio::spawn(Arc::clone(&app).keep_search_index(folder, stop.clone()));
            }
            tokio::spawn(together(Arc::clone(&app), settings.http.listen.to_string(), stop.clone()))
        }
        stopped = signal() => return stopped,
    };
    signal().await?;
    out::note("Stopping: running requests get to finish. Press Ctrl-C again to end at once.");
    stop.cancel();
    tokio::select! {
        () = finish(&app, server, working, Duration::from_secs(settings.http.drain_seconds)) => Ok(()),
        again = signal() => again.and(Err(Failure::new("ended at once; what was acknowledged is safe"))),
    }
}

/// Everything that a node does besides answering: work on jobs, say that it is alive, and hear what other nodes did.
async fn together(app: Arc<App>, name: String, stop: CancellationToken) {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let attend = tokio::spawn(Arc::clone(&app).attend(name, version, stop.clone()));
    let follow = app.config.shared.then(|| tokio::spawn(Arc::clone(&app).follow(stop.clone())));
    let prepared = Arc::clone(&app);
    // Nobody waits for it: a question that comes earlier reads it by itself.
    tokio::spawn(async move {
        if let Err(error) = prepared.impact_prepare().await {
            tracing::warn!(%error, "the graph of impact could not be read ahead");
        }
    });
    app.work(stop).await;
    let follow = async {
        match follow {
            Some(follow) => follow.await,
            None => Ok(()),
        }
    };
    if let (Err(error), _) | (_, Err(error)) = tokio::join!(attend, follow) {
        tracing::error!(%error, "a task of this node did not end well");
    }
}

async fn finish(app: &App, server: tokio::task::JoinHandle<()>, working: tokio::task::JoinHandle<()>, limit: Duration) {
    let abort = server.abort_handle();
    if tokio::time::timeout(limit, server).await.is_err() {
        tracing::warn!("requests were still running when their time was over");
        abort.abort();
    }
    if working.await.is_err() {
        tracing::error!("the job workers did not end well");
    }
    app.store().close().await;
}

fn state(app: &Arc<App>, settings: &Settings, stop: CancellationToken) -> Result<ApiState, Failure> {
    let http = &settings.http;
    let config = ApiConfig {
        public_url: (!http.public_url.is_empty()).then(|| http.public_url.clone()),
        body_bytes_max: http.body_bytes_max,
        plugin_bytes_max: http.plugin_bytes_max,
        request_timeout: Duration::from_secs(http.request_timeout_seconds),
        streams_max: http.streams_max,
        admission: admission(&settings.overload),
        ..ApiConfig::default()
    };
    let recorder = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Failure::of("metrics cannot be collected", &error))?;
    tokio::spawn(condense(recorder.clone(), stop.clone()));
    let mut state = ApiState::new(Arc::clone(app), config, assets(), Arc::new(move || recorder.render()), stop);
    state.settings = crate::config::described(settings).into();
    Ok(state)
}

/// Measured times are kept one by one until somebody asks for them or this is done. Nobody may ever ask.
async fn condense(recorder: PrometheusHandle, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(CONDENSE_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => recorder.run_upkeep(),
            () = stop.cancelled() => return,
        }
    }
}

fn admission(overload: &Overload) -> AdmissionConfig {
    AdmissionConfig {
        is_on: overload.admission,
        in_flight_max: overload.in_flight_max,
        served_target: Duration::from_millis(overload.served_ms_target),
        waiting_max: overload.waiting_max,
        wait_max: Duration::from_millis(overload.wait_ms_max),
        caller_open_max: overload.caller_open_max,
        caller_per_second_max: overload.caller_per_second_max,
    }
}

/// The built screens.
#[must_use]
pub fn assets() -> Assets {
    let get = |path: &str| {
        bundle::ui::get(path).map(|file| Asset { bytes: file.bytes, etag: file.etag, media_type: file.media_type })
    };
    Assets { get: Arc::new(get), missing: bundle::ui::MISSING_PAGE }
}

/// Until somebody wants the process to stop.
pub(crate) async fn signal() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}
