//! Operations that ask for credentials now and did not before. Credentials belong to an environment, so no edit of the file helps.

use callboard_model::api::{ParameterLocation, SecurityKind, SecurityRequirement};
use callboard_model::{Operation, Service};

use super::calls::Call;
use super::{CHANGED_SECURITY, Examiner, Report};

impl Examiner<'_> {
    /// Says so where neither the step nor the environment sends what is asked for.
    pub(super) fn security(&mut self, call: &Call<'_>) {
        let Some((_, old)) = call.old else { return };
        let (service, operation) = call.new;
        if asks(old) || !asks(operation) || operation.security.iter().any(|requirement| self.is_met(call, service, requirement)) {
            return;
        }
        let Some(requirement) = operation.security.first() else { return };
        let names = super::choices(requirement.schemes.iter().map(|(name, _)| name));
        let header = requirement
            .schemes
            .iter()
            .find_map(|(name, _)| header_of(service, name))
            .unwrap_or_else(|| "Authorization".to_owned());
        let remedy =
            format!("set it in callboard.toml: `headers = {{ {header} = \"${{VARIABLE}}\" }}` of the service in its environment");
        let report = Report {
            code: CHANGED_SECURITY,
            explains: None,
            at: &call.step.pointer.join("operationId"),
            subject: &operation.label(),
            message: format!("`{}` asks for {names} now, and neither this step nor an environment sends it", operation.label()),
            edits: Vec::new(),
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    fn is_met(&self, call: &Call<'_>, service: &Service, requirement: &SecurityRequirement) -> bool {
        let sends = |location: ParameterLocation, name: &str| {
            let given = call.workflow.parameters_of(call.step);
            given.iter().any(|p| p.location == Some(location) && p.name.eq_ignore_ascii_case(name))
                || location == ParameterLocation::Header && (self.change.around.sends)(service, name)
        };
        requirement.schemes.iter().all(|(name, _)| match kind_of(service, name) {
            Some(SecurityKind::ApiKey { location, name }) => sends(*location, name),
            Some(SecurityKind::MutualTls | SecurityKind::Unknown(_)) => true,
            _ => sends(ParameterLocation::Header, "Authorization"),
        })
    }
}

fn asks(operation: &Operation) -> bool {
    !operation.security.is_empty() && operation.security.iter().all(|requirement| !requirement.schemes.is_empty())
}

fn kind_of<'s>(service: &'s Service, name: &str) -> Option<&'s SecurityKind> {
    service.security_schemes.iter().find(|scheme| scheme.name == name).map(|scheme| &scheme.kind)
}

fn header_of(service: &Service, name: &str) -> Option<String> {
    match kind_of(service, name)? {
        SecurityKind::ApiKey { location: ParameterLocation::Header, name } => Some(name.clone()),
        _ => None,
    }
}
