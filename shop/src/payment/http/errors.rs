//! What the errors of payments mean.

use crate::http::{Code, Problem, problems};
use crate::money::{MoneyError, ProviderAmountError};
use crate::payment::{
    AttemptError, CaptureError, DisputeError, RefundError, SettleError, StartError, VoidError,
};

impl From<ProviderAmountError> for Problem {
    fn from(error: ProviderAmountError) -> Self {
        Self::new(Code::AmountNotMovable).saying(error)
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch { .. } => Self::new(Code::CurrencyMismatch).saying(error),
            MoneyError::OutOfRange => Self::new(Code::AmountOutOfRange).saying(error),
        }
    }
}

problems!(SettleError {
    E::NotFound => PaymentNotFound,
    E::Contradiction => ProviderContradiction,
} inside Money);

problems!(StartError {
    E::NoOrder => OrderNotFound,
    E::OrderClosed => OrderNotPayable,
    E::NotPositive => AmountNotPositive,
    E::OtherCurrency => CurrencyMismatch,
    E::ExceedsTotal => PaymentExceedsOrder,
    E::NotTaken => ProviderCurrencyUnknown,
    E::WrongProvider => ProviderWrong,
    E::NoMethod | E::ForeignMethod => PaymentMethodUnknown,
    E::MethodDeleted => PaymentMethodDeleted,
    E::MethodExpired => PaymentMethodExpired,
    E::ExpiresInThePast => TimeInThePast,
});

impl From<Box<CaptureError>> for Problem {
    fn from(error: Box<CaptureError>) -> Self {
        (*error).into()
    }
}

problems!(AttemptError {
    E::NotFound => PaymentNotFound,
    E::WrongProvider => ProviderWrong,
    E::WrongState(_) => PaymentState,
    E::WrongMode => PaymentCaptureMode,
    E::AttemptPending => PaymentAttemptPending,
    E::MoneyMoved => PaymentState,
    E::Expired => PaymentExpired,
    E::MethodDeleted => PaymentMethodDeleted,
    E::MethodExpired => PaymentMethodExpired,
    E::NoSource => PaymentSourceMissing,
    E::WrongSource => PaymentSourceWrong,
} inside Units, Settle, Capture);

problems!(CaptureError {
    E::NotFound => PaymentNotFound,
    E::WrongProvider => ProviderWrong,
    E::WrongState(_) => PaymentState,
    E::AttemptPending => PaymentAttemptPending,
    E::Expired => PaymentExpired,
    E::OnlyOnce => PaymentCaptureMode,
    E::NotPositive => AmountNotPositive,
    E::OtherCurrency => CurrencyMismatch,
    E::ExceedsAuthorized => CaptureExceedsAuthorized,
} inside Units, Settle);

problems!(VoidError {
    E::NotFound => PaymentNotFound,
    E::WrongProvider => ProviderWrong,
    E::WrongState(_) => PaymentState,
    E::AttemptPending => PaymentAttemptPending,
    E::NotPositive => AmountNotPositive,
    E::OtherCurrency => CurrencyMismatch,
    E::ExceedsAuthorized => CaptureExceedsAuthorized,
} inside Units, Settle);

problems!(RefundError {
    E::NotFound => PaymentNotFound,
    E::WrongProvider => ProviderWrong,
    E::WrongState(_) => PaymentState,
    E::NotWaiting => RefundNotWaiting,
    E::NotPositive => AmountNotPositive,
    E::NothingLeft => NothingToRefund,
    E::OtherCurrency => CurrencyMismatch,
    E::ExceedsCaptured => RefundExceedsCaptured,
    E::LinesExceedAmount => RefundLinesExceedAmount,
    E::ExceedsLine => RefundExceedsLine,
    E::LineTwice => LineTwice,
    E::ForeignLine => OrderLineNotFound,
    E::ForeignReturn => ReturnUnknown,
    E::Unexplained => RefundUnexplained,
} inside Units, Money, Settle);

problems!(DisputeError {
    E::NotFound => DisputeNotFound,
    E::WrongState(_) => PaymentState,
    E::AlreadyOpen => DisputeAlreadyOpen,
    E::Known => DisputeKnown,
    E::NotAllowed { .. } => DisputeMove,
    E::NotPositive => AmountNotPositive,
    E::OtherCurrency => CurrencyMismatch,
    E::ExceedsCaptured => DisputeExceedsCaptured,
    E::AnswerOverdue => TimeInThePast,
});
