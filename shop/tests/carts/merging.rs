//! Login: a guest's cart meets the customer's.

use shop::cart::{
    self, CartState, LeftBehind, LeftReason, LogInError, PriceChange, SessionError, SessionToken,
};
use shop::money::{Currency, Money};

use super::stage::{check_out, eur, price, shown, state, units, variant};
use crate::make::{MadeCart, Make};

async fn log_in(
    make: &Make,
    customer: shop::id::CustomerId,
    guest: &MadeCart,
) -> Result<cart::LoggedIn, LogInError> {
    cart::log_in(&make.db, &make.context, customer, &guest.session).await
}

async fn session_ended(make: &Make, token: &SessionToken) -> bool {
    let mut db = make.db.acquire().await.unwrap();
    let found = cart::find_by_session(&mut db, &make.context, token).await;
    matches!(found, Err(SessionError::Revoked))
}

#[proofmark::test]
async fn a_customer_without_a_cart_gets_the_guest_s(make: Make) {
    let mug = variant(&make, 1000).await;
    let guest = make.cart().with(mug, 2).await;
    let ada = make.customer().await;
    let login = log_in(&make, ada, &guest).await.unwrap();
    assert_eq!((login.cart, login.merged), (guest.id, false));
    assert!(session_ended(&make, &guest.session).await, "a token from before gives no access");
    let shopper = cart::Shopper::Customer(ada);
    let view = cart::view(&make.db, &make.context, guest.id, &shopper).await.unwrap();
    assert_eq!((view.customer, view.lines.len()), (Some(ada), 1));
    // The new session is one of the same cart; to log in with it changes nothing.
    let again = cart::log_in(&make.db, &make.context, ada, &login.session).await.unwrap();
    assert_eq!((again.cart, again.merged), (guest.id, false));
}

#[proofmark::test]
async fn quantities_are_summed_and_changes_told(make: Make) {
    let (both, tiered) = (variant(&make, 100).await, variant(&make, 1000).await);
    price(&make, tiered, eur(900), 5).await;
    let only_guest = variant(&make, 300).await;
    let ada = make.customer().await;
    let own = make.cart().of(ada).with(both, 1).with(tiered, 3).await;
    let guest = make.cart().with(both, 2).with(tiered, 2).with(only_guest, 1).await;
    make.clock.advance(chrono::TimeDelta::minutes(1));
    price(&make, both, eur(110), 1).await;

    let login = log_in(&make, ada, &guest).await.unwrap();
    assert_eq!((login.cart, login.merged, login.left), (own.id, true, vec![]));
    let told = [
        PriceChange { variant: both, shown: eur(100), now: Some(eur(110)) },
        PriceChange { variant: tiered, shown: eur(1000), now: Some(eur(900)) },
    ];
    assert_eq!(login.changes, told);
    let lines = [(both, 3, 110), (tiered, 5, 900), (only_guest, 1, 300)];
    assert_eq!(shown(&make, &own).await, lines);
    assert_eq!(state(&make, &guest).await, CartState::Merged);
    assert!(session_ended(&make, &guest.session).await);
}

#[proofmark::test]
async fn what_does_not_fit_stays_behind_and_is_told(make: Make) {
    let (full, foreign) = (variant(&make, 1).await, make.variant().untracked().await);
    let yen = Money::new(500, Currency::JPY).unwrap();
    price(&make, foreign, yen, 1).await;
    price(&make, full, yen, 1).await;
    let ada = make.customer().await;
    let own = make.cart().of(ada).with(full, 99_999).await;
    let guest = make.cart().in_currency(Currency::JPY).with(full, 2).with(foreign, 3).await;
    let login = log_in(&make, ada, &guest).await.unwrap();
    let left = [
        LeftBehind { variant: full, quantity: units(2), reason: LeftReason::TooMany },
        LeftBehind { variant: foreign, quantity: units(3), reason: LeftReason::NotForSale },
    ];
    assert_eq!(login.left, left);
    assert_eq!(shown(&make, &own).await, [(full, 99_999, 1)]);
}

