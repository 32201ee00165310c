//! The shared vectors: what every platform and language must answer alike.

use kitflik_core::KitflikError;
use kitflik_core::testing::vectors;

/// The answer to an input of `kitflik-core/tests/vectors.json`, both as JSON texts.
///
/// # Errors
/// `validation_failed` for a kind that does not exist or an input that cannot be read.
#[uniffi::export]
pub async fn vector_answer(kind: String, input: String) -> Result<String, KitflikError> {
    vectors::answer(&kind, &input).await.map_err(KitflikError::invalid)
}
