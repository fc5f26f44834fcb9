//! The layouts of the seasons that had tags, as WPILib publishes them: `layouts/NOTICE.md`.

use super::FieldLayout;

/// What WPILib calls them, newest first, and its files.
const SEASONS: [(&str, &str); 7] = [
    (
        "2026-rebuilt-welded",
        include_str!("../../layouts/2026-rebuilt-welded.json"),
    ),
    (
        "2026-rebuilt-andymark",
        include_str!("../../layouts/2026-rebuilt-andymark.json"),
    ),
    (
        "2025-reefscape-welded",
        include_str!("../../layouts/2025-reefscape-welded.json"),
    ),
    (
        "2025-reefscape-andymark",
        include_str!("../../layouts/2025-reefscape-andymark.json"),
    ),
    ("2024-crescendo", include_str!("../../layouts/2024-crescendo.json")),
    ("2023-chargedup", include_str!("../../layouts/2023-chargedup.json")),
    ("2022-rapidreact", include_str!("../../layouts/2022-rapidreact.json")),
];

impl FieldLayout {
    /// The names of the seasons' layouts, newest first.
    pub fn seasons() -> impl Iterator<Item = &'static str> + Clone {
        SEASONS.iter().map(|(name, _)| *name)
    }

    /// The layout of a season, by its name: `2026-rebuilt-welded`. `None` for any other name; that each file can be read is tested.
    pub fn of_season(name: &str) -> Option<Self> {
        let (_, json) = SEASONS.iter().find(|(season, _)| *season == name)?;
        Self::from_json(json.as_bytes()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_season_has_its_tags_on_a_field_of_its_size() {
        let many = |first: u32, last: u32| (first..=last).collect::<Vec<u32>>();
        let of_2022 = [many(0, 7), many(10, 17), many(40, 43), many(50, 53)].concat();
        let wanted = [
            ("2026-rebuilt-welded", many(1, 32), [16.541, 8.069]),
            ("2026-rebuilt-andymark", many(1, 32), [16.518, 8.043]),
            ("2025-reefscape-welded", many(1, 22), [17.548, 8.052]),
            ("2025-reefscape-andymark", many(1, 22), [17.548, 8.042]),
            ("2024-crescendo", many(1, 16), [16.541, 8.211]),
            ("2023-chargedup", many(1, 8), [16.54175, 8.0137]),
            ("2022-rapidreact", of_2022, [16.4592, 8.2296]),
        ];
        assert_eq!(
            FieldLayout::seasons().collect::<Vec<_>>(),
            wanted.each_ref().map(|(name, ..)| *name)
        );
        for (name, ids, [length, width]) in wanted {
            let layout = FieldLayout::of_season(name).unwrap();
            assert_eq!(layout.ids().collect::<Vec<_>>(), ids, "{name}");
            assert_eq!(layout.size_m(), Some([length, width]), "{name}");
            for id in ids {
                let [x, y, z] = layout.field_from_tag(id).unwrap().translation_m();
                // Tags hang at the walls and on what stands in the field; some of 2022 a little outside.
                let is_there =
                    (-0.2..length + 0.2).contains(&x) && (-0.3..width + 0.3).contains(&y) && (0.0..3.0).contains(&z);
                assert!(is_there, "{name}: tag {id} at {x} {y} {z}");
            }
        }
        assert!(FieldLayout::of_season("2026-rebuilt").is_none());
    }

    #[test]
    fn a_tag_is_where_the_seasons_drawings_have_it() {
        // Tag 7 of 2024, in the middle above blue's speaker: on blue's wall, looking along the field, 1.45 m up.
        let layout = FieldLayout::of_season("2024-crescendo").unwrap();
        let field_from_tag = layout.field_from_tag(7).unwrap();
        let near = |found: [f64; 3], wanted: [f64; 3]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(field_from_tag.translation_m(), [-0.0381, 5.547868, 1.451102]));
        // Whoever looks at it looks towards blue's wall: a place behind its face is behind that wall, one right of its middle has a larger y.
        assert!(near(
            field_from_tag.apply([0.0, 0.0, 1.0]),
            [-1.0381, 5.547868, 1.451102]
        ));
        assert!(near(
            field_from_tag.apply([1.0, 0.0, 0.0]),
            [-0.0381, 6.547868, 1.451102]
        ));
        // The one that an older state of the file had at the wrong end of the field.
        let layout = FieldLayout::of_season("2026-rebuilt-welded").unwrap();
        let [x, ..] = layout.field_from_tag(9).unwrap().translation_m();
        assert!((x - 12.519_177_4).abs() < 1e-6);
    }
}
