//! What is on each page, ready to be written.

use askama::Template;

/// A word of a state and how many there are.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) name: String,
    pub(super) count: i64,
}

#[derive(Debug, Template)]
#[template(path = "admin/overview.html")]
pub(super) struct Overview {
    pub(super) orders: Vec<Count>,
    pub(super) payments: Vec<Count>,
    pub(super) unpublished: i64,
    pub(super) lag: String,
    pub(super) deliveries: i64,
    pub(super) given_up: i64,
    pub(super) holds_due: i64,
    pub(super) notices: i64,
    pub(super) short: i64,
    pub(super) at: String,
}

#[derive(Debug)]
pub(super) struct Level {
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) location: String,
    pub(super) on_hand: i32,
    pub(super) reserved: i32,
    pub(super) allocated: i32,
    pub(super) free: i32,
}

#[derive(Debug, Template)]
#[template(path = "admin/stock.html")]
pub(super) struct Stock {
    pub(super) wanted: String,
    pub(super) levels: Vec<Level>,
    pub(super) next: Option<String>,
}

#[derive(Debug)]
pub(super) struct OrderLine {
    pub(super) id: String,
    pub(super) number: i64,
    pub(super) placed: String,
    pub(super) buyer: String,
    pub(super) lines: i64,
    pub(super) total: String,
    pub(super) state: String,
}

#[derive(Debug, Template)]
#[template(path = "admin/orders.html")]
pub(super) struct Orders {
    pub(super) orders: Vec<OrderLine>,
    pub(super) next: Option<String>,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) quantity: i32,
    pub(super) price: String,
    pub(super) total: String,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: String,
    pub(super) what: String,
    pub(super) who: String,
    pub(super) why: String,
}

#[derive(Debug, Template)]
#[template(path = "admin/order.html")]
pub(super) struct Order {
    pub(super) number: i64,
    pub(super) id: String,
    pub(super) state: String,
    pub(super) placed: String,
    pub(super) items: Vec<Item>,
    pub(super) discount: String,
    pub(super) shipping: String,
    pub(super) total: String,
    pub(super) payments: Vec<Payment>,
    pub(super) history: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) order: String,
    pub(super) number: i64,
    pub(super) begun: String,
    pub(super) method: String,
    pub(super) amount: String,
    pub(super) captured: String,
    pub(super) refunded: String,
    pub(super) state: String,
}

#[derive(Debug, Template)]
#[template(path = "admin/payments.html")]
pub(super) struct Payments {
    pub(super) payments: Vec<Payment>,
    pub(super) next: Option<String>,
}

#[derive(Debug)]
pub(super) struct Event {
    pub(super) at: String,
    pub(super) kind: String,
    pub(super) of: String,
    pub(super) seq: i32,
    pub(super) published: bool,
}

#[derive(Debug, Template)]
#[template(path = "admin/events.html")]
pub(super) struct Events {
    pub(super) events: Vec<Event>,
    pub(super) next: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "admin/trouble.html")]
pub(super) struct Trouble {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}
