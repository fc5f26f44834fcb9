//! One picture of the room, row by row.

use super::face::{Pinhole, Projected};
use super::fragments::{Finder, Fragment};
use super::geometry::Rigid;
use super::texture::Work;
use super::world::{Paint, Placed, Room};

/// Draws pictures of a room; kept between them for its buffers.
#[derive(Debug, Default)]
pub(super) struct Painter {
    /// For luma and for chroma: the faces that can be seen, the nearest first.
    luma: Vec<(usize, Projected)>,
    chroma: Vec<(usize, Projected)>,
    finder: Finder,
    fragments: Vec<Fragment>,
    run: [Vec<u8>; 2],
    work: Work,
}

impl Painter {
    /// Looks at the room from `camera_from_room`; rows are drawn from there until the next look.
    pub(super) fn look(&mut self, room: &Room, camera_from_room: &Rigid, pinhole: &Pinhole) {
        for (visible, pinhole) in [(&mut self.luma, *pinhole), (&mut self.chroma, pinhole.halved())] {
            project(room, camera_from_room, &pinhole, visible);
        }
    }

    /// Draws row `y` of the brightness.
    pub(super) fn luma_row(&mut self, room: &Room, y: usize, row: &mut [u8]) {
        let faces = self.luma.iter().enumerate().map(|(i, (_, projected))| (i, projected));
        self.finder.find(faces, y as u32, row.len() as u32, &mut self.fragments);
        for fragment in self.fragments.iter().rev() {
            let (face, place) = &self.luma[fragment.face];
            let [from, to] = fragment.touched.map(|x| x as usize);
            let [run, _] = &mut self.run;
            run.resize(row.len(), 0);
            let run = &mut run[from..to];
            let start = [from as f64 + 0.5, y as f64 + 0.5];
            match room.faces[*face].paint {
                Paint::Texture(texture) => room.textures[texture].luma_row(place, start, &mut self.work, run),
                Paint::Tag(tag) => room.tags[tag].print.luma_row(place, start, run),
            }
            lay(fragment, place, y, [run], [&mut row[from..to]]);
        }
    }

    /// Draws row `y` of the colour.
    pub(super) fn chroma_row(&mut self, room: &Room, y: usize, u_row: &mut [u8], v_row: &mut [u8]) {
        let faces = self.chroma.iter().enumerate().map(|(i, (_, projected))| (i, projected));
        self.finder
            .find(faces, y as u32, u_row.len() as u32, &mut self.fragments);
        for fragment in self.fragments.iter().rev() {
            let (face, place) = &self.chroma[fragment.face];
            let [from, to] = fragment.touched.map(|x| x as usize);
            let [u_run, v_run] = &mut self.run;
            u_run.resize(u_row.len().max(u_run.len()), 0);
            v_run.resize(u_row.len(), 0);
            let (u_run, v_run) = (&mut u_run[from..to], &mut v_run[from..to]);
            match room.faces[*face].paint {
                Paint::Texture(texture) => {
                    let start = [from as f64 + 0.5, y as f64 + 0.5];
                    room.textures[texture].chroma_row(place, start, [u_run, v_run]);
                }
                Paint::Tag(_) => {
                    u_run.fill(127);
                    v_run.fill(129);
                }
            }
            lay(
                fragment,
                place,
                y,
                [u_run, v_run],
                [&mut u_row[from..to], &mut v_row[from..to]],
            );
        }
    }
}

#[cfg(test)]
impl Painter {
    /// Looks through every seventh pixel: is the face that is drawn there also the nearest? Returns the two, where it is not.
    pub(super) fn hidden_but_drawn(
        &self,
        room: &Room,
        camera_from_room: &Rigid,
        pinhole: &Pinhole,
    ) -> Option<[usize; 2]> {
        use super::geometry::dot;
        let pixels = (0..pinhole.height)
            .step_by(7)
            .flat_map(|y| (0..pinhole.width).step_by(7).map(move |x| (x, y)));
        pixels.into_iter().find_map(|(x, y)| {
            let place = [f64::from(x) + 0.5, f64::from(y) + 0.5];
            let ray = [0, 1].map(|i| (place[i] - pinhole.center[i]) / pinhole.focal);
            // How far along the ray each face that fills the pixel is; the first is the one that is drawn.
            let filling = self.luma.iter().filter(|(_, place)| place.coverage(x, y) > 0.999);
            let far: Vec<(usize, f64)> = filling
                .map(|(index, _)| {
                    let face = room.faces[*index].face.seen_from(camera_from_room);
                    let normal = face.inward();
                    (*index, dot(face.origin, normal) / dot([ray[0], ray[1], 1.0], normal))
                })
                .collect();
            let (drawn, distance) = *far.first()?;
            let nearer = far.iter().find(|(_, other)| *other < distance * (1.0 - 1e-3))?;
            Some([drawn, nearer.0])
        })
    }
}

fn project(room: &Room, camera_from_room: &Rigid, pinhole: &Pinhole, visible: &mut Vec<(usize, Projected)>) {
    let seen = |placed: &Placed, under| placed.face.seen_from(camera_from_room).project(pinhole, under);
    visible.clear();
    for (index, placed) in room.faces.iter().enumerate().rev() {
        let under = placed
            .under
            .map(|over| over.is_some_and(|over| seen(&room.faces[over], [false; 4]).is_some()));
        if let Some(projected) = seen(placed, under) {
            visible.push((index, projected));
        }
    }
}

/// Lays runs over what was painted before, in one plane or in two: solid where the face fills the pixels, thinner along its
/// edges.
fn lay<const PLANES: usize>(
    fragment: &Fragment,
    place: &Projected,
    y: usize,
    runs: [&[u8]; PLANES],
    mut rows: [&mut [u8]; PLANES],
) {
    let [from, to] = fragment.touched;
    let [solid_from, solid_to] = fragment.filled.map(|x| (x - from) as usize);
    for (row, run) in rows.iter_mut().zip(&runs) {
        row[solid_from..solid_to].copy_from_slice(&run[solid_from..solid_to]);
    }
    for i in (0..solid_from).chain(solid_to..(to - from) as usize) {
        let share = (place.coverage(from + i as u32, y as u32) * 256.0) as i32;
        for (row, run) in rows.iter_mut().zip(&runs) {
            let below = i32::from(row[i]);
            row[i] = (below + (((i32::from(run[i]) - below) * share + 128) >> 8)) as u8;
        }
    }
}
