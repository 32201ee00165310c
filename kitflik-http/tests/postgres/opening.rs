//! Making the table: by many at once, and by somebody who may not.

use std::sync::Arc;

use kitflik_core::{Commit, Durability};
use kitflik_http::postgres::{PostgresOptions, PostgresStorage};

use super::{Database, absent, batch, put, row};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_an_empty_database_at_once() {
    let database = Database::start(&[]).await;
    let opening: Vec<_> = (0..6).map(|_| tokio::spawn(PostgresStorage::open(database.options()))).collect();
    let mut opened = Vec::new();
    for storage in opening {
        opened.push(Arc::new(storage.await.unwrap().unwrap()) as Arc<dyn kitflik_core::Storage>);
    }
    for (number, storage) in opened.iter().enumerate() {
        let key = format!("{number}");
        let done = storage.commit(batch(vec![absent(&key)], vec![put(&key, "1")], Durability::Relaxed)).await;
        assert!(matches!(done, Ok(Commit::Applied { .. })), "{done:?}");
        assert!(row(&opened[0], &key).await.is_some());
    }
}

/// The servers' role needs no right to create anything once the store is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_owns_nothing_can_use_a_store_that_is_there() {
    let database = Database::start(&[]).await;
    let admin = database.server.connect().await;
    let url = database.server.url().replace("kitflik@", "seller@");
    let seller: PostgresOptions = url.parse().unwrap();
    admin.batch_execute("CREATE ROLE seller LOGIN").await.unwrap();
    let refused = PostgresStorage::open(seller.clone()).await.unwrap_err().to_string();
    assert!(refused.contains("permission denied for schema public"), "{refused}");
    database.open().await;
    let grants = "GRANT SELECT, INSERT, UPDATE, DELETE ON kitflik TO seller; \
                  GRANT SELECT, UPDATE ON SEQUENCE kitflik_version TO seller";
    admin.batch_execute(grants).await.unwrap();
    let storage: Arc<dyn kitflik_core::Storage> = Arc::new(PostgresStorage::open(seller).await.unwrap());
    let done = storage.commit(batch(vec![], vec![put("a", "1")], Durability::Durable)).await;
    assert!(matches!(done, Ok(Commit::Applied { .. })), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_read_json() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let writes = vec![put("movie/1", r#"{"title":"Alien"}"#), put("noise", "\u{1}no json")];
    storage.commit(batch(vec![], writes, Durability::Relaxed)).await.unwrap();
    let admin = database.server.connect().await;
    let sql = "SELECT key, value->>'title' FROM kitflik_json ORDER BY key";
    let rows = admin.query(sql, &[]).await.unwrap();
    let shown: Vec<(String, Option<String>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(shown, [("movie/1".to_owned(), Some("Alien".to_owned())), ("noise".to_owned(), None)]);
}
