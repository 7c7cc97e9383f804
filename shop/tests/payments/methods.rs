//! Ways to pay: every form that is taken, every form that is not, and what is kept of them.

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use shop::payment::method::{
    AccountError, AccountNumber, Brand, CardError, CardNumber, ChangeMethodError, Expiry,
    GiftCardCode, MethodError, MethodForm, NewMethod, StoreMethod, StoreMethodError, delete_method,
    set_default_method, store_method,
};
use shop::payment::provider::{InternalProvider, ManualProvider, Provider};
use shop::payment::{
    MethodType, Note, PayWith, ProviderReference, ReferenceError, SecretToken, Start, StartError,
    authorize, give_credit, holds_a_card_number, issue_gift_card, start,
};
use shop::value::TextError;

use crate::make::Make;
use crate::make::payment::eur;

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap()
}

#[test]
fn a_card_number_has_a_brand_a_length_and_a_check_digit() {
    for (number, brand) in [
        ("4242424242424242", Brand::Visa),
        ("4242 4242 4242 4242", Brand::Visa),
        ("4242-4242-4242-4242", Brand::Visa),
        ("4222222222222", Brand::Visa),
        ("5555555555554444", Brand::Mastercard),
        ("2223003122003222", Brand::Mastercard),
        ("5105105105105100", Brand::Mastercard),
        ("378282246310005", Brand::Amex),
        ("371449635398431", Brand::Amex),
        ("6011111111111117", Brand::Discover),
        ("3056930009020004", Brand::Diners),
        ("36227206271667", Brand::Diners),
        ("3566002020360505", Brand::Jcb),
        ("6200000000000005", Brand::UnionPay),
        ("6759649826438453", Brand::Maestro),
    ] {
        let card: CardNumber = number.parse().unwrap_or_else(|error| panic!("{number}: {error}"));
        assert_eq!(card.brand(), brand, "{number}");
        assert!(number.ends_with(card.last4()), "{number}");
    }
    for (number, error) in [
        ("", CardError::NotDigits),
        (" - ", CardError::NotDigits),
        ("4242 4242 4242 424x", CardError::NotDigits),
        ("4242424242424242\0", CardError::NotDigits),
        ("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", CardError::NotDigits),
        ("1234567812345670", CardError::UnknownBrand),
        ("0000000000000000", CardError::UnknownBrand),
        ("9999999999999995", CardError::UnknownBrand),
        ("424242424242424", CardError::Length),
        ("42424242424242424242", CardError::Length),
        ("3782822463100050", CardError::Length),
        ("55555555555544", CardError::Length),
        ("4242424242424241", CardError::Mistyped),
        ("5555555555554445", CardError::Mistyped),
        ("2424242424242424", CardError::Mistyped),
    ] {
        assert_eq!(number.parse::<CardNumber>(), Err(error), "{number:?}");
    }
    let long = "4".repeat(10_000_000);
    assert_eq!(long.parse::<CardNumber>(), Err(CardError::NotDigits));
}

#[test]
fn a_card_is_valid_to_the_end_of_its_month_everywhere() {
    for (text, valid) in [
        ("06/26", Ok(())),
        ("6/2026", Ok(())),
        ("12/30", Ok(())),
        ("06/46", Ok(())),
        // It is still May at UTC-12 until noon of 1 June.
        ("04/26", Err(CardError::Expired)),
        ("06/25", Err(CardError::Expired)),
        ("01/00", Err(CardError::Expired)),
        ("07/46", Err(CardError::TooFarAhead)),
        ("12/99", Err(CardError::TooFarAhead)),
    ] {
        let expiry: Expiry = text.parse().unwrap();
        assert_eq!(expiry.check(noon()), valid, "{text}");
    }
    let may: Expiry = "05/26".parse().unwrap();
    assert_eq!(may.check(noon() - Duration::seconds(1)), Ok(()));
    assert_eq!(may.check(noon()), Err(CardError::Expired));
    for text in [
        "",
        "/",
        "13/30",
        "0/30",
        "00/30",
        "12",
        "12/3",
        "12/203",
        "12/20300",
        "-1/30",
        "12/-1",
        "a/30",
        "12/30/1",
        "12/1999",
        "12/2101",
        "１２/30",
        "12/30\0",
    ] {
        assert_eq!(text.parse::<Expiry>(), Err(CardError::Expiry), "{text:?}");
    }
}

