//! Orders: a request for an item, for a bundle or for everything in a cart. Who may have it, what was answered and what it costs is decided
//! when it is ordered, and goes with the request.

use crate::approval;
use crate::catalogue::{self, Part, PriceBy, Variable};
use serde::Deserialize;
use weft_sdk::prelude::*;
use weft_sdk::{CreateTicket, Record, StartFlow};

/// What the item of a request says when it is for everything in its `lines`.
pub(crate) const CART: &str = "cart";
/// Parts of one request.
const PARTS_MAX: usize = 20;

/// One thing that is ordered.
#[derive(Debug, Clone, Deserialize)]
struct Line {
    item: String,
    #[serde(default = "catalogue::one")]
    quantity: u32,
    #[serde(default)]
    variables: Object,
    /// Of all of it, when it was ordered. Nobody says it: it is noted with the parts.
    #[serde(default)]
    price: Option<Value>,
}

/// What a line is when it was checked. Money is in the smallest unit, where sums are exact.
struct Priced {
    variables: Object,
    price: i64,
    recurring: i64,
}

/// A request for what the catalogue offers; `None` for everything else.
pub(crate) fn place(host: &impl Host, change: &Change) -> Result<Option<Effects>, Rejection> {
    let request = &change.after;
    let Some(key) = request.text("item") else { return Ok(None) };
    if key == CART {
        let lines: Vec<Line> = request.read("lines")?.unwrap_or_default();
        return several(host, request, lines).map(|effects| Some(effects.set_field("together", false)));
    }
    if let Some(bundle) = catalogue::published(host, catalogue::BUNDLE, key)? {
        let mut refused = Rejection::none();
        let form: Vec<Variable> = catalogue::list(&bundle, "form")?;
        let answered = catalogue::answers(&form, &given(request), "/fields/variables", &mut refused);
        entitled(host, &bundle, request, "/fields/item", &mut refused)?;
        refused.or_ok(())?;
        let lines = lines_of(catalogue::list(&bundle, "parts")?, &answered);
        let effects = several(host, request, lines)?.set_field("together", true);
        return Ok(Some(noted(effects, &bundle).set_field("variables", answered)));
    }
    let Some(item) = catalogue::published(host, catalogue::ITEM, key)? else { return Ok(None) };
    let quantity = u32::try_from(request.integer("quantity").unwrap_or(1)).unwrap_or(1);
    let line = Line { item: key.to_owned(), quantity, variables: given(request), price: None };
    let mut refused = Rejection::none();
    let priced = price(host, &item, &line, request, "/fields", &mut refused)?;
    refused.or_ok(())?;
    let effects = money(noted(Effects::new(), &item), priced.price, priced.recurring);
    let effects = effects.set_field("variables", priced.variables);
    let before = approval::before(host, change, priced.price)?;
    let Some(process) = item.text("process") else {
        let dearer = !before && !request.field("approved_price").is_null() && !change.context.is_person();
        return Ok(Some(if dearer { effects.start_flow(approval::flow(host, Some(&item))?) } else { effects }));
    };
    let flow = flow(host, process, Some(&item))?.variable("approved_before", before);
    Ok(Some(effects.set_field("process", process).start_flow(flow)))
}

/// The settings go with the flow, so that a running request is finished as it was ordered. What the item says comes before them.
pub(crate) fn flow(host: &impl Host, process: &str, item: Option<&Record>) -> Result<StartFlow, Fault> {
    let own = |field: &str| item.map(|item| item.field(field).clone()).filter(|value| !value.is_null());
    let mut groups: Object = host.setting("groups")?;
    groups.extend(own("groups").and_then(|groups| groups.as_object().cloned()).unwrap_or_default());
    let limit = own("finance_limit").map_or_else(|| host.setting::<Value>("finance-limit"), Ok)?;
    Ok(StartFlow::new(process)
        .variable("groups", groups)
        .variable("finance_limit", limit)
        .variable("approved_before", false)
        .variable("confirm_after", host.setting::<Value>("confirm-after")?)
        .variable("calendar", host.setting::<Value>("calendar")?))
}

/// The parts of a request, each a request of its own as soon as this one is there.
pub(crate) fn parts(request: &Ticket) -> Result<Effects, Fault> {
    let lines: Vec<Line> = request.read("parts")?.unwrap_or_default();
    let approved = !request.field("approved_price").is_null();
    let part = |effects: Effects, line: Line| {
        let title = format!("{}: {}", request.title, line.item);
        let ticket = CreateTicket::new("request", &request.space, &title).parent(&request.id).field("item", line.item);
        let ticket = match line.price.filter(|_| approved) {
            Some(price) => ticket.field("approved_price", price),
            None => ticket,
        };
        let ticket = ticket.field("quantity", line.quantity).field("variables", line.variables);
        let person = request.requester.as_deref().or(request.opened_by.as_deref());
        effects.create_ticket(match person {
            Some(person) => ticket.requester(person),
            None => ticket,
        })
    };
    Ok(lines.into_iter().fold(Effects::new(), part))
}

