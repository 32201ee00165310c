//! The pages as files: what a browser is given, and what it is told it may do.

use crate::house::House;

const FILES: [(&str, &str); 8] = [
    ("/", "text/html; charset=utf-8"),
    ("/admin", "text/html; charset=utf-8"),
    ("/verify-email", "text/html; charset=utf-8"),
    ("/confirm-email", "text/html; charset=utf-8"),
    ("/reset-password", "text/html; charset=utf-8"),
    ("/pages/style.css", "text/css; charset=utf-8"),
    ("/pages/app.js", "text/javascript; charset=utf-8"),
    ("/pages/icon.svg", "image/svg+xml"),
];

#[tokio::test]
async fn pages_come_with_their_types_tags_and_a_strict_policy() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    for (path, kind) in FILES {
        let page = house.get(path).send().await;
        assert_eq!((page.status, page.header("content-type")), (200, kind), "{path}");
        assert_eq!(page.header("cache-control"), "public, no-cache", "{path}");
        let policy = page.header("content-security-policy").to_owned();
        for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        for header in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
            assert_eq!(page.header(header), "same-origin", "{path}: {header}");
        }
        assert!(page.header("permissions-policy").contains("camera=()"), "{path}");
        // Who came by http must be able to come again.
        assert_eq!(page.header("strict-transport-security"), "", "{path}");
        let tag = page.header("etag").to_owned();
        let again = house.get(path).header("if-none-match", &tag).send().await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let stale = house.get(path).header("if-none-match", "\"other\"").send().await;
        assert_eq!((stale.status, stale.header("etag")), (200, tag.as_str()), "{path}");
        let post = house.call(reqwest::Method::POST, path).send().await;
        post.refused(405, "method_not_allowed");
    }
    for path in
        ["/pages", "/pages/", "/pages/nothing.js", "/pages/index.html", "/pages/%2e%2e/main.rs", "/pages/%ff"]
    {
        house.get(path).send().await.refused(404, "not_found");
    }
}

/// Every file that a page or a module names is there, and is ours; no script or style stands in a page.
#[tokio::test]
async fn pages_load_each_other_and_nothing_else() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let (mut wanted, mut seen) = (["/", "/admin", "/verify-email"].map(str::to_owned).to_vec(), Vec::new());
    while let Some(path) = wanted.pop() {
        if seen.contains(&path) {
            continue;
        }
        let file = house.get(&path).send().await;
        assert_eq!(file.status, 200, "{path}");
        let text = file.text();
        let quoted = text.split(['"', '\'', '`']).collect::<Vec<_>>();
        for word in &quoted {
            if let Some(name) = word.strip_prefix("./").filter(|name| name.ends_with(".js")) {
                wanted.push(format!("/pages/{name}"));
            } else if word.starts_with("/pages/") {
                wanted.push((*word).to_owned());
            }
        }
        let foreign = |word: &&&str| {
            let rest = word.strip_prefix("https://").or(word.strip_prefix("http://"));
            let rest = rest.or(word.strip_prefix("//")).unwrap_or_default();
            rest.starts_with(char::is_alphanumeric) && !rest.starts_with("www.w3.org/")
        };
        let hosts: Vec<_> = quoted.iter().filter(foreign).collect();
        assert!(hosts.is_empty(), "{path} names other hosts: {hosts:?}");
        assert!(!text.contains("innerHTML") && !text.contains(" style=\""), "{path} makes markup of text");
        if file.header("content-type").starts_with("text/html") {
            let scripts = text.matches("<script").count();
            assert_eq!((scripts, text.matches("src=\"/pages/").count()), (1, 1), "{path}");
            let handler =
                |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_lowercase()).starts_with('=');
            assert!(!text.contains("<style") && !text.split(" on").skip(1).any(handler), "{path}");
        }
        seen.push(path);
    }
    assert_eq!(seen.len(), 28, "{seen:?}");
}
