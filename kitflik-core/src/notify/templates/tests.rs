use super::*;

fn own(pairs: &[(&str, &str)]) -> Result<MailTemplates, String> {
    let pairs = pairs.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
    MailTemplates::with_own(pairs).map_err(|error| error.to_string())
}

#[test]
fn every_mail_is_there_in_every_language_and_renders_whatever_is_absent() {
    let templates = MailTemplates::default();
    for language in templates.languages() {
        for mail in MAILS {
            templates.try_out(language, mail.name).unwrap();
            for form in ["txt", "html"] {
                templates.check_variables(&format!("{language}/{}.{form}", mail.name)).unwrap();
            }
            let email = templates.preview(mail.name, language, "Kino <Süd>").unwrap().unwrap();
            let shown = format!("{language}/{}", mail.name);
            assert!(!email.subject.is_empty() && !email.text.starts_with(SUBJECT), "{shown}");
            assert!(email.html.contains(&format!("lang=\"{language}\"")), "{shown}");
            assert!(email.html.contains("Kino &lt;Süd&gt;") && email.text.contains("Kino <Süd>"), "{shown}");
            for said in [&email.subject, &email.text, &email.html] {
                assert!(
                    !said.contains("none") && !said.contains("true") && !said.contains("{"),
                    "{shown}: {said}"
                );
            }
        }
    }
    // No template lies about that is never used.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/notify/templates");
    for language in templates.languages() {
        let files = std::fs::read_dir(folder.join(language)).unwrap();
        let names: BTreeSet<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let known = MAILS.iter().flat_map(|mail| ["txt", "html"].map(|form| format!("{}.{form}", mail.name)));
        assert_eq!(names, known.collect());
    }
}

#[test]
fn the_nearest_language_is_taken() {
    let fr =
        [("fr/welcome.txt", "Subject: Bienvenue\n\n{{ name }}"), ("fr/welcome.html", "<p>{{ name }}</p>")];
    let templates = own(&fr).unwrap();
    let tag = |mail: &str, wanted: &[&'static str]| {
        templates.language(mail, wanted.iter().copied()).tag().to_owned()
    };
    assert_eq!(tag("welcome", &["de-AT"]), "de");
    assert_eq!(tag("welcome", &["pl", "de"]), "de");
    assert_eq!(tag("welcome", &["pl", "it"]), "en");
    assert_eq!(tag("welcome", &["FR-CA", "de"]), "fr");
    assert_eq!(tag("email_code", &["fr", "de"]), "de");
    assert_eq!(MailTemplates::default().language("welcome", ["fr", "en-GB"]).tag(), "en");
}

#[test]
fn a_house_says_it_in_its_own_words() {
    let text = "Subject: Hallo {{ name }}\r\n\r\nEin Konto bei {{ house }}.\n";
    let templates =
        own(&[("de/welcome.txt", text), ("layout.html", "[{% block body %}{% endblock %}]")]).unwrap();
    let email = templates.preview("welcome", "de", "Kino").unwrap().unwrap();
    assert_eq!((email.subject.as_str(), email.text.as_str()), ("Hallo Ada Lovelace", "Ein Konto bei Kino."));
    assert!(email.html.starts_with("[<h1") && email.html.ends_with(']'), "{}", email.html);
}

#[test]
fn a_template_that_would_fail_later_is_refused_with_its_line() {
    let refused = |name: &str, source: &str| own(&[(name, source)]).unwrap_err();
    let good = "Subject: Hi\n";
    assert!(
        refused("de/wellcome.txt", good)
            .starts_with("de/wellcome.txt: there is no mail \"wellcome\"; there are")
    );
    assert!(refused("welcome.txt", good).starts_with("welcome.txt: expected layout.html or a language"));
    assert!(refused("../welcome.txt", good).starts_with("../welcome.txt: \"..\" is no language"));
    assert!(refused("de/welcome.md", good).starts_with("de/welcome.md: expected layout.html"));
    let told = refused("de/welcome.txt", "Subject: Hi\n\n{% if code %}\n{{ code }\n");
    assert!(told.starts_with("de/welcome.txt, line 4: "), "{told}");
    // Nobody comes by: not even the samples.
    let told = refused("de/welcome.txt", "Subject: Hi\n\n{% if code == 7 %}\n{{ codes }}{% endif %}\n");
    assert_eq!(
        told,
        "de/welcome.txt, line 4: there is no \"codes\" here; there are code, house, lang, link, name"
    );
    let told = refused(
        "de/booking_confirmed.txt",
        "Subject: Hi\n{% for t in tickets %}\n{{ t.sead }}{% endfor %}\n",
    );
    assert!(told.starts_with("de/booking_confirmed.txt, line 3: "), "{told}");
    assert!(
        refused("de/welcome.txt", "Hi\n")
            .starts_with("de/welcome.txt, line 1: the first line must be `Subject:`")
    );
    assert!(refused("fr/welcome.txt", good).starts_with("fr/welcome.html: a mail has a text and an HTML"));
    assert!(
        refused("layout.html", "{{ name }}").starts_with("layout.html, line 1: there is no \"name\" here")
    );
    assert!(refused("de/welcome.txt", &"x".repeat(MOST_BYTES + 1)).contains("100000 bytes at most"));
}
