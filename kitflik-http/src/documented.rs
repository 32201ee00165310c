//! Routes and the OpenAPI document of them.
//!
//! Natively a route and its entry are one thing, and the document is put together when the router is made. In
//! WebAssembly each byte is downloaded, and what puts it together is larger than the document: there the host brings
//! the text of `openapi.json`. A test holds that file to what the routes say.

use axum::Router;
use bytes::Bytes;

use crate::router::Api;

pub(crate) use host::{OpenApiRouter, routes, start};

#[cfg(not(target_arch = "wasm32"))]
mod host {
    use utoipa::OpenApi;
    pub(crate) use utoipa_axum::router::OpenApiRouter;
    pub(crate) use utoipa_axum::routes;

    use crate::openapi::Document;
    use crate::router::Api;

    /// A router to which all others are added.
    pub(crate) fn start() -> OpenApiRouter<Api> {
        OpenApiRouter::with_openapi(Document::openapi())
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn finish(routes: OpenApiRouter<Api>, _: Bytes) -> (Router<Api>, Bytes) {
    let (routes, document) = routes.split_for_parts();
    (routes, Bytes::from(crate::openapi::finish(document).to_json().unwrap_or_default()))
}

#[cfg(target_arch = "wasm32")]
mod host {
    use axum::Router;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::MethodRouter;

    /// What utoipa's router is to native builds, without documents.
    pub(crate) struct OpenApiRouter<S>(pub(super) Router<S>);

    impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
        pub(crate) fn new() -> Self {
            Self(Router::new())
        }

        pub(crate) fn routes(self, (path, handlers): (String, MethodRouter<S>)) -> Self {
            Self(self.0.route(&path, handlers))
        }

        pub(crate) fn merge(self, other: Self) -> Self {
            Self(self.0.merge(other.0))
        }

        pub(crate) fn layer(self, limit: DefaultBodyLimit) -> Self {
            Self(self.0.layer(limit))
        }
    }

    pub(crate) fn start<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
        OpenApiRouter::new()
    }

    /// Path and methods of handlers, from what `utoipa::path` says of them.
    macro_rules! routes {
        (@on $router:ident $handler:ident) => {
            utoipa_axum::paste! { <[<__path_ $handler>] as utoipa::Path>::methods() }
                .iter()
                .fold($router, |router, method| {
                    router.on(utoipa_axum::PathItemExt::to_method_filter(method), $handler)
                })
        };
        ($first:ident $(, $more:ident)*) => {{
            let router = axum::routing::MethodRouter::new();
            let router = $crate::documented::routes!(@on router $first);
            $(let router = $crate::documented::routes!(@on router $more);)*
            (utoipa_axum::paste! { <[<__path_ $first>] as utoipa::Path>::path() }, router)
        }};
    }

    pub(crate) use routes;
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn finish(routes: OpenApiRouter<Api>, document: Bytes) -> (Router<Api>, Bytes) {
    (routes.0, document)
}

#[cfg(test)]
mod tests {
    /// `KITFLIK_WRITE=1 cargo test -p kitflik-http openapi_json` brings the file up to date.
    #[test]
    fn openapi_json_is_what_the_routes_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/openapi.json");
        let document = crate::openapi().to_json().unwrap();
        if std::env::var_os("KITFLIK_WRITE").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let file = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            file == document,
            "src/openapi.json is not what the routes say: KITFLIK_WRITE=1 cargo test -p kitflik-http openapi_json"
        );
    }
}
