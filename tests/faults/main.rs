//! What the broker withstands: full disks, failing disks, damaged files,
//! clocks that jump, a second process, an end in the middle of the work.
//!
//! The faults are real ones. A disk is full because it is a small one, a call
//! fails because `strace` makes the system fail it, a clock jumps because
//! libfaketime tells another time. On systems without these the tests are not
//! there.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::print_stdout)]

mod clean_stop;
mod clock;
mod clock_file;
mod damage;
mod damage_seen;
mod damage_template;
mod damaged_files;
mod disk_full;
mod failing_calls;
mod injection;
mod ledger;
mod second_process;
mod small_disk;