#[test]
fn an_account_is_checked_as_its_country_writes_it() {
    for (iban, country, last4) in [
        ("DE89370400440532013000", "DE", "3000"),
        ("DE89 3704 0044 0532 0130 00", "DE", "3000"),
        ("GB29 NWBK 6016 1331 9268 19", "GB", "6819"),
        ("FR14 2004 1010 0505 0001 3M02 606", "FR", "2606"),
        ("NO93 8601 1117 947", "NO", "7947"),
        ("CH93 0076 2011 6238 5295 7", "CH", "2957"),
        ("NL91 ABNA 0417 1643 00", "NL", "4300"),
    ] {
        let account: AccountNumber = iban.parse().unwrap_or_else(|_| panic!("{iban}"));
        assert_eq!((account.country(), account.last4().as_str()), (country, last4), "{iban}");
        assert!(!format!("{account:?}").contains("0400"), "{account:?}");
    }
    for (iban, error) in [
        ("", AccountError::NotAnIban),
        ("DE88370400440532013000", AccountError::NotAnIban),
        ("DE8937040044053201300", AccountError::NotAnIban),
        ("DE89370400440532013000\0", AccountError::NotAnIban),
        ("89370400440532013000", AccountError::NotAnIban),
        ("4242424242424242", AccountError::NotAnIban),
        ("ZZ12 3456", AccountError::NotAnIban),
    ] {
        assert_eq!(iban.parse::<AccountNumber>(), Err(error), "{iban:?}");
    }
    assert!("D".repeat(10_000_000).parse::<AccountNumber>().is_err());
}

#[test]
fn a_reference_is_visible_ascii_and_no_card_number() {
    for text in ["tok_1", "pi_3Nabc", "123", "A-1:2/3", &"x".repeat(255)] {
        assert!(text.parse::<ProviderReference>().is_ok(), "{text}");
        assert!(text.parse::<SecretToken>().is_ok(), "{text}");
    }
    let form = ReferenceError::Text(TextError::Form);
    for (text, error) in [
        ("", ReferenceError::Text(TextError::Blank)),
        ("  ", ReferenceError::Text(TextError::Blank)),
        ("a b", form),
        ("tök", form),
        ("a\0b", ReferenceError::Text(TextError::Control)),
        ("4242424242424242", ReferenceError::CardNumber),
        ("4242-4242-4242-4242", ReferenceError::CardNumber),
        ("123456789012", ReferenceError::CardNumber),
        (&"x".repeat(256), ReferenceError::Text(TextError::TooLong { max: 255 })),
        (&"x".repeat(10_000_000), ReferenceError::Text(TextError::TooLong { max: 255 })),
    ] {
        let begin: String = text.chars().take(20).collect();
        assert_eq!(text.parse::<ProviderReference>(), Err(error), "{begin:?}");
        assert_eq!(text.parse::<SecretToken>(), Err(error), "{begin:?}");
    }
}

#[test]
fn a_note_holds_lines_but_no_card_number() {
    for text in ["One handle is broken.", "two\nlines", "הידית שבורה", "order 1234567890123"]
    {
        assert_eq!(text.parse::<Note>().map(|note| note.as_str().to_owned()), Ok(text.into()));
    }
    for text in ["", " \n ", "a\0b", "my card 4242 4242 4242 4242", "4242-4242-4242-4242."] {
        assert!(text.parse::<Note>().is_err(), "{text:?}");
    }
    assert!("x".repeat(10_000_000).parse::<Note>().is_err());
    assert!(holds_a_card_number("no 4242.4242.4242.4242 no"));
    assert!(!holds_a_card_number("4242424242424241"));
}

/// A form with these fields.
fn form(fields: &[(&str, &str)]) -> MethodForm {
    let mut form = MethodForm::default();
    for &(field, value) in fields {
        let value = Some(value.to_owned());
        match field {
            "number" => form.number = value,
            "expiry" => form.expiry = value,
            "cvc" => form.cvc = value,
            "token" => form.token = value,
            "name" => form.name = value,
            "iban" => form.iban = value,
            "mandate" => form.mandate = value,
            "code" => form.code = value,
            _ => form.account = value,
        }
    }
    form
}

const IBAN: &str = "DE89370400440532013000";
const ACCOUNT: &str = "sc_0192f0c1000070008000000000000000";

