//! Coverage, impact, gaps, reports: judgements over runs, as pure functions.
