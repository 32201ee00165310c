use std::sync::Arc;

use pollster::block_on;

use crate::testing::ports::PlainHasher;
use crate::{Actor, Kitflik, MasterKey, MemoryStorage, Policy, RegisterUser, UpdateProfile};

#[test]
fn the_link_of_a_mail_ends_offers_for_its_reader_only() {
    let policy = Policy { public_url: Some("https://kino.example/".to_owned()), ..Policy::default() };
    let storage = Arc::new(MemoryStorage::new());
    let build = |key, accepted| {
        Kitflik::builder(storage.clone(), MasterKey::new(key))
            .accepted_keys(accepted)
            .password_hasher(Arc::new(PlainHasher))
            .policy(policy.clone())
            .build()
            .unwrap()
    };
    let kitflik = build([1; 32], Vec::new());
    let user = |name: &str| {
        let (email, password) = (format!("{name}@example.org"), "correct horse".to_owned());
        let new = RegisterUser { command: None, email, password, name: name.to_owned() };
        let actor = Actor::User { id: block_on(kitflik.users().register(&new)).unwrap().id };
        let wish = UpdateProfile { marketing_consent: Some(true), ..UpdateProfile::default() };
        block_on(kitflik.users().update_profile(&actor, &wish)).unwrap();
        actor
    };
    let (ada, bob) = (user("ada"), user("bob"));
    let Actor::User { id } = ada else { panic!("a customer") };
    let link = kitflik.engine().unsubscribe_link(id).unwrap();
    let token = link.strip_prefix("https://kino.example/v1/mail/unsubscribe?token=").unwrap();
    assert!(link.len() < 150, "{} characters", link.len());
    let wants = |actor: &Actor| block_on(kitflik.users().me(actor)).unwrap().marketing_consent;
    // After a rotation of the master key, too; another house's is nothing.
    assert!(!build([2; 32], Vec::new()).notify().is_unsubscribe_token(token));
    let rotated = build([2; 32], vec![MasterKey::new([1; 32])]);
    assert!(rotated.notify().is_unsubscribe_token(token) && wants(&ada));
    for _ in 0..2 {
        block_on(rotated.notify().unsubscribe(token)).unwrap();
        assert_eq!((wants(&ada), wants(&bob)), (false, true));
    }
    let kitflik = Kitflik::builder(storage.clone(), MasterKey::new([1; 32])).build().unwrap();
    assert_eq!(kitflik.engine().unsubscribe_link(id), None, "a house without pages has no links");
}
