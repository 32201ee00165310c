//! Placeholder.

#[cfg(feature = "server")]
pub mod server;
/// Stand-in.
#[derive(Debug, Clone, Default)]
pub struct Readiness;
impl Readiness {
    /// x
    pub fn set(&self, _: bool) {}
}
/// Stand-in.
#[derive(Debug, Clone, Default)]
pub struct RouterOptions;
impl RouterOptions {
    /// x
    #[must_use]
    pub fn readiness(self, _: Readiness) -> Self {
        self
    }
}
/// x
pub fn router(_: kitflik_core::Kitflik, _: RouterOptions) -> axum::Router {
    axum::Router::new()
}
