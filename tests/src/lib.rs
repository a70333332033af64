//! Black-box tests: they start the real programs.
