//! Which of a camera's offers to ask for.

use bushbaby_node::settings::SizePx;
use bushbaby_pixels::PixelFormat;

use super::camera::{Choice, Offer, Sizes};
use super::settings::Format;

/// What the settings wish for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wish {
    pub(super) size: Option<SizePx>,
    pub(super) fps: Option<f64>,
    pub(super) format: Format,
}

/// The size that is looked for when none is said.
pub(super) const USUAL_SIZE_PX: [u32; 2] = [1280, 720];
/// The rate that is looked for when none is said.
const USUAL_FPS: f64 = 30.0;

/// Returns what to ask for, the best first; the others are for a bus that has no room for the best. Empty: none of the offers
/// is in the wished format.
///
/// A size that is wished counts most, then the rate; without a wished size it is the other way round, and 1280x720 is looked
/// for. Between equals, pixels come before JPEG, which must be decoded and has lost detail.
pub(super) fn choices(offers: &[Offer], wish: &Wish) -> Vec<Choice> {
    let size_px = wish.size.map_or(USUAL_SIZE_PX, |size| [size.width, size.height]);
    let fps = wish.fps.unwrap_or(USUAL_FPS);
    let mut ranked: Vec<(Rank, Choice)> = offers
        .iter()
        .filter(|offer| wish.format.allows(offer.format))
        .map(|offer| {
            let choice = nearest(offer, size_px, fps);
            let is_size_wished = wish.size.is_some();
            (Rank::new(&choice, offer, size_px, fps, is_size_wished), choice)
        })
        .collect();
    ranked.sort_by(|(a, _), (b, _)| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    let mut choices: Vec<Choice> = Vec::new();
    for (_, choice) in ranked {
        // One fall-back for each format is enough.
        if !choices.iter().any(|earlier| earlier.format == choice.format) {
            choices.push(choice);
        }
    }
    choices
}

/// The nearest that one offer holds.
fn nearest(offer: &Offer, wanted_px: [u32; 2], fps: f64) -> Choice {
    let size_px = match offer.sizes {
        Sizes::One(size) => size,
        Sizes::Untold => wanted_px,
        Sizes::Range { min, max, step } => [0, 1].map(|side| {
            let wanted = wanted_px[side].clamp(min[side], max[side].max(min[side]));
            let step = step[side].max(1);
            min[side] + (wanted - min[side]) / step * step
        }),
    };
    let interval = offer
        .intervals
        .iter()
        .copied()
        .min_by(|a, b| (rate(*a) - fps).abs().total_cmp(&(rate(*b) - fps).abs()));
    // A driver that lists no rates may still take one.
    let asked = || (1000, (fps * 1000.0).round().clamp(1.0, 1e9) as u32);
    Choice {
        format: offer.format,
        fourcc: offer.fourcc,
        size_px,
        interval: Some(interval.unwrap_or_else(asked)),
    }
}

/// Pictures a second.
pub(super) fn rate((numerator, denominator): (u32, u32)) -> f64 {
    f64::from(denominator) / f64::from(numerator.max(1))
}

/// Orders choices, the best lowest.
#[derive(Debug)]
struct Rank([f64; 3]);

impl Rank {
    fn new(choice: &Choice, offer: &Offer, wanted_px: [u32; 2], fps: f64, is_size_wished: bool) -> Self {
        let log_ratio = |a: u32, b: u32| (f64::from(a.max(1)) / f64::from(b.max(1))).ln().abs();
        let size = log_ratio(choice.size_px[0], wanted_px[0]) + log_ratio(choice.size_px[1], wanted_px[1]);
        let reached = if offer.intervals.is_empty() {
            fps
        } else {
            choice.interval.map_or(fps, rate)
        };
        // Rates are not exact: 29.97 is 30.
        let shortfall = ((fps - reached) / fps).max(0.0);
        let rate = if shortfall < 0.05 { 0.0 } else { shortfall };
        let order = f64::from(preference(choice.format));
        Self(if is_size_wished {
            [size, rate, order]
        } else {
            [rate, size, order]
        })
    }
}

/// Between equals: what the sensors give by themselves, before what costs a conversion or detail.
fn preference(format: PixelFormat) -> u8 {
    match format {
        PixelFormat::Yuyv => 0,
        PixelFormat::Nv12 => 1,
        PixelFormat::I420 => 2,
        PixelFormat::Rgb8 => 3,
        PixelFormat::Bgr8 => 4,
        PixelFormat::Jpeg => 5,
        PixelFormat::Gray8 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(format: PixelFormat, width: u32, height: u32, rates: &[u32]) -> Offer {
        let fourcc = if format == PixelFormat::Jpeg {
            *b"MJPG"
        } else {
            *b"YUYV"
        };
        let intervals = rates.iter().map(|fps| (1, *fps)).collect();
        Offer {
            format,
            fourcc,
            sizes: Sizes::One([width, height]),
            intervals,
        }
    }

    /// A webcam as they are: USB 2 has no room for large uncompressed pictures.
    fn webcam() -> Vec<Offer> {
        let (jpeg, yuyv) = (PixelFormat::Jpeg, PixelFormat::Yuyv);
        vec![
            offer(yuyv, 640, 480, &[30, 15]),
            offer(yuyv, 1280, 720, &[10, 5]),
            offer(yuyv, 1920, 1080, &[5]),
            offer(jpeg, 640, 480, &[30, 60]),
            offer(jpeg, 1280, 720, &[30, 60, 15]),
            offer(jpeg, 1920, 1080, &[30]),
        ]
    }

    fn best(offers: &[Offer], wish: Wish) -> (PixelFormat, [u32; 2], f64) {
        let choice = choices(offers, &wish)[0];
        (choice.format, choice.size_px, rate(choice.interval.unwrap()))
    }

    fn size(width: u32, height: u32) -> Option<SizePx> {
        Some(SizePx { width, height })
    }

    #[test]
    fn without_wishes_it_is_hd_at_thirty() {
        assert_eq!(best(&webcam(), Wish::default()), (PixelFormat::Jpeg, [1280, 720], 30.0));
    }

    #[test]
    fn a_camera_that_is_slow_at_hd_gives_less_pixels_instead() {
        let yuyv: Vec<Offer> = webcam()
            .into_iter()
            .filter(|offer| offer.format == PixelFormat::Yuyv)
            .collect();
        assert_eq!(best(&yuyv, Wish::default()), (PixelFormat::Yuyv, [640, 480], 30.0));
        let wish = Wish {
            size: size(1280, 720),
            ..Wish::default()
        };
        assert_eq!(best(&yuyv, wish), (PixelFormat::Yuyv, [1280, 720], 10.0));
    }

    #[test]
    fn pixels_come_before_jpeg_where_both_are_fast_enough() {
        let wish = Wish {
            size: size(640, 480),
            ..Wish::default()
        };
        assert_eq!(best(&webcam(), wish), (PixelFormat::Yuyv, [640, 480], 30.0));
        assert_eq!(
            best(
                &webcam(),
                Wish {
                    fps: Some(60.0),
                    ..wish
                }
            ),
            (PixelFormat::Jpeg, [640, 480], 60.0)
        );
    }

    #[test]
    fn the_wished_format_is_the_only_one() {
        let wish = Wish {
            format: Format::Yuyv,
            size: size(1920, 1080),
            ..Wish::default()
        };
        assert_eq!(best(&webcam(), wish), (PixelFormat::Yuyv, [1920, 1080], 5.0));
        assert_eq!(
            choices(
                &webcam(),
                &Wish {
                    format: Format::Gray8,
                    ..Wish::default()
                }
            ),
            []
        );
    }

    #[test]
    fn the_other_format_is_kept_for_a_bus_without_room() {
        let wish = Wish {
            size: size(640, 480),
            ..Wish::default()
        };
        let formats: Vec<PixelFormat> = choices(&webcam(), &wish).iter().map(|choice| choice.format).collect();
        assert_eq!(formats, [PixelFormat::Yuyv, PixelFormat::Jpeg]);
    }

    #[test]
    fn a_range_of_sizes_is_entered_by_its_steps() {
        let range = Sizes::Range {
            min: [16, 16],
            max: [1000, 4000],
            step: [16, 2],
        };
        let mut offer = offer(PixelFormat::Yuyv, 0, 0, &[30]);
        offer.sizes = range;
        assert_eq!(
            best(
                &[offer.clone()],
                Wish {
                    size: size(641, 481),
                    ..Wish::default()
                }
            )
            .1,
            [640, 480]
        );
        assert_eq!(best(&[offer], Wish::default()).1, [992, 720]);
    }

    #[test]
    fn drivers_that_tell_nothing_are_asked_for_what_is_wished() {
        let mut offer = offer(PixelFormat::Yuyv, 0, 0, &[]);
        offer.sizes = Sizes::Untold;
        let wish = Wish {
            size: size(320, 240),
            fps: Some(12.5),
            ..Wish::default()
        };
        assert_eq!(best(&[offer], wish), (PixelFormat::Yuyv, [320, 240], 12.5));
    }

    #[test]
    fn steps_and_intervals_of_zero_do_no_harm() {
        let mut offer = offer(PixelFormat::Yuyv, 0, 0, &[0]);
        offer.intervals.push((0, 0));
        offer.sizes = Sizes::Range {
            min: [64, 64],
            max: [0, 0],
            step: [0, 0],
        };
        assert_eq!(best(&[offer], Wish::default()).1, [64, 64]);
    }
}
