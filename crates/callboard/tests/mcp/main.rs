//! The project as an agent meets it: a real client of the protocol, the real binary, real pipes between them.

#[path = "../cli/orders.rs"]
mod orders;
#[path = "../cli/project.rs"]
#[expect(dead_code, reason = "shared with the tests of the commands, which use more of it")]
mod project;
#[path = "../cli/shop.rs"]
#[expect(dead_code, reason = "shared with the tests of the commands, which use more of it")]
mod shop;

mod agent;
mod at_once;
mod bad_input;
mod hostile;
mod http;
mod python;
mod session;
mod standing;
mod tools;
