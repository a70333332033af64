//! What the monitor is told of a broker that does not serve.

use moustique_monitor::{BrokerState, BrokerStatus, Problem, Source};

use crate::node::VERSION;

/// A status with nothing but the state.
pub(crate) fn status(state: BrokerState) -> BrokerStatus {
    BrokerStatus {
        state,
        addresses: Vec::new(),
        tls: None,
        problem: None,
        retries_at: None,
        configuration: None,
        version: VERSION.into(),
    }
}

/// A source without a broker.
pub(crate) fn source(state: BrokerState) -> Source {
    Source {
        status: status(state),
        broker: None,
    }
}

/// The source of a broker that does not serve because of a problem.
pub(crate) fn failed(problem: Problem) -> Source {
    Source {
        status: BrokerStatus {
            problem: Some(problem),
            ..status(BrokerState::Failed)
        },
        broker: None,
    }
}
