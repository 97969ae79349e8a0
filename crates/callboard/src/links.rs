//! Links as `[links]` in `callboard.toml` names them: `SERVICE METHOD PATH [OUTPUT] -> SERVICE METHOD PATH [INPUT]`, in the form in which
//! `callboard map --links` prints them. Without a place, all links between the two operations are meant.

use callboard_model::map::{Input, Output};
use callboard_model::{Method, OperationKey};
use callboard_planner::LinkPattern;

/// How a link is written.
pub(crate) const FORM: &str = "write SERVICE METHOD PATH [OUTPUT] -> SERVICE METHOD PATH [INPUT], such as \"carts POST /carts /id -> orders POST /orders body./cart\"";

/// Reads a link; the error says which part cannot be read.
pub(crate) fn parse(text: &str) -> Result<LinkPattern, String> {
    let (from, to) = text.split_once("->").ok_or_else(|| format!("`{text}` has no `->`"))?;
    let (from, output) = end(from)?;
    let (to, input) = end(to)?;
    let output =
        output.map(|text| Output::parse(text).ok_or_else(|| format!("`{text}` is no place in an answer"))).transpose()?;
    let input = input.map(|text| Input::parse(text).ok_or_else(|| format!("`{text}` is no input"))).transpose()?;
    Ok(LinkPattern { from, output, to, input })
}

fn end(text: &str) -> Result<(OperationKey, Option<&str>), String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [service, method, path] => Ok((OperationKey::new(service, Method::parse(method), path), None)),
        [service, method, path, place] => Ok((OperationKey::new(service, Method::parse(method), path), Some(place))),
        _ => Err(format!("`{}` is no operation with a place", text.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reads_as_the_map_prints_it() {
        let link = parse("carts POST /carts /id -> orders POST /orders body./cart").expect("well-formed");
        assert_eq!(link.from.to_string(), "carts POST /carts");
        assert_eq!(link.output.map(|o| o.to_string()).as_deref(), Some("/id"));
        assert_eq!(link.input.map(|i| i.to_string()).as_deref(), Some("body./cart"));
        let wide = parse("carts POST /carts -> orders POST /orders").expect("well-formed");
        assert_eq!((wide.output, wide.input), (None, None));
        assert!(parse("carts POST -> orders POST /orders").is_err());
        assert!(parse("carts POST /carts /id -> orders POST /orders nonsense").is_err());
    }
}