fn lines_of(parts: Vec<Part>, answered: &Object) -> Vec<Line> {
    let wanted = parts.into_iter().filter(|part| part.when.as_ref().is_none_or(|when| when.holds(answered)));
    let value = |value: &Value| match value["from"].as_str() {
        Some(name) => answered.get(name).cloned().unwrap_or_default(),
        None => value.clone(),
    };
    wanted
        .map(|part| Line {
            variables: part.variables.iter().map(|(name, given)| (name.clone(), value(given))).collect(),
            item: part.item,
            quantity: part.quantity,
            price: None,
        })
        .collect()
}

/// Everything is checked before anything is ordered: one line that cannot be had is none of them.
fn several(host: &impl Host, request: &Ticket, lines: Vec<Line>) -> Result<Effects, Rejection> {
    let mut refused = Rejection::none();
    if lines.is_empty() || lines.len() > PARTS_MAX {
        let message = format!("between 1 and {PARTS_MAX} things are ordered at once");
        return Err(Rejection::new("/fields/lines", "lines", message));
    }
    let (mut total, mut recurring, mut all, mut items) = (0, 0, Vec::new(), Vec::new());
    for (index, line) in lines.iter().enumerate() {
        let at = format!("/fields/lines/{index}");
        let Some(item) = catalogue::published(host, catalogue::ITEM, &line.item)? else {
            refused.add(at, "unknown-item", format!("no item `{}` is offered", line.item));
            continue;
        };
        let priced = price(host, &item, line, request, &at, &mut refused)?;
        total += priced.price;
        recurring += priced.recurring;
        all.push(json!({ "item": line.item, "quantity": line.quantity, "variables": priced.variables,
            "price": amount(priced.price) }));
        items.push(item);
    }
    let count = all.len();
    let effects = money(Effects::new(), total, recurring).set_field("parts", all);
    let effects = effects.set_field("delivered", format!("0 of {count}"));
    let effects = effects.and(approval::of_all(host, total, &items)?);
    refused.or_ok(effects)
}

fn price(
    host: &impl Host,
    item: &Record,
    line: &Line,
    request: &Ticket,
    pointer: &str,
    refused: &mut Rejection,
) -> Result<Priced, Fault> {
    entitled(host, item, request, &format!("{pointer}/item"), refused)?;
    let form: Vec<Variable> = catalogue::list(item, "form")?;
    let variables = catalogue::answers(&form, &line.variables, &format!("{pointer}/variables"), refused);
    let base = |field: &str| smallest(item.field(field).as_f64().unwrap_or(0.0));
    let (mut price, mut recurring) = (base("price"), base("recurring_price"));
    for by in catalogue::list::<PriceBy>(item, "price_by")? {
        if variables.get(&by.name) == Some(&by.is) {
            price += smallest(by.price);
            recurring += smallest(by.recurring);
        }
    }
    let quantity = i64::from(line.quantity.max(1));
    Ok(Priced { variables, price: price.max(0) * quantity, recurring: recurring.max(0) * quantity })
}

fn entitled(
    host: &impl Host,
    offer: &Record,
    request: &Ticket,
    pointer: &str,
    refused: &mut Rejection,
) -> Result<(), Fault> {
    let mut groups = offer.list("entitled_groups").peekable();
    if groups.peek().is_none() {
        return Ok(());
    }
    let person = request.requester.as_deref().or(request.opened_by.as_deref());
    for group in groups {
        if person.map_or(Ok(false), |person| host.is_member(person, group))? {
            return Ok(());
        }
    }
    refused.add(pointer, "not-entitled", format!("`{}` is not offered to them", offer.title));
    Ok(())
}

fn given(request: &Ticket) -> Object {
    request.field("variables").as_object().cloned().unwrap_or_default()
}

/// Which offer it was, so that it is known later although the offer has changed.
fn noted(effects: Effects, offer: &Record) -> Effects {
    effects.set_field("offer", offer.number.as_str()).set_field("offer_edition", offer.field("edition").clone())
}

fn money(effects: Effects, price: i64, recurring: i64) -> Effects {
    let effects = effects.set_field("price", amount(price));
    effects.when(recurring > 0, |effects| effects.set_field("recurring_price", amount(recurring)))
}

/// Prices are far below what an integer holds; beyond, the cast keeps the largest.
pub(crate) fn smallest(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

fn amount(smallest: i64) -> Value {
    if smallest % 100 == 0 { json!(smallest / 100) } else { json!(smallest as f64 / 100.0) }
}