#[test]
fn every_type_of_method_takes_its_fields() {
    let cases: &[(MethodType, &[(&str, &str)])] = &[
        (MethodType::Card, &[("number", "4242424242424242"), ("expiry", "12/30"), ("cvc", "123")]),
        (MethodType::Card, &[("number", "378282246310005"), ("expiry", "12/30"), ("cvc", "1234")]),
        (MethodType::Card, &[("number", "4242424242424242"), ("expiry", "12/30")]),
        (MethodType::Wallet, &[("name", "apple_pay"), ("token", "wt_1")]),
        (MethodType::Wallet, &[("name", "google_pay"), ("token", "wt_1")]),
        (MethodType::Wallet, &[("name", "paypal"), ("token", "wt_1")]),
        (MethodType::BankTransfer, &[]),
        (MethodType::BankDebit, &[("iban", IBAN), ("mandate", "mandate_1")]),
        (MethodType::BankRedirect, &[("name", "ideal")]),
        (MethodType::PayLater, &[("name", "klarna"), ("token", "kl_1")]),
        (MethodType::Voucher, &[("name", "boleto")]),
        (MethodType::GiftCard, &[("code", "0123-4567-89ab-cdef")]),
        (MethodType::GiftCard, &[("code", "OIL0 1234 5678 9abc")]),
        (MethodType::StoreCredit, &[("account", ACCOUNT)]),
        (MethodType::CashOnDelivery, &[]),
    ];
    for &(kind, fields) in cases {
        let method = form(fields).read(kind, noon());
        assert_eq!(method.map(|method| method.method_type()), Ok(kind), "{kind} {fields:?}");
    }
    for &kind in MethodType::ALL {
        assert!(cases.iter().any(|case| case.0 == kind), "{kind} has no valid form");
    }
}

/// A type, the fields of a form of it, and what is wrong with them.
type Refused = (MethodType, Vec<(&'static str, &'static str)>, MethodError);

fn refused_cards_and_wallets() -> Vec<Refused> {
    let (card, expiry) = (("number", "4242424242424242"), ("expiry", "12/30"));
    let missing = MethodError::Missing;
    let unexpected = MethodError::Unexpected;
    let text = MethodError::Name;
    let reference = MethodError::Reference;
    vec![
        (MethodType::Card, vec![], missing("number")),
        (MethodType::Card, vec![card], missing("expiry")),
        (MethodType::Card, vec![card, ("expiry", "05/26")], CardError::Expired.into()),
        (MethodType::Card, vec![card, ("expiry", "")], CardError::Expiry.into()),
        (MethodType::Card, vec![card, expiry, ("cvc", "")], CardError::SecurityCode.into()),
        (MethodType::Card, vec![card, expiry, ("cvc", "12a")], CardError::SecurityCode.into()),
        (MethodType::Card, vec![card, expiry, ("cvc", "1234")], CardError::SecurityCode.into()),
        (
            MethodType::Card,
            vec![("number", "378282246310005"), expiry, ("cvc", "123")],
            CardError::SecurityCode.into(),
        ),
        (MethodType::Card, vec![card, expiry, ("token", "tok_1")], unexpected("token")),
        (MethodType::Card, vec![card, expiry, ("iban", IBAN)], unexpected("iban")),
        (MethodType::Wallet, vec![("token", "wt_1")], missing("name")),
        (MethodType::Wallet, vec![("name", "apple_pay")], missing("token")),
        (MethodType::Wallet, vec![("name", "some_pay"), ("token", "wt_1")], text(TextError::Form)),
        (
            MethodType::Wallet,
            vec![("name", "apple_pay"), ("token", "4242424242424242")],
            reference(ReferenceError::CardNumber),
        ),
        (
            MethodType::Wallet,
            vec![("name", "apple_pay"), ("token", " ")],
            reference(ReferenceError::Text(TextError::Blank)),
        ),
        (
            MethodType::Wallet,
            vec![("name", "apple_pay"), ("token", "a\0")],
            reference(ReferenceError::Text(TextError::Control)),
        ),
    ]
}

