//! What a decision read by query, asked again.

use super::{Data, noun, ticket};
use domain::flow::InstanceStatus;
use store::{QueryScope, Result, digest};

pub(crate) fn digest(data: &Data, scope: &QueryScope) -> Result<String> {
    let rows: Vec<(&str, i64)> = match scope {
        QueryScope::Tickets(query) => {
            ticket::listed(data, query)?.into_iter().map(|row| (row.id.as_str(), i64::from(row.version))).collect()
        }
        QueryScope::TicketCount(filter) => {
            let count = ticket::matching(data, filter).count();
            vec![("", i64::try_from(count).unwrap_or(i64::MAX))]
        }
        QueryScope::Records { kind, state } => {
            let fits = |state_of: &String| state.as_ref().is_none_or(|state| state == state_of);
            let mut rows: Vec<_> = data.records.rows().filter(|row| row.kind == *kind && fits(&row.state)).collect();
            // As the stores do: the `number` by which their statement sorts is that of its answer, the version.
            rows.sort_by(|left, right| (left.version, &left.id).cmp(&(right.version, &right.id)));
            rows.into_iter().map(|row| (row.id.as_str(), i64::from(row.version))).collect()
        }
        QueryScope::Cis(query) => {
            noun::candidates(data, query).into_iter().map(|row| (row.id.as_str(), i64::from(row.version))).collect()
        }
        QueryScope::Members(group) => {
            data.members(group.as_str()).into_iter().map(|row| (row.id.as_str(), 0)).collect()
        }
        QueryScope::Subscriptions(topic) => {
            data.subscriptions.rows().filter(|row| row.topic == *topic).map(|row| (row.id.as_str(), 0)).collect()
        }
        QueryScope::Messages { name, key } => {
            let mut rows: Vec<_> = data.messages.rows().filter(|row| row.name == *name && row.key == *key).collect();
            rows.sort_by_key(|row| (row.at, row.id.clone()));
            rows.into_iter().map(|row| (row.id.as_str(), 0)).collect()
        }
        QueryScope::Instances { process, business_key } => {
            let runs = |row: &&domain::FlowInstance| {
                row.status == InstanceStatus::Running
                    && row.process == *process
                    && row.business_key.as_ref() == Some(business_key)
            };
            data.instances.rows().filter(runs).map(|row| (row.id.as_str(), 0)).collect()
        }
    };
    Ok(digest::of_rows(rows))
}

/// What a conflict is called.
pub(crate) fn name(scope: &QueryScope) -> String {
    match scope {
        QueryScope::Tickets(_) => "a list of tickets".to_owned(),
        QueryScope::TicketCount(_) => "a number of tickets".to_owned(),
        QueryScope::Records { kind, .. } => format!("the records of kind `{kind}`"),
        QueryScope::Cis(_) => "a list of configuration items".to_owned(),
        QueryScope::Members(group) => format!("the members of group `{group}`"),
        QueryScope::Subscriptions(topic) => format!("who waits for `{}`", topic.parts().1),
        QueryScope::Messages { name, .. } => format!("the messages `{name}`"),
        QueryScope::Instances { process, .. } => format!("the instances of `{process}`"),
    }
}
