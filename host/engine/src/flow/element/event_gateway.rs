//! The event-based gateway: it waits for all events behind it, and the first one takes the token.

use crate::flow::instance::Activity;
use crate::flow::machine::{Fault, Machine};
use crate::flow::port::{Event, Key};
use bpmn::graph::{Node, NodeIndex, NodeKind, Process};
use domain::Object;

impl Machine<'_> {
    pub(in crate::flow) fn activate_event_gateway(
        &mut self,
        key: Key,
        process: &Process,
        node: &Node,
    ) -> Result<(), Fault> {
        self.element_mut(key).activity = Activity::Waiting;
        for flow in &node.outgoing {
            let target = process.flows[*flow].target;
            match &process.nodes[target].kind {
                NodeKind::IntermediateCatchEvent { trigger } => self.arm(key, target, trigger)?,
                NodeKind::ReceiveTask { message } => self.arm_message(key, target, message)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The event at `node` came first.
    pub(in crate::flow) fn gateway_chosen(&mut self, gateway: Key, node: NodeIndex, variables: Object) {
        let (process, index) = self.node_of(gateway);
        let scope = self.element(gateway).scope.expect("a gateway stands in a scope");
        self.event(Event::Completed { place: self.place(gateway) });
        self.remove(gateway);
        if let Some(flow) = process.nodes[index].outgoing.iter().find(|flow| process.flows[**flow].target == node) {
            self.event(Event::FlowTaken { scope, flow: process.flows[*flow].id.clone() });
        }
        let event = self.create_event(scope, node);
        self.finish(event, variables);
    }
}
