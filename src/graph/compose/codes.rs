//! The codes of composition's errors, warnings and hints.
