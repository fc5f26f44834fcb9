use super::*;

fn problems(change: impl FnOnce(&mut SceneSettings)) -> Vec<String> {
    let mut settings: SceneSettings = serde_json::from_str("{}").unwrap();
    change(&mut settings);
    let found = settings.check(Path::new("."));
    found
        .into_iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}

#[test]
fn every_setting_that_cannot_be_is_named_with_what_may_stand_there() {
    assert!(problems(|_| {}).is_empty());
    let wrong = problems(|settings| {
        settings.size = SizePx {
            width: 100,
            height: 720,
        };
        settings.fps = 0.0;
        settings.noise = Some(f64::NAN);
        settings.blur = Some(-1.0);
        settings.tags = Some(vec![5, 587, 5]);
        settings.tag_size = Length { metres: 0.0 };
        settings.distortion = Some(vec![-2.0, 0.0, 0.0, 0.0, 0.0]);
    });
    assert_eq!(
        wrong,
        [
            "size: got `100x720`, wanted 160x120 to 3840x2160",
            "fps: got `0`, wanted 0.1 to 240",
            "noise: got `NaN`, wanted 0 to 50 grey levels",
            "blur: got `-1`, wanted 0 to 5 pixels",
            "tag_size: got `0mm`, wanted 10mm to 5m",
            "distortion: the lens bends too much: its picture folds over itself, or would need more than twice the straight one",
            "tags.1: got `587`, wanted 0 to 586 (tag36h11)",
            "tags.2: tag `5` is there twice",
        ]
    );
    assert_eq!(
        problems(|settings| settings.tags = Some(Vec::new())),
        ["tags: got 0 tags, wanted one to 8"]
    );
    let three = problems(|settings| settings.distortion = Some(vec![0.1, 0.2, 0.3]));
    assert!(
        three[0].starts_with("distortion: camera: model `pinhole` with 3"),
        "{three:?}"
    );
}

#[test]
fn a_table_that_cannot_be_says_why() {
    let rgbd = |change: fn(&mut SceneSettings)| {
        problems(|settings| {
            settings.scene = Shows::Rgbd;
            change(settings);
        })
    };
    assert!(rgbd(|_| {}).is_empty());
    let wrong = rgbd(|settings| {
        settings.size = SizePx {
            width: 100_000,
            height: 100_000,
        };
        settings.fps = f64::INFINITY;
        settings.blur = Some(0.5);
        settings.baseline = Some(Length { metres: 0.0 });
        settings.tag_size = Length { metres: 0.3 };
        settings.tags = Some(vec![1, 2, 3, 4, 5, 5]);
        settings.arrays = Some(vec![CaptureArray::Depth, CaptureArray::Depth]);
    });
    assert_eq!(
        wrong,
        [
            "size: got `100000x100000`, wanted 160x120 to 3840x2160",
            "fps: got `inf`, wanted 0.1 to 240",
            "blur: `blur` belongs to `scene: tags`",
            "baseline: got `0mm`, wanted 10mm to 500mm",
            "tag_size: got `300mm`, wanted 20mm to 200mm",
            "tags: got 6 tags, wanted at most 4",
            "arrays: `rgb` is not among them, wanted it in each capture",
            "arrays.1: it is there twice",
            "tags.5: tag `5` is there twice",
        ]
    );
    assert_eq!(
        problems(|settings| settings.gaps = Some(false)),
        ["gaps: `gaps` belongs to `scene: rgbd`"]
    );
}

#[test]
fn a_nursery_that_cannot_be_says_why() {
    let nursery = |change: fn(&mut SceneSettings)| {
        problems(|settings| {
            settings.scene = Shows::Nursery;
            change(settings);
        })
    };
    assert!(nursery(|_| {}).is_empty());
    let wrong = nursery(|settings| {
        settings.cry_after = Some(Time(Duration::from_secs(90_000)));
        settings.cry_every = Some(Time(Duration::from_secs(5)));
        settings.loudness = Some(f64::NAN);
        settings.gaps = Some(true);
    });
    assert_eq!(
        wrong,
        [
            "gaps: `gaps` belongs to `scene: rgbd`",
            "cry_after: got `25h`, wanted at most 24h",
            "cry_every: got `5s`, wanted 15s to 24h",
            "loudness: got `NaN`, wanted -90 to -10 dB",
        ]
    );
    assert_eq!(
        problems(|settings| settings.loudness = Some(-20.0)),
        ["loudness: `loudness` belongs to `scene: nursery`"]
    );
}
