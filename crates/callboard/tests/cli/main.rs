//! The binary as its users meet it: real files, real processes, real HTTP.

mod bad_input;
mod check;
mod cover;
mod demo;
mod docs;
mod generate;
mod help;
mod impact;
mod llm;
mod map;
mod mutation;
mod orders;
mod plan;
mod project;
mod run;
mod shop;
mod update;
mod virtual_up;
mod xml;
