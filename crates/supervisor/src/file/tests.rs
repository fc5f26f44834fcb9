//! The pipeline file as people write it, with kinds made for these tests.

mod alerts;
mod damage;
mod expanded;
mod fixtures;
mod mistakes;
mod plans;
mod python;
mod recording;
mod robot;
mod saving;
mod schemas;
mod sound;
mod trees;
