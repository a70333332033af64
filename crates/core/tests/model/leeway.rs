//! Where the state is known not to do what the model says. A fix of the state
//! makes its constant false, and then takes it away.

/// A message of a lease that ended counts as redelivered even when its
/// subscription had ended before, and it does not come again.
pub(crate) const REDELIVERED_COUNTS_WHAT_IS_FORGOTTEN: bool = true;

/// A message that is in flight when a subscription ends is leased under that
/// filter all the same, and comes again under it when the lease ends.
pub(crate) const LEASES_KEEP_WHAT_ENDED_IN_FLIGHT: bool = true;

/// A message that is in flight when a subscription ends, and is given back when
/// the client is subscribed to the same filter anew, waits under the new
/// subscription, though it was published before it.
pub(crate) const WHAT_IS_GIVEN_BACK_IS_INHERITED: bool = true;

/// When a bound drops a message that came back, more may be settled than
/// before, and the log does not learn of it with the next batch.
pub(crate) const DROPS_DO_NOT_MOVE_THE_CURSOR: bool = true;

/// A batch that changes the subscriptions of a silent client and then forgets
/// the client counts those changes although they are gone, so that the bound of
/// all filters is met too early or passed.
pub(crate) const FORGETTING_MISCOUNTS_FILTERS: bool = true;
