//! customers: who buys, and where they live.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::mutants::{Mutant, Mutation};
use crate::problem::Problem;
use crate::request::{Body, Params, Segments};

#[derive(Clone, Debug, Serialize)]
struct Customer {
    id: String,
    #[serde(flatten)]
    profile: Profile,
    #[serde(rename = "registeredAt")]
    registered_at: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Profile {
    name: String,
    email: String,
    phone: Option<String>,
    address: Address,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Address {
    street: String,
    city: String,
    postal_code: String,
    country: String,
}

/// In the order in which they registered.
type Customers = Arc<Mutex<Vec<Customer>>>;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/customers", get(list).post(register))
        .route("/customers/{id}", get(read).put(replace).delete(remove))
        .with_state(Customers::default())
}

#[derive(Debug, Deserialize)]
struct Filter {
    email: Option<String>,
}

async fn list(State(customers): State<Customers>, mutation: Mutation, Params(filter): Params<Filter>) -> Json<Vec<Customer>> {
    let customers = customers.lock().await;
    let email = filter.email.filter(|_| !mutation.is(Mutant::CustomersEmailFilterIgnored));
    let fits = |customer: &&Customer| email.as_ref().is_none_or(|email| *email == customer.profile.email);
    Json(customers.iter().filter(fits).cloned().collect())
}

async fn register(
    State(customers): State<Customers>,
    mutation: Mutation,
    Body(profile): Body<Profile>,
) -> Result<Response, Problem> {
    check(&profile, mutation)?;
    let phone = profile.phone.clone().filter(|_| !mutation.is(Mutant::CustomersPhoneDropped));
    let profile = Profile { phone, ..profile };
    let id = Uuid::new_v4().to_string();
    let customer = Customer { id: id.clone(), profile, registered_at: jiff::Timestamp::now().to_string() };
    customers.lock().await.push(customer.clone());
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/customers/{id}"))], Json(customer)).into_response())
}

async fn read(
    State(customers): State<Customers>,
    mutation: Mutation,
    Segments(id): Segments<String>,
) -> Result<Json<Customer>, Problem> {
    let customers = customers.lock().await;
    let known = customers.iter().any(|customer| customer.id == id);
    if let Some(latest) = customers.last().filter(|_| known && mutation.is(Mutant::CustomersLatestRead)) {
        return Ok(Json(latest.clone()));
    }
    customers.iter().find(|customer| customer.id == id).cloned().map(Json).ok_or_else(|| unknown(&id))
}

async fn replace(
    State(customers): State<Customers>,
    mutation: Mutation,
    Segments(id): Segments<String>,
    Body(profile): Body<Profile>,
) -> Result<Json<Customer>, Problem> {
    check(&profile, mutation)?;
    let mut customers = customers.lock().await;
    let customer = customers.iter_mut().find(|customer| customer.id == id).ok_or_else(|| unknown(&id))?;
    let kept = customer.profile.address.clone();
    customer.profile = profile;
    if mutation.is(Mutant::CustomersAddressNotReplaced) {
        customer.profile.address = kept;
    }
    if mutation.is(Mutant::CustomersReplaceNotIdempotent) {
        customer.registered_at = jiff::Timestamp::now().to_string();
    }
    Ok(Json(customer.clone()))
}

async fn remove(
    State(customers): State<Customers>,
    mutation: Mutation,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    let mut customers = customers.lock().await;
    match customers.iter().position(|customer| customer.id == id) {
        Some(index) => drop(customers.remove(index)),
        None if mutation.is(Mutant::CustomersDeleteUnknownAccepted) => {}
        None => return Err(unknown(&id)),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What the definition asks of a profile beyond the types of its fields.
fn check(profile: &Profile, mutation: Mutation) -> Result<(), Problem> {
    let Address { street, city, postal_code, country } = &profile.address;
    let long_enough = |text: &String| (1..=100).contains(&text.chars().count());
    let letters =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte));
    let email = profile.email.split_once('@').is_some_and(|(user, host)| letters(user) && letters(host));
    let email = email || mutation.is(Mutant::CustomersEmailUnchecked);
    let any_country = mutation.is(Mutant::CustomersCountryUnchecked);
    let any_length = mutation.is(Mutant::CustomersAddressUnchecked);
    let country_code = any_country || country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let rules = [
        (long_enough(&profile.name), "name: expected 1 to 100 characters"),
        (email, "email: expected an address such as ada@example.org"),
        (
            any_length || [street, city, postal_code].into_iter().all(long_enough),
            "address: expected 1 to 100 characters in each field",
        ),
        (country_code, "address.country: expected two capital letters such as DE"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, problem)) => Err(Problem::bad_request(problem)),
        None => Ok(()),
    }
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("no customer {id}"))
}
