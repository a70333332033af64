//! Damage that a seed decides.

use std::fs;
use std::path::Path;

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// All from this byte on is gone.
    Truncated,
    /// Some bits are what they were not.
    Flipped,
}

/// Numbers that a seed decides (SplitMix64), the same on every machine.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below the bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Truncates the file, one time in three, or flips one to eight of its bits.
pub(crate) fn damage(file: &Path, dice: &mut Dice) -> Damage {
    let mut bytes = fs::read(file).unwrap();
    let length = bytes.len() as u64;
    let damage = if dice.below(3) == 0 {
        bytes.truncate(dice.below(length) as usize);
        Damage::Truncated
    } else {
        for _ in 0..=dice.below(8) {
            bytes[dice.below(length) as usize] ^= 1 << dice.below(8);
        }
        Damage::Flipped
    };
    fs::write(file, bytes).unwrap();
    damage
}
