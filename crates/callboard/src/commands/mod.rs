//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod cover;
pub(crate) mod demo;
pub(crate) mod gaps;
pub(crate) mod generate;
pub(crate) mod impact;
pub(crate) mod init;
pub(crate) mod map;
pub(crate) mod mcp;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod update;
pub(crate) mod virtual_up;