fn refused_accounts_and_others() -> Vec<Refused> {
    let card = ("number", "4242424242424242");
    let missing = MethodError::Missing;
    let unexpected = MethodError::Unexpected;
    let text = MethodError::Name;
    let reference = MethodError::Reference;
    vec![
        (MethodType::BankTransfer, vec![("iban", IBAN)], unexpected("iban")),
        (MethodType::BankDebit, vec![("iban", IBAN)], missing("mandate")),
        (MethodType::BankDebit, vec![("mandate", "mandate_1")], missing("iban")),
        (
            MethodType::BankDebit,
            vec![("iban", "DE88370400440532013000"), ("mandate", "mandate_1")],
            AccountError::NotAnIban.into(),
        ),
        (
            MethodType::BankDebit,
            vec![("iban", IBAN), ("mandate", "")],
            reference(ReferenceError::Text(TextError::Blank)),
        ),
        (MethodType::BankRedirect, vec![], missing("name")),
        (MethodType::BankRedirect, vec![("name", "")], text(TextError::Blank)),
        (MethodType::BankRedirect, vec![("name", "iDEAL")], text(TextError::Form)),
        (MethodType::PayLater, vec![("name", "klarna")], missing("token")),
        (MethodType::PayLater, vec![("token", "kl_1")], missing("name")),
        (MethodType::Voucher, vec![], missing("name")),
        (MethodType::Voucher, vec![("name", "bo\0leto")], text(TextError::Control)),
        (MethodType::GiftCard, vec![], missing("code")),
        (
            MethodType::GiftCard,
            vec![("code", "0123")],
            shop::payment::method::GiftCardCodeError.into(),
        ),
        (
            MethodType::GiftCard,
            vec![("code", "0123-4567-89ab-cde!")],
            shop::payment::method::GiftCardCodeError.into(),
        ),
        (MethodType::StoreCredit, vec![], missing("account")),
        (
            MethodType::StoreCredit,
            vec![("account", "pay_0192f0c1000070008000000000000000")],
            shop::id::ParseIdError::Prefix { expected: "sc" }.into(),
        ),
        (MethodType::CashOnDelivery, vec![("token", "tok_1")], unexpected("token")),
        (MethodType::CashOnDelivery, vec![card], unexpected("number")),
    ]
}

