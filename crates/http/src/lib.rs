//! The accept loop, the guard and the routes.
