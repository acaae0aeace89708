//! Connections: so many at once, and none that says nothing for ever.
//!
//! A connection costs a file and some memory before its first byte has come, so it is bounded apart from the requests. Who finds no room
//! waits in the queue of the system. What a request may ask for is not known here.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// After an error that is not about one connection, such as no file that is left.
const REST_AFTER_FAILURE: Duration = Duration::from_millis(200);

/// What is granted to whoever connects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connections {
    /// At once.
    pub(crate) max: usize,
    /// Longest time until the head of a request is there, from the connection or from the answer before it.
    pub(crate) idle_max: Duration,
}

impl Connections {
    /// Answer whoever connects until told to stop; then until the answers that are under way have been given.
    pub(crate) async fn serve(self, listener: TcpListener, router: Router, stop: CancellationToken) {
        let room = Arc::new(Semaphore::new(self.max));
        let graceful = GracefulShutdown::new();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.idle_max);
        loop {
            let (stream, place) = tokio::select! {
                next = next(&listener, &room) => next,
                () = stop.cancelled() => break,
            };
            // Live events are small and wanted now.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection ended before it began");
            }
            let service = TowerToHyperService::new(router.clone());
            let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection did not end well");
                }
                metrics::gauge!("weft_connections").decrement(1);
                drop(place);
            });
            metrics::gauge!("weft_connections").increment(1);
        }
        drop(listener);
        graceful.shutdown().await;
    }
}

/// The next connection, as soon as there is room for it.
async fn next(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    if room.available_permits() == 0 {
        metrics::counter!("weft_connections_full_total").increment(1);
        tracing::warn!("all connections are taken, the next one waits; see http.connections_max");
    }
    let place = Arc::clone(room).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken; are there files left, see `ulimit -n`?");
                #[expect(clippy::disallowed_methods, reason = "files come back in real time")]
                tokio::time::sleep(REST_AFTER_FAILURE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const PATIENCE: Duration = Duration::from_secs(20);

    async fn start(max: usize, idle_max: Duration) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(async || "here"));
        let server = tokio::spawn(Connections { max, idle_max }.serve(listener, router, stop.clone()));
        (address, stop, server)
    }

    /// What comes back until the connection ends.
    async fn ask(mut stream: TcpStream, text: &str) -> String {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
        read.await.expect("it is answered or closed").unwrap();
        String::from_utf8(answer).unwrap()
    }

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn who_finds_no_room_is_answered_when_there_is_some() {
        let (address, stop, server) = start(1, PATIENCE).await;
        let first = TcpStream::connect(address).await.unwrap();
        let second = TcpStream::connect(address).await.unwrap();
        let waiting = tokio::spawn(ask(second, REQUEST));
        let early = tokio::time::timeout(Duration::from_millis(200), async {
            while !waiting.is_finished() {
                tokio::task::yield_now().await
            }
        });
        assert!(early.await.is_err(), "there is room for one");

        assert!(ask(first, REQUEST).await.ends_with("here"));

        assert!(waiting.await.unwrap().ends_with("here"));
        stop.cancel();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn half_a_request_and_silence_are_not_waited_for_for_ever() {
        let (address, stop, server) = start(8, Duration::from_millis(100)).await;
        let half = TcpStream::connect(address).await.unwrap();
        let silent = TcpStream::connect(address).await.unwrap();

        assert!(!ask(half, "GET / HTTP/1.1\r\nHost").await.contains("here"));
        assert_eq!(ask(silent, "").await, "");
        let after = TcpStream::connect(address).await.unwrap();
        assert!(ask(after, "GET / HTTP/1.1\r\nHost: weft\r\n\r\n").await.ends_with("here"), "closed after the answer");

        stop.cancel();
        server.await.unwrap();
    }
}
