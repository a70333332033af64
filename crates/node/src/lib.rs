//! A running broker: configuration, paths, start, state, drain.
