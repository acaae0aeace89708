//! Requests of steps: what a plugin may ask for, and what its answer means.

use crate::app::App;
use crate::jobs::Stop;
use crate::port::outbound::{Delivery, OutboundHttp};
use crate::registry::Plugin;
use domain::InstanceId;
use domain::job::OutboundRequest;
use domain::manifest::Permission;
use engine::flow::{self, Finality, Key};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::JobDone;

const TIMEOUT_SECONDS_MAX: u32 = 30;
const BODY_MAX: usize = 1 << 20;

/// Whether one of the plugin's grants covers the request; the exact check is made again where it is sent.
pub(super) fn allowed(plugin: &Plugin, request: &OutboundRequest) -> Result<(), String> {
    if request.body.as_ref().is_some_and(|body| body.len() > BODY_MAX) {
        return Err(format!("its request has a body of more than {BODY_MAX} bytes"));
    }
    let fits = |permission: &Permission| match permission {
        Permission::Http { host, methods, .. } => methods.contains(&request.method) && request.url.contains(host),
        _ => false,
    };
    if grants(plugin).iter().any(fits) {
        return Ok(());
    }
    Err(format!("the plugin `{}` has no grant for {} {}", plugin.id(), request.method, request.url))
}

fn grants(plugin: &Plugin) -> Vec<Permission> {
    let given = plugin.grants.iter().map(|grant| grant.permission.clone());
    given.filter(|permission| matches!(permission, Permission::Http { .. })).collect()
}

impl App {
    /// Make a step's request once. Answers that may be tried again are tried again with the same key; everything else goes back into the
    /// flow, where a person can see it.
    pub(crate) async fn flow_call(
        self: &Arc<Self>,
        instance: &InstanceId,
        element: &str,
        request: &OutboundRequest,
        attempts: u32,
        done: JobDone,
    ) -> Result<(), Stop> {
        let element = super::key_of(element).map_err(Stop::Bury)?;
        let registry = self.registry();
        let plugin = registry.plugin(&request.plugin).filter(|plugin| plugin.is_active());
        let plugin = plugin.ok_or_else(|| Stop::Hold(format!("plugin `{}` is not enabled", request.plugin)))?;
        let delivery = self
            .outbound
            .http(OutboundHttp {
                method: request.method.clone(),
                url: request.url.clone(),
                headers: request.headers.clone(),
                body: request.body.clone(),
                idempotency_key: request.idempotency_key.clone(),
                timeout: Duration::from_secs(u64::from(request.timeout_seconds.clamp(1, TIMEOUT_SECONDS_MAX))),
                grants: grants(plugin),
            })
            .await;
        let last = attempts + 1 >= request.attempts_max;
        match delivery {
            Delivery::Answered { status, .. } if is_passing(status) && !last => {
                Err(Stop::Retry(format!("{} answered {status}", request.url)))
            }
            Delivery::Answered { status, headers, body, .. } => {
                let headers: BTreeMap<_, _> = headers.into_iter().collect();
                let response = json!({ "status": status, "headers": headers, "body": body });
                self.flow_resume(instance, element, request, response, done).await
            }
            Delivery::NotSent { reason, may_retry: true } if !last => Err(Stop::Retry(reason)),
            Delivery::NotSent { reason, .. } => self.call_failed(instance, element, reason, done).await,
            // The receiver knows the key: sending it again cannot do it twice where that is honoured.
            Delivery::Unknown { reason } if !last => Err(Stop::Retry(format!("unknown whether it arrived: {reason}"))),
            Delivery::Unknown { reason } => {
                self.call_failed(instance, element, format!("unknown whether it arrived: {reason}"), done).await
            }
        }
    }

    async fn call_failed(
        self: &Arc<Self>,
        instance: &InstanceId,
        element: Key,
        message: String,
        done: JobDone,
    ) -> Result<(), Stop> {
        let command = flow::Command::StepFailed { element, message, retry_at: None, finality: Finality::Final };
        self.flow_step_of_job(instance, command, done).await
    }
}

/// Answers after which the same request may succeed (RFC 9110 15.5.9 and 15.6, RFC 6585 4).
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}
