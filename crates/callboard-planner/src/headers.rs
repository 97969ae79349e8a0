//! Request headers that carry what an earlier answer gave in a header of the same name.

use callboard_model::Method;
use callboard_model::api::{Parameter, ParameterLocation};
use callboard_model::map::{Input, Output};
use callboard_model::plan::{Binding, BindingSource};

use crate::beam::Step;
use crate::bind::{Binder, Bound};

impl Binder<'_, '_> {
    /// The header of that name in the last earlier answer that has one: `X-Subject-Token` is that of the token that was made.
    pub(crate) fn header_seen(&self, parameter: &Parameter, before: &[Bound]) -> Option<BindingSource> {
        if parameter.location != ParameterLocation::Header {
            return None;
        }
        before.iter().enumerate().rev().filter(|(_, bound)| !self.is_refused(&bound.step)).find_map(|(at, bound)| {
            let response = self.operations[bound.step.op].1.success_response()?;
            let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(&parameter.name))?;
            Some(BindingSource::Step { step: at, output: Output::Header(header.name.clone()) })
        })
    }

    /// A `DELETE` that documents no input at all cannot know what it removes: the header that a read of the same path requires says so.
    pub(crate) fn borrowed_headers(&self, step: &Step, before: &[Bound]) -> Vec<Binding> {
        let (service, operation) = self.operations[step.op];
        let is_blind = operation.key.method == Method::Delete
            && operation.parameters.is_empty()
            && operation.request_body.is_none()
            && !operation.key.path.contains('{');
        let read = service.operation_at(&Method::Get, &operation.key.path).filter(|_| is_blind);
        let parameters = read.map(|read| read.parameters.iter()).into_iter().flatten();
        parameters
            .filter(|parameter| parameter.location == ParameterLocation::Header)
            .filter_map(|parameter| {
                let source = self.header_seen(parameter, before)?;
                Some(Binding { input: Input::Parameter(ParameterLocation::Header, parameter.name.clone()), source })
            })
            .collect()
    }
}
