//! Bytes to meaning and back: the classic wire protocol.
