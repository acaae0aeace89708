//! What goes out of this machine, wired to the ports of the use cases.

use crate::config::Settings;
use crate::failure::Failure;
use crate::platform::WallClock;
use app::port::clock::Clock;
use app::port::outbound::{Delivery, NoOutbound, Outbound, OutboundHttp};
use async_trait::async_trait;
use outbound::{HttpSender, NotSent, Policy, Reach, Request, SendError, SystemResolver, Transport, Trust};
use std::sync::Arc;

#[derive(Debug)]
struct Wire {
    sender: HttpSender,
    reach: Reach,
    transport: Transport,
}

/// The sender that the settings ask for.
///
/// # Errors
/// The certificates of the system cannot be read.
pub(crate) fn wire(settings: &Settings) -> Result<Arc<dyn Outbound>, Failure> {
    let settings = &settings.outbound;
    if !settings.enabled {
        return Ok(Arc::new(NoOutbound));
    }
    let trust = Trust::of_system([]).map_err(|error| Failure::of("outbound requests cannot be made", &error))?;
    if settings.private_networks {
        tracing::warn!(
            "outbound requests may reach this machine and private networks: outbound.private_networks is on"
        );
    }
    Ok(Arc::new(Wire {
        sender: HttpSender::new(Arc::new(SystemResolver), trust),
        reach: if settings.private_networks { Reach::PrivateToo } else { Reach::Public },
        transport: if settings.plain_http { Transport::HttpToo } else { Transport::HttpsOnly },
    }))
}

#[async_trait]
impl Outbound for Wire {
    async fn http(&self, wanted: OutboundHttp) -> Delivery {
        let policy = Policy { reach: self.reach, transport: self.transport, ..Policy::of_grants(wanted.grants.iter()) };
        let request = Request {
            method: wanted.method,
            url: wanted.url,
            headers: wanted.headers,
            body: wanted.body.unwrap_or_default().into(),
            idempotency_key: wanted.idempotency_key,
            timeout: wanted.timeout,
        };
        match self.sender.send(&request, &policy, WallClock.now()).await {
            Ok(response) => Delivery::Answered {
                status: response.status,
                headers: response.headers,
                body: String::from_utf8_lossy(&response.body).into_owned(),
                retry_after_seconds: response.retry_after_seconds,
            },
            Err(SendError::NotSent(reason)) => {
                let may_retry = !matches!(reason, NotSent::Refused(_));
                Delivery::NotSent { reason: reason.to_string(), may_retry }
            }
            Err(error) => Delivery::Unknown { reason: error.to_string() },
        }
    }
}
