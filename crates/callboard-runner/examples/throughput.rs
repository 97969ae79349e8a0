//! Measures the runner: 1,000 runs of a five-step scenario across three services, all checks on, against a trivial server in a process
//! of its own. Prints requests per second and the CPU seconds of the runner alone.
//!
//! ```text
//! cargo run --release -p callboard-runner --example throughput -- [RUNS] [JOBS] [THREADS]
//! ```

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use callboard_definition::{MemoryFetch, load};
use callboard_model::names::TestName;
use callboard_model::{Document, RunId, ServiceName, System};
use callboard_runner::{RunOptions, Scenario, SourceFile, Target, run};
use callboard_testkit::{Received, Reply, TestServer};
use serde_json::{Map, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

type AnyError = Box<dyn std::error::Error>;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "serve") {
        return serve();
    }
    let number = |at: usize, default: usize| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    measure(number(0, 1000), number(1, 8), number(2, 2))
}

/// The child: one server for all services. It ends with its standard input.
fn serve() -> Result<(), AnyError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = runtime.block_on(TestServer::start(answer));
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.url(""))?;
    out.flush()?;
    std::io::stdin().lines().count();
    Ok(())
}

fn answer(request: &Received) -> Reply {
    let segments: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["customers"]) => Reply::json(201, &json!({"id": "c1", "name": "Ada"})),
        ("POST", ["customers", id, "orders"]) => Reply::json(201, &json!({"orderId": "o1", "customerId": id, "status": "NEW"})),
        ("GET", ["orders", id]) => Reply::json(200, &json!({"id": id, "status": "NEW", "total": 42})),
        ("POST", ["orders", id, "payments"]) => Reply::json(201, &json!({"paymentId": "p1", "orderId": id, "status": "PAID"})),
        ("GET", ["payments", id]) => Reply::json(200, &json!({"paymentId": id, "status": "SETTLED"})),
        _ => Reply::status(404),
    }
}

fn measure(runs: usize, jobs: usize, threads: usize) -> Result<(), AnyError> {
    let mut child = Command::new(std::env::current_exe()?).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut base = String::new();
    BufReader::new(child.stdout.take().ok_or("the child has an output")?).read_line(&mut base)?;
    let options = options(base.trim(), runs, jobs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let (before, clock, cpu) = (peak_memory(), Instant::now(), cpu_seconds()?);
    let finished = runtime.block_on(async {
        let (events, mut receiver) = mpsc::channel(1024);
        let listener = tokio::spawn(async move {
            let mut buffer = Vec::new();
            while receiver.recv_many(&mut buffer, 256).await > 0 {
                buffer.clear();
            }
        });
        let finished = run(options, events, CancellationToken::new()).await;
        listener.await.map(|()| finished)
    })?;
    let (wall, cpu) = (clock.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    drop(child.stdin.take());
    child.wait()?;
    let requests: usize = finished.results.iter().flat_map(|result| result.all_steps()).map(|step| step.attempts.len()).sum();
    let mut out = std::io::stdout();
    writeln!(out, "{} passed, {} failed, {requests} requests", finished.summary.passed, finished.summary.failed)?;
    writeln!(
        out,
        "wall {wall:.3} s, {:.0} requests/s, cpu {cpu:.3} s, peak memory {} ({before} before)",
        requests as f64 / wall,
        peak_memory()
    )?;
    Ok(())
}

fn options(base: &str, runs: usize, jobs: usize) -> Result<RunOptions, AnyError> {
    let names = ["customers", "orders", "payments"];
    let mut services = Vec::new();
    for name in names {
        let origin = format!("{name}.yaml");
        let fetch = MemoryFetch::new().with(origin.as_str(), definition(name));
        let parsed = load(&ServiceName::new(name), &origin, &fetch);
        services.push(parsed.value.ok_or("the definition is well-formed")?);
    }
    let document = Document::parse("bench.arazzo.yaml", scenarios(runs).as_bytes()).map_err(|error| error.to_string())?;
    let parsed = callboard_scenario::parse(&document);
    let source = Arc::new(SourceFile { file: parsed.value.ok_or("the scenarios are well-formed")?, document });
    let scenario = |i: usize| Scenario {
        name: TestName::new(format!("bench.arazzo.yaml#chain{i}")),
        source: source.clone(),
        workflow: format!("chain{i}"),
        inputs: Map::new(),
    };
    let scenarios = (0..runs).map(scenario).collect();
    let mut options = RunOptions::new(RunId::new("bench"), Arc::new(System::new(services)), scenarios);
    options.targets = names.map(|name| (ServiceName::new(name), Target::new(base))).into_iter().collect();
    options.jobs = jobs;
    Ok(options)
}

fn definition(name: &str) -> String {
    let operation = |id: &str, status: u16, parameter: Option<&str>, body: bool, fields: &[(&str, &str)]| {
        let properties: Map<_, _> = fields.iter().map(|(name, kind)| ((*name).to_owned(), json!({"type": kind}))).collect();
        let required: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        let schema = json!({"type": "object", "required": required, "properties": properties});
        let content = json!({"application/json": {"schema": schema}});
        let mut operation =
            json!({"operationId": id, "responses": {status.to_string(): {"description": "ok", "content": content}}});
        if let Some(name) = parameter {
            operation["parameters"] = json!([{"name": name, "in": "path", "required": true, "schema": {"type": "string"}}]);
        }
        if body {
            operation["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object"}}}});
        }
        operation
    };
    let text = "string";
    let paths = match name {
        "customers" => json!({
            "/customers": {"post": operation("createCustomer", 201, None, true, &[("id", text), ("name", text)])}}),
        "orders" => json!({
            "/customers/{customerId}/orders": {"post": operation(
                "createOrder", 201, Some("customerId"), true, &[("orderId", text), ("customerId", text), ("status", text)])},
            "/orders/{orderId}": {"get": operation(
                "getOrder", 200, Some("orderId"), false, &[("id", text), ("status", text), ("total", "integer")])}}),
        _ => json!({
            "/orders/{orderId}/payments": {"post": operation(
                "payOrder", 201, Some("orderId"), true, &[("paymentId", text), ("orderId", text), ("status", text)])},
            "/payments/{paymentId}": {"get": operation(
                "getPayment", 200, Some("paymentId"), false, &[("paymentId", text), ("status", text)])}}),
    };
    json!({"openapi": "3.0.3", "info": {"title": name, "version": "1"}, "paths": paths}).to_string()
}

