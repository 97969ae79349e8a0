//! Where each node of a text stands. Parsed apart from the tree, and only when somebody asks.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser};

use crate::pointer::Pointer;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Debug)]
pub(super) struct Key {
    name: Box<str>,
    pub(super) start: Place,
    pub(super) end: Place,
}

#[derive(Debug, Default)]
pub(super) struct SpanNode {
    pub(super) key: Option<Key>,
    pub(super) start: Place,
    pub(super) end: Place,
    children: Vec<u32>,
}

/// The places of all nodes. Index 0 is the root.
#[derive(Debug)]
pub(super) struct SpanTree {
    nodes: Vec<SpanNode>,
}

impl SpanTree {
    pub(super) fn of(text: &str) -> Self {
        let mut tree = Self {
            nodes: vec![SpanNode {
                start: Place { line: 1, column: 1 },
                end: Place { line: 1, column: 2 },
                ..SpanNode::default()
            }],
        };
        let mut builder = SpanBuilder { tree: &mut tree, open: Vec::new(), anchors: HashMap::new() };
        for event in Parser::new_from_str(text) {
            // The text was parsed before; where the parsers disagree, the places found so far serve.
            let Ok((event, span)) = event else { break };
            let place = |line: usize, col: usize| Place {
                line: u32::try_from(line).unwrap_or(u32::MAX),
                column: u32::try_from(col + 1).unwrap_or(u32::MAX),
            };
            let start = place(span.start.line(), span.start.col());
            let end = place(span.end.line(), span.end.col());
            builder.take(&event, start, end);
        }
        tree.sort_by_key();
        tree
    }

    /// Sorts the children of mappings by key, so that one of thousands is found at once. Items of lists keep their order.
    fn sort_by_key(&mut self) {
        for index in 0..self.nodes.len() {
            let mut children = std::mem::take(&mut self.nodes[index].children);
            children.sort_by(|a, b| self.key(*a).cmp(&self.key(*b)));
            self.nodes[index].children = children;
        }
    }

    fn key(&self, node: u32) -> Option<&str> {
        self.nodes[node as usize].key.as_ref().map(|key| &*key.name)
    }

    pub(super) fn nearest(&self, pointer: &Pointer) -> &SpanNode {
        let mut node = &self.nodes[0];
        for segment in pointer.segments() {
            let by_name = || {
                let found = node.children.binary_search_by(|child| self.key(*child).cmp(&Some(segment.as_str())));
                found.ok().map(|at| &node.children[at])
            };
            let by_index = || {
                segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|i| node.children.get(i))
                    .filter(|c| self.nodes[**c as usize].key.is_none())
            };
            match by_name().or_else(by_index) {
                Some(child) => node = &self.nodes[*child as usize],
                None => break,
            }
        }
        node
    }
}

impl SpanTree {
    /// Where the last key of this name stands, where an object has several.
    pub(super) fn last_key(&self, pointer: &Pointer) -> Option<(Place, Place)> {
        let (parent, name) = (self.nearest(&pointer.parent()?), pointer.last()?);
        let named = parent.children.iter().filter(|child| self.key(**child) == Some(name.as_str()));
        named.filter_map(|child| self.nodes[*child as usize].key.as_ref()).next_back().map(|key| (key.start, key.end))
    }
}

struct Open {
    node: u32,
    is_mapping: bool,
    key: Option<Key>,
}

struct SpanBuilder<'t> {
    tree: &'t mut SpanTree,
    open: Vec<Open>,
    anchors: HashMap<usize, u32>,
}

impl SpanBuilder<'_> {
    fn take(&mut self, event: &Event<'_>, start: Place, end: Place) {
        match event {
            Event::Scalar(text, ..) => {
                if let Some(Open { is_mapping: true, key: key @ None, .. }) = self.open.last_mut() {
                    *key = Some(Key { name: Box::from(&**text), start, end });
                } else {
                    let node = self.add(start, end);
                    self.anchor(event, node);
                }
            }
            Event::SequenceStart(..) => self.open(event, start, end, false),
            Event::MappingStart(..) => self.open(event, start, end, true),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.tree.nodes[open.node as usize].end = end;
                }
            }
            Event::Alias(id) => {
                let node = self.add(start, end);
                // The children of an alias are those of its anchor.
                if let Some(target) = self.anchors.get(id) {
                    self.tree.nodes[node as usize].children = self.tree.nodes[*target as usize].children.clone();
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, event: &Event<'_>, start: Place, end: Place, is_mapping: bool) {
        let node = self.add(start, end);
        self.anchor(event, node);
        self.open.push(Open { node, is_mapping, key: None });
    }

    fn anchor(&mut self, event: &Event<'_>, node: u32) {
        if let Some(id) = event.anchor_id() {
            self.anchors.insert(id, node);
        }
    }

    fn add(&mut self, start: Place, end: Place) -> u32 {
        let Some(parent) = self.open.last_mut() else {
            self.tree.nodes[0].start = start;
            self.tree.nodes[0].end = end;
            return 0;
        };
        let index = u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX);
        let node = SpanNode { key: parent.key.take(), start, end, children: Vec::new() };
        self.tree.nodes.push(node);
        self.tree.nodes[parent.node as usize].children.push(index);
        index
    }
}
