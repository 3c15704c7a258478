use proto::prediction::prediction_service_client::PredictionServiceClient;
use proto::prediction::{HealthRequest, PredictRequest, PredictResponse};
use tonic::{Code, Request, Response, Status};

use crate::caller::{channel, serve, serve_as};

async fn ask(
    features: &[f32],
    model_name: &str,
    version: &str,
) -> Result<Response<PredictResponse>, Status> {
    let server = serve_as(|settings| version.clone_into(&mut settings.model_version)).await;
    let request = PredictRequest { features: features.to_vec(), model_name: model_name.to_owned() };
    PredictionServiceClient::new(channel(&server).await).predict(request).await
}

#[tokio::test]
async fn answers_a_high_probability_where_the_first_two_features_exceed_one() {
    let answer = ask(&[0.9, 0.8, 0.1, 0.1], "", "v1").await.expect("an answer").into_inner();
    assert_eq!(answer.predictions.len(), 1);
    assert!(answer.predictions[0] > 0.9, "{answer:?}");
}

#[tokio::test]
async fn answers_a_low_probability_where_they_do_not() {
    let answer = ask(&[0.1, 0.2, 0.9, 0.9], "", "v1").await.expect("an answer").into_inner();
    assert!(answer.predictions[0] < 0.1, "{answer:?}");
}

#[tokio::test]
async fn the_other_version_is_another_model() {
    let undecided = [0.5, 0.52, 0.1, 0.9];
    let one = ask(&undecided, "", "v1").await.expect("an answer").into_inner();
    let two = ask(&undecided, "", "v2").await.expect("an answer").into_inner();
    assert_ne!(one.predictions, two.predictions);
}

#[tokio::test]
async fn answers_to_its_name_and_to_its_name_with_its_version() {
    for name in ["demo", "demo@v1"] {
        let answer = ask(&[0.0; 4], name, "v1").await.expect("an answer").into_inner();
        assert_eq!(answer.model_name, "demo", "asked for {name}");
    }
}

#[tokio::test]
async fn another_model_or_version_is_not_found() {
    for name in ["other", "demo@v2"] {
        let status = ask(&[0.0; 4], name, "v1").await.expect_err("refused");
        assert_eq!(status.code(), Code::NotFound, "asked for {name}");
        assert!(status.message().contains("does not exist here"), "{status}");
    }
}

#[tokio::test]
async fn any_other_count_of_features_is_an_invalid_argument() {
    for count in [0, 3, 5] {
        let status = ask(&vec![0.5; count], "", "v1").await.expect_err("refused");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), format!("features: must hold exactly 4 numbers, has {count}"));
    }
}

#[tokio::test]
async fn features_that_are_not_finite_are_an_invalid_argument() {
    for number in [f32::NAN, f32::INFINITY] {
        let status = ask(&[0.5, number, 0.5, 0.5], "", "v1").await.expect_err("refused");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().starts_with("features[1]: must be a finite number"), "{status}");
    }
}

#[tokio::test]
async fn the_latency_it_tells_includes_the_delay_that_was_asked_for() {
    let server = serve_as(|settings| settings.latency = std::time::Duration::from_millis(20)).await;
    let mut request =
        Request::new(PredictRequest { features: vec![0.5; 4], model_name: String::new() });
    request.metadata_mut().insert("x-demo-delay-ms", "30".parse().expect("ASCII"));
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let answer = client.predict(request).await.expect("an answer").into_inner();
    assert!(answer.latency_ms >= 50.0, "{answer:?}");
}

#[tokio::test]
async fn metadata_names_the_replica_and_the_version_in_answers_and_refusals() {
    let server = serve_as(|settings| settings.replica_name = Some("replica-a".to_owned())).await;
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let request = |count| PredictRequest { features: vec![0.5; count], ..Default::default() };
    let answered = client.predict(request(4)).await.expect("an answer");
    let refused = client.predict(request(3)).await.expect_err("refused");
    for metadata in [answered.metadata(), refused.metadata()] {
        assert_eq!(metadata.get("x-served-by").expect("named"), "replica-a");
        assert_eq!(metadata.get("x-served-version").expect("named"), "v1");
    }
}

#[tokio::test]
async fn its_own_health_check_names_the_model() {
    let server = serve().await;
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let health = client.health_check(HealthRequest {}).await.expect("an answer").into_inner();
    assert_eq!((health.healthy, health.model_name.as_str()), (true, "demo"));
}
