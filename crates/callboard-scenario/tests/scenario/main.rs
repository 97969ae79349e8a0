//! The scenario language from outside: files against definitions, criteria against answers, and what holds for any text.

mod criteria;
mod mistakes;
mod properties;
mod real_files;
mod support;
