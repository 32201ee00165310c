//! What the house does by itself, as staff see it.

use serde_json::{Value, json};

use crate::house::{House, text};

const JOBS: &str = "/v1/admin/jobs";

#[tokio::test]
async fn staff_pause_resume_and_run_jobs() {
    let house = House::open().await;
    let staff = house.staff().await;
    house.get(JOBS).send().await.refused(401, "unauthenticated");
    let jobs = house.get(JOBS).bearer(&staff).send().await.expect(200);
    let names: Vec<String> = jobs["items"].as_array().unwrap().iter().map(|job| text(job, "job")).collect();
    assert_eq!(names, ["new_releases", "show_reminders", "occupancy_report"]);
    assert_eq!((&jobs["next_cursor"], &jobs["items"][0]["cron"]), (&Value::Null, &json!("0 0 12 * * FRI")));
    assert_eq!(jobs["items"][1]["minutes_before"], 180);

    let change = async |job: &str, verb: &str| {
        house.post(&format!("{JOBS}/{job}/{verb}"), &json!({})).bearer(&staff).send().await
    };
    assert_eq!(change("new_releases", "pause").await.expect(200)["paused"], true);
    assert_eq!(change("new_releases", "pause").await.expect(200)["paused"], true);
    let resumed = change("new_releases", "resume").await.expect(200);
    assert_eq!((&resumed["paused"], resumed["next_due"].is_string()), (&json!(false), true));
    let run = change("occupancy_report", "run").await.expect(200);
    assert!(run["running"].is_object() || run["last_run"].is_object(), "{run}");
    if let Some(local) = &house.local {
        local.send_mail().await;
        let jobs = house.get(JOBS).bearer(&staff).send().await.expect(200);
        assert_eq!(
            (&jobs["items"][2]["running"], &jobs["items"][2]["last_run"]["mails"]),
            (&Value::Null, &json!(1))
        );
    }
    change("tea", "run").await.refused(404, "not_found");
    house.post(&format!("{JOBS}/new_releases/run"), &json!({})).send().await.refused(401, "unauthenticated");
}
