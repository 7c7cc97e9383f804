//! Cash on delivery, and transfers that somebody books by hand.

use async_trait::async_trait;

use super::{Answer, Ask, AskError, Provider, Sensitive, TokenizeError, Tokenized, What};
use crate::payment::reference::ProviderReference;

/// Money that no machine moves. A promise to pay cash counts as held; taking it, giving it up and
/// giving it back is done by people, and asked for when they say that they have done it. A
/// transfer is pending until somebody books it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ManualProvider;

#[async_trait]
impl Provider for ManualProvider {
    fn code(&self) -> &'static str {
        "manual"
    }

    async fn tokenize(&self, _: Sensitive<'_>) -> Result<Tokenized, TokenizeError> {
        Err(TokenizeError::Unsupported)
    }

    async fn ask(&self, ask: &Ask) -> Result<Answer, AskError> {
        let reference: ProviderReference = format!("manual_{}", ask.key.simple())
            .parse()
            .expect("a word and hexadecimal digits are a reference");
        Ok(match ask.what {
            What::Authorize { .. } => Answer::Authorized { reference },
            What::Purchase { .. } => Answer::Pending { reference },
            What::Cancel => Answer::Canceled,
            What::Capture { .. } | What::Void { .. } | What::Refund { .. } => {
                Answer::Succeeded { reference }
            }
        })
    }
}