fn scenarios(runs: usize) -> String {
    let criteria = |status: u16, field: &str, value: &str| json!([{"condition": format!("$statusCode == {status}")}, {"condition": format!("$response.body#/{field} == '{value}'")}]);
    let path = |name: &str, value: &str| json!([{"name": name, "in": "path", "value": value}]);
    let steps = json!([
        {"stepId": "customer", "operationId": "$sourceDescriptions.customers.createCustomer",
         "requestBody": {"payload": {"name": "Ada"}}, "successCriteria": criteria(201, "name", "Ada"),
         "outputs": {"id": "$response.body#/id"}},
        {"stepId": "order", "operationId": "$sourceDescriptions.orders.createOrder",
         "parameters": path("customerId", "$steps.customer.outputs.id"), "requestBody": {"payload": {"sku": "A1"}},
         "successCriteria": criteria(201, "status", "NEW"), "outputs": {"id": "$response.body#/orderId"}},
        {"stepId": "read", "operationId": "$sourceDescriptions.orders.getOrder",
         "parameters": path("orderId", "$steps.order.outputs.id"), "successCriteria": criteria(200, "status", "NEW"),
         "outputs": {"id": "$response.body#/id", "total": "$response.body#/total"}},
        {"stepId": "pay", "operationId": "$sourceDescriptions.payments.payOrder",
         "parameters": path("orderId", "$steps.read.outputs.id"),
         "requestBody": {"payload": {"amount": "$steps.read.outputs.total"}}, "successCriteria": criteria(201, "status", "PAID"),
         "outputs": {"id": "$response.body#/paymentId"}},
        {"stepId": "settled", "operationId": "$sourceDescriptions.payments.getPayment",
         "parameters": path("paymentId", "$steps.pay.outputs.id"), "successCriteria": criteria(200, "status", "SETTLED")}]);
    let workflows: Vec<_> = (0..runs).map(|i| json!({"workflowId": format!("chain{i}"), "steps": steps})).collect();
    let sources = ["customers", "orders", "payments"].map(|name| json!({"name": name, "url": format!("{name}.yaml")}));
    json!({"arazzo": "1.0.1", "info": {"title": "bench", "version": "1"}, "sourceDescriptions": sources, "workflows": workflows})
        .to_string()
}

/// User and system time of this process, from the kernel's clock ticks (100 per second on Linux).
fn cpu_seconds() -> Result<f64, AnyError> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / 100.0)
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_once(':')).map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}
