//! What is sent: frames of four sizes, each page of which carries a stamp by which a torn one is told.

use bushbaby_bus::{ArrayLayout, DType, Frame, FrameLayout, Loan};

const PAGE_BYTES: usize = 4096;
/// Source pictures that are sent in turn, so that two frames in a row never carry the same stamp.
const SOURCES: usize = 2;

/// One kind of frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Payload {
    /// One capture of a 2K RGB-D camera: RGB, depth, points and their colours, 60.3 MB.
    Bundle,
    /// A Full-HD picture, 6.2 MB.
    Rgb1080p,
    /// A VGA picture, 0.9 MB.
    Rgbvga,
    /// As small as a result.
    Small64,
}

impl Payload {
    /// Those whose throughput is worth measuring.
    pub(super) const PICTURES: [Self; 3] = [Self::Bundle, Self::Rgb1080p, Self::Rgbvga];

    /// The name in JSON.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Rgb1080p => "rgb1080p",
            Self::Rgbvga => "rgbvga",
            Self::Small64 => "small64",
        }
    }

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Bundle => "RGB-D bundle, 60.3 MB",
            Self::Rgb1080p => "1080p RGB, 6.2 MB",
            Self::Rgbvga => "VGA RGB, 0.9 MB",
            Self::Small64 => "64 bytes",
        }
    }

    /// How often such a frame comes, when it is sent at its pace.
    pub(super) fn fps(self) -> f64 {
        match self {
            Self::Bundle => 15.0,
            _ => 30.0,
        }
    }

    pub(super) fn layout(self) -> FrameLayout {
        const WIDTH: usize = 2208;
        const HEIGHT: usize = 1242;
        let picture = |height: usize, width: usize| vec![ArrayLayout::new("rgb", DType::U8, [height, width, 3])];
        FrameLayout::of_arrays(match self {
            Self::Bundle => vec![
                ArrayLayout::new("rgb", DType::U8, [HEIGHT, WIDTH, 3]).with_encoding("rgb8"),
                ArrayLayout::new("depth", DType::F32, [HEIGHT, WIDTH]),
                ArrayLayout::new("points", DType::F32, [HEIGHT * WIDTH, 3]),
                ArrayLayout::new("colors", DType::U8, [HEIGHT * WIDTH, 3]),
            ],
            Self::Rgb1080p => picture(1080, 1920),
            Self::Rgbvga => picture(480, 640),
            Self::Small64 => vec![ArrayLayout::new("bytes", DType::U8, [64])],
        })
    }

    /// Bytes of its arrays.
    pub(super) fn bytes(self) -> usize {
        self.layout()
            .arrays
            .iter()
            .filter_map(|array| array.size_bytes().ok())
            .sum()
    }
}

/// Pictures in private memory, to be copied from.
#[derive(Debug)]
pub(super) struct Sources(Vec<Vec<Vec<u8>>>);

impl Sources {
    pub(super) fn of(layout: &FrameLayout) -> Self {
        let source = |number: usize| {
            let array = |array: &ArrayLayout| {
                let mut bytes = vec![0x5a; array.size_bytes().unwrap_or(0)];
                stamp(&mut bytes, number as u8);
                bytes
            };
            layout.arrays.iter().map(array).collect()
        };
        Self((0..SOURCES).map(source).collect())
    }

    /// Copies a whole picture into a slot; nothing else is done there.
    pub(super) fn copy_into(&self, number: u64, loan: &mut Loan<'_>) {
        for (index, bytes) in self.0[number as usize % SOURCES].iter().enumerate() {
            loan.array_mut(index).copy_from_slice(bytes);
        }
    }

    /// Puts another stamp on the picture that goes next.
    pub(super) fn stamp(&mut self, number: u64, with: u8) {
        self.0[number as usize % SOURCES]
            .iter_mut()
            .for_each(|bytes| stamp(bytes, with));
    }
}

/// The stamp of frame `number`, when the sources go as they are.
pub(super) fn plain_stamp(number: u64) -> u8 {
    (number % SOURCES as u64) as u8
}

fn stamp(bytes: &mut [u8], with: u8) {
    bytes.iter_mut().step_by(PAGE_BYTES).for_each(|byte| *byte = with);
}

/// Touches one byte of every page; returns whether all carry the stamp.
pub(super) fn is_whole(frame: &Frame, stamp: u8) -> bool {
    let count = frame.arrays().len();
    (0..count)
        .filter_map(|index| frame.array_at(index))
        .fold(true, |whole, view| {
            // All pages, also behind a bad one: the reader's work must not depend on what it finds.
            view.bytes
                .iter()
                .step_by(PAGE_BYTES)
                .fold(whole, |whole, byte| whole & (*byte == stamp))
        })
}