#[proofmark::test]
async fn a_guest_in_checkout_logs_in(make: Make) {
    let mug = variant(&make, 1000).await;
    let guest = make.cart().with(mug, 1).await;
    check_out(&make, &guest).await;
    let ada = make.customer().await;
    let own = make.cart().of(ada).await;
    let login = log_in(&make, ada, &guest).await.unwrap();
    assert_eq!(login.cart, own.id);
    assert_eq!(shown(&make, &own).await, [(mug, 1, 1000)]);
    // Without a cart of their own the checkout goes on.
    let guest = make.cart().with(mug, 1).await;
    check_out(&make, &guest).await;
    let eve = make.customer().await;
    assert_eq!(log_in(&make, eve, &guest).await.unwrap().cart, guest.id);
    assert_eq!(state(&make, &guest).await, CartState::Checkout);
}

#[proofmark::test]
async fn a_login_that_cannot_be_leaves_both_carts_alone(make: Make) {
    let mug = variant(&make, 1000).await;
    let (ada, eve) = (make.customer().await, make.customer().await);
    let eves = make.cart().of(eve).with(mug, 1).await;
    let foreign = log_in(&make, ada, &eves).await;
    assert!(matches!(foreign, Err(LogInError::Foreign)), "{foreign:?}");

    let guest = make.cart().with(mug, 1).await;
    check_out(&make, &eves).await;
    let busy = log_in(&make, eve, &guest).await;
    assert!(matches!(busy, Err(LogInError::InCheckout)), "{busy:?}");

    let nobody = log_in(&make, make.context.id(), &guest).await;
    assert!(matches!(nobody, Err(LogInError::NoSuchCustomer)), "{nobody:?}");

    cart::abandon(&make.db, &make.context, &guest.request()).await.unwrap();
    let closed = log_in(&make, ada, &guest).await;
    assert!(matches!(closed, Err(LogInError::State(CartState::Abandoned))), "{closed:?}");

    let unknown = cart::log_in(&make.db, &make.context, ada, &SessionToken::random()).await;
    let Err(LogInError::Session(SessionError::NotFound)) = unknown else { panic!("{unknown:?}") };
    assert_eq!(shown(&make, &eves).await, [(mug, 1, 1000)]);
}

#[proofmark::test]
async fn of_two_logins_with_one_session_one_merges(make: Make) {
    let mug = variant(&make, 1000).await;
    let ada = make.customer().await;
    for with_own in [true, false] {
        let customer = if with_own { ada } else { make.customer().await };
        let own = if with_own { Some(make.cart().of(ada).with(mug, 1).await) } else { None };
        let guest = make.cart().with(mug, 2).await;
        let (one, other) =
            tokio::join!(log_in(&make, customer, &guest), log_in(&make, customer, &guest));
        let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
        let Err(LogInError::Session(SessionError::Revoked)) = lost else { panic!("{lost:?}") };
        let cart = MadeCart { id: won.unwrap().cart, ..guest };
        let quantity = if own.is_some() { 3 } else { 2 };
        assert_eq!(shown(&make, &cart).await, [(mug, quantity, 1000)]);
    }
}

#[proofmark::test]
async fn two_guests_who_are_one_customer_end_up_with_one_cart(make: Make) {
    let mug = variant(&make, 1000).await;
    let ada = make.customer().await;
    let (phone, laptop) = (make.cart().with(mug, 1).await, make.cart().with(mug, 2).await);
    let (one, other) = tokio::join!(log_in(&make, ada, &phone), log_in(&make, ada, &laptop));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.cart, other.cart);
    assert_ne!(one.merged, other.merged);
    let cart = MadeCart { id: one.cart, ..phone };
    assert_eq!(shown(&make, &cart).await, [(mug, 3, 1000)]);
}