#[test]
fn no_type_of_method_takes_what_is_wrong_for_it() {
    let cases = [refused_cards_and_wallets(), refused_accounts_and_others()].concat();
    for (kind, fields, error) in &cases {
        let found = form(fields).read(*kind, noon());
        assert_eq!(found.as_ref(), Err(error), "{kind} {fields:?}");
    }
    for &kind in MethodType::ALL {
        assert!(cases.iter().any(|case| case.0 == kind), "{kind} has no invalid form");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let card = form(&[("number", "4242424242424242"), ("expiry", "12/30"), ("cvc", "987")]);
    let token = form(&[("name", "apple_pay"), ("token", "wt_hidden")]);
    let gift = form(&[("code", "0123-4567-89ab-cdef")]);
    for shown in [
        format!("{card:?} {token:?} {gift:?}"),
        format!("{:?}", card.read(MethodType::Card, noon())),
        format!("{:?}", token.read(MethodType::Wallet, noon())),
        format!("{:?}", gift.read(MethodType::GiftCard, noon())),
    ] {
        for secret in ["42424242", "987", "wt_hidden", "0123", "cdef", "CDEF"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn the_digest_of_a_gift_card_does_not_depend_on_how_it_is_typed() {
    let digest = |text: &str| text.parse::<GiftCardCode>().unwrap().digest();
    assert_eq!(digest("0123-4567-89AB-CDEF"), digest("oi23 4567 89ab cdef"));
    assert_ne!(digest("0123-4567-89AB-CDEF"), digest("0123-4567-89AB-CDEG"));
}

fn card(number: &str) -> NewMethod {
    form(&[("number", number), ("expiry", "12/30"), ("cvc", "123")])
        .read(MethodType::Card, noon())
        .unwrap()
}

#[proofmark::test]
async fn what_is_kept_of_a_card_is_not_its_number(make: Make) {
    let fake = make.fake();
    let customer = make.customer().await;
    let request = StoreMethod { customer, method: card("4242424242424242"), preferred: true };
    let stored = store_method(&make.db, &make.context, &fake, request.clone()).await.unwrap();
    assert_eq!(stored.last4.as_deref(), Some("4242"));
    let row: String =
        sqlx::query_scalar("SELECT to_jsonb(payment_method)::text FROM payment_method")
            .fetch_one(&make.db)
            .await
            .unwrap();
    assert!(!holds_a_card_number(&row), "{row}");
    for kept in ["\"visa\"", "\"4242\"", "2030", "fp_", "tok_"] {
        assert!(row.contains(kept), "{kept} in {row}");
    }
    let again = store_method(&make.db, &make.context, &fake, request).await;
    assert!(matches!(again, Err(StoreMethodError::AlreadyStored)), "{again:?}");
    let events: Vec<serde_json::Value> =
        sqlx::query_scalar("SELECT payload FROM outbox").fetch_all(&make.db).await.unwrap();
    let told = serde_json::to_string(&events).unwrap();
    assert!(!told.contains("tok_") && !told.contains("4242"), "{told}");
}

#[proofmark::test]
async fn one_method_is_preferred_and_a_deleted_one_is_gone(make: Make) {
    let fake = make.fake();
    let customer = make.customer().await;
    let mut ids = Vec::new();
    for number in ["4242424242424242", "5555555555554444"] {
        let request = StoreMethod { customer, method: card(number), preferred: true };
        ids.push(store_method(&make.db, &make.context, &fake, request).await.unwrap().id);
    }
    let preferred = async || -> Vec<shop::id::PaymentMethodId> {
        sqlx::query_scalar("SELECT id FROM payment_method WHERE is_default")
            .fetch_all(&make.db)
            .await
            .unwrap()
    };
    assert_eq!(preferred().await, [ids[1]]);
    set_default_method(&make.db, &make.context, customer, ids[0]).await.unwrap();
    assert_eq!(preferred().await, [ids[0]]);
    // Also when the clock went backwards in the meantime.
    make.clock.advance(Duration::days(-1));
    delete_method(&make.db, &make.context, customer, ids[0]).await.unwrap();
    assert_eq!(preferred().await, []);
    let stranger = make.customer().await;
    for refused in [
        delete_method(&make.db, &make.context, customer, ids[0]).await,
        set_default_method(&make.db, &make.context, customer, ids[0]).await,
        delete_method(&make.db, &make.context, stranger, ids[1]).await,
        set_default_method(&make.db, &make.context, stranger, ids[1]).await,
    ] {
        assert!(matches!(refused, Err(ChangeMethodError::NotFound)), "{refused:?}");
    }
    // The same card may be stored again.
    let request = StoreMethod { customer, method: card("4242424242424242"), preferred: false };
    store_method(&make.db, &make.context, &fake, request).await.unwrap();
}

#[proofmark::test]
async fn methods_are_stored_with_the_provider_of_their_type(make: Make) {
    let fake = make.fake();
    let internal = InternalProvider::new(make.db.clone(), make.context.clone());
    let customer = make.customer().await;
    let mut connection = make.db.acquire().await.unwrap();
    let (_, code) =
        issue_gift_card(&mut connection, &make.context, eur(1_000), None, None).await.unwrap();
    let account =
        give_credit(&mut connection, &make.context, eur(500), customer, None).await.unwrap();
    let token = || "wt_1".parse().unwrap();
    let fake: &dyn Provider = &fake;
    let cases: Vec<(NewMethod, &dyn Provider, &dyn Provider)> = vec![
        (card("4242424242424242"), fake, &internal),
        (
            NewMethod::Wallet { wallet: shop::payment::method::Wallet::ApplePay, token: token() },
            fake,
            &ManualProvider,
        ),
        (NewMethod::BankTransfer, &ManualProvider, &internal),
        (
            NewMethod::BankDebit {
                account: IBAN.parse().unwrap(),
                mandate: "mandate_1".parse().unwrap(),
            },
            fake,
            &internal,
        ),
        (NewMethod::BankRedirect { bank: "ideal".parse().unwrap() }, fake, &internal),
        (
            NewMethod::PayLater { lender: "klarna".parse().unwrap(), token: token() },
            fake,
            &ManualProvider,
        ),
        (NewMethod::Voucher { scheme: "boleto".parse().unwrap() }, fake, &internal),
        (NewMethod::GiftCard(code), &internal, fake),
        (NewMethod::StoreCredit { account }, &internal, fake),
        (NewMethod::CashOnDelivery, &ManualProvider, fake),
    ];
    for (method, right, wrong) in cases {
        let kind = method.method_type();
        let request = StoreMethod { customer, method, preferred: false };
        let refused = store_method(&make.db, &make.context, wrong, request.clone()).await;
        assert!(matches!(refused, Err(StoreMethodError::WrongProvider)), "{kind}: {refused:?}");
        let stored = store_method(&make.db, &make.context, right, request).await;
        assert_eq!(stored.unwrap().method_type, kind);
    }
}

#[proofmark::test]
async fn nobody_stores_for_a_customer_who_is_not_there_nor_with_a_foreign_account(make: Make) {
    let fake = make.fake();
    let internal = InternalProvider::new(make.db.clone(), make.context.clone());
    let (customer, other) = (make.customer().await, make.customer().await);
    let store = async |customer, method, provider: &dyn Provider| {
        let request = StoreMethod { customer, method, preferred: true };
        store_method(&make.db, &make.context, provider, request).await.unwrap_err()
    };
    let error = store(make.context.id(), card("4242424242424242"), &fake).await;
    assert!(matches!(error, StoreMethodError::NoCustomer), "{error:?}");
    shop::customer::delete(&make.db, &make.context, other).await.unwrap();
    let error = store(other, card("4242424242424242"), &fake).await;
    assert!(matches!(error, StoreMethodError::CustomerDeleted), "{error:?}");
    let mut connection = make.db.acquire().await.unwrap();
    let owner = make.customer().await;
    let account = give_credit(&mut connection, &make.context, eur(500), owner, None).await.unwrap();
    let error = store(customer, NewMethod::StoreCredit { account }, &internal).await;
    assert!(matches!(error, StoreMethodError::ForeignAccount), "{error:?}");
    let unknown = NewMethod::GiftCard("0123456789ABCDEF".parse().unwrap());
    let error = store(customer, unknown, &internal).await;
    assert!(matches!(error, StoreMethodError::NoAccount), "{error:?}");
    let soon = Some(make.context.now() + Duration::hours(1));
    let (_, code) =
        issue_gift_card(&mut connection, &make.context, eur(1_000), None, soon).await.unwrap();
    make.clock.advance(Duration::hours(1));
    let error = store(customer, NewMethod::GiftCard(code), &internal).await;
    assert!(matches!(error, StoreMethodError::AccountExpired), "{error:?}");
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM payment_method")
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[proofmark::test]
async fn a_deleted_expired_or_foreign_method_pays_nothing(make: Make) {
    let fake = make.fake();
    let customer = make.customer().await;
    let store = async |number| {
        let request = StoreMethod { customer, method: card(number), preferred: false };
        store_method(&make.db, &make.context, &fake, request).await.unwrap().id
    };
    let (gone, late) = (store("4242424242424242").await, store("5555555555554444").await);
    let own = make.order_of(eur(1_000), Some(customer)).await;
    let foreign = make.order_of(eur(1_000), Some(make.customer().await)).await;
    let guest = make.order_of(eur(1_000), None).await;
    let begun = make.payment().of(eur(400)).for_order(own).with(PayWith::Stored(gone)).await;
    let try_start = async |order, method| {
        let request = Start {
            order,
            amount: eur(100),
            with: PayWith::Stored(method),
            capture_mode: shop::payment::CaptureMode::Automatic,
            expires_at: None,
        };
        let mut connection = make.db.acquire().await.unwrap();
        start(&mut connection, &make.context, &request).await.unwrap_err()
    };
    for order in [foreign, guest] {
        let error = try_start(order, gone).await;
        assert!(matches!(error, StartError::ForeignMethod), "{error:?}");
    }
    let error = try_start(own, make.context.id()).await;
    assert!(matches!(error, StartError::NoMethod), "{error:?}");
    delete_method(&make.db, &make.context, customer, gone).await.unwrap();
    let error = try_start(own, gone).await;
    assert!(matches!(error, StartError::MethodDeleted), "{error:?}");
    let refused = authorize(&make.db, &make.context, &fake, begun, None).await;
    assert!(matches!(refused, Err(shop::payment::AttemptError::MethodDeleted)), "{refused:?}");
    make.clock.advance(Duration::days(365 * 6));
    let error = try_start(own, late).await;
    assert!(matches!(error, StartError::MethodExpired), "{error:?}");
    assert_eq!(fake.asked(), 0);
}
